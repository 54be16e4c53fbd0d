"""The files of a run, a page at a time: only the rows that are shown are read.

A file's rows are marked where they begin, one mark for every `STEP` rows, while a run ends; turning
a page then reads a few kilobytes, whatever the size of the file.
"""

import csv
import io
import re
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from callconv_kit.model import spec
from callconv_kit.model.rows import ORIGIN_COLUMNS
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.writing.aside import LONGEST_CELL

STEP = 50
"""Rows between two marks."""

BLOCK = 1 << 22
"""Bytes that are searched for the beginnings of rows at a time."""

KEPT_RANKS = 3
"""Columns beside the latest of which the order is kept: 8 bytes a row each."""

_ABOUT = re.compile(rf"(?:^|; )({'|'.join(spec.NAMES)})(?= \"|: )")


Kinds: TypeAlias = list[tuple[frozenset[str], frozenset[str]]]
"""Codes and columns that occur together."""


class Rows:
    """A CSV file of a run: its header, and any of its rows by their number.

    header: its cells. count: rows, the header not counted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: list[str] = []
        self.count = 0
        self._marks = array("q")
        self._kinds: tuple[Kinds, Ints] | None = None
        self._ranks: dict[int, tuple[pa.Array, Ints]] = {}
        self._mark()

    def _mark(self) -> None:
        """Find where rows begin; a line's end within quotes ends no row."""
        begins = [0]
        seen, quoted, offset = 0, 0, 0
        with self.path.open("rb") as file:
            while block := file.read(BLOCK):
                codes = np.frombuffer(block, np.uint8)
                ends = np.flatnonzero(codes == ord("\n"))
                quotes = np.flatnonzero(codes == ord('"'))
                before = np.searchsorted(quotes, ends)
                ends = ends[(before + quoted) % 2 == 0] + offset + 1
                quoted += len(quotes)
                # The header is row 0 here; row n begins behind the end of row n - 1.
                numbers = np.arange(seen + 1, seen + 1 + len(ends))
                begins += ends[numbers % STEP == 1].tolist()
                seen += len(ends)
                offset += len(block)
        self._marks = array("q", begins[1:])
        self.count = max(seen - 1, 0)
        with self.path.open("rb") as file:
            self.header = next(_parsed(file.read(begins[1] if seen else 0)), [])

    def page(self, first: int, count: int) -> list[list[str]]:
        """Rows from number `first` on, which is 0 for the first."""
        return self.at(range(first, min(first + count, self.count)))

    def at(self, numbers: Sequence[int]) -> list[list[str]]:
        """The rows of these ascending numbers."""
        found: list[list[str]] = []
        step, rows = -1, list[list[str]]()
        with self.path.open("rb") as file:
            for number in numbers:
                if number // STEP != step:
                    step = number // STEP
                    start = self._marks[step]
                    end = self._marks[step + 1] if step + 1 < len(self._marks) else None
                    file.seek(start)
                    rows = list(_parsed(file.read(-1 if end is None else end - start)))
                found.append(rows[number % STEP])
        return found

    def matching(self, code: str = "", column: str = "") -> Sequence[int]:
        """Numbers of the rows of a rejected.csv with this code, or a reason about this column."""
        if not code and not column:
            return range(self.count)
        kinds, kind_of = self._by_kind()
        wanted = [
            at
            for at, (codes, columns) in enumerate(kinds)
            if (not code or code in codes) and (not column or column in columns)
        ]
        found: list[int] = np.flatnonzero(np.isin(kind_of, wanted)).tolist()
        return found

    def holding(self, text: str) -> Ints:
        """Numbers of the rows of which a cell holds this text, whatever its case."""
        wanted = text.strip().casefold()
        found = array("q")
        with self.path.open("rb") as file:
            for step, start in enumerate(self._marks):
                end = self._marks[step + 1] if step + 1 < len(self._marks) else None
                file.seek(start)
                block = file.read(-1 if end is None else end - start)
                # A quotation mark is doubled in the file; everything else is as in its cell.
                if wanted.replace('"', '""') not in block.decode("utf-8", "replace").casefold():
                    continue
                for at, row in enumerate(_parsed(block)):
                    if any(wanted in cell.casefold() for cell in row):
                        found.append(step * STEP + at)
        return np.asarray(found, np.int64)

    def ranks(self, place: int) -> Ints:
        """For each row its rank by the column at this place: numbers by value, then texts."""
        return self._ordered(place)[1]

    def having(self, place: int, text: str) -> int:
        """How many rows have this text in the cell at a place, spaces around it aside."""
        return int(self._with_text(place, text).sum())

    def _with_text(self, place: int, text: str) -> Bools:
        known, ranks = self._ordered(place)
        same = pc.equal(pc.utf8_trim_whitespace(known), text.strip())
        return np.isin(ranks, np.flatnonzero(same.to_numpy(zero_copy_only=False)))

    def rejected_for(self, column: str, place: int, text: str) -> int:
        """How many rows of a rejected.csv have this text, and nothing wrong but this column."""
        kinds, kind_of = self._by_kind()
        alone = [at for at, (_, of) in enumerate(kinds) if of == {column}]
        return int((np.isin(kind_of, alone) & self._with_text(place, text)).sum())

    def _ordered(self, place: int) -> tuple[pa.Array, Ints]:
        """The distinct cells of a column in their order, and for each row the place of its own."""
        if place not in self._ranks:
            cells = self._column(place)
            known = cells.dictionary
            order = _by_value(known)
            rank = np.empty(len(known), np.int64)
            rank[order] = np.arange(len(known))
            latest = dict(list(self._ranks.items())[-KEPT_RANKS:])
            ranks = rank[cells.indices.to_numpy(zero_copy_only=False)]
            self._ranks = {**latest, place: (known.take(order), ranks)}
        return self._ranks[place]

    def _column(self, place: int) -> pa.DictionaryArray:
        """All cells of a column, each text once."""
        name = f"f{place}"
        try:
            found = arrow_csv.read_csv(
                self.path,
                arrow_csv.ReadOptions(autogenerate_column_names=True),
                arrow_csv.ParseOptions(newlines_in_values=True),
                arrow_csv.ConvertOptions(include_columns=[name], column_types={name: pa.string()}),
            )
            cells = found.column(0).slice(1)
        except pa.ArrowInvalid:  # rows with more or fewer cells than the header, or a long cell
            with self.path.open(encoding="utf-8", newline="") as file, long_cells():
                reader = csv.reader(file)
                next(reader, None)
                cells = pa.chunked_array(
                    [pa.array([row[place] if place < len(row) else "" for row in reader],
                              pa.string())]
                )  # fmt: skip
        encoded = cells.dictionary_encode().combine_chunks()
        return encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded

    @property
    def codes(self) -> list[str]:
        """The codes of all rows, each once."""
        return sorted({code for codes, _ in self._by_kind()[0] for code in codes if code})

    @property
    def columns(self) -> list[str]:
        """The columns that any reason is about."""
        return sorted({column for _, columns in self._by_kind()[0] for column in columns})

    def _by_kind(self) -> tuple[Kinds, Ints]:
        """The codes and columns that rows are about, and for each row the place of its own."""
        if self._kinds is None:
            codes, reasons = self._column(2), self._column(3)
            columns: dict[tuple[str, ...], int] = {}
            of_reason = [
                columns.setdefault(tuple(_ABOUT.findall(reason)), len(columns))
                for reason in reasons.dictionary.to_pylist()
            ]
            by_code = codes.indices.to_numpy(zero_copy_only=False).astype(np.int64)
            by_column = np.asarray(of_reason, np.int64)[
                reasons.indices.to_numpy(zero_copy_only=False)
            ]
            pairs, kind_of = np.unique(by_code * len(columns) + by_column, return_inverse=True)
            texts, sets = codes.dictionary.to_pylist(), list(map(frozenset, columns))
            kinds = [
                (frozenset(texts[pair // len(sets)].split("; ")), sets[pair % len(sets)])
                for pair in pairs.tolist()
            ]
            self._kinds = (kinds, kind_of)
        return self._kinds


def _by_value(cells: pa.Array) -> Ints:
    """The order of texts: empty ones first, numbers by value, then texts whatever their case."""
    plain = pc.utf8_trim_whitespace(cells)
    numbers = pd.to_numeric(plain.to_pandas(), errors="coerce").to_numpy(float)
    is_number = np.isfinite(numbers)
    is_empty = pc.equal(plain, "").to_numpy(zero_copy_only=False)
    keys = pa.table(
        {
            "kind": np.where(is_empty, 0, np.where(is_number, 1, 2)),
            "number": np.where(is_number, numbers, 0.0),
            "text": pc.utf8_lower(plain),
        }
    )
    order = [("kind", "ascending"), ("number", "ascending"), ("text", "ascending")]
    return np.asarray(pc.sort_indices(keys, sort_keys=order).to_numpy(), np.int64)


def columns_named(reasons: str) -> list[str]:
    """The columns that the reasons of a rejected row name, each once, in their order."""
    return list(dict.fromkeys(_ABOUT.findall(reasons)))


def reasons_by_column(reasons: str) -> dict[str, str]:
    """What is wrong in each column that the reasons of a rejected row name."""
    found: dict[str, str] = {}
    starts = [*_ABOUT.finditer(reasons)]
    for at, one in enumerate(starts):
        end = starts[at + 1].start() if at + 1 < len(starts) else len(reasons)
        reason = reasons[one.start(1) : end].strip()
        found[one[1]] = f"{found[one[1]]}; {reason}" if one[1] in found else reason
    return found


def _parsed(lines: bytes) -> Iterator[list[str]]:
    with long_cells():
        yield from csv.reader(io.StringIO(lines.decode("utf-8", "replace"), newline=""))


class long_cells:  # noqa: N801 # reads as a word: with long_cells(): …
    """Lets the csv module take cells as long as reading does."""

    def __enter__(self) -> None:
        self._limit = csv.field_size_limit(LONGEST_CELL)

    def __exit__(self, *_: object) -> None:
        csv.field_size_limit(self._limit)


class Changes:
    """changes.parquet, a page at a time. Each of its row groups is about one column and rule.

    kinds: the columns and rules that occur, and how many rows each.
    """

    HEADER = ("file", "line", "column", "rule", "before", "after")

    def __init__(self, path: Path) -> None:
        self._file = parquet.ParquetFile(path)
        metadata = self._file.metadata
        self._groups: list[tuple[str, str, int]] = []
        self.kinds: dict[tuple[str, str], int] = {}
        for at in range(metadata.num_row_groups):
            group = metadata.row_group(at)
            kind = (group.column(2).statistics.min, group.column(3).statistics.min)
            self._groups.append((*kind, group.num_rows))
            self.kinds[kind] = self.kinds.get(kind, 0) + group.num_rows

    def count(self, column: str = "", rule: str = "") -> int:
        """How many cells were changed."""
        return sum(rows for _, rows in self._wanted(column, rule))

    def page(
        self, first: int, count: int, column: str = "", rule: str = ""
    ) -> list[tuple[str, ...]]:
        """Changes from number `first` on, which is 0 for the first."""
        found: list[tuple[str, ...]] = []
        skip = first
        for at, rows in self._wanted(column, rule):
            if skip >= rows:
                skip -= rows
                continue
            table = self._file.read_row_group(at).slice(skip, count - len(found))
            skip = 0
            columns = [table.column(name).to_pylist() for name in self.HEADER]
            found += [
                tuple("" if cell is None else str(cell) for cell in row)
                for row in zip(*columns, strict=True)
            ]
            if len(found) >= count:
                break
        return found

    def _wanted(self, column: str, rule: str) -> Iterator[tuple[int, int]]:
        for at, (of_column, of_rule, rows) in enumerate(self._groups):
            if (not column or column == of_column) and (not rule or rule == of_rule):
                yield at, rows


ORIGIN = len(ORIGIN_COLUMNS)
"""Cells of a rejected row that stand before its own."""
