"""The rows of a file that was sent, by their line in it; and where each came from.

Line 1 is the header, so the first row is on line 2. The bytes are those of the archive.
"""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from callconv_kit.delivery import archive
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import Submission
from callconv_kit.model.texts import Bools
from callconv_kit.writing import private
from callconv_kit.writing.output import READY_LINES


@dataclass(frozen=True, slots=True)
class SentRow:
    """One row as it was sent. `source_file` is empty where its origin was not recorded."""

    line: int
    cells: Mapping[str, str]
    source_file: str = ""
    source_line: int = 0


def rows_at(ledger: Ledger, submission: Submission, lines: Collection[int]) -> dict[int, SentRow]:
    """The rows on these lines of a submission's file, as far as there are such lines.

    Raises:
        FileNotFoundError: the archive no longer has the file.
    """
    wanted = set(lines)
    found = (
        {
            line: SentRow(line, cells)
            for line, cells in _rows(ledger, submission)
            if not wanted or line in wanted
        }
        if wanted
        else {}
    )
    return _with_sources(ledger, submission, found)


def rows_of_session(ledger: Ledger, submission: Submission, session: str) -> list[SentRow]:
    """The rows of a submission's file that have this CallSessionId."""
    found = {
        line: SentRow(line, cells)
        for line, cells in _rows(ledger, submission)
        if cells.get("CallSessionId") == session
    }
    return list(_with_sources(ledger, submission, found).values())


def lines_of_sessions(ledger: Ledger, submission: Submission, sessions: set[str]) -> list[int]:
    """The lines of a submission's file that have one of these CallSessionIds."""
    return [
        line for line, cells in _rows(ledger, submission) if cells.get("CallSessionId") in sessions
    ]


def _rows(ledger: Ledger, submission: Submission) -> Iterator[tuple[int, dict[str, str]]]:
    if not submission.archived:
        raise FileNotFoundError(submission.name)
    with archive.opened(ledger.archive, submission.archived) as stream:
        text = io.TextIOWrapper(io.BufferedReader(_Raw(stream)), encoding="utf-8", newline="")
        reader = csv.reader(text)
        header = next(reader, [])
        for line, cells in enumerate(reader, 2):
            yield line, dict(zip(header, cells, strict=False))


class _Raw(io.RawIOBase):
    """An Arrow stream as Python's text layer wants it."""

    def __init__(self, stream: object) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # a buffer, which 3.11 has no type for
        data: bytes = self._stream.read(len(view))  # type: ignore[attr-defined]  # pyarrow has no types
        view[: len(data)] = data
        return len(data)


# -- where rows came from --------------------------------------------------------------------------


def keep_lines(ready: Path, ledger: Ledger, submission: Submission, chosen: Bools) -> None:
    """Keep with the archived bytes where each sent row came from, where the run wrote it down."""
    source = ready.with_name(READY_LINES)
    if not source.is_file() or not submission.archived:
        return
    table = pq.read_table(source, columns=["source_file", "source_line"])
    if len(table) != len(chosen):
        return  # of another run
    kept = table.take(pa.array(np.flatnonzero(chosen)))
    with private.replacing(lines_path(ledger, submission), ledger.readers) as partial:
        pq.write_table(kept, partial, compression="zstd")


def lines_path(ledger: Ledger, submission: Submission) -> Path:
    """Where the sources of a submission's rows are kept."""
    return ledger.archive / f"{submission.id:06d}_lines.parquet"


def _with_sources(
    ledger: Ledger, submission: Submission, rows: dict[int, SentRow]
) -> dict[int, SentRow]:
    path = lines_path(ledger, submission)
    if not rows or not path.is_file():
        return rows
    table = pq.read_table(path).take(pa.array([line - 2 for line in rows]))
    files, lines = table["source_file"].to_pylist(), table["source_line"].to_pylist()
    return {
        line: SentRow(line, row.cells, str(file), int(source_line))
        for (line, row), file, source_line in zip(rows.items(), files, lines, strict=True)
    }
