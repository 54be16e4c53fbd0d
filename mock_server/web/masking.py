"""Phone numbers on the page: all but the last four digits are masked, unless asked for."""

import re

from callconv_kit.model import spec
from mock_server.store import PendingAction, RowError

PERSONAL = frozenset(column.name for column in spec.COLUMNS if column.personal)
LIKE_A_NUMBER = re.compile(r"\+?[(\d][\d\s().-]{5,}\d")
SHOWN = 4


def masked(text: str) -> str:
    """All digits but the last four as asterisks; a text without digits, such as a word, stays.

    >>> masked("(212) 555-0123")
    '(***) ***-0123'
    """
    hidden = sum(char.isdigit() for char in text) - SHOWN
    return re.sub(r"\d", "*", text, count=hidden) if hidden > 0 else text


def masked_cells(row: PendingAction | RowError) -> dict[str, str]:
    """A row's cells. Where the row as a whole is wrong a number may stand under any column."""
    anywhere = isinstance(row, RowError) and not row.column
    return {
        name: masked(text)
        if name in PERSONAL
        else LIKE_A_NUMBER.sub(lambda found: masked(found[0]), text)
        if anywhere
        else text
        for name, text in row.cells.items()
    }


def masked_detail(error: RowError) -> str:
    """What is wrong with a row, with the found value masked where it is a phone number."""
    found = error.cells.get(error.column, "")
    if error.column not in PERSONAL or not found:
        return error.detail
    return error.detail.replace(repr(found), repr(masked(found)))
