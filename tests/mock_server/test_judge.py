"""What the judge says to rows that were spoiled by hand, which the kit never saw.

Each case stands in the middle of right rows: exactly its line is an error, for exactly its
column. Each rule of the judge is then replaced by one that lets everything pass, and the table of
cases must notice.
"""

import csv
import datetime as dt
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from callconv_kit.model import spec
from callconv_kit.model.spec import Kind
from mock_server import MockImportServer, judge
from mock_server.accounts import make
from mock_server.judge import RULES, Rule
from mock_server.reading import LONGEST_LINE, read_lines

from .uploading import CALL, NOW, put

NOW_AT = dt.datetime.fromisoformat(NOW)
DATA = Path(__file__).parents[1] / "data"

RIGHT = dict.fromkeys(spec.NAMES, "") | CALL | {"CallSessionId": "S1"}
"""A right row; every other row is this one with something changed."""

WRONG_CELLS = {
    Kind.IDENTIFIER: {
        "identifier of digits": ["-3", "1000.5", "1,004", "1.2E+10", "Mar-04", " 7", "１００１", "1" * 20],
        "identifier above zero": ["0", "000"],
    },
    Kind.MOMENT: {
        "ISO 8601 with seconds and offset": [
            "2026-11-20", "2026-11-20T09:30-05:00", "2026-11-20T09:30:05", "2026-11-20 09:30:05-05:00",
            "2026-11-20T09:30:05.5-05:00", "2026-11-20T09:30:05-0500", "20261120T093005Z",
            "11/20/2026 9:30:05 AM", "2026-02-30T09:30:05-05:00", "2026-11-20T24:00:00-05:00",
            "2026-11-20T09:30:60-05:00", "2026-11-20T09:30:05+25:00", "0000-11-20T09:30:05Z", "NOW",
        ],
        "event in time": ["2026-11-25T12:00:01+00:00", "2025-10-22T11:59:59+00:00", "0001-01-01T00:00:00+23:59"],
    },
    Kind.PHONE: {
        "phone number of its country": [
            "+442079460958", "1-212-555-0123", "12125550123", "212.555.0123", "555-0123", "911",
            "1125550123", "2120550123", "2.12555E+09", "+12125550123x5", "212555012X",
            "２１２５５５０１２３", "(212)5550123", "nobody",
        ],
    },
    Kind.DURATION: {
        "whole seconds": ["3:21", "-1", "201.0", "1e3", "007", " 201", "1,201", "1000000000"],
        "a day at most": ["86401", "999999999"],
    },
    Kind.STATUS: {"a listed value": ["answer", "ANSWERED", "COMPLETED", "BUSY", "ANSWER "]},
    Kind.COUNTRY: {"ISO 3166 alpha-2": ["us", "USA", "United States", "UK", "XX", "1"]},
    Kind.MONEY: {
        "money with two decimals": [
            "$12.50", "12", "12.5", "12.500", "-1.00", "1,234.50", "1000000.00", "012.50", "1e3",
        ],
    },
    Kind.ZIP: {"zip of digits": ["02139-4307", "SW1A 1AA", "2139.0", '="02139"']},
    Kind.PHONE_TYPE: {"a listed value": ["mobile", "Cell"]},
    Kind.REPEAT_CALLER: {"a listed value": ["new", "First"]},
    Kind.FLAG: {"a listed value": ["True", "yes", "1"]},
    Kind.LINK: {
        "a web address": [
            "calls.example/r/1", "ftp://calls.example/1", "https://", "https://calls.example/a b",
            "javascript:alert(1)",
        ],
    },
}  # fmt: skip
"""Kind of column, the rule that is broken, and cells that break it."""

