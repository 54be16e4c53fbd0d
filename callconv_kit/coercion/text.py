"""Free text, and the columns that are nearly so: ClickId, ReferenceId and Keypresses.

Sources: the limit of 64 characters and the number that ReferenceId should be are impact.com's
API's; the page says nothing of either. The names under which landing pages get the click id are
those of impact.com's integration guides. The forms of key lists occur in vendors' exports.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion import cells, identifier
from callconv_kit.coercion.cells import Kernel, Reading, once_per_distinct, where_suspect
from callconv_kit.model import texts
from callconv_kit.model.texts import Ints

_FORMULA = re.compile(r"[=@]|[+-](?![\d\s().,+-]*\Z)")
_FORMULA_OPENINGS = bytes(chr(byte) in "=@+-" for byte in range(256))
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_APART = re.compile("[,;|→]|-?>")
_CLICK = re.compile(r"[?&]?(?:irclickid|im_ref)=([^\s=&?#]+)", re.IGNORECASE)
_SINGLE_KEYS = re.compile(r"[0-9*#](?: +[0-9*#])+")


def read(text: str, limit: int | None = None) -> Reading:
    """The text unchanged; `too_long` past `limit` characters, for a cut id is a wrong id.

    Text that a spreadsheet would run as a formula gets a warning; a signed number or a phone
    number with its `+` is none. So does a long number that a spreadsheet may have rounded.

    >>> read("=1+2").warnings, read("+1 212 555 0123").warnings
    (('formula_text',), ())
    """
    if limit is not None and len(text) > limit:
        return Reading(None, "too_long")
    return Reading(text, warnings=_warnings(text))


def _warnings(text: str) -> tuple[str, ...]:
    return (("formula_text",) if _FORMULA.match(text) else ()) + identifier.rounding(text)


def kernel(limit: int | None = None) -> Kernel:
    """`read` for whole columns."""

    def suspects(text: pa.StringArray) -> Ints:
        return _all_of(_formulas(text), _longer(text, limit), identifier.maybe_rounded(text))

    return where_suspect(suspects, lambda text: read(text, limit))


def within(limit: int) -> Kernel:
    """Only the limit of `read`, for columns with their own rules."""

    def rule(text: str) -> Reading:
        return Reading(None, "too_long") if len(text) > limit else Reading(text)

    return where_suspect(lambda text: _longer(text, limit), rule)


def read_click(text: str) -> Reading:
    """A ClickId to the letter, without the name of the query parameter that brought it.

    >>> read_click("irclickid=wXyZ%2D0").value, read_click("a=b").value
    ('wXyZ%2D0', 'a=b')
    """
    named = _CLICK.fullmatch(text)
    if named:
        return Reading(named[1], None, ("parameter_name_removed",), _warnings(named[1]))
    return read(text)


def click_kernel() -> Kernel:
    """`read_click` for whole columns."""

    def suspects(text: pa.StringArray) -> Ints:
        named = texts.true(pc.match_substring(text, "="))
        rounded = identifier.maybe_rounded(text)
        return _all_of(_formulas(text), np.flatnonzero(named), rounded)

    return where_suspect(suspects, read_click)


def read_reference(text: str) -> Reading:
    """A ReferenceId unchanged, with a warning if it is not a number.

    >>> read_reference("4711").warnings, read_reference("A-17").warnings
    ((), ('reference_not_a_number',))
    """
    odd = () if _NUMBER.fullmatch(text) else ("reference_not_a_number",)
    return Reading(text, warnings=odd + _warnings(text))


def reference_kernel() -> Kernel:
    """`read_reference` for whole columns."""

    def suspects(text: pa.StringArray) -> Ints:
        words = np.flatnonzero(~cells.digits_only(text))
        return _all_of(words, identifier.maybe_rounded(text))

    return where_suspect(suspects, read_reference)


def read_keypresses(text: str) -> Reading:
    """The keys that were pressed, joined with `,`.

    Lists as JSON or Python write them, and keys parted by `;`, `|`, `>` or commas; by spaces only
    where each is a single key, since a key may have a name of two words. Objects are not keys:
    their content is not documented.

    >>> [read_keypresses(text).value for text in ('["1","2"]', "1;2", "1 > 2", "1 2", "New Sales")]
    ['1,2', '1,2', '1,2', '1,2', 'New Sales']
    """
    joined, before = _joined(text), text
    while joined != before:  # what was a list may hold keys that are parted otherwise
        joined, before = _joined(joined), joined
    if any(keys.lstrip("[ ").startswith("{") for keys in (text, joined)):
        return Reading(None, "cell_emptied")
    if not joined:
        return Reading(None, None, ("empty_mark",))
    return Reading(joined, None, () if joined == text else ("flag_mapped",), _warnings(joined))


def _joined(text: str) -> str:
    if text.startswith("[") and text.endswith("]"):
        # Quotes are taken off, escapes are not read: an escaped character can't occur in a key.
        keys = [key.strip(" \"'") for key in text[1:-1].split(",")]
    elif _SINGLE_KEYS.fullmatch(text):
        keys = text.split()
    else:
        keys = [key.strip() for key in _APART.split(text)]
    return ",".join(key for key in keys if key)


def keypresses_kernel() -> Kernel:
    """`read_keypresses` for whole columns."""
    return once_per_distinct(read_keypresses)


def _all_of(first: Ints, *others: Ints) -> Ints:
    """Ascending positions that any of these ascending lists holds."""
    filled = [positions for positions in others if len(positions)]
    return texts.distinct(first, *filled) if filled else first


def _formulas(text: pa.StringArray) -> Ints:
    """Cells that begin like a formula."""
    low, high = cells.extremes(text)
    if _FORMULA_OPENINGS.find(1, low, high + 1) < 0:
        return np.zeros(0, np.int64)
    first = cells.byte_at(text, 0).tobytes()
    return np.flatnonzero(np.frombuffer(first.translate(_FORMULA_OPENINGS), np.bool_))


def _longer(text: pa.StringArray, limit: int | None) -> Ints:
    """Cells of more than `limit` bytes, which may be fewer characters."""
    if limit is None:
        return np.zeros(0, np.int64)
    return np.flatnonzero(cells.lengths(text) > limit)
