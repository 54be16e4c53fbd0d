"""rejected.csv and left_out.csv: rows that do not go, with the reason, their cells untouched.

`source_file,source_line,codes,reasons` and then the original header; of several inputs the union
of their headers in order of appearance. The cells of an over-long row go on under `extra_1`,
`extra_2` … .
"""

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from callconv_kit.writing.lines import line_of

LONGEST_CELL = 1 << 26
"""Characters, far beyond what reading takes; the csv module's own limit is below that."""

ORIGIN_COLUMNS = ("source_file", "source_line", "codes", "reasons")


class AsideRow(NamedTuple):
    """A row that does not go.

    place: orders the rows: input, then line.
    cells: as they were read, in the order of the input's own header.
    """

    place: int
    source_file: str
    source_line: int
    codes: Sequence[str]
    reasons: Sequence[str]
    cells: Sequence[str]


class Union:
    """The union of the headers of all inputs, and where each input's cells stand in it."""

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


class AsideRows(NamedTuple):
    """The rows of an AsideFile that another process wrote: its file, and what is known of them."""

    path: Path
    places: list[int]
    sizes: list[int]
    extra: dict[int, list[str]]
    short: set[int]


class AsideFile:
    """Rows that do not go, gathered in any order and written in that of the inputs."""

    def __init__(self, path: Path, union: Union) -> None:
        self._path = path
        self.union = union
        self._body_path = path.with_name(path.name + ".rows")
        self._body = self._body_path.open("wb")
        self._places: list[int] = []
        self._sizes: list[int] = []
        self._extra: dict[int, list[str]] = {}
        self._short: set[int] = set()
        self.rows = 0

    def add(self, input_number: int, rows: Sequence[AsideRow]) -> None:
        """Add rows of one input."""
        for row in rows:
            placed, extra = self.union.place(input_number, row.cells)
            if extra:
                self._extra[len(self._places)] = extra
            elif len(placed) < len(self.union.names):
                self._short.add(len(self._places))
            cells = [
                row.source_file,
                str(row.source_line),
                "; ".join(row.codes),
                "; ".join(row.reasons),
                *placed,
            ]
            written = line_of(cells).encode()
            self._body.write(written)
            self._places.append(row.place)
            self._sizes.append(len(written))
        self.rows += len(rows)

    def give(self) -> AsideRows:
        """Close the file; another process takes its rows in."""
        self._body.close()
        return AsideRows(self._body_path, self._places, self._sizes, self._extra, self._short)

    def take_in(self, rows: AsideRows) -> None:
        """Add rows that another process wrote; their file goes."""
        with rows.path.open("rb") as source:
            shutil.copyfileobj(source, self._body)
        rows.path.unlink()
        before = len(self._places)
        self._extra |= {before + at: cells for at, cells in rows.extra.items()}
        self._short |= {before + at for at in rows.short}
        self._places += rows.places
        self._sizes += rows.sizes
        self.rows += len(rows.places)

    def finish(self) -> None:
        """Write the header, now that all is known, and the rows behind it in order."""
        self._body.close()
        most_extra = max(map(len, self._extra.values()), default=0)
        names = [*ORIGIN_COLUMNS, *self.union.names]
        names += [f"extra_{number}" for number in range(1, most_extra + 1)]
        starts = np.concatenate([[0], np.cumsum(self._sizes, dtype=np.int64)]).tolist()
        order = np.argsort(self._places, kind="stable").tolist()
        with self._body_path.open("rb") as body, self._path.open("wb") as file:
            file.write(line_of(names).encode())
            for at in order:
                body.seek(starts[at])
                line = body.read(self._sizes[at])
                if most_extra:
                    line = self._extended(at, line, most_extra)
                file.write(line)
        self._body_path.unlink()

    def _extended(self, at: int, line: bytes, most_extra: int) -> bytes:
        """A line with the columns of over-long rows behind it; short rows stay short."""
        if at in self._short:
            return line
        extra = self._extra.get(at, [])
        cells = extra + [""] * (most_extra - len(extra))
        return line[:-1] + b"," + line_of(cells).encode()

    def close(self) -> None:
        """Close the file, whatever happened."""
        self._body.close()


def read_rows(path: Path) -> list[list[str]]:
    """All lines of such a file, its header first; short rows are short."""
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))
    finally:
        csv.field_size_limit(limit)
