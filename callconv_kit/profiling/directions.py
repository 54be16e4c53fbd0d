"""Which rows are calls to the advertiser: the columns that show it, and what each value means.

Words show it (`inbound`, `ausgehend`, `from-internal`), and so do coded values whose calls go to
the advertiser's own numbers or come from them, and a number dialed that only incoming calls have.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

import numpy as np

from callconv_kit.coercion import cells
from callconv_kit.model import texts
from callconv_kit.model.texts import Bools
from callconv_kit.profiling import kinds, words
from callconv_kit.profiling.identity import parent_of
from callconv_kit.profiling.moments import FITS
from callconv_kit.profiling.naming import Named, known_roles, phone_role, word_role
from callconv_kit.profiling.numbers import own_numbers
from callconv_kit.profiling.proposal import CODES, FILLED, Confidence, Direction, Meaning
from callconv_kit.profiling.sample import Column, Sample, words_in
from callconv_kit.profiling.words import guess

CODED = 4
"""Different values up to which a column may code the direction."""

MOSTLY = 0.8
"""Of the rows of a value go one way, for it to mean that way."""

HARDLY = 0.2
"""Of the rows of a value go that way, for it to mean the other."""

_LEG = re.compile(r"(?:leg|segment)[ _-]?\d+", re.IGNORECASE)
_ROOTS = {
    "inbound": ("inbound", "incoming", "eingehend", "eingehende", "entrante", "entrantes"),
    "outbound": ("outbound", "outgoing", "ausgehend", "ausgehende", "saliente", "salientes"),
    "internal": ("internal", "intern", "interno", "interna"),
}
"""Words that mean a direction anywhere in a text."""

_TELLING = {"direction", "context", "leg", "kind"}
"""Roles of columns in which words name the direction that mean other things elsewhere."""

_STRONG = {"inbound", "outbound"}

TEST_NAMES = {("test",), ("is", "test"), ("test", "call"), ("is", "test", "call")}
"""Words of the name of a column that says which calls were tests."""


@cache
def _listed() -> Mapping[str, str]:
    return {
        cells.word(words.ascii_of(text)): row["means"]
        for row in words.table("directions")
        for text in row["words"].split("|")
    }


@lru_cache(maxsize=4096)
def meaning(text: str) -> str:
    """The direction of a call that a text names; "" for none.

    >>> meaning("Outbound Missed"), meaning("in"), meaning("Leg-1"), meaning("Answered")
    ('outbound', 'inbound', 'leg', '')
    >>> meaning("outboundPhoneCall"), meaning("user_in"), meaning("Logged in")
    ('outbound', 'inbound', '')
    """
    listed = _listed().get(cells.word(words.ascii_of(text)))
    if listed:
        return listed
    if _LEG.fullmatch(text):
        return "leg"
    return _rooted(text) or _by_ending(text)


def _rooted(text: str) -> str:
    """The one direction whose word is in a text: `Outbound Missed`, `inboundPhoneCall`."""
    parts = {*re.findall(r"[a-z]+", words.ascii_of(text).casefold()), *words.words_of(text)}
    found = [means for means, roots in _ROOTS.items() if parts & set(roots)]
    return found[0] if len(found) == 1 else ""


def _by_ending(text: str) -> str:
    """The direction at the end of a code of one word: `user_in`, `ByotOut`."""
    if " " in text:
        return ""
    *rest, last = words.words_of(text) or ("",)
    return {"in": "inbound", "out": "outbound"}.get(last, "") if rest else ""


def directions(sample: Sample) -> tuple[Direction, ...]:
    """The columns that show which rows are calls to the advertiser, the clearest first."""
    by_word = [found for column in sample.named if (found := _by_words(column)) is not None]
    by_word.sort(key=lambda each: (-_understood(each), len(each.values)))
    main = [each for each in by_word if says_a_direction(each)][:1]
    if not main:
        main = [found for found in (_by_flag(sample), _by_codes(sample)) if found][:1]
    if not any(each.left_out for each in main):
        main += [found for found in (_by_filling(sample),) if found]
    if not any(map(says_a_direction, main)):
        main += [found for found in (_by_unknown_codes(sample),) if found]
    more = [_main_only(each) for each in by_word if each not in main]
    more += [found for found in (_by_test_flag(sample),) if found]
    legs = _by_parent(sample) or _by_leg_number(sample)
    return (*main, *(each for each in more if each.left_out), *([legs] if legs else []))


def _by_unknown_codes(sample: Sample) -> Direction | None:
    """A column whose very name says direction, and whose values say nothing: a person is asked."""
    for column in sample.named:
        coded = 1 < len(column.texts) <= CODED and column.fill >= FITS
        named = word_role(column.name) == Named("direction", True) and column.name.lower() != "type"
        said = "direction" in column.concepts and not any(map(_is_outcome, column.texts))
        if coded and named and (column.integers == 1 or said):
            values = tuple(Meaning(each.text, each.rows, "") for each in words_in(column))
            return Direction(column.name, values, "none", "")
    return None


def _is_outcome(text: str) -> bool:
    return guess(text, "status").status is not None


def _understood(found: Direction) -> int:
    return sum(each.rows for each in found.values if each.means in {*_STRONG, "internal"})


def says_a_direction(found: Direction) -> bool:
    """Whether one of its values means incoming or outgoing."""
    return any(each.means in _STRONG for each in found.values)


def _main_only(found: Direction) -> Direction:
    """A further column, of which only what is not a call at all counts."""
    kept = {"message", "form", "fax", "leg", "progress"}
    values = tuple(
        each if each.means in kept else Meaning(each.value, each.rows, "call")
        for each in found.values
    )
    return Direction(found.column, values, found.confidence, found.because)


def _by_words(column: Column) -> Direction | None:
    if not column.is_vocabulary or column.moments >= FITS or column.phones >= FITS:
        return None
    if column.links >= FITS or column.concepts & {"person", "name", "url", "money"}:
        return None
    role = word_role(column.name)
    telling = role.role in _TELLING or _is_direction(column)
    values = []
    for word in words_in(column):
        means = meaning(word.text) if telling else _rooted(word.text)
        values.append(Meaning(word.text, word.rows, means))
    meant = {each.means for each in values}
    if not meant & set(CODES) and "inbound" not in meant:
        return None
    if not telling and not _mostly(values, column) and not _is_outcome_of(role, meant):
        return None
    if role.role == "kind" and not meant & _STRONG:
        known = sum(each.rows for each in values if each.means)
        if known < column.filled * FITS or "call" not in meant:
            return None
    if "direction" in column.concepts:
        values = [_settled(each) for each in values]
    if role.role == "context":
        values = [_in_context(each, {other.value for other in values}) for each in values]
    empty = column.rows - column.filled
    if empty:
        values.append(Meaning("", empty, "call"))
    all_known = all(each.means not in ("", "unknown") for each in values)
    sure = role.exact and role.role == "direction" and all_known
    return Direction(column.name, tuple(values), _confidence(sure), _why(values))


def _is_direction(column: Column) -> bool:
    """Whether every cell is a word for a direction, whatever the name: `IN` and `OUT`."""
    meant = {meaning(text) for text in column.texts}
    return len(column.texts) <= CODED and meant >= _STRONG and "" not in meant


def _is_outcome_of(role: Named, meant: set[str]) -> bool:
    """Whether an outcome names outgoing calls: `Outbound - Answered` beside `Answered`."""
    return role.role == "status" and "outbound" in meant


def _in_context(each: Meaning, contexts: set[str]) -> Meaning:
    """FreeSWITCH's own configuration has `public` for calls from outside, `default` for users."""
    if each.value == "default" and "public" in contexts:
        return Meaning(each.value, each.rows, "outbound")
    return each


