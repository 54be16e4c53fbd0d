"""A pandas DataFrame as batches of text columns, by the same door as a file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from callconv_kit.model import texts
from callconv_kit.model.rows import NumberColumns
from callconv_kit.model.texts import Ints
from callconv_kit.reading.values import ROWS, Piece, RecordTable, any_as_text, array_as_text

if TYPE_CHECKING:
    import pandas as pd

FRAME_NAME = "frame"

NUMBERS = ("i", "u", "f")
"""The kinds of dtypes of whole numbers and floats."""


class FrameTable(RecordTable):
    """A DataFrame; a row's line is its position, counted from 1. See `batches.Table`."""

    is_frame = True

    def __init__(
        self, frame: "pd.DataFrame", name: str = FRAME_NAME, *, as_written: bool = False
    ) -> None:
        self._frame = frame
        header = [any_as_text(column) for column in frame.columns]
        super().__init__(name, header, as_written=as_written)
        kinds = [getattr(kind, "kind", "") for kind in frame.dtypes]
        numbers = frozenset(at for at, kind in enumerate(kinds) if kind in NUMBERS)
        floats = frozenset(at for at in numbers if kinds[at] == "f")
        self._numbers = NumberColumns(numbers, floats)

    def _pieces(self, wanted: Ints | None) -> Iterator[Piece]:
        for start in range(0, len(self._frame), ROWS):
            stop = min(start + ROWS, len(self._frame))
            numbers = np.arange(start + 1, stop + 1)
            if wanted is not None:
                numbers = wanted[(wanted > start) & (wanted <= stop)]
                if not len(numbers):
                    continue
            piece = (
                self._frame.iloc[numbers - 1]
                if wanted is not None
                else self._frame.iloc[start:stop]
            )
            yield Piece(
                numbers, [column_as_text(piece.iloc[:, at]) for at in range(piece.shape[1])]
            )


NO_ONE_TYPE = (
    pa.ArrowInvalid,
    pa.ArrowTypeError,
    pa.ArrowNotImplementedError,
    OverflowError,  # a whole number beyond 64 bits
    UnicodeEncodeError,  # half a character
    TypeError,  # an infinite decimal
)


def column_as_text(column: "pd.Series[Any]") -> pa.StringArray:
    """A column of any dtype as text; empty where a value is missing."""
    import pandas as pd

    texts_alone = {"string", "empty"}
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) not in texts_alone:
        # Each value keeps what Arrow would bring to one form: the offset of a time, above all.
        return _one_by_one(column)
    try:
        array = pa.Array.from_pandas(column)
    except NO_ONE_TYPE:
        return _one_by_one(column)
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
    if isinstance(array.type, pa.BaseExtensionType):
        return _one_by_one(column)
    return texts.without_nulls(array_as_text(array))


def _one_by_one(column: "pd.Series[Any]") -> pa.StringArray:
    return texts.from_list([any_as_text(value) for value in column])
