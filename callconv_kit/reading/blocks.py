"""A delimited text file, cut into blocks of whole records, each with its exact physical line."""

import sys
from collections.abc import Iterator
from operator import attrgetter
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


class Span(NamedTuple):
    """A stretch of a file that another process reads, from one record's start to another's.

    A reading that begins here goes on as one would that came by: with the same blocks.

    start: byte of the file at which its first record begins; 0: that after the header.
    line: the physical line of that record.
    read: how far the file was read when the record before it was complete.
    stop: how far the file is read for this stretch.
    last: whether the file ends there, so that what is left is a record too.
    """

    start: int
    line: int
    read: int
    stop: int
    last: bool


class _Counted:
    """A stream that knows how many bytes were read of it, and may end before the file does."""

    def __init__(self, stream: BinaryIO, stop: int = sys.maxsize) -> None:
        self._stream = stream
        self._stop = stop
        self.at = 0

    def read(self, size: int) -> bytes:
        """The next bytes."""
        data = self._stream.read(min(size, self._stop - self.at))
        self.at += len(data)
        return data

    def seek(self, at: int) -> None:
        """Go on from this byte."""
        self._stream.seek(at)
        self.at = at


class _Step(NamedTuple):
    """The whole records of what was read so far, and are new.

    block: begins with them; `cut` is where they end.
    line, lines: the physical line of the first, and how many lines they take up.
    regular: see `Block`.
    untouched: what is behind them is as it is in the file, and is of the last read.
    """

    block: bytes
    cut: int
    line: int
    lines: int
    regular: bool
    untouched: bool


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

    def blocks(self, stream: BinaryIO, span: Span | None = None) -> Iterator[Block]:
        """The rows after the header; with `span`, those of a stretch that `spans` found.

        Raises:
            InputError: `unclosed_quote`; `not_a_table`: a line is longer than any record of a call.
        """
        steps = self._steps(_Counted(stream, span.stop if span else sys.maxsize), span)
        # Not in a loop of our own, whose variables would keep the bytes while the rows wait.
        return map(self._block_of, filter(attrgetter("cut"), steps))

    def _block_of(self, step: _Step) -> Block:
        whole = step.cut == len(step.block)
        data = self._utf8(step.block if whole else step.block[: step.cut])
        return Block(data, step.line, step.lines, step.regular)

    def spans(self, stream: BinaryIO, size: int) -> Iterator[Span]:
        """The file as stretches of at least `size` bytes, as soon as each is known.

        Raises:
            InputError: as `blocks`, once the stretches before are out.
        """
        counted = _Counted(stream)
        start, line, read = 0, self._dialect.body_line, 0
        for step in self._steps(counted, None):
            if step.untouched and counted.at - read >= size:
                yield Span(start, line, read, counted.at, last=False)
                start, line = counted.at - len(step.block) + step.cut, step.line + step.lines
                read = counted.at
        yield Span(start, line, read, counted.at, last=True)

    @property
    def can_part(self) -> bool:
        """Whether the file's bytes can be cut before they are decoded, as `spans` does."""
        return self._bytewise and self._encoding.newline == b"\n"

    def _steps(self, stream: _Counted, span: Span | None) -> Iterator[_Step]:
        line, rest = self._dialect.body_line, b""
        chunks = self._body(stream)
        if span is not None and span.start:
            stream.seek(span.start)
            line, rest = span.line, stream.read(span.read - span.start)
            chunks = self._decoded(stream)
        for chunk in chunks:
            held = rest + chunk
            block, cut, scanned = self._cut(held, line, final=False)
            lines = _newlines(block, cut) if scanned is None else scanned
            untouched = block is held and len(block) - cut <= len(chunk)
            steps = [_Step(block, cut, line, lines, scanned is None, untouched)]
            line, rest = line + lines, block[cut:]
            del held, chunk, block
            yield steps.pop()
            if len(rest) > self._longest:
                raise self._endless(line)
        if rest and (span is None or span.last):
            block, _, scanned = self._cut(rest, line, final=True)
            lines = _newlines(block, len(block)) if scanned is None else scanned
            yield _Step(block, len(block), line, lines, scanned is None, False)

    def _body(self, stream: _Counted) -> Iterator[bytes]:
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

    def _decoded(self, stream: _Counted) -> Iterator[bytes]:
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


def _newlines(block: bytes, end: int) -> int:
    """How many line feeds are before `end`."""
    return scanning.count_newlines(memoryview(block)[:end])
