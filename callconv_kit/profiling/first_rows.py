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

    rows, ragged: how many are calls, and how many more have another number of cells.
    more: whether there are others.
    gathered: what each column holds.
    cells, lines: of the rows that are calls: neither totals nor the types of the columns.
    aside: lines that are not rows, and why: totals, and the types of the columns.
    skip_lines: a pattern for the line of types.
    """

    rows: int
    ragged: int
    more: bool
    gathered: Sequence[Gathered]
    cells: Sequence[pa.StringArray]
    lines: Ints
    aside: tuple[tuple[int, str], ...]
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
        kept.append(batch)
        rows, ragged = rows + len(batch.lines), ragged + len(batch.ragged)
    if not rows:
        none = tuple(texts.nulls(0) for _ in table.header)
        return FirstRows(0, ragged, more, gathered, none, np.zeros(0, np.int64), (), ())
    whole = Batch.of(kept)
    totals = lines.are_totals(whole.cells)
    keep = ~totals
    aside = tuple((int(line), "total") for line in whole.lines[totals].tolist())
    at = lines.type_row(whole.cells)
    patterns: tuple[str, ...] = ()
    if at >= 0:
        keep[at] = False
        aside = (*aside, (int(whole.lines[at]), "types"))
        patterns = (lines.type_pattern(whole.cells, at, table.account.delimiter),)
    whole = whole.keep(keep)
    for column, cells in zip(gathered, whole.cells, strict=True):
        column.add(cells)
    return FirstRows(
        len(whole.lines), ragged, more, gathered, whole.cells, whole.lines, aside, patterns
    )
