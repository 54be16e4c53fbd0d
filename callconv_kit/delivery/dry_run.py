"""`upload --dry-run`: what would be sent, and which rows would not. It writes and connects nothing.

What the server shows is not known here: an upload first looks at files whose outcome an earlier
run left open, and adds a suffix to a name that the server already has.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq

from callconv_kit.delivery import naming
from callconv_kit.delivery.attempt import Outgoing
from callconv_kit.delivery.encryption import recipient_of
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.ledgered_upload import LEFT_OPEN, LEFT_OUT, choose, unused_name
from callconv_kit.delivery.naming import clock_of
from callconv_kit.delivery.ready_file import (
    keys_to_send,
    measure_rows,
    nothing_to_send,
    outgoing,
    parts,
)
from callconv_kit.delivery.sending import account_of
from callconv_kit.delivery.sent_status import Found
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.writing.output import READY_LINES

if TYPE_CHECKING:
    from callconv_kit.job import Connection, Job

SHOWN = 20
"""Held rows that are named, of each reason."""

REASONS = {
    "already_sent": ("delivered before", "Nothing to do: they are never sent twice."),
    "changed_since_sent": (
        "delivered before, and changed since in a field that affects payment",
        "Correct them at impact.com, or send them again with --resend. `callconv status "
        "--accept-changed` stops reporting them.",
    ),
    "outcome_unknown": (
        "it is unknown whether their upload arrived",
        "Check on the server, then run `callconv status --settle delivered NAME`, `--settle "
        "not-delivered NAME` or `--settle partial --rows N NAME`.",
    ),
    "canary": ("behind the rows of the canary", "Run the same command without --canary."),
}
"""Why rows are held, and what to do about it."""


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A row that would not go: its line in the file, and where it came from if that is known."""

    line: int
    source_file: str = ""
    source_line: int = 0

    @property
    def where(self) -> str:
        """The row, for a person."""
        if not self.source_file:
            return f"line {self.line}"
        return f"line {self.line} ({self.source_file} line {self.source_line})"


