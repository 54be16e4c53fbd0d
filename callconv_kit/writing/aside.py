"""rejected.csv, rejected.xlsx and left_out.csv: rows that are not sent, with the reason.

`source_file,source_line,codes,reasons` and then the original header; of several inputs the union
of their headers in order of appearance. The cells of an over-long row go on under `extra_1`,
`extra_2` … .
"""

import csv
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.model.errors import InputError, not_installed
from callconv_kit.model.rows import ORIGIN_COLUMNS
from callconv_kit.model.texts import Ints
from callconv_kit.writing.lines import line_of, lines, quoted

LONGEST_CELL = 1 << 26
"""Characters, far beyond what reading takes; the csv module's own limit is below that."""


AT_ONCE = 1 << 22
"""Bytes of rows that are put in order at once."""

CHUNK = 1 << 20

Sizes: TypeAlias = npt.NDArray[np.int32]


class Why(NamedTuple):
    """Codes and reasons of n rows, each joined with `; `."""

    codes: pa.StringArray
    reasons: pa.StringArray


WhyLater: TypeAlias = Callable[[Ints], Why]
"""Says at the end why the rows at these places do not go."""


class AsideRow(NamedTuple):
    """A row of another length than the header, that does not go.

    place: orders the rows: input, then line.
    cells: as they were read, in the order of the input's own header.
    """

    place: int
    source_file: str
    source_line: int
    codes: str
    reasons: str
    cells: Sequence[str]


class Union:
    """The union of the headers of all inputs, and where each input's cells go in it."""

    def __init__(self, headers: Sequence[Sequence[str]]) -> None:
        self.names: list[str] = []
        self.positions: list[list[int]] = []
        known: dict[tuple[str, int], int] = {}
        for header in headers:
            positions = []
            for at, name in enumerate(header):
                # The second of two columns of one name is a column of its own.
                key = (name, header[:at].count(name))
                if key not in known:
                    known[key] = len(self.names)
                    self.names.append(name)
                positions.append(known[key])
            self.positions.append(positions)

    def place(self, number: int, cells: Sequence[str]) -> tuple[list[str], list[str]]:
        """The cells of a row of an input, where the union has them; and those too many.

        A row that was short stays short.
        """
        positions = self.positions[number]
        width = max(positions[: len(cells)], default=-1) + 1
        placed = [""] * (len(self.names) if len(cells) >= len(positions) else width)
        for at, cell in zip(positions, cells, strict=False):
            placed[at] = cell
        return placed, list(cells[len(positions) :])

    def lines(self, number: int, cells: Sequence[pa.StringArray]) -> pa.StringArray:
        """One line for each row of an input, without the four columns of ours."""
        columns: list[pa.StringArray | None] = [None] * len(self.names)
        for at, column in zip(self.positions[number], cells, strict=True):
            columns[at] = column
        return lines(columns)


class AsideRows(NamedTuple):
    """The rows of an AsideFile that another process wrote: its file, and what is known of them."""

    path: Path
    places: Ints
    sizes: Sizes
    heads: Sizes
    extra: dict[int, list[str]]
    short: set[int]


