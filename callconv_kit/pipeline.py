"""The order of the steps, and nothing else: read, judge, write, settle duplicates, sum up.

    inputs ─reading─▶ batches ─judging─▶ verdicts ─writing─▶ ready.csv, rejected.csv, left_out.csv
                                            └─ keys ─settled at the end─┘        summary, report

Rows stream: reading, judging and writing run side by side on blocks of a few megabytes. Duplicates
are known only at the end; the rows that they concern are then read a second time.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from callconv_kit import fixes as fixing
from callconv_kit import judging, spec, texts
from callconv_kit.checking import duplicates
from callconv_kit.checking.keys import SEPARATOR, Keys, keys_of, murmur3_128
from callconv_kit.errors import InputError
from callconv_kit.findings import Severity
from callconv_kit.job import Job
from callconv_kit.judging import Judge, SettingNeeded
from callconv_kit.mapping import plan as planning
from callconv_kit.mapping import session
from callconv_kit.mapping.plan import Plan
from callconv_kit.mapping.relations import ChildLegs, Corrected
from callconv_kit.reading import Input, Table, open_tables
from callconv_kit.resolving import needs_source, resolve
from callconv_kit.rows import Batch, Fate, Judged, Ragged, Said
from callconv_kit.streaming import ReadAhead, WriteBehind
from callconv_kit.texts import Ints
from callconv_kit.writing import output
from callconv_kit.writing.aside import AsideFile, AsideRow, Union
from callconv_kit.writing.audit import AuditFile, FindingsLog
from callconv_kit.writing.output import OutputFolder
from callconv_kit.writing.ready import ReadyFile
from callconv_kit.writing.reasons import joined, reason
from callconv_kit.writing.tally import Tally

Progress: TypeAlias = Callable[[int], None]
"""Called with the number of rows done so far."""

READ_AGAIN_ROWS = 1 << 13
"""Rows that are judged at once when duplicates are read again."""

ONE_DERIVED_ID = "its session id is derived (session_id_from) and the same, but other cells"
"""How rows differ that may be two calls: the columns of session_id_from don't tell them apart."""

NEW, ALREADY_SENT, CHANGED_SINCE, OUTCOME_UNKNOWN = range(4)


class SentCalls(Protocol):
    """What was delivered before; the ledger of `callconv_kit.delivery` is one."""

    def standing(self, keys: Keys) -> npt.NDArray[np.uint8]:
        """For each row: new, already sent, sent but changed since, or of unknown outcome."""
        ...


