"""A delimited text file as batches of text columns, each row with its exact physical line.

The file is cut into blocks of whole records, and each block is parsed by one single-threaded
`pyarrow.csv.read_csv`. Blocks that hold stray quotes or lone carriage returns go through the exact
scanner instead.
"""

import codecs
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO, TypeAlias

import numpy as np
import pyarrow as pa
from pyarrow import csv

from callconv_kit.model import texts
from callconv_kit.model.rows import Batch, Ragged
from callconv_kit.model.texts import Ints
from callconv_kit.reading import encoding as encodings
from callconv_kit.reading import reimport, scanning, whole_rows
from callconv_kit.reading.batches import Account
from callconv_kit.reading.blocks import Block, Cutter, Span
from callconv_kit.reading.dialect import Dialect, sniff
from callconv_kit.reading.other_encodings import Decoder
from callconv_kit.reading.skipping import LinePatterns
from callconv_kit.reading.sources import Source
from callconv_kit.reading.whole_rows import (
    columns_of,
    is_blank,
    is_header,
    with_rows,
    without_blank_rows,
    without_repeated_headers,
)

PARSED_AT_ONCE = 1 << 20
"""Bytes; pyarrow is faster on what stays in the processor's cache."""

BLOCK = 1 << 23

WIDE = 200
"""Columns. Of a table with more, `WIDER` times as many bytes are read and parsed at a time, since
most steps cost as much for a column of few rows as for one of many."""

WIDER = 2

SAMPLE = 1 << 18
HEADER_ROOM = 2 * SAMPLE
"""The sample holds the whole header, so twice its size does as UTF-8, whatever the encoding."""
HEAD = 1 << 10

