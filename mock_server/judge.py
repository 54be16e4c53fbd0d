"""The judge: which rows of an upload are right, by rules in tables.

It asks `callconv_kit.model.spec` for the names, order, kinds, limits and lists of the columns, and
judges with code of its own (stdlib only), so that a mistake in the kit can't hide on both sides.

What the real server's loader checks is unknown; these rules are the published format, the API's
description of the same fields, and the form in which the kit promises to write. A refusal's
`reason` is a word of the real system, its `wants` is ours.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callconv_kit.model import spec
from callconv_kit.model.spec import Column, Kind
from mock_server.reading import Line

ALPHA2 = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
    ZW
    """.split()
)

NORTH_AMERICAN = frozenset(
    """
    US CA AG AI AS BB BM BS DM DO GD GU JM KN KY LC MP MS PR SX TC TT UM VC VG VI
    """.split()
)


LONGEST_CALL = 86_400
LARGEST_IDENTIFIER = 10**19 - 1
OLDEST = timedelta(days=398)
NEWEST = timedelta(hours=24)

CALLER_UNKNOWN = frozenset(
    "anonymous blocked hidden private restricted suppressed unavailable undisclosed unidentified"
    " unknown withheld".split()
)
"""Words for a caller who withholds the number."""

ABOUT_CALLERS = frozenset("caller callerid cli id number no not available out of area".split())
"""Words beside these, or that say the same together, such as `No Caller ID`."""

ON_A_KEYPAD = frozenset({"266696687", "+7378742883", "2562533", "8656696", "86282452253"})
"""The same words typed on a keypad; the second one is a Texan number without its +."""

