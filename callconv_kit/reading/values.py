"""Typed values as the text that a person would have typed: of sheets, frames, JSON, Parquet.

A float that is a whole number is that number, a length of time is a clock, a missing value is
empty. A whole number that may have lost digits on its way is written in scientific notation, with
every digit that it still has: the kernels reject it wherever an id or text is meant, also when it
comes back in a rejected.csv.

`RecordTable` is what these inputs have in common.
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

from callconv_kit.model import texts
from callconv_kit.model.rows import Batch, NumberColumns, Ragged
from callconv_kit.model.texts import Ints
from callconv_kit.reading import reimport
from callconv_kit.reading.batches import Account
from callconv_kit.reading.dialect import EDGES
from callconv_kit.reading.whole_rows import without_blank_rows, without_repeated_headers

EXACT_DIGITS = 15
"""Digits that every spreadsheet and every float keeps of a number."""

LONGEST_EXPONENT = 50
"""A number with more zeros than these is nothing that an export holds."""

LAST_EXACT_FLOATS = {"halffloat": 2.0**11, "float": 2.0**24, "double": 10.0**EXACT_DIGITS}
"""For each Arrow type of float: from here on, a whole number may have been another."""

SMALLEST_WRITTEN_OUT = 1e-30
"""A float closer to zero is neither an amount nor a time; it stays in scientific notation."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_MICROSECONDS = 10**6


def array_as_text(array: pa.Array) -> pa.StringArray:
    """An Arrow array of any type as text; nulls stay."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return array_as_text(array.dictionary).take(array.indices)
    if pa.types.is_string(kind):
        return array
    if pa.types.is_large_string(kind):
        return texts.narrowed(array)
    if pa.types.is_string_view(kind):
        return pc.cast(array, pa.string())
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return pc.cast(array, pa.string())
    if pa.types.is_null(kind):
        return texts.nulls(len(array))
    one_by_one = pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType)
    if one_by_one or pa.types.is_float16(kind):  # older versions of pyarrow cannot encode it
        return texts.from_list([as_text(value) for value in array.to_pylist()])
    encoded = pc.dictionary_encode(_to_microseconds(array))
    if pa.types.is_floating(kind):
        exact = LAST_EXACT_FLOATS[str(kind)]
        values = encoded.dictionary.to_numpy(zero_copy_only=False)
        distinct = texts.from_list([_float_as_text(value, exact) for value in values])
    else:
        distinct = texts.from_list([_scalar_as_text(value) for value in encoded.dictionary])
    return distinct.take(encoded.indices)


def _to_microseconds(array: pa.Array) -> pa.Array:
    """Times as Python can hold them: it knows no nanoseconds."""
    kind = array.type
    if getattr(kind, "unit", "") != "ns":
        return array
    if pa.types.is_timestamp(kind):
        return pc.cast(array, pa.timestamp("us", kind.tz), safe=False)
    target = pa.time64("us") if pa.types.is_time(kind) else pa.duration("us")
    return pc.cast(array, target, safe=False)


def _scalar_as_text(value: pa.Scalar) -> str:
    try:
        return as_text(value.as_py())
    except (OverflowError, ValueError, KeyError):
        # Python knows the years 1 to 9999, and not every zone. Such a cell is wrong where it is
        # used, and does no harm where it is not.
        return _far(value)


def _far(value: pa.Scalar) -> str:
    unit = {"date32[day]": "D", "date64[ms]": "ms"}.get(str(value.type)) or value.type.unit
    if pa.types.is_duration(value.type):
        return f"{value.value} {unit}"
    (at,) = np.asarray([value.value], f"datetime64[{unit}]")
    return f"{np.datetime_as_string(at)}{'Z' if getattr(value.type, 'tz', None) else ''}"


LONGEST_DECIMAL = 1000
"""Digits of a decimal that are written out."""


def any_as_text(value: object) -> str:
    """`as_text` for a value of a frame, which may be any object, one without a text too."""
    try:
        text = as_text(value)
    except Exception:  # noqa: BLE001 # an object of somebody else may raise anything here
        return f"<{type(value).__qualname__}>"
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def as_text(value: object) -> str:
    """One value of any Python or numpy type as a person would have typed it."""
    match value:
        case None:
            return ""
        case str():
            return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
        case bool() | np.bool_():
            return "true" if value else "false"
        case np.floating():
            exact = min(2.0 ** (1 + np.finfo(value.dtype).nmant), LAST_EXACT_FLOATS["double"])
            return _float_as_text(value, exact)
        case float():
            return _float_as_text(value, LAST_EXACT_FLOATS["double"])
        case Decimal():
            return _decimal_as_text(value)
        case datetime.datetime():
            return "" if value != value else value.isoformat(sep="T" if value.tzinfo else " ")
        case datetime.timedelta():
            return "" if value != value else _clock(value)
        case bytes():
            return value.decode("utf-8", "replace")
        case dict():
            return json.dumps(value, ensure_ascii=False, default=as_text)
        case list() | tuple() | np.ndarray():
            return ",".join(map(as_text, value))
    text = str(value)
    return "" if text in {"<NA>", "NaT", "nan"} else text


def _decimal_as_text(value: Decimal) -> str:
    if value.is_nan():
        return ""
    # Written out, 1E+999999999 would fill the memory.
    return f"{value:f}" if abs(value.adjusted()) < LONGEST_DECIMAL else str(value)


def _clock(length: datetime.timedelta) -> str:
    """A length of time as hours, minutes and seconds: its unit can't be mistaken."""
    total = (length.days * 86_400 + length.seconds) * _MICROSECONDS + length.microseconds
    seconds, fraction = divmod(abs(total), _MICROSECONDS)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if total < 0 else ""
    behind = f".{fraction:06}".rstrip("0") if fraction else ""
    return f"{sign}{hours:02}:{minutes:02}:{seconds:02}{behind}"


