"""Corrections of rejected rows: validated before they are kept, and undone or done again.

A correction is validated by the run itself, over the corrected rows alone. What depends on other
rows (duplicates, the ledger) is decided when the whole export is prepared again.
"""

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from callconv_kit.model import spec
from callconv_kit.model.codes import CODES
from callconv_kit.model.errors import UsageError
from callconv_kit.run import suggestions
from callconv_kit.run.fixes import correctable
from callconv_kit.run.prepared import prepare
from callconv_kit.widgets.corrected import Key
from callconv_kit.widgets.pages import Rows, reasons_by_column
from callconv_kit.writing import output
from callconv_kit.writing.lines import line_of
from callconv_kit.writing.wording import many

if TYPE_CHECKING:
    from callconv_kit.widgets.session import Session

Row = Sequence[str]
"""A row of rejected.csv."""

KEPT_CHANGES = 200
"""Changes that can be undone."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A correction that can't be right: the row, the export's column, the text, and why."""

    row: Row
    name: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a person did to the fixes or to the job, and how to undo and redo it."""

    label: str
    undo: Callable[[], None]
    redo: Callable[[], None]


class History:
    """What was changed, the latest last."""

    def __init__(self) -> None:
        self._done: list[Change] = []
        self._undone: list[Change] = []

    @property
    def next_undo(self) -> str:
        """What `undo` takes back; empty for nothing."""
        return self._done[-1].label if self._done else ""

    @property
    def next_redo(self) -> str:
        """What `redo` does again; empty for nothing."""
        return self._undone[-1].label if self._undone else ""

    def note(self, change: Change) -> None:
        """Remember a change that was just made."""
        self._done = [*self._done, change][-KEPT_CHANGES:]
        self._undone = []

    def undo(self) -> str:
        """Take the latest change back; returns its label, empty where there is none."""
        return self._move(self._done, self._undone, lambda change: change.undo())

    def redo(self) -> str:
        """Make the change again that was undone last; returns its label."""
        return self._move(self._undone, self._done, lambda change: change.redo())

    @staticmethod
    def _move(source: list[Change], target: list[Change], act: Callable[[Change], None]) -> str:
        if not source:
            return ""
        act(source[-1])
        target.append(source.pop())
        return target[-1].label


class Fixing:
    """The corrections of a session."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.history = History()

    def fix(self, edits: Sequence[tuple[Row, Mapping[str, str]]]) -> list[Refused]:
        """Keep corrections in the fixes file; those that can't be right are refused.

        Args:
            edits: rejected rows, and the new text by the export's column.

        Returns:
            What was refused; everything else is kept, as one change.

        Raises:
            UsageError: there is no such column.
            CallConvError: the corrected rows can't be validated.
        """
        review = self._session.reviewed
        header = review.rejected.header
        corrected = [(row, dict(cells), self._with(row, cells)) for row, cells in edits]
        verdicts = self.verdicts(header, [new for _, _, new in corrected])
        refused, kept = [], []
        for row, cells, _ in corrected:
            wrong = verdicts.get((row[0], row[1]), {})
            for name, text in list(cells.items()):
                why = self._why_refused(row, name, wrong)
                if why:
                    refused.append(Refused(row, name, text, why))
                    del cells[name]
            if cells:
                kept.append(
                    (row, {self._session.place(name): text for name, text in cells.items()})
                )
        if kept:
            self._keep(header, kept)
        return refused

    def _keep(self, header: Row, edits: list[tuple[Row, dict[int, str]]]) -> None:
        file = self._session.corrected
        before = file.fix_all(header, edits)
        after = {key: file.read().rows[key] for key in before}
        cells = sum(len(each) for _, each in edits)
        first = edits[0][0]
        label = f"line {first[1]}" if len(edits) == 1 else many(len(edits))
        self.history.note(
            Change(
                f"{many(cells, 'cell')}, {label}",
                lambda: file.restore(header, before),
                lambda: file.restore(header, after),
            )
        )

    def forget(self, key: Key) -> None:
        """Take a row out of the fixes file."""
        file, header = self._session.corrected, self._session.reviewed.rejected.header
        before = {key: file.read().rows.get(key)}
        gone: dict[Key, list[str] | None] = {key: None}
        file.restore(header, gone)
        self.history.note(
            Change(
                f"fix of line {key[1]} removed",
                lambda: file.restore(header, before),
                lambda: file.restore(header, gone),
            )
        )

    def replace_everywhere(self, column: str, value: str, by: str) -> None:
        """Set in the job what a value of the export means: `[values.<column>]`.

        Raises:
            UsageError: the column does not take the new value.
        """
        value, by = value.strip(), by.strip()
        before = self._session.settings.get("values", {}).get(column, {}).get(value)
        self._set_value(column, value, by)
        self.history.note(
            Change(
                f'"{value}" is "{by}" in {column}',
                lambda: self._set_value(column, value, before),
                lambda: self._set_value(column, value, by),
            )
        )

    def _set_value(self, column: str, value: str, by: str | None) -> None:
        session = self._session
        with session.changing:
            values = dict(session.settings.get("values", {}))
            words = {word: means for word, means in values.get(column, {}).items() if word != value}
            values[column] = words if by is None else {**words, value: by}
            values = {name: words for name, words in values.items() if words}
            settings = {key: held for key, held in session.settings.items() if key != "values"}
            session.change({**settings, **({"values": values} if values else {})})
            session.save()

    # -- validation --------------------------------------------------------------------------------

    def verdicts(self, header: Row, rows: Sequence[Row]) -> dict[Key, dict[str, str]]:
        """By row: what is still wrong, by the column of the format."""
        session = self._session
        with tempfile.TemporaryDirectory(prefix="callconv-fixes-") as folder:
            file = Path(folder, "rejected.csv")
            with file.open("w", encoding="utf-8", newline="") as written:
                written.write(line_of(header))
                written.writelines(map(line_of, rows))
            prepare(
                file, session.job, out=Path(folder, "out"), now=session.now,
                keep_findings=False, max_rejected_share=1.0,
            )  # fmt: skip
            left = Rows(Path(folder, "out", output.REJECTED))
            return {(row[0], row[1]): reasons_by_column(row[3]) for row in left.page(0, left.count)}

    def correctable(self, row: Row) -> set[str]:
        """The columns of the format in which a fix may change a rejected row."""
        first = self._session.corrected.read().rows.get((row[0], row[1]), row)
        codes = {*row[2].split("; "), *first[2].split("; ")}
        free = correctable(codes, [*row[3].split("; "), *first[3].split("; ")])
        return free | {column.name for column in spec.COLUMNS if not column.rejects_row}

    def _why_refused(self, row: Row, name: str, wrong: Mapping[str, str]) -> str:
        """Why a cell can't be changed so, with the choices where there are only some."""
        fed = self._session.fed_by(name)
        kept = set(fed) - self.correctable(row)
        if kept:
            return (
                f"nothing is wrong with {' and '.join(sorted(kept))} in this row, and a correction "
                "must not change what affects payment. Change it in the export instead"
            )
        for column in fed:
            if column in wrong:
                choices = choices_of(column)
                return wrong[column] + (f". Choose one of {', '.join(choices)}" if choices else "")
        return ""

    def proposal(self, row: Row, column: str, cell: str) -> str:
        """The value that a wrong cell of a rejected row was probably meant to be; else empty."""
        if column == "CallStatus" and self._session.inspection is not None:
            for word in self._session.inspection.proposals.statuses.words:
                if word.word == cell.strip() and word.status:
                    return word.status
        reason = reasons_by_column(row[3]).get(column, "")
        for code in row[2].split("; "):
            if code in CODES and CODES[code].problem in reason:
                found = suggestions.nearest(code, cell.strip())
                if found:
                    return found
        return ""

    # -- rows --------------------------------------------------------------------------------------

    def row_now(self, row: Row) -> list[str]:
        """A rejected row as the fixes file has it by now."""
        return list(self._session.corrected.read().rows.get((row[0], row[1]), row))

    def _with(self, row: Row, cells: Mapping[str, str]) -> list[str]:
        """The row as the fixes file has it by now, with these cells."""
        new = self.row_now(row)
        for name, text in cells.items():
            place = self._session.place(name)
            new += [""] * (place + 1 - len(new))
            new[place] = text
        return new


def choices_of(column: str) -> tuple[str, ...]:
    """The only values that a column of the format takes; none where it takes others too."""
    return tuple(spec.BY_NAME[column].allowed)


def refusal(refused: Iterable[Refused]) -> UsageError:
    """The error for corrections that were refused."""
    first, *more = refused
    others = f" {many(len(more), 'cell')} more can't be right either." if more else ""
    return UsageError(
        "fix_refused",
        f"Line {first.row[1]}: this correction of {first.name} can't be right",
        first.why,
        "",
        f"The cell is as it was.{others}",
    )
