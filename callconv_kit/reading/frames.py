"""A pandas DataFrame as batches of text columns, by the same door as a file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit import texts
from callconv_kit.reading.records import ROWS, Piece, RecordTable, array_as_text, as_text
from callconv_kit.texts import Ints

if TYPE_CHECKING:
    import pandas as pd

FRAME_NAME = "frame"


class FrameTable(RecordTable):
    """A DataFrame; a row's line is its position, counted from 1. See `batches.Table`."""

    def __init__(
        self, frame: "pd.DataFrame", name: str = FRAME_NAME, *, as_written: bool = False
    ) -> None:
        self._frame = frame
        super().__init__(name, [str(column) for column in frame.columns], as_written=as_written)

    def _pieces(self, wanted: Ints | None) -> Iterator[Piece]:
        for start in range(0, len(self._frame), ROWS):
            stop = min(start + ROWS, len(self._frame))
            numbers = np.arange(start + 1, stop + 1)
            if wanted is not None:
                numbers = wanted[(wanted > start) & (wanted <= stop)]
                if not len(numbers):
                    continue
            piece = self._frame.iloc[numbers - 1] if wanted is not None else self._frame[start:stop]
            yield Piece(numbers, [_cells(piece.iloc[:, at]) for at in range(piece.shape[1])])


def _cells(column: "pd.Series[Any]") -> pa.StringArray:
    try:
        array = pa.Array.from_pandas(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        # Mixed types: each value is written by itself.
        array = texts.from_list([as_text(value) for value in column])
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    written = array_as_text(array)
    return pc.fill_null(written, "") if written.null_count else written
