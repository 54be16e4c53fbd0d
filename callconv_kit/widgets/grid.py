"""The grid of rejected rows: cells are edited in place and validated when they are committed.

The component is a small module of our own on anywidget: it needs no network, runs wherever Jupyter
widgets run (JupyterLab, Notebook 7, Voila, VS Code), and its table is a real one, which a screen
reader can read. ipydatagrid paints cells on a canvas, which a screen reader can't read, and itables
shows rows but does not edit them.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets

from callconv_kit.model.errors import CallConvError
from callconv_kit.model.texts import Ints
from callconv_kit.widgets.fixing import choices_of
from callconv_kit.widgets.pages import ORIGIN, Rows, reasons_by_column
from callconv_kit.widgets.parts import in_map
from callconv_kit.widgets.review import PAGE
from callconv_kit.widgets.session import Session
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import many

READ_ONLY = 2
"""Columns of the grid before the export's own: the line, and why the row was rejected."""

LONGEST = 300
"""Characters of a cell that are shown."""


class Ordered:
    """Rows of a rejected.csv that a filter and a search let through, in the order of a column."""

    def __init__(
        self, of: Rows | None = None, code: str = "", column: str = "", search: str = ""
    ) -> None:
        self.of = of
        self.filters = (code, column, search)
        found: Sequence[int] = [] if of is None else of.matching(code, column)
        if of is not None and search.strip():
            found = np.intersect1d(np.asarray(found, np.int64), of.holding(search)).tolist()
        self._numbers: Ints = np.asarray(found, np.int64)

    def __len__(self) -> int:
        return len(self._numbers)

    def sort(self, place: int, *, down: bool) -> None:
        """Order the rows by a column of the grid; equal ones stay in the order of the file."""
        if self.of is None:
            return
        numbers = np.sort(self._numbers)
        ranks = self.of.ranks(_in_file(place))[numbers]
        order = np.argsort(-ranks if down else ranks, kind="stable")
        self._numbers = numbers[order]

    def page(self, first: int, count: int) -> list[list[str]]:
        """Rows from number `first` on, which is 0 for the first."""
        if self.of is None:
            return []
        wanted = self._numbers[first : first + count]
        order = np.argsort(wanted, kind="stable")
        rows = self.of.at(wanted[order].tolist())
        back = np.argsort(order, kind="stable")
        return [rows[at] for at in back.tolist()]


def _in_file(place: int) -> int:
    """Where a column of the grid is in rejected.csv."""
    return (1, 3)[place] if place < READ_ONLY else ORIGIN + place - READ_ONLY


def header(session: Session) -> list[dict[str, Any]]:
    """The columns of the grid."""
    own = []
    for name in session.reviewed.own_header:
        choices = [choice for column in session.fed_by(name) for choice in choices_of(column)]
        own.append({"name": visible(name, 80), "choices": choices})
    return [
        {"name": "line", "readonly": True, "header": True},
        {"name": "reason", "readonly": True, "long": True},
        *own,
    ]


def cells(session: Session, rows: Sequence[Sequence[str]]) -> list[list[dict[str, Any]]]:
    """The cells of a page: text, reason, suggested value, and whether they are fixed or locked.

    `raw` is the text that is edited where another one is shown; a masked phone number has none.
    """
    fixes = session.corrected.read().rows
    return [_row(session, row, fixes.get((row[0], row[1]), row)) for row in rows]


def _row(session: Session, row: Sequence[str], now: Sequence[str]) -> list[dict[str, Any]]:
    wrong = reasons_by_column(row[3])
    free = session.fixing.correctable(row)
    made: list[dict[str, Any]] = [{"text": row[1]}, {"text": visible(in_map(row[3]), LONGEST)}]
    for at, name in enumerate(session.reviewed.own_header, ORIGIN):
        fed = session.fed_by(name)
        text, before = _at(now, at), _at(row, at)
        shown = session.shown(name, text)
        cell: dict[str, Any] = {"text": shown}
        if text != shown and not _is_masked(session, shown, text):
            cell["raw"] = text
        if text != before:
            cell["fixed"] = True
        elif reasons := [wrong[column] for column in fed if column in wrong]:
            cell["why"] = visible(in_map("; ".join(reasons)), LONGEST)
            proposals = (session.fixing.proposal(row, column, text) for column in fed)
            if proposal := next(filter(None, proposals), ""):
                cell["proposal"] = proposal
        if set(fed) - free:
            cell["locked"] = True
        made.append(cell)
    return made


def text_in(session: Session, row: Sequence[str], name: str) -> str:
    """The text of a cell as the grid offers it for editing."""
    text = _at(row, ORIGIN + session.reviewed.own_header.index(name))
    shown = session.shown(name, text)
    return shown if _is_masked(session, shown, text) else text


def _is_masked(session: Session, shown: str, text: str) -> bool:
    return not session.show_phones and shown != text and "*" in shown


