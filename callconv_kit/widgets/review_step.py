"""Review: the rows of a run page by page, and what only a person can mend."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as ipw

from callconv_kit.widgets import parts, python_snippets
from callconv_kit.widgets.editing import CellEditor
from callconv_kit.widgets.pages import ORIGIN
from callconv_kit.widgets.parts import Child, tag
from callconv_kit.widgets.review import LISTS, PAGE, Page
from callconv_kit.widgets.session import Session
from callconv_kit.writing.visible import visible

ALL = ("all", "")
LONG = ("reasons", "value", "before", "after")
TEXTS = 300
"""Characters of a reason that are shown."""


class ReviewStep(ipw.VBox):
    """The fourth step.

    Args:
        again: called when the person wants to prepare again.
    """

    def __init__(self, session: Session, again: Callable[[], None]) -> None:
        self._session = session
        self._number = 0
        self._quiet = False
        self.notice = parts.Notice()
        self._lists = parts.named(
            ipw.ToggleButtons(options=[(name, name) for name in LISTS], value=LISTS[0]), "lists"
        )
        self._code = parts.field(ipw.Dropdown, "Why", "code", options=[ALL])
        self._column = parts.field(ipw.Dropdown, "Column", "column", options=[ALL])
        self._before = parts.button("Previous page", "previous")
        self._next = parts.button("Next page", "next")
        self._where = parts.named(ipw.HTML(), "where")
        self._phones = parts.field(
            ipw.Checkbox, "Show phone numbers", "show-phones", value=False, indent=False
        )
        self._table = parts.named(ipw.HTML(), "page")
        self._mending = CellEditor(session, self.notice, again)
        self._twin = parts.Twin()
        self._lists.observe(lambda _: self._switch(), names="value")
        for filter_ in (self._code, self._column):
            filter_.observe(lambda _: self._filtered(), names="value")
        self._before.on_click(lambda _: self._turn(self._number - 1))
        self._next.on_click(lambda _: self._turn(self._number + 1))
        self._phones.observe(self._unmasked, names="value")
        super().__init__(
            [
                self._lists,
                parts.row(self._code, self._column, self._phones),
                parts.row(self._before, self._next, self._where),
                self._table,
                self.notice,
                self._mending,
                self._twin,
            ]
        )

    def show(self) -> None:
        """Show the last run."""
        self._twin.show(python_snippets.reviewed())
        if self._session.review is None:
            self._table.value = self._where.value = ""
            self._mending.offer([], [])
            self.notice.say("Nothing was prepared yet: run the step Prepare.")
            return
        self.notice.clear()
        self._switch()
        self.notice.guarded(self._mending.show)()

    def _unmasked(self, change: dict[str, Any]) -> None:
        self._session.show_phones = change["new"]
        self._turn(self._number)

    def _switch(self) -> None:
        """Show another list, from its beginning and without a filter."""
        review, name = self._session.review, self._lists.value
        if review is None:
            return
        self._quiet = True
        try:
            self._code.options = [ALL, *((code, code) for code in review.codes(name))]
            self._column.options = [ALL, *((one, one) for one in review.columns(name))]
            self._code.value = self._column.value = ""
        finally:
            self._quiet = False
        shown = "none" if name == "Ready" else ""
        self._code.layout.display = self._column.layout.display = shown
        self._mending.layout.display = "" if name == "Rejected" else "none"
        self._turn(0)

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
        page = review.page(name, number, self._code.value or "", self._column.value or "")
        self._number = page.first // PAGE
        last = page.first + len(page.rows)
        self._before.disabled = not page.first
        self._next.disabled = last >= page.total
        count = f"{page.first + 1:,} to {last:,} of {page.total:,}" if page.total else "none"
        self._where.value = tag("span", count, role="status")
        self._table.value = parts.table(
            f"{name}: {count}", page.header, self._cells(page), long=LONG
        )
        if name == "Rejected":
            self._mending.offer(review.own_header, page.rows)

    def _cells(self, page: Page) -> list[Sequence[Child]]:
        """The rows as text: the run's own words, and cells masked by their column."""
        name = self._lists.value
        origin = {"Rejected": ORIGIN, "Warnings": ORIGIN + 1, "Changes": 4, "Ready": 0}[name]
        shown: list[Sequence[Child]] = []
        for row in page.rows:
            cells: list[Child] = [visible(cell, TEXTS) for cell in row[:origin]]
            for at, cell in enumerate(row[origin:], origin):
                # Of warnings and changes the row says which column a cell is of.
                of = {"Warnings": row[4:5], "Changes": row[2:3]}.get(name) or [page.header[at]]
                cells.append(parts.cell(self._session.shown(of[0], cell)))
            shown.append(cells)
        return shown
