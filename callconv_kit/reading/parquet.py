"""A Parquet file as batches of text columns."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from callconv_kit.model import texts
from callconv_kit.model.errors import InputError
from callconv_kit.model.rows import NumberColumns
from callconv_kit.model.texts import Ints
from callconv_kit.reading.sources import Source
from callconv_kit.reading.values import (
    EXACT_DIGITS,
    ROWS,
    Piece,
    RecordTable,
    array_as_text,
    number_as_text,
)


class ParquetTable(RecordTable):
    """A Parquet file; a row's line is the record's number. See `batches.Table`."""

    def __init__(self, source: Source) -> None:
        """Read its schema.

        Raises:
            InputError: `unreadable`.
        """
        self._source = source
        with source.seekable() as file, _damage_in_words(source.name):
            try:
                schema = parquet.ParquetFile(file).schema_arrow
                names = schema.names
            except UnicodeDecodeError as error:
                raise InputError(
                    "unreadable",
                    f"A column name in {source.name} is not UTF-8",
                    repr(error.object),
                    "column names in UTF-8",
                    "Rename the column where the file is written, and export it again.",
                ) from error
        super().__init__(source.name, names)
        floats = frozenset(at for at, kind in enumerate(schema.types) if pa.types.is_floating(kind))
        whole = frozenset(at for at, kind in enumerate(schema.types) if pa.types.is_integer(kind))
        self._numbers = NumberColumns(whole | floats, floats)

    def _pieces(self, wanted: Ints | None) -> Iterator[Piece]:
        if wanted is None:
            # Hashed before the first reading and behind the second one: a change between the two
            # is seen, wherever it falls.
            self._source.read_through()
        done = 0
        with self._source.seekable() as file, _damage_in_words(self.name):
            for batch in parquet.ParquetFile(file).iter_batches(ROWS, use_threads=False):
                numbers = np.arange(done + 1, done + batch.num_rows + 1)
                done += batch.num_rows
                if wanted is None or np.isin(numbers, wanted).any():
                    yield Piece(numbers, [_as_text(column) for column in batch.columns])
        if wanted is not None:
            self._source.read_through()
        self.account.sha256 = self._source.sha256


def _as_text(column: pa.Array) -> pa.StringArray:
    """A column as text; empty where there is a null.

    A Parquet file does not tell whether a whole number came from a database, which keeps all its
    digits, or from a spreadsheet. So those of more than 15 digits are marked, as in a sheet.
    """
    written = pc.fill_null(array_as_text(column), texts.scalar(""))
    if pa.types.is_integer(column.type) or pa.types.is_decimal(column.type):
        long = np.flatnonzero(texts.view(written).lengths > EXACT_DIGITS)
        marked = [number_as_text(cell) for cell in texts.take(written, long).to_pylist()]
        return texts.put(written, long, texts.from_list(marked))
    try:
        written.validate(full=True)
    except pa.ArrowInvalid:
        broken = pc.cast(written, pa.binary()).to_pylist()
        return texts.from_list([cell.decode("utf-8", "replace") for cell in broken])
    return written


NOT_READABLE = (pa.ArrowException, UnicodeDecodeError, OverflowError)


class _damage_in_words:  # noqa: N801 # reads as a word: with _damage_in_words(name): …
    """Turns pyarrow's error for a damaged file into InputError `unreadable`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        # Of damage pyarrow also says OSError, without the number that the system gives its own.
        if isinstance(error, NOT_READABLE) or (isinstance(error, OSError) and error.errno is None):
            raise InputError(
                "unreadable",
                f"{self._name} is a damaged Parquet file",
                str(error).splitlines()[0],
                "a whole file",
                "Export or copy it again.",
            ) from error