def _float_as_text(value: "float | np.floating[Any]", exact: float) -> str:
    """A float by the fewest digits that name it; from `exact` on as a number that lost digits."""
    number = float(value)
    if math.isnan(number):
        return ""
    if math.isinf(number) or 0 < abs(number) < SMALLEST_WRITTEN_OUT:
        return repr(number)
    if number.is_integer() and abs(number) < exact:
        return str(int(number))
    # Of single precision the fewest digits are fewer than those of the same number as a `float`.
    shortest: str = np.format_float_positional(value, unique=True, trim="-")
    return in_full(shortest) if number.is_integer() else shortest


def number_as_text(written: str) -> str:
    """A number as JSON writes it, or a sheet: its own digits, unless some may be lost.

    >>> number_as_text("1.50"), number_as_text("7.0"), number_as_text("2.125550123E9")
    ('1.50', '7', '2125550123')
    >>> number_as_text("2.12556E9")
    '2.12556E+09'
    >>> number_as_text("123456789012345678")
    '1.23456789012345678E+17'
    """
    if len(written) <= EXACT_DIGITS and written.lstrip("-").isdigit():
        return written
    number = Decimal(written)
    if not number.is_finite():
        return written
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or abs(exponent) > LONGEST_EXPONENT:
        return written
    minus, text = "-" if sign else "", "".join(map(str, digits))
    if exponent > 0:
        # Fewer digits than the number has: as little is known of it as of a rounded one.
        mantissa = f"{text[0]}.{text[1:]}".rstrip(".")
        return f"{minus}{mantissa}E+{len(text) - 1 + exponent:02}"
    if number != int(number):
        return f"{number:f}"
    whole = str(int(number))
    return in_full(whole) if len(whole.lstrip("-")) > EXACT_DIGITS else whole


def in_full(digits: str) -> str:
    """A whole number in scientific notation, with all its digits.

    >>> in_full("-12345"), in_full("7")
    ('-1.2345E+04', '7E+00')
    """
    minus, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    mantissa = f"{digits[0]}.{digits[1:]}".rstrip(".")
    return f"{minus}{mantissa}E+{len(digits) - 1:02}"


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
