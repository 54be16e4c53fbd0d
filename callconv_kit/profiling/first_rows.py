"""The first rows of an export, without lines that are no calls."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from callconv_kit.model import texts
from callconv_kit.model.rows import Batch
from callconv_kit.model.texts import Ints
from callconv_kit.profiling import lines
from callconv_kit.profiling.columns import Gathered
from callconv_kit.reading import Table

ROWS = 50_000
"""Rows that are looked at; of a larger file the first ones."""


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The first rows of a table.

    rows, ragged: how many were read, and how many more have another number of cells.
    more: whether there are others.
    gathered: what each column holds.
    cells, lines: of the rows that are calls: neither totals nor the types of the columns.
    types: the line that holds the types, and why it is no row; empty where there is none.
    skip_lines: a pattern for it.
    """

    rows: int
    ragged: int
    more: bool
    gathered: Sequence[Gathered]
    cells: Sequence[pa.StringArray]
    lines: Ints
    types: tuple[tuple[int, str], ...]
    skip_lines: tuple[str, ...]


def first_rows(table: Table) -> FirstRows:
    """Read the first rows of a table, and set aside those that are no calls."""
    gathered = [Gathered() for _ in table.header]
    rows, ragged, more = 0, 0, False
    kept: list[Batch] = []
    for batch in table.batches():
        if rows >= ROWS:
            more = True
            break
        for column, cells in zip(gathered, batch.cells, strict=True):
            column.add(cells)
        kept.append(batch)
        rows, ragged = rows + len(batch.lines), ragged + len(batch.ragged)
    if not rows:
        none = tuple(texts.nulls(0) for _ in table.header)
        return FirstRows(0, ragged, more, gathered, none, np.zeros(0, np.int64), (), ())
    whole = Batch.of(kept)
    keep = ~lines.are_totals(whole.cells)
    at = lines.type_row(whole.cells)
    types: tuple[tuple[int, str], ...] = ()
    patterns: tuple[str, ...] = ()
    if at >= 0:
        keep[at] = False
        types = ((int(whole.lines[at]), "types"),)
        patterns = (lines.type_pattern(whole.cells, at, table.account.delimiter),)
    whole = whole.keep(keep)
    return FirstRows(rows, ragged, more, gathered, whole.cells, whole.lines, types, patterns)
