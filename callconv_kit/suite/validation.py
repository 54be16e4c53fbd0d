"""The result of a validation, as text, as data and as a page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from callconv_kit.model import spec
from callconv_kit.model.codes import mask_phone
from callconv_kit.model.errors import UsageError
from callconv_kit.model.texts import Ints
from callconv_kit.suite.rules import Expectation
from callconv_kit.writing.reasons import shown

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = 20
"""Wrong values of an expectation that are kept; its rows are all kept."""

SHOWN = 3
"""Of these, how many a text shows."""


class State(StrEnum):
    """What became of an expectation."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    """It could not be judged: the expectation is wrong, not the data."""
    NOT_JUDGED = "not judged"
    """It is about a column that the file does not hold."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One expectation and its result.

    Attributes:
        expectation: as stored.
        state: `passed`, `failed`, `errored` (it could not be judged) or `not judged` (the file
            lacks its column).
        detail: what was found or what went wrong, as a sentence.
        rows: numbers of the rows that fail it, ascending.
        labels: where the first of them are; as many as there are `values`.
        values: the values of these cells; phone numbers are masked if asked for.
        judged: how many rows it looked at.
        observed: what Great Expectations observed, such as the names of the columns.
    """

    expectation: Expectation
    state: State
    detail: str = ""
    rows: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    labels: tuple[Any, ...] = ()
    values: tuple[str, ...] = ()
    judged: int = 0
    observed: Any = None

    @property
    def kind(self) -> str:
        """The type of the expectation."""
        return str(self.expectation["type"])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about."""
        return columns_of(self.expectation)

    @property
    def severity(self) -> str:
        """`critical`, `warning` or `info`."""
        return str(self.expectation.get("severity") or "critical")

    @property
    def is_about_rows_at_all(self) -> bool:
        """Whether its only warning is that there are no rows."""
        return self.kind == "expect_table_row_count_to_be_between" and self.severity == "warning"

    @property
    def words(self) -> str:
        """What is expected, in words."""
        return words_of(self.expectation)

    def as_dict(self) -> dict[str, Any]:
        """The outcome as the JSON output shows it."""
        return {
            "expectation": self.kind,
            "columns": list(self.columns),
            "severity": self.severity,
            "state": str(self.state),
            "words": self.words,
            "detail": self.detail,
            "rows": len(self.rows),
            "examples": [
                {"row": _plain(label), "value": value}
                for label, value in zip(self.labels, self.values, strict=True)
            ],
        }


def columns_of(expectation: Expectation) -> tuple[str, ...]:
    """The columns that an expectation judges; none where it is about the table."""
    kwargs = expectation["kwargs"]
    if str(expectation["type"]).startswith("expect_table_"):
        return ()
    single = [kwargs[key] for key in ("column", "column_A", "column_B") if kwargs.get(key)]
    return tuple(single or kwargs.get("column_list") or ())


def words_of(expectation: Expectation) -> str:
    """What is expected, in words: those of its own description, else of its notes."""
    kind = str(expectation["type"])
    if expectation.get("description"):
        return str(expectation["description"])
    if kind == "expect_column_to_exist":
        return f"{', '.join(columns_of(expectation))} must be a column."
    notes = expectation.get("notes") or [kind]
    return str(notes if isinstance(notes, str) else notes[0])


