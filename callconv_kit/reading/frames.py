"""A pandas DataFrame as batches of text columns, by the same door as a file.

Cells become the text that a person would have typed: a float that is a whole number is that
number, a missing value is empty. A float beyond 2**53, where neighbouring whole numbers can't be
told apart, is written in scientific notation, which the kernels know as lost digits.
"""

import datetime
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit import texts
from callconv_kit.reading.batches import Account
from callconv_kit.rows import Batch
from callconv_kit.texts import Ints

if TYPE_CHECKING:
    import pandas as pd

ROWS = 1 << 14
FRAME_NAME = "frame"
LAST_EXACT_FLOAT = 2.0**53


class FrameTable:
    """A DataFrame; a row's line is its position, counted from 1. See `batches.Table`."""

    def __init__(self, frame: "pd.DataFrame", name: str = FRAME_NAME) -> None:
        self._frame = frame
        self.name = name
        self.header = tuple(str(column).strip() for column in frame.columns)
        self.fed_back = False
        self.account = Account(name, encoding="", delimiter="")

    def batches(self, wanted: Ints | None = None) -> Iterator[Batch]:
        """The rows in order; with `wanted`, only those on these ascending lines."""
        self.account = Account(self.name)
        for start in range(0, len(self._frame), ROWS):
            stop = min(start + ROWS, len(self._frame))
            lines = np.arange(start + 1, stop + 1)
            piece = self._frame.iloc[start:stop]
            if wanted is not None:
                span = wanted[(wanted > start) & (wanted <= stop)]
                if not len(span):
                    continue
                lines, piece = span, self._frame.iloc[span - 1]
            cells = [_cells(piece.iloc[:, at]) for at in range(len(self.header))]
            self.account.rows += len(lines)
            yield self._without_blank_rows(Batch(lines, tuple(cells)))

    def _without_blank_rows(self, batch: Batch) -> Batch:
        filled = np.zeros(len(batch.lines), np.bool_)
        for column in batch.cells:
            filled |= texts.present(column)
        blank = int(len(filled) - filled.sum())
        self.account.blank_lines += blank
        self.account.rows -= blank
        return batch.keep(filled)


def _cells(column: "pd.Series[Any]") -> pa.StringArray:
    try:
        array = pa.Array.from_pandas(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        array = None
    if array is None:
        written = texts.from_list([as_text(value) for value in column])
    else:
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        written = _array_as_text(array)
    return pc.fill_null(written, "") if written.null_count else written


def _array_as_text(array: pa.Array) -> pa.StringArray:
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _array_as_text(array.dictionary).take(array.indices)
    if pa.types.is_string(kind):
        return array
    if pa.types.is_large_string(kind) or pa.types.is_integer(kind):
        return pc.cast(array, pa.string())
    encoded = pc.dictionary_encode(array) if not pa.types.is_null(kind) else None
    if encoded is None:
        return texts.nulls(len(array))
    distinct = texts.from_list([as_text(value) for value in encoded.dictionary.to_pylist()])
    return distinct.take(encoded.indices)


def as_text(value: object) -> str:
    """One value of any Python or numpy type as a person would have typed it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return _float_as_text(float(value))
    if isinstance(value, datetime.datetime):
        return "" if value != value else value.isoformat(sep="T" if value.tzinfo else " ")
    if isinstance(value, datetime.timedelta):
        return "" if value != value else _float_as_text(value.total_seconds())
    text = str(value)
    return "" if text in {"<NA>", "NaT", "nan"} else text


def _float_as_text(value: float) -> str:
    if math.isnan(value):
        return ""
    if value.is_integer():
        return str(int(value)) if abs(value) < LAST_EXACT_FLOAT else f"{value:E}"
    return repr(value)
