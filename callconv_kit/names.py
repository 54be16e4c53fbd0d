"""Names of columns, compared as people write them: case, spaces and underscores don't count."""

import difflib
import re
from collections.abc import Iterable

_IGNORED = re.compile(r"[\s_\ufeff\u200b\u200e\u200f]+")


def plain(name: str) -> str:
    """The form in which two spellings of one column name are equal."""
    return _IGNORED.sub("", name).casefold()


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, if any is."""
    by_plain = {plain(item): item for item in known}
    close = difflib.get_close_matches(plain(name), by_plain, n=1, cutoff=0.7)
    return by_plain[close[0]] if close else None