class Validation:
    """The suite's verdict on a file or a frame.

    Attributes:
        outcomes: one for each expectation, in the order of the suite.
        name: of what was judged.
        row_count: its rows.
        place: what rows are named by: `source_line` or `index`.
        columns: its columns, in order.
        written: which columns were expected: `all`, or those that are `present`.
        masked: whether phone numbers are masked in `values`.
    """

    def __init__(
        self,
        outcomes: Sequence[Outcome],
        *,
        name: str,
        row_count: int,
        place: str,
        columns: Sequence[str],
        written: str,
        masked: bool,
        fetch: Callable[[Ints], "pd.DataFrame"],
    ) -> None:
        self.outcomes = tuple(outcomes)
        self.name = name
        self.row_count = row_count
        self.place = place
        self.columns = tuple(columns)
        self.written = written
        self.masked = masked
        self._fetch = fetch

    def _in(self, state: State) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.state is state)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Expectations that the data does not meet; critical ones first."""
        return tuple(sorted(self._in(State.FAILED), key=lambda one: one.severity != "critical"))

    @property
    def errored(self) -> tuple[Outcome, ...]:
        """Expectations that could not be judged, because they are themselves wrong."""
        return self._in(State.ERRORED)

    @property
    def passed(self) -> tuple[Outcome, ...]:
        """Expectations that hold."""
        return self._in(State.PASSED)

    @property
    def not_judged(self) -> tuple[Outcome, ...]:
        """Expectations about columns that are not there."""
        return self._in(State.NOT_JUDGED)

    @property
    def success(self) -> bool:
        """Whether everything holds that `callconv check` would call an error.

        A header without rows is right: that expectation, a warning, is among `failed` all the same.
        """
        return not self.errored and all(one.is_about_rows_at_all for one in self.failed)

    @property
    def exit_status(self) -> int:
        """0: `success`; 1: the data fails; 2: the suite itself is wrong, whatever else there is."""
        if self.errored:
            return 2
        return 0 if self.success else 1

    def rows(self, outcome: "Outcome | None" = None) -> "pd.DataFrame":
        """The rows that fail an `outcome`, or any of them, as they are in the input.

        The index says where: `source_line`, or the frame's own. Phone numbers are not masked.

        Raises:
            UsageError: the outcome is not one of this validation.
        """
        if outcome is not None and not any(outcome is one for one in self.outcomes):
            raise UsageError(
                "unknown_outcome",
                "The outcome is not one of this validation",
                "",
                "one of validation.failed",
                "Use validation.rows(validation.failed[0]), or rows() for all failing rows.",
            )
        chosen = self.failed if outcome is None else (outcome,)
        numbers = [one.rows for one in chosen]
        empty = np.zeros(0, np.int64)
        return self._fetch(np.unique(np.concatenate([empty, *numbers])))

    def as_dict(self) -> dict[str, Any]:
        """The result as data, for `--json`."""
        return {
            "file": self.name,
            "success": self.success,
            "rows": self.row_count,
            "columns": self.written,
            "expectations": len(self.outcomes),
            "passed": len(self.passed),
            "failed": [one.as_dict() for one in self.failed],
            "errored": [one.as_dict() for one in self.errored],
            "not_judged": len(self.not_judged),
        }

    def as_text(self) -> str:
        """The result for a terminal: what failed first."""
        lines = [self.headline]
        for one in (*self.errored, *self.failed):
            lines.append(f"{one.state} ({one.severity}): {one.words}")
            if one.detail:
                lines.append(f"    {one.detail}")
            if one.values:
                lines.append(f"    {self._examples(one)}")
        return "\n".join(lines)

    @property
    def headline(self) -> str:
        """What was judged, and how many expectations hold, in a line."""
        parts = [f"{len(self.passed)} expectations hold"]
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        if self.errored:
            parts.append(f"{len(self.errored)} could not be judged")
        if self.not_judged:
            parts.append(f"{len(self.not_judged)} are about columns that are not there")
        return f"{shown(None, self.name, mask=False)}, {self.row_count:,} rows: {', '.join(parts)}"

    def examples(self, one: Outcome) -> tuple[str, ...]:
        """Where `one` fails first, and the value there, such as "line 14: 3:21"."""
        place = self.place.replace("source_", "").replace("index", "row")
        return tuple(
            f"{place} {label}: {value}" if value else f"{place} {label}"
            for label, value in zip(one.labels, one.values, strict=True)
        )

    def _examples(self, one: Outcome) -> str:
        named = self.examples(one)[:SHOWN]
        more = len(one.rows) - len(named)
        return "; ".join([*named, *([f"and {more:,} more"] if more > 0 else [])])

    def __repr__(self) -> str:
        return f"<Validation: {self.headline}>"

    def _repr_html_(self) -> str:
        rows = "".join(self._html_row(one) for one in (*self.errored, *self.failed))
        table = (
            "<table><thead><tr><th>State</th><th>Severity</th><th>Expected</th><th>Rows</th>"
            f"<th>Found</th></tr></thead><tbody>{rows}</tbody></table>"
            if rows
            else ""
        )
        mark = "✓" if self.success else "✗"
        return f"<div><p><strong>{mark} {escape(self.headline)}</strong></p>{table}</div>"

    def _html_row(self, one: Outcome) -> str:
        found = " — ".join(part for part in (one.detail, self._examples(one)) if part)
        count = f"{len(one.rows):,}" if len(one.rows) else ""
        cells = (str(one.state), one.severity, one.words, count, found)
        inner = "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in cells)
        return f"<tr>{inner}</tr>"


def shown_value(columns: Sequence[str], value: Any, *, mask: bool) -> str:
    """A wrong value, or the values of several columns, as one printable line."""
    if isinstance(value, dict):
        value = [value[name] for name in columns if name in value]
    if isinstance(value, list | tuple):
        parts = zip(columns, value, strict=False)
        return ", ".join(
            f"{name} {shown_value((name,), part, mask=mask) or 'empty'}" for name, part in parts
        )
    if _is_missing(value):
        return ""
    text = str(value)
    personal = mask and any(name in spec.PERSONAL for name in columns)
    return shown(None, mask_phone(text) if personal else text, mask=False)


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return bool(pd.isna(value))


def _plain(label: Any) -> Any:
    """A label as JSON takes it."""
    if isinstance(label, np.integer):
        return int(label)
    return label if isinstance(label, int | str) else str(label)
