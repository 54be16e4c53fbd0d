"""The expectations, as data: what `spec`, `formats` and the word lists say, in GX's own types.

An expectation here is the mapping that Great Expectations stores as JSON; it is not imported. The
text is judged as it will be uploaded: an empty cell is a null, everything else is text, but for
the durations, which are whole numbers (see `READING`).

Severity: critical where `prepare` would reject the row, because the server refuses it or because
payment or attribution depends on it; warning where the server tolerates the cell.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeAlias

from callconv_kit.coercion import cells, country, universal
from callconv_kit.coercion.columns import FREE_TEXT
from callconv_kit.model import spec, texts
from callconv_kit.model.formats import FORMATS
from callconv_kit.model.spec import Column, Kind

Expectation: TypeAlias = dict[str, Any]

NAME = "callconv"
VERSION = 1
"""Of the stored form; a file of another one is refused."""

COMMAND = "python -m callconv_kit.suite"
"""Refreshes the generated files."""

WHOLE_SECONDS = "0|[1-9][0-9]{0,8}"
"""Right text of a duration; more digits are out of range, and -1 marks them too."""

DURATIONS = tuple(column.name for column in spec.COLUMNS if column.kind is Kind.DURATION)

READING = (
    'pandas.read_csv("ready.csv", dtype="str", keep_default_na=False, na_values=[""])'
    ".pipe(lambda calls: calls.assign(**{name: pandas.to_numeric(calls[name].where("
    f'calls[name].isna() | calls[name].str.fullmatch("{WHOLE_SECONDS}"), "-1")).astype("Int64") '
    f"for name in {list(DURATIONS)} if name in calls}}))"
)
"""How anyone reads a file for the suite, as one Python expression that needs pandas.

`NA` is Namibia, so only an empty cell is a null. Durations become whole numbers, because one rule
compares two of them; text that is not a duration becomes -1, which the rules on durations report.
"""

PAGE = 'Source: impact.com, "Submit Call Conversion Data via FTP".'
API = "Source: impact.com's Log Call Data API; whether the file import applies it is unknown."
KIT = "Source: callconv_kit; prepare writes no such text."
ISO_3166 = "Source: ISO 3166-1 alpha-2, and XK, AC, TA, which phone numbers have as well."
NUMBERS = (
    "Source: libphonenumber's lengths; only `callconv check` knows whether a number is in use."
)

NOT_EXPRESSIBLE: dict[str, str] = {
    "caller_unknown": "some keypad spellings of a withheld number look like numbers",
    "phone_invalid": "libphonenumber's judgment: only the shape of a number is in the suite",
    "country_contradicts_number": "a number against its country, by libphonenumber",
    "country_corrected": "a number against its country, by libphonenumber",
    "country_filled": "the country that a number says, by libphonenumber",
    "phone_rewritten": "1 before ten digits, and the like: what is national, libphonenumber knows",
    "caller_maybe_unknown": "a warning: the number may be its caller's own",
    "event_in_future": "the age of a call against now: a stored suite has no clock",
    "event_too_old": "the age of a call against now",
    "event_old": "the age of a call against now",
    "unicode_composed": "accents in composed form (Unicode NFC): no pattern can express it",
    "zip_cut": "US codes of rows that name the US only by an unusual Country",
    "zip_zero_restored": "US codes of rows that name the US only by an unusual Country",
    "identifier_maybe_rounded": "a warning: the zeros may be the id's own",
    "formula_text": "a warning: such text is sent as it is",
    "reference_not_a_number": "a warning: such text is sent as it is",
    "status_empty": "a warning: an empty status may be meant",
    "answer_without_talk": "a warning: such a call may have been",
    "session_with_and_without_event": "a warning: both rows may be right",
}
"""What `check` says and the suite can't: findings and rules of change, and why."""


def _class(chars: str) -> str:
    """Characters as the inside of a character class: ranges, in ASCII where one byte will do."""
    codes = sorted(set(map(ord, chars)))
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(
        _char(first) if first == last else f"{_char(first)}-{_char(last)}" for first, last in ranges
    )