@dataclass(slots=True)
class Ran:
    """What a run came to; the files lie in its folder.

    tally: counts and examples.
    ready_sha256: of ready.csv.
    problem: why there is no ready.csv, where the rows themselves are the reason.
    mends: corrected rows took the place of rejected ones.
    """

    tables: Sequence[Table]
    tally: Tally
    rows_ready: int = 0
    rows_rejected: int = 0
    rows_left_out: int = 0
    ready_sha256: str = ""
    problem: InputError | None = None
    mends: bool = False
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0

    @property
    def rows_read(self) -> int:
        """Rows of all inputs; lines that are no rows do not count."""
        return sum(table.account.rows for table in self.tables)

    @property
    def rejected_share(self) -> float:
        """Rejected, of the rows that were meant to go."""
        meant = self.rows_read - self.rows_left_out
        return self.rows_rejected / meant if meant else 0.0


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
    ) -> None:
        self._resolved = resolve(job)
        self._job = self._resolved.job
        self._judge = Judge(self._job, now, resolved=self._resolved)
        self._judge.check_job()
        self._folder = folder
        self._sent = sent
        self._progress = progress
        self._with_audit = audit
        self._audit: AuditFile | None = None
        self._log = log
        self._tally = Tally(mask=job.mask)
        corrections = self._resolved.export.corrections
        self._corrected = Corrected(corrections, murmur3_128) if corrections else None
        self._keys = duplicates.KeyStore()
        self._ready_places: list[Ints] = []

    @property
    def job(self) -> Job:
        """The effective job: with its preset laid under it."""
        return self._job

    def go(self, inputs: Sequence[Input], fixes: Sequence[Input] = ()) -> Ran:
        """Do it all.

        Args:
            inputs: paths, addresses, `-` for standard input, or DataFrames.
            fixes: corrected rejected.csv files; their rows take the place of those of the inputs.

        Raises:
            InputError: see the codes of severity `stop`.
        """
        clock = time.monotonic()
        export = self._resolved.export
        tables = open_tables(
            inputs,
            planning.Known(self._job, export),
            encoding=self._job.encoding,
            delimiter=self._job.delimiter,
            sheet=self._job.sheet,
            header_line=self._job.header_line,
        )
        ran = Ran(tables, self._tally)
        plans = [self._plan(table) for table in tables]
        if fixes:
            known = planning.Known(self._job, export)
            tables = fixing.mend(tables, plans, open_tables(fixes, known, as_written=True))
            ran.tables, ran.mends = tables, True
        union = Union([table.header for table in tables])
        work = self._folder.work
        with output.writing(self._folder.path):
            self._ready = ReadyFile(work / output.READY)
            self._rejected = AsideFile(work / output.REJECTED, union)
            self._left_out = AsideFile(work / output.LEFT_OUT, union)
            if self._with_audit:
                self._audit = AuditFile(work / output.CHANGES)
            try:
                self._gather_legs(tables, plans)
                self._stream(tables, plans)
                dropped = self._settle(tables, plans)
                ran.ready_sha256 = self._ready.finish(
                    dropped, present_only=self._job.write == "present"
                )
                self._rejected.finish()
                self._left_out.finish()
            finally:
                for file in (self._ready, self._rejected, self._left_out, self._audit):
                    if file is not None:
                        file.close()
                self._keys.close()
        ran.rows_ready = self._ready.rows
        ran.rows_rejected, ran.rows_left_out = self._rejected.rows, self._left_out.rows
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
            fed_back=table.fed_back,
            export=self._resolved.export,
            looked_up=self._resolved.looked_up,
        )
        if self._job.lookup is not None:
            needs_source(self._job.lookup, plan, table.name)
        return plan

    def _gather_legs(self, tables: Sequence[Table], plans: Sequence[Plan]) -> None:
        """Read the child legs of calls that stand as several rows: they may come before them."""
        if self._job.legs is None:
            return
        legs = ChildLegs(self._job.legs, plans, murmur3_128)
        for table, plan in zip(tables, plans, strict=True):
            for batch in table.batches():
                legs.add(plan, batch)
        legs.settle()
        self._judge.legs = legs

    # -- the stream -----------------------------------------------------------------------------

    def _stream(self, tables: Sequence[Table], plans: Sequence[Plan]) -> None:
        def batches() -> Iterator[tuple[int, Batch]]:
            for number, table in enumerate(tables):
                for batch in table.batches():
                    yield number, batch

        done = 0
        with ReadAhead(batches()) as ahead, WriteBehind() as behind:
            for number, batch in ahead:
                table, plan = tables[number], plans[number]
                kept = self._without_total_lines(table, batch)
                try:
                    judged = self._judge.judge(table, plan, kept)
                except SettingNeeded as needed:
                    judging.ask_for_setting(needed, table, plan)
                judged = self._remember(number, plan, judged)
                behind(partial(self._write, number, judged))
                done += len(batch.lines)
                if self._progress is not None:
                    self._progress(done)
        for number, table in enumerate(tables):
            if table.account.guessed_from_line:
                self._tally.count(
                    "encoding_guessed",
                    Severity.WARNING,
                    None,
                    table.account.rows,
                    {
                        "source_file": tables[number].name,
                        "source_line": table.account.guessed_from_line,
                        "value": "",
                    },
                )

    def _without_total_lines(self, table: Table, batch: Batch) -> Batch:
        totals = [row for row in batch.ragged if judging.is_total(row.cells, len(table.header))]
        if not totals:
            return batch
        for row in totals:
            table.account.skip(row.line, "total")
        table.account.rows -= len(totals)
        ragged = tuple(row for row in batch.ragged if row not in totals)
        return Batch(batch.lines, batch.cells, ragged, batch.files, batch.source_lines)

    def _remember(self, number: int, plan: Plan, judged: Judged) -> Judged:
        """Keep the keys of ready rows, and ask the ledger of them."""
        judged = self._hold_corrections(number, plan, judged)
        columns = {name: cells.values for name, cells in judged.columns.items()}
        rows = judged.rows(Fate.READY)
        if not len(rows):
            return judged
        keys = keys_of(columns)
        if self._sent is not None:
            judged = judged.with_more(_sent_before(self._sent.standing(keys), rows))
            rows = judged.rows(Fate.READY)
        places = duplicates.places(number, judged.batch.lines[rows])
        content = _told_apart(keys.payment, plan, judged)
        self._keys.add(Keys(keys.event[rows], keys.session[rows], content[rows]), places)
        self._ready_places.append(places)
        return judged

    def _hold_corrections(self, number: int, plan: Plan, judged: Judged) -> Judged:
        """Rows that correct a call that was sent already do not go; the others are remembered."""
        if self._corrected is None:
            return judged
        corrects = self._corrected.corrects(plan, judged.batch)
        rows = np.flatnonzero(texts.present(corrects) & (judged.fates == Fate.READY))
        if not len(rows):
            return judged
        must_be_here = np.ones(len(rows), np.bool_)
        if self._sent is not None:
            columns = {name: cells.values for name, cells in judged.columns.items()}
            standing = self._sent.standing(keys_of({**columns, "VendorEventId": corrects}))[rows]
            held = Said("correction_held", Severity.LEFT_OUT, None, rows[standing != NEW])
            judged = judged.with_more((held,)) if len(held.rows) else judged
            must_be_here = standing != NEW
        places = duplicates.places(number, judged.batch.lines[rows])
        self._corrected.add(texts.take(corrects, rows), places, must_be_here)
        return judged

    def _write(self, number: int, judged: Judged) -> None:
        """Write a batch and count it; runs behind the judging."""
        columns = {name: cells.values for name, cells in judged.columns.items()}
        self._ready.add(columns, judged.rows(Fate.READY), len(judged))
        self._rejected.add(number, _aside(number, judged, Fate.REJECTED))
        self._left_out.add(number, _aside(number, judged, Fate.LEFT_OUT))
        self._count(judged)
        ragged = judged.batch.ragged
        if ragged:
            width = len(self._rejected.union.positions[number])
            self._rejected.add(number, [_ragged(number, row, width) for row in ragged])
            self._tally.add_ragged(judged.file, ragged)
            if self._log is not None:
                self._log.add_ragged(judged.file, ragged)

    def _count(self, judged: Judged) -> None:
        self._tally.add(judged)
        if self._audit is not None:
            self._audit.add(judged)
        if self._log is not None:
            self._log.add(judged)

    # -- the end --------------------------------------------------------------------------------

    def _settle(self, tables: Sequence[Table], plans: Sequence[Plan]) -> Ints:
        """Take duplicates out of what was ready; returns their numbers among the ready rows."""
        settled = self._keys.settle(self._job.on_conflict)
        self._warn_of_sessions(tables, settled)
        gone = set(settled.repeats) | set(settled.losers)
        if self._job.on_conflict == "reject":
            gone.update(place for group in settled.conflicts for place in group)
        corrected = self._find_corrected(tables, plans)
        gone.update(corrected)
        if not gone:
            return np.zeros(0, np.int64)
        members = {place for group in settled.conflicts for place in group}
        again = [
            (number, judged, duplicates.places(number, judged.batch.lines))
            for number, judged in self._read_again(tables, plans, sorted(gone | members))
        ]
        differing = _differences(tables, again, settled)
        for number, judged, places in again:
            at = np.flatnonzero(np.isin(places, np.fromiter(gone, np.int64, len(gone))))
            one = _only(judged, at)
            self._tally.take_off(one)
            said = _duplicates_said(tables, places[at].tolist(), settled, differing, corrected)
            more = one.with_more(said)
            if self._log is not None:
                self._log.forget(more)
            self._count(more)
            self._rejected.add(number, _aside(number, more, Fate.REJECTED))
            self._left_out.add(number, _aside(number, more, Fate.LEFT_OUT))
        ready = np.concatenate(self._ready_places)
        return np.searchsorted(ready, np.sort(np.fromiter(gone, np.int64, len(gone))))

    def _find_corrected(self, tables: Sequence[Table], plans: Sequence[Plan]) -> dict[int, str]:
        """The places of rows that were ready and that another row corrects, and the code for it."""
        if not self._corrected:
            return {}
        for number, (table, plan) in enumerate(zip(tables, plans, strict=True)):
            account = table.account
            for batch in table.batches():
                self._corrected.find(plan, batch, duplicates.places(number, batch.lines))
            table.account = account
        gone = self._corrected.gone()
        ready = set(np.concatenate(self._ready_places).tolist()) & gone.keys()
        return {place: gone[place] for place in ready}

    def _warn_of_sessions(self, tables: Sequence[Table], settled: duplicates.Settled) -> None:
        for place in settled.with_and_without.tolist():
            self._tally.count(
                "session_with_and_without_event",
                Severity.WARNING,
                "CallSessionId",
                1,
                {
                    "source_file": tables[duplicates.input_of(place)].name,
                    "source_line": duplicates.line_of(place),
                    "value": "",
                },
            )

    def _read_again(
        self, tables: Sequence[Table], plans: Sequence[Plan], places: Sequence[int]
    ) -> Iterator[tuple[int, Judged]]:
        """Read and judge single rows once more, gathered into batches worth judging."""
        everywhere = np.asarray(places, np.int64)
        for number, (table, plan) in enumerate(zip(tables, plans, strict=True)):
            here = everywhere[everywhere >> duplicates.LINE_BITS == number]
            if not len(here):
                continue
            lines = here & ((1 << duplicates.LINE_BITS) - 1)
            account = table.account
            gathered: list[Batch] = []
            for batch in table.batches(lines):
                gathered.append(batch)
                if sum(len(one.lines) for one in gathered) > READ_AGAIN_ROWS:
                    yield number, self._judge.judge(table, plan, Batch.of(gathered))
                    gathered = []
            if gathered:
                yield number, self._judge.judge(table, plan, Batch.of(gathered))
            table.account = account

    def _problem(self, ran: Ran) -> InputError | None:
        if ran.rows_read == 0 and self._job.expect_rows:
            names = ", ".join(table.name for table in ran.tables)
            return InputError(
                "no_rows",
                f"{names} holds a header but not one row",
                "0 rows",
                "at least one row: the job says expect_rows = true",
                "Check the date range of the export.",
            )
        fed_back = ran.mends or any(table.fed_back for table in ran.tables)
        if not fed_back and ran.rejected_share > self._job.max_rejected_share:
            meant = ran.rows_read - ran.rows_left_out
            return InputError(
                "too_many_rejected",
                f"{ran.rows_rejected} of {meant} rows were rejected",
                f"{ran.rejected_share:.0%}",
                f"at most {self._job.max_rejected_share:.0%} (max_rejected_share)",
                "Look at rejected.csv and report.html: one setting often mends most of them. "
                "There is no ready.csv.",
            )
        return None


