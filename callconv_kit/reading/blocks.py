"""A delimited text file, cut into blocks of whole records, each with its exact physical line."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from callconv_kit.model import texts
from callconv_kit.model.errors import InputError
from callconv_kit.reading import scanning
from callconv_kit.reading.dialect import Dialect
from callconv_kit.reading.encoding import Encoding
from callconv_kit.reading.other_encodings import Decoder

BYTEWISE = {"utf-8", "utf-8-sig", "cp1252"}
"""Encodings whose bytes can be cut and searched before they are decoded."""


class Block(NamedTuple):
    """Whole records as UTF-8, and the physical line of the first, counted from 1.

    lines: how many physical lines they take up.
    regular: each quote opens a cell, closes one, or is doubled.
    """

    data: bytes
    line: int
    lines: int
    regular: bool


class Cutter:
    """Cuts one file; see `blocks`."""

    def __init__(
        self, name: str, encoding: Encoding, dialect: Dialect, *, block: int, header_room: int
    ) -> None:
        """Prepare to cut.

        Args:
            name: of the file, for errors.
            encoding: of the file.
            dialect: of the file.
            block: bytes that are read at a time.
            header_room: bytes of UTF-8 that surely hold the header and all before it.
        """
        self._name = name
        self._encoding = encoding
        self._bytewise = encoding.codec in BYTEWISE
        self._dialect = dialect
        self._block, self._header_room = block, header_room
        self._longest = block + scanning.LONGEST_CELL

    def blocks(self, stream: BinaryIO) -> Iterator[Block]:
        """The rows after the header.

        Raises:
            InputError: `unclosed_quote`; `not_a_table`: a line is longer than any record of a call.
        """
        line = self._dialect.body_line
        rest = b""
        for chunk in self._body(stream):
            block, cut, scanned = self._cut(rest + chunk, line, final=False)
            if cut:
                made = self._made(block[:cut], line, scanned)
                yield made
                line += made.lines
            rest = block[cut:]
            if len(rest) > self._longest:
                raise self._endless(line)
        if rest:
            rest, _, scanned = self._cut(rest, line, final=True)
            yield self._made(rest, line, scanned)

    def _made(self, data: bytes, line: int, scanned: int | None) -> Block:
        """A block; `scanned` are its lines, where it is not regular."""
        data = self._utf8(data)
        if scanned is not None:
            return Block(data, line, scanned, regular=False)
        return Block(data, line, scanning.count_newlines(data), regular=True)

    def _body(self, stream: BinaryIO) -> Iterator[bytes]:
        """The bytes after the header, still in the file's encoding where that is 8-bit."""
        head, in_head = b"", True
        for data in self._decoded(stream):
            if self._encoding.newline == b"\r":
                data = data.replace(b"\r", b"\n")
            if in_head:
                head += data
                if len(head) < self._header_room:
                    continue
                data, in_head = self._after_header(head), False
            yield data
        if in_head:
            yield self._after_header(head)

    def _decoded(self, stream: BinaryIO) -> Iterator[bytes]:
        if self._bytewise:
            while data := stream.read(self._block):
                yield data
            return
        decoder = Decoder(self._encoding.name, self._name)
        while data := stream.read(self._block):
            yield decoder.utf8(data)
        yield decoder.utf8(b"", final=True)

    def _after_header(self, head: bytes) -> bytes:
        """What comes after the header's lines."""
        text = head.decode("latin-1")
        before = self._dialect.body_line - 1
        return head[scanning.offset_of_line(text, self._dialect.delimiter, before) :]

    def _cut(self, block: bytes, line: int, *, final: bool) -> tuple[bytes, int, int | None]:
        """A block, and where its last whole record ends; of an irregular one, its lines.

        The block comes back tidied where that makes it regular.
        """
        end = self._regular_end(block, final=final)
        if end is None and b'"' in block:
            tidied = scanning.tidied(block, self._dialect.delimiter)
            end = self._regular_end(tidied, final=final) if tidied is not block else None
            block = block if end is None else tidied
        if end is None:
            scanned = self._scan(block, line, final=final)
            return block, scanned.end, scanned.lines
        unfinished = block[end:]
        opened = b'"' in unfinished and unfinished.count(b'"') % 2 == 1
        if opened and (final or len(unfinished) > self._longest):
            at = line + block.count(b"\n", 0, end)
            self._scan(unfinished, at, final=True)
            raise self._unclosed(at)
        return block, len(block) if final else end, None

    def _regular_end(self, block: bytes, *, final: bool) -> int | None:
        """Where the last whole record of a block ends; None if it is irregular."""
        if self._has_lone_returns(block, final=final):
            return None
        return scanning.last_record_end(block, self._dialect.delimiter)

    def _has_lone_returns(self, block: bytes, *, final: bool) -> bool:
        if b"\r" not in block:
            return False
        half_read = 0 if final else block.endswith(b"\r")
        return block.count(b"\r") - block.count(b"\r\n") - half_read > 0

    def _scan(self, block: bytes, line: int, *, final: bool) -> scanning.Scan:
        # latin-1 gives one character a byte, so that offsets in the text are offsets in bytes.
        try:
            return scanning.scan(block.decode("latin-1"), self._dialect.delimiter, final=final)
        except scanning.UnclosedQuote as error:
            raise self._unclosed(line + error.line) from None

    def _unclosed(self, line: int) -> InputError:
        return InputError(
            "unclosed_quote",
            f"A quote opens on line {line} of {self._name} and never closes",
            "everything after it would be one cell",
            'a closing ", or "" where a quote is meant',
            f"Correct line {line}, or export the file again.",
        )

    def _endless(self, line: int) -> InputError:
        return InputError(
            "not_a_table",
            f"Line {line} of {self._name} is too long to be a row",
            f"more than {self._longest:,} bytes without a line break",
            "rows of at most a few thousand bytes",
            "Check what the file holds, and export it again.",
        )

    def _utf8(self, block: bytes) -> bytes:
        """The block as valid UTF-8; broken bytes become U+FFFD, which no column takes."""
        if block.isascii():
            return block
        if self._encoding.codec == "cp1252":
            return block.decode("cp1252", "replace").encode()
        return block if texts.is_utf8(block) else block.decode("utf-8", "replace").encode()
