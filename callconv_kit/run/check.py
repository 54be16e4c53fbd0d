"""Judge a file that is meant to be ready; change nothing.

Whatever `prepare` would change, leave out or ask for is an error here.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.job import Job
from callconv_kit.mapping import plan as planning
from callconv_kit.model import spec, texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.notes import note_of
from callconv_kit.model.rows import Batch, Judged, Said
from callconv_kit.model.texts import Ints
from callconv_kit.reading import Input, Table, open_tables
from callconv_kit.run import duplicates
from callconv_kit.run.duplicate_rows import REPEAT, DuplicateRows
from callconv_kit.run.judge import Judge, is_total
from callconv_kit.run.keys import keys_of
from callconv_kit.run.prepared import findings_frame
from callconv_kit.writing import summary as summaries
from callconv_kit.writing.audit import Findings, FindingsLog
from callconv_kit.writing.tally import EXAMPLES, Tally

if TYPE_CHECKING:
    import pandas as pd

PHONE_FORMS = re.compile(r"[0-9]{3}-[0-9]{3}-[0-9]{4}|\([0-9]{3}\) [0-9]{3} [0-9]{4}|\+[0-9]{7,15}")
"""The other ways in which `phone_format` writes a number; the job is not known here."""

JOB = {"optional_cells": "reject", "empty_status": "keep"}
"""A cell that would be emptied is an error; a kept empty status is the job's own decision."""


class Checked:
    """What there is to say of a file.

    summary: rows_read, rows_with_errors, errors, warnings, and the findings with examples.
    """

    def __init__(self, summary: dict[str, Any], log: FindingsLog, *, mask: bool) -> None:
        self.summary = summary
        self._log = log
        self._mask = mask

    @property
    def exit_status(self) -> int:
        """The exit status of `callconv check`: 0, or 1 when an error was found."""
        return 1 if self.summary["errors"] else 0

    @property
    def findings(self) -> "pd.DataFrame":
        """Every finding: source_file, source_line, column, code, severity, value, text."""
        return findings_frame(self._log, mask=self._mask)

    def __repr__(self) -> str:
        counts = self.summary
        return (
            f"<Checked: {counts['rows_read']:,} rows, {counts['errors']:,} errors, "
            f"{counts['warnings']:,} warnings>"
        )


def check(source: Input, *, now: datetime | str | None = None, mask: bool = True) -> Checked:
    """Judge a file or frame that is meant to be ready.

    Args:
        source: a path, `-`, or a DataFrame.
        now: the clock of the age rules; none: the real one.
        mask: whether phone numbers are masked in what is shown.

    Raises:
        InputError: it can't be read, has no known header, or lacks a required column.
    """
    job = Job.from_keywords(**JOB, now=now, mask=mask)
    run = _Check(job)
    (table,) = open_tables([source], planning.Known(job))
    run.table(table)
    findings = summaries.findings(run.tally)
    counts = {
        severity: sum(item["rows"] for item in findings if item["severity"] == severity)
        for severity in (Severity.ERROR, Severity.WARNING)
    }
    summary = {
        "file": table.name,
        "rows_read": table.account.rows,
        "errors": counts[Severity.ERROR],
        "warnings": counts[Severity.WARNING],
        "findings": findings,
        "now": job.clock.isoformat(timespec="seconds"),
    }
    return Checked(summary, run.log, mask=mask)


