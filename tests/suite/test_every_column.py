"""Each kind of violation, in each of the 51 columns, makes the suite fail there and nowhere else."""

from functools import cache

import pytest

from callconv_kit import suite
from callconv_kit.model import spec
from callconv_kit.model.spec import Kind

from .rows import frame, right

pytestmark = pytest.mark.slow

LONG = "x" * 65

UNCLEAN = {
    "a space before it": " Boston",
    "a space after it": "Boston ",
    "a no-break space": "Boston\u00a0",
    "a byte-order mark": "\ufeffBoston",
    "a zero-width space": "Boston\u200b",
    "a line break": "Bos\nton",
    "a line break at its end": "Boston\n",
    "a tab": "Bos\tton",
    "a control character": "Bos\x07ton",
    "a broken byte": "Bos\ufffdton",
    "Excel's armour": '="Boston"',
    "a column too narrow": "#####",
}
MARKED = {"an empty mark": "NULL", "an error of Excel": "#REF!"}

OF_KIND: dict[Kind, dict[str, str]] = {
    Kind.IDENTIFIER: {
        "grouped": "1,004", "a float": "20012.0", "in scientific notation": "1.2E+10",
        "a fraction": "1000.5", "below zero": "-3", "zero": "0", "leading zeros": "0042",
        "a date": "Mar-04", "twenty digits": "1" * 20, "a word": "abc", "a line break": "1001\n",
    },
    Kind.MOMENT: {
        "no offset": "2026-11-20T09:30:05", "Z": "2026-11-20T14:30:05Z", "a space": "2026-11-20 09:30:05-05:00",
        "no seconds": "2026-11-20T09:30-05:00", "a fraction": "2026-11-20T09:30:05.5-05:00",
        "a date only": "2026-11-20", "a 13th month": "2026-13-01T00:00:00+00:00", "a 31st of June": "2026-06-31T00:00:00+00:00",
        "a 29th of February": "2026-02-29T00:00:00+00:00", "a 25th hour": "2026-11-20T25:00:00+00:00",
        "an offset that is nowhere": "2026-11-20T09:30:05+15:00", "US": "11/20/2026 9:30 AM", "an epoch": "1795185005", "a line break": "2026-11-20T09:30:05-05:00\n",
    },
    Kind.PHONE: {
        "masked": "617555XXXX", "withheld": "anonymous", "two numbers": "6175550123/6175550124",
        "in scientific notation": "6.17555E+09", "a float": "6175550123.0", "dots": "617.555.0123",
        "an extension": "6175550123x12", "too short": "123", "a space before it": " 6175550123",
    },
    Kind.DURATION: {
        "a clock": "3:21", "words": "201 sec", "a float": "201.0", "a fraction": "3.5", "negative": "-3",
        "above a day": "86401", "leading zeros": "0201", "nineteen digits": "9" * 19, "a word": "abc",
        "in scientific notation": "2E+02", "a line break": "20\n",
    },
    Kind.STATUS: {"lower case": "answer", "a synonym": "Answered", "unknown": "COMPLETED", "a space": "ANSWER ", "an empty mark": "NULL"},
    Kind.COUNTRY: {"lower case": "us", "alpha-3": "USA", "a name": "Germany", "no country": "ZZ", "a space": "US ", "too long": LONG},
    Kind.MONEY: {
        "a symbol": "$12.00", "grouped": "1,234.50", "one decimal": "12.5", "three decimals": "12.345", "no decimals": "12",
        "a comma": "12,50", "negative": "-1.00", "too large": "1000000.00", "leading zeros": "012.00", "a currency": "USD 12.00", "a line break": "12.00\n",
    },
    Kind.ZIP: {"letters": "SW1A 1AA", "four digits, in the US": "2139", "ZIP+4": "02139-1234", "a float": "2139.0", "a line break": "02139\n", "an empty mark": "N/A"},
    Kind.PHONE_TYPE: {"lower case": "mobile", "a synonym": "Cell", "a space": "Mobile "},
    Kind.REPEAT_CALLER: {"lower case": "new", "a synonym": "yes", "a space": "New "},
    Kind.FLAG: {"upper case": "TRUE", "a synonym": "yes", "a number": "1", "a space": "true "},
    Kind.LINK: {"no scheme": "www.example.com", "another scheme": "ftp://example.com/x", "a space": "https://example.com/a b", "a line break": "https://example.com\n", "no host": "https:///x"},
    Kind.KEYPRESSES: {"a semicolon": "1;2", "a bracket": "[1, 2]", "spaces": "1 2", "a space after a comma": "1, 2", "ends with a comma": "1,", "an empty mark": "N/A"},
    Kind.TEXT: UNCLEAN | MARKED,
    Kind.REFERENCE: UNCLEAN | MARKED,
}  # fmt: skip
DIGITS_LOST = ("ClickId", "CallSessionId", "SubId1", "SubId2", "SubId3", "VendorEventId")


