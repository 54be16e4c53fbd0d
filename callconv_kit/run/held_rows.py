"""Rows that are needed once more at the end of a run, as they were read; kept in files.

A row whose key came before is held while it streams by, so that few inputs are read twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from callconv_kit.model import texts
from callconv_kit.model.rows import Batch, NumberColumns
from callconv_kit.model.texts import Ints

AT_ONCE = 1 << 13
"""Rows in a batch that is read back, as far as single batches are not larger."""


@dataclass(slots=True)
class HeldFile:
    """Held rows of one input.

    numbers: see `Batch`.
    lines: of the rows, batch by batch.
    """

    path: Path
    numbers: NumberColumns
    lines: list[Ints] = field(default_factory=list)


class HeldRows:
    """Held rows of any number of inputs, in the order in which they came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[int, list[HeldFile]] = {}
        self._writing: tuple[int, pa.RecordBatchStreamWriter] | None = None

    def add(self, number: int, batch: Batch) -> None:
        """Hold the rows of a batch of an input, but for its ragged ones.

        Inputs come one after the other.
        """
        if len(batch.lines):
            record = _record(batch)
            self._writer(number, batch, record.schema).write_batch(record)
            self._files[number][-1].lines.append(batch.lines)

    def _writer(self, number: int, batch: Batch, schema: pa.Schema) -> pa.RecordBatchStreamWriter:
        if self._writing is None or self._writing[0] != number:
            self.close()
            path = self._folder / f"held-{number}.arrows"
            self._files.setdefault(number, []).append(HeldFile(path, batch.numbers))
            self._writing = number, pa.ipc.new_stream(path, schema)
        return self._writing[1]

    def close(self) -> None:
        """Finish what is being written."""
        if self._writing is not None:
            self._writing[1].close()
            self._writing = None

    def give(self) -> dict[int, list[HeldFile]]:
        """The files; another process takes them in."""
        self.close()
        return self._files

    def merge(self, files: dict[int, list[HeldFile]]) -> None:
        """Hold what another process held; its rows come behind ours."""
        for number, theirs in files.items():
            self._files.setdefault(number, []).extend(theirs)

    def drop(self, number: int) -> None:
        """Hold no row of an input any more."""
        self.close()
        for file in self._files.pop(number, []):
            file.path.unlink()

    def lines(self, number: int) -> Ints:
        """The lines of the held rows of an input."""
        lines = [lines for file in self._files.get(number, []) for lines in file.lines]
        return np.concatenate([np.zeros(0, np.int64), *lines])

    def batches(self, number: int) -> Iterator[Batch]:
        """The held rows of an input, gathered into batches that are worth judging."""
        self.close()
        gathered: list[Batch] = []
        for file in self._files.get(number, []):
            with pa.OSFile(str(file.path)) as source, pa.ipc.open_stream(source) as records:
                for record in records:
                    gathered.append(_batch(record, file.numbers))
                    if sum(len(one.lines) for one in gathered) >= AT_ONCE:
                        yield Batch.of(gathered)
                        gathered = []
        if gathered:
            yield Batch.of(gathered)


def _record(batch: Batch) -> pa.RecordBatch:
    origin = {}
    if batch.files is not None and batch.source_lines is not None:
        origin = {"files": batch.files, "source_lines": texts.indices(batch.source_lines)}
    cells = {f"cells-{at}": column for at, column in enumerate(batch.cells)}
    arrays = {"lines": texts.indices(batch.lines), **origin, **cells}
    return pa.record_batch(list(arrays.values()), names=list(arrays))


def _batch(record: pa.RecordBatch, numbers: NumberColumns) -> Batch:
    restored = "files" in record.schema.names
    cells = tuple(record.columns[3 if restored else 1 :])
    lines = _ints(record.column("lines"))
    if not restored:
        return Batch(lines, cells, numbers=numbers)
    files, source_lines = record.column("files"), _ints(record.column("source_lines"))
    return Batch(lines, cells, (), files, source_lines, numbers)


def _ints(array: pa.Int64Array) -> Ints:
    return np.asarray(texts.numbers(array), np.int64)
