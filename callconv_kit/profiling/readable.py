"""Whether one text can be read as a value of a column of the format."""

from datetime import UTC, datetime
from functools import cache

from callconv_kit.coercion.columns import CoercionSettings, Kernels
from callconv_kit.model import texts
from callconv_kit.model.notes import note_of

NO_OBJECTION = {
    *("needs_timezone", "needs_date_order", "event_in_future", "event_too_old"),
    *("moment_skipped", "moment_repeated", "caller_unknown"),
}
"""Codes of values that are of the kind, and only lack a setting or came at a bad time."""


def is_value(column: str, text: str) -> bool:
    """Whether a run would take a text for a value of a column.

    >>> is_value("CallDuration", "201"), is_value("CallDuration", "Length")
    (True, False)
    """
    clean = _kernels().clean(column, texts.from_list([text]))
    read = _kernels().read({column: clean}, 1)[column]
    codes = (note_of(int(note)).code for note in read.notes.tolist())
    return all(code is None or code in NO_OBJECTION for code in codes)


@cache
def _kernels() -> Kernels:
    return Kernels(CoercionSettings(datetime(2000, 1, 1, tzinfo=UTC)))
