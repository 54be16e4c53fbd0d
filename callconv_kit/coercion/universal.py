r"""Removed from each cell before the rule of its kind: edges, invisible marks, armour, empty marks.

The hottest kernel: it sees every cell of all 51 columns. So a column is first judged as a whole,
by its smallest and largest byte; then each cell by its first and last byte; and only what still
looks suspicious is read by the rule.

Sources: the words of `data/marks.csv` are Excel's error values and the empty marks that databases
(`\N`), pandas (`nan`, `<NA>`, `NaT`) and Google's reports (`--`, `-no value-`) write.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion import cells
from callconv_kit.coercion.cells import (
    Coerced,
    Kernel,
    Reading,
    Vectored,
    note_id,
    of_suspects,
    vectorised,
)
from callconv_kit.model import texts
from callconv_kit.model.texts import EDGES, INVISIBLE, Bools, Ints

BREAKS = "\n\r\v\f\x85\u2028\u2029"
REPLACEMENT = "\ufffd"
"""What decoders leave where bytes were broken."""
DELETE = 0x7F
"""The one control character of ASCII that is not below the space."""

EMPTY_MARKS = frozenset(row["text"] for row in cells.rows("marks") if row["means"] == "empty")
EXCEL_ERRORS = frozenset(
    row["text"] for row in cells.rows("marks") if row["means"] == "excel_error"
)

_BREAKS = re.compile(f"[{BREAKS}]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]+")
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_ARMOUR = re.compile(r'="((?:[^"]|"")*)"')
_TOO_NARROW = re.compile(r"#{3,}")  # Excel's sign for a column too narrow for its number
_DIGITS_LOST = re.compile(r"-?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,3}")

RULES = (
    "trimmed",
    "invisible_removed",
    "control_removed",
    "line_break_replaced",
    "armour_removed",
    "unicode_composed",
    "empty_mark",
)
"""The rules of this module, in the order in which a note names them."""


def read(
    text: str,
    typed: bool,
    keeps_marks: bool = False,
    identifies: bool = False,
    composes: bool = True,
) -> Reading:
    """What is left of one cell.

    Args:
        text: the cell as in the file.
        typed: the column holds numbers, times or words of a list rather than free text: then
            invisible marks are removed anywhere (in text they may join an emoji), a leading
            `'` goes as well, and accents are left alone.
        keeps_marks: an empty mark stays as text, because empty has a meaning in this column.
        identifies: a number, an id or text is expected, so `1.21256E+10` has lost its digits.
        composes: accents in text are composed; not in links, which stay byte for byte.

    Returns:
        value: the cleaned text; None where nothing is left, or where there is a code.
        code: `broken_text`, `excel_error` or `digits_lost`.
        rules: what was removed.

    >>> read(' ="02139" ', typed=True)
    Reading(value='02139', code=None, rules=('trimmed', 'armour_removed'), warnings=())
    """
    done: set[str] = set()
    before = None
    while before != text:  # a removal may uncover another mark: ' ="x "' has two edges
        before = text
        text = _once(text, typed, composes, done)
    if text in EMPTY_MARKS and not keeps_marks:
        done.add("empty_mark")
        text = ""
    code = _code(text, identifies)
    if code:
        return Reading(None, code)
    return Reading(text or None, None, tuple(rule for rule in RULES if rule in done))


def without_marks(cells: pa.StringArray) -> pa.StringArray:
    """Trimmed cells; empty where they hold a mark for nothing, such as NULL."""
    trimmed = pc.utf8_trim_whitespace(cells)
    marks = pc.is_in(trimmed, texts.from_list(sorted(EMPTY_MARKS)))
    return pc.if_else(marks, texts.scalar(""), trimmed)


def _once(text: str, typed: bool, composes: bool, done: set[str]) -> str:
    """One round over `text`; adds the rules that were used to `done`."""
    if _CONTROLS.search(text) or "\t" in text.strip():
        done.add("control_removed")
        # A tab parts words; without it they would run together.
        text = _CONTROLS.sub("", text).replace("\t", " ")
    if typed and _INVISIBLE.search(text):
        done.add("invisible_removed")
        text = _INVISIBLE.sub("", text)
    text = _trimmed(text, done)
    if _BREAKS.search(text):
        done.add("line_break_replaced")
        text = _BREAKS.sub(" ", text)
    armoured = _ARMOUR.fullmatch(text) if text.startswith('="') else None
    if armoured:
        done.add("armour_removed")
        text = armoured[1].replace('""', '"')
    if typed and text.startswith("'"):
        done.add("armour_removed")
        text = text.lstrip("'")
    if composes and not typed and not unicodedata.is_normalized("NFC", text):
        done.add("unicode_composed")
        text = unicodedata.normalize("NFC", text)
    return text


def _trimmed(text: str, done: set[str]) -> str:
    inner = text.strip(EDGES)
    if len(inner) == len(text):
        return text
    start = len(text) - len(text.lstrip(EDGES))
    for char in text[:start] + text[start + len(inner) :]:
        done.add("invisible_removed" if char in INVISIBLE else "trimmed")
    return inner


def _code(text: str, identifies: bool) -> str | None:
    if REPLACEMENT in text:
        return "broken_text"
    if text in EXCEL_ERRORS or _TOO_NARROW.fullmatch(text):
        return "excel_error"
    if identifies and _DIGITS_LOST.fullmatch(text):
        return "digits_lost"
    return None


def kernel(
    typed: bool, keeps_marks: bool = False, identifies: bool = False, composes: bool = True
) -> Kernel:
    """`read` for whole columns; see there for the arguments.

    A column of which there is nothing to say is given back itself, but for `''`, which becomes
    null on the same bytes.
    """
    looks = _looks(typed, keeps_marks)

    def rule(text: str) -> Reading:
        return read(text, typed, keeps_marks, identifies, composes)

    def suspects(text: pa.StringArray) -> Ints:
        return _suspects(text, looks, identifies)

    def edges_only(text: pa.StringArray) -> Vectored:
        """Printable ASCII of which there is nothing to say but spaces at its edges."""
        trimmed = pc.ascii_trim(text, characters=" ")
        known = texts.view(trimmed).lengths < texts.view(text).lengths
        known &= ~_holds_odd_bytes(text)
        known[suspects(trimmed)] = False
        notes = np.full(len(text), note_id(None, ("trimmed",)), np.uint16)
        return Vectored(known, blanks_as_nulls(trimmed), notes)

    judged = of_suspects(suspects, vectorised(edges_only, rule))

    def universal(text: pa.StringArray) -> Coerced:
        return judged(blanks_as_nulls(text))

    return universal


def _holds_odd_bytes(text: pa.StringArray) -> Bools:
    """Which cells hold anything but printable ASCII."""
    data, starts, ends = texts.view(text)
    odd = np.zeros(len(text), np.bool_)
    used = data[starts[0] : ends[-1]]
    at = np.flatnonzero((used < ord(" ")) | (used >= DELETE)) + int(starts[0])
    odd[np.searchsorted(ends, at, side="right")] = True
    return odd


def blanks_as_nulls(text: pa.StringArray) -> pa.StringArray:
    """`text` with null for `''`, on the same bytes; `text` itself where it holds no `''`."""
    _, starts, ends = texts.view(text)
    held = texts.present(text) if text.null_count else starts != ends
    blanks = len(text) - int(np.count_nonzero(held))
    if blanks == text.null_count:
        return text
    _, offsets, data = text.buffers()
    return pa.StringArray.from_buffers(
        len(text),
        offsets.slice(text.offset * 4, (len(text) + 1) * 4),
        data,
        pa.py_buffer(np.packbits(held, bitorder="little")),
        blanks,
    )


class _Looks(NamedTuple):
    """How a suspicious cell of printable ASCII looks by its length and its first two bytes."""

    openings: bytes  # 256 flags: such a cell may begin with this byte
    lengths: Bools  # flags by 16 * first byte + bytes in the cell, at most 15
    pairs: Bools  # flags by 256 * first byte + second byte


@lru_cache
def _looks(typed: bool, keeps_marks: bool) -> _Looks:
    lengths = np.zeros((256, 16), np.bool_)
    pairs = np.zeros((256, 256), np.bool_)
    for mark in EXCEL_ERRORS if keeps_marks else EXCEL_ERRORS | EMPTY_MARKS:
        first = ord(mark[0])
        lengths[first, min(len(mark), 15)] = True
        # A cell of one byte has no second: a match there belongs to the next cell.
        pairs[first, ord(mark[1]) if len(mark) > 1 else slice(None)] = True
    lengths[ord("#"), 3:] = pairs[ord("#"), ord("#")] = True
    lengths[ord("="), 3:] = pairs[ord("="), ord('"')] = True
    for opening in " '" if typed else " ":
        lengths[ord(opening), 1:] = pairs[ord(opening)] = True
    return _Looks(lengths.any(axis=1).tobytes(), lengths.ravel(), pairs.ravel())


def _suspects(text: pa.StringArray, looks: _Looks, identifies: bool) -> Ints:
    """Positions of the cells that `read` may change or reject."""
    data, starts, ends = cells = texts.view(text)
    if not len(text) or starts[0] == ends[-1]:
        return np.zeros(0, np.int64)
    used = data[starts[0] : ends[-1]]
    low, high = int(used.min()), int(used.max())
    found: list[Ints] = []
    if looks.openings.find(1, low, high + 1) >= 0:
        found.append(_opening_oddly(cells, looks))
    if low <= ord(" "):
        found.append(_where(cells, ends - 1, " "))
    if identifies and low <= ord("+") and high >= ord("E"):
        found += [_where(cells, ends - digits - 1, "+") for digits in (2, 3)]
    if low < ord(" ") or high == DELETE or (high > DELETE and (used == DELETE).any()):
        odd = np.flatnonzero((used < ord(" ")) | (used == DELETE)) + int(starts[0])
        found.append(np.searchsorted(ends, odd.astype(np.int32), side="right"))
    if high > DELETE:
        found.append(np.flatnonzero(~texts.true(pc.string_is_ascii(text), null=True)))
    return _merged(found, len(text))


def _opening_oddly(cells: texts.View, looks: _Looks) -> Ints:
    """Cells that begin with a space, or look like a mark, an error or armour."""
    data, starts, ends = cells
    first = np.take(data, starts, mode="clip")
    # bytes.translate is the fastest look-up of bytes that there is from Python.
    found = np.flatnonzero(np.frombuffer(first.tobytes().translate(looks.openings), np.bool_))
    if not len(found):
        return found
    # Of words that begin like a mark most go by their second byte, and the rest by their length.
    second = np.take(data, starts[found] + 1, mode="clip")
    found = found[np.take(looks.pairs, first[found].astype(np.int32) * 256 + second)]
    length = np.minimum(ends[found] - starts[found], 15)
    looking: Ints = found[np.take(looks.lengths, first[found].astype(np.int32) * 16 + length)]
    return looking


def _where(cells: texts.View, places: npt.NDArray[np.int32], char: str) -> Ints:
    """Cells that hold `char` at these places of the data, which may lie outside of the cell."""
    data, starts, _ = cells
    found = np.flatnonzero(np.take(data, places, mode="clip") == ord(char))
    return found[places[found] >= starts[found]]


def _merged(found: list[Ints], length: int) -> Ints:
    """All positions that were found: ascending, each once."""
    found = [positions for positions in found if len(positions)]
    if not found:
        return np.zeros(0, np.int64)
    flags = np.zeros(length, np.bool_)
    for positions in found:
        flags[positions] = True
    return np.flatnonzero(flags)