def _settled(each: Meaning) -> Meaning:
    """A value beside inbound and outbound that is neither, nor says how a call ended: no call."""
    if each.means or guess(each.value, "status").status:
        return each
    return Meaning(each.value, each.rows, "unknown")


def _mostly(values: Sequence[Meaning], column: Column) -> bool:
    strong = sum(each.rows for each in values if each.means in {*_STRONG, "internal"})
    return strong >= column.filled * FITS and {each.means for each in values} >= {"outbound"}


def _confidence(sure: bool) -> Confidence:
    return "sure" if sure else "likely"


def _why(values: Sequence[Meaning]) -> str:
    out = [f"{each.value!r}" for each in values if each.means in CODES]
    return f"its words say which rows are calls to you{': not ' + ', '.join(out) if out else ''}"


def _by_flag(sample: Sample) -> Direction | None:
    """A column `inbound` or `outgoing` of yes and no."""
    for column in sample.named:
        if column.flags < FITS or len(column.texts) > 2:
            continue
        asks = _rooted(" ".join(words.words_of(column.name)))
        if not asks:
            continue
        other = {"inbound": "outbound", "outbound": "inbound", "internal": "inbound"}[asks]
        values = tuple(
            Meaning(each.text, each.rows, asks if kinds.FLAGS[each.text.casefold()] else other)
            for each in words_in(column)
            if each.text.casefold() in kinds.FLAGS
        )
        return Direction(column.name, values, "likely", f"its name asks whether a call is {asks}")
    return None


def _by_test_flag(sample: Sample) -> Direction | None:
    """A column of yes and no that says which calls were tests."""
    for column in sample.named:
        if column.flags < 1 or words.words_of(column.name) not in TEST_NAMES:
            continue
        values = tuple(
            Meaning(each.text, each.rows, "test" if kinds.FLAGS[each.text.casefold()] else "call")
            for each in words_in(column)
        )
        return Direction(column.name, values, "likely", "its name asks whether a call is a test")
    return None


def _by_codes(sample: Sample) -> Direction | None:
    """A column of codes, such as 1 and 2, whose calls go to the advertiser's numbers or not."""
    ways = _ways(sample)
    if ways is None:
        return None
    to_us, known = ways
    for column in sample.named:
        role = word_role(column.name)
        coded = 1 < len(column.texts) <= CODED and role.role == "direction"
        if not coded or column.moments >= FITS:
            continue
        shares = {
            word: _share(column.is_one_of([word.text]), to_us, known) for word in words_in(column)
        }
        if not any(share is not None and share >= MOSTLY for share in shares.values()):
            continue
        values = tuple(Meaning(word.text, word.rows, _way(share)) for word, share in shares.items())
        if any(each.means == "outbound" for each in values):
            return Direction(
                column.name,
                values,
                "likely",
                "judged by whether its calls go to your numbers: those that are called most often",
            )
    return None