COUNTRY_OF = {
    "CallerId": "CallerPhoneNumberCountry",
    "CalledPhoneNumber": "CalledPhoneNumberCountry",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a line is not taken: the real system's word, and the rule in ours."""

    reason: str
    column: str
    wants: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold. What `holds` is given differs by table; see each table."""

    name: str
    wants: str
    holds: Callable[..., bool]
    applies: Callable[[Column], bool] = lambda _: True
    column: str = ""


def _matching(pattern: str, flags: int = 0) -> Callable[..., bool]:
    """A cell that matches the whole of `pattern`."""
    matches = re.compile(pattern, flags).fullmatch
    return lambda text, *_: matches(text) is not None


def _of_kind(*kinds: Kind) -> Callable[[Column], bool]:
    """Columns of these kinds."""
    return lambda column: column.kind in kinds


MOMENT = re.compile(
    # 24:00 is midnight to some versions of Python, and to nobody else.
    r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):\d\d:\d\d([+-]\d\d:\d\d|Z)",
    re.ASCII,
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
NANP = re.compile(
    r"[2-9]\d\d[2-9]\d{6}|[2-9]\d\d-[2-9]\d\d-\d{4}|\([2-9]\d\d\) [2-9]\d\d \d{4}"
    r"|\+1[2-9]\d\d[2-9]\d{6}",
    re.ASCII,
)
ELSEWHERE = re.compile(r"\d{4,14}|\+(?!1)[1-9]\d{6,14}", re.ASCII)


def moment(text: str) -> datetime | None:
    """The instant that a right EventDate says; None where it says none."""
    if not MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _in_time(text: str, _column: Column, _row: Mapping[str, str], now: datetime) -> bool:
    """Not older than any conversion that is processed, and not of tomorrow."""
    when = moment(text)
    return when is not None and now - OLDEST <= when <= now + NEWEST


def _is_withheld(text: str) -> bool:
    """Whether a CallerId says, in words or on a keypad, that the caller withholds the number.

    Legal: impact.com has a status of its own (UNKNOWN_CALLERID) for such calls.
    """
    user = re.sub(r".*<|>.*|^(sips?|tel):|@.*", "", text, flags=re.IGNORECASE | re.DOTALL)
    typed = re.sub(r"[^\w+]|_", "", user)
    if typed in ON_A_KEYPAD or typed.removeprefix("+") in ON_A_KEYPAD:
        return True
    words = re.findall(r"[^\W\d_]+", user.lower())
    telling = CALLER_UNKNOWN.intersection(words) or {"no", "not", "out"}.intersection(words[:-1])
    return bool(telling) and set(words) <= CALLER_UNKNOWN | ABOUT_CALLERS and not _has_digit(user)


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def _phone(text: str, column: Column, row: Mapping[str, str], _now: datetime) -> bool:
    """A number in one of the forms of its country; an empty country is US, as published."""
    if column.name == "CallerId" and _is_withheld(text):
        return True
    country = row.get(COUNTRY_OF[column.name]) or "US"
    if country in NORTH_AMERICAN:
        return NANP.fullmatch(text) is not None
    if country in ALPHA2:
        return ELSEWHERE.fullmatch(text) is not None
    return True  # the country's own rule refuses the row


def _within_seconds(text: str, *_: object) -> bool:
    return int(text) <= LONGEST_CALL


def _talk_within_call(row: Mapping[str, str]) -> bool:
    return int(row["TalkDuration"]) <= int(row["CallDuration"])


HEADER_RULES = (
    Rule(
        "published names only",
        "one of the 51 published names, without a byte order mark",
        lambda header: set(header) <= set(spec.NAMES),
    ),
    Rule("no column twice", "each column once", lambda header: len(set(header)) == len(header)),
    Rule(
        "published order",
        "the columns in the published order",
        lambda header: (
            [n for n in spec.NAMES if n in header] == [n for n in header if n in spec.NAMES]
        ),
    ),
    Rule(
        "all required columns",
        f"all required columns ({', '.join(spec.REQUIRED)})",
        lambda header: set(spec.REQUIRED) <= set(header),
    ),
)
"""`holds(header)`: a list of names. One that fails refuses the whole file, at its first line."""

LINE_RULES = (
    Rule("readable", "a line of UTF-8 text with quotes in pairs", lambda line, _: not line.problem),
    Rule(
        "as many cells as columns",
        "as many cells as the header has names",
        lambda line, header: len(line.cells) == len(header),
    ),
)
"""`holds(line, header)`: a `reading.Line` and the list of names."""

CELL_RULES = (
    Rule(
        "no control characters",
        "text without line breaks and control characters",
        lambda text, *_: text.isprintable() or not CONTROL.search(text),
    ),
    Rule(
        "identifier of digits",
        "a whole number of 1 to 19 digits",
        _matching(r"\d{1,19}", re.ASCII),
        _of_kind(Kind.IDENTIFIER),
    ),
    Rule(
        "identifier above zero",
        "a number above zero",
        lambda text, *_: 0 < int(text) <= LARGEST_IDENTIFIER,
        _of_kind(Kind.IDENTIFIER),
    ),
    Rule(
        "ISO 8601 with seconds and offset",
        "a date and time like 2026-09-10T22:55:32-08:00",
        lambda text, *_: moment(text) is not None,
        _of_kind(Kind.MOMENT),
    ),
    Rule(
        "event in time",
        "a call of the last 398 days, at most 24 hours ahead",
        _in_time,
        _of_kind(Kind.MOMENT),
    ),
    Rule(
        "phone number of its country",
        "10 digits as 2125550123, 212-555-0123, (212) 555 0123 or +12125550123;"
        " outside North America national digits, or + and country code",
        _phone,
        _of_kind(Kind.PHONE),
    ),
    Rule(
        "whole seconds",
        "whole seconds, digits only",
        _matching(r"0|[1-9]\d{0,8}", re.ASCII),
        _of_kind(Kind.DURATION),
    ),
    Rule(
        "a day at most",
        "at most 86400 seconds",
        _within_seconds,
        _of_kind(Kind.DURATION),
    ),
    Rule(
        "ISO 3166 alpha-2",
        "a country of ISO 3166 as two capital letters",
        lambda text, *_: text in ALPHA2,
        _of_kind(Kind.COUNTRY),
    ),
    Rule(
        "money with two decimals",
        "an amount like 1234.50, at most 999999.99",
        _matching(r"(0|[1-9]\d{0,5})\.\d\d", re.ASCII),
        _of_kind(Kind.MONEY),
    ),
    Rule("zip of digits", "digits only", _matching(r"\d{1,18}", re.ASCII), _of_kind(Kind.ZIP)),
    Rule(
        "a listed value",
        "one of: {allowed}",
        lambda text, column, *_: text in column.allowed,
        lambda column: bool(column.allowed),
    ),
    Rule(
        "a web address",
        "an http or https address without spaces",
        _matching(r"https?://[^\s/]\S*", re.IGNORECASE),
        _of_kind(Kind.LINK),
    ),
    Rule(
        "not too long",
        "at most {limit} characters",
        lambda text, column, *_: len(text) <= (column.limit or 0),
        lambda column: column.limit is not None,
    ),
)
"""`holds(text, column, row, now)`: asked of each cell that is not empty, in the row's order."""

REQUIRED_RULE = Rule(
    "required",
    "a value",
    lambda text, *_: bool(text.strip()),
    lambda column: column.required,
)
"""The one cell rule that is asked of empty cells."""

ROW_RULES = (
    Rule(
        "talk within call",
        "a TalkDuration no longer than the CallDuration",
        _talk_within_call,
        column="TalkDuration",
    ),
)
"""`holds(row)`: asked of rows whose cells are all right."""


@dataclass(frozen=True, slots=True)
class Rules:
    """All tables of the judge; a test replaces one to see that each rule is missed."""

    header: Sequence[Rule] = HEADER_RULES
    line: Sequence[Rule] = LINE_RULES
    cell: Sequence[Rule] = (REQUIRED_RULE, *CELL_RULES)
    row: Sequence[Rule] = ROW_RULES


RULES = Rules()


def judge_header(header: Sequence[str], rules: Rules = RULES) -> Refusal | None:
    """The first rule of the header that doesn't hold."""
    for rule in rules.header:
        if not rule.holds(header):
            return Refusal("MALFORMED", "", f"{rule.wants} ({rule.name})")
    return None


def judge_rows(
    header: Sequence[str], lines: Iterator[Line], now: datetime, rules: Rules = RULES
) -> Iterator[tuple[Line, dict[str, str], Refusal | None]]:
    """Each line with its cells by column, and the first rule that it breaks, if any."""
    columns = [spec.BY_NAME[name] for name in header]
    wanted = [
        (column, column.required, tuple(r for r in rules.cell if r.applies(column)))
        for column in columns
    ]
    for line in lines:
        row = dict(zip(header, line.cells, strict=False))
        yield line, row, _judge(line, row, header, wanted, now, rules)


def _judge(
    line: Line,
    row: Mapping[str, str],
    header: Sequence[str],
    wanted: Sequence[tuple[Column, bool, tuple[Rule, ...]]],
    now: datetime,
    rules: Rules,
) -> Refusal | None:
    for rule in rules.line:
        if not rule.holds(line, header):
            return Refusal("MALFORMED", "", f"{rule.wants} ({line.problem or rule.name})")
    for column, required, cell_rules in wanted:
        text = row[column.name]
        if not text and not required:
            continue
        for rule in cell_rules:
            if not rule.holds(text, column, row, now):
                wants = rule.wants.format(limit=column.limit, allowed=", ".join(column.allowed))
                return Refusal("MALFORMED", column.name, f"{wants} ({rule.name})")
    for rule in rules.row:
        if not rule.holds(row):
            return Refusal("MALFORMED", rule.column, f"{rule.wants} ({rule.name})")
    return None
