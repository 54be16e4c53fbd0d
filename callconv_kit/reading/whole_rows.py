"""Rows as columns, without what looks like a row and is none: blank lines and repeated headers."""

import re
import unicodedata
from collections.abc import Sequence

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