@dataclass(frozen=True, slots=True)
class Held:
    """Rows that would not go for one reason; `examples` are the first, `files` they went with."""

    code: str
    rows: int
    examples: tuple[HeldRow, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that would go; `bytes` and `sha256` are of its plain content."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an upload would do.

    open_files: files whose outcome the upload would try to settle first.
    """

    destination: str
    files: tuple[PlannedFile, ...]
    held: tuple[Held, ...]
    open_files: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The plan, for a person."""
        lines = [f"Dry run: nothing was sent. Destination: {self.destination}"]
        lines += [
            f"  {file.name}: {file.rows:,} rows, {file.bytes:,} bytes, sha256 {file.sha256[:12]}…"
            for file in self.files
        ]
        if not self.files:
            lines.append("  No file would be sent.")
        for held in self.held:
            why, step = REASONS[held.code]
            lines.append(f"  {held.rows:,} rows would not be sent: {held.code} ({why})")
            more = f" and {held.rows - SHOWN:,} more" if held.rows > SHOWN else ""
            lines.append(f"    {', '.join(row.where for row in held.examples)}{more}")
            if held.files:
                lines.append(f"    sent in {', '.join(held.files)}")
            lines.append(f"    {step}")
        if self.open_files:
            lines.append(
                "  The upload would first look at the server for "
                f"{', '.join(self.open_files)}, which an earlier run left open."
            )
        return lines

    def as_dict(self) -> dict[str, Any]:
        """The plan as `--json` shows it."""
        return {
            "dry_run": True,
            "destination": self.destination,
            "files": [
                {"name": f.name, "rows": f.rows, "bytes": f.bytes, "sha256": f.sha256}
                for f in self.files
            ],
            "held": [
                {
                    "code": held.code,
                    "rows": held.rows,
                    "reason": REASONS[held.code][0],
                    "next_step": REASONS[held.code][1],
                    "files": list(held.files),
                    "examples": [
                        {
                            "line": row.line,
                            "source_file": row.source_file,
                            "source_line": row.source_line or None,
                        }
                        for row in held.examples
                    ],
                }
                for held in self.held
            ],
            "open_files": list(self.open_files),
        }


def plan(
    ready: Path,
    job: "Job",
    *,
    ledger: Path | None = None,
    resend: bool = False,
    canary: int = 0,
    now: datetime | None = None,
) -> Plan:
    """What `upload` would do with a ready.csv.

    Args:
        ready: as `prepare` writes it.
        job: has a connection.
        ledger: another one than the job's.
        resend: as of `upload`.
        canary: as of `upload`.
        now: as of `upload`.

    Raises:
        InputError: `not_ready`, `unreadable`, `no_rows`.
        DeliveryError: the ledger can't be used.
        UsageError: the PGP key can't be used.
    """
    connection = job.connection
    if connection is None:
        raise ValueError("the job has no connection")
    recipient_of(connection, clock_of(now)())
    file = outgoing(ready)
    if not file.rows:
        raise nothing_to_send(ready)
    keys = keys_to_send(ready, file.rows)
    with Ledger.if_begun(job, ledger) as opened:
        new = Found(np.zeros(file.rows, np.uint8), np.zeros(file.rows, np.int64))
        found = opened.row_keys.look_up(keys) if opened else new
        chosen, _ = choose(found, resend=resend)
        held = list(_held(found, chosen, opened, ready))
        behind = np.flatnonzero(chosen)[canary:] if canary else np.empty(0, np.int64)
        chosen[behind] = False
        if len(behind):
            held.append(_held_for("canary", behind, found, None, ready))
        taken = set(opened.names_used()) if opened else set()
        label = "canary" if canary else ""
        files = tuple(_files(file, chosen, connection, taken, label, clock_of(now)()))
        left = opened.submissions(*LEFT_OPEN) if opened else []
    names = tuple(submission.name for submission in left)
    return Plan(account_of(connection), files, tuple(held), names)


def _files(
    file: Outgoing,
    chosen: Bools,
    connection: "Connection",
    taken: set[str],
    label: str,
    clock: datetime,
) -> Iterator[PlannedFile]:
    """The files in which the chosen rows would go, named as an upload would name them."""
    pieces = parts(file.rows, chosen, connection.max_rows_per_file) if chosen.any() else []
    for at, piece in enumerate(pieces, 1):
        part = file if piece.all() else measure_rows(file.path, piece)
        which = label if len(pieces) == 1 else f"{label}{at}of{len(pieces)}"
        name = naming.sent_name(connection, now=clock, sha256=part.sha256, part=which)
        name = unused_name(name, taken)
        taken.add(name)
        yield PlannedFile(name, part.rows, part.size, part.sha256)


def _held(found: Found, chosen: Bools, ledger: Ledger | None, ready: Path) -> Iterator[Held]:
    for status, code in LEFT_OUT.items():
        at = np.flatnonzero((found.sent_status == status) & ~chosen)
        if len(at):
            yield _held_for(code, at, found, ledger, ready)


def _held_for(code: str, at: Ints, found: Found, ledger: Ledger | None, ready: Path) -> Held:
    numbers = np.unique(found.submission[at])
    names = [ledger.submission(int(n)).name for n in numbers if n] if ledger else []
    rows = tuple(_rows(ready, at[:SHOWN].tolist(), len(found.submission)))
    return Held(code, len(at), rows, tuple(names))


def _rows(ready: Path, at: list[int], rows: int) -> Iterator[HeldRow]:
    source = ready.with_name(READY_LINES)
    known: Mapping[str, list[Any]] = {}
    if source.is_file():
        table = pq.read_table(source, columns=["source_file", "source_line"])
        if len(table) == rows:
            known = table.take(at).to_pydict()
    for turn, row in enumerate(at):
        if known:
            yield HeldRow(row + 2, str(known["source_file"][turn]), int(known["source_line"][turn]))
        else:
            yield HeldRow(row + 2)
