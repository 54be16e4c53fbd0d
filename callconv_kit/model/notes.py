"""Notes on the cells of a column.

A *note* is a combination of a code (why the cell was rejected), rules (what was changed) and
warnings. Few combinations occur, so each is stored once and named by a small number; the arrays
hold the numbers, and only for the cells of which there is something to say.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from callconv_kit.model import texts
from callconv_kit.model.texts import Bools, Ints

NoteIds: TypeAlias = npt.NDArray[np.uint16]


class Note(NamedTuple):
    """A note on a cell; `callconv_kit.model.codes` has the texts."""

    code: str | None = None
    rules: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


SILENT = Note()
_NO_CELLS = np.zeros(0, np.int64)
_notes: list[Note] = [SILENT]
_ids: dict[Note, int] = {SILENT: 0}


def note_id(
    code: str | None = None, rules: tuple[str, ...] = (), warnings: tuple[str, ...] = ()
) -> int:
    """The number of a note; 0 is the silent one."""
    note = Note(code, rules, warnings)
    found = _ids.get(note)
    if found is None:
        found = _ids[note] = len(_notes)
        _notes.append(note)
    return found


def note_of(number: int) -> Note:
    """The note of a number."""
    return _notes[number]


@dataclass(frozen=True, slots=True)
class Coerced:
    """A column after reading.

    values: n texts; null where the cell was empty or is rejected.
    positions: ascending positions of the cells of which there is something to say.
    notes: their note numbers, aligned with `positions`; never 0.
    """

    values: pa.StringArray
    positions: Ints
    notes: NoteIds

    @classmethod
    def silent(cls, values: pa.StringArray) -> "Coerced":
        """Values of which there is nothing to say."""
        return cls(values, np.zeros(0, np.int64), np.zeros(0, np.uint16))

    @classmethod
    def dense(cls, values: pa.StringArray, notes: NoteIds) -> "Coerced":
        """Values with one note number each, most of them 0."""
        positions = np.flatnonzero(notes)
        return cls(values, positions, notes[positions])


def then(earlier: Coerced, later: Coerced) -> Coerced:
    """Two steps over one column as one: the later values, and the notes of both.

    A cell that the earlier step rejected keeps that code: the later one saw it as empty.
    """
    if not len(earlier.positions):
        return later
    if not len(later.positions):
        return Coerced(later.values, earlier.positions, earlier.notes)
    positions = texts.distinct(earlier.positions, later.positions)
    pairs = np.zeros(len(positions), np.uint32)
    pairs[np.searchsorted(positions, earlier.positions)] = earlier.notes.astype(np.uint32) << 16
    pairs[np.searchsorted(positions, later.positions)] |= later.notes
    distinct, inverse = np.unique(pairs, return_inverse=True)
    joined = [_joined(int(pair) >> 16, int(pair) & 0xFFFF) for pair in distinct]
    return Coerced(later.values, positions, np.asarray(joined, np.uint16)[inverse])


def _joined(first: int, second: int) -> int:
    one, two = note_of(first), note_of(second)
    rules = one.rules + tuple(rule for rule in two.rules if rule not in one.rules)
    warnings = one.warnings + tuple(code for code in two.warnings if code not in one.warnings)
    return note_id(one.code or two.code, rules, warnings)


def coded(column: Coerced, length: int) -> Bools:
    """Which of the cells carry a code."""
    flags = np.zeros(length, np.bool_)
    if len(column.positions):
        distinct, inverse = np.unique(column.notes, return_inverse=True)
        has_code = np.asarray([note_of(int(note)).code is not None for note in distinct])
        flags[column.positions] = has_code[inverse]
    return flags


def with_code(column: Coerced, code: str) -> Ints:
    """Ascending positions of the cells that were rejected with this code."""
    numbers = [n for n in distinct(column.notes) if note_of(n).code == code]
    return column.positions[np.isin(column.notes, numbers)] if numbers else _NO_CELLS


def distinct(numbers: NoteIds) -> list[int]:
    """The different note numbers, ascending."""
    # There are few notes, so counting them is faster than sorting.
    return np.flatnonzero(np.bincount(numbers)).tolist()


def marked(column: Coerced | None, word: str) -> Ints:
    """Ascending positions of the cells whose note holds this rule or warning."""
    if column is None or not len(column.positions):
        return _NO_CELLS
    numbers = [
        number
        for number in distinct(column.notes)
        if word in note_of(number).rules or word in note_of(number).warnings
    ]
    return column.positions[np.isin(column.notes, numbers)]


def added(column: Coerced, rows: Ints, note: int, values: pa.StringArray) -> Coerced:
    """`column` with these values, and `note` on these ascending rows as well."""
    added = Coerced(values, rows, np.full(len(rows), note, np.uint16))
    return then(Coerced(values, column.positions, column.notes), added)
