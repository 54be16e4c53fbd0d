"""The North American numbering plan (calling code 1) as one table of prefixes.

Whether a ten-digit number is valid, and its country, follows almost always from its first six
digits. So a million bytes answer for ten thousand million numbers, and whole columns are judged
by one look-up each. The table is expanded exactly from the patterns of the installed phonenumbers
library, and says `ASK` where six digits don't settle it: there the library itself must be asked.

Built in some tens of milliseconds at first use, in memory only: a table kept in a file would have
to be found, trusted and renewed for hardly any gain.
"""

import itertools
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from phonenumbers import PhoneMetadata

INVALID = 0
"""Of no region."""

US = 1

CA = 2

SHARED = 254
"""Of the US to the library, and as valid in Canada: toll-free numbers above all."""

ASK = 255
"""Not settled by six digits, or read in another way by our own rules: ask the scalar rule."""

LENGTH = 10
PREFIX = 6

Prefixes: TypeAlias = npt.NDArray[np.bool_]
"""A flag for each six-digit prefix, as an array of 10 x 10 x 10 x 10 x 10 x 10."""

Digits: TypeAlias = frozenset[int]
"""The digits allowed at one position of a number."""

Places: TypeAlias = tuple[Digits, ...]
"""Numbers of one length, place by place."""

_ANY: Digits = frozenset(range(10))

_OWN_READINGS = ("00", "011", "737874")
"""Prefixes that the scalar rule must see: dialled international prefixes (a valid number may
follow), and what a keypad makes of RESTRICTED."""


class Table(NamedTuple):
    """The plan.

    classes: for each prefix 0 to 999999 INVALID, SHARED, ASK, or the number of a region.
    regions: alpha-2 of each number: `regions[US] == "US"`; the empty text at INVALID.
    """

    classes: npt.NDArray[np.uint8]
    regions: tuple[str, ...]


class PatternUnknown(ValueError):
    """A pattern of the library uses syntax that this module doesn't read."""


