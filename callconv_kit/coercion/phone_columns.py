"""The vector path of phones: columns of usual North American numbers, judged all at once.

It takes the cells that it fully knows: ten digits, or eleven that begin with 1, with nothing but
spaces, `( ) - .` and a `+` before that 1 around them; of rows that name no country, or one of the
plan. Everything else is left to the scalar rule `callconv_kit.coercion.phone.read`, to which a test
holds this path equal.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from callconv_kit.coercion import nanp
from callconv_kit.coercion.cells import NoteIds, note_id
from callconv_kit.model import texts
from callconv_kit.model.texts import Bools, Bytes, Ints

LAYOUTS: dict[str, str] = {
    "national": "dddddddddd",
    "dashes": "ddd-ddd-dddd",
    "parentheses": "(ddd) ddd dddd",
    "e164": "+1dddddddddd",
}
"""How each `phone_format` writes a NANP number; `d` is a digit."""

_ZERO = ord("0")
_PLUS = ord("+")
_DOT = ord(".")

_NO_COUNTRY = 0
_OTHER_COUNTRY = nanp.ASK

_TAKEN = np.zeros(256, np.bool_)
"""The bytes that this module takes in a number."""
_TAKEN[np.frombuffer(b"0123456789+ ()-.", np.uint8)] = True

_LONGEST = 32
"""Characters; more than any sensible spelling has."""


class Plain(NamedTuple):
    """What the vector path makes of two columns of n rows.

    known: n flags; the other rows are the scalar rule's, and here as they came.
    numbers: n texts; null where rejected.
    countries: n texts, filled and corrected.
    number_notes, country_notes: n note numbers.
    """

    known: Bools
    numbers: pa.StringArray
    countries: pa.StringArray
    number_notes: NoteIds
    country_notes: NoteIds


def read_plain(
    numbers: pa.StringArray, countries: pa.StringArray, default_country: str, phone_format: str
) -> Plain:
    """What is fully known of two columns of one length.

    Null numbers are known: they stay null, and say nothing.
    """
    layout = LAYOUTS[phone_format]
    dialled = _dialled(numbers, layout)
    classes = nanp.table().classes[dialled.prefixes]
    stated = _stated(countries)

    valid = classes != nanp.INVALID
    known = (stated == nanp.US) | (stated == nanp.CA) | ((stated == classes) & valid)
    if default_country in ("US", "CA"):
        known |= stated == _NO_COUNTRY
    known &= dialled.known & (classes != nanp.ASK)
    rewritten = np.flatnonzero(known & valid & ~dialled.canonical)
    rejected = np.flatnonzero(known & ~valid)
    # An empty country says US already.
    moved = known & valid & (classes != nanp.SHARED) & (classes != np.maximum(stated, nanp.US))
    moved_at = np.flatnonzero(moved)

    number_notes = np.zeros(len(numbers), np.uint16)
    number_notes[rewritten] = note_id(None, ("phone_rewritten",))
    number_notes[rejected] = note_id("phone_invalid")
    country_notes = np.zeros(len(numbers), np.uint16)
    if len(moved_at):
        filled = note_id(None, ("country_filled",))
        corrected = note_id(None, ("country_corrected",), ("country_corrected",))
        country_notes[moved_at] = np.where(stated[moved_at] == _NO_COUNTRY, filled, corrected)
        alpha2 = texts.from_list(nanp.table().regions)
        countries = texts.put(countries, moved_at, texts.take(alpha2, classes[moved_at]))

    known |= ~texts.present(numbers)
    if len(rewritten):
        numbers = texts.put(numbers, rewritten, _laid_out(dialled.digits_of(rewritten), layout))
    if len(rejected):
        numbers = texts.put(numbers, rejected, texts.nulls(len(rejected)))
    return Plain(known, numbers, countries, number_notes, country_notes)


def nothing_known(numbers: pa.StringArray, countries: pa.StringArray) -> Plain:
    """All but the null numbers left to the scalar rule."""
    of_numbers, of_countries = np.zeros((2, len(numbers)), np.uint16)
    return Plain(~texts.present(numbers), numbers, countries, of_numbers, of_countries)


@dataclass(frozen=True, slots=True)
class _Dialled:
    """The digits of a number column.

    known: n flags: the cell holds a number in a form that this module takes.
    canonical: n flags: the cell already has the form to be written (any value where not known).
    prefixes: n first six digits of the national number as an integer; 0 where not known.
    digits: the digits (0 to 9) of all cells; those of cell i's national number begin at begins[i].
    """

    known: Bools
    canonical: Bools
    prefixes: npt.NDArray[np.int32]
    digits: Bytes
    begins: npt.NDArray[np.int32]

    def digits_of(self, positions: Ints) -> Bytes:
        """The ten digits of the known cells at `positions`, one row a cell."""
        return _windows(self.digits, self.begins[positions], nanp.LENGTH)


def _dialled(numbers: pa.StringArray, layout: str) -> _Dialled:
    data, starts, ends = texts.view(numbers)
    if not len(starts) or starts[0] == ends[-1]:
        nothing = np.zeros(len(starts), np.int32)
        return _Dialled(nothing > 0, nothing > 0, nothing, np.zeros(0, np.uint8), nothing)
    data = data[starts[0] : ends[-1]]
    starts, ends = starts - starts[0], ends - starts[0]
    lengths = ends - starts
    values = data - np.uint8(_ZERO)
    is_digit = values <= 9
    if is_digit.all() and (lengths == nanp.LENGTH).all():
        rows = values.reshape(-1, nanp.LENGTH)
        canonical = np.full(len(rows), layout == LAYOUTS["national"])
        return _Dialled(np.ones(len(rows), np.bool_), canonical, _prefixes(rows), values, starts)

    before = np.zeros(len(data) + 1, np.int32)
    np.cumsum(is_digit, out=before[1:])
    digits, firsts = values[is_digit], before[starts]
    counts = before[ends] - firsts
    with_one = counts == nanp.LENGTH + 1
    begins = firsts + with_one
    heads = data[np.minimum(starts, len(data) - 1)]
    plus = (heads == _PLUS) & (lengths > 0)
    known = ((counts == nanp.LENGTH) & ~plus) | with_one
    known &= lengths <= _LONGEST
    if with_one.any():
        known[with_one] &= digits[firsts[with_one]] == 1
    known &= ~_holding(~_TAKEN[data], starts, ends)
    if np.count_nonzero(data == _PLUS) > np.count_nonzero(plus):
        inside = data == _PLUS
        inside[starts[plus]] = False
        known &= ~_holding(inside, starts, ends)
    if (data == _DOT).any():
        # One dot may be a decimal point: 212555012.3 is not a phone number.
        np.cumsum(data == _DOT, out=before[1:])
        known &= before[ends] - before[starts] != 1

    prefixes = np.zeros(len(starts), np.int32)
    at = np.flatnonzero(known)
    prefixes[at] = _prefixes(_windows(digits, begins[at], nanp.PREFIX))
    canonical = (lengths == len(layout)) & (counts == sum(c in "d1" for c in layout))
    for offset, char in enumerate(layout):
        if char != "d":
            canonical &= data[np.minimum(starts + offset, len(data) - 1)] == ord(char)
    return _Dialled(known, canonical, prefixes, digits, begins)


def _windows(digits: Bytes, begins: npt.NDArray[np.int32], width: int) -> Bytes:
    """The `width` digits from each of `begins`, one row each."""
    places: Ints = begins[:, np.newaxis] + np.arange(width)
    return digits[places]


def _prefixes(rows: Bytes) -> npt.NDArray[np.int32]:
    """The first six digits of each row as an integer."""
    prefixes = rows[:, 0].astype(np.int32)
    for place in range(1, nanp.PREFIX):
        prefixes *= 10
        prefixes += rows[:, place]
    return prefixes


def _holding(flags: Bools, starts: npt.NDArray[np.int32], ends: npt.NDArray[np.int32]) -> Bools:
    """Which cells hold a flagged byte."""
    found = np.zeros(len(starts), np.bool_)
    found[np.searchsorted(ends, np.flatnonzero(flags), side="right")] = True
    return found


def _stated(countries: pa.StringArray) -> Bytes:
    """The countries of the rows as numbers of `nanp.Table.regions`; 0 for none, ASK for others."""
    if countries.null_count == len(countries):
        return np.zeros(len(countries), np.uint8)
    data, starts, ends = texts.view(countries)
    lengths = ends - starts
    two = lengths == 2
    if two.all():
        codes = data[starts[0] : ends[-1]].view(np.uint16)
        return _region_numbers()[codes]
    stated = np.full(len(starts), _OTHER_COUNTRY, np.uint8)
    stated[lengths == 0] = _NO_COUNTRY
    at = starts[two]
    pairs = np.stack([data[at], data[at + 1]], axis=1)
    stated[two] = _region_numbers()[pairs.view(np.uint16)[:, 0]]
    return stated


@cache
def _region_numbers() -> Bytes:
    """For each two bytes, as a machine's 16-bit number, the region of that alpha-2."""
    numbers = np.full(2**16, _OTHER_COUNTRY, np.uint8)
    for number, alpha2 in enumerate(nanp.table().regions):
        if alpha2:
            numbers[np.frombuffer(alpha2.encode(), np.uint16)] = number
    return numbers


def _laid_out(digits: Bytes, layout: str) -> pa.StringArray:
    """Rows of ten digits as texts in `layout`."""
    cells = np.empty((len(digits), len(layout)), np.uint8)
    cells[:] = np.frombuffer(layout.encode(), np.uint8)
    cells[:, [place for place, char in enumerate(layout) if char == "d"]] = digits + _ZERO
    offsets = np.arange(len(digits) + 1, dtype=np.int32) * len(layout)
    return texts.from_bytes(cells.reshape(-1), offsets)
