r"""Columns of text as lines of CSV: comma, `\n`, quotes only where needed.

pyarrow's own writer quotes every cell of a text column or refuses those that need it, so the
lines are joined here. Nearly all columns hold nothing to quote, and one search over the bytes of
a column shows it.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts

SPECIAL = (b",", b'"', b"\n", b"\r")
"""What a cell holds that needs quotes."""


def lines(columns: Sequence[pa.StringArray | None]) -> pa.StringArray:
    """One text a row, with its line's end; a column that is None is empty throughout."""
    cells = ["" if column is None else quoted(column) for column in columns]
    cells[-1] = texts.joined(cells[-1], "\n", nulls="replace")
    if len(cells) == 1:
        return cells[0]
    return texts.joined(*cells, between=",", nulls="replace")


def quoted(column: pa.StringArray) -> pa.StringArray:
    """`column` with quotes around the cells that need them."""
    data, starts, ends = texts.view(column)
    if not len(column) or starts[0] == ends[-1]:
        return column
    used = data[starts[0] : ends[-1]]
    searched = used.tobytes()
    special = [byte for byte in SPECIAL if byte in searched]
    if not special:
        return column
    found = np.flatnonzero(np.logical_or.reduce([used == ord(byte) for byte in special]))
    needs = np.zeros(len(column), np.bool_)
    needs[np.searchsorted(ends, found + starts[0], side="right")] = True
    some = needs.sum() < len(column) // 2
    rows = np.flatnonzero(needs) if some else np.arange(len(column))
    cells = texts.take(column, rows) if some else column
    inner = pc.replace_substring(cells, '"', '""') if b'"' in special else cells
    within = texts.joined('"', inner, '"')
    return texts.put(column, rows, within) if some else texts.where(needs, within, column)


def line_of(cells: Sequence[str]) -> str:
    """One line of any number of cells, with its end."""
    return ",".join(map(_quoted_cell, cells)) + "\n"


def _quoted_cell(cell: str) -> str:
    if "," in cell or '"' in cell or "\n" in cell or "\r" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
