"""Why a row does not go, in words for a person."""

import re
from collections.abc import Iterable

from callconv_kit.model import spec
from callconv_kit.model.codes import CODES, mask_phone

SHOWN = 60
"""Characters of a value that a message shows."""

# Escape sequences, direction marks and the like must not reach a terminal.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


def shown(column: str | None, value: str | None, *, mask: bool) -> str:
    """A value as messages show it: one printable line, cut, phone numbers masked."""
    if value is None:
        return ""
    text = _UNPRINTABLE.sub(" ", value).strip()
    if mask and column in spec.PERSONAL:
        text = mask_phone(text)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def reason(code: str, column: str | None, value: str | None, detail: str = "") -> str:
    """One finding of a row: what it is about, what is wrong, what to do.

    >>> reason("duration_invalid", "TalkDuration", "soon")
    'TalkDuration "soon": not a duration (write whole seconds, such as 201)'
    """
    entry = CODES[code]
    about = column or ""
    if column and value:
        about += f' "{shown(column, value, mask=True)}"'
    text = f"{about}: {entry.problem}" if about else entry.problem
    more = ", ".join(part for part in (detail, entry.remedy_for(column)) if part)
    # The reasons of a row are joined by semicolons, so none stands inside one.
    return (f"{text} ({more})" if more else text).replace("; ", ", ")


def joined(words: Iterable[str]) -> str:
    """Words for a list in a sentence."""
    *others, last = list(words)
    return f"{', '.join(others)} and {last}" if others else last