@cache
def table() -> Table:
    """The table for the installed phonenumbers library."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    others = sorted(set(COUNTRY_CODE_TO_REGION_CODE[1]) - {"US", "CA"})
    regions = ("", "US", "CA", *others)
    try:
        classes = _classes(COUNTRY_CODE_TO_REGION_CODE[1], regions)
    except PatternUnknown:
        # A newer library writes its patterns in another way: right all the same, only slower.
        classes = np.full(10**PREFIX, ASK, np.uint8)
    for prefix in _OWN_READINGS:
        step = 10 ** (PREFIX - len(prefix))
        classes[int(prefix) * step : (int(prefix) + 1) * step] = ASK
    return Table(classes, regions)


def _classes(order: Iterable[str], regions: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    """The class of each prefix: the first region in the library's order to which it belongs.

    A region with leading digits owns all numbers that begin with them, valid or not; one without
    owns those that are valid in it (phonenumbers.region_code_for_number).
    """
    classes = np.full((10,) * PREFIX, INVALID, np.uint8)
    unowned = np.ones((10,) * PREFIX, np.bool_)
    matches = _Matches(np.zeros_like(unowned), np.zeros_like(unowned))
    for region in order:
        metadata = _metadata(region)
        territory = [_padded(places) for places in expand(metadata.leading_digits or "")]
        _mark_valid(metadata, territory, matches)
        for places in territory:
            if any(digits != _ANY for digits in places[PREFIX:]):
                raise PatternUnknown(metadata.leading_digits)
            block = _block(places)
            surely, maybe = matches.surely[block], matches.maybe[block]
            owned = unowned[block] if metadata.leading_digits else unowned[block] & maybe
            known = np.where(surely, regions.index(region), ASK)
            classes[block] = np.where(owned & maybe, known, classes[block])
            unowned[block] &= ~owned
    # A row that says Canada keeps its country where the number is valid there too.
    _mark_valid(_metadata("CA"), [_padded(())], matches)
    american = classes == US
    classes[american & matches.maybe] = ASK
    classes[american & matches.surely] = SHARED
    classes[(classes > CA) & (classes < SHARED) & matches.maybe] = ASK
    return classes.reshape(-1)


def _metadata(region: str) -> "PhoneMetadata":
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        raise PatternUnknown(region)
    return metadata


class _Matches(NamedTuple):
    """surely: prefixes that match whatever follows; maybe: those that match with some tail."""

    surely: Prefixes
    maybe: Prefixes


def _mark_valid(metadata: "PhoneMetadata", territory: Iterable[Places], matches: _Matches) -> None:
    """Mark in `matches` (cleared first) the prefixes valid in a region, within its territory.

    Several patterns may cover the tails of one prefix between them; that is not seen, and such a
    prefix is only `maybe`.
    """
    kinds = (
        metadata.fixed_line,
        metadata.mobile,
        metadata.toll_free,
        metadata.premium_rate,
        metadata.shared_cost,
        metadata.voip,
        metadata.personal_number,
        metadata.pager,
        metadata.uan,
        metadata.voicemail,
    )
    matches.surely.fill(False)
    matches.maybe.fill(False)
    general_desc = metadata.general_desc
    pattern = general_desc.national_number_pattern if general_desc else None
    bounds = [
        both
        for general in expand(pattern or "")
        for places in territory
        if (both := _common(general, places))
    ]
    for kind in kinds:
        if kind is None or kind.national_number_pattern is None:
            continue
        if kind.possible_length and LENGTH not in kind.possible_length:
            continue
        for bound, places in itertools.product(bounds, expand(kind.national_number_pattern)):
            both = _common(bound, places)
            if both:
                block = _block(both)
                matches.maybe[block] = True
                if all(digits == _ANY for digits in both[PREFIX:]):
                    matches.surely[block] = True


def _padded(places: Places) -> Places:
    """A beginning, as a whole number with anything after it."""
    return (*places, *(_ANY,) * (LENGTH - len(places)))


def _common(left: Places, right: Places) -> Places:
    """The ten-digit numbers that are in both; empty if there are none."""
    if len(left) != LENGTH or len(right) != LENGTH:
        return ()
    both = tuple(first & second for first, second in zip(left, right, strict=True))
    return both if all(both) else ()


def _block(places: Places) -> tuple[Any, ...]:
    """The index of these prefixes in an array of `Prefixes`."""
    if all(digits == _ANY for digits in places[:PREFIX]):
        return (...,)
    each = [_run(digits) for digits in places[:PREFIX]]
    if sum(isinstance(digits, list) for digits in each) > 1:
        return np.ix_(*(sorted(digits) for digits in places[:PREFIX]))
    return tuple(each)  # a slice is several times as fast as a list


def _run(digits: Digits) -> "slice | list[int]":
    """Digits as a slice where they follow one another."""
    first, last = min(digits), max(digits)
    return slice(first, last + 1) if last - first + 1 == len(digits) else sorted(digits)


@cache
def expand(pattern: str) -> tuple[Places, ...]:
    r"""The strings of digits that a pattern of the library matches, as digit sets place by place.

    Understands digits, `\d`, `[2-46]`, groups, `|`, `?`, `{n}` and `{n,m}`.

    >>> [[sorted(digits) for digits in places] for places in expand("8(?:0{2}|[12]?)")]
    [[[8], [0], [0]], [[8], [1, 2]], [[8]]]

    Raises:
        PatternUnknown: there is something else in it.
    """
    reader = _Reader(pattern)
    sequences = reader.alternatives()
    if reader.at < len(pattern):
        raise PatternUnknown(pattern)
    return tuple(sequences)


_Sequences: TypeAlias = list[Places]


class _Reader:
    """Reads one pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def alternatives(self) -> _Sequences:
        found = self.sequence()
        while self._take("|"):
            found = found + self.sequence()
        return found

    def sequence(self) -> _Sequences:
        found: _Sequences = [()]
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            found = _joined(found, self.repeated(self.item()))
        return found

    def item(self) -> _Sequences:
        if self._take("(?:") or self._take("("):
            inner = self.alternatives()
            self._expect(")")
            return inner
        if self._take("\\d"):
            return [(_ANY,)]
        if self._take("["):
            return [(self.digit_class(),)]
        return [(frozenset([self._digit()]),)]

    def digit_class(self) -> Digits:
        digits: set[int] = set()
        while not self._take("]"):
            if self._take("\\d"):
                return self.digit_class() | _ANY
            first = last = self._digit()
            if self._take("-"):
                last = self._digit()
            digits.update(range(first, last + 1))
        return frozenset(digits)

    def repeated(self, item: _Sequences) -> _Sequences:
        least, most = self.counts()
        found: _Sequences = []
        for count in range(most, least - 1, -1):
            times: _Sequences = [()]
            for _ in range(count):
                times = _joined(times, item)
            found += times
        return found

    def counts(self) -> tuple[int, int]:
        if self._take("?"):
            return 0, 1
        if not self._take("{"):
            return 1, 1
        least = most = self._digit()
        if self._take(","):
            most = self._digit()
        self._expect("}")
        return least, most

    def _take(self, token: str) -> bool:
        taken = self.pattern.startswith(token, self.at)
        self.at += len(token) * taken
        return taken

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise PatternUnknown(self.pattern)

    def _digit(self) -> int:
        char = self.pattern[self.at : self.at + 1]
        if char not in set("0123456789"):
            raise PatternUnknown(self.pattern)
        self.at += 1
        return int(char)


def _joined(left: _Sequences, right: _Sequences) -> _Sequences:
    return [first + second for first, second in itertools.product(left, right)]
