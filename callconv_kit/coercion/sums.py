"""Columns added up, or taken from one another: durations and moments in any form that is read.

    00:00:14 + 00:03:07                        ──▶  201 s
    2026-11-20 09:33:26 - 2026-11-20 09:30:05  ──▶  201 s

What comes out is text that the column's own kernel reads, with its unit; so a sum that is no
duration is wrong in the same way as a cell that is none. Numbers without a unit stay such.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion import duration, moment_rule, moment_text, moment_vector
from callconv_kit.coercion.cells import MEMO_LIMIT, Coerced, NoteIds, note_id
from callconv_kit.coercion.moment_rule import MomentSettings
from callconv_kit.model import texts
from callconv_kit.model.texts import Bools, Ints

NOTHING, LENGTH, MOMENT = range(3)
"""Kinds of amounts."""

MICROSECONDS = 1_000_000
LARGEST = 10**12
"""Seconds; a longer duration is none, and would not fit the arithmetic."""

NUMBER = r"^[0-9]{1,9}(?:\.[0-9]{1,6})?$"
"""Decimals that are added as such."""
PART_OF_ONE = r"^0*\.0*[1-9]"
SERIAL = r"^[0-9]{5}\.[0-9]{5,}$"


class Amounts(NamedTuple):
    """The cells of one column as numbers.

    kinds: n of the kinds above.
    microseconds: of the duration, or since 1970.
    notes: n note numbers: why a moment is none.
    """

    kinds: npt.NDArray[np.uint8]
    microseconds: Ints
    notes: NoteIds


class Sums:
    """Sums and differences for the columns of one unit."""

    def __init__(
        self, unit: duration.Unit | None, moments: MomentSettings, *, of_moments: bool = False
    ) -> None:
        """Say what is read.

        Args:
            unit: what a bare number counts, if it is named.
            moments: how moments are read.
            of_moments: the result is a moment (a moment and durations), and no duration.
        """
        self._unit = unit
        self._moments = moments
        self._wanted = MOMENT if of_moments else LENGTH
        self._find = moment_vector.finder(moments)
        self._amount = lru_cache(MEMO_LIMIT)(self._read)

    def of(self, parts: Sequence[pa.StringArray], *, subtract: bool) -> Coerced:
        """The sum of the columns, or the first of them less all others.

        Args:
            parts: two or more columns of n cleaned cells, null where empty.
            subtract: whether it is a difference.

        Returns:
            n texts. A sum of which a part is missing or none is wrong; a difference of which a
            part is missing is empty, as the moment of an answer is where the call was not answered.
        """
        sign, rule = (" - ", "columns_subtracted") if subtract else (" + ", "columns_added")
        present = [texts.present(part) for part in parts]
        whole = np.logical_and.reduce(present)
        values = parts[0]
        for part in parts[1:]:
            values = texts.joined(values, part, between=sign)
        empty = np.flatnonzero(~whole if subtract else ~np.logical_or.reduce(present))
        values = texts.put(values, empty, texts.nulls(len(empty)))
        plain = whole & self._are_plain(parts, subtract)
        at = np.flatnonzero(plain)
        values = texts.put(values, at, _plainly([texts.take(p, at) for p in parts], subtract))
        rest = np.flatnonzero(whole & ~plain)
        notes = np.zeros(len(whole), np.uint16)
        notes[at] = note_id(rules=(rule,))
        if len(rest):
            read = [self._amounts(texts.take(part, rest), subtract) for part in parts]
            total, fits = self._added(read, subtract)
            done = rest[fits]
            values = texts.put(values, done, _written(total[fits], self._wanted))
            notes[done] = note_id(rules=(rule,))
            for amounts in read:
                wrong = rest[(amounts.notes > 0) & ~fits]
                notes[wrong] = np.where(
                    notes[wrong] > 0, notes[wrong], amounts.notes[amounts.notes > 0]
                )
                values = texts.put(values, wrong, texts.nulls(len(wrong)))
        return Coerced.dense(values, notes)

    def _are_plain(self, parts: Sequence[pa.StringArray], subtract: bool) -> Bools:
        """Rows of decimals without a unit, which are added as they are."""
        exact_seconds = self._unit in (None, "seconds") or not subtract
        plain = np.full(len(parts[0]), self._wanted == LENGTH and exact_seconds)
        for part in parts:
            plain &= _matching(part, NUMBER)
            if self._unit is None:
                plain &= ~_matching(part, PART_OF_ONE)
            if subtract:
                plain &= ~_matching(part, SERIAL)
        return plain

    def _amounts(self, cells: pa.StringArray, subtract: bool) -> Amounts:
        whole, fractions = _fractions(cells)
        found = self._find(whole)
        # An epoch may hold thousandths, which are not seen here.
        known = found.known & (found.changed & moment_vector.FRACTION == 0)
        kinds = np.where(known, MOMENT, NOTHING).astype(np.uint8)
        amounts = np.where(known, (found.local - found.offset) * MICROSECONDS + fractions, 0)
        notes = np.zeros(len(cells), np.uint16)
        rest = np.flatnonzero(~known)
        encoded = texts.take(cells, rest).dictionary_encode()
        read = [self._amount(text, subtract) for text in encoded.dictionary.to_pylist()]
        if read:
            at = texts.places(encoded)
            kinds[rest] = np.asarray([kind for kind, _, _ in read], np.uint8)[at]
            amounts[rest] = np.asarray([amount for _, amount, _ in read], np.int64)[at]
            notes[rest] = np.asarray([note for _, _, note in read], np.uint16)[at]
        return Amounts(kinds, amounts, notes)

    def _read(self, text: str, subtract: bool) -> tuple[int, int, int]:
        """Kind, microseconds and note of one text."""
        is_number = moment_rule.NUMBER.fullmatch(text)
        instant = moment_rule.exactly(text, self._moments) if is_number else "moment_invalid"
        if isinstance(instant, str):
            seconds = duration.exactly(text, self._unit)
            if seconds is None and subtract:
                seconds = _time_of_day(text)
            if seconds is not None and abs(seconds) < LARGEST:
                return LENGTH, _microseconds(seconds), 0
        if isinstance(instant, str) and not is_number:
            instant = moment_rule.exactly(text, self._moments)
        if isinstance(instant, str):
            return NOTHING, 0, note_id(instant) if instant != "moment_invalid" else 0
        return MOMENT, _microseconds(instant), 0

    def _added(self, parts: Sequence[Amounts], subtract: bool) -> tuple[Ints, Bools]:
        """The result in microseconds, and the rows in which it is of the kind that is wanted."""
        kinds, total = parts[0].kinds.astype(np.int64), parts[0].microseconds.copy()
        for part in parts[1:]:
            total += -part.microseconds if subtract else part.microseconds
            kinds = _KINDS[int(subtract)][kinds, part.kinds]
        if subtract:
            # Two clocks that were read one after the other may disagree by less than a second.
            total[(total > -MICROSECONDS) & (total < 0)] = 0
        return total, kinds == self._wanted


def _table(*known: tuple[int, int, int]) -> Ints:
    table = np.full((3, 3), NOTHING, np.int64)
    for one, two, result in known:
        table[one, two] = result
    return table


_KINDS = (
    _table((LENGTH, LENGTH, LENGTH), (MOMENT, LENGTH, MOMENT), (LENGTH, MOMENT, MOMENT)),
    _table((LENGTH, LENGTH, LENGTH), (MOMENT, LENGTH, MOMENT), (MOMENT, MOMENT, LENGTH)),
)
"""What comes out of two kinds: added, and subtracted."""


_FRACTION = r"^(?P<before>.*:[0-9]{2})\.(?P<digits>[0-9]{1,6})(?P<behind>\D.*)?$"


def _fractions(cells: pa.StringArray) -> tuple[pa.StringArray, Ints]:
    """The cells without a fraction behind their seconds, and its microseconds."""
    parts = pc.extract_regex(cells, _FRACTION)
    rows = np.flatnonzero(texts.bools(pc.is_valid(parts)))
    fractions = np.zeros(len(cells), np.int64)
    if not len(rows):
        return cells, fractions
    before, digits, behind = (
        texts.take(pc.struct_field(parts, name), rows) for name in ("before", "digits", "behind")
    )
    padded = pc.utf8_rpad(digits, len(str(MICROSECONDS)) - 1, "0")
    fractions[rows] = pc.cast(padded, pa.int64()).to_numpy()
    return texts.put(cells, rows, texts.joined(before, behind)), fractions


def _matching(cells: pa.StringArray, pattern: str) -> Bools:
    return texts.true(pc.match_substring_regex(cells, pattern))


def _microseconds(seconds: Fraction) -> int:
    return int((seconds * MICROSECONDS + Fraction(1, 2)) // 1)


def _time_of_day(text: str) -> Fraction | None:
    """Seconds since midnight of `9:30 AM`, which is not a duration by itself."""
    stamp = moment_text.parse(moment_text.tidy(f"2000-01-01 {text}"))
    if stamp is None or stamp.seconds is None or stamp.zone or stamp.offset is not None:
        return None
    return Fraction(stamp.seconds) if text[-1:].isalpha() or text.endswith(".") else None


def _plainly(parts: Sequence[pa.StringArray], subtract: bool) -> pa.StringArray:
    """The sum or difference of columns of decimals, as decimals."""
    total = pc.cast(parts[0], pa.decimal128(20, 6))
    for part in parts[1:]:
        number = pc.cast(part, pa.decimal128(20, 6))
        total = (pc.subtract if subtract else pc.add)(total, number)
        total = pc.cast(total, pa.decimal128(20, 6))
    written = pc.replace_substring_regex(pc.cast(total, pa.string()), r"\.?0*$", "")
    # A difference of less than one below zero is none: see `Sums`.
    return pc.replace_substring_regex(written, r"^-0(?:\..*)?$", "0") if subtract else written


def _written(microseconds: Ints, kind: int) -> pa.StringArray:
    """Amounts as text: seconds with their unit, or an epoch."""
    distinct, at = np.unique(microseconds, return_inverse=True)
    if kind == MOMENT:
        return texts.take(texts.from_list([str(each) for each in distinct.tolist()]), at)
    written = []
    for each in distinct.tolist():
        whole, fraction = divmod(abs(each), MICROSECONDS)
        behind = f".{fraction:06}".rstrip("0") if fraction else ""
        written.append(f"{'-' if each < 0 else ''}{whole}{behind} s")
    return texts.take(texts.from_list(written), at)
