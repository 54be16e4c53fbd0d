"""DataFrames: an input as text, an empty template, and prepared text in dtypes for analysis."""

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
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from callconv_kit.job import Job
from callconv_kit.reading import the_only
from callconv_kit.run.prepared import clock_of
from callconv_kit.run.resolving import open_inputs, resolve
from callconv_kit.writing.lines import line_of

if TYPE_CHECKING:
    import pandas as pd

ONE_MOMENT = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:?\d\d|Z)"
"""A time that no setting is needed for."""

CATEGORIES = {Kind.STATUS, Kind.COUNTRY, Kind.PHONE_TYPE, Kind.REPEAT_CALLER}


def typed(frame: "pd.DataFrame") -> "pd.DataFrame":
    """A copy of ready cells in analysis dtypes; empty cells become missing.

    Identifiers and durations become Int64 (UInt64 where an id needs it), EventDate a UTC
    timestamp, SaleAmount a decimal, columns of few words a category, OptInSms a boolean; phones,
    postal codes and all other text stay text, since their digits are not a quantity.

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
    """Which cells their dtype can hold; an empty cell is a value that is not known."""
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


OTHER_CALL = {
    "CallSessionId": "00F7-1A2B3C4D5E70",
    "CallerId": "2125550145",
    "CallDuration": "14",
    "TalkDuration": "0",
    "CallStatus": "CANCEL",
    "SaleAmount": "",
    "DispositionName": "",
    "VendorEventId": "EV-000124",
}
"""Where the second example differs: a call that was given up."""


def template(*, example: bool = False, now: datetime | str | None = None) -> str:
    """The header, and on wish two calls of the day before `now`.

    Args:
        example: with rows.
        now: the clock; none: the real one.
    """
    text = line_of(spec.NAMES)
    if not example:
        return text
    took_place = (clock_of(now) - timedelta(days=1)).replace(microsecond=0).isoformat()
    first = {column.name: column.example for column in spec.COLUMNS} | {"EventDate": took_place}
    for call in (first, first | OTHER_CALL):
        text += line_of([call[name] for name in spec.NAMES])
    return text


def read(
    source: str | Path, job: "str | Path | Job | None" = None, **settings: Any
) -> "pd.DataFrame":
    """Read an export as text, nothing changed: blank lines, titles and repeated headers left out.

    Args:
        source: a path, or `-` for standard input.
        job: a job file or a Job, by whose columns the header is known; none: the published names.
        **settings: every key of the job file under its name; they win over `job`.

    Returns:
        One text column for each of the input's; the index holds the source line of each row. Rows
        of another length than the header are cut or filled up.

    Raises:
        InputError: it can't be read as a table.
        UsageError: the job is wrong.
    """
    import pandas as pd

    resolved = resolve(Job.from_keywords(job, **settings))
    table = the_only(open_inputs(resolved, [source]))
    width = len(table.header)
    lines: list[int] = []
    columns: list[list[str]] = [[] for _ in range(width)]
    for batch in table.batches():
        lines += batch.lines.tolist()
        for column, cells in zip(columns, batch.cells, strict=True):
            column += cells.to_pylist()
        for row in batch.ragged:
            lines.append(row.line)
            padded = row.cells[:width] + [""] * (width - len(row.cells))
            for column, cell in zip(columns, padded, strict=True):
                column.append(cell)
    frame = pd.DataFrame(dict(enumerate(columns)), dtype=str)
    frame.columns = pd.Index(table.header)
    frame.index = pd.Index(lines, name="source_line")
    return frame.sort_index(kind="stable")
