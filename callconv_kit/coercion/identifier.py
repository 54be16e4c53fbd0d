"""Identifiers (CampaignId, MediaId, ActionTrackerId, AdId): whole numbers above zero.

Source: the published types (Integer), and impact.com's ids as they occur. The bound is 19 digits,
as many as a signed 64-bit integer may have, and not the largest such integer itself: one can see
at a glance whether it is kept, and an id just past the integer is no more mistaken than one below.
"""

import re

import numpy as np
import pyarrow as pa

from callconv_kit.coercion import cells
from callconv_kit.coercion.cells import Kernel, Reading, where_suspect
from callconv_kit.model import spec, texts
from callconv_kit.model.texts import Ints

EXACT_DIGITS = 15
"""So many digits a spreadsheet keeps of a number; the rest it writes as zeros."""

_PLAIN = re.compile(r"[0-9]+")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+")
_DECIMAL_ZERO = re.compile(r"(.+)\.0+", re.DOTALL)
_MAYBE_ROUNDED = re.compile(r"[0-9]{13,}000")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE]\+?[0-9]+")


def read(text: str) -> Reading:
    """One identifier as plain digits.

    Codes: `digits_lost`, `identifier_invalid`. A long number that a spreadsheet may have rounded
    is kept, with a warning: its zeros may be its own.

    >>> read("1,004").value, read("20012.0").value, read("00123").value
    ('1004', '20012', '123')
    >>> read("1000.5").code
    'identifier_invalid'
    """
    rules = []
    digits = text
    if _SCIENTIFIC.fullmatch(text):
        return Reading(None, "digits_lost")
    whole = _DECIMAL_ZERO.fullmatch(text)
    if whole:
        rules.append("decimal_zero_removed")
        digits = whole[1]
    if _GROUPED.fullmatch(digits):
        rules.append("grouping_removed")
        digits = digits.replace(",", "")
    if not _PLAIN.fullmatch(digits):
        return Reading(None, "identifier_invalid")
    # The id's own number has one reading, whatever width it was padded to; and rows of one call
    # are compared by their text, so each id must have one spelling.
    if digits.startswith("0"):
        rules.append("leading_zero_removed")
        digits = digits.lstrip("0")
    if not 1 <= len(digits) <= spec.LONGEST_IDENTIFIER:
        return Reading(None, "identifier_invalid")
    return Reading(digits, None, tuple(rules), rounding(digits))


def rounding(text: str) -> tuple[str, ...]:
    """The warning where a text is a number that a spreadsheet may have rounded; else nothing.

    >>> rounding("123456789012345000"), rounding("1234567890123450")
    (('identifier_maybe_rounded',), ())
    """
    return ("identifier_maybe_rounded",) if _MAYBE_ROUNDED.fullmatch(text) else ()


def maybe_rounded(text: pa.StringArray) -> Ints:
    """Positions of the cells among which are all that `rounding` warns of."""
    data, starts, ends = texts.view(text)
    if not len(text) or int((ends - starts).max()) <= EXACT_DIGITS:
        return np.zeros(0, np.int64)
    found = np.flatnonzero(ends - starts > EXACT_DIGITS)
    for place in (1, 2, 3):
        found = found[data[ends[found] - place] == ord("0")]
    return found


def kernel() -> Kernel:
    """`read` for whole columns."""
    return where_suspect(_suspects, read)


def _suspects(text: pa.StringArray) -> Ints:
    """All but plain digits without a leading zero, too few to have been rounded."""
    return np.flatnonzero(
        (cells.byte_at(text, 0) == ord("0"))
        | (cells.lengths(text) > EXACT_DIGITS)
        | ~cells.digits_only(text)
    )
