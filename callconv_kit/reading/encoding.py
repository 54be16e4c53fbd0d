r"""Which encoding a file is in: its bytes decide.

A byte-order mark, else UTF-16 where every other byte is zero, else UTF-8. A file with bytes that
are not UTF-8 and no valid multi-byte character anywhere is cp1252, unless its bytes disprove that;
then the file stops and asks for `encoding`. In a file that is UTF-8 but for a few broken bytes
only the cells that hold them are wrong. So the whole file is looked at before its first row is
read, which costs little: nearly all of it is ASCII, and that is checked many bytes at a time.
"""

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import numpy as np

from callconv_kit.model import texts
from callconv_kit.model.errors import InputError
from callconv_kit.reading import scanning
from callconv_kit.reading.other_encodings import (
    Decoder,
    Foreign,
    needs_encoding,
    not_in_encoding,
)

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CHUNK = 1 << 22
VALID_MULTI_BYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
NOT_TEXT = (
    (b"PK\x03\x04", "a zip archive or a workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a SQLite database"),
    (b"PAR1", "a Parquet file"),
)
CONTINUATION_BYTE, LEAD_BYTE = 0x80, 0xC0
"""From these values on, a byte of UTF-8 goes on with a character, or begins one."""
MARKUP = re.compile(rb"\s*<(?:!doctype|html|\?xml|table|div|head)\b", re.IGNORECASE)

MANY, OUTNUMBERED = 8, 4
"""So many broken bytes, and so many for each valid character, are more than a few."""

MOSTLY, SELDOM = 0.3, 0.02
"""Shares of zeros at the places of high bytes, and of low bytes, in UTF-16 without a mark."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the bytes of a file say.

    name: the job's `encoding`, else `utf-8`, `utf-8-sig` (with a byte-order mark), `cp1252`,
        `utf-16` or `utf-32` (with a mark), or these with `-le` or `-be` (without one).
    guessed_from_line: the first line that is not UTF-8, where cp1252 was guessed; else 0.
    newline: the byte that ends a line: a line feed, or a carriage return where there is no other.
    """

    name: str
    guessed_from_line: int = 0
    newline: bytes = b"\n"

    @property
    def codec(self) -> str:
        """The one name that Python has for it, however it is spelled."""
        return codecs.lookup(self.name).name


def detect(stream: BinaryIO, name: str, wanted: str = "") -> Encoding:
    """Look at all bytes of a file.

    Args:
        stream: from its first byte.
        name: of the file, for errors.
        wanted: the job's `encoding`; empty to detect.

    Raises:
        InputError: `empty_file`, `not_a_table` or `needs_encoding`.
    """
    head = stream.read(CHUNK)
    refuse_what_is_no_text(head, name)
    mark, marked = next(((bom, its) for bom, its in BOMS if head.startswith(bom)), (b"", ""))
    if not head[len(mark) :].strip(b" \t\r\n\0"):
        nothing = not head[len(mark) :].strip(b"\0")
        problem = f"{name} has no content" if nothing else f"{name} holds only blank lines"
        found = f"{len(head)} bytes"
        raise InputError("empty_file", problem, found, "a table", "Export it again.")
    if wanted:
        return _wanted(stream, head, name, wanted, marked)
    if marked == "utf-8-sig":
        return Encoding(marked, newline=_newline(stream, head))
    wide = marked or wide_by_zeros(head)
    if wide:
        return Encoding(wide, newline=_decoded_newline(stream, head, wide, name))
    return _utf8_or_cp1252(stream, head, name)


def _wanted(stream: BinaryIO, head: bytes, name: str, wanted: str, marked: str) -> Encoding:
    """The encoding that the job names; its byte order is seen where the job leaves it open."""
    codec = codecs.lookup(wanted).name
    if codec in {"utf-8", "utf-8-sig", "cp1252"}:
        return Encoding(wanted, newline=_newline(stream, head))
    if codec in {"utf-16", "utf-32"} and marked != codec:
        seen = wide_by_zeros(head)
        if not seen.startswith(codec):
            raise not_in_encoding(name, wanted, f"no byte-order mark of {codec}")
        wanted = seen
    return Encoding(wanted, newline=_decoded_newline(stream, head, wanted, name))


