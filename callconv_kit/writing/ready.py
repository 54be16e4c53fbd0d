"""ready.csv: the rows that will be uploaded."""

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from callconv_kit.model import spec, texts
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.writing.lines import lines

CHUNK = 1 << 22
ROW = np.dtype([("place", "<i8"), ("size", "<i4")])
"""What is remembered of a row, in a file beside: its place, and its bytes in ready.csv."""

ROWS_AT_ONCE = 1 << 16


class ReadyRows(NamedTuple):
    """The rows of a ReadyFile that another process wrote: its files, and what is known of them."""

    path: Path
    rows_path: Path
    rows: int


class ReadyFile:
    """Candidate rows as they stream by; `finish` drops those that turned out to be duplicates."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = path.open("wb")
        self._rows_path = path.with_name(path.name + ".rows")
        self._rows: BinaryIO = self._rows_path.open("wb")
        self._hash = hashlib.sha256()
        self._size = 0
        self._hashed: list[tuple[int, Any]] = []
        self._write(header(spec.NAMES))
        self.rows = 0

    def add(self, columns: Mapping[str, pa.StringArray], rows: Ints, places: Ints) -> None:
        """Add the rows at these positions of coerced columns; they are from these places."""
        if not len(rows):
            return
        text = lines([columns.get(name) for name in spec.NAMES])
        data, starts, ends = texts.view(text)
        breaks = np.flatnonzero(np.diff(rows) != 1)
        self._remember_hash()
        if len(breaks) < len(rows) // 4:
            # Rows that go come in runs: cutting the others out is cheaper than copying rows.
            first = starts[rows[np.concatenate([[0], breaks + 1])]].tolist()
            last = ends[rows[np.concatenate([breaks, [len(rows) - 1]])]].tolist()
            for start, end in zip(first, last, strict=True):
                self._write(data[start:end].data)
        else:
            self._write(texts.used_bytes(texts.take(text, rows)))
        self._note(places, (ends - starts)[rows])

    def _note(self, places: Ints, sizes: npt.NDArray[np.int32]) -> None:
        noted = np.empty(len(places), ROW)
        noted["place"], noted["size"] = places, sizes
        self._rows.write(noted.tobytes())
        self.rows += len(places)

    def _write(self, data: "bytes | memoryview") -> None:
        self._file.write(data)
        self._hash.update(data)
        self._size += len(data)

    def _remember_hash(self) -> None:
        """From here the hash can go on another way, if rows behind are dropped."""
        self._hashed.append((self._size, self._hash.copy()))

    def give(self) -> ReadyRows:
        """Close the files; another process takes the rows in."""
        self.close()
        return ReadyRows(self._path, self._rows_path, self.rows)

    def merge(self, rows: ReadyRows) -> None:
        """Add rows that another process wrote; their files go."""
        with rows.path.open("rb") as source:
            source.seek(len(header(spec.NAMES)))
            self._remember_hash()
            while data := source.read(CHUNK):
                self._write(data)
        with rows.rows_path.open("rb") as noted:
            shutil.copyfileobj(noted, self._rows, CHUNK)
        rows.path.unlink()
        rows.rows_path.unlink()
        self.rows += rows.rows

    def finish(self, moved: Ints, names: Sequence[str] = spec.NAMES) -> tuple[str, Ints]:
        """Close the file; drop the rows of some places.

        Args:
            moved: ascending places of rows that do not go, some of which may be in the file.
            names: the columns that are wanted.

        Returns:
            The sha256 of the file, and the ascending numbers, counted from 0, of the rows that
            were dropped.
        """
        self.close()
        dropped = self._drop(moved) if len(moved) else np.zeros(0, np.int64)
        self.rows -= len(dropped)
        self._rows_path.unlink()
        if list(names) != list(spec.NAMES):
            self._project(list(names))
        return self._hash.hexdigest(), dropped

    def close(self) -> None:
        """Close the files, whatever happened."""
        self._file.close()
        self._rows.close()

    def _drop(self, moved: Ints) -> Ints:
        """Take rows out of the file; those behind them move up. Returns their numbers."""
        dropped = [np.zeros(0, np.int64)]
        number, start = 0, len(header(spec.NAMES))
        # Within the file: pages that are in memory already are overwritten faster than new ones
        # are made, and what is read lies behind what is written.
        with self._path.open("rb") as source, self._path.open("r+b") as self._file:
            for noted in self._noted():
                goes = np.isin(noted["place"], moved, assume_unique=True)
                size = int(noted["size"].sum(dtype=np.int64))
                if goes.any() and len(dropped) == 1:
                    self._go_back(source, start)
                if goes.any() or len(dropped) > 1:
                    self._write(_kept(source.read(size), noted["size"], goes))
                if goes.any():
                    dropped.append(np.flatnonzero(goes) + number)
                number, start = number + len(noted), start + size
            if len(dropped) > 1:
                self._file.truncate()
        return np.concatenate(dropped)

    def _noted(self) -> Iterator[npt.NDArray[np.void]]:
        """What was noted of the rows, a few megabytes of them at a time."""
        for first in range(0, self.rows, ROWS_AT_ONCE):
            noted = np.fromfile(self._rows_path, ROW, ROWS_AT_ONCE, offset=first * ROW.itemsize)
            part = np.cumsum(noted["size"], dtype=np.int64) // CHUNK
            yield from np.split(noted, np.flatnonzero(np.diff(part)) + 1)

    def _go_back(self, source: BinaryIO, start: int) -> None:
        """Write on from `start`, with the hash of what is before it."""
        size, known = next(entry for entry in reversed(self._hashed) if entry[0] <= start)
        self._hash = known.copy()
        source.seek(size)
        self._hash.update(source.read(start - size))
        self._file.seek(start)

    def _project(self, names: list[str]) -> None:
        """Write the file again with these columns only."""
        old = self._path.rename(self._path.with_name(self._path.name + ".all"))
        self._hash = hashlib.sha256()
        with self._path.open("wb") as self._file:
            self._write(header(tuple(names)))
            for batch in read_batches(old, names):
                self._write(texts.used_bytes(lines(batch.columns)))
        old.unlink()


def _kept(data: bytes, sizes: npt.NDArray[np.int32], goes: Bools) -> "bytes | memoryview":
    """The lines of these sizes that stay."""
    if not goes.any():
        return data
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    text = texts.from_bytes(np.frombuffer(data, np.uint8), offsets)
    return texts.used_bytes(texts.take(text, np.flatnonzero(~goes)))


def header(names: tuple[str, ...]) -> bytes:
    """The header line of these columns."""
    return (",".join(names) + "\n").encode()


def read_batches(path: Path, names: list[str]) -> csv.CSVStreamingReader:
    """Stream these columns of a ready.csv as text."""
    return csv.open_csv(
        path,
        read_options=csv.ReadOptions(use_threads=False, block_size=CHUNK),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=names,
            strings_can_be_null=False,
        ),
    )
