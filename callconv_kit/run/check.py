"""Judge a file that is meant to be ready; change nothing.

Whatever `prepare` would change, leave out or ask for is an error here.
"""

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from callconv_kit.job import Job
from callconv_kit.mapping import plan as planning
from callconv_kit.mapping.export import lay_under
from callconv_kit.model import spec, texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.errors import InputError
from callconv_kit.model.notes import note_of
from callconv_kit.model.rows import Batch, Finding, Judged
from callconv_kit.model.texts import Ints
from callconv_kit.reading import Input, Table, open_tables, written
from callconv_kit.run import duplicates
from callconv_kit.run.duplicate_rows import REPEAT, DuplicateRows
from callconv_kit.run.judge import Judge, is_total
from callconv_kit.run.keys import keys_of
from callconv_kit.run.outcome import no_rows
from callconv_kit.writing import summary as summaries
from callconv_kit.writing.audit import Findings, FindingsLog, findings_frame
from callconv_kit.writing.lines import line_of, lines
from callconv_kit.writing.tally import EXAMPLES, Tally

if TYPE_CHECKING:
    import pandas as pd

PHONE_FORMS = re.compile(r"[0-9]{3}-[0-9]{3}-[0-9]{4}|\([0-9]{3}\) [0-9]{3} [0-9]{4}|\+[0-9]{7,15}")
"""The other forms in which `phone_format` writes a number: all are right where no job is given."""

JOB = {"optional_cells": "reject", "empty_status": "keep"}
"""A cell that would be emptied is an error; a kept empty status is the job's own decision."""

OF_THE_JOB = ("anonymous_callers", "outbound", "phone_format", "expect_rows", "mask", "now")
"""Settings of a job that decide what is right in a ready file.

The others say how an export is read, and a ready file has been read already: an empty country means
US there whatever `default_country` says, and an amount has a decimal point.
"""