def _char(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else chr(code)


_EDGE = _class(texts.EDGES)
_NEVER = _class(
    "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)])) + universal.BREAKS + universal.REPLACEMENT
)
UNCLEAN = f'[{_NEVER}]|^[{_EDGE}]|[{_EDGE}]$|^="(?:[^"]|"")*"$|^#{{3,}}$'
LOST_DIGITS = r"^-?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,3}$"
KEYS_UNJOINED = r"^\[.*\]$|^[0-9*#](?: +[0-9*#])+$"
MARKS = tuple(sorted(universal.EMPTY_MARKS | universal.EXCEL_ERRORS))
CLEAN_WORDS = (
    "one line of clean text: no spaces or invisible marks at its edges, no control characters, "
    'no broken bytes, no ="armour" and no ####'
)


def _expectation(kind: str, severity: str, notes: list[str], **kwargs: Any) -> Expectation:
    return {"type": kind, "kwargs": kwargs, "severity": severity, "notes": notes}


def _severity(column: Column) -> str:
    return "critical" if column.rejects_row else "warning"


def expectations() -> list[Expectation]:
    """All expectations: of the table, then column by column."""
    return [*_table(), *(rule for column in spec.COLUMNS for rule in of_column(column))]


def stored() -> dict[str, Any]:
    """The whole suite as it is stored."""
    return {
        "name": NAME,
        "meta": {
            "callconv_suite": VERSION,
            "generated_by": f"{COMMAND}; manual changes are overwritten",
            "read_with": READING,
            "not_in_the_suite": NOT_EXPRESSIBLE,
        },
        "notes": "Right call conversion data, as it is uploaded to impact.com's FTP import.",
        "expectations": expectations(),
    }


def _table() -> Iterator[Expectation]:
    yield _expectation(
        "expect_table_columns_to_match_ordered_list",
        "critical",
        ["The columns must be the 51 published ones, in the published order.", PAGE],
        column_list=list(spec.NAMES),
    )
    yield _expectation(
        "expect_table_row_count_to_be_between",
        "warning",
        ["There must be at least one row.", KIT],
        min_value=1,
    )
    yield _expectation(
        "expect_compound_columns_to_be_unique",
        "critical",
        [
            "No two rows may be one call: where VendorEventId is not empty, it must be the only "
            "one of its campaign and action tracker.",
            PAGE,
        ],
        column_list=list(spec.EVENT_KEY),
        ignore_row_if="any_value_is_missing",
    )
    yield _expectation(
        "expect_compound_columns_to_be_unique",
        "critical",
        [
            "No two rows may be one call: where VendorEventId is empty, CallSessionId must be the "
            "only one of its campaign, action tracker and provider.",
            PAGE,
        ],
        column_list=list(spec.SESSION_KEY),
        ignore_row_if="any_value_is_missing",
        row_condition=is_null("VendorEventId"),
    )
    yield _expectation(
        "expect_column_pair_values_a_to_be_greater_than_b",
        "critical",
        ["TalkDuration must not be longer than CallDuration.", KIT],
        column_A="CallDuration",
        column_B="TalkDuration",
        or_equal=True,
        ignore_row_if="either_value_is_missing",
    )


def of_column(column: Column) -> list[Expectation]:
    """What is expected of one column; the first one documents it."""
    rules = [_presence(column)]
    if column.required:
        rules.append(
            about(
                column, "expect_column_values_to_not_be_null", "must not be empty: required.", PAGE
            )
        )
    rules += _KINDS.get(column.kind, _text)(column)
    if column.limit is not None:
        words = f"must not be longer than {column.limit} characters."
        kind = "expect_column_value_lengths_to_be_between"
        rules.append(about(column, kind, words, API, max_value=column.limit))
    return rules


def _presence(column: Column) -> Expectation:
    notes = [f"{column.name}: {column.description}", *facts(column), PAGE]
    return _expectation("expect_column_to_exist", _severity(column), notes, column=column.name)


def facts(column: Column) -> list[str]:
    """What else there is to know of a column, one sentence each."""
    return [
        "Required." if column.required else "May be empty.",
        *([f"The server takes an empty cell for {column.default}."] if column.default else []),
        f"Published type: {column.published_type}.",
        *([f"Example: {column.example}"] if column.example else []),
    ]


def about(column: Column, kind: str, words: str, source: str, **kwargs: Any) -> Expectation:
    """An expectation of a column; `words` complete "<column> …"."""
    notes = [f"{column.name} {words}", source]
    return _expectation(kind, _severity(column), notes, column=column.name, **kwargs)


def _clean(column: Column) -> Expectation:
    pattern, words = UNCLEAN, CLEAN_WORDS
    if column.kind in FREE_TEXT:
        pattern += f"|{LOST_DIGITS}"
        words += ", and no number that a spreadsheet rounded (1.2E+10)"
    if column.kind is Kind.KEYPRESSES:
        pattern += f"|{KEYS_UNJOINED}"
        words += ", and no list in brackets or parted by spaces"
    kind = "expect_column_values_to_not_match_regex"
    return about(column, kind, f"must be {words}.", KIT, regex=pattern)


def _text(column: Column) -> list[Expectation]:
    rules = [_clean(column)]
    if column.kind in FORMATS:
        rules.insert(0, _format(column))
    if column.kind in FREE_TEXT:
        words = "must not be a word for empty (NULL, N/A, nan …) or a spreadsheet's error (#REF!)."
        kind = "expect_column_values_to_not_be_in_set"
        rules.append(about(column, kind, words, KIT, value_set=list(MARKS)))
    return rules


def _format(column: Column) -> Expectation:
    form = FORMATS[column.kind]
    kind, source = "expect_column_values_to_match_regex", PAGE
    if column.kind is Kind.PHONE:
        source = NUMBERS
    return about(column, kind, f"must be {form.words}.", source, regex=form.pattern)


def _word_of(source: str) -> "_Rules":
    def rules(column: Column) -> list[Expectation]:
        words = f"must be one of {', '.join(column.allowed)}."
        kind = "expect_column_values_to_be_in_set"
        return [about(column, kind, words, source, value_set=list(column.allowed))]

    return rules


def _country(column: Column) -> list[Expectation]:
    codes = [row["alpha2"] for row in cells.rows("countries")]
    kind = "expect_column_values_to_be_in_set"
    words = "must be a country's code of two capitals, such as US."
    return [about(column, kind, words, ISO_3166, value_set=codes)]


def _duration(column: Column) -> list[Expectation]:
    words = f"must be from 0 to {spec.LONGEST_CALL} seconds."
    kind = "expect_column_values_to_be_between"
    between = about(column, kind, words, KIT, min_value=0.0, max_value=float(spec.LONGEST_CALL))
    return [_format(column), between, _clean(column)]


def _zip(column: Column) -> list[Expectation]:
    kind = "expect_column_values_to_match_regex"
    five = {"regex": "^[0-9]{5}$"}
    in_us = {"row_condition": is_in("Country", american())}
    caller = {"row_condition": both(is_null("Country"), equals("CallerPhoneNumberCountry", "US"))}
    return [
        *_text(column),
        about(column, kind, "must be five digits where Country is the US.", KIT, **five, **in_us),
        about(
            column,
            kind,
            "must be five digits where Country is empty and the caller's number is of the US.",
            KIT,
            **five,
            **caller,
        ),
    ]


_Rules: TypeAlias = Callable[[Column], list[Expectation]]

_KINDS: dict[Kind, _Rules] = {
    Kind.STATUS: _word_of(PAGE),
    Kind.PHONE_TYPE: _word_of(API),
    Kind.REPEAT_CALLER: _word_of(PAGE),
    Kind.FLAG: _word_of(PAGE),
    Kind.COUNTRY: _country,
    Kind.DURATION: _duration,
    Kind.ZIP: _zip,
}


def american() -> list[str]:
    """Spellings of the US in Country: those of the word list, in their usual cases."""
    (row,) = (row for row in cells.rows("countries") if row["alpha2"] == "US")
    words = [row["alpha2"], row["alpha3"], row["name"], *filter(None, row["aliases"].split("|"))]
    spelled = {spelling for word in words for spelling in (word, word.upper(), word.lower())}
    return sorted(word for word in spelled if country.read(word).value == "US")


# Row conditions as Great Expectations stores them.


def is_null(column: str) -> dict[str, Any]:
    """The cell is empty."""
    return {"type": "nullity", "column": {"name": column}, "is_null": True}


def equals(column: str, value: str) -> dict[str, Any]:
    """The cell is this text."""
    return _comparison(column, "==", value)


def is_in(column: str, values: list[str]) -> dict[str, Any]:
    """The cell is one of these texts."""
    return _comparison(column, "IN", values)


def _comparison(column: str, operator: str, parameter: Any) -> dict[str, Any]:
    named = {"name": column}
    return {"type": "comparison", "column": named, "operator": operator, "parameter": parameter}


def both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two conditions at once."""
    return {"type": "and", "conditions": [one, other]}


def condition_columns(condition: Any) -> set[str]:
    """The columns that a stored row condition looks at."""
    if not isinstance(condition, dict):
        return set()
    inner = (condition_columns(part) for part in condition.get("conditions", ()))
    named = {condition["column"]["name"]} if "column" in condition else set()
    return named.union(*inner)


def without(condition: Any, missing: Collection[str]) -> Any:
    """A row condition where some columns do not exist: they are empty, so None, or it is settled.

    True: it always holds; False: it never does.
    """
    if not condition_columns(condition) & set(missing):
        return condition
    if condition["type"] == "nullity":
        return bool(condition["is_null"])
    if condition["type"] != "and":
        return False
    parts = [without(part, missing) for part in condition["conditions"]]
    left = [part for part in parts if part is not True]
    if False in left:
        return False
    return {"type": "and", "conditions": left} if len(left) > 1 else (left or [True])[0]
