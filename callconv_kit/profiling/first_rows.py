"""The first rows of an export, without lines that are not calls."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from callconv_kit.model import texts
from callconv_kit.model.rows import Batch
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.profiling.columns import Gathered
from callconv_kit.reading import Table
from callconv_kit.run.judge import TOTAL

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
    """Read the first rows of a table, without those that are not calls."""
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
    totals = are_totals(whole.cells)
    keep = ~totals
    aside = tuple((int(line), "total") for line in whole.lines[totals].tolist())
    at = type_row(whole.cells)
    patterns: tuple[str, ...] = ()
    if at >= 0:
        keep[at] = False
        aside = (*aside, (int(whole.lines[at]), "types"))
        patterns = (type_pattern(whole.cells, at, table.account.delimiter),)
    whole = whole.keep(keep)
    for column, cells in zip(gathered, whole.cells, strict=True):
        column.add(cells)
    return FirstRows(
        len(whole.lines), ragged, more, gathered, whole.cells, whole.lines, aside, patterns
    )


_TYPE = re.compile(
    r"(?:BIG|SMALL|TINY)?INT(?:EGER)?|N?(?:VAR)?CHAR|TEXT|STRING|UNIQUEIDENTIFIER|UUID|DATE(?:TIME)?"
    r"|TIME(?:STAMP)?|FLOAT|DOUBLE|REAL|DECIMAL|NUMERIC|NUMBER|BIT|BOOL(?:EAN)?|MONEY",
    re.IGNORECASE,
)
_SIZED = re.compile(rf"({_TYPE.pattern})(?:\(\d+(?:,\d+)?\))?", re.IGNORECASE)

FIRST = 3
"""Rows at the beginning among which a line of types is looked for."""

LEAST_TYPES = 3
"""Columns of a line of types."""

TOTAL_COLUMNS = 2
"""Columns in which a total line says that it is one."""


def type_row(cells: Sequence[pa.StringArray]) -> int:
    """The position of the row that holds the types of the columns; -1 for none."""
    if len(cells) < LEAST_TYPES:
        return -1
    for at in range(min(FIRST, len(cells[0]))):
        held = [(column[at].as_py() or "").strip() for column in cells]
        if all(text and _SIZED.fullmatch(text) for text in held):
            return at
    return -1


def type_pattern(cells: Sequence[pa.StringArray], at: int, delimiter: str) -> str:
    """A regular expression that matches the line of types, and hardly anything else."""
    seen = dict.fromkeys(
        found[1].upper()
        for column in cells
        if (found := _SIZED.fullmatch((column[at].as_py() or "").strip()))
    )
    one = rf'"?(?:{"|".join(seen)})(?:\(\d+\))?"?'
    between = re.escape(delimiter or ",")
    return rf"(?i){one}(?:{between}{one})+"


def are_totals(cells: Sequence[pa.StringArray]) -> Bools:
    """Which rows are total lines, by a word in one of their first columns."""
    rows = np.zeros(len(cells[0]) if cells else 0, np.bool_)
    for column in cells[:TOTAL_COLUMNS]:
        encoded = column.dictionary_encode()
        words = encoded.dictionary.to_pylist()
        totals = [at for at, text in enumerate(words) if text and TOTAL.fullmatch(text.strip())]
        if totals:
            rows |= np.isin(texts.places(encoded), totals)
    return rows
