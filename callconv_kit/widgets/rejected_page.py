"""Rejected rows as the grid shows them: wrong cells and reasons, filtered, searched and sorted."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from callconv_kit.model.texts import Ints
from callconv_kit.widgets.fixing import choices_of
from callconv_kit.widgets.pages import ORIGIN, Rows, reasons_by_column
from callconv_kit.widgets.session import Session
from callconv_kit.writing.markup import visible

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
    made: list[dict[str, Any]] = [{"text": row[1]}, {"text": visible(row[3], LONGEST)}]
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
            cell["why"] = visible("; ".join(reasons), LONGEST)
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
