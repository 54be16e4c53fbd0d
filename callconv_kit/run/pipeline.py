"""The order of the steps, and nothing else: read, judge, write, settle duplicates, sum up.

    inputs ─reading─▶ batches ─judging─▶ verdicts ─writing─▶ ready.csv, rejected.csv, left_out.csv
                                            └─ keys ─settled at the end─┘        summary, report

Rows stream: reading, judging and writing run side by side on blocks of a few megabytes. Duplicates
are known only at the end; the rows that they concern are then read a second time.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias
from uuid import uuid4

import pyarrow as pa

from callconv_kit.job import Job
from callconv_kit.mapping import drift, rule_columns, session
from callconv_kit.mapping import plan as planning
from callconv_kit.mapping.plan import Plan
from callconv_kit.mapping.relations import ChildLegs, Corrected
from callconv_kit.model import spec
from callconv_kit.model.codes import Severity
from callconv_kit.model.errors import InputError
from callconv_kit.model.rows import Batch
from callconv_kit.reading import Input, Table, open_tables
from callconv_kit.reading.delimited import DelimitedTable
from callconv_kit.run import fixes as fixing
from callconv_kit.run import judge as judging
from callconv_kit.run import parts
from callconv_kit.run.judge import Judge, SettingNeeded
from callconv_kit.run.keys import murmur3_128
from callconv_kit.run.parts import Executor, Lot, Part, Shared
from callconv_kit.run.recording import Records
from callconv_kit.run.resolving import needs_source, open_inputs, resolve
from callconv_kit.run.settling import Calls, SentCalls, SharedSentCalls, input_changed
from callconv_kit.run.streaming import ReadAhead, WriteBehind
from callconv_kit.writing import output
from callconv_kit.writing.audit import FindingsLog
from callconv_kit.writing.output import OutputFolder
from callconv_kit.writing.tally import Tally

Progress: TypeAlias = Callable[[int], None]
"""Called with the number of rows done so far."""


@dataclass(slots=True)
class RunOutcome:
    """What a run came to; the files lie in its folder.

    tally: counts and examples.
    ready_sha256: of ready.csv.
    problem: why there is no ready.csv, where the rows themselves are the reason.
    has_fixes: corrected rows took the place of rejected ones.
    """

    tables: Sequence[Table]
    tally: Tally
    rows_ready: int = 0
    rows_rejected: int = 0
    rows_left_out: int = 0
    ready_sha256: str = ""
    problem: InputError | None = None
    has_fixes: bool = False
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0

    @property
    def rows_read(self) -> int:
        """Rows of all inputs; lines that are no rows do not count."""
        return sum(table.account.rows for table in self.tables)

    @property
    def rows_meant(self) -> int:
        """Rows that are meant to go, and those that went before: what a share is a share of.

        With the latter, a night with few new calls is judged like any other.
        """
        before = [(code, None, Severity.LEFT_OUT) for code in ("already_sent", "outcome_unknown")]
        sent = sum(self.tally.findings[key] for key in before)
        return self.rows_ready + self.rows_rejected + sent

    @property
    def rejected_share(self) -> float:
        """The share of rejected rows; those of calls that changed since they went don't count."""
        changed = self.tally.findings["changed_since_sent", None, Severity.ERROR]
        rejected = self.rows_rejected - changed
        return rejected / self.rows_meant if rejected > 0 else 0.0


