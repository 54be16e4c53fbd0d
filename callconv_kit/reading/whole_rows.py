"""Rows as columns, without blank lines and repeated headers; and empty cells at the ends of rows.

A row with more cells than the header is `field_count`, since an unquoted comma shifts the cells
behind it. Only where practically every row ends with the same number of empty cells is this how the
program writes its rows.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.model.rows import Batch
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.reading.batches import Account

BLANK = r"[\s\v\x85\pZ\p{Cc}\p{Cf}]*"
"""RE2: nothing but spaces, control characters, and zero-width or direction marks."""

MAY_BE_BLANK = np.zeros(256, np.bool_)
"""Bytes with which a blank cell may begin: ASCII ones, and first bytes of such characters."""
MAY_BE_BLANK[[*range(0x21), 0x7F, 0xC2, 0xD8, 0xDB, 0xDC, 0xE0, 0xE1, 0xE2, 0xE3, 0xEF, 0xF0]] = (
    True
)
MAY_BE_BLANK[0xF3] = True

IGNORED = re.compile('[\\s_\ufeff\u200b\u200e\u200f"]+')
"""What does not count in the cell of a repeated header: a mark before a quote leaves quotes."""


def blank(text: pa.StringArray) -> Bools:
    """Which cells hold nothing that can be seen."""
    return texts.bools(pc.match_substring_regex(text, rf"\A{BLANK}\z"))


def is_blank(cells: Sequence[str]) -> bool:
    """Whether none of these cells holds anything that can be seen."""
    return all(_unseen(char) for cell in cells for char in cell)


def _unseen(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in {"Cc", "Cf"}


def blank_rows(columns: Sequence[pa.StringArray], length: int) -> Ints:
    """Positions of the rows that hold nothing that can be seen."""
    at = np.arange(length)
    for column in columns:
        data, starts, ends = texts.view(column)
        if not len(data):
            continue
        filled = ends[at] > starts[at]
        at = at[~filled | MAY_BE_BLANK[data[np.minimum(starts[at], len(data) - 1)]]]
        if not len(at):
            return at
    for column in columns:
        at = at[blank(texts.take(column, at))]
    return at


def without_blank_rows(batch: Batch, account: Account) -> Batch:
    """Rows of delimiters only, or of spaces and invisible characters, are blank lines."""
    at = blank_rows(batch.cells, len(batch.lines))
    if not len(at):
        return batch
    account.blank_lines += len(at)
    return batch.keep(_all_but(at, len(batch.lines)))


def repeated_headers(columns: Sequence[pa.StringArray], header: Sequence[str], length: int) -> Ints:
    """Positions of the rows that spell the header, in any case, with marks and with spaces."""
    names = [_plain(name) for name in header]
    at = np.arange(length if any(names) else 0)
    # A cell that is shorter than the name can't be it: that alone rules nearly every row out.
    for name, column in zip(names, columns, strict=True):
        at = at[texts.view(column).lengths[at] >= len(name)]
        if not len(at):
            return at
    for name, column in zip(names, columns, strict=True):
        at = at[_spells(texts.take(column, at), name)]
    return at


def without_repeated_headers(batch: Batch, header: tuple[str, ...], account: Account) -> Batch:
    """Joined monthly files repeat the header in their middle."""
    at = repeated_headers(batch.cells, header, len(batch.lines))
    if not len(at):
        return batch
    for line in batch.lines[at]:
        account.skip(int(line), "repeated_header")
    return batch.keep(_all_but(at, len(batch.lines)))


def is_header(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether these cells spell the header; cells without a name may be missing or more."""
    longest = max(len(cells), len(header))
    both = ([*map(_plain, row), *[""] * (longest - len(row))] for row in (cells, header))
    return next(both) == next(both)


def _plain(name: str) -> str:
    return IGNORED.sub("", name).lower()


def _spells(cells: pa.StringArray, name: str) -> Bools:
    """Which cells spell a plain name."""
    encoded = cells.dictionary_encode()
    spelled = [_plain(text) == name for text in encoded.dictionary.to_pylist()]
    flags: Bools = np.asarray(spelled, np.bool_)[texts.places(encoded)]
    return flags


def _all_but(at: Ints, length: int) -> Bools:
    keep = np.ones(length, np.bool_)
    keep[at] = False
    return keep


def columns_of(rows: Sequence[Sequence[str]], width: int) -> list[pa.StringArray]:
    """Rows of `width` cells as columns."""
    return [texts.from_list([row[at] for row in rows]) for at in range(width)]


def with_rows(
    numbers: Ints, columns: Sequence[pa.StringArray], rows: Sequence[tuple[int, Sequence[str]]]
) -> tuple[Ints, list[pa.StringArray]]:
    """`columns` with more rows, given with their lines; in the order of the lines."""
    more = columns_of([cells for _, cells in rows], len(columns))
    numbers = np.concatenate([numbers, [line for line, _ in rows]])
    order = np.argsort(numbers, kind="stable")
    taken = [texts.take(pa.concat_arrays(pair), order) for pair in zip(columns, more, strict=True)]
    return numbers[order], taken


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