def of_column(column: spec.Column) -> dict[str, str | None]:
    cells: dict[str, str | None] = dict(OF_KIND[column.kind])
    if column.required:
        cells["empty"] = None
    if column.limit is not None:
        cells["too long"] = "1" * 65 if column.kind is Kind.PHONE else LONG
    if column.name in DIGITS_LOST:
        cells["digits lost"] = "1.2E+10"
    return cells


CASES = [
    (column.name, why, cell) for column in spec.COLUMNS for why, cell in of_column(column).items()
]


def names(case: tuple[str, str, str | None]) -> str:
    return f"{case[0]}: {case[1]}"


def columns_of(spoiled: str) -> set[str]:
    """A spoiled duration may make talk longer than the call as well."""
    return (
        {"CallDuration", "TalkDuration"}
        if spoiled in {"CallDuration", "TalkDuration"}
        else {spoiled}
    )


@cache
def validation() -> suite.Validation:
    """All cases at once: each spoils one cell of a row of its own."""
    rows = [right(number, **{name: cell}) for number, (name, _, cell) in enumerate(CASES)]
    return suite.validate(frame(*rows))


@cache
def failures() -> dict[int, list[suite.Outcome]]:
    by_row: dict[int, list[suite.Outcome]] = {number: [] for number in range(len(CASES))}
    for outcome in validation().failed:
        for row in outcome.rows.tolist():
            by_row[row].append(outcome)
    return by_row


def test_there_are_at_least_150_spoiled_cells_over_all_columns():
    assert len(CASES) >= 150
    assert {name for name, _, _ in CASES} == set(spec.NAMES)


@pytest.mark.parametrize("number", range(len(CASES)), ids=map(names, CASES))
def test_a_spoiled_cell_fails_naming_its_column_and_no_other(number):
    name = CASES[number][0]
    failed = failures()[number]
    assert any(outcome.columns == (name,) for outcome in failed)
    assert {column for outcome in failed for column in outcome.columns} <= columns_of(name)
    assert all(name in outcome.words for outcome in failed if len(outcome.columns) == 1)


def test_no_expectation_is_errored_by_bad_data():
    assert validation().errored == ()


@pytest.mark.parametrize("column", spec.COLUMNS, ids=lambda column: column.name)
def test_severity_says_whether_the_row_would_be_rejected(column):
    severities = {one.severity for one in validation().failed if one.columns == (column.name,)}
    assert severities == {"critical" if column.rejects_row else "warning"}


@pytest.mark.parametrize("column", spec.COLUMNS, ids=lambda column: column.name)
def test_each_expectation_of_a_column_is_failed_by_one_of_the_cells(column):
    """But for its presence: there a column is missing."""
    of_cells = [
        one
        for one in validation().outcomes
        if one.columns == (column.name,) and one.kind != "expect_column_to_exist"
    ]
    unmet = {one.words for one in of_cells if one.state is not suite.State.FAILED}
    assert unmet <= {
        "Zip must be five digits where Country is empty and the caller's number is of the US."
    }


def test_zip_of_a_caller_from_the_us_has_five_digits_even_without_a_country():
    (failed,) = suite.validate(frame(right(Country=None, Zip="2139"))).failed
    assert failed.columns == ("Zip",)
    assert suite.validate(frame(right(Country="Brazil", Zip="2139"))).success


def test_talk_longer_than_the_call_fails_naming_both():
    (failed,) = suite.validate(frame(right(CallDuration="9", TalkDuration="10"))).failed
    assert failed.columns == ("CallDuration", "TalkDuration")
    assert failed.values == ("CallDuration 9, TalkDuration 10",)


TWICE = {
    "one event": ({"VendorEventId": "E"}, {"VendorEventId": "E"}, True),
    "one session without an event": (
        {"VendorEventId": None, "CallSessionId": "S"}, {"VendorEventId": None, "CallSessionId": "S"}, True),
    "one session, two events": ({"VendorEventId": "E", "CallSessionId": "S"}, {"VendorEventId": "F", "CallSessionId": "S"}, False),
    "one event of two trackers": ({"VendorEventId": "E"}, {"VendorEventId": "E", "ActionTrackerId": "2"}, False),
    "an event in another case": ({"VendorEventId": "E"}, {"VendorEventId": "e"}, False),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other", "twice"), TWICE.values(), ids=TWICE)
def test_a_call_may_stand_there_once(one, other, twice):
    validation = suite.validate(frame(right(0, **one), right(1, **other)))
    assert [len(outcome.rows) for outcome in validation.failed] == ([2] if twice else [])