def _share(rows: Bools, to_us: Bools, known: Bools) -> float | None:
    among = rows & known
    return float(to_us[among].mean()) if among.any() else None


def _way(share: float | None) -> str:
    if share is None:
        return ""
    return "inbound" if share >= MOSTLY else "outbound" if share <= HARDLY else ""


def _ways(sample: Sample) -> tuple[Bools, Bools] | None:
    """Which rows call one of the advertiser's own numbers, and of which rows that is known."""
    caller, called = _side(sample, "caller"), _side(sample, "called")
    if caller is None or called is None:
        return None
    own = own_numbers(called, caller)
    if not own:
        return None
    mine = {text for text in called.texts if called.phone(text) in own}
    phones = {text for text in called.texts if called.phone(text)}
    return called.is_one_of(mine), called.is_one_of(phones)


def _side(sample: Sample, side: str) -> Column | None:
    for exact in (True, False):
        for column in sample.named:
            role = phone_role(column.name)
            if role == Named(side, exact) and any(column.phone(text) for text in column.some):
                return column
    return None


def _by_filling(sample: Sample) -> Direction | None:
    """A number dialed (DID) that only incoming calls have: the others dial a number themselves."""
    for column in sample.named:
        if "called" not in known_roles(column.name) or not 0 < column.fill < 1:
            continue
        if column.phones < FITS or "did" not in words.words_of(column.name):
            continue
        for other in sample.named:
            if other is column or phone_role(other.name) != Named("called", True):
                continue
            dials = other.is_one_of(text for text in other.texts if _is_external(other.phone(text)))
            empty = ~column.present
            if dials[empty].mean() >= 0.5 and dials[~empty].mean() <= HARDLY:
                values = (
                    Meaning(FILLED, column.filled, "inbound"),
                    Meaning("", int(empty.sum()), "outbound"),
                )
                why = f"where it is empty, {other.name!r} holds a number outside"
                return Direction(column.name, values, "likely", why)
    return None


def _is_external(number: str | None) -> bool:
    return number is not None and number.startswith("+")


def _by_parent(sample: Sample) -> Direction | None:
    found = parent_of(sample)
    if found is None:
        return None
    column = sample.column(found[0])
    if column is None:
        return None
    values = (
        Meaning("", column.rows - column.filled, "call"),
        Meaning(FILLED, column.filled, "leg"),
    )
    return Direction(column.name, values, "likely", f"it holds the {found[1]!r} of another row")


def _by_leg_number(sample: Sample) -> Direction | None:
    """A column that numbers the legs of each call; all but the first are parts of it."""
    for column in sample.named:
        numbered = column.integers == 1 and column.fill == 1 and len(column.texts) > 1
        if word_role(column.name) != Named("leg", True) or not numbered:
            continue
        first, *others = sorted(column.texts, key=float)
        if all(column.counts[first] >= column.counts[text] for text in others):
            values = (
                Meaning(first, column.counts[first], "call"),
                *(Meaning(text, column.counts[text], "leg") for text in others),
            )
            return Direction(column.name, values, "likely", "it numbers the legs of a call")
    return None


def by_own_numbers(sample: Sample, caller: str, called: Sequence[str]) -> Direction | None:
    """Rows whose caller is one of the advertiser's own numbers, where no column says more.

    Args:
        sample: all rows.
        caller: the column of the caller's numbers.
        called: the columns of the numbers that were called, tracking numbers among them.
    """
    calling = sample.column(caller)
    if calling is None:
        return None
    dialed = [column for name in called if (column := sample.column(name)) is not None]
    own = frozenset(number for column in dialed for number in own_numbers(column, calling))
    counts = {text: rows for text, rows in calling.counts.items() if calling.phone(text) in own}
    if not counts or sum(counts.values()) > sample.rows / 2:
        return None
    rest = calling.rows - sum(counts.values())
    values = (
        Meaning(FILLED, rest, "inbound"),
        *(Meaning(text, rows, "outbound") for text, rows in counts.items()),
    )
    return Direction(
        caller, values, "likely", "these callers are numbers that others call again and again"
    )


def are_calls(sample: Sample, found: Sequence[Direction]) -> Bools:
    """The rows that are calls to the advertiser."""
    rows = np.ones(sample.rows, np.bool_)
    for each in found:
        column = sample.column(each.column)
        if column is None:
            continue
        for value in each.left_out:
            rows &= ~rows_of(column, value.value)
    return rows


def rows_of(column: Column, value: str) -> Bools:
    """The rows of a value; "" for empty cells, `FILLED` for all others."""
    if value == FILLED and FILLED not in column.counts:
        return column.present
    if not value:
        return ~column.present
    return texts.equal(column.clean, value)