def _differences(
    tables: Sequence[Table],
    again: Sequence[tuple[int, Judged, Ints]],
    settled: duplicates.Settled,
) -> dict[int, str]:
    """For each row of a conflict: which others it conflicts with, and in which columns."""
    members = np.asarray([place for group in settled.conflicts for place in group], np.int64)
    hashes: dict[int, npt.NDArray[np.uint64]] = {}
    for _, judged, places in again:
        at = np.flatnonzero(np.isin(places, members))
        if len(at):
            contents = [
                murmur3_128(texts.take(judged.values(name), at))[:, 0]
                for name in spec.PAYMENT_COLUMNS
            ]
            hashes.update(zip(places[at].tolist(), np.stack(contents, axis=1), strict=True))
    told = {}
    for group in settled.conflicts:
        stacked = np.stack([hashes[place] for place in group])
        differs = (stacked != stacked[0]).any(axis=0)
        names = [name for name, differ in zip(spec.PAYMENT_COLUMNS, differs, strict=True) if differ]
        columns = joined(names) if names else ONE_DERIVED_ID
        for place in group:
            others = [_where(tables, other) for other in group if other != place]
            more = f" and {len(others) - 5} more" if len(others) > 5 else ""
            told[place] = f"{columns} differ from {', '.join(others[:5])}{more}"
    return told


