"""Fix a rejected cell in place, or a value everywhere."""

from collections.abc import Callable, Sequence

import ipywidgets as ipw

from callconv_kit.model.errors import UsageError
from callconv_kit.widgets import parts
from callconv_kit.widgets.pages import ORIGIN, columns_told_of
from callconv_kit.widgets.parts import tag
from callconv_kit.widgets.session import Session
from callconv_kit.writing.visible import visible
from callconv_kit.writing.wording import many

LATEST = 200
"""Fixes that can be taken back here; older ones in the file itself."""


class CellEditor(ipw.VBox):
    """Below the rejected rows: a row of the page, one of its cells, and the text that it should be.

    Args:
        again: called when the person wants to prepare again.
    """

    def __init__(self, session: Session, notice: parts.Notice, again: Callable[[], None]) -> None:
        self._session, self._notice = session, notice
        self._header: Sequence[str] = []
        self._rows: Sequence[Sequence[str]] = []
        self._row = parts.field(ipw.Dropdown, "Row", "fix-row", options=[], width="44em")
        self._name = parts.field(ipw.Dropdown, "Cell", "fix-cell", options=[], width="20em")
        self._text = parts.field(ipw.Text, "should be", "fix-text", width="24em")
        fix = parts.button("Fix this cell", "fix", primary=True)
        everywhere = parts.button(
            "Replace this value everywhere",
            "fix-everywhere",
            hint="A new entry in the job's values",
        )
        again_button = parts.button("Prepare again", "again")
        hand_over = parts.button(
            "Put all rejected rows into the fixes file",
            "hand-over",
            hint="To go on in a spreadsheet; it is read again when you prepare again",
        )
        self._kept = parts.named(ipw.HTML(), "fixes")
        self._undo = parts.field(ipw.Dropdown, "Fixed rows", "fixed", options=[])
        undo = parts.button("Take this fix back", "undo")
        self._undoing = parts.row(self._undo, undo)
        self._row.observe(lambda _: self._offer_cells(), names="value")
        self._name.observe(lambda _: self._offer_text(), names="value")
        fix.on_click(notice.guarded(self._fix))
        everywhere.on_click(notice.guarded(self._fix_everywhere))
        hand_over.on_click(notice.guarded(self._hand_over))
        undo.on_click(notice.guarded(self._take_back))
        again_button.on_click(notice.guarded(again))
        super().__init__(
            [
                ipw.HTML(tag("h3", "Fix")),
                parts.row(self._row),
                parts.row(self._name, self._text, fix, everywhere),
                self._kept,
                self._undoing,
                parts.row(again_button, hand_over),
            ]
        )

    def offer(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Offer the rejected rows of a page."""
        self._header, self._rows = header, rows
        self._row.options = [
            (f"{visible(row[0], 30)} line {row[1]}: {visible(row[3], 70)}", at)
            for at, row in enumerate(rows)
        ]
        self._row.value = 0 if rows else None
        self._offer_cells()

    def show(self) -> None:
        """Show what is fixed already."""
        if self._session.source is not None:
            self._show_fixes()

    def _offer_cells(self) -> None:
        """The cells of the row, those that its reasons are about first."""
        if self._row.value is None or self._row.value >= len(self._rows):
            self._name.options = []
            return
        row = self._rows[self._row.value]
        told = columns_told_of(row[3])
        about = [name for name in self._header if set(self._session.fed_by(name)) & set(told)]
        about.sort(
            key=lambda name: min(map(told.index, set(self._session.fed_by(name)) & set(told)))
        )
        names = dict.fromkeys([*about, *self._header])
        self._name.options = [(visible(name), name) for name in names]
        self._name.value = next(iter(names), None)
        self._offer_text()

    def _offer_text(self) -> None:
        self._text.value = self._shown()

    def _cell(self) -> str:
        """The cell that is chosen, as it stands."""
        if self._row.value is None or self._name.value is None:
            return ""
        row = self._rows[self._row.value]
        at = ORIGIN + list(self._header).index(self._name.value)
        return row[at] if at < len(row) else ""

    def _shown(self) -> str:
        """The cell as the field offers it; a masked one shows its stars."""
        cell, name = self._cell(), self._name.value
        if name is None:
            return ""
        shown = self._session.shown(name, cell)
        masked = not self._session.show_phones and shown != cell and "*" in shown
        return shown if masked else cell

    def _changed_text(self) -> str:
        if self._row.value is None or self._name.value is None:
            raise UsageError("no_row", "No row is chosen", "", "", "Choose a rejected row.")
        text = str(self._text.value)
        if text == self._shown():
            raise UsageError(
                "unchanged", "The cell is as it was", "", "another text", "Type what it should be."
            )
        return text

    def _fix(self) -> None:
        text = self._changed_text()
        row = self._rows[self._row.value]
        self._session.fix(row, {self._name.value: text})
        self._show_fixes()
        self._notice.say(
            f"{visible(row[0], 30)} line {row[1]}: {visible(self._name.value)} is fixed and kept "
            "in the fixes file. It counts when you prepare again."
        )

    def _fix_everywhere(self) -> None:
        text, was = self._changed_text(), self._cell()
        row, name = self._rows[self._row.value], self._name.value
        told = columns_told_of(row[3])
        fed = self._session.fed_by(name)
        column = next((one for one in told if one in fed), fed[0] if fed else "")
        if not column or not was.strip():
            raise UsageError(
                "no_value",
                "There is no value to replace everywhere",
                name if was.strip() else "an empty cell",
                "a cell with text in a mapped column",
                "Fix the cell instead.",
            )
        self._session.replace_everywhere(column, was, text)
        self._notice.say(
            "The job says now, under ", tag("code", f"[values.{column}]"), ": ",
            tag("code", tag("bdi", visible(was))), " is ", tag("code", visible(text)),
            ". It counts when you prepare again.",
        )  # fmt: skip

    def _hand_over(self) -> None:
        added = self._session.export_rejected()
        self._show_fixes()
        path = self._session.corrected.path
        self._notice.say(
            f"{many(added)} more are in ", tag("code", visible(str(path))),
            ". Correct it in a spreadsheet and save it as CSV under the same name; then prepare "
            "again.",
        )  # fmt: skip

    def _take_back(self) -> None:
        if self._undo.value is not None:
            self._session.corrected.forget(self._undo.value)
            self._show_fixes()

    def _show_fixes(self) -> None:
        fixes = self._session.corrected
        keys = list(fixes.read().rows)
        self._undo.options = [(f"{visible(file, 30)} line {line}", (file, line))
                              for file, line in reversed(keys[-LATEST:])]  # fmt: skip
        self._undo.value = keys[-1] if keys else None
        self._undoing.layout.display = "" if keys else "none"
        self._kept.value = (
            tag("p", f"{many(len(keys))} in ", tag("code", visible(str(fixes.path))), ".")
            if keys
            else tag("p", tag("small", "No row is fixed yet."))
        )
