"""CallRecording: an http(s) address, kept byte for byte.

Source: the published description ("Unique URL of the call recording"). Nothing is decoded,
encoded or shortened: a signed address is worth nothing once a byte of it has changed.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion import cells
from callconv_kit.coercion.cells import Kernel, Reading, where_suspect
from callconv_kit.model import texts
from callconv_kit.model.texts import Ints

_LINK = re.compile(r"https?://[^\s/?#:@.]\S*", re.IGNORECASE)
_ALPHANUMERIC = bytes(byte < 0x80 and chr(byte).isalnum() for byte in range(256))


def read(text: str) -> Reading:
    """The address itself; `link_invalid` without a scheme, without a host, or with spaces.

    >>> read("recordings.example.com/c/1a2b").code
    'link_invalid'
    """
    return Reading(text) if _LINK.fullmatch(text) else Reading(None, "link_invalid")


def kernel() -> Kernel:
    """`read` for whole columns."""
    return where_suspect(_suspects, read)


def _suspects(text: pa.StringArray) -> Ints:
    """All but `https://` with a letter or digit behind it, in ASCII without a space."""
    low, high = cells.extremes(text)
    if low < ord(" "):
        return np.flatnonzero(texts.present(text))
    host = cells.byte_at(text, len("https://"))
    known = np.frombuffer(host.tobytes().translate(_ALPHANUMERIC), np.bool_)
    known = known & texts.true(pc.starts_with(text, "https://"), null=True)
    if low == ord(" "):
        known &= ~texts.true(pc.match_substring(text, " "))
    if high > ord("~"):
        known &= texts.true(pc.string_is_ascii(text), null=True)
    return np.flatnonzero(~known & texts.present(text))
