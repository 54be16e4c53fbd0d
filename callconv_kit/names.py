"""Names of columns, compared as people write them: case, spaces and underscores don't count."""

import difflib
import re
from collections.abc import Iterable

from callconv_kit import spec

_IGNORED = re.compile(r"[\s_\ufeff\u200b\u200e\u200f]+")


def plain(name: str) -> str:
    """The form in which two spellings of one column name are equal."""
    return _IGNORED.sub("", name).casefold()


_SPEC_BY_PLAIN = {plain(name): name for name in spec.NAMES}


def spec_column(name: str) -> str | None:
    """The published column that `name` spells; None where it spells none."""
    return _SPEC_BY_PLAIN.get(plain(name))


def nearest(name: str, known: Iterable[str], cutoff: float = 0.7) -> str | None:
    """The known name that is most like `name`, if any is; `cutoff` 1.0 takes its spellings only.

    >>> nearest("America/NewYork", ["America/New_York", "America/Toronto"])
    'America/New_York'
    """
    by_plain = {plain(item): item for item in known}
    close = difflib.get_close_matches(plain(name), by_plain, n=1, cutoff=cutoff)
    return by_plain[close[0]] if close else None