RIGHT_CELLS = {
    "CampaignId": ["1", "9" * 19],
    "EventDate": [
        "2026-11-20T09:30:05Z", "2026-11-25T12:00:00+00:00", "2025-10-22T12:00:00+00:00",
        "2026-11-20T23:59:59+14:00",
    ],
    "CallerId": ["212-555-0123", "(212) 555 0123", "+12125550123", "anonymous", "Restricted", "+266696687"],
    "CalledPhoneNumber": ["800-555-0199", "(800) 555 0199", "+18005550199"],
    "CallDuration": ["86400"],
    "TalkDuration": ["0", "201"],
    "CallStatus": ["", *spec.STATUSES],
    "CallerPhoneNumberCountry": ["US", "CA", "PR"],
    "SaleAmount": ["0.00", "1234.50", "999999.99"],
    "Zip": ["02139", "75008"],
    "RepeatCaller": ["Repeat", "New"],
    "PhoneType": ["Landline", "Mobile"],
    "OptInSms": ["true", "false"],
    "CallRecording": ["http://calls.example/r?id=1&sig=%2F", "HTTPS://calls.example/r/1"],
    "CallProvider": ["x" * 64],
    "ReferenceId": ["NOT-A-NUMBER", "4711"],
}  # fmt: skip

HOSTILE = [
    "<script>alert(1)</script>",
    "=cmd|'/C calc'!A0",
    "she said \"no\", twice; it's 5 o'clock",
    "naïve 🧑‍🚀 \u202egnp.exe \u0644",
    "'; DROP TABLE submission; --",
]
TYPED = {*WRONG_CELLS, Kind.KEYPRESSES}
FREE = [
    column.name for column in spec.COLUMNS if column.kind not in TYPED and column.name != "ReferenceId"
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A file of which one row is wrong, the column that is blamed, and the rule that it breaks."""

    name: str
    row: dict[str, str]
    column: str
    rule: str


def _text(*rows: dict[str, str], header: tuple[str, ...] = spec.NAMES) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([row[name] for name in header] for row in rows)
    return out.getvalue().encode()


def _judged(content: bytes, rules: judge.Rules = RULES) -> list[tuple[int, str, str]] | str:
    """The line, column and broken rule of each refusal; a rule where the whole file is refused."""
    lines = read_lines(io.BytesIO(content))
    first = next(lines)
    refusal = judge.judge_header(first.cells, rules)
    if refusal:
        return _rule(refusal)
    return [
        (line.number, found.column, _rule(found))
        for line, _, found in judge.judge_rows(first.cells, lines, NOW_AT, rules)
        if found
    ]


def _rule(refusal: judge.Refusal) -> str:
    assert refusal.reason == "MALFORMED"
    return refusal.wants.rpartition(" (")[2].removesuffix(")")


def _cases() -> list[Case]:
    cases = []
    for column in spec.COLUMNS:
        wrong = dict(WRONG_CELLS.get(column.kind, {}))
        wrong["no control characters"] = [
            "line\nbreak",
            "bell\x07",
            "tab\tin it",
            "C1 \x9b31m",
            "a\u2028b",
        ]
        if column.required:
            wrong["required"] = ["", "  ", "\u00a0"]
        if column.limit and column.kind is Kind.TEXT:
            wrong["not too long"] = ["é" * 65]
        cases += [
            Case(f"{column.name}: {text!r}", RIGHT | {column.name: text}, column.name, rule)
            for rule, texts in wrong.items()
            for text in texts
        ]
    phone, caller, country = "phone number of its country", "CallerId", "CallerPhoneNumberCountry"
    more = [
        Case("a Roman number marked US", {caller: "0669812345", country: "US"}, caller, phone),
        Case("a London number too short", {caller: "207", country: "GB"}, caller, phone),
        Case("a London number with spaces", {caller: "20 7946 0958", country: "GB"}, caller, phone),
        Case("a US number marked GB", {caller: "+12125550123", country: "GB"}, caller, phone),
        Case("nobody is called", {"CalledPhoneNumber": "anonymous"}, "CalledPhoneNumber", phone),
        Case("more talk than call", {"TalkDuration": "202"}, "TalkDuration", "talk within call"),
    ]
    return cases + [replace(case, row=RIGHT | case.row) for case in more]


CASES = _cases()

LINE_CASES = {
    "a cell too many": (b"x", b"x,y", "as many cells as columns"),
    "a cell too few": (b",x", b"x", "as many cells as columns"),
    "a broken byte": (b"x", b"\xff", "bytes that are not UTF-8"),
    "half a character": (b"x", b"\xe2\x82", "bytes that are not UTF-8"),
    "text behind a quote": (b"x", b'"x"y', "',' expected after '\"'"),
}
"""What is done to the last cells of a right line, and what is said of it."""


def _with_line(before: bytes, after: bytes) -> bytes:
    """A file of three rows, the second of which is spoiled as a line."""
    row = _text(RIGHT | {spec.NAMES[-1]: "x"}).split(b"\n")[1]
    assert row.endswith(before)
    return b"\n".join((_text(RIGHT)[:-1], row[: -len(before)] + after, row, b""))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_spoiled_row_is_an_error_at_its_line_for_its_column(case):
    assert _judged(_text(RIGHT, case.row, RIGHT)) == [(3, case.column, case.rule)]


@pytest.mark.parametrize(("before", "after", "said"), LINE_CASES.values(), ids=LINE_CASES)
def test_a_line_that_is_no_row_is_an_error_at_its_line(before, after, said):
    assert _judged(_with_line(before, after)) == [(3, "", said)]


def test_lines_are_counted_as_they_stand_in_the_file():
    row = _text(RIGHT).split(b"\n")[1]
    wrong = row.replace(b"201", b"3:21")
    broken = row.replace(b"Invoca", b'"Inv\noca"')
    content = b"\n".join((_text().rstrip(), b"", row, broken, wrong, b"", b"", wrong, b""))
    assert _judged(content) == [
        (4, "CallProvider", "no control characters"),
        (6, "CallDuration", "whole seconds"),
        (9, "CallDuration", "whole seconds"),
    ]


def test_windows_line_ends_are_line_ends():
    wrong = RIGHT | {"CallDuration": "3:21"}
    assert _judged(_text(RIGHT, wrong).replace(b"\n", b"\r\n")) == [
        (3, "CallDuration", "whole seconds")
    ]


def test_an_unclosed_quote_and_an_endless_line_are_errors_at_their_lines():
    head, row, _ = _text(RIGHT).split(b"\n")
    endless = row + b"x" * (2 * LONGEST_LINE)
    unclosed = row.replace(b"Invoca", b'"Invoca')
    assert _judged(b"\n".join((head, row, endless, row, unclosed, row, b""))) == [
        (3, "", f"a line of more than {LONGEST_LINE} bytes"),
        (5, "", "unexpected end of data"),
    ]


HEADERS = {
    "an unknown name": ((*spec.NAMES[:-1], "Custom"), "published names only"),
    "a name in small letters": (("campaignid", *spec.NAMES[1:]), "published names only"),
    "a byte order mark": (("\ufeffCampaignId", *spec.NAMES[1:]), "published names only"),
    "no header at all": (tuple(CALL.values()), "published names only"),
    "a name twice": ((*spec.NAMES[:11], *spec.NAMES[10:]), "no column twice"),
    "another order": ((spec.NAMES[1], spec.NAMES[0], *spec.NAMES[2:]), "published order"),
    "a required column missing": (spec.NAMES[1:], "all required columns"),
}


@pytest.mark.parametrize(("header", "rule"), HEADERS.values(), ids=HEADERS)
def test_a_wrong_header_refuses_the_whole_file(header, rule):
    assert _judged(",".join(header).encode() + b"\n") == rule


def test_columns_that_are_not_required_may_be_absent():
    assert _judged(_text(RIGHT, header=spec.REQUIRED)) == []


@pytest.mark.parametrize(
    ("column", "text"), [(column, text) for column, texts in RIGHT_CELLS.items() for text in texts]
)
def test_a_right_cell_is_taken(column, text):
    assert _judged(_text(RIGHT | {column: text})) == []


@pytest.mark.parametrize(
    ("number", "country"),
    [("2079460958", "GB"), ("+442079460958", "GB"), ("0669812345", "IT"), ("4165550123", "CA")],
)
def test_a_number_is_judged_by_the_country_of_its_row(number, country):
    caller = {"CallerId": number, "CallerPhoneNumberCountry": country}
    called = {"CalledPhoneNumber": number, "CalledPhoneNumberCountry": country}
    assert _judged(_text(RIGHT | caller, RIGHT | called)) == []


def test_every_column_with_a_format_a_list_or_a_limit_has_a_case():
    bound = {
        c.name for c in spec.COLUMNS if c.kind in WRONG_CELLS or c.allowed or c.limit or c.required
    }
    assert bound <= {case.column for case in CASES}
    assert {column.kind for column in spec.COLUMNS} - {*WRONG_CELLS} == {Kind.TEXT, Kind.KEYPRESSES, Kind.REFERENCE}  # fmt: skip


ALL_CASES: list[tuple[bytes, Any]] = [
    *((_text(RIGHT, case.row, RIGHT), [(3, case.column, case.rule)]) for case in CASES),
    *((_with_line(before, after), [(3, "", said)]) for before, after, said in LINE_CASES.values()),
    *((",".join(header).encode() + b"\n", rule) for header, rule in HEADERS.values()),
]


def _noticed(rules: judge.Rules) -> bool:
    """Whether any case of the tables above comes out otherwise under these rules."""
    try:
        return any(_judged(content, rules) != expected for content, expected in ALL_CASES)
    except (ValueError, KeyError):  # a later rule relied on the one that is gone
        return True


ALL_RULES = [(table, rule) for table in ("header", "line", "cell", "row") for rule in getattr(RULES, table)]  # fmt: skip


def test_the_cases_hold_under_the_rules_as_they_are():
    assert not _noticed(RULES)


@pytest.mark.parametrize(("table", "rule"), ALL_RULES, ids=[rule.name for _, rule in ALL_RULES])
def test_a_rule_that_lets_everything_pass_is_noticed(table: str, rule: Rule):
    lax = replace(rule, holds=lambda *_: True)
    rules = [lax if each is rule else each for each in getattr(RULES, table)]
    assert _noticed(replace(RULES, **{table: rules}))


@pytest.mark.parametrize(("table", "rule"), ALL_RULES, ids=[rule.name for _, rule in ALL_RULES])
def test_a_rule_that_lets_nothing_pass_is_noticed(table: str, rule: Rule):
    strict = replace(rule, holds=lambda *_: False)
    rules = [strict if each is rule else each for each in getattr(RULES, table)]
    right = [
        RIGHT | {column: texts[-1] for column, texts in RIGHT_CELLS.items() if column != "CallerId"}
    ]
    assert _judged(_text(*right)) == []
    assert _judged(_text(*right), replace(RULES, **{table: rules})) != []


@pytest.mark.parametrize("text", HOSTILE)
def test_free_text_comes_through_unharmed(text):
    row = RIGHT | dict.fromkeys(FREE, text)
    with MockImportServer(accounts=[make("demo", "pw")], now=NOW_AT) as server:
        put(server, _text(row), "calls.csv", "demo", "pw")
        (action,) = server.pending_actions()
        assert server.errors() == []
    assert {name: action.cells[name] for name in FREE} == dict.fromkeys(FREE, text)


@pytest.mark.parametrize(
    "name", ["messy_60_ready.csv", "demo/ready.csv"], ids=["the messy sixty", "the demo"]
)
def test_what_the_kit_prepared_is_taken_whole(name):
    content = (DATA / name).read_bytes()
    with MockImportServer(accounts=[make("demo", "pw")], now=NOW_AT) as server:
        put(server, content, "ready.csv", "demo", "pw")
        (submission,) = server.submissions()
        assert (server.errors(), submission.total_errors) == ([], 0)
        actions = server.pending_actions()
    sent = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    assert [dict(action.cells) for action in actions] == [
        {name: text for name, text in row.items() if text} for row in sent
    ]
    assert sent


WITHHELD = (
    "anonymous", "Restricted", "PRIVATE", "Private Number", "No Caller ID", "unknown_caller",
    "Out of Area", "number not available", "sip:anonymous@anonymous.invalid", "Anonymous <anonymous>",
    "+266696687", "266696687", "+7378742883", "+266 696 687", "86282452253",
)  # fmt: skip
NOT_WITHHELD = (
    "out",
    "id",
    "caller id",
    "private clinic",
    "nobody",
    "anonymous 12",
    "-",
    "7378742",
    "no",
)


@pytest.mark.parametrize("text", WITHHELD)
def test_a_text_for_a_withheld_number_is_taken_as_a_caller_alone(text: str) -> None:
    assert judge._is_withheld(text)


@pytest.mark.parametrize("text", NOT_WITHHELD)
def test_other_texts_are_no_withheld_number(text: str) -> None:
    assert not judge._is_withheld(text)