class _Check:
    def __init__(self, job: Job) -> None:
        self._job = job
        self._judge = Judge(job, job.clock, asks=False)
        self._keys = duplicates.KeyStore()
        self.tally = Tally(mask=job.mask)
        self.log = FindingsLog()

    def table(self, table: Table) -> None:
        """Judge all rows of a table, and its form."""
        plan = planning.make(table.name, table.header, self._job)
        for batch in table.batches():
            totals = tuple(row for row in batch.ragged if is_total(row.cells, len(table.header)))
            ragged = tuple(row for row in batch.ragged if row not in totals)
            judged = self._judge.judge(table, plan, Batch(batch.lines, batch.cells))
            for row in totals:
                table.account.skip(row.line, "total")
                table.account.rows -= 1
            self._add(judged.with_more(_would_change(judged)))
            self.tally.add_ragged(table.name, ragged)
            self.log.add_ragged(table.name, ragged)
            columns = {name: cells.values for name, cells in judged.columns.items()}
            if len(judged):
                self._keys.add(keys_of(columns), duplicates.places(0, judged.batch.lines))
        self._duplicates(table)
        for line, value in _form(table):
            self._whole("not_ready_form", table, np.asarray([line]), texts.from_list([value]))

    def _add(self, judged: Judged) -> None:
        """Count a batch: what would be left out is an error here."""
        said = tuple(
            replace(item, severity=Severity.ERROR) if item.severity is Severity.LEFT_OUT else item
            for item in judged.said
        )
        told = replace(judged, said=(), fates=np.zeros(len(judged), np.uint8)).with_more(said)
        self.tally.add(told)
        self.log.add(told)

    def _duplicates(self, table: Table) -> None:
        groups = self._keys.settle("reject")
        self._keys.close()
        rows = DuplicateRows(groups)
        for said in rows.said(rows.gone):
            places = rows.gone[said.rows]
            if said.code == REPEAT:
                values = pc.binary_join_element_wise("the first is ", rows.kept(places), "")
            else:
                values = pc.binary_join_element_wise("conflicts with ", rows.others(places), "")
            self._whole(said.code, table, duplicates.lines_of(places), values)

    def _whole(self, code: str, table: Table, lines: Ints, values: pa.StringArray) -> None:
        """Say something of whole lines."""
        examples = [
            {"source_file": table.name, "source_line": line, "value": value}
            for line, value in zip(
                lines[:EXAMPLES].tolist(), values[:EXAMPLES].to_pylist(), strict=True
            )
        ]
        self.tally.count(code, Severity.ERROR, None, len(lines), *examples)
        files = texts.repeat(table.name, len(lines))
        self.log.keep(Findings(files, lines, None, code, Severity.ERROR, values))


def _would_change(judged: Judged) -> tuple[Said, ...]:
    """Cells that `prepare` would change."""
    said = []
    for name, cells in judged.columns.items():
        before = judged.before.get(name)
        rows: list[int] = []
        for number in np.unique(cells.notes).tolist():
            note = note_of(number)
            if not note.rules or note.code is not None:
                continue
            at = cells.positions[cells.notes == number].tolist()
            if name in spec.PERSONAL and note.rules == ("phone_rewritten",) and before is not None:
                at = [row for row in at if not PHONE_FORMS.fullmatch(before[row].as_py() or "")]
            rows += at
        if rows:
            said.append(Said("not_ready_form", Severity.ERROR, name, np.asarray(sorted(rows))))
    return tuple(said)


def _form(table: Table) -> Sequence[tuple[int, str]]:
    """What is wrong with the form of the file itself: lines, and what stands there."""
    account = table.account
    wrong: list[tuple[int, str]] = []
    line = account.header_line or 1
    known = [name for name in table.header if name in spec.BY_NAME]
    if list(table.header) != sorted(known, key=spec.NAMES.index):
        wrong.append((line, "the header is not the published one, in the published order"))
    if account.encoding not in {"", "utf-8"}:
        wrong.append((line, f"the file is {account.encoding}, not UTF-8 without a mark"))
    if account.delimiter not in {"", ","}:
        wrong.append((line, f"cells are separated by {account.delimiter!r}, not by commas"))
    if account.blank_lines:
        wrong.append((line, f"{account.blank_lines} blank lines"))
    wrong += [
        (skipped.line, f"a line that is no row: {skipped.why}") for skipped in account.skipped
    ]
    return wrong
