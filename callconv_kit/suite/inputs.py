"""The input of a validation: a frame or a file in text frames, each row with its number.

The kit's own reader is used for files, so that each row keeps its physical line.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit import reading
from callconv_kit.job import Job
from callconv_kit.mapping import plan as planning
from callconv_kit.model import spec
from callconv_kit.model.errors import UsageError, wrong_type
from callconv_kit.model.formats import FORMATS
from callconv_kit.model.spec import Kind
from callconv_kit.model.texts import Ints
from callconv_kit.suite.rules import DURATIONS

if TYPE_CHECKING:
    import pandas as pd

    from callconv_kit.model.rows import Batch
from typing import TYPE_CHECKING

from callconv_kit.suite.rules import Expectation
from callconv_kit.suite.validation import columns_of

if TYPE_CHECKING:
    import pandas as pd

Judgeable: TypeAlias = "str | Path | pd.DataFrame"


class Source(Protocol):
    """An input that can be read more than once; rows are numbered from 0.

    place: what its labels are: `source_line` or `index`.
    """

    name: str
    place: str
    columns: tuple[str, ...]

    def chunks(
        self, size: int, only: Sequence[str] | None = None
    ) -> Iterator[tuple[int, "pd.DataFrame"]]:
        """The rows as text with nulls, `size` at a time, each with the number of its first row."""
        ...

    def faults(self) -> list[str]:
        """What is wrong with the file as such, known once the rows were read: no frame shows it."""
        ...

    def labels(self, numbers: Ints) -> list[Any]:
        """The places of these rows: physical lines, or labels of the frame's index."""
        ...


def open_source(source: Judgeable) -> Source:
    """Recognize an input.

    Raises:
        InputError: the file can't be read, or has no header that is known.
        UsageError: `wrong_dtype`: the frame does not hold text; `wrong_type`: it is not a frame.
    """
    import pandas as pd

    if isinstance(source, str | Path):
        return FileSource(source)
    if isinstance(source, pd.DataFrame):
        return FrameSource(source)
    raise wrong_type(
        "source", source, "a path or a pandas DataFrame", "Pass the path of a ready.csv."
    )


class FrameSource:
    """A DataFrame of text; durations may be whole numbers."""

    place = "index"

    def __init__(self, frame: "pd.DataFrame") -> None:
        _refuse_dtypes(frame)
        self.name = "frame"
        self._frame = frame
        self.columns = _distinct(str(column) for column in frame.columns)

    def chunks(
        self, size: int, only: Sequence[str] | None = None
    ) -> Iterator[tuple[int, "pd.DataFrame"]]:
        """See `Source`."""
        import pandas as pd

        wanted = self.columns if only is None else only
        for start in range(0, len(self._frame), size):
            piece = self._frame.iloc[start : start + size]
            # Rows go by their numbers: the labels of a frame may repeat, or be of any type.
            index = pd.RangeIndex(start, start + len(piece))
            cells = {
                name: _text(piece.iloc[:, self.columns.index(name)].set_axis(index))
                for name in wanted
            }
            yield start, pd.DataFrame(cells, index=index, columns=list(wanted))

    def faults(self) -> list[str]:
        """None: a frame is not a file."""
        return []

    def labels(self, numbers: Ints) -> list[Any]:
        """Labels of the frame's index."""
        return list(self._frame.index[numbers])


class FileSource:
    """A delimited file."""

    place = "source_line"

    def __init__(self, path: str | Path) -> None:
        tables = reading.open_tables([path], planning.KnownNames(Job()), as_written=True)
        self._table = reading.the_only(tables)
        self.name = self._table.name
        self.columns = _distinct(self._table.header)
        self._lines: list[Ints] = []
        self._ragged: dict[int, int] = {}

    def chunks(
        self, size: int, only: Sequence[str] | None = None
    ) -> Iterator[tuple[int, "pd.DataFrame"]]:
        """See `Source`."""
        self._lines = []
        at = [self.columns.index(name) for name in (self.columns if only is None else only)]
        start, held, rows = 0, list[pa.Table](), 0
        for batch in self._table.batches():
            self._remember(batch)
            held.append(pa.table([batch.cells[n] for n in at], [self.columns[n] for n in at]))
            rows += len(batch.lines)
            while rows >= size:
                table = pa.concat_tables(held)
                yield start, _frame(table.slice(0, size), start)
                held, rows, start = [table.slice(size)], rows - size, start + size
        if rows:
            yield start, _frame(pa.concat_tables(held), start)

    def _remember(self, batch: "Batch") -> None:
        lines = batch.lines if batch.source_lines is None else batch.source_lines
        self._lines.append(lines)
        self._ragged.update((row.line, row.source_line) for row in batch.ragged)

    def faults(self) -> list[str]:
        """See `Source`; the same as `callconv check` says about the form of a file."""
        account = self._table.account
        faults = []
        if self._ragged:
            lines = list(self._ragged.values())
            where = f"line {lines[0]}" + (f" and {len(lines) - 1} more" if len(lines) > 1 else "")
            faults.append(f"another number of cells than the header: {where}")
        if account.encoding not in {"", "utf-8"}:
            faults.append(f"encoded as {account.encoding}, not as UTF-8 without a mark")
        if account.delimiter not in {"", ","}:
            faults.append(f"cells are parted by {account.delimiter!r}, not by commas")
        if account.blank_lines:
            faults.append(f"blank lines: {account.blank_lines}")
        faults += [f"line {line.line} is not a row: {line.why}" for line in account.skipped[:3]]
        return faults

    def labels(self, numbers: Ints) -> list[Any]:
        """Physical lines."""
        return [] if not len(numbers) else np.concatenate(self._lines)[numbers].tolist()


