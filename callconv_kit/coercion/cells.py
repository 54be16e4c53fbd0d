"""The results of a kernel, how a scalar rule becomes a kernel, and the word lists under `data/`.

text array ──kernel──▶ Coerced: values, and notes on the cells with something to say
"""

import csv
import re
from collections.abc import Callable
from importlib import resources
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.model.notes import Coerced, Note, NoteIds, note_id, note_of
from callconv_kit.model.texts import Bools, Bytes, Ints

# Between letters or digits only: the sign of -1 parts nothing.
SEPARATORS = re.compile(r"(?<=[^\W_])[\s_-]+(?=[^\W_])")


def rows(name: str) -> list[dict[str, str]]:
    """The lines of `data/<name>.csv`, by column name."""
    source = resources.files(__package__) / "data" / f"{name}.csv"
    return list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))


def word(text: str) -> str:
    """`text` as word lists are searched: without case, and without what parts its words.

    >>> word("No-Answer") == word("no answer") == word("NoAnswer")
    True
    """
    return SEPARATORS.sub("", text).casefold()


def words(name: str, value: str) -> dict[str, str]:
    """The list `name` as a mapping: from its column `text`, compared as `word`, to `value`."""
    return {word(row["text"]): row[value] for row in rows(name)}


__all__ = [
    "Coerced",
    "Kernel",
    "Note",
    "NoteIds",
    "Reading",
    "Scalar",
    "Vector",
    "Vectored",
    "note_id",
    "note_of",
    "of_suspects",
    "once_per_distinct",
    "vectorised",
    "where_suspect",
]


class Reading(NamedTuple):
    """What a scalar rule makes of one text: its value (None if rejected or empty), and a note."""

    value: str | None
    code: str | None = None
    rules: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


Scalar: TypeAlias = Callable[[str], Reading]
Kernel: TypeAlias = Callable[[pa.StringArray], Coerced]


class Vectored(NamedTuple):
    """The answer of a vector path, for the cells that it fully knows.

    known: n flags; elsewhere the scalar rule is asked.
    values: n texts (anything where not known).
    notes: n note numbers (anything where not known).
    """

    known: Bools
    values: pa.StringArray
    notes: NoteIds


Vector: TypeAlias = Callable[[pa.StringArray], Vectored]

MEMO_LIMIT = 100_000
"""Distinct texts remembered between blocks; past it the memory is cleared."""


def once_per_distinct(scalar: Scalar) -> Kernel:
    """A kernel that asks `scalar` once for each distinct text that is not empty."""
    memo: dict[str, tuple[str | None, int]] = {}

    def kernel(text: pa.StringArray) -> Coerced:
        encoded = text.dictionary_encode()
        distinct = encoded.dictionary.to_pylist()
        if len(memo) > MEMO_LIMIT:
            memo.clear()
        read: list[tuple[str | None, int]] = []
        changed = False
        for cell in distinct:
            known = memo.get(cell)
            if known is None:
                if cell == "":
                    known = (None, 0)
                else:
                    reading = scalar(cell)
                    known = (reading.value, note_id(*reading[1:]))
                memo[cell] = known
            read.append(known)
            changed = changed or known[1] != 0 or known[0] != cell
        if not changed:
            return Coerced.silent(text)
        values = texts.from_list([value for value, _ in read])
        notes = np.fromiter((number for _, number in read), np.uint16, len(read))
        # The last of the notes is for the nulls, which are numbered -1.
        of_cells = np.append(notes, np.uint16(0))[texts.places(encoded)]
        return Coerced.dense(values.take(encoded.indices), of_cells)

    return kernel


def vectorised(vector: Vector, scalar: Scalar) -> Kernel:
    """A kernel that asks `vector` first and `scalar` for what `vector` does not know."""
    slow = once_per_distinct(scalar)

    def kernel(text: pa.StringArray) -> Coerced:
        known, values, notes = vector(text)
        unknown = np.flatnonzero(~known & texts.present(text))
        empty = ~known & ~texts.present(text)
        notes = np.where(known, notes, 0).astype(np.uint16)
        if empty.any():
            blanks = np.flatnonzero(empty)
            values = texts.put(values, blanks, texts.nulls(len(blanks)))
        if len(unknown):
            rest = slow(texts.take(text, unknown))
            values = texts.put(values, unknown, rest.values)
            notes[unknown[rest.positions]] = rest.notes
        return Coerced.dense(values, notes)

    return kernel


Suspects: TypeAlias = Callable[[pa.StringArray], Ints]
"""Ascending positions of cells that hold text, none missing of which the rule has to say."""


def where_suspect(suspects: Suspects, scalar: Scalar) -> Kernel:
    """A kernel that asks `scalar` only about the cells that `suspects` names; the others stay."""
    return of_suspects(suspects, once_per_distinct(scalar))


def of_suspects(suspects: Suspects, asked_of: Kernel) -> Kernel:
    """A kernel that asks another only about the cells that `suspects` names; the others stay.

    For rules that leave most cells as they are: a column without a suspect is given back itself.
    """

    def kernel(text: pa.StringArray) -> Coerced:
        positions = suspects(text)
        if not len(positions):
            return Coerced.silent(text)
        asked = texts.take(text, positions)
        answer = asked_of(asked)
        said_nothing = not len(answer.positions)
        if answer.values is asked or (said_nothing and answer.values.equals(asked)):
            return Coerced.silent(text)
        values = texts.put(text, positions, answer.values)
        return Coerced(values, positions[answer.positions], answer.notes)

    return kernel


def lengths(text: pa.StringArray) -> npt.NDArray[np.int32]:
    """Bytes in each cell."""
    return texts.view(text).lengths


def byte_at(text: pa.StringArray, place: int) -> Bytes:
    """The byte at `place` of each cell, from its end if negative; 0 where it is shorter."""
    data, starts, ends = texts.view(text)
    if not len(data):
        return np.zeros(len(text), np.uint8)
    if place >= 0:
        found = np.take(data, starts + np.int32(place), mode="clip")
    else:
        found = np.take(data, ends + np.int32(place), mode="clip")
    reach = place + 1 if place >= 0 else -place
    found[ends - starts < reach] = 0
    return found


def extremes(text: pa.StringArray) -> tuple[int, int]:
    """The smallest and the largest byte of the column; (0, 0) where there is none."""
    used = np.frombuffer(texts.used_bytes(text), np.uint8)
    return (int(used.min()), int(used.max())) if len(used) else (0, 0)


def digits_only(text: pa.StringArray) -> Bools:
    """Whether a cell is nothing but digits (0-9); an empty one may be said to be."""
    low, high = extremes(text)
    if low >= ord("0") and high <= ord("9"):
        return np.ones(len(text), np.bool_)
    return texts.true(pc.ascii_is_decimal(text), null=True)