class Checked:
    """What `check` found in a file or DataFrame.

    Attributes:
        summary: the same as `callconv check --json` prints: `file`, `rows_read`, `errors`,
            `warnings`, `findings` with examples, `now`.
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


def check(
    source: Input,
    job: "str | os.PathLike[str] | Job | None" = None,
    *,
    now: datetime | str | None = None,
    mask: bool | None = None,
) -> Checked:
    """Judge a file or frame that is meant to be ready.

    Args:
        source: a path, `-`, or a DataFrame. Every file of an archive is judged.
        job: a job file or a Job, whose `anonymous_callers`, `phone_format`, `expect_rows`, `mask`
            and `now` apply. None: phone numbers may be in any form that `phone_format` can write.
        now: the clock of the age rules; none: the job's, else the real one.
        mask: whether phone numbers are masked in what is shown; none: as the job says.

    Raises:
        InputError: it can't be read, has no known header, lacks a required column, or has no rows
            although the job says `expect_rows`.
        UsageError: the job is wrong, or `source` is neither a path nor a DataFrame.
    """
    settings = ready_settings(job, now=now, mask=mask)
    run = _Check(settings, any_phone_form=job is None)
    try:
        tables = open_tables([source], planning.KnownNames(settings), as_written=True)
        for number, table in enumerate(tables):
            run.table(table, number)
    except InputError as error:
        raise _without_settings(error) from error
    run.duplicates(tables)
    run.tally.warn_of_midnights()
    rows = sum(table.account.rows for table in tables)
    # A file of an archive is named archive.zip/file.csv.
    name = tables[0].name if len(tables) == 1 else tables[0].name.partition("/")[0]
    if not rows and settings.expect_rows:
        raise no_rows(name)
    findings = summaries.findings(run.tally)
    counts = {
        severity: sum(item["rows"] for item in findings if item["severity"] == severity)
        for severity in (Severity.ERROR, Severity.WARNING)
    }
    summary = {
        "file": name,
        "rows_read": rows,
        "errors": counts[Severity.ERROR],
        "warnings": counts[Severity.WARNING],
        "findings": findings,
        "now": settings.clock.isoformat(timespec="seconds"),
    }
    return Checked(summary, run.log, mask=settings.mask)


NEEDS_SETTINGS = frozenset({"ambiguous_header", "column_missing", "needs_encoding", "no_header"})
"""Codes for which `prepare` has a setting, which a file that is meant to be ready must not need."""


def _without_settings(error: InputError) -> InputError:
    """The error with a next step that a check offers."""
    if error.code not in NEEDS_SETTINGS:
        return error
    return InputError(
        error.code,
        error.problem,
        error.found,
        "the form of a ready.csv: UTF-8, with the published column names in its first line",
        "`callconv prepare` makes a ready.csv from an export; `callconv template` writes an empty "
        "one.",
    )


def ready_settings(job: "str | os.PathLike[str] | Job | None", **given: Any) -> Job:
    """A job's settings that apply to a ready file, as a job of its own.

    Args:
        job: see `check`.
        **given: settings that win over the job's; None counts as not given.

    Raises:
        UsageError: the job is wrong.
    """
    own, _ = lay_under(Job.from_keywords(job))
    kept = {name: getattr(own, name) for name in OF_THE_JOB if name in own.model_fields_set}
    kept |= {name: value for name, value in given.items() if value is not None}
    if own.now is not None and "now" not in given:
        kept["now"] = own.clock
    return Job.from_keywords(**JOB, **kept)


class _Check:
    """Judges tables that are meant to be ready.

    any_phone_form: whether each form that `phone_format` can write is right.
    """

    def __init__(self, job: Job, *, any_phone_form: bool) -> None:
        self._job = job
        self._any_phone_form = any_phone_form
        self._judge = Judge(job, job.clock, asks=False)
        self._keys = duplicates.KeyStore()
        self.tally = Tally(mask=job.mask)
        self.log = FindingsLog()

    def table(self, table: Table, number: int) -> None:
        """Judge all rows of the table of this number, and its form."""
        plan = planning.make(table.name, table.header, self._job)
        canonical, complete = hashlib.sha256(line_of(table.header).encode()), True
        for batch in table.batches():
            canonical.update(texts.used_bytes(lines(batch.cells)))
            totals = tuple(row for row in batch.ragged if is_total(row.cells, len(table.header)))
            ragged = tuple(row for row in batch.ragged if row not in totals)
            complete = complete and not batch.ragged
            judged = self._judge.judge(table, plan, Batch(batch.lines, batch.cells))
            for row in totals:
                table.account.skip(row.line, "total")
                table.account.rows -= 1
            self._add(judged.with_more(self._would_change(judged)))
            self.tally.add_ragged(table.name, ragged)
            self.log.add_ragged(table.name, ragged)
            columns = {name: cells.values for name, cells in judged.columns.items()}
            if len(judged):
                self._keys.add(keys_of(columns), duplicates.places(number, judged.batch.lines))
        for line, value in _form(table, canonical.hexdigest() if complete else ""):
            self._whole("not_ready_form", table, np.asarray([line]), texts.from_list([value]))

    def _add(self, judged: Judged) -> None:
        """Count a batch: what would be left out is an error here."""
        findings = tuple(
            replace(item, severity=Severity.ERROR) if item.severity is Severity.LEFT_OUT else item
            for item in judged.findings
        )
        unjudged = replace(judged, findings=(), fates=np.zeros(len(judged), np.uint8))
        counted = unjudged.with_more(findings)
        self.tally.add(counted)
        self.log.add(counted)

    def duplicates(self, tables: Sequence[Table]) -> None:
        """Find the calls that are there more than once; the end of the work."""
        groups = self._keys.settle("reject")
        self._keys.close()
        names = [table.name for table in tables]
        rows = DuplicateRows(groups, names if len(names) > 1 else None)
        for finding in rows.findings(rows.gone):
            places = rows.gone[finding.rows]
            if finding.code == REPEAT:
                values = texts.joined("the first is ", rows.kept(places))
            else:
                values = texts.joined("conflicts with ", rows.others(places))
            inputs = duplicates.inputs_of(places)
            for number in np.unique(inputs).tolist():
                here = np.flatnonzero(inputs == number)
                lines_here = duplicates.lines_of(places[here])
                self._whole(finding.code, tables[number], lines_here, texts.take(values, here))

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

    def _would_change(self, judged: Judged) -> tuple[Finding, ...]:
        """Cells that `prepare` would change."""
        found = []
        for name, cells in judged.columns.items():
            before = judged.before.get(name)
            rows: list[int] = []
            for number in np.unique(cells.notes).tolist():
                note = note_of(number)
                if not note.rules or note.code is not None:
                    continue
                at = cells.positions[cells.notes == number].tolist()
                reformatted = self._any_phone_form and note.rules == ("phone_rewritten",)
                if reformatted and name in spec.PERSONAL and before is not None:
                    at = [row for row in at if not PHONE_FORMS.fullmatch(before[row].as_py() or "")]
                rows += at
            if rows:
                found.append(
                    Finding("not_ready_form", Severity.ERROR, name, np.asarray(sorted(rows)))
                )
        return tuple(found)


def _form(table: Table, canonical: str) -> list[tuple[int, str]]:
    """What is wrong with the form of the file itself: lines, and what is there.

    Args:
        table: read to its end.
        canonical: the sha256 of the file that `prepare` would write of the same cells; empty where
            rows have too many or too few cells.
    """
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
        (skipped.line, f"a line that is not a row: {skipped.why}") for skipped in account.skipped
    ]
    if account.sha256 != canonical and account.encoding == "utf-8" and account.delimiter == ",":
        wrong += written.not_canonical(table, "" if wrong else canonical)
    return wrong
