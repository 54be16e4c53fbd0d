"""Rows as columns, without what looks like a row and is none: blank lines and repeated headers."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.model.rows import Batch
from callconv_kit.reading.batches import Account

BLANK = " \t\xa0\r\n"


def without_blank_rows(batch: Batch, account: Account) -> Batch:
    """Rows of delimiters only, or of spaces, are blank lines."""
    at = np.arange(len(batch.lines))
    for column in batch.cells:
        data, starts, ends = texts.view(column)
        filled = ends[at] > starts[at]
        first = data[np.minimum(starts[at], max(len(data) - 1, 0))] if len(data) else filled
        # 0xC2 begins a no-break space; anything else above a space is text.
        at = at[~filled | (first <= 0x20) | (first == 0xC2)]
        if not len(at):
            return batch
    keep = np.ones(len(batch.lines), np.bool_)
    for row in at:
        keep[row] = any(column[int(row)].as_py().strip(BLANK) for column in batch.cells)
    account.blank_lines += int(len(keep) - keep.sum())
    return batch.keep(keep)


def without_repeated_headers(batch: Batch, header: tuple[str, ...], account: Account) -> Batch:
    """Joined monthly files repeat the header in their middle."""
    if not header:
        return batch
    at = np.arange(len(batch.lines))
    # A cell that is shorter than the name can't be it: that alone rules nearly every row out.
    for name, column in zip(header, batch.cells, strict=True):
        at = at[texts.view(column).lengths[at] >= len(name.encode())]
        if not len(at):
            return batch
    repeated = np.ones(len(at), np.bool_)
    for name, column in zip(header, batch.cells, strict=True):
        trimmed = pc.utf8_trim_whitespace(texts.take(column, at))
        repeated &= texts.bools(pc.fill_null(pc.equal(trimmed, name), False))
    for line in batch.lines[at[repeated]]:
        account.skip(int(line), "repeated_header")
    keep = np.ones(len(batch.lines), np.bool_)
    keep[at[repeated]] = False
    return batch.keep(keep)


def columns_of(rows: Sequence[Sequence[str]], width: int) -> list[pa.StringArray]:
    """Rows of `width` cells as columns."""
    return [texts.from_list([row[at] for row in rows]) for at in range(width)]
