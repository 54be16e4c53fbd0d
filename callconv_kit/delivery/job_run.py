"""What came of one job in one night: the run, its folder, and its record there."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from callconv_kit.delivery.forecast import Forecast
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import Receipt
from callconv_kit.delivery.reconcile import Reconciliation, sign_off
from callconv_kit.model.errors import CallConvError, InputError
from callconv_kit.writing import private
from callconv_kit.writing.markup import Html
from callconv_kit.writing.private import Readers

RECORD = "run.json"
"""Beside a run's other files: its outcome, the same as the JSON line."""

REMEMBERED = 7
"""Runs with which the rejected share is compared."""


@dataclass(slots=True)
class JobRun:
    """What came of one job.

    state: `delivered`, `nothing_to_send`, or the code of the error.
    exit_status: as the command line's.
    submissions: the ledger's account of what was sent, or begun; see `archive.as_note`.
    interrupted: Ctrl-C or SIGTERM ended it; no job follows.
    warnings: about the rows as a whole, such as ready rows that are outbound calls.
    forecast: what the job's [contract] says about the ready rows.
    known: what the report shows of the delivery, by section; see `status_page.report_sections`.
    approval: who approved the ready rows; empty where nobody was asked.
    """

    job: str
    folder: Path | None = None
    state: str = ""
    exit_status: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    rejected_share: float | None = None
    warnings: tuple[str, ...] = ()
    receipt: Receipt | None = None
    error: CallConvError | None = None
    sums: Reconciliation | None = None
    forecast: Forecast | None = None
    known: Mapping[str, Html] = field(default_factory=dict)
    approval: str = ""
    submissions: tuple[Mapping[str, Any], ...] = ()
    readers: Readers = "owner"
    interrupted: bool = False
    started: datetime | None = None
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The run as its JSON line says it."""
        return {
            "job": self.job,
            "state": self.state,
            "exit_status": self.exit_status,
            "folder": str(self.folder) if self.folder else None,
            **self.rows,
            "rejected_share": self.rejected_share,
            "warnings": list(self.warnings),
            "receipt": self.receipt.as_dict() if self.receipt else None,
            "error": self.error.as_dict() if self.error else None,
            "submissions": list(self.submissions),
            "reconciliation": self.sums.as_dict() if self.sums else None,
            "started": self.started.isoformat(timespec="seconds") if self.started else None,
            "seconds": self.seconds,
        }


def new_folder(runs: Path, started: datetime, readers: Readers = "owner") -> Path:
    """A folder that no other run has."""
    name = f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    turn = 1
    while True:
        folder = runs / (name if turn == 1 else f"{name}-{turn}")
        if not folder.exists():  # under the job's lock nobody else makes it meanwhile
            private.make_folder(folder, readers)
            return folder
        turn += 1


def record(run: JobRun) -> None:
    """Write down what is known of a run so far: its run.json, and the end of its report."""
    if run.folder is None or not run.folder.is_dir():
        return
    text = json.dumps(run.as_dict(), indent=2) + "\n"
    private.write_text(run.folder / RECORD, text, run.readers)
    receipt = run.receipt
    sign_off(
        run.folder,
        {
            "State": run.state or "in progress",
            "File on the server": receipt.name if receipt else "",
            "Rows sent": receipt.rows if receipt else "",
            "Bytes": receipt.bytes if receipt else "",
            "SHA-256": receipt.sha256 if receipt else "",
            "Attempts": receipt.attempts if receipt else "",
            "Approval": run.approval,
            "Warnings": receipt.warnings if receipt else (),
            "Error": str(run.error) if run.error else "",
        },
        run.sums,
        run.known,
        run.readers,
    )


def records(runs: Path) -> Iterator[Mapping[str, Any]]:
    """The records of earlier runs, the latest first; unreadable ones are passed over."""
    for path in sorted(runs.glob(f"*/{RECORD}"), reverse=True):
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(kept, dict):
            yield kept


def notes_of(ledger: Ledger, folder: Path | None) -> tuple[Mapping[str, Any], ...]:
    """What the ledger says about the ready.csv of this folder."""
    origin = str(folder / "ready.csv") if folder is not None else ""
    return tuple(ledger.note(found) for found in ledger.submissions() if found.origin == origin)


def usual_shares(runs: Path) -> list[float]:
    """The rejected shares of the last REMEMBERED runs; those that were held back do not count."""
    shares: list[float] = []
    for kept in records(runs):
        share = kept.get("rejected_share")
        usable = isinstance(share, int | float) and kept.get("rows_read")
        if usable and kept.get("state") != "held_back":
            shares.append(float(share or 0.0))
        if len(shares) == REMEMBERED:
            break
    return shares


def rows_of(summary: Mapping[str, Any], code: str) -> int:
    """Rows with a finding of this code."""
    return sum(
        int(finding["rows"])
        for finding in summary.get("findings", ())
        if finding.get("code") == code
    )


def unusable(summary: Mapping[str, Any], folder: Path) -> CallConvError:
    """The error for a run that has no ready.csv."""
    problem = summary.get("problem")
    if isinstance(problem, Mapping):
        return InputError(**{str(key): str(value) for key, value in problem.items()})
    return InputError(
        "too_many_rejected",
        "There is no ready.csv",
        str(folder),
        "",
        f"Look at {folder}/rejected.csv.",
    )
