"""Names of columns, compared as people write them, and what a text names: an address or a path.

In a column's name, case, spaces and underscores don't count.
"""

import difflib
import re
from collections.abc import Iterable

from callconv_kit.model import spec

_IGNORED = re.compile(r"[\s_\ufeff\u200b\u200e\u200f]+")


def plain(name: str) -> str:
    """The form in which two spellings of one column name are equal."""
    return _IGNORED.sub("", name).casefold()


_SPEC_BY_PLAIN = {plain(name): name for name in spec.NAMES}


def spec_column(name: str) -> str | None:
    """The published column that `name` spells; None where it spells none."""
    return _SPEC_BY_PLAIN.get(plain(name))


_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|[a-z0-9]{2,}::")
"""Two characters or more before the colon: one is a drive of Windows, as in `C:/calls.csv`."""


def is_address(text: str) -> bool:
    """Whether a text is an address that fsspec opens, such as `s3://bucket/calls.csv`."""
    return _ADDRESS.match(text) is not None


def without_file_scheme(text: str) -> str:
    """The path in a `file://` address; any other text as it is.

    >>> without_file_scheme("file:///C:/exports/calls.csv")
    'C:/exports/calls.csv'
    """
    path = text.removeprefix("file://")
    return path[1:] if path != text and re.match(r"/[A-Za-z]:[/\\]", path) else path


_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|(com|lpt)[1-9¹²³])\s*(\..*)?")


def is_windows_device(name: str) -> bool:
    """Whether Windows takes a file or folder name for a device, such as `NUL` or `aux.csv`."""
    return _DEVICE.fullmatch(name) is not None


def nearest(name: str, known: Iterable[str], cutoff: float = 0.7) -> str | None:
    """The known name that is most like `name`, if any is; `cutoff` 1.0 takes its spellings only.

    >>> nearest("America/NewYork", ["America/New_York", "America/Toronto"])
    'America/New_York'
    """
    by_plain = {plain(item): item for item in known}
    close = difflib.get_close_matches(plain(name), by_plain, n=1, cutoff=cutoff)
    return by_plain[close[0]] if close else None


def nearest_column(name: str, header: Iterable[str]) -> str | None:
    """The column of a header that was probably meant: alike, or one a part of the other.

    >>> nearest_column("Direction", ["TalkDuration", "Dir"])
    'Dir'
    >>> nearest_column("Call Status", ["status", "state"])
    'status'
    """
    cells = [cell for cell in header if plain(cell)]
    close = nearest(name, cells)
    if close is not None:
        return close
    wanted = plain(name)
    parts = [cell for cell in cells if _is_part(plain(cell), wanted)]
    return max(parts, key=lambda cell: len(plain(cell)), default=None) or nearest(name, cells, 0.5)


_SHORTEST_PART = 3
"""Characters: `id` is a part of too many names."""


def _is_part(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= _SHORTEST_PART and short in long
