"""Which encoding a file is in: its bytes decide.

A byte-order mark, else UTF-8. A file with bytes that are not UTF-8 and no valid multi-byte
character anywhere is cp1252; in a file that is UTF-8 but for a few broken bytes only the cells
that hold them are wrong. So the whole file is looked at before its first row is read, which costs
little: nearly all of it is ASCII, and that is checked many bytes at a time.
"""

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from callconv_kit.model import texts
from callconv_kit.model.errors import InputError
from callconv_kit.reading import scanning

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
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


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the bytes of a file say.

    name: `utf-8`, `utf-8-sig` (with a byte-order mark), `utf-16`, `utf-32` or `cp1252`.
    guessed_from_line: the first line that is not UTF-8, where cp1252 was guessed; else 0.
    newline: the byte that ends a line: a line feed, or a carriage return where there is no other.
    """

    name: str
    guessed_from_line: int = 0
    newline: bytes = b"\n"

    @property
    def codec(self) -> str:
        """The name for Python's codecs."""
        return self.name


def detect(stream: BinaryIO, name: str, wanted: str = "") -> Encoding:
    """Look at all bytes of a file.

    Args:
        stream: from its first byte.
        name: of the file, for errors.
        wanted: the job's `encoding`; empty to detect.

    Raises:
        InputError: `empty_file` or `not_a_table`.
    """
    head = stream.read(CHUNK)
    if not head:
        raise InputError(
            "empty_file", f"{name} has no content", "0 bytes", "a table", "Export it again."
        )
    refuse_what_is_no_text(head, name)
    for bom, encoding in BOMS:
        if head.startswith(bom) and not wanted:
            if encoding.startswith(("utf-16", "utf-32")):
                return Encoding(encoding, newline=_wide_newline(head, encoding))
            if not head[len(bom) :].strip():
                raise InputError(
                    "empty_file", f"{name} has no content", "", "a table", "Export it again."
                )
            return Encoding(encoding, newline=_newline(stream, head))
    if not head.strip():
        raise InputError(
            "empty_file", f"{name} holds only blank lines", "", "a table", "Export it again."
        )
    if wanted:
        wide = wanted.replace("_", "-").lower().startswith(("utf-16", "utf-32"))
        return Encoding(wanted, newline=b"\n" if wide else _newline(stream, head))
    return _utf8_or_cp1252(stream, head, name)


def _utf8_or_cp1252(stream: BinaryIO, head: bytes, name: str) -> Encoding:
    multi_byte = False
    first_bad = Breaks(-1, -1)
    passed = Breaks(0, 0)
    rest = b""
    chunk = head
    while chunk:
        if b"\0" in chunk:
            raise not_a_table(name, "bytes of zero, which no text holds")
        whole = rest + chunk
        cut = _whole_characters(whole)
        whole, rest = whole[:cut], whole[cut:]
        if not whole.isascii():
            bad_at = _first_bad(whole)
            multi_byte = multi_byte or VALID_MULTI_BYTE.search(whole) is not None
            if bad_at >= 0 and first_bad == (-1, -1):
                first_bad = passed.after(whole[:bad_at])
        passed = passed.after(whole)
        chunk = stream.read(CHUNK)
    if rest and first_bad == (-1, -1):
        first_bad = passed
    newline = b"\n" if passed.line_feeds else b"\r"
    if first_bad == (-1, -1) or multi_byte:
        return Encoding("utf-8", newline=newline)
    before = first_bad.line_feeds if passed.line_feeds else first_bad.returns
    return Encoding("cp1252", before + 1, newline)


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


def _wide_newline(head: bytes, encoding: str) -> bytes:
    text = head[: len(head) // 4 * 4].decode(encoding, errors="replace")
    return b"\r" if "\r" in text and "\n" not in text else b"\n"


def refuse_what_is_no_text(head: bytes, name: str) -> None:
    """Raise `not_a_table` for files that are known by their first bytes not to be text."""
    for magic, what in NOT_TEXT:
        if head.startswith(magic):
            raise not_a_table(name, what)
    if MARKUP.match(head):
        raise not_a_table(name, "a web page or XML")


def not_a_table(name: str, found: str) -> InputError:
    """The error for content that is no table of text."""
    return InputError(
        "not_a_table",
        f"{name} is not a table of text",
        found,
        "CSV: lines of cells, separated by commas, semicolons, tabs or bars",
        "Export it as CSV, or open it and save it as CSV.",
    )
