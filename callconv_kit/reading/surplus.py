"""Empty cells behind the last column: how a program ends its rows, or the sign of a shifted row.

A row with more cells than the header is `field_count`, since an unquoted comma shifts the cells
behind it. Only where practically every row carries the same number of empty cells at its end is
this how the program writes its rows.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.model.texts import Bools
from callconv_kit.reading.whole_rows import blank, blank_rows, is_blank, is_header, repeated_headers

PRACTICALLY_EVERY = 0.95
"""Of the rows that are at least as long as the header."""
AT_LEAST = 2
"""Rows: a file of one row proves nothing."""
STARTS_WITH_SPACE = r"\A +[^ ]"


def usual_width(header: Sequence[str], first_rows: Iterable[Sequence[str]]) -> int:
    """How many cells rows seem to have, by the first few: the header's number, more, or fewer.

    More only where the cells behind the header are empty in all of these rows; fewer only where the
    header ends with cells without a name that these rows lack.
    """
    width = len(header)
    rows = [cells for cells in first_rows if not is_blank(cells)]
    if not rows:
        return width
    (usual, count), *_ = Counter(map(len, rows)).most_common(1)
    if usual < width and is_blank(header[usual:]) and count >= PRACTICALLY_EVERY * len(rows):
        return usual
    long = [cells for cells in rows if len(cells) >= width and not is_header(cells, header)]
    more = max(Counter(map(len, long)).items(), key=lambda item: item[1], default=(width, 0))[0]
    carrying = [cells for cells in long if len(cells) == more and is_blank(cells[width:])]
    return more if len(carrying) >= PRACTICALLY_EVERY * len(long) else width


def unnamed_columns(header: Sequence[str]) -> int:
    """How many cells without a name a header ends with."""
    named = len(header)
    while named and is_blank(header[named - 1]):
        named -= 1
    return len(header) - named


def filled_tails(columns: Sequence[pa.StringArray], width: int, length: int) -> Bools:
    """Which rows hold something behind the header's columns."""
    filled = np.zeros(length, np.bool_)
    for column in columns[width:]:
        at = np.flatnonzero(texts.present(column))
        filled[at[~blank(texts.take(column, at))]] = True
    return filled


class Tally:
    """Counts the rows that carry the surplus, and those that could and do not."""

    def __init__(self, header: Sequence[str]) -> None:
        self._header = header
        self._width = len(header)
        self._carrying = self._others = 0
        self._all_spaced = True

    def add(
        self, columns: Sequence[pa.StringArray], length: int, others: Iterable[Sequence[str]]
    ) -> None:
        """Count rows of the usual width, given as columns, and the others."""
        carrying = ~filled_tails(columns, self._width, length)
        rows = np.ones(length, np.bool_)
        rows[blank_rows(columns, length)] = False
        rows[repeated_headers(columns[: self._width], self._header, length)] = False
        carrying &= rows
        if self._all_spaced:
            spaced = np.zeros(length, np.bool_)
            for column in columns[: self._width]:
                spaced |= texts.bools(pc.match_substring_regex(column, STARTS_WITH_SPACE))
            self._all_spaced = bool(spaced[carrying].all())
        self._carrying += int(carrying.sum())
        self._others += int((rows & ~carrying).sum()) + sum(map(self._is_row, others))

    def _is_row(self, cells: Sequence[str]) -> bool:
        long = len(cells) >= self._width
        return long and not is_blank(cells) and not is_header(cells, self._header)

    @property
    def is_practically_every_row(self) -> bool:
        """Whether the empty cells are how the file's rows end.

        Not where each of these rows has a cell that begins with a space: `Portland, OR` without
        quotation marks becomes two such cells.
        """
        rows = self._carrying + self._others
        enough = self._carrying >= max(AT_LEAST, PRACTICALLY_EVERY * rows)
        return enough and not self._all_spaced
