"""Review: the rows of a run page by page; rejected ones in a grid in which they are corrected."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as ipw

from callconv_kit.run.prepared import Prepared
from callconv_kit.widgets import parts, python_snippets
from callconv_kit.widgets.editing import Corrections
from callconv_kit.widgets.grid import Grid
from callconv_kit.widgets.pages import ORIGIN
from callconv_kit.widgets.parts import Child, tag
from callconv_kit.widgets.review import LISTS, PAGE, Page
from callconv_kit.widgets.session import Session
from callconv_kit.writing.explorer import Calls, Explore
from callconv_kit.writing.markup import visible

ALL = ("all", "")
EXPLORE = "Explore"
"""The list that is charts of the ready rows."""

LONG = ("reasons", "value", "before", "after")
TEXTS = 300
"""Characters of a reason that are shown."""


class ReviewStep(ipw.VBox):
    """The fourth step.

    Args:
        changed: called when the fixes or the job have changed.
        again: called when the person wants to prepare again.
    """

    def __init__(
        self, session: Session, changed: Callable[[], None], again: Callable[[], None]
    ) -> None:
        self._changed = changed
        self._session = session
        self._number = 0
        self._quiet = False
        self.notice = parts.Notice()
        self._lists = parts.named(
            ipw.ToggleButtons(options=[(name, name) for name in (*LISTS, EXPLORE)], value=LISTS[0]),
            "lists",
        )
        self._code = parts.field(ipw.Dropdown, "Why", "code", options=[ALL])
        self._column = parts.field(ipw.Dropdown, "Column", "column", options=[ALL])
        self._before = parts.button("Previous page", "previous")
        self._next = parts.button("Next page", "next")
        self._where = parts.named(ipw.HTML(), "where")
        self._phones = parts.field(
            ipw.Checkbox, "Show phone numbers", "show-phones", value=False, indent=False
        )
        self._search = parts.field(ipw.Text, "Search", "search", width="18em")
        self._table = parts.named(ipw.HTML(), "page")
        self._grid = Grid(session, self._edited, self._grid_moved)
        self._corrections = Corrections(session, self._grid, self.notice, self._edited, again)
        self._explorer = Explore()
        self._explored: Prepared | None = None
        self._twin = parts.Twin()
        self._paging = (
            parts.row(self._code, self._column, self._search, self._phones),
            parts.row(self._before, self._next, self._where),
        )
        self._lists.observe(lambda _: self._switch(), names="value")
        for filter_ in (self._code, self._column, self._search):
            filter_.observe(lambda _: self._filtered(), names="value")
        self._before.on_click(lambda _: self._turn(self._number - 1))
        self._next.on_click(lambda _: self._turn(self._number + 1))
        self._phones.observe(self._unmasked, names="value")
        super().__init__(
            [
                self._lists,
                *self._paging,
                self._table,
                self._grid,
                self._explorer,
                self.notice,
                self._corrections,
                self._twin,
            ]
        )

    def show(self) -> None:
        """Show the last run."""
        self._twin.show(python_snippets.reviewed())
        if self._session.review is None:
            self._table.value = self._where.value = ""
            for widget in (self._grid, self._corrections, self._explorer):
                widget.layout.display = "none"
            self.notice.say("Nothing was prepared yet: run the step Prepare.")
            return
        self.notice.clear()
        self._switch()

    def _unmasked(self, change: dict[str, Any]) -> None:
        self._session.show_phones = change["new"]
        self._turn(self._number)

    def _switch(self) -> None:
        """Show another list, from its beginning and without a filter."""
        review, name = self._session.review, self._lists.value
        if review is None:
            return
        explores = name == EXPLORE
        self._explorer.layout.display = "" if explores else "none"
        for row in self._paging:
            row.layout.display = "none" if explores else ""
        if explores:
            for widget in (self._grid, self._corrections, self._table):
                widget.layout.display = "none"
            self.notice.guarded(self._explore)()
            return
        self._quiet = True
        try:
            self._code.options = [ALL, *((code, code) for code in review.codes(name))]
            self._column.options = [ALL, *((one, one) for one in review.columns(name))]
            self._code.value = self._column.value = self._search.value = ""
        finally:
            self._quiet = False
        shown = "none" if name == "Ready" else ""
        self._code.layout.display = self._column.layout.display = shown
        rejected, other = ("", "none") if name == "Rejected" else ("none", "")
        for widget in (self._search, self._grid, self._corrections):
            widget.layout.display = rejected
        self._table.layout.display = other
        self._turn(0)

    def _explore(self) -> None:
        """Show the ready rows in charts; they are read once for each run."""
        path = self._session.ready_file
        if self._explored is not self._session.prepared:
            self._explorer.show(Calls.of_file(path))
            self._explored = self._session.prepared

    def _filtered(self) -> None:
        if not self._quiet:
            self._turn(0)

    def _turn(self, number: int) -> None:
        """Show a page."""
        self.notice.guarded(lambda: self._show_page(number))()

    def _show_page(self, number: int) -> None:
        review, name = self._session.review, self._lists.value
        if review is None:
            return
        code, column = self._code.value or "", self._column.value or ""
        if name == "Rejected":
            self._grid.show(number * PAGE, code, column, self._search.value)
            return
        page = review.page(name, number, code, column)
        count = self._place(page.first, len(page.rows), page.total)
        self._table.value = parts.table(
            f"{name}: {count}", page.header, self._cells(page), long=LONG
        )

    def _place(self, first: int, rows: int, total: int) -> str:
        """Show which rows of how many are on the page."""
        self._number = first // PAGE
        self._before.disabled = not first
        self._next.disabled = first + rows >= total
        count = f"{first + 1:,} to {first + rows:,} of {total:,}" if total else "none"
        self._where.value = tag("span", count, role="status")
        return count

    def _grid_moved(self) -> None:
        """Another page of the grid is shown, or another cell is active."""
        grid = self._grid
        self._place(grid.first, min(PAGE, grid.total - grid.first), grid.total)
        self._corrections.show()

    def _edited(self) -> None:
        self._corrections.show()
        self._changed()

    def _cells(self, page: Page) -> list[Sequence[Child]]:
        """The rows as text: the run's own words, and cells masked by their column."""
        name = self._lists.value
        origin = {
            "Rejected": ORIGIN,
            "Left out": ORIGIN,
            "Warnings": ORIGIN + 1,
            "Changes": 4,
            "Ready": 0,
        }[name]
        shown: list[Sequence[Child]] = []
        for row in page.rows:
            cells: list[Child] = [visible(parts.in_map(cell), TEXTS) for cell in row[:origin]]
            for at, cell in enumerate(row[origin:], origin):
                # Of warnings and changes the row says which column a cell is of.
                of = {"Warnings": row[4:5], "Changes": row[2:3]}.get(name) or [page.header[at]]
                cells.append(parts.cell(self._session.shown(of[0], cell)))
            shown.append(cells)
        return shown
