"""The history of a call: its place in the export, its changes, its delivery and its result."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import Event, Submission
from callconv_kit.delivery.results import shown_call
from callconv_kit.delivery.sent_rows import ResultsStore, SentRow, rows_of_session
from callconv_kit.model import spec
from callconv_kit.model.codes import mask_phone

CHANGES = "changes.parquet"
ASIDE = ("rejected.csv", "left_out.csv")


@dataclass(frozen=True, slots=True)
class Change:
    """One changed cell, phone numbers masked."""

    column: str
    rule: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Aside:
    """A run in which the call did not go: rejected or left out."""

    run: Path
    file: str
    source_file: str
    source_line: int
    codes: str
    reasons: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A file with which the call went.

    refusals: the server's reasons; none, while `status` is Complete, is still no acceptance.
    changes: None where the run kept none (`prepare --audit` does).
    """

    submission: Submission
    row: SentRow
    changes: tuple[Change, ...] | None
    history: tuple[Event, ...]
    status: str
    refusals: tuple[str, ...]
    confirmed: bool

    @property
    def outcome(self) -> str:
        """What became of the call, in a word."""
        if self.refusals:
            return "refused"
        if self.confirmed:
            return "confirmed"
        return "unconfirmed" if self.submission.state.is_sent else str(self.submission.state)


@dataclass(frozen=True, slots=True)
class Trace:
    """All that is known of one CallSessionId."""

    session: str
    sendings: tuple[Sending, ...]
    asides: tuple[Aside, ...]

    @property
    def lines(self) -> list[str]:
        """The thread, for a person."""
        lines = [
            f"{aside.source_file} line {aside.source_line}: in {aside.file} of {aside.run}: "
            f"{aside.reasons or aside.codes}"
            for aside in self.asides
        ]
        for sending in self.sendings:
            row, file = sending.row, sending.submission
            if row.source_file:
                lines.append(f"{row.source_file} line {row.source_line}: became ready")
            lines += [
                f"  {change.column}: {change.before!r} -> {change.after!r} ({change.rule})"
                for change in sending.changes or ()
            ]
            lines.append(f"{file.name} line {row.line}, submission {file.id}, {file.account}")
            lines += [
                f"  {event.at:%Y-%m-%d %H:%M:%S} {event.state} {event.note}".rstrip()
                for event in sending.history
            ]
            reasons = f": {', '.join(sending.refusals)}" if sending.refusals else ""
            lines.append(f"  outcome: {sending.outcome}{reasons}")
        return lines or [f"No call {self.session} was found in earlier runs or uploads."]

    def as_dict(self) -> dict[str, Any]:
        """The trace as `--json` shows it."""
        return {
            "session": self.session,
            "sendings": [
                {
                    "name": s.submission.name,
                    "submission": s.submission.id,
                    "account": s.submission.account,
                    "state": str(s.submission.state),
                    "line": s.row.line,
                    "source_file": s.row.source_file,
                    "source_line": s.row.source_line or None,
                    "call": shown_call(s.row.cells),
                    "changes": None
                    if s.changes is None
                    else [
                        {"column": c.column, "rule": c.rule, "before": c.before, "after": c.after}
                        for c in s.changes
                    ],
                    "history": [
                        {"at": e.at.isoformat(), "state": str(e.state), "note": e.note}
                        for e in s.history
                    ],
                    "status": s.status,
                    "refusals": list(s.refusals),
                    "outcome": s.outcome,
                }
                for s in self.sendings
            ],
            "asides": [
                {
                    "run": str(a.run),
                    "file": a.file,
                    "source_file": a.source_file,
                    "source_line": a.source_line,
                    "codes": a.codes,
                    "reasons": a.reasons,
                }
                for a in self.asides
            ],
        }


def trace(session: str, ledger: Ledger | None, runs: Iterable[Path] = ()) -> Trace:
    """Follow one call.

    Args:
        session: its CallSessionId, to the letter.
        ledger: what was sent; None where there is none.
        runs: folders of runs, whose rejected.csv and left_out.csv are searched.
    """
    sendings = tuple(_sendings(session, ledger)) if ledger is not None else ()
    folders = [Path(run) for run in runs]
    asides = [aside for run in folders for aside in _asides(session, run)]
    return Trace(session, sendings, tuple(asides))


def _sendings(session: str, ledger: Ledger) -> Iterator[Sending]:
    store = ResultsStore(ledger)
    for submission in ledger.submissions():
        try:
            rows = rows_of_session(ledger, submission, session)
        except FileNotFoundError:
            continue  # its time in the archive was up
        for row in rows:
            refusals = store.refusals(submission.id)
            yield Sending(
                submission,
                row,
                _changes(Path(submission.origin).parent / CHANGES, row),
                tuple(ledger.history(submission.id)),
                store.batch_of(submission.id)[0],
                tuple(reason for line, reason, *_ in refusals if line == row.line),
                row.line in store.confirmed(submission.id),
            )


def _changes(path: Path, row: SentRow) -> tuple[Change, ...] | None:
    if not row.source_file or not path.is_file():
        return None
    here = (pc.field("file") == row.source_file) & (pc.field("line") == row.source_line)
    found = pq.read_table(path, filters=here).to_pylist()
    return tuple(
        Change(
            change["column"],
            change["rule"],
            _shown(change["column"], change["before"]),
            _shown(change["column"], change["after"]),
        )
        for change in found
    )


def _shown(column: str, text: str | None) -> str:
    return mask_phone(text or "") if column in spec.PERSONAL else text or ""


def _asides(session: str, run: Path) -> Iterator[Aside]:
    for name in ASIDE:
        path = run / name
        if not path.is_file():
            continue
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            next(reader, None)
            for cells in reader:
                # The original cells have the vendor's own column names.
                if session in cells[4:]:
                    origin, line, codes, reasons = cells[:4]
                    yield Aside(run, name, origin, int(line or 0), codes, reasons)