def _at(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


KEYS = (
    "Arrow keys move. Enter, F2 or typing edits a cell; Enter or Tab keeps the text, Escape "
    "discards it. Shift and arrows select a range; Ctrl+C and Ctrl+V copy and paste it, also from "
    "and to a spreadsheet. Alt+Enter takes the suggested value. Ctrl+Z undoes, Ctrl+Y redoes. "
    "Page Up and Page Down turn pages. Alt+Up and Alt+Down sort by the column. Escape, then Tab, "
    "leaves the table."
)

_HERE = Path(__file__).parent


class Grid(anywidget.AnyWidget):
    """Rejected rows, a page at a time.

    Args:
        session: of the workbench.
        changed: called when fixes have changed.
        moved: called when another page or another cell is shown.
    """

    _esm = _HERE / "grid.js"
    _css = _HERE / "grid.css"
    page = traitlets.Dict().tag(sync=True)
    active = traitlets.List([0, 0]).tag(sync=True)
    help = traitlets.Unicode(KEYS).tag(sync=True)

    def __init__(
        self, session: Session, changed: Callable[[], None], moved: Callable[[], None]
    ) -> None:
        super().__init__()
        self._session, self._changed, self._moved = session, changed, moved
        self._rows = Ordered()
        self._first = 0
        self._view = 0
        self._sort: dict[str, Any] = {}
        self.add_class("callconv-rejected-grid")
        self.on_msg(self._receive)
        self.observe(lambda _: moved(), names="active")

    def show(self, first: int = 0, code: str = "", column: str = "", search: str = "") -> None:
        """Show a page of the rows that a filter lets through."""
        review = self._session.reviewed
        wanted = (code, column, search)
        if self._rows.of is not review.rejected or self._rows.filters != wanted:
            self._sort = self._sort if self._rows.of is review.rejected else {}
            self._rows = Ordered(review.rejected, *wanted)
            self._order()
            self._view += 1
        self._turn(first)

    @property
    def first(self) -> int:
        """The number of the first row of the page."""
        return self._first

    @property
    def total(self) -> int:
        """Rows that the filter lets through."""
        return len(self._rows)

    def cell(self) -> tuple[Sequence[str], str] | None:
        """The row that is active, as it is now, and the export's column of the active cell."""
        at, place = self.active
        rows = self._rows.page(self._first + at, 1) if self._session.review else []
        header = self._session.review.own_header if self._session.review else []
        if not rows or not READ_ONLY <= place < READ_ONLY + len(header):
            return None
        return rows[0], header[place - READ_ONLY]

    def _order(self) -> None:
        if self._sort:
            self._rows.sort(self._sort["column"], down=self._sort["down"])

    def _turn(self, first: int, message: str = "", *, refused: bool = False) -> None:
        last = max((len(self._rows) - 1) // PAGE, 0) * PAGE
        self._first = min(max(first, 0), last)
        rows = self._rows.page(self._first, PAGE)
        history = self._session.fixing.history
        self.page = {
            "header": header(self._session),
            "rows": cells(self._session, rows),
            "view": self._view,
            "first": self._first,
            "size": PAGE,
            "total": len(self._rows),
            "label": f"Rejected rows {self._first + 1:,} to {self._first + len(rows):,} "
            f"of {len(self._rows):,}",
            "sort": self._sort,
            "undo": visible(history.next_undo, 60),
            "redo": visible(history.next_redo, 60),
            "told": message,
            "refused": refused,
        }
        self._moved()

    def refresh(self) -> None:
        """Show the page again: fixes or masks have changed."""
        self._turn(self._first)

    def _receive(self, _: object, content: Mapping[str, Any], __: object) -> None:
        """Do what the person did in the page."""
        with self._session.changing:
            self._do(content)

    def _do(self, content: Mapping[str, Any]) -> None:
        try:
            match content["kind"]:
                case "page":
                    self._turn(int(content["first"]))
                case "sort":
                    self._sort = {"column": int(content["column"]), "down": bool(content["down"])}
                    self._order()
                    self._turn(0)
                case "undo" | "redo" as kind:
                    self._step_back(kind)
                case "edit":
                    self._edit(content["edits"])
        except CallConvError as error:
            self._turn(self._first, visible(str(error), 600), refused=True)

    def _step_back(self, kind: str) -> None:
        """Undo the latest change, or redo it."""
        history = self._session.fixing.history
        label = history.undo() if kind == "undo" else history.redo()
        done = "Undone" if kind == "undo" else "Redone"
        message = f"{done}: {visible(label)}." if label else f"There is nothing to {kind}."
        self._turn(self._first, message)
        self._changed()

    def _edit(self, edits: Sequence[tuple[int, int, str]]) -> None:
        """Keep corrections; what can't be right is refused and said."""
        names = self._session.reviewed.own_header
        by_row: dict[int, dict[str, str]] = {}
        for number, place, text in edits:
            if 0 <= number < len(self._rows) and READ_ONLY <= place < READ_ONLY + len(names):
                by_row.setdefault(number, {})[names[place - READ_ONLY]] = str(text)
        wanted = []
        for number, cells in sorted(by_row.items()):
            (row,) = self._rows.page(number, 1)
            now = self._session.fixing.row_now(row)
            changed = {
                name: text for name, text in cells.items()
                if text != text_in(self._session, now, name)
            }  # fmt: skip
            if changed:
                wanted.append((row, changed))
        refused = self._session.fixing.fix(wanted) if wanted else []
        kept = sum(len(cells) for _, cells in wanted) - len(refused)
        message = f"{many(kept, 'cell')} corrected. Prepare again to apply." if kept else ""
        if refused:
            first = refused[0]
            message += (
                f" {many(len(refused), 'cell')} refused, and as before. Line {first.row[1]}, "
                f"{visible(first.name)} {visible(first.text, 60)!r}: {visible(first.why, 400)}."
            )
        self._turn(self._first, message.strip(), refused=bool(refused))
        if kept:
            self._changed()
