"""A Parquet file as batches of text columns."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from callconv_kit.errors import InputError
from callconv_kit.reading.records import ROWS, Piece, RecordTable, array_as_text
from callconv_kit.reading.sources import Source
from callconv_kit.texts import Ints


class ParquetTable(RecordTable):
    """A Parquet file; a row's line is the record's number. See `batches.Table`."""

    def __init__(self, source: Source) -> None:
        """Read its schema.

        Raises:
            InputError: `unreadable`.
        """
        self._source = source
        with source.seekable() as file, _damage_told(source.name):
            names = parquet.ParquetFile(file).schema_arrow.names
        super().__init__(source.name, names)

    def _pieces(self, wanted: Ints | None) -> Iterator[Piece]:
        done = 0
        with self._source.seekable() as file, _damage_told(self.name):
            for batch in parquet.ParquetFile(file).iter_batches(ROWS, use_threads=False):
                numbers = np.arange(done + 1, done + batch.num_rows + 1)
                done += batch.num_rows
                if wanted is None or np.isin(numbers, wanted).any():
                    written = [array_as_text(column) for column in batch.columns]
                    yield Piece(numbers, [pc.fill_null(column, "") for column in written])
        if wanted is None:
            self._source.read_through()
            self.account.sha256 = self._source.sha256


class _damage_told:  # noqa: N801 # reads as a word: with _damage_told(name): …
    """Turns what pyarrow says of a damaged file into InputError `unreadable`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, pa.ArrowException):
            raise InputError(
                "unreadable",
                f"{self._name} is a damaged Parquet file",
                str(error).splitlines()[0],
                "a whole file",
                "Export or copy it again.",
            ) from error
