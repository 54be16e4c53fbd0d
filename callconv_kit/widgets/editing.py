"""Below the grid of rejected rows: replace a value in all rows, undo, use a spreadsheet."""

from collections.abc import Callable

import ipywidgets as ipw

from callconv_kit.model.errors import UsageError
from callconv_kit.widgets import parts
from callconv_kit.widgets.fixing import choices_of
from callconv_kit.widgets.grid import Grid
from callconv_kit.widgets.pages import ORIGIN, columns_named
from callconv_kit.widgets.parts import tag
from callconv_kit.widgets.session import Session
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import many

LATEST = 200
"""Fixes that can be undone here; older ones in the file itself."""


class Corrections(ipw.VBox):
    """What is done with rejected rows beside editing their cells.

    Args:
        changed: called when the fixes or the job have changed.
        again: called when the person wants to prepare again.
    """

    def __init__(
        self,
        session: Session,
        grid: Grid,
        notice: parts.Notice,
        changed: Callable[[], None],
        again: Callable[[], None],
    ) -> None:
        self._session, self._grid, self._notice = session, grid, notice
        self._changed = changed
        self._what = parts.named(ipw.HTML(), "active-cell")
        self._text = parts.field(
            ipw.Combobox, "Replace it in all rows with", "everywhere-text", width="30em",
            ensure_option=False, continuous_update=False,
        )  # fmt: skip
        everywhere = parts.button(
            "Replace", "fix-everywhere", hint="Adds an entry to [values] in the job"
        )
        again_button = parts.button("Prepare again", "again", primary=True)
        hand_over = parts.button(
            "Put all rejected rows into the fixes file",
            "hand-over",
            hint="To go on in a spreadsheet; it is read again when you prepare again",
        )
        self._kept = parts.named(ipw.HTML(), "fixes")
        self._undo = parts.field(ipw.Dropdown, "Fixed rows", "fixed", options=[])
        undo = parts.button("Undo this fix", "undo")
        self._undoing = parts.row(self._undo, undo)
        everywhere.on_click(notice.guarded(self._fix_everywhere))
        hand_over.on_click(notice.guarded(self._hand_over))
        undo.on_click(notice.guarded(self._forget))
        again_button.on_click(notice.guarded(again))
        super().__init__(
            [
                self._what,
                parts.row(self._text, everywhere),
                self._kept,
                self._undoing,
                parts.row(again_button, hand_over),
            ]
        )

    def show(self) -> None:
        """Show the active cell, and what is fixed already."""
        if self._session.source is None or self._session.review is None:
            return
        self._show_cell()
        self._show_fixes()

    def _value(self) -> tuple[str, str, str] | None:
        """The export's column, the column of the format, and the text of the active cell."""
        found = self._grid.cell()
        if found is None:
            return None
        row, name = found
        fed = self._session.fed_by(name)
        column = next((one for one in columns_named(row[3]) if one in fed), "")
        at = ORIGIN + self._session.reviewed.own_header.index(name)
        text = row[at] if at < len(row) else ""
        return (name, column, text) if column and text.strip() else None

    def _show_cell(self) -> None:
        value = self._value()
        if value is None:
            self._what.value = tag(
                "p", tag("small", "Choose a wrong cell to replace its value in all rows.")
            )
            self._text.options = ()
            return
        name, column, text = value
        rows = self._session.reviewed.rejected.having(self._session.place(name), text)
        self._what.value = tag(
            "p", visible(name), " is ", tag("code", self._session.shown(name, text)),
            f" in {many(rows)} that {'was' if rows == 1 else 'were'} rejected.",
        )  # fmt: skip
        self._text.options = choices_of(column)

    def _fix_everywhere(self) -> None:
        value, by = self._value(), str(self._text.value).strip()
        if value is None or not by:
            raise UsageError(
                "no_value",
                "There is no value to replace",
                "",
                "a wrong cell with text, and its new value",
                "Choose the cell in the table, and type what it should be.",
            )
        _, column, text = value
        self._session.fixing.replace_everywhere(column, text, by)
        self._text.value = ""
        self._grid.refresh()
        self._changed()
        self._notice.say(
            "In the job, under ", tag("code", f"[values.{column}]"), ": ",
            tag("code", tag("bdi", visible(text))), " is ", tag("code", visible(by)),
            ". Click Prepare again to apply it.",
        )  # fmt: skip

    def _hand_over(self) -> None:
        added = self._session.export_rejected()
        self.show()
        path = self._session.corrected.path
        self._notice.say(
            f"{many(added)} more in ", tag("code", visible(str(path))),
            ". Correct it in a spreadsheet and save it as CSV under the same name; then prepare "
            "again.",
        )  # fmt: skip

    def _forget(self) -> None:
        if self._undo.value is not None:
            self._session.fixing.forget(self._undo.value)
            self._grid.refresh()
            self._changed()

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
