"""Verdicts written down: ready.csv, rejected.csv, left_out.csv, the audit, and the counts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from callconv_kit.model import spec, texts
from callconv_kit.model.codes import CELLS_MISSING, CELLS_SURPLUS, Severity
from callconv_kit.model.rows import Fate, Finding, Judged, Ragged
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.run import duplicates
from callconv_kit.writing import output
from callconv_kit.writing.aside import AsideFile, AsideRow, AsideRows, Union, Why, WhyLater
from callconv_kit.writing.audit import AuditFile, Findings, FindingsLog, LinesFile
from callconv_kit.writing.ready import ReadyFile, ReadyRows
from callconv_kit.writing.reasons import reason, reasons
from callconv_kit.writing.tally import Example, Tally

_NO_ROWS = np.zeros(0, np.int64)


class RecordsPart(NamedTuple):
    """What another process wrote down.

    audit: changes.parquet and ready_lines.parquet, where they are wanted.
    """

    ready: ReadyRows
    rejected: AsideRows
    left_out: AsideRows
    audit: tuple[Path, Path] | None


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
        self._moved: list[tuple[Judged, Finding, Ints]] = []

    def add(self, number: int, judged: Judged, held: Ints = _NO_ROWS) -> None:
        """Write a batch of an input, and count it.

        Args:
            number: of the input.
            judged: the batch.
            held: ascending positions of ready rows that will be moved for sure: they are counted
                as ready until then, and not written.
        """
        columns = {name: cells.values for name, cells in judged.columns.items()}
        rows = judged.rows(Fate.READY)
        if len(held):
            rows = np.setdiff1d(rows, held, assume_unique=True)
        self.ready.add(columns, rows, duplicates.places(number, judged.batch.lines[rows]))
        if self._lines is not None:
            self._lines.add(judged, rows)
        self._set_aside(number, judged)
        self._count(judged)
        ragged = judged.batch.ragged
        if ragged:
            width = len(self.rejected.union.positions[number])
            self.rejected.add_ragged(number, [_ragged(number, row, width) for row in ragged])
            self._tally.add_ragged(judged.file, ragged)
            if self._log is not None:
                self._log.add_ragged(judged.file, ragged)

    def give(self) -> "RecordsPart":
        """Close the files; another process takes them in."""
        audit = None
        if self._audit is not None and self._lines is not None:
            self._audit.close()
            self._lines.close()
            audit = self._audit.path, self._lines.path
        return RecordsPart(self.ready.give(), self.rejected.give(), self.left_out.give(), audit)

    def merge(self, part: "RecordsPart") -> None:
        """Add what another process wrote down of other rows; they come behind ours."""
        self.ready.merge(part.ready)
        self.rejected.merge(part.rejected)
        self.left_out.merge(part.left_out)
        if part.audit is not None and self._audit is not None and self._lines is not None:
            changes, lines = part.audit
            self._audit.merge(changes)
            self._lines.merge(lines)

    def move(
        self, number: int, was: Judged, now: Judged, because: Sequence[Finding]
    ) -> list[tuple[Example, int]]:
        """Set rows aside that were ready.

        Args:
            number: of the input.
            was: the rows with the verdict under which they were added.
            now: the same rows; none of them is ready any more.
            because: what is said about them now; why is said in `finish`.

        Returns:
            New examples of `because`, and the place of the row of each.
        """
        self._tally.take_off(was)
        places = duplicates.places(number, now.batch.lines)
        known = [len(self._tally.examples_of(findings)) for findings in because]
        self._tally.add(now)
        if self._log is not None:
            self._log.forget(now)
            self._log.add(replace(now, findings=was.findings))
            self._moved += [(now, findings, places[findings.rows]) for findings in because]
        self._set_aside(number, now, why_later=True)
        return [
            (example, int(place))
            for findings, first in zip(because, known, strict=True)
            for example, place in zip(
                self._tally.examples_of(findings)[first:], places[findings.rows], strict=False
            )
        ]

    def finish(self, moved: Ints, why_moved: WhyLater, *, present_only: bool) -> str:
        """Bring the files into their final form; returns the sha256 of ready.csv.

        Args:
            moved: ascending places of the rows that were moved.
            why_moved: why they were.
            present_only: the job's `write = "present"`.
        """
        names = spec.NAMES
        if present_only:
            filled = self._tally.fill
            names = tuple(name for name in names if filled[name] or name in spec.REQUIRED)
        digest, dropped = self.ready.finish(moved, names)
        if self._lines is not None:
            self._lines.finish(dropped)
        self.rejected.finish(why_moved)
        self.left_out.finish(why_moved)
        for judged, findings, places in self._moved:
            files, lines = judged.source_files(findings.rows), judged.source_lines[findings.rows]
            why_texts = why_moved(places).reasons
            kept = Findings(
                files, lines, findings.column, findings.code, findings.severity, reasons=why_texts
            )
            if self._log is not None:
                self._log.keep(kept)
        return digest

    def close(self) -> None:
        """Close the files, whatever happened."""
        for file in (self.ready, self.rejected, self.left_out, self._audit, self._lines):
            if file is not None:
                file.close()

    def _set_aside(self, number: int, judged: Judged, *, why_later: bool = False) -> None:
        for file, fate, severity in (
            (self.rejected, Fate.REJECTED, Severity.ERROR),
            (self.left_out, Fate.LEFT_OUT, Severity.LEFT_OUT),
        ):
            rows = judged.rows(fate)
            if len(rows):
                file.add(
                    number,
                    duplicates.places(number, judged.batch.lines[rows]),
                    judged.source_files(rows),
                    judged.source_lines[rows],
                    [texts.take(column, rows) for column in judged.batch.cells],
                    None if why_later else why(judged, rows, severity),
                )

    def _count(self, judged: Judged) -> None:
        self._tally.add(judged)
        if self._audit is not None:
            self._audit.add(judged)
        if self._log is not None:
            self._log.add(judged)


def why(judged: Judged, rows: Ints, severity: Severity) -> Why:
    """Why these rows of a batch do not go: what is said about them with this severity, in order."""
    place = np.full(len(judged), -1)
    place[rows] = np.arange(len(rows))
    codes, why_texts = [], []
    coded: dict[str, Bools] = {}
    for findings in judged.findings:
        here = np.flatnonzero(place[findings.rows] >= 0)
        if findings.severity is not severity or not len(here):
            continue
        at, nothing = place[findings.rows[here]], texts.nulls(len(rows))
        before = judged.before.get(findings.column or "")
        values = None if before is None else texts.take(before, findings.rows[here])
        details = (
            texts.from_list([findings.details[row] for row in here]) if findings.details else None
        )
        said_of = reasons(findings.code, findings.column, len(here), values, details)
        why_texts.append(texts.put(nothing, at, said_of))
        # A code of two columns of a row is named once.
        known = coded.setdefault(findings.code, np.zeros(len(rows), np.bool_))
        new = at[~known[at]]
        known[new] = True
        codes.append(texts.put(nothing, new, texts.repeat(findings.code, len(new))))
    return Why(_joined(codes, len(rows)), _joined(why_texts, len(rows)))


def _joined(parts: list[pa.StringArray], length: int) -> pa.StringArray:
    """Texts side by side as one; those that are null are passed over."""
    if not parts:
        return texts.repeat("", length)
    return texts.joined(*parts, between="; ", nulls="skip")


def _ragged(number: int, row: Ragged, width: int) -> AsideRow:
    place = int(duplicates.places(number, np.int64(row.line)))  # type: ignore[arg-type] # one line
    cells, columns = row.counts or (len(row.cells), width)
    detail = f"{cells} cells, and the header has {columns}"
    remedy = CELLS_MISSING if cells < columns else CELLS_SURPLUS
    text = reason("field_count", None, None, detail, remedy)
    return AsideRow(place, row.file, row.source_line, "field_count", text, row.cells)
