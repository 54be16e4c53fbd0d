"""The order of the steps, and nothing else: read, judge, write, settle duplicates, sum up.

    inputs ─reading─▶ batches ─judging─▶ verdicts ─writing─▶ ready.csv, rejected.csv, left_out.csv
                                            └─ keys ─settled at the end─┘        summary, report

Rows stream: reading, judging and writing run side by side on blocks of a few megabytes. Duplicates
are known only at the end; the rows that they concern are then read a second time.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import pyarrow as pa

from callconv_kit.coercion.universal import without_marks
from callconv_kit.job import Job
from callconv_kit.mapping import drift, session
from callconv_kit.mapping import plan as planning
from callconv_kit.mapping.plan import Plan
from callconv_kit.mapping.relations import ChildLegs, Corrected
from callconv_kit.model import spec
from callconv_kit.model.codes import Severity
from callconv_kit.model.rows import Batch
from callconv_kit.reading import Account, Input, Table, open_tables
from callconv_kit.reading.delimited import DelimitedTable
from callconv_kit.run import cluster, duplicates, parts
from callconv_kit.run import fixes as fixing
from callconv_kit.run import judge as judging
from callconv_kit.run.cluster import Cluster, ShuffledKeys, StoredPart
from callconv_kit.run.judge import Judge, SettingNeeded
from callconv_kit.run.keys import murmur3_128
from callconv_kit.run.outcome import RunOutcome
from callconv_kit.run.parts import Executor, Handed, Lot, Part, Parted, Shared
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
        self._name = uuid4().hex
        self._executor = executor
        self._dry_run = dry_run
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
        self._tally = Tally(mask=job.mask, mapped=job.values)
        corrections = self._resolved.export.corrections
        corrected = Corrected(corrections, murmur3_128, without_marks) if corrections else None
        self._sent = sent
        self._keys: ShuffledKeys | None = None
        self._calls = Calls(self.judge, self._job.on_conflict, folder.work, corrected, sent)

    def _prepare_session_ids(self) -> None:
        """Read the key of derived session ids, or make it; a dry run leaves none behind."""
        if self._job.session_id_from:
            beside = self._job.ledger_path
            self.judge.session_key = session.key_beside(beside, keep=not self._dry_run)

    @property
    def work(self) -> Path:
        """The folder to which the run writes."""
        return self._folder.work

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
        plans = [self.plan(table) for table in tables]
        if fixes:
            known = planning.KnownNames(self._job, export)
            tables = fixing.mend(tables, plans, open_tables(fixes, known, as_written=True))
            ran.tables, ran.has_fixes = tables, True
        with output.writing(self._folder.path):
            headers = [table.header for table in tables]
            records = Records(self._folder.work, headers, self._tally, self._log, audit=self._audit)
            try:
                parted = None if fixes else self._parted(inputs, tables)
                first = self._gather_legs(tables, plans, parted)
                if parted is not None:
                    if isinstance(self._executor, Cluster):
                        self._keys = ShuffledKeys(self._executor, self._job.on_conflict)
                        self._calls.keep_keys_in(self._keys)
                    self._stream_in_parts(parted, tables, records)
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
                self._tally.warn_of_misspelled_words()
                pa.default_memory_pool().release_unused()  # what blocks took, keys can use
                find = partial(self._find_in_parts, parted, tables) if parted else None
                moved, why = self._calls.settle(tables, plans, records, self._tally, find)
                present_only = self._job.write == "present"
                ran.ready_sha256 = records.finish(moved, why, present_only=present_only)
            finally:
                records.close()
                self._calls.close()
        ran.rows_ready = records.ready.rows
        ran.rows_rejected, ran.rows_left_out = records.rejected.rows, records.left_out.rows
        for table in tables:
            table.account.skipped.sort(key=lambda skipped: skipped.line)
        ran.problem = ran.problem_under(self._job)
        ran.seconds = round(time.monotonic() - clock, 3)
        return ran

    def plan(self, table: Table) -> Plan:
        """The source of each column of a table.

        Raises:
            InputError: a required column has none.
        """
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
            drift.require(table.name, plan, self._job, self._resolved.looked_up)
        return plan

    def _gather_legs(
        self, tables: Sequence[Table], plans: Sequence[Plan], parted: Parted | None
    ) -> list[str]:
        """Read the child legs of calls that are split over several rows: they may come first.

        Returns:
            The sha256 of each input that was read for it.
        """
        if self._job.legs is None:
            return []
        legs = ChildLegs(self._job.legs, plans, murmur3_128, without_marks)
        if parted is not None:
            for lot, (theirs, account) in parted.each(legs_of, self._shared(tables, legs)):
                legs.merge(theirs)
                if lot.span is None:
                    tables[lot.number].account = account
        else:
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
                del batch, kept, judged, held  # the writer has them
                if self._progress is not None:
                    self._progress(done)

    def _parted(self, inputs: Sequence[Input], tables: Sequence[Table]) -> Parted | None:
        """The parts of the run, where several processes can read them."""
        if (
            self._executor is None
            or self._dry_run
            or self._log is not None
            or not parts.can_ask(self._executor, self._sent)
            or not parts.can_be_parted(inputs, tables)
        ):
            return None
        return Parted(self._executor, inputs, tables)

    def _shared(
        self, tables: Sequence[Table], legs: ChildLegs | None, corrected: Corrected | None = None
    ) -> Shared:
        return Shared(
            self._name,
            self._resolved,
            self.judge.session_key,
            self._now,
            self._folder.work,
            [table.header for table in tables],
            [table.name for table in tables],
            self._sent.elsewhere() if isinstance(self._sent, SharedSentCalls) else None,
            self._audit,
            legs,
            corrected,
        )

    def _stream_in_parts(self, parted: Parted, tables: Sequence[Table], records: Records) -> None:
        """Let other processes read, judge and write the parts, and merge their results."""
        done = 0
        for lot, part in parted.each(part_of, self._shared(tables, self.judge.legs)):
            if isinstance(part, StoredPart):
                assert self._keys is not None  # noqa: S101 # only a cluster stores parts
                part = self._keys.fetched(part, self._folder.work)
            done += self._merge(lot, part, tables[lot.number], records)
            if self._progress is not None:
                self._progress(done)
        parted.check()

    def _find_in_parts(self, parted: Parted, tables: Sequence[Table], corrected: Corrected) -> None:
        """Let other processes find the rows that others correct."""
        shared = self._shared(tables, None, corrected.sought())
        for _, found in parted.each(corrected_of, shared):
            corrected.merge_found(found)
        parted.check()

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
        with output.writing(self._folder.path):
            self._folder.work.mkdir(parents=True, exist_ok=True)
            records = Records(self._folder.work, headers, self._tally, audit=self._audit)
            try:
                rows = ((0, batch) for batch in lot.batches(table))
                self._stream(rows, [table], [self.plan(table)], records, lot.number)
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


def _was_ready(table: Table) -> bool:
    """Whether rows come back that were ready before: their own columns are those of the format.

    The rules have judged them, when they still had the columns of their export.
    """
    return table.reimported and all(name in spec.BY_NAME for name in table.header)


@dataclass(slots=True)
class _Kept:
    """What a worker keeps from part to part of one run: what is read or counted once."""

    handed: Handed | None
    shared: Shared
    judge: Judge
    tables: dict[int, Table] = field(default_factory=dict)

    def run(self, lot: Lot, work: Path | None = None) -> tuple[Run, Table]:
        """The run of a part, and its table under the name that it has in the whole run."""
        shared, number = self.shared, lot.number
        folder = OutputFolder((work or shared.work) / f"part-{uuid4().hex}")
        run = Run(
            shared.resolved.job,
            shared.now,
            folder,
            sent=shared.sent,
            audit=shared.audit,
            judge=self.judge,
        )
        if number not in self.tables:
            table = lot.source
            if isinstance(table, DelimitedTable):
                self.tables[number] = table.apart()
            else:
                (self.tables[number],) = open_inputs(shared.resolved, [table])
                self.tables[number].name = shared.names[number]
        return run, self.tables[number]


_worker = threading.local()
"""Has `kept`, after the first part. A worker may be a thread: a Dask worker has several."""


def _kept_of(handed: Handed | Shared) -> _Kept:
    kept: _Kept | None = getattr(_worker, "kept", None)
    if kept is not None and (handed is kept.shared or handed == kept.handed):
        return kept
    shared = handed if isinstance(handed, Shared) else handed.read()
    cluster.refuse_other_versions(shared)
    if kept is None or kept.shared.run != shared.run:
        job = shared.resolved.job
        kept = _Kept(None, shared, Judge(job, shared.now, resolved=shared.resolved))
        _worker.kept = kept
    kept.handed, kept.shared = handed if isinstance(handed, Handed) else None, shared
    kept.judge.session_key, kept.judge.legs = shared.session_key, shared.legs
    return kept


def part_of(handed: Handed | Shared, lot: Lot) -> Part | StoredPart:
    """What a worker makes of one part of a run."""
    kept = _kept_of(handed)
    store, headers = kept.shared.store, kept.shared.headers
    if store is None:
        run, table = kept.run(lot)
        return run.part(lot, table, headers)
    with tempfile.TemporaryDirectory(prefix="callconv-part-") as work:
        run, table = kept.run(lot, Path(work))
        return cluster.stored(run.part(lot, table, headers), run.work, store)


def legs_of(handed: Handed | Shared, lot: Lot) -> tuple[ChildLegs, Account]:
    """The child legs in one part of a run."""
    kept = _kept_of(handed)
    run, table = kept.run(lot)
    assert kept.shared.legs is not None  # noqa: S101 # only called for them
    legs, plan = kept.shared.legs.apart(), run.plan(table)
    for batch in lot.batches(table):
        legs.add(plan, batch)
    return legs, table.account


def corrected_of(handed: Handed | Shared, lot: Lot) -> tuple[set[int], list[int]]:
    """The rows in one part of a run that others correct."""
    kept = _kept_of(handed)
    run, table = kept.run(lot)
    assert kept.shared.corrected is not None  # noqa: S101 # only called for them
    corrected, plan = kept.shared.corrected.apart(), run.plan(table)
    for batch in lot.batches(table):
        corrected.find(plan, batch, duplicates.places(lot.number, batch.lines))
    return corrected.found