class Run:
    """One run over all inputs, into the work folder of an output folder."""

    def __init__(
        self,
        job: Job,
        now: datetime,
        folder: OutputFolder,
        *,
        sent: SentCalls | None = None,
        progress: Progress | None = None,
        audit: bool = False,
        log: FindingsLog | None = None,
        executor: Executor | None = None,
        dry_run: bool = False,
        judge: Judge | None = None,
    ) -> None:
        """Prepare a run; with the judge of another one, nothing that its job names is read again.

        Raises:
            UsageError: something is wrong with the job, or with what it names.
        """
        self._executor = executor
        self._dry_run = dry_run
        self._given = job
        self._now = now
        self._resolved = judge.resolved if judge else resolve(job)
        self._job = self._resolved.job
        self.judge = judge or Judge(self._job, now, resolved=self._resolved)
        if judge is None:
            self.judge.check_job()
        self._folder = folder
        self._progress = progress
        self._audit = audit
        self._log = log
        self._tally = Tally(mask=job.mask)
        corrections = self._resolved.export.corrections
        corrected = Corrected(corrections, murmur3_128) if corrections else None
        self._sent = sent
        self._calls = Calls(self.judge, self._job.on_conflict, folder.work, corrected, sent)

    def _prepare_session_ids(self) -> None:
        """Read the key of derived session ids, or make it; a dry run leaves none behind."""
        if self._job.session_id_from:
            beside = self._job.ledger_path
            self.judge.session_key = session.key_beside(beside, keep=not self._dry_run)

    def table_of(self, source: "Input | DelimitedTable", name: str) -> Table:
        """The table of a lot, under the name that its input has in the whole run."""
        if isinstance(source, DelimitedTable):
            return source.apart()
        (table,) = open_inputs(self._resolved, [source])
        table.name = name
        return table

    @property
    def job(self) -> Job:
        """The effective job: with its preset laid under it."""
        return self._job

    def go(self, inputs: Sequence[Input], fixes: Sequence[Input] = ()) -> RunOutcome:
        """Do it all.

        Args:
            inputs: paths, addresses, `-` for standard input, or DataFrames.
            fixes: corrected rejected.csv files; their rows take the place of those of the inputs.

        Raises:
            InputError: see the codes of severity `stop`.
        """
        clock = time.monotonic()
        self._prepare_session_ids()
        export = self._resolved.export
        tables = open_inputs(self._resolved, inputs)
        ran = RunOutcome(tables, self._tally)
        plans = [self._plan(table) for table in tables]
        if fixes:
            known = planning.Known(self._job, export)
            tables = fixing.mend(tables, plans, open_tables(fixes, known, as_written=True))
            ran.tables, ran.has_fixes = tables, True
        with output.writing(self._folder.path):
            headers = [table.header for table in tables]
            records = Records(self._folder.work, headers, self._tally, self._log, audit=self._audit)
            try:
                first = self._gather_legs(tables, plans)
                if not fixes and self._can_be_parted(inputs, tables):
                    self._stream_in_parts(inputs, tables, records)
                else:
                    rows = (
                        (number, batch)
                        for number, table in enumerate(tables)
                        for batch in table.batches()
                    )
                    self._stream(rows, tables, plans, records)
                for table, sha256 in zip(tables, first, strict=False):
                    if table.account.sha256 != sha256:
                        raise input_changed(table.name)
                self._warn_of_guesses(tables)
                self._warn_of_changes(tables)
                self._tally.warn_of_midnights()
                pa.default_memory_pool().release_unused()  # what blocks took, keys can use
                moved, why = self._calls.settle(tables, plans, records, self._tally)
                present_only = self._job.write == "present"
                ran.ready_sha256 = records.finish(moved, why, present_only=present_only)
            finally:
                records.close()
                self._calls.close()
        ran.rows_ready = records.ready.rows
        ran.rows_rejected, ran.rows_left_out = records.rejected.rows, records.left_out.rows
        for table in tables:
            table.account.skipped.sort(key=lambda skipped: skipped.line)
        ran.problem = self._problem(ran)
        ran.seconds = round(time.monotonic() - clock, 3)
        return ran

    def _plan(self, table: Table) -> Plan:
        plan = planning.make(
            table.name,
            table.header,
            self._job,
            reimported=table.reimported,
            export=self._resolved.export,
            looked_up=self._resolved.looked_up,
            frame=table.is_frame,
        )
        if self._job.lookup is not None:
            needs_source(self._job.lookup, plan, table.name)
        if not _was_ready(table):
            rule_columns.require(table.name, plan, self._job, self._resolved.looked_up)
        return plan

    def _gather_legs(self, tables: Sequence[Table], plans: Sequence[Plan]) -> list[str]:
        """Read the child legs of calls that are split over several rows: they may come first.

        Returns:
            The sha256 of each input that was read for it.
        """
        if self._job.legs is None:
            return []
        legs = ChildLegs(self._job.legs, plans, murmur3_128)
        for table, plan in zip(tables, plans, strict=True):
            for batch in table.batches():
                legs.add(plan, batch)
        legs.settle()
        self.judge.legs = legs
        return [table.account.sha256 for table in tables]

    def _stream(
        self,
        rows: Iterator[tuple[int, Batch]],
        tables: Sequence[Table],
        plans: Sequence[Plan],
        records: Records,
        first: int = 0,
    ) -> None:
        """Read, judge and write rows, each batch with the place of its table.

        `first` numbers the first of the tables.
        """
        done = 0
        with ReadAhead(rows) as ahead, WriteBehind() as behind:
            for at, batch in ahead:
                table, plan, number = tables[at], plans[at], first + at
                kept = self._without_total_lines(table, batch)
                try:
                    judged = self.judge.judge(table, plan, kept)
                except SettingNeeded as needed:
                    judging.ask_for_setting(needed, table, plan)
                judged, held = self._calls.remember(number, plan, judged)
                behind(partial(records.add, number, judged, held))
                done += len(batch.lines)
                if self._progress is not None:
                    self._progress(done)

    def _can_be_parted(self, inputs: Sequence[Input], tables: Sequence[Table]) -> bool:
        settings = (self._job.legs, self._resolved.export.corrections, self._log)
        return (
            self._executor is not None
            and not self._dry_run
            and parts.can_ask(self._executor, self._sent)
            and all(setting is None for setting in settings)
            and parts.can_be_parted(inputs, tables)
        )

    def _stream_in_parts(
        self, inputs: Sequence[Input], tables: Sequence[Table], records: Records
    ) -> None:
        """Let the executor's processes read an input or a stretch each, and merge their results."""
        assert self._executor is not None  # noqa: S101 # only called where there is one
        headers, names = [table.header for table in tables], [table.name for table in tables]
        sent = self._sent.elsewhere() if isinstance(self._sent, SharedSentCalls) else None
        shared = Shared(
            uuid4().hex,
            self._given,
            self._now,
            self._folder.work,
            headers,
            names,
            sent,
            self._audit,
        )
        unchanged = [parts.Unchanged(table) for table in tables]
        begun: list[tuple[Lot, parts.Future]] = []
        broken: InputError | None = None
        try:
            try:
                begun.extend(
                    (lot, parts.begin(self._executor, part_of, shared, lot))
                    for lot in parts.lots(inputs, tables)
                )
            except InputError as error:  # what is wrong with a row before it comes first
                broken = error
            done = 0
            for lot, future in begun:
                done += self._merge(lot, future.result(), tables[lot.number], records)
                if self._progress is not None:
                    self._progress(done)
        except BaseException:
            # Nobody writes to the work folder any more when it is removed.
            for _, future in begun:
                future.cancel()
            for _, future in begun:
                with contextlib.suppress(Exception, CancelledError):
                    future.result()
            raise
        if broken is not None:
            raise broken
        for watched in unchanged:
            watched.check()

    def _merge(self, lot: Lot, part: Part, table: Table, records: Records) -> int:
        """Take in what another process made of the rows behind ours; how many there were."""
        if lot.span is None:
            table.account = part.account
        else:
            table.account.merge(part.account)
        self._tally.merge(part.tally)
        records.merge(part.records)
        self._calls.merge(part.calls)
        return part.account.rows

    def part(self, lot: Lot, table: Table, headers: Sequence[Sequence[str]]) -> Part:
        """What this run makes of a lot of another one, which merges it."""
        self._prepare_session_ids()
        with output.writing(self._folder.path):
            self._folder.work.mkdir(parents=True, exist_ok=True)
            records = Records(self._folder.work, headers, self._tally, audit=self._audit)
            batches = table.batches()
            if isinstance(table, DelimitedTable) and lot.span is not None:
                batches = table.batches_of(lot.span)
            try:
                rows = ((0, batch) for batch in batches)
                self._stream(rows, [table], [self._plan(table)], records, lot.number)
                return Part(table.account, self._tally, self._calls.give(), records.give())
            finally:
                records.close()
                self._calls.close()

    def _warn_of_guesses(self, tables: Sequence[Table]) -> None:
        """Say what was assumed of a file as a whole."""
        for table in tables:
            account = table.account
            if account.guessed_from_line:
                self._of_file(table, "encoding_guessed", account.guessed_from_line, "")
            if account.surplus_cells:
                cells = account.surplus_cells
                value = f"{cells} cell{'s' if cells > 1 else ''} at the end of each row"
                self._of_file(table, "surplus_cells", account.header_line or 1, value)

    def _of_file(self, table: Table, code: str, line: int, value: str) -> None:
        example = {"source_file": table.name, "source_line": line, "value": value}
        self._tally.count(code, Severity.WARNING, None, table.account.rows, example)

    def _warn_of_changes(self, tables: Sequence[Table]) -> None:
        """Columns that an export has, or lacks, against what it was when its job was made."""
        layout = self._resolved.layout
        for table in tables:
            if layout is None or table.reimported:
                continue
            for column, how in drift.changed_columns(layout, table.header):
                example = {
                    "source_file": table.name,
                    "source_line": max(table.account.header_line, 1),
                    "value": column,
                    "detail": how,
                }
                self._tally.count(
                    "export_changed", Severity.WARNING, None, table.account.rows, example
                )

    def _without_total_lines(self, table: Table, batch: Batch) -> Batch:
        totals = [row for row in batch.ragged if judging.is_total(row.cells, len(table.header))]
        if not totals:
            return batch
        for row in totals:
            table.account.skip(row.line, "total")
        table.account.rows -= len(totals)
        ragged = tuple(row for row in batch.ragged if row not in totals)
        return replace(batch, ragged=ragged)

    def _problem(self, ran: RunOutcome) -> InputError | None:
        if ran.rows_read == 0 and self._job.expect_rows:
            return no_rows(", ".join(table.name for table in ran.tables))
        reimported = ran.has_fixes or any(table.reimported for table in ran.tables)
        if not reimported and ran.rejected_share > self._job.max_rejected_share:
            meant = "" if ran.rows_meant == ran.rows_read else "that you mean to send "
            return InputError(
                "too_many_rejected",
                f"{ran.rows_rejected} of {ran.rows_meant} rows {meant}were rejected, more than "
                "the job allows",
                f"{ran.rejected_share:.0%}",
                f"at most {self._job.max_rejected_share:.0%} (max_rejected_share)",
                "Look at the most frequent reason: one setting often corrects most of these rows. "
                "There is no ready.csv.",
            )
        return None