def _frame(table: pa.Table, start: int) -> "pd.DataFrame":
    import pandas as pd

    # One copy of each column: chunks of Arrow would slow every step that follows.
    frame: pd.DataFrame = table.combine_chunks().to_pandas()
    frame.index = pd.RangeIndex(start, start + len(frame))
    return frame.apply(_text) if len(frame.columns) else frame


def _text(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column as text, an empty cell as a null; whole numbers stay numbers."""
    import pandas as pd

    if pd.api.types.is_integer_dtype(column.dtype):
        return column.reset_index(drop=True).astype("Int64").set_axis(column.index)
    if isinstance(column.dtype, pd.ArrowDtype):
        # Great Expectations knows the text of pandas, not that of Arrow.
        text = pa.array(column, pa.string(), from_pandas=True).to_pandas()
        column = text.set_axis(column.index)
    text = column.astype("str") if isinstance(column.dtype, pd.CategoricalDtype) else column
    return text.where(text.notna() & (text != ""), None)


def _distinct(names: Any) -> tuple[str, ...]:
    """Names, the second of a kind numbered: it is a column too many."""
    given: dict[str, int] = {}
    distinct = []
    for name in names:
        given[name] = given.get(name, 0) + 1
        distinct.append(name if given[name] == 1 else f"{name} ({given[name]})")
    return tuple(distinct)


def _refuse_dtypes(frame: "pd.DataFrame") -> None:
    wrong = []
    for at, name in enumerate(frame.columns):
        column = frame.iloc[:, at]
        if not _is_text(column) and not (name in DURATIONS and _is_whole(column)):
            wrong.append(f"{name} is {_kind(column)}")
    if wrong:
        raise UsageError(
            "wrong_dtype",
            "The suite judges the text that will be uploaded, and the frame holds other types",
            ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""),
            f"text in every column; whole numbers only in {', '.join(DURATIONS)}",
            "Use df.callconv.prepare(…).ready, or read the file with dtype=str, "
            'keep_default_na=False, na_values=[""].',
        )


def _is_text(column: "pd.Series[Any]") -> bool:
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return _is_text(pd.Series(column.cat.categories))
    if column.dtype == object:
        return pd.api.types.infer_dtype(column, skipna=True) in {"string", "empty"}
    if isinstance(column.dtype, pd.ArrowDtype):
        kind = column.dtype.pyarrow_dtype
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
    return isinstance(column.dtype, pd.StringDtype) or not column.notna().any()


def _is_whole(column: "pd.Series[Any]") -> bool:
    import pandas as pd

    return pd.api.types.is_integer_dtype(column.dtype)


def _kind(column: "pd.Series[Any]") -> str:
    import pandas as pd

    kind = str(column.dtype)
    mixed = column.dtype == object
    return f"{kind} ({pd.api.types.infer_dtype(column, skipna=True)})" if mixed else kind


def with_numbers(frame: "pd.DataFrame") -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """The durations as whole numbers, as the rules on amounts need them.

    Returns:
        The frame, with nulls where a duration is not right text; and, as text, the duration
        columns that hold such a cell.
    """
    import pandas as pd

    pattern = FORMATS[Kind.DURATION].pattern
    numbers: dict[str, Any] = {}
    odd: dict[str, Any] = {}
    for name in frame.columns.intersection(list(DURATIONS)):
        column = frame[name]
        if _is_whole(column):
            continue
        text = pa.array(column, pa.string(), from_pandas=True)
        right = pc.fill_null(pc.match_substring_regex(text, pattern), True)
        if not pc.all(right, min_count=0).as_py():
            odd[name] = column
        digits = pc.if_else(right, text, None)
        whole = pc.cast(digits, pa.int64()).to_pandas(types_mapper=lambda _: pd.Int64Dtype())
        numbers[name] = whole.set_axis(frame.index)
    return frame.assign(**numbers), pd.DataFrame(odd, index=frame.index)


def is_published_order(columns: Sequence[str]) -> bool:
    """Whether these are columns of the format, in its order, the required ones among them."""
    known = [name for name in spec.NAMES if name in columns]
    return list(columns) == known and set(spec.REQUIRED) <= set(columns)


class Keys:
    """Hashes of the cells that must be unique together, eight bytes a row."""

    def __init__(self, expectation: Expectation) -> None:
        self._columns = list(columns_of(expectation))
        ignored = expectation["kwargs"].get("ignore_row_if", "any_value_is_missing")
        self._any_missing = ignored == "any_value_is_missing"
        self._hashes: list[np.ndarray[Any, Any]] = []
        self._rows: list[Ints] = []

    def add(self, frame: "pd.DataFrame", start: int) -> None:
        """Remember the rows of a chunk; those that the rule ignores are left out."""
        import pandas as pd

        cells = frame[self._columns]
        rows = np.arange(len(frame))
        if self._any_missing:
            rows = np.flatnonzero(cells.notna().all(axis=1))
        hashes = pd.util.hash_pandas_object(cells.iloc[rows], index=False)
        self._hashes.append(hashes.to_numpy())
        self._rows.append(rows + start)

    def repeated(self) -> Ints:
        """Rows of which another one has the same hash, ascending."""
        if not self._hashes:
            return np.zeros(0, np.int64)
        hashes, rows = np.concatenate(self._hashes), np.concatenate(self._rows)
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        same = np.zeros(len(order), np.bool_)
        same[1:] = ordered[1:] == ordered[:-1]
        same[:-1] |= same[1:]
        return np.sort(rows[order[same]])
