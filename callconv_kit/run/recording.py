"""Verdicts written down: ready.csv, rejected.csv, left_out.csv, the audit, and the counts."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from callconv_kit.model import texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.rows import Fate, Judged, Ragged
from callconv_kit.model.texts import Ints
from callconv_kit.run import duplicates
from callconv_kit.writing import output
from callconv_kit.writing.aside import AsideFile, AsideRow, AsideRows, Union
from callconv_kit.writing.audit import AuditFile, FindingsLog, LinesFile
from callconv_kit.writing.ready import ReadyFile, ReadyRows
from callconv_kit.writing.reasons import reason
from callconv_kit.writing.tally import Tally


class RecordsPart(NamedTuple):
    """What another process wrote down."""

    ready: ReadyRows
    rejected: AsideRows
    left_out: AsideRows


class Records:
    """What a run writes down while rows stream by.

    ready, rejected, left_out: the files.
    """

    def __init__(
        self,
        work: Path,
        headers: Sequence[Sequence[str]],
        tally: Tally,
        log: FindingsLog | None = None,
        *,
        audit: bool = False,
    ) -> None:
        """Open the files.

        Args:
            work: the folder to write to.
            headers: of all inputs.
            tally: gets the counts and examples.
            log: gets every finding.
            audit: whether to write changes.parquet and ready_lines.parquet.

        Raises:
            OSError: a file can't be opened.
        """
        union = Union(headers)
        self._tally = tally
        self._log = log
        self.ready = ReadyFile(work / output.READY)
        self.rejected = AsideFile(work / output.REJECTED, union)
        self.left_out = AsideFile(work / output.LEFT_OUT, union)
        self._audit = AuditFile(work / output.CHANGES) if audit else None
        self._lines = LinesFile(work / output.READY_LINES) if audit else None

    def add(self, number: int, judged: Judged) -> None:
        """Write a batch of an input, and count it."""
        columns = {name: cells.values for name, cells in judged.columns.items()}
        self.ready.add(columns, judged.rows(Fate.READY), len(judged))
        if self._lines is not None:
            self._lines.add(judged)
        self._set_aside(number, judged)
        self._count(judged)
        ragged = judged.batch.ragged
        if ragged:
            width = len(self.rejected.union.positions[number])
            self.rejected.add(number, [_ragged(number, row, width) for row in ragged])
            self._tally.add_ragged(judged.file, ragged)
            if self._log is not None:
                self._log.add_ragged(judged.file, ragged)

    def give(self) -> "RecordsPart":
        """Close the files; another process takes them in."""
        return RecordsPart(self.ready.give(), self.rejected.give(), self.left_out.give())

    def take_in(self, part: "RecordsPart") -> None:
        """Add what another process wrote down of other rows; they come behind ours."""
        self.ready.take_in(part.ready)
        self.rejected.take_in(part.rejected)
        self.left_out.take_in(part.left_out)

    def move(self, number: int, was: Judged, now: Judged) -> None:
        """Set rows aside that were ready.

        Args:
            number: of the input.
            was: the rows with the verdict under which they were added.
            now: the same rows; none of them is ready any more.
        """
        self._tally.take_off(was)
        if self._log is not None:
            self._log.forget(now)
        self._count(now)
        self._set_aside(number, now)

    def finish(self, dropped: Ints, *, present_only: bool) -> str:
        """Bring the files into their final form; returns the sha256 of ready.csv.

        Args:
            dropped: ascending numbers, counted from 0, of rows of ready.csv that were moved.
            present_only: the job's `write = "present"`.
        """
        digest = self.ready.finish(dropped, present_only=present_only)
        if self._lines is not None:
            self._lines.finish(dropped)
        self.rejected.finish()
        self.left_out.finish()
        return digest

    def close(self) -> None:
        """Close the files, whatever happened."""
        for file in (self.ready, self.rejected, self.left_out, self._audit, self._lines):
            if file is not None:
                file.close()

    def _set_aside(self, number: int, judged: Judged) -> None:
        self.rejected.add(number, _aside(number, judged, Fate.REJECTED))
        self.left_out.add(number, _aside(number, judged, Fate.LEFT_OUT))

    def _count(self, judged: Judged) -> None:
        self._tally.add(judged)
        if self._audit is not None:
            self._audit.add(judged)
        if self._log is not None:
            self._log.add(judged)


def _aside(number: int, judged: Judged, fate: Fate) -> list[AsideRow]:
    """The rows of a fate, with why, for rejected.csv and left_out.csv."""
    rows = judged.rows(fate)
    if not len(rows):
        return []
    wanted = Severity.ERROR if fate is Fate.REJECTED else Severity.LEFT_OUT
    why: dict[int, tuple[list[str], list[str]]] = {row: ([], []) for row in rows.tolist()}
    for said in judged.said:
        if said.severity is not wanted:
            continue
        before = judged.before.get(said.column or "")
        for at, row in enumerate(said.rows.tolist()):
            if row not in why:
                continue
            codes, reasons = why[row]
            value = None if before is None else before[row].as_py()
            detail = said.details[at] if said.details else ""
            codes.append(said.code)
            reasons.append(reason(said.code, said.column, value, detail))
    cells = [texts.take(column, rows).to_pylist() for column in judged.batch.cells]
    places = duplicates.places(number, judged.batch.lines[rows]).tolist()
    return [
        AsideRow(
            place,
            judged.source_file(row),
            judged.source_line(row),
            list(dict.fromkeys(why[row][0])),
            why[row][1],
            own,
        )
        for place, row, own in zip(places, rows.tolist(), zip(*cells, strict=True), strict=True)
    ]


def _ragged(number: int, row: Ragged, width: int) -> AsideRow:
    place = int(duplicates.places(number, np.int64(row.line)))  # type: ignore[arg-type] # one line
    detail = f"{len(row.cells)} cells, and the header has {width}"
    why = [reason("field_count", None, None, detail)]
    return AsideRow(place, row.file, row.source_line, ["field_count"], why, row.cells)
