"""Lines of an export that are no rows, though they have as many cells: totals, and lines of types.

Some databases write the types of the columns under the header (`INTEGER,VARCHAR(50)`). A job says
so with `skip_lines`; in the sample such lines must not count as calls.
"""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from callconv_kit.model import texts
from callconv_kit.model.texts import Bools
from callconv_kit.run.judge import TOTAL

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
