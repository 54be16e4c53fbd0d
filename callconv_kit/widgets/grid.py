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
import traitlets

from callconv_kit.model.errors import CallConvError
from callconv_kit.widgets import rejected_page
from callconv_kit.widgets.rejected_page import READ_ONLY, Ordered
from callconv_kit.widgets.review import PAGE
from callconv_kit.widgets.session import Session
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import many

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
        self.on_msg(self._told)
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

    def _turn(self, first: int, told: str = "", *, refused: bool = False) -> None:
        last = max((len(self._rows) - 1) // PAGE, 0) * PAGE
        self._first = min(max(first, 0), last)
        rows = self._rows.page(self._first, PAGE)
        history = self._session.fixing.history
        self.page = {
            "header": rejected_page.header(self._session),
            "rows": rejected_page.cells(self._session, rows),
            "view": self._view,
            "first": self._first,
            "size": PAGE,
            "total": len(self._rows),
            "label": f"Rejected rows {self._first + 1:,} to {self._first + len(rows):,} "
            f"of {len(self._rows):,}",
            "sort": self._sort,
            "undo": visible(history.next_undo, 60),
            "redo": visible(history.next_redo, 60),
            "told": told,
            "refused": refused,
        }
        self._moved()

    def refresh(self) -> None:
        """Show the page anew: fixes or masks have changed."""
        self._turn(self._first)

    def _told(self, _: object, content: Mapping[str, Any], __: object) -> None:
        """Do what the person did in the page."""
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
        told = f"{done}: {visible(label)}." if label else f"There is nothing to {kind}."
        self._turn(self._first, told)
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
                if text != rejected_page.text_in(self._session, now, name)
            }  # fmt: skip
            if changed:
                wanted.append((row, changed))
        refused = self._session.fixing.fix(wanted) if wanted else []
        kept = sum(len(cells) for _, cells in wanted) - len(refused)
        told = f"{many(kept, 'cell')} corrected. Prepare again to apply." if kept else ""
        if refused:
            first = refused[0]
            told += (
                f" {many(len(refused), 'cell')} refused, and as before. Line {first.row[1]}, "
                f"{visible(first.name)} {visible(first.text, 60)!r}: {visible(first.why, 400)}."
            )
        self._turn(self._first, told.strip(), refused=bool(refused))
        if kept:
            self._changed()