def _was_ready(table: Table) -> bool:
    """Whether rows come back that were ready before: their own columns are those of the format.

    The rules have judged them, when they still had the columns of their export.
    """
    return table.reimported and all(name in spec.BY_NAME for name in table.header)


def no_rows(names: str) -> InputError:
    """The error for inputs without rows, where the job says `expect_rows`."""
    return InputError(
        "no_rows",
        f"{names} has a header but no rows",
        "0 rows",
        "at least one row, because the job says expect_rows = true",
        "Check the date range of the export.",
    )


@dataclass(slots=True)
class _Kept:
    """What a worker keeps from part to part of one run: what is read or counted once."""

    run: str
    judge: Judge
    tables: dict[int, Table] = field(default_factory=dict)


_worker = threading.local()
"""Has `kept`, after the first part. A worker may be a thread: a Dask worker has several."""


def part_of(shared: Shared, lot: Lot) -> Part:
    """What a worker makes of one part of a run."""
    kept: _Kept | None = getattr(_worker, "kept", None)
    if kept is not None and kept.run != shared.run:
        kept = None
    folder = OutputFolder(shared.work / f"part-{lot.at}")
    judge = kept.judge if kept else None
    run = Run(shared.job, shared.now, folder, sent=shared.sent, audit=shared.audit, judge=judge)
    if kept is None:
        kept = _worker.kept = _Kept(shared.run, run.judge)
    if lot.number not in kept.tables:
        kept.tables[lot.number] = run.table_of(lot.source, shared.names[lot.number])
    return run.part(lot, kept.tables[lot.number], shared.headers)
