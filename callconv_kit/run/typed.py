"""Prepared text in dtypes for analysis."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from callconv_kit.model import spec
from callconv_kit.model.errors import UsageError, wrong_type
from callconv_kit.model.spec import Kind
from callconv_kit.model.texts import Bools
from callconv_kit.reading.frames import column_as_text
from callconv_kit.writing.reasons import shown

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
        UsageError: `not_ready_form`: a cell does not fit its column; the first one is named.
            `wrong_type`: this is not a DataFrame.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise wrong_type("frame", frame, "a pandas DataFrame", "Pass prepared.ready.")
    # By position: a frame may hold two columns of one name.
    columns = [
        _typed(frame.iloc[:, at], spec.BY_NAME.get(name) if isinstance(name, str) else None)
        for at, name in enumerate(frame.columns)
    ]
    copy = frame.copy() if not columns else pd.concat(columns, axis=1)
    copy.columns = frame.columns
    return copy


def _typed(cells: "pd.Series[Any]", column: spec.Column | None) -> "pd.Series[Any]":
    import pandas as pd

    if column is None:
        return cells.copy()
    # Labels may repeat, so rows are counted until the end.
    written = pd.Series(column_as_text(cells).to_pylist(), dtype="string").str.strip()
    text: pd.Series[Any] = written.mask(written == "")
    wrong = text.notna() & ~_fits(text, column.kind)
    if wrong.any():
        raise _not_ready(column, text, wrong.to_numpy(), cells.index)
    return _converted(text, column.kind).set_axis(cells.index)


FORMS = {
    Kind.IDENTIFIER: r"\+?[0-9]{1,19}",
    Kind.DURATION: r"[+-]?[0-9]{1,18}",
    Kind.MOMENT: ONE_MOMENT,
    Kind.MONEY: r"[+-]?[0-9]{1,10}(\.[0-9]{0,2})?",
    Kind.FLAG: "true|false",
}
"""What a dtype can hold; wider than the ready form, which `check` knows."""


def _fits(text: "pd.Series[Any]", kind: Kind) -> "pd.Series[Any]":
    """Which cells their dtype can hold; an empty cell is one that can't be told."""
    import pandas as pd

    if kind not in FORMS:
        return text.notna()
    fits = text.str.fullmatch(FORMS[kind]).fillna(value=False).astype(bool)
    if kind is Kind.MOMENT:
        # Of the form, and on no calendar: February 30.
        read = pd.to_datetime(text.where(fits), utc=True, format="ISO8601", errors="coerce")
        fits &= read.notna()
    return fits


def _not_ready(
    column: spec.Column, text: "pd.Series[Any]", wrong: Bools, labels: "pd.Index[Any]"
) -> UsageError:
    """The error that names the first wrong cell."""
    at = int(np.flatnonzero(wrong)[0])
    value = shown(column.name, str(text.iloc[at]), mask=True)
    counted = labels.equals(_counted(len(labels)))
    label = labels[at] if isinstance(labels[at], tuple) else (labels[at],)
    place = f"row {at + 1}" if counted else f"the row labeled {', '.join(map(str, label))}"
    more = int(wrong.sum()) - 1
    return UsageError(
        "not_ready_form",
        f"{column.name} is not in its ready form",
        f'"{value}" in {place}' + (f", and {more:,} more" if more else ""),
        f"cells such as {column.example}",
        "Prepare the frame first: df.callconv.prepare(…).ready.callconv.typed().",
    )


def _counted(length: int) -> "pd.Index[Any]":
    import pandas as pd

    return pd.RangeIndex(length)


def _converted(text: "pd.Series[Any]", kind: Kind) -> "pd.Series[Any]":
    """Cells that fit their dtype, in it."""
    import pandas as pd

    converted: pd.Series[Any]
    match kind:
        case Kind.IDENTIFIER | Kind.DURATION:
            converted = _whole(text)
        case Kind.MOMENT:
            converted = pd.to_datetime(text, utc=True, format="ISO8601")
        case Kind.MONEY:
            amounts = [None if pd.isna(cell) else Decimal(cell) for cell in text]
            converted = pd.Series(amounts, dtype=pd.ArrowDtype(pa.decimal128(12, 2)))
        case Kind.FLAG:
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
