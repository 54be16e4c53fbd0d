"""What inputs have in common that hold records rather than text: frames, sheets, JSON, Parquet.

Cells become the text that a person would have typed: a float that is a whole number is that
number, a missing value is empty.
"""

import datetime
import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit import texts
from callconv_kit.reading import fed_back
from callconv_kit.reading.batches import Account
from callconv_kit.reading.dialect import EDGES
from callconv_kit.reading.whole_rows import without_blank_rows, without_repeated_headers
from callconv_kit.rows import Batch, Ragged
from callconv_kit.texts import Ints

ROWS = 1 << 14
"""Records in a batch."""

FLOAT_DIGITS = 52
"""Binary digits behind the first, in a Python float."""

LAST_EXACT_FLOATS = {"halffloat": 2.0**11, "float": 2.0**24, "double": 2.0**53}
"""For each Arrow type of float: from here on, neighbouring whole numbers can't be told apart."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


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
    _numbers: frozenset[int] = frozenset()
    """Positions of columns of one type of number."""

    def __init__(self, name: str, header: Sequence[str], *, as_written: bool = False) -> None:
        self.name = name
        self._header = tuple(cell.strip(EDGES) for cell in header)
        self.fed_back = fed_back.is_fed_back(self._header) and not as_written
        self.header = fed_back.own_columns(self._header) if self.fed_back else self._header
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
        if self.fed_back:
            short = fed_back.still_short(self._header, columns)
            rows = [*ragged, *((int(numbers[row]), cells) for row, cells in short.items())]
            kept = np.ones(len(numbers), np.bool_)
            kept[list(short)] = False
            at = np.flatnonzero(kept)
            taken = [texts.take(column, at) for column in columns] if short else list(columns)
            return fed_back.restore(self.name, self._header, numbers[at], taken, rows)
        rows_of = tuple(Ragged(line, cells, self.name, line) for line, cells in ragged)
        return Batch(numbers, tuple(columns), rows_of, numbers=self._numbers)


def array_as_text(array: pa.Array) -> pa.StringArray:
    """An Arrow array of any type as text; nulls stay."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return array_as_text(array.dictionary).take(array.indices)
    if pa.types.is_string(kind):
        return array
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pc.cast(array, pa.string())
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return pc.cast(array, pa.string())
    if pa.types.is_null(kind):
        return texts.nulls(len(array))
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        array = pc.cast(array, pa.timestamp("us", kind.tz), safe=False)
    if pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType):
        return texts.from_list([as_text(value) for value in array.to_pylist()])
    encoded = pc.dictionary_encode(array)
    values = encoded.dictionary.to_pylist()
    if pa.types.is_floating(kind):
        exact = LAST_EXACT_FLOATS[str(kind)]
        distinct = texts.from_list([_float_as_text(float(value), exact) for value in values])
    else:
        distinct = texts.from_list([as_text(value) for value in values])
    return distinct.take(encoded.indices)


def as_text(value: object) -> str:
    """One value of any Python or numpy type as a person would have typed it."""
    match value:
        case None:
            return ""
        case str():
            return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
        case bool() | np.bool_():
            return "true" if value else "false"
        case float() | np.floating():
            return _float_as_text(float(value), _last_exact(value))
        case Decimal():
            return "" if value.is_nan() else f"{value:f}"
        case datetime.datetime():
            return "" if value != value else value.isoformat(sep="T" if value.tzinfo else " ")
        case datetime.timedelta():
            return (
                ""
                if value != value
                else _float_as_text(value.total_seconds(), LAST_EXACT_FLOATS["double"])
            )
        case bytes():
            return value.decode("utf-8", "replace")
        case dict():
            return json.dumps(value, ensure_ascii=False, default=as_text)
        case list() | tuple() | np.ndarray():
            return ",".join(map(as_text, value))
    text = str(value)
    return "" if text in {"<NA>", "NaT", "nan"} else text


def _last_exact(value: "float | np.floating[Any]") -> float:
    digits = np.finfo(value.dtype).nmant if isinstance(value, np.floating) else FLOAT_DIGITS
    return 2.0 ** (1 + min(digits, FLOAT_DIGITS))


def _float_as_text(value: float, exact: float) -> str:
    """A float beyond `exact` in scientific notation, which the kernels know as lost digits."""
    if math.isnan(value):
        return ""
    if value.is_integer():
        return str(int(value)) if abs(value) < exact else f"{value:E}"
    return repr(value)
