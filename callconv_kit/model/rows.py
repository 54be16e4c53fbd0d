"""Rows, as the steps hand them on: read, and judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from callconv_kit.model import texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.notes import Coerced
from callconv_kit.model.texts import Bools, Ints

ORIGIN_COLUMNS = ("source_file", "source_line", "codes", "reasons")
"""The first columns of rejected.csv and left_out.csv."""


class Ragged(NamedTuple):
    """A row with another number of cells than the header.

    counts: how many cells it had in its own file, and how many the header there has, if the input
        is a rejected.csv; its header may be the union of several.
    """

    line: int
    cells: list[str]
    file: str
    source_line: int
    counts: tuple[int, int] | None = None


class NumberColumns(NamedTuple):
    """Positions of the columns that were numbers before they became text, as in a frame.

    all: zeros with which such a cell began are lost.
    floats: those of them that may have been read from scientific notation.
    """

    all: frozenset[int] = frozenset()
    floats: frozenset[int] = frozenset()


NO_NUMBERS = NumberColumns()


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one input.

    lines: n physical lines of the input itself, counted from 1; ascending.
    cells: a text array of n cells for each column of the header, in its order.
    ragged: rows that are not among the n.
    files, source_lines: where each row came from at first, if the input is a rejected.csv that
        comes back; else None: the input itself, and its lines.
    numbers: the columns that were numbers before they became text.
    """

    lines: Ints
    cells: tuple[pa.StringArray, ...]
    ragged: tuple[Ragged, ...] = ()
    files: pa.StringArray | None = None
    source_lines: Ints | None = None
    numbers: NumberColumns = NO_NUMBERS

    @classmethod
    def of(cls, batches: "Sequence[Batch]") -> "Batch":
        """Several batches of one input, one after the other."""
        if len(batches) == 1:
            return batches[0]
        first = batches[0]
        files = [one.files for one in batches if one.files is not None]
        lines = [one.source_lines for one in batches if one.source_lines is not None]
        return cls(
            np.concatenate([one.lines for one in batches]),
            tuple(
                pa.concat_arrays(columns)
                for columns in zip(*(one.cells for one in batches), strict=True)
            ),
            tuple(row for one in batches for row in one.ragged),
            pa.concat_arrays(files) if first.files is not None else None,
            np.concatenate(lines) if first.source_lines is not None else None,
            first.numbers,
        )

    def take(self, at: Ints) -> "Batch":
        """The rows at these positions, and all ragged ones."""
        return Batch(
            self.lines[at],
            tuple(texts.take(column, at) for column in self.cells),
            self.ragged,
            None if self.files is None else texts.take(self.files, at),
            None if self.source_lines is None else self.source_lines[at],
            self.numbers,
        )

    def keep(self, rows: Bools) -> "Batch":
        """The rows for which `rows` holds, and all ragged ones."""
        return self if rows.all() else self.take(np.flatnonzero(rows))


class Fate(IntEnum):
    """What becomes of a row."""

    READY = 0
    REJECTED = 1
    LEFT_OUT = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about some rows of a batch.

    code: of `codes.CODES`.
    severity: of this use of it: an error in an optional column may be only a warning.
    column: the spec column that it is about; None: the row as a whole.
    rows: positions in the batch, ascending.
    details: the same length, or empty: more text for each row.
    """

    code: str
    severity: Severity
    column: str | None
    rows: Ints
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch with the verdict on each of its rows.

    batch: the rows as they were read.
    file: the input's name.
    columns: spec column to its coerced cells; columns without a source are missing.
    before: spec column to the text in the input.
    findings: all of them.
    fates: n values of `Fate`.
    """

    file: str
    batch: Batch
    columns: Mapping[str, Coerced]
    before: Mapping[str, pa.StringArray]
    findings: tuple[Finding, ...]
    fates: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.batch.lines)

    def values(self, column: str) -> pa.StringArray:
        """The coerced texts of a column; nulls where it has no source."""
        cells = self.columns.get(column)
        return texts.nulls(len(self)) if cells is None else cells.values

    def rows(self, fate: Fate) -> Ints:
        """Positions of the rows of a fate, ascending."""
        return np.flatnonzero(self.fates == fate)

    def with_more(self, findings: tuple[Finding, ...]) -> "Judged":
        """The same rows with more findings; errors and exclusions change their outcome."""
        fates = self.fates.copy()
        for item in findings:
            if item.severity is Severity.ERROR:
                fates[item.rows] = np.maximum(fates[item.rows], Fate.REJECTED)
            elif item.severity is Severity.LEFT_OUT:
                fates[item.rows] = Fate.LEFT_OUT
        return replace(self, findings=self.findings + findings, fates=fates)

    @property
    def source_lines(self) -> Ints:
        """The original line of each row."""
        lines = self.batch.source_lines
        return self.batch.lines if lines is None else lines

    def source_files(self, rows: Ints) -> pa.StringArray:
        """The original file of each of these rows."""
        files = self.batch.files
        return texts.repeat(self.file, len(rows)) if files is None else texts.take(files, rows)

    def source_line(self, row: int) -> int:
        """The original line of a row."""
        lines = self.batch.source_lines
        return int(self.batch.lines[row] if lines is None else lines[row])

    def source_file(self, row: int) -> str:
        """The original file of a row."""
        files = self.batch.files
        return self.file if files is None else str(files[row].as_py())