def _told_apart(
    payment: npt.NDArray[np.uint64], plan: Plan, judged: Judged
) -> npt.NDArray[np.uint64]:
    """`payment`, and for rows with a derived session id a hash of all their cells with it.

    Two calls may share a derived id; so rows that share one are one call only where they are the
    same in every cell, but for the recording's link, which is signed anew in each export.
    """
    rows = session.derived_rows(judged.columns.get("CallSessionId"))
    if not len(rows):
        return payment
    link = plan.feeds.get("CallRecording")
    passed_over = link.positions if link else ()
    cells = [
        texts.take(column, rows)
        for at, column in enumerate(judged.batch.cells)
        if at not in passed_over
    ]
    whole = pc.binary_join_element_wise(*cells, SEPARATOR, null_handling="replace")
    told = payment.copy()
    told[rows] ^= murmur3_128(whole)[:, 0]
    return told


def _sent_before(standing: npt.NDArray[np.uint8], rows: Ints) -> tuple[Said, ...]:
    verdicts = (
        (ALREADY_SENT, "already_sent", Severity.LEFT_OUT),
        (CHANGED_SINCE, "changed_since_sent", Severity.ERROR),
        (OUTCOME_UNKNOWN, "outcome_unknown", Severity.LEFT_OUT),
    )
    return tuple(
        Said(code, severity, None, rows[standing[rows] == number])
        for number, code, severity in verdicts
        if (standing[rows] == number).any()
    )


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


