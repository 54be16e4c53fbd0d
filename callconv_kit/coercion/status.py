"""CallStatus: one of the eight words that the format knows.

Source: the published list; `data/statuses.csv` holds the words of vendors that have one meaning
everywhere. `completed` is not such a word: in some exports it also means a call that only heard
a menu, so it needs a preset or the job's `[values.CallStatus]`, which are applied before.
"""

import difflib

from callconv_kit.coercion import cells
from callconv_kit.coercion.cells import Kernel, Reading, once_per_distinct
from callconv_kit.model import spec

_OWN = {cells.word(status): status for status in spec.STATUSES}
_MEANING = {**_OWN, **cells.words("statuses", "status")}
_WARNING = cells.words("statuses", "warning")

_CLOSE_ENOUGH = 0.75
"""Ratio of matching letters: a slip of the finger or two, not another word."""


def read(text: str) -> Reading:
    """One status in the format's words; spaces, hyphens, underscores and case do not matter.

    Code: `status_unknown`. A voicemail is not an answered call, though the vendor may count it so:
    it gets a warning.

    >>> read("no-answer").value, read("ivr dropoff").value, read("completed").code
    ('INCOMPLETE', 'IVR_DROPOFF', 'status_unknown')
    """
    word = cells.word(text)
    status = _MEANING.get(word)
    if status is None:
        return Reading(None, "status_unknown")
    warning = _WARNING.get(word)
    return Reading(
        status,
        None,
        () if status == text else ("status_mapped",),
        (warning,) if warning else (),
    )


def nearest(text: str) -> str | None:
    """The status that an unknown text was probably meant to be, for a message; never applied.

    >>> nearest("ANSWRED"), nearest("completed")
    ('ANSWER', None)
    """
    word = cells.word(text)
    if word.startswith("complete"):  # near INCOMPLETE in letters, and the opposite of it
        return None
    near = difflib.get_close_matches(word, _MEANING, n=1, cutoff=_CLOSE_ENOUGH)
    return _MEANING[near[0]] if near else None


def kernel() -> Kernel:
    """`read` for whole columns."""
    return once_per_distinct(read)
