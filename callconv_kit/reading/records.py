"""What inputs have in common that hold records rather than text: frames, sheets, JSON, Parquet.

Cells become the text that a person would have typed: see `values`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from callconv_kit.model.rows import Batch, NumberColumns, Ragged
from callconv_kit.model.texts import Ints
from callconv_kit.reading import reimport
from callconv_kit.reading.batches import Account
from callconv_kit.reading.dialect import EDGES
from callconv_kit.reading.whole_rows import without_blank_rows, without_repeated_headers

ROWS = 1 << 14
"""Records in a batch."""


class Piece(NamedTuple):
    """Some records: their numbers, counted from 1; their columns; those of another length."""

    numbers: Ints
    columns: Sequence[pa.StringArray]
    ragged: Sequence[tuple[int, list[str]]] = ()


class RecordTable(ABC):
    """An input of records. A row's line is the record's number. See `batches.Table`.

    With `as_written`, a rejected.csv is a table like any other.
    """

    padded = True
    is_frame = False
    _numbers = NumberColumns()

    def __init__(self, name: str, header: Sequence[str], *, as_written: bool = False) -> None:
        self.name = name
        self._header = tuple(cell.strip(EDGES) for cell in header)
        self.reimported = reimport.is_reimport(self._header) and not as_written
        self.header = reimport.own_columns(self._header) if self.reimported else self._header
        self.account = self._new_account()

    def _new_account(self) -> Account:
        return Account(self.name)

    @abstractmethod
    def _pieces(self, wanted: Ints | None) -> Iterator[Piece]:
        """All records in order; with `wanted`, at least those of these ascending numbers."""

    def batches(self, wanted: Ints | None = None) -> Iterator[Batch]:
        """The rows in order; with `wanted`, only those on these ascending lines."""
        self.account = account = self._new_account()
        for numbers, columns, ragged in self._pieces(wanted):
            batch = self._batch(numbers, columns, ragged)
            if wanted is not None:
                rows = tuple(row for row in batch.ragged if row.line in wanted)
                batch = replace(batch, ragged=rows)
                batch = batch.keep(np.isin(batch.lines, wanted))
            batch = without_blank_rows(batch, account)
            batch = without_repeated_headers(batch, self.header, account)
            account.rows += len(batch.lines) + len(batch.ragged)
            yield batch

    def _batch(
        self,
        numbers: Ints,
        columns: Sequence[pa.StringArray],
        ragged: Sequence[tuple[int, list[str]]],
    ) -> Batch:
        if self.reimported:
            return reimport.restore_padded(self.name, self._header, numbers, columns, ragged)
        rows_of = tuple(Ragged(line, cells, self.name, line) for line, cells in ragged)
        return Batch(numbers, tuple(columns), rows_of, numbers=self._numbers)
