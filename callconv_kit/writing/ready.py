"""ready.csv: the rows that will be uploaded."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from callconv_kit.model import spec, texts
from callconv_kit.model.texts import Ints
from callconv_kit.writing.lines import lines

CHUNK = 1 << 22
_NO_SIZES = np.zeros(0, np.int32)


class ReadyRows(NamedTuple):
    """The rows of a ReadyFile that another process wrote: its file, and what is known of them."""

    path: Path
    sizes: npt.NDArray[np.int32]
    holds_data: set[str]


class ReadyFile:
    """Candidate rows as they stream by; `finish` drops those that turned out to be duplicates."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = path.open("wb")
        self._holds_data: set[str] = set(spec.REQUIRED)
        self._file.write(header(spec.NAMES))
        self._sizes: list[npt.NDArray[np.int32]] = []
        self.rows = 0

    def add(self, columns: Mapping[str, pa.StringArray], rows: Ints, length: int) -> None:
        """Add the rows at these positions of coerced columns of `length` rows."""
        if not len(rows):
            return
        for name, column in columns.items():
            if name not in self._holds_data and column.null_count < length:
                self._holds_data.add(name)
        text = lines([columns.get(name) for name in spec.NAMES])
        data, starts, ends = texts.view(text)
        # Rows that go stand in runs: cutting the others out is cheaper than copying rows.
        breaks = np.flatnonzero(np.diff(rows) != 1)
        first = starts[rows[np.concatenate([[0], breaks + 1])]].tolist()
        last = ends[rows[np.concatenate([breaks, [len(rows) - 1]])]].tolist()
        for start, end in zip(first, last, strict=True):
            self._file.write(data[start:end].data)
        self._sizes.append((ends - starts)[rows])
        self.rows += len(rows)

    def give(self) -> ReadyRows:
        """Close the file; another process takes its rows in."""
        self._file.close()
        return ReadyRows(self._path, np.concatenate([_NO_SIZES, *self._sizes]), self._holds_data)

    def take_in(self, rows: ReadyRows) -> None:
        """Add rows that another process wrote; their file goes."""
        with rows.path.open("rb") as source:
            source.seek(len(header(spec.NAMES)))
            shutil.copyfileobj(source, self._file, CHUNK)
        rows.path.unlink()
        self._sizes.append(rows.sizes)
        self._holds_data |= rows.holds_data
        self.rows += len(rows.sizes)

    def finish(self, dropped: Ints, *, present_only: bool) -> str:
        """Close the file; drop rows by their ascending numbers, counted from 0.

        Args:
            dropped: numbers of rows that do not go.
            present_only: the job's `write = "present"`: without the columns that hold no data.

        Returns:
            The sha256 of the file.
        """
        self._file.close()
        if len(dropped):
            self._move_up_over(dropped)
            self.rows -= len(dropped)
        if present_only:
            self._project([name for name in spec.NAMES if name in self._holds_data])
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def close(self) -> None:
        """Close the file, whatever happened."""
        self._file.close()

    def _move_up_over(self, dropped: Ints) -> None:
        """Take some rows out of the file; those behind them move up."""
        sizes = np.concatenate(self._sizes)
        ends = len(header(spec.NAMES)) + np.cumsum(sizes, dtype=np.int64)
        # Within the file: pages that are in memory already are overwritten faster than new ones
        # are made, and what is read lies behind what is written.
        with self._path.open("rb") as source, self._path.open("r+b") as self._file:
            for file in (source, self._file):
                file.seek(int(ends[dropped[0]] - sizes[dropped[0]]))
            for end, size in zip(ends[dropped].tolist(), sizes[dropped].tolist(), strict=True):
                self._copy(source, end - size)
                source.seek(size, os.SEEK_CUR)
            self._copy(source, int(ends[-1]))
            self._file.truncate()

    def _copy(self, source: BinaryIO, until: int) -> None:
        left = until - source.tell()
        while left:
            data = source.read(min(left, CHUNK))
            self._file.write(data)
            left -= len(data)

    def _project(self, names: list[str]) -> None:
        """Write the file again with these columns only."""
        old = self._path.rename(self._path.with_name(self._path.name + ".all"))
        with self._path.open("wb") as self._file:
            self._file.write(header(tuple(names)))
            for batch in read_batches(old, names):
                self._file.write(texts.used_bytes(lines(batch.columns)))
        old.unlink()


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
