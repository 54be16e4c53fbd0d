"""What reading gives: batches of rows, each with its line."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from callconv_kit import texts
from callconv_kit.reading.dialect import Skipped
from callconv_kit.texts import Bools, Ints


class Ragged(NamedTuple):
    """A row with another number of cells than the header."""

    line: int
    cells: list[str]
    file: str
    source_line: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one input.

    lines: n physical lines of the input itself, counted from 1; ascending.
    cells: a text array of n cells for each column of the header, in its order.
    ragged: rows that are not among the n.
    files, source_lines: where each row came from at first, if the input is a rejected.csv that
        comes back; else None: the input itself, and its lines.
    """

    lines: Ints
    cells: tuple[pa.StringArray, ...]
    ragged: tuple[Ragged, ...] = ()
    files: pa.StringArray | None = None
    source_lines: Ints | None = None

    def take(self, at: Ints) -> "Batch":
        """The rows at these positions, and all ragged ones."""
        return Batch(
            self.lines[at],
            tuple(texts.take(column, at) for column in self.cells),
            self.ragged,
            None if self.files is None else texts.take(self.files, at),
            None if self.source_lines is None else self.source_lines[at],
        )

    def keep(self, rows: Bools) -> "Batch":
        """The rows for which `rows` holds, and all ragged ones."""
        return self if rows.all() else self.take(np.flatnonzero(rows))


SKIPPED_KEPT = 20
"""How many skipped lines of an input are listed."""


@dataclass(slots=True)
class Account:
    """What was read of one input, for summary.json; complete when its batches are exhausted."""

    file: str
    sha256: str = ""
    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0
    rows: int = 0
    blank_lines: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    guessed_from_line: int = 0

    def skip(self, line: int, why: str) -> None:
        """List a line that is no row; the first ones are kept."""
        if len(self.skipped) < SKIPPED_KEPT:
            self.skipped.append(Skipped(line, why))


class Table(Protocol):
    """An input, recognised as a table. It can be read again from its start."""

    name: str
    header: tuple[str, ...]
    fed_back: bool
    account: Account

    def batches(self, wanted: Ints | None = None) -> Iterator[Batch]:
        """Its rows in order; with `wanted`, only those on these ascending lines."""
        ...