class AsideFile:
    """Rows that do not go, gathered in any order and written in that of the inputs."""

    def __init__(self, path: Path, union: Union) -> None:
        self._path = path
        self.union = union
        self._body_path = path.with_name(path.name + ".rows")
        self._body = self._body_path.open("wb")
        self._body.write(self._header(0))
        self._places: list[Ints] = [np.zeros(0, np.int64)]
        self._sizes: list[Sizes] = [np.zeros(0, np.int32)]
        # Where the four columns of ours end in each line; above zero: the last two are still due.
        self._heads: list[Sizes] = [np.zeros(0, np.int32)]
        self._extra: dict[int, list[str]] = {}
        self._short: set[int] = set()
        self.rows = 0

    def _header(self, extra: int) -> bytes:
        names = [*ORIGIN_COLUMNS, *self.union.names]
        return line_of(names + [f"extra_{number + 1}" for number in range(extra)]).encode()

    def add(
        self,
        number: int,
        places: Ints,
        files: pa.StringArray,
        source_lines: Ints,
        cells: Sequence[pa.StringArray],
        why: Why | None,
    ) -> None:
        """Add n rows of an input.

        Args:
            number: of the input.
            places: n places.
            files: where each row comes from.
            source_lines: its line there.
            cells: a column of n original cells for each column of the input.
            why: None: it is said in `finish`.
        """
        if not len(places):
            return
        head = [quoted(files), pc.cast(texts.indices(source_lines), pa.string())]
        head += [] if why is None else map(quoted, why)
        begun = texts.joined(*head, "", between=",")
        text = texts.joined(begun, self.union.lines(number, cells))
        self._body.write(texts.used_bytes(text))
        sizes = texts.view(text).lengths
        heads = np.zeros(len(sizes), np.int32) if why is not None else texts.view(begun).lengths
        self._note(places, sizes, heads)

    def _note(self, places: Ints, sizes: Sizes, heads: Sizes) -> None:
        self._places.append(places)
        self._sizes.append(sizes)
        self._heads.append(heads)
        self.rows += len(places)

    def add_ragged(self, number: int, rows: Sequence[AsideRow]) -> None:
        """Add rows of an input that are shorter or longer than its header."""
        sizes = []
        for at, row in enumerate(rows, start=self.rows):
            placed, extra = self.union.place(number, row.cells)
            if extra:
                self._extra[at] = extra
            elif len(placed) < len(self.union.names):
                self._short.add(at)
            cells = [row.source_file, str(row.source_line), row.codes, row.reasons, *placed]
            sizes.append(self._body.write(line_of(cells).encode()))
        places = np.asarray([row.place for row in rows], np.int64)
        self._note(places, np.asarray(sizes, np.int32), np.zeros(len(rows), np.int32))

    def give(self) -> AsideRows:
        """Close the file; another process takes its rows in."""
        self._body.close()
        return AsideRows(
            self._body_path,
            np.concatenate(self._places),
            np.concatenate(self._sizes),
            np.concatenate(self._heads),
            self._extra,
            self._short,
        )

    def merge(self, rows: AsideRows) -> None:
        """Add rows that another process wrote; their file goes."""
        with rows.path.open("rb") as source:
            source.seek(len(self._header(0)))
            shutil.copyfileobj(source, self._body, CHUNK)
        rows.path.unlink()
        self._extra |= {self.rows + at: cells for at, cells in rows.extra.items()}
        self._short |= {self.rows + at for at in rows.short}
        self._note(rows.places, rows.sizes, rows.heads)

    def finish(self, why: WhyLater | None = None) -> None:
        """Write the header, now that all is known, and the rows behind it in order.

        Args:
            why: of the rows that were added without.
        """
        self._body.close()
        order = _Order(
            np.concatenate(self._places), np.concatenate(self._sizes), np.concatenate(self._heads)
        )
        self._places, self._sizes, self._heads = [], [], []
        most_extra = max(map(len, self._extra.values()), default=0)
        if order.is_final and not most_extra:
            self._body_path.rename(self._path)
            return
        with self._body_path.open("rb") as body, self._path.open("wb") as file:
            file.write(self._header(most_extra))
            for rows, text in order.lines(body, len(self._header(0)), why):
                written = self._extended(rows, text, most_extra) if most_extra else text
                file.write(texts.used_bytes(written))
        self._body_path.unlink()

    def _extended(self, rows: Ints, text: pa.StringArray, most_extra: int) -> pa.StringArray:
        """Lines with the columns of over-long rows behind them; short rows stay short."""
        ends = []
        for at in rows.tolist():
            extra = self._extra.get(at, [])
            filled = line_of(["", *extra, *[""] * (most_extra - len(extra))])
            ends.append("\n" if at in self._short else filled)
        begun = pc.binary_slice(text.cast(pa.binary()), 0, -1).cast(pa.string())
        return texts.joined(begun, texts.from_list(ends))

    def close(self) -> None:
        """Close the file, whatever happened."""
        self._body.close()


