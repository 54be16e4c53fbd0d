"""Names that people nearly got right: the spec column meant, the nearest known word."""

import difflib
from collections.abc import Iterable

from callconv_kit import spec


def fold(name: str) -> str:
    """`name` without case, spaces and underscores: how names of columns are compared."""
    return "".join(name.split()).replace("_", "").casefold()


_SPEC_BY_FOLDED = {fold(name): name for name in spec.NAMES}


def spec_column(name: str) -> str | None:
    """The spec column that `name` spells, tolerant of case, spaces and underscores; else None."""
    return _SPEC_BY_FOLDED.get(fold(name))


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word most like `word`, or None where none is like it.

    Words that differ in case, spaces or underscores only are taken first.

    >>> nearest("time_zone", ["timezone", "preset"])
    'timezone'
    >>> nearest("America/NewYork", ["America/New_York", "America/Toronto"])
    'America/New_York'
    """
    by_folded: dict[str, str] = {}
    for name in known:
        by_folded.setdefault(fold(name), name)
    matches = difflib.get_close_matches(fold(word), by_folded, n=1, cutoff=cutoff)
    return by_folded[matches[0]] if matches else None


def spelled(text: str, limit: int = 60) -> str:
    """`text` in quotes for a message: on one line, nothing unprintable, not longer than `limit`."""
    return f'"{printable(text, limit)}"'


def printable(text: str, limit: int = 60) -> str:
    """`text` for a message, with everything that a terminal might obey written as an escape."""
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown
    )
