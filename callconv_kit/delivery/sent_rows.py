"""The rows of a file that was sent, by their line: cells, source, and what the server said.

Line 1 is the header, so the first row is on line 2. The bytes are those of the archive.
"""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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

COMPLETE = "Complete"
"""The server's word for a file of which it has judged all rows."""


@dataclass(frozen=True, slots=True)
class SentRow:
    """One row as it was sent. `source_file` is empty where its origin was not recorded."""

    line: int
    cells: Mapping[str, str]
    source_file: str = ""
    source_line: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that the server refused. `line` is ours in the sent file; 0 where it is not known."""

    submission: Submission
    line: int
    reason: str
    status: str
    server_line: int
    row: SentRow | None = None


@dataclass(frozen=True, slots=True)
class FileResult:
    """What is known of one file.

    status: the server's word; empty where the results do not show the file, which settles nothing.
    offset: server's line minus ours; None where unknown.
    """

    submission: Submission
    status: str
    records: int
    refusals: tuple[Refusal, ...] = ()
    offset: int | None = None
    confirmed: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether the server has judged all of its rows."""
        return self.status == COMPLETE

    @property
    def unconfirmed(self) -> int:
        """Rows of which the results say nothing."""
        return max(self.submission.rows - len(self.refused_lines) - self.confirmed, 0)

    @property
    def refused_lines(self) -> frozenset[int]:
        """Distinct refused rows; by the server's numbers where ours are not known."""
        return frozenset(r.line or -r.server_line for r in self.refusals)


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
    if not source.is_file():
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


_REFUSALS = (
    "SELECT line, reason, status, server_line FROM refusal WHERE submission = ?"
    " ORDER BY server_line, reason"
)


class ResultsStore:
    """The results part of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def remember(self, key: str, value: str) -> None:
        """Keep a setting that was found out, such as the line offset."""
        with self._ledger.writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def remembered(self, key: str) -> str:
        """A setting; empty where there is none."""
        found = self._ledger.read("SELECT value FROM meta WHERE key = ?", key)
        return str(found[0][0]) if found else ""

    def keep_batch(
        self, batch: str, submission: int, status: str, records: int, errors: int
    ) -> None:
        """The server's account of a whole file."""
        with self._ledger.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO batch VALUES (?, ?, ?, ?, ?)",
                (batch, submission, status, records, errors),
            )

    def batch_of(self, submission: int) -> tuple[str, int]:
        """The last status and count of rows; ("", -1) where the results do not show the file."""
        found = self._ledger.read(
            "SELECT status, records FROM batch WHERE submission = ? ORDER BY id DESC LIMIT 1",
            submission,
        )
        return (str(found[0][0]), int(found[0][1])) if found else ("", -1)

    def keep_refusals(self, submission: int, refusals: Iterable[tuple[int, str, str, int]]) -> None:
        """Refused rows: our line (0: unknown), reason, status, the server's line.

        They take the place of those that were kept before: the server forgets errors that were
        corrected, and our lines may have become known since.
        """
        with self._ledger.writing() as db:
            db.execute("DELETE FROM refusal WHERE submission = ?", (submission,))
            db.executemany(
                "INSERT OR IGNORE INTO refusal (submission, line, reason, status, server_line)"
                " VALUES (?, ?, ?, ?, ?)",
                [(submission, *refusal) for refusal in refusals],
            )

    def refusals(self, submission: int) -> list[tuple[int, str, str, int]]:
        """The refused rows of a submission, as `keep_refusals` got them."""
        return [
            (int(line), str(reason), str(status), int(server_line))
            for line, reason, status, server_line in self._ledger.read(_REFUSALS, submission)
        ]

    def confirm(self, submission: int, lines: Sequence[int]) -> None:
        """Rows that an export of actions shows."""
        with self._ledger.writing() as db:
            db.executemany(
                "INSERT OR IGNORE INTO confirmation VALUES (?, ?)",
                [(submission, line) for line in lines],
            )

    def confirmed(self, submission: int) -> frozenset[int]:
        """The lines of a submission's file that are confirmed."""
        found = self._ledger.read("SELECT line FROM confirmation WHERE submission = ?", submission)
        return frozenset(int(line) for (line,) in found)

    def rows(self, submission: int, lines: Iterable[int]) -> dict[int, SentRow]:
        """The rows on these lines; none where the archive no longer has them."""
        try:
            return rows_at(self._ledger, self._ledger.submission(submission), set(lines))
        except FileNotFoundError:
            return {}
