"""Validate by batches, and merge what was found into one result.

    rows ──chunks──▶ rules on single rows      a cheap yes or no, then the rows of what failed
                 └─▶ keys that occur twice ──▶ rules of uniqueness, on the candidates alone
    at the end   ──▶ the columns and the number of rows; whatever needs all rows of a few columns

Great Expectations judges every rule itself; here it is only decided which rows it is shown.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from callconv_kit.job import Job
from callconv_kit.mapping.export import lay_under
from callconv_kit.model import spec
from callconv_kit.model.errors import UsageError
from callconv_kit.model.texts import Ints
from callconv_kit.run.outcome import no_rows
from callconv_kit.suite import adapting, engine
from callconv_kit.suite.adapting import OF_SHAPE, adapted, is_on_text, needed, of_columns
from callconv_kit.suite.engine import Result
from callconv_kit.suite.inputs import (
    Judgeable,
    Keys,
    Source,
    is_published_order,
    open_source,
    with_numbers,
)
from callconv_kit.suite.rules import Expectation
from callconv_kit.suite.stored import Suite, expectations_of
from callconv_kit.suite.validation import (
    EXAMPLES,
    Outcome,
    State,
    Validation,
    columns_of,
    shown_value,
)

if TYPE_CHECKING:
    import pandas as pd

Progress: TypeAlias = Callable[[int], None]
"""Called with the number of rows done so far."""

BATCH_ROWS = 100_000
"""More rows at a time cost memory, fewer cost time: each call of Great Expectations has a price."""

WRITTEN = ("all", "present")

UNIQUE = {"expect_compound_columns_to_be_unique", "expect_column_values_to_be_unique"}
BY_ROW = {
    "expect_column_pair_values_a_to_be_greater_than_b",
    "expect_column_pair_values_to_be_equal",
    "expect_column_pair_values_to_be_in_set",
    "expect_column_value_lengths_to_be_between",
    "expect_column_value_lengths_to_equal",
    "expect_column_values_to_be_between",
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_be_null",
    "expect_column_values_to_match_regex",
    "expect_column_values_to_match_regex_list",
    "expect_column_values_to_not_be_in_set",
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_not_match_regex",
    "expect_column_values_to_not_match_regex_list",
    "expect_multicolumn_sum_to_equal",
    "expect_select_column_values_to_be_unique_within_record",
}
"""They judge each row by itself, so batches say the same as the whole."""


def validate(
    source: Judgeable,
    suite: "Suite | None" = None,
    *,
    job: "str | os.PathLike[str] | Job | None" = None,
    write: str | None = None,
    mask: bool | None = None,
    progress: Progress | None = None,
    batch_rows: int = BATCH_ROWS,
) -> Validation:
    """Judge a ready.csv, or the same as a frame of text, by the suite.

    Args:
        source: a path, or a DataFrame of text, where the durations may be whole numbers.
        suite: a stored suite, or one of Great Expectations; none: the kit's own.
        job: a job file or a Job, whose `anonymous_callers` and `phone_format` the kit's own suite
            follows, and whose `expect_rows` and `mask` apply.
        write: which columns are expected, as in the job file: "all", or "present": those that
            hold data, and the required ones. None: as the file looks. It looks like "present" if
            its columns are in order and none that is required is missing.
        mask: whether phone numbers are masked in what is shown; none: as the job says.
        progress: called with the number of rows done so far.
        batch_rows: so many rows are judged at a time.

    Raises:
        InputError: the file can't be read, or has no known header, or has no rows although the job
            says `expect_rows`.
        UsageError: `source` is neither a path nor a frame of text; the job is wrong; the suite
            can't be read; Great Expectations is not installed.
    """
    if write is not None and write not in WRITTEN:
        raise UsageError(
            "unknown_write", "write is wrong", repr(write), " or ".join(WRITTEN), "Correct it."
        )
    opened = open_source(source)
    settings, _ = lay_under(Job.from_keywords(job))
    expected = expectations_of(suite)
    if suite is None and job is not None:
        expected = adapting.expectations(settings)
    run = _Run(opened, expected, batch_rows, progress)
    validation = run.go(write, mask=settings.mask if mask is None else mask)
    if settings.expect_rows and not validation.row_count:
        raise no_rows(validation.name)
    return validation


@dataclass(slots=True)
class _Found:
    """What is known so far of one expectation."""

    rows: list[Ints] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    failed: bool = False
    error: str = ""
    observed: Any = None
    details: Any = None

    def add(self, result: Result) -> None:
        """Merge what was found on some of the rows."""
        self.failed = self.failed or not result.success
        self.error = self.error or result.error
        details = result.details
        self.observed = details.get("observed_value", self.observed)
        self.details = details.get("details", self.details)
        at = details.get("unexpected_index_list")
        if at:
            self.rows.append(np.asarray(at, np.int64))
            short = EXAMPLES - len(self.values)
            self.values += (details.get("unexpected_list") or [])[: max(short, 0)]


class _Run:
    def __init__(
        self,
        source: Source,
        expectations: Sequence[Expectation],
        batch_rows: int,
        progress: Progress | None,
    ) -> None:
        self._source = source
        self._expectations = expectations
        self._size = batch_rows
        self._progress = progress
        self._found = [_Found() for _ in expectations]
        self._rows = 0
        self._adapted = {
            number: fitted
            for number, expectation in enumerate(expectations)
            if (fitted := adapted(expectation, source.columns)) is not None
        }

    def go(self, write: str | None, *, mask: bool) -> Validation:
        kinds = self._by_kind()
        keys = {number: Keys(self._adapted[number]) for number in kinds["unique"]}
        only = None
        for start, frame in self._source.chunks(self._size):
            only = frame if start == 0 and len(frame) < self._size else None
            self._rows += len(frame)
            self._judge_rows(frame, kinds["by_row"])
            for key in keys.values():
                key.add(frame, start)
            if self._progress is not None:
                self._progress(self._rows)
        self._judge_unique(keys, only)
        self._judge_whole(kinds["whole"], only)
        written = write or self._looks()
        self._judge_shape(kinds["shape"], written)
        return Validation(
            [
                *(self._outcome(number, written, mask=mask) for number in range(len(self._found))),
                *self._form(),
            ],
            name=self._source.name,
            row_count=self._rows,
            place=self._source.place,
            columns=self._source.columns,
            written=written,
            masked=mask,
            fetch=self._fetch,
        )

    def _by_kind(self) -> dict[str, list[int]]:
        kinds: dict[str, list[int]] = {"by_row": [], "unique": [], "shape": [], "whole": []}
        for number, expectation in self._adapted.items():
            kind = expectation["type"]
            strict = expectation["kwargs"].get("mostly", 1) == 1
            if kind in OF_SHAPE:
                kinds["shape"].append(number)
            elif kind in UNIQUE and strict:
                kinds["unique"].append(number)
            elif kind in BY_ROW and strict:
                kinds["by_row"].append(number)
            else:
                kinds["whole"].append(number)
        return kinds

    def _run(self, frame: "pd.DataFrame", numbers: Sequence[int]) -> None:
        """Judge a frame: first whether each rule holds, then which rows fail those that don't."""
        if not numbers:
            return
        quick = engine.run(frame, [self._adapted[n] for n in numbers], engine.BOOLEAN)
        wrong = [n for n, one in zip(numbers, quick, strict=True) if not one.success]
        if wrong:
            full = engine.run(frame, [self._adapted[n] for n in wrong], engine.COMPLETE)
            for number, result in zip(wrong, full, strict=True):
                self._found[number].add(result)

    def _judge_rows(self, frame: "pd.DataFrame", numbers: Sequence[int]) -> None:
        numeric, odd = with_numbers(frame)
        as_text = [n for n in numbers if is_on_text(self._adapted[n], odd.columns)]
        self._run(odd, as_text)
        self._run(numeric, [n for n in numbers if n not in set(as_text)])

    def _judge_unique(self, keys: "Mapping[int, Keys]", only: "pd.DataFrame | None") -> None:
        repeated = {number: key.repeated() for number, key in keys.items()}
        if only is not None:
            self._run(only, list(keys))
            return
        for number, rows in repeated.items():
            if len(rows):
                self._run(self._take(rows, needed(self._adapted[number])), [number])

    def _judge_whole(self, numbers: Sequence[int], only: "pd.DataFrame | None") -> None:
        """Rules on all rows at once, such as a mean: each on its own columns."""
        import pandas as pd

        if only is not None:
            self._run(with_numbers(only)[0], numbers)
            return
        for number in numbers:
            names = sorted(needed(self._adapted[number])) or self._source.columns
            parts = [frame for _, frame in self._source.chunks(self._size, names)]
            frame = pd.concat(parts) if parts else pd.DataFrame(columns=list(names), dtype="str")
            self._run(with_numbers(frame)[0], [number])

    def _judge_shape(self, numbers: Sequence[int], written: str) -> None:
        """Rules on the header and the number of rows: the frame that they see has no content."""
        import pandas as pd

        nothing = np.broadcast_to(np.int8(0), (self._rows, len(self._source.columns)))
        frame = pd.DataFrame(nothing, columns=list(self._source.columns), copy=False)
        if written == "present":
            numbers = [n for n in numbers if not self._is_left_out(n)]
            for n in numbers:
                self._adapted[n] = of_columns(self._adapted[n], self._source.columns)
        self._run(frame, numbers)

    def _is_left_out(self, number: int) -> bool:
        """Whether an expectation is about an optional column that a file may do without."""
        (column, *_) = (*columns_of(self._expectations[number]), "")
        known = spec.BY_NAME.get(column)
        return known is not None and not known.required and column not in self._source.columns

    def _looks(self) -> str:
        columns = self._source.columns
        present = is_published_order(columns) and len(columns) < len(spec.NAMES)
        return "present" if present else "all"

    # -- results ------------------------------------------------------------------------

    def _outcome(self, number: int, written: str, *, mask: bool) -> Outcome:
        expectation, found = self._expectations[number], self._found[number]
        if number not in self._adapted:
            missing = sorted(needed(expectation) - set(self._source.columns))
            return Outcome(expectation, State.NOT_JUDGED, f"no column {', '.join(missing)}")
        if written == "present" and self._is_left_out(number):
            return Outcome(expectation, State.NOT_JUDGED, "not written: it holds no data")
        if found.error:
            return Outcome(expectation, State.ERRORED, " ".join(found.error.split()))
        if not found.failed:
            return Outcome(expectation, State.PASSED, judged=self._rows)
        rows = np.unique(np.concatenate([np.zeros(0, np.int64), *found.rows]))
        first = np.concatenate([np.zeros(0, np.int64), *found.rows])[: len(found.values)]
        names = columns_of(expectation)
        return Outcome(
            expectation,
            State.FAILED,
            _detail(expectation, found, self._source.columns),
            rows,
            tuple(self._source.labels(first)),
            tuple(shown_value(names, value, mask=mask) for value in found.values),
            self._rows,
            found.observed,
        )

    def _form(self) -> list[Outcome]:
        """What is wrong with the file as such, as one more expectation; none where it is right."""
        faults = self._source.faults()
        if not faults:
            return []
        expectation = {
            "type": "callconv_file_form",
            "kwargs": {},
            "severity": "critical",
            "notes": ["The file must be CSV in UTF-8: a header, and rows of as many cells."],
        }
        return [Outcome(expectation, State.FAILED, "; ".join(faults))]

    def _fetch(self, rows: Ints) -> "pd.DataFrame":
        import pandas as pd

        frame = self._take(rows, self._source.columns)
        labels = self._source.labels(rows)
        # Labels of several levels stay whole: their names are the frame's own.
        index = pd.Index(labels, name=self._source.place, tupleize_cols=False)
        return frame.set_axis(index, axis=0)

    def _take(self, rows: Ints, columns: "Sequence[str] | set[str]") -> "pd.DataFrame":
        """Some columns of rows, by their ascending numbers."""
        import pandas as pd

        wanted = [name for name in self._source.columns if name in set(columns)]
        parts = []
        for start, frame in self._source.chunks(self._size, wanted):
            here = rows[np.searchsorted(rows, start) : np.searchsorted(rows, start + len(frame))]
            if len(here):
                parts.append(frame.loc[here])
        return pd.concat(parts) if parts else pd.DataFrame(columns=wanted, dtype="str")


def _detail(expectation: Expectation, found: _Found, columns: Sequence[str]) -> str:
    """The observed value, where it is not a cell."""
    if expectation["type"] == "expect_table_columns_to_match_ordered_list":
        wanted = expectation["kwargs"]["column_list"]
        missing = [name for name in wanted if name not in columns]
        extra = [name for name in columns if name not in wanted]
        parts = [
            *([f"missing: {', '.join(missing)}"] if missing else []),
            *([f"too many: {', '.join(extra)}"] if extra else []),
        ]
        return "; ".join(parts) or "all are there, in another order"
    if expectation["type"] == "expect_column_to_exist":
        return "it is missing"
    return "" if found.observed is None else f"found: {found.observed}"
