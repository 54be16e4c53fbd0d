r"""Columns of text as lines of CSV: comma, `\n`, quotes only where needed.

pyarrow's own writer quotes every cell of a text column or refuses those that need it, so the
lines are joined here. Nearly all columns hold nothing to quote, and one search over the bytes of
a column shows it.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts

SPECIAL = (b",", b'"', b"\n", b"\r")
NEEDS_QUOTES = '[,"\n\r]'


def lines(columns: Sequence[pa.StringArray | None]) -> pa.StringArray:
    """One text a row, with its line's end; a column that is None is empty throughout."""
    cells: list[pa.StringArray | pa.StringScalar] = [
        pa.scalar("") if column is None else quoted(column) for column in columns
    ]
    cells[-1] = pc.binary_join_element_wise(
        cells[-1], "\n", "", null_handling="replace", null_replacement=""
    )
    if len(cells) == 1:
        return cells[0]
    return pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")


def quoted(column: pa.StringArray) -> pa.StringArray:
    """`column` with quotes around the cells that need them."""
    used = bytes(texts.used_bytes(column))
    if not any(byte in used for byte in SPECIAL):
        return column
    needs = pc.fill_null(pc.match_substring_regex(column, NEEDS_QUOTES), False)
    inner = pc.replace_substring(column, '"', '""') if b'"' in used else column
    return pc.if_else(needs, pc.binary_join_element_wise('"', inner, '"', ""), column)


def line_of(cells: Sequence[str]) -> str:
    """One line of any number of cells, with its end."""
    return ",".join(map(_quoted_cell, cells)) + "\n"


def _quoted_cell(cell: str) -> str:
    if "," in cell or '"' in cell or "\n" in cell or "\r" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