class _Order:
    """The rows of a body in the order of their places."""

    def __init__(self, places: Ints, sizes: Sizes, heads: Sizes) -> None:
        self._places, self._sizes, self._heads = places, sizes, heads
        falls = np.flatnonzero(places[1:] < places[:-1]) + 1
        self.is_final = not len(falls) and not heads.any()
        """Whether the body has nothing to be put in order, and nothing that is due."""
        self._runs = np.concatenate([[0], falls, [len(places)]])
        """Where each ascending run of rows begins, and the end."""

    def lines(
        self, body: BinaryIO, first: int, why: WhyLater | None
    ) -> Iterator[tuple[Ints, pa.StringArray]]:
        """All rows by their numbers in the body, and their lines, some at a time.

        Args:
            body: holds the lines; they begin at `first`.
            first: byte of the body.
            why: of the rows of which it is due.
        """
        starts = first + np.concatenate([[0], np.cumsum(self._sizes, dtype=np.int64)])
        order = np.argsort(self._places, kind="stable")
        done = np.cumsum(self._sizes[order], dtype=np.int64)
        at = 0
        while at < len(order):
            so_far = done[at - 1] if at else 0
            stop = max(at + 1, int(np.searchsorted(done, so_far + AT_ONCE)))
            rows, at = order[at:stop], stop
            # Of each run the next rows are taken: they lie side by side in the body.
            sides = np.sort(rows)
            breaks = np.flatnonzero(np.diff(sides) != 1) + 1
            text = pa.concat_arrays(
                [self._read(body, starts, part) for part in np.split(sides, breaks)]
            )
            text = texts.take(text, np.searchsorted(sides, rows))
            due = np.flatnonzero(self._heads[rows])
            if len(due) and why is not None:
                completed = _completed(
                    texts.take(text, due), self._heads[rows[due]], why(self._places[rows[due]])
                )
                text = texts.put(text, due, completed)
            yield rows, text

    def _read(self, body: BinaryIO, starts: Ints, rows: Ints) -> pa.StringArray:
        body.seek(int(starts[rows[0]]))
        data = body.read(int(starts[rows[-1] + 1] - starts[rows[0]]))
        offsets = (starts[rows[0] : rows[-1] + 2] - starts[rows[0]]).astype(np.int32)
        return texts.from_bytes(np.frombuffer(data, np.uint8), offsets)


def _completed(text: pa.StringArray, heads: Sizes, why: Why) -> pa.StringArray:
    """Lines with their codes and reasons, which go in where their heads end."""
    data, starts, ends = texts.view(text)
    offsets = np.empty(2 * len(text) + 1, np.int32)
    offsets[:-1:2], offsets[1::2], offsets[-1] = starts, starts + heads, ends[-1]
    pieces = texts.from_bytes(data, offsets)
    begun, rest = (texts.take(pieces, np.arange(at, 2 * len(text), 2)) for at in (0, 1))
    why_cells = texts.joined(quoted(why.codes), quoted(why.reasons), between=",")
    return texts.joined(texts.joined(begun, why_cells), rest, between=",")


def read_rows(path: Path) -> list[list[str]]:
    """All lines of such a file, its header first; short rows are short."""
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))
    finally:
        csv.field_size_limit(limit)


MOST_ROWS = 1_048_576
LONGEST_SHEET_CELL = 32_767
"""Rows of a sheet and characters of a cell: Excel's limits."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]|\r")
"""Characters that XML can't hold, or would read as another."""


def refuse_without_writer() -> None:
    """Raise UsageError where openpyxl, which writes workbooks, is not installed."""
    try:
        import openpyxl  # noqa: F401 # only whether it is there
    except ImportError as error:
        raise not_installed(
            "not_installed", "--rejected-as xlsx", error, "xlsx", "leave the option out"
        ) from error


def write_copy(rejected_csv: Path, workbook: Path) -> None:
    """Write the rows of a rejected.csv as a workbook; short rows stay short.

    Raises:
        InputError: `output_failed`: more than a sheet can hold.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    rows = read_rows(rejected_csv)
    _refuse_too_much(rows, workbook)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("rejected")
    sheet.freeze_panes = "A2"
    for at in range(len(rows[0])):
        sheet.column_dimensions[get_column_letter(at + 1)].number_format = "@"
    for row in rows:
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, _CONTROL.sub(_escaped, text))
            cell.data_type = "s"  # else =1+2 would be a formula
            cell.number_format = "@"
            cells.append(cell)
        sheet.append(cells)
    book.save(workbook)


def _escaped(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"


def _refuse_too_much(rows: Sequence[Sequence[str]], workbook: Path) -> None:
    found = ""
    if len(rows) > MOST_ROWS:
        found = f"{len(rows) - 1:,} rejected rows"
    for row in rows:
        if any(len(cell) > LONGEST_SHEET_CELL for cell in row):
            limit = f"{LONGEST_SHEET_CELL:,} characters"
            found = f"a cell of more than {limit}, of {row[0]} line {row[1]}"
    if found:
        raise InputError(
            "output_failed",
            f"{workbook.name} can't hold what was rejected",
            found,
            f"at most {MOST_ROWS - 1:,} rows and {LONGEST_SHEET_CELL:,} characters a cell",
            "Run it without --rejected-as xlsx: rejected.csv holds everything.",
        )
