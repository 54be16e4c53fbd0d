"""A delimited text file as batches of text columns, each row with its exact physical line.

The file is cut into blocks of whole records, and each block is parsed by one single-threaded
`pyarrow.csv.read_csv`. Blocks that hold stray quotes or lone carriage returns go through the exact
scanner instead.
"""

import codecs
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv

from callconv_kit.model import texts
from callconv_kit.model.errors import InputError
from callconv_kit.model.rows import Batch, Ragged
from callconv_kit.model.texts import Ints
from callconv_kit.reading import encoding as encodings
from callconv_kit.reading import reimport, scanning
from callconv_kit.reading.batches import Account
from callconv_kit.reading.dialect import Dialect, sniff
from callconv_kit.reading.sources import Source
from callconv_kit.reading.whole_rows import (
    BLANK,
    columns_of,
    without_blank_rows,
    without_repeated_headers,
)

BLOCK = 1 << 23
SAMPLE = 1 << 18
HEAD = 1 << 10


class Block(NamedTuple):
    """Whole records as UTF-8, and the physical line of the first, counted from 1."""

    data: bytes
    line: int
    newlines: int
    regular: bool


class DelimitedTable:
    """A delimited text file; see `batches.Table`."""

    padded = False
    is_frame = False

    def __init__(
        self,
        source: Source,
        is_known: Callable[[str], bool],
        *,
        encoding: str = "",
        delimiter: str = "",
        header_line: int = 0,
        headerless: Mapping[int, tuple[str, ...]] | None = None,
        as_written: bool = False,
    ) -> None:
        """Look at the file: its encoding, delimiter and header.

        With `as_written`, a rejected.csv is a table like any other.

        Raises:
            InputError: it is not a table, has no header, or can't be read.
        """
        self._source = source
        self.name = source.name
        with source.open(hashing=False) as stream:
            if reimport.begins(stream.read(HEAD)):
                # The settings are those of the export that it came from.
                encoding, delimiter, header_line = "", "", 0
        with source.open(hashing=False) as stream:
            self._encoding = encodings.detect(stream, source.name, encoding)
        with source.open(hashing=False) as stream:
            sample = self._sample(stream)
        self.dialect: Dialect = sniff(
            sample,
            source.name,
            is_known,
            delimiter=delimiter,
            header_line=header_line,
            headerless=headerless,
        )
        self.fed_back = reimport.is_fed_back(self.dialect.header) and not as_written
        self.header = self.dialect.header
        if self.fed_back:
            self.header = reimport.own_columns(self.header)
        self.account = self._new_account()

    def _new_account(self) -> Account:
        return Account(
            self.name,
            encoding=self._encoding.name,
            delimiter=self.dialect.delimiter,
            header_line=self.dialect.header_line,
            blank_lines=self.dialect.blank_lines,
            skipped=list(self.dialect.skipped),
            guessed_from_line=self._encoding.guessed_from_line,
        )

    def _sample(self, stream: BinaryIO) -> str:
        data = stream.read(SAMPLE)
        decoder = codecs.getincrementaldecoder(self._encoding.name)("replace")
        text = decoder.decode(data, final=len(data) < SAMPLE)
        if self._encoding.newline == b"\r":
            text = text.replace("\r", "\n")
        if len(data) == SAMPLE and "\n" in text:
            text = text[: text.rindex("\n") + 1]
        return text

    def batches(self, wanted: Ints | None = None) -> Iterator[Batch]:
        """The rows in order; with `wanted`, only those on these ascending lines.

        Raises:
            InputError: `unclosed_quote` or `unreadable`.
        """
        self.account = self._new_account()
        with self._source.open() as stream:
            for block in self._blocks(stream):
                batch = self._parse(block, wanted)
                if batch is not None:
                    self.account.rows += len(batch.lines) + len(batch.ragged)
                    yield batch
        self.account.sha256 = self._source.sha256

    # -- cutting --------------------------------------------------------------------------------

    def _blocks(self, stream: BinaryIO) -> Iterator[Block]:
        line = self.dialect.body_line
        rest = b""
        for chunk in self._body(stream):
            block = rest + chunk
            cut, regular = self._cut(block, line, final=False)
            if cut:
                data = self._utf8(block[:cut])
                newlines = scanning.count_newlines(data)
                yield Block(data, line, newlines, regular)
                line += newlines
            rest = block[cut:]
        if rest:
            cut, regular = self._cut(rest, line, final=True)
            data = self._utf8(rest)
            yield Block(data, line, scanning.count_newlines(data), regular)

    def _body(self, stream: BinaryIO) -> Iterator[bytes]:
        """The bytes after the header, still in the file's encoding where that is 8-bit."""
        decoder = None
        if self._encoding.name not in {"utf-8", "utf-8-sig", "cp1252"}:
            decoder = codecs.getincrementaldecoder(self._encoding.name)("replace")
        # The sample held the whole header, so twice its size does, whatever the encoding.
        head, in_head = b"", True
        while data := stream.read(BLOCK):
            if decoder is not None:
                data = decoder.decode(data).encode()
            if self._encoding.newline == b"\r":
                data = data.replace(b"\r", b"\n")
            if in_head:
                head += data
                if len(head) < 2 * SAMPLE:
                    continue
                data, in_head = self._after_header(head), False
            yield data
        if in_head:
            yield self._after_header(head)

    def _after_header(self, head: bytes) -> bytes:
        """What comes after the header's lines: lines count alike in characters and in bytes."""
        at = 0
        for _ in range(self.dialect.body_line - 1):
            newline = head.find(b"\n", at)
            if newline < 0:
                return b""
            at = newline + 1
        return head[at:]

    def _cut(self, block: bytes, line: int, *, final: bool) -> tuple[int, bool]:
        """Where the last whole record ends, and whether the block is regular."""
        if not self._has_lone_returns(block, final=final):
            end = scanning.last_record_end(block, self.dialect.delimiter)
            if end is not None:
                unfinished = block[end:]
                opened = b'"' in unfinished and unfinished.count(b'"') % 2 == 1
                if opened and (final or len(unfinished) > BLOCK + scanning.LONGEST_CELL):
                    at = line + block.count(b"\n", 0, end)
                    self._scan(unfinished, at, final=True)
                    raise self._unclosed(at)
                return (len(block), True) if final else (end, True)
        # latin-1 gives one character a byte, so that offsets in the text are offsets in bytes.
        _, end = self._scan(block, line, final=final)
        return end, False

    def _has_lone_returns(self, block: bytes, *, final: bool) -> bool:
        if b"\r" not in block:
            return False
        half_read = 0 if final else block.endswith(b"\r")
        return block.count(b"\r") - block.count(b"\r\n") - half_read > 0

    def _scan(self, block: bytes, line: int, *, final: bool) -> tuple[list[scanning.Record], int]:
        try:
            return scanning.scan(block.decode("latin-1"), self.dialect.delimiter, final=final)
        except scanning.UnclosedQuote as error:
            raise self._unclosed(line + error.line) from None

    def _unclosed(self, line: int) -> InputError:
        return InputError(
            "unclosed_quote",
            f"A quote opens on line {line} of {self.name} and never closes",
            "everything after it would be one cell",
            'a closing ", or "" where a quote is meant',
            f"Correct line {line}, or export the file again.",
        )

    def _utf8(self, block: bytes) -> bytes:
        """The block as valid UTF-8; broken bytes become U+FFFD, which no column takes."""
        if block.isascii():
            return block
        if self._encoding.name == "cp1252":
            return block.decode("cp1252", "replace").encode()
        return block if texts.is_utf8(block) else block.decode("utf-8", "replace").encode()

    # -- parsing --------------------------------------------------------------------------------

    def _parse(self, block: Block, wanted: Ints | None) -> Batch | None:
        if wanted is not None:
            last = block.line + block.newlines
            span = wanted[(wanted >= block.line) & (wanted <= last)]
            if not len(span):
                return None
            batch = (self._parse_wanted if block.regular else self._parse_irregular)(block, span)
            ragged = tuple(row for row in batch.ragged if row.line in span)
            return replace(batch.keep(np.isin(batch.lines, span)), ragged=ragged)
        batch = (self._parse_regular if block.regular else self._parse_irregular)(block)
        return without_repeated_headers(
            without_blank_rows(batch, self.account), self.header, self.account
        )

    def _parse_wanted(self, block: Block, wanted: Ints) -> Batch:
        where = scanning.layout(block.data)
        at = np.flatnonzero(np.isin(where.lines + block.line, wanted))
        ranges = zip(where.starts[at], where.ends[at], strict=True)
        pieces = [block.data[start:end] for start, end in ranges]
        return self._arrow(b"\n".join(pieces), lambda _: (where.lines + block.line)[at])

    def _parse_regular(self, block: Block) -> Batch:
        newlines = block.newlines
        unended = not block.data.endswith(b"\n")

        def lines(records: int) -> Ints:
            if records == newlines + unended:
                return np.arange(block.line, block.line + records)
            where = scanning.layout(block.data)
            filled = where.ends > where.starts
            blank = int(len(filled) - filled.sum())
            self.account.blank_lines += blank
            return (where.lines + block.line)[filled]

        return self._arrow(block.data, lines)

    def _arrow(self, data: bytes, lines: Callable[[int], Ints]) -> Batch:
        """Parse a regular block; `lines(count)` gives the line of each of its non-blank records."""
        invalid: list[tuple[int, str]] = []

        def keep_for_later(row: csv.InvalidRow) -> str:
            invalid.append((row.number, row.text))
            return "skip"

        width = len(self.dialect.header)
        names = [str(number) for number in range(width)]
        if not data.lstrip(b"\r\n"):
            lines(0)
            return self._batch(np.zeros(0, np.int64), [texts.from_list([])] * width, [])
        table = csv.read_csv(
            pa.BufferReader(data),
            read_options=csv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(data) + 1
            ),
            parse_options=csv.ParseOptions(
                delimiter=self.dialect.delimiter,
                newlines_in_values=True,
                invalid_row_handler=keep_for_later,
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
        numbers = lines(table.num_rows + len(invalid))
        ragged: list[tuple[int, list[str]]] = []
        if invalid:
            at = np.asarray([number - 1 for number, _ in invalid])
            ragged = [
                (int(line), scanning.split(text, self.dialect.delimiter))
                for line, (_, text) in zip(numbers[at], invalid, strict=True)
            ]
            numbers = np.delete(numbers, at)
        columns = [
            column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
            for column in table.columns
        ]
        return self._batch(numbers, columns, ragged)

    def _parse_irregular(self, block: Block, _wanted: Ints | None = None) -> Batch:
        records, _ = scanning.scan(block.data.decode(), self.dialect.delimiter, final=True)
        width = len(self.dialect.header)
        numbers: list[int] = []
        rows: list[list[str]] = []
        ragged: list[tuple[int, list[str]]] = []
        for record in records:
            line = block.line + record.line
            if record.cells == [""]:
                self.account.blank_lines += 1
            elif len(record.cells) == width:
                numbers.append(line)
                rows.append(record.cells)
            else:
                ragged.append((line, record.cells))
        return self._batch(np.asarray(numbers, np.int64), columns_of(rows, width), ragged)

    def _batch(
        self, numbers: Ints, columns: list[pa.StringArray], ragged: list[tuple[int, list[str]]]
    ) -> Batch:
        """Rows as they are: those whose extra cells hold nothing are no longer ragged."""
        width = len(self.dialect.header)
        wrong: list[tuple[int, list[str]]] = []
        mended: list[tuple[int, list[str]]] = []
        for line, cells in ragged:
            if not any(cell.strip(BLANK) for cell in cells):
                self.account.blank_lines += 1
            elif len(cells) > width and not any(cell.strip(BLANK) for cell in cells[width:]):
                mended.append((line, cells[:width]))
            else:
                wrong.append((line, cells))
        if mended:
            numbers = np.concatenate([numbers, [line for line, _ in mended]])
            order = np.argsort(numbers, kind="stable")
            numbers = numbers[order]
            more = columns_of([cells for _, cells in mended], width)
            columns = [
                texts.take(pa.concat_arrays(pair), order)
                for pair in zip(columns, more, strict=True)
            ]
        if self.fed_back:
            return reimport.restore(self.name, self.dialect.header, numbers, columns, wrong)
        rows = tuple(Ragged(line, cells, self.name, line) for line, cells in wrong)
        return Batch(numbers, tuple(columns), rows)