def _only(judged: Judged, at: Ints) -> Judged:
    """These rows of a judged batch."""
    if len(at) == len(judged):
        return judged
    place = np.full(len(judged), -1)
    place[at] = np.arange(len(at))

    def rows(said: Said) -> Said:
        here = place[said.rows] >= 0
        details = tuple(np.asarray(said.details, object)[here]) if said.details else ()
        return Said(said.code, said.severity, said.column, place[said.rows[here]], details)

    columns = {}
    for name, cells in judged.columns.items():
        here = place[cells.positions] >= 0
        columns[name] = type(cells)(
            texts.take(cells.values, at), place[cells.positions[here]], cells.notes[here]
        )
    return Judged(
        judged.file,
        judged.batch.take(at),
        columns,
        {name: texts.take(cells, at) for name, cells in judged.before.items()},
        tuple(rows(said) for said in judged.said),
        judged.fates[at],
    )


def _where(tables: Sequence[Table], place: int) -> str:
    return f"{tables[duplicates.input_of(place)].name} line {duplicates.line_of(place)}"


def _duplicates_said(
    tables: Sequence[Table],
    places: Sequence[int],
    settled: duplicates.Settled,
    differing: dict[int, str],
    corrected: dict[int, str],
) -> tuple[Said, ...]:
    said = []
    for row, place in enumerate(places):
        code, severity = "conflicting_duplicate", Severity.ERROR
        if place in corrected:
            said.append(Said(corrected[place], Severity.LEFT_OUT, None, np.asarray([row])))
            continue
        if place in settled.repeats:
            detail = f"the first is {_where(tables, settled.repeats[place])}"
            code, severity = "duplicate_row", Severity.LEFT_OUT
        else:
            detail = differing[place]
            if place in settled.losers:
                detail += f", {_where(tables, settled.losers[place])} is kept"
                severity = Severity.LEFT_OUT
        said.append(Said(code, severity, None, np.asarray([row]), (detail,)))
    return tuple(said)


def versions() -> dict[str, Any]:
    """What the outcome may depend on."""
    from importlib import metadata

    names = {"kit": "callconv-kit", "phonenumbers": "phonenumbers", "tzdata": "tzdata"}
    return {word: metadata.version(package) for word, package in names.items()}