Long: TypeAlias = list[tuple[int, list[str]]]
"""Rows of another length than usual: their lines and cells."""


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
        skip_lines: Sequence[str] = (),
        as_written: bool = False,
    ) -> None:
        """Look at the file: its encoding, delimiter and header.

        Args:
            source: the file.
            is_known: whether a header's cell is the name of a column that the run can use.
            encoding: the job's; empty to detect.
            delimiter: the job's; empty to detect.
            header_line: the job's; 0 to detect.
            headerless: for files that have no header: the names of the columns, by how many there
                are.
            skip_lines: patterns of whole records that are not rows.
            as_written: a rejected.csv is a table like any other.

        Raises:
            InputError: it is not a table, has no header, or can't be read.
        """
        self._source = source
        self.name = source.name
        with source.open(hashing=False) as stream:
            if reimport.begins(stream.read(HEAD)):
                # The settings are those of the export that it came from.
                encoding, delimiter, header_line, skip_lines = "", "", 0, ()
        with source.open(hashing=False) as stream:
            self._encoding = encodings.detect(stream, source.name, encoding)
        with source.open(hashing=False) as stream:
            sample = self._sample(stream.read(SAMPLE))
        self.dialect: Dialect = sniff(
            sample,
            source.name,
            is_known,
            delimiter=delimiter,
            header_line=header_line,
            headerless=headerless,
        )
        self.reimported = reimport.is_reimport(self.dialect.header) and not as_written
        self.header = self.dialect.header
        if self.reimported:
            self.header = reimport.own_columns(self.header)
        # A spreadsheet fills short rows up; its lines end otherwise than ours.
        self._resaved = "\r\n" in sample
        self._patterns = LinePatterns(skip_lines)
        self._width = len(self.dialect.header)
        self._scale = WIDER if self._width > WIDE else 1
        self._cutter = Cutter(
            source.name,
            self._encoding,
            self.dialect,
            block=BLOCK * self._scale,
            header_room=HEADER_ROOM,
        )
        self.account = self._new_account()
        self._width = self._usual_width()
        self.account = self._new_account()

    @property
    def source(self) -> Source:
        """The file itself."""
        return self._source

    def _new_account(self) -> Account:
        return Account(
            self.name,
            encoding=self._encoding.name,
            delimiter=self.dialect.delimiter,
            header_line=self.dialect.header_line,
            blank_lines=self.dialect.blank_lines,
            skipped=list(self.dialect.skipped),
            guessed_from_line=self._encoding.guessed_from_line,
            surplus_cells=self._surplus(),
        )

    def _sample(self, data: bytes) -> str:
        text = Decoder(self._encoding.name, self.name).text(data, final=len(data) < SAMPLE)
        if self._encoding.newline == b"\r":
            text = text.replace("\r", "\n")
        if len(data) == SAMPLE and "\n" in text:
            text = text[: text.rindex("\n") + 1]
        return text

    def _surplus(self) -> int:
        """How many cells without a name rows have behind the last column."""
        if self.reimported:
            return 0
        unnamed = whole_rows.unnamed_columns(self.dialect.header)
        return max(self._width - len(self.dialect.header), 0) + unnamed

    def _usual_width(self) -> int:
        """How many cells rows have; more than the header only where that is how all rows end."""
        header = self.dialect.header
        width = whole_rows.usual_width(header, self.dialect.first_rows)
        if self.reimported or width <= len(header):
            return len(header) if self.reimported else width
        tally = whole_rows.Tally(header)
        with self._source.open(hashing=False) as stream:
            for block in self._cutter.blocks(stream):
                _, columns, others = self._parsed(self._without_skipped(block), width)
                tally.add(columns, len(columns[0]), [cells for _, cells in others])
        return width if tally.is_practically_every_row else len(header)

    def batches(self, wanted: Ints | None = None) -> Iterator[Batch]:
        """The rows in order; with `wanted`, only those on these ascending lines.

        Raises:
            InputError: `unclosed_quote` or `unreadable`.
        """
        self.account = self._new_account()
        with self._source.open() as stream:
            yield from self._batches(stream, wanted)
        self.account.sha256 = self._source.sha256

    def _batches(
        self, stream: BinaryIO, wanted: Ints | None, span: Span | None = None
    ) -> Iterator[Batch]:
        for block in self._cutter.blocks(stream, span):
            batch = self._parse(self._without_skipped(block), wanted)
            del block  # its bytes go before the rows wait for whoever takes them
            if batch is not None:
                self.account.rows += len(batch.lines) + len(batch.ragged)
                yield batch
                del batch

    def apart(self) -> "DelimitedTable":
        """The same table, for a reader beside others."""
        table = copy.copy(self)
        table._source = copy.copy(self._source)
        return table

    def plain_size(self) -> int | None:
        """Bytes of a file that other processes may read stretches of; None where they can't."""
        return self._source.plain_size() if self._cutter.can_part else None

    def spans(self, size: int) -> Iterator[Span]:
        """The file as stretches of at least `size` bytes; `batches_of` reads one.

        The account gets the file's hash, and no counts.

        Raises:
            InputError: as `batches`, once the stretches before are out.
        """
        self.account = self._new_account()
        with self._source.open() as stream:
            for span in self._cutter.spans(stream, size):
                if not span.last:
                    yield span
        self.account.sha256 = self._source.sha256
        yield span

    def batches_of(self, span: Span) -> Iterator[Batch]:
        """The rows of a stretch; the account counts what is in it.

        Raises:
            InputError: `unclosed_quote` or `unreadable`.
        """
        self.account = Account(self.name)
        with self._source.open(hashing=False) as stream:
            yield from self._batches(stream, None, span)

    # -- parsing --------------------------------------------------------------------------------

    def _without_skipped(self, block: Block) -> Block:
        if not self._patterns:
            return block
        block, lines, taken = self._patterns.blanked(block, self.dialect.delimiter)
        for line in lines:
            self.account.skip(line, "skip_lines")
        # They come as blank lines, and are not counted as such.
        self.account.blank_lines -= taken
        return block

    def _parse(self, block: Block, wanted: Ints | None) -> Batch | None:
        if wanted is not None:
            last = block.line + block.lines
            span = wanted[(wanted >= block.line) & (wanted <= last)]
            if not len(span):
                return None
            numbers, columns, others = self._parsed(block, self._width, span)
            batch = self._batch(numbers, columns, others)
            ragged = tuple(row for row in batch.ragged if row.line in span)
            return replace(batch.keep(np.isin(batch.lines, span)), ragged=ragged)
        batch = self._batch(*self._parsed(block, self._width))
        return without_repeated_headers(
            without_blank_rows(batch, self.account), self.header, self.account
        )

    def _parsed(
        self, block: Block, width: int, wanted: Ints | None = None
    ) -> tuple[Ints, list[pa.StringArray], Long]:
        """The rows of a block that have `width` cells, with their lines; and the others.

        With `wanted`, those on these lines, and perhaps more.
        """
        if not block.regular:
            return self._parse_irregular(block, width)
        if wanted is not None:
            return self._parse_wanted(block, width, wanted)
        newlines = block.lines
        unended = not block.data.endswith(b"\n")

        def lines(records: int) -> Ints:
            if records == newlines + unended:
                return np.arange(block.line, block.line + records)
            where = scanning.layout(block.data)
            filled = where.ends > where.starts
            blank = int(len(filled) - filled.sum())
            self.account.blank_lines += blank
            return (where.lines + block.line)[filled]

        return self._arrow(block.data, width, lines)

    def _parse_wanted(
        self, block: Block, width: int, wanted: Ints
    ) -> tuple[Ints, list[pa.StringArray], Long]:
        where = scanning.layout(block.data)
        at = np.flatnonzero(np.isin(where.lines + block.line, wanted))
        ranges = zip(where.starts[at], where.ends[at], strict=True)
        pieces = [block.data[start:end] for start, end in ranges]
        return self._arrow(b"\n".join(pieces), width, lambda _: (where.lines + block.line)[at])

    def _arrow(
        self, data: bytes, width: int, lines: Callable[[int], Ints]
    ) -> tuple[Ints, list[pa.StringArray], Long]:
        """Parse a regular block; `lines(count)` gives the line of each of its non-blank records."""
        names = [str(number) for number in range(width)]
        if not data.lstrip(b"\r\n"):
            lines(0)
            return np.zeros(0, np.int64), [texts.from_list([])] * width, []
        if data.startswith(codecs.BOM_UTF8):
            data = codecs.BOM_UTF8 + data  # pyarrow takes one away; here it belongs to a cell
        try:
            return self._read(data, names, PARSED_AT_ONCE * self._scale, lines)
        except pa.ArrowInvalid:  # a record is longer than that
            return self._read(data, names, len(data) + 1, lines)

    def _read(
        self, data: bytes, names: list[str], block_size: int, lines: Callable[[int], Ints]
    ) -> tuple[Ints, list[pa.StringArray], Long]:
        invalid: list[tuple[int, str]] = []

        def keep_for_later(row: csv.InvalidRow) -> str:
            invalid.append((row.number, row.text))
            return "skip"

        table = csv.read_csv(
            pa.BufferReader(data),
            read_options=csv.ReadOptions(
                column_names=names, use_threads=False, block_size=block_size
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
        others: Long = []
        if invalid:
            at = np.asarray([number - 1 for number, _ in invalid])
            others = [
                (int(line), scanning.split(text, self.dialect.delimiter))
                for line, (_, text) in zip(numbers[at], invalid, strict=True)
            ]
            numbers = np.delete(numbers, at)
        columns = table.columns
        del table  # so that the pieces of each column go once it is whole
        for place, column in enumerate(columns):
            whole = column.num_chunks == 1
            columns[place] = column.chunk(0) if whole else column.combine_chunks()
        return numbers, columns, others

    def _parse_irregular(self, block: Block, width: int) -> tuple[Ints, list[pa.StringArray], Long]:
        scanned = scanning.scan(block.data.decode(), self.dialect.delimiter, final=True)
        numbers: list[int] = []
        rows: list[list[str]] = []
        others: Long = []
        for record in scanned.records:
            line = block.line + record.line
            if record.cells == [""]:
                self.account.blank_lines += 1
            elif len(record.cells) == width:
                numbers.append(line)
                rows.append(record.cells)
            else:
                others.append((line, record.cells))
        return np.asarray(numbers, np.int64), columns_of(rows, width), others

    def _batch(self, numbers: Ints, columns: list[pa.StringArray], others: Long) -> Batch:
        """Rows as wide as the header; those of another length are ragged."""
        width = len(self.dialect.header)
        if self._width > width:
            filled = whole_rows.filled_tails(columns, width, len(numbers))
            long = np.flatnonzero(filled)
            others = others + [
                (int(numbers[at]), [column[at].as_py() for column in columns])
                for at in long.tolist()
            ]
            kept = np.flatnonzero(~filled)
            columns = [texts.take(column, kept) if len(long) else column for column in columns]
            numbers, columns = numbers[kept], columns[:width]
        columns += [texts.blanks(len(numbers))] * (width - len(columns))
        wrong: Long = []
        fitting: Long = []
        for line, cells in sorted(others):
            if is_blank(cells):
                self.account.blank_lines += 1
            elif is_header(cells, self.dialect.header):
                self.account.skip(line, "repeated_header")
            else:
                (fitting if len(cells) == width else wrong).append((line, cells))
        if fitting:
            numbers, columns = with_rows(numbers, columns, fitting)
        if self.reimported:
            restore = reimport.restore_padded if self._resaved else reimport.restore
            return restore(self.name, self.dialect.header, numbers, columns, wrong)
        rows = tuple(Ragged(line, cells, self.name, line) for line, cells in wrong)
        return Batch(numbers, tuple(columns), rows)
