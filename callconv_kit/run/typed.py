"""Prepared text in dtypes for analysis."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from callconv_kit.model import spec
from callconv_kit.model.errors import UsageError
from callconv_kit.model.spec import Kind
from callconv_kit.reading.frames import column_as_text

if TYPE_CHECKING:
    import pandas as pd

ONE_MOMENT = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:?\d\d|Z)"
"""A time that no setting is needed for."""

CATEGORIES = {Kind.STATUS, Kind.COUNTRY, Kind.PHONE_TYPE, Kind.REPEAT_CALLER}


def typed(frame: "pd.DataFrame") -> "pd.DataFrame":
    """A copy of ready cells in analysis dtypes; empty cells become missing.

    Identifiers and durations become Int64 (UInt64 where an id needs it), EventDate a UTC
    timestamp, SaleAmount a decimal, columns of few words a category, OptInSms a boolean; phones,
    postal codes and all other text stay text, since their digits are no quantity.

    Args:
        frame: cells as `Prepared.ready` gives them, as text or in any dtype that says the same;
            columns that are not published stay as they are.

    Raises:
        UsageError: a cell does not fit its column, naming the first: prepare the frame first.
    """
    copy = frame.copy()
    for name in frame.columns:
        column = spec.BY_NAME.get(str(name))
        if column is not None:
            copy[name] = _typed(frame[name], column)
    return copy


def _typed(cells: "pd.Series[Any]", column: spec.Column) -> "pd.Series[Any]":
    import pandas as pd

    written = pd.Series(column_as_text(cells).to_pylist(), index=cells.index, dtype="string")
    stripped = written.str.strip()
    text: pd.Series[Any] = stripped.mask(stripped == "")
    try:
        return _converted(text, column.kind)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise UsageError(
            "not_ready_form",
            f"{column.name} holds text that is not in its ready form",
            str(error).partition("\n")[0][:80] if not column.personal else "",
            f"cells such as {column.example}",
            "Prepare the frame first: df.callconv.prepare(…).ready.callconv.typed().",
        ) from error


def _converted(text: "pd.Series[Any]", kind: Kind) -> "pd.Series[Any]":
    import pandas as pd

    converted: pd.Series[Any]
    match kind:
        case Kind.IDENTIFIER | Kind.DURATION:
            converted = _whole(text)
        case Kind.MOMENT:
            _refuse(text, ~text.str.fullmatch(ONE_MOMENT))
            converted = pd.to_datetime(text, utc=True, format="ISO8601")
        case Kind.MONEY:
            amounts = [None if pd.isna(cell) else Decimal(cell) for cell in text]
            cents = pd.ArrowDtype(pa.decimal128(12, 2))
            converted = pd.Series(amounts, index=text.index, dtype=cents)
        case Kind.FLAG:
            _refuse(text, ~text.isin(["true", "false"]))
            converted = text.map({"true": True, "false": False}).astype("boolean")
        case _ if kind in CATEGORIES:
            converted = text.astype("category")
        case _:
            converted = text
    return converted


def _whole(text: "pd.Series[Any]") -> "pd.Series[Any]":
    try:
        return text.astype("Int64")
    except (ValueError, OverflowError):
        return text.astype("UInt64")


def _refuse(text: "pd.Series[Any]", wrong: "pd.Series[Any]") -> None:
    """Raise ValueError with the first cell that is there and wrong."""
    found = text[text.notna() & wrong.fillna(value=False)]
    if len(found):
        raise ValueError(str(found.iloc[0]))