def wide_by_zeros(head: bytes) -> str:
    """UTF-16 or UTF-32 by its zeros: the high bytes of most characters; empty if it is neither."""
    zeros = np.frombuffer(head[: len(head) // 4 * 4], np.uint8).reshape(-1, 4) == 0
    if not len(zeros):
        return ""
    one, two, three, four = zeros.mean(axis=0).tolist()
    if min(three, four) > 1 - SELDOM and one <= SELDOM:
        return "utf-32-le"
    if min(one, two) > 1 - SELDOM and four <= SELDOM:
        return "utf-32-be"
    if min(two, four) >= MOSTLY and max(one, three) <= SELDOM:
        return "utf-16-le"
    if min(one, three) >= MOSTLY and max(two, four) <= SELDOM:
        return "utf-16-be"
    return ""


def _utf8_or_cp1252(stream: BinaryIO, head: bytes, name: str) -> Encoding:
    valid = 0
    foreign = Foreign()
    first_bad = Breaks(-1, -1)
    passed = Breaks(0, 0)
    rest = b""
    chunk = head
    while chunk:
        whole = rest + chunk
        cut = _whole_characters(whole)
        whole, rest = whole[:cut], whole[cut:]
        if not whole.isascii():
            bad_at = _first_bad(whole)
            if bad_at < 0:
                valid += CHUNK  # so much valid text is proof enough; counting it would cost
            else:
                valid += foreign.add(whole, VALID_MULTI_BYTE)
            if bad_at >= 0 and first_bad == (-1, -1):
                first_bad = passed.after(whole[:bad_at])
        passed = passed.after(whole)
        chunk = stream.read(CHUNK)
    if rest:
        foreign.add(rest, VALID_MULTI_BYTE)
        first_bad = passed if first_bad == (-1, -1) else first_bad
    newline = b"\n" if passed.line_feeds else b"\r"
    if first_bad == (-1, -1):
        return Encoding("utf-8", newline=newline)
    before = first_bad.line_feeds if passed.line_feeds else first_bad.returns
    few = foreign.broken < MANY or foreign.broken <= OUTNUMBERED * valid
    if valid and (few or foreign.may_be_cp1252()):
        return Encoding("utf-8", newline=newline)
    if not foreign.may_be_cp1252():
        if _controls(head) > SELDOM:
            raise not_a_table(name, "many unprintable characters")
        raise needs_encoding(name, before + 1, foreign)
    return Encoding("cp1252", before + 1, newline)


def _controls(head: bytes) -> float:
    """The share of control characters, of which text has few."""
    low = np.frombuffer(head, np.uint8) < ord(" ")
    breaks = sum(map(head.count, (b"\t", b"\n", b"\r")))
    return (int(low.sum()) - breaks) / len(head)


class Breaks(NamedTuple):
    """How many of each line-ending byte there were before a place in a file."""

    line_feeds: int
    returns: int

    def after(self, data: bytes) -> "Breaks":
        """The same after `data`; carriage returns are counted only while there is no line feed."""
        line_feeds = self.line_feeds + scanning.count_newlines(data)
        return Breaks(line_feeds, self.returns + (0 if line_feeds else data.count(b"\r")))


def _whole_characters(data: bytes) -> int:
    """Where the last whole character ends: a character may be half read at the end."""
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte >= LEAD_BYTE:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if length > back else len(data)
        if byte < CONTINUATION_BYTE:
            break
    return len(data)


def _first_bad(data: bytes) -> int:
    """Where `data` stops being UTF-8; -1 where it does not."""
    if texts.is_utf8(data):
        return -1
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return -1


def _newline(stream: BinaryIO, head: bytes) -> bytes:
    chunk = head
    while chunk:
        if b"\n" in chunk:
            return b"\n"
        chunk = stream.read(CHUNK)
    return b"\r"


def _decoded_newline(stream: BinaryIO, head: bytes, encoding: str, name: str) -> bytes:
    """The same for encodings in which a line feed is not one byte of its own.

    Raises:
        InputError: `needs_encoding`: the bytes can't be decoded at all.
    """
    decoder = Decoder(encoding, name)
    chunk, returns = head, False
    while chunk:
        text = decoder.text(chunk)
        if "\n" in text:
            return b"\n"
        returns = returns or "\r" in text
        chunk = stream.read(CHUNK)
    return b"\r" if returns else b"\n"


def refuse_what_is_no_text(head: bytes, name: str) -> None:
    """Raise `not_a_table` for files that are known by their first bytes not to be text."""
    for magic, what in NOT_TEXT:
        if head.startswith(magic):
            raise not_a_table(name, what)
    if MARKUP.match(head):
        raise not_a_table(name, "a web page or XML")
    if head and not head.strip(b"\0"):
        raise not_a_table(name, "nothing but zero bytes")


def not_a_table(name: str, found: str) -> InputError:
    """The error for content that is not a table of text."""
    return InputError(
        "not_a_table",
        f"{name} is not a table of text",
        found,
        "CSV: lines of cells, separated by commas, semicolons, tabs or bars",
        "Export it as CSV, or open it and save it as CSV.",
    )
