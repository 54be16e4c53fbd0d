"""The two sums that must hold, of a run and of its delivery, and the sign-off on its report."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.results import Outcome, outcome
from callconv_kit.writing import output, private, report
from callconv_kit.writing.markup import Html
from callconv_kit.writing.private import Readers


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """read = ready + rejected + left out; sent = refused + unconfirmed + confirmed.

    The first sum is of one run, and absent where none is at hand; the second of that run's files,
    or of all that the ledger holds as sent.
    """

    read: int | None
    ready: int
    rejected: int
    left_out: int
    sent: int
    refused: int
    unconfirmed: int
    confirmed: int

    @property
    def holds(self) -> bool:
        """Whether both sums come out."""
        prepared = self.read is None or self.read == self.ready + self.rejected + self.left_out
        return prepared and self.sent == self.refused + self.unconfirmed + self.confirmed

    @property
    def lines(self) -> tuple[str, ...]:
        """The sums, for a person."""
        sent = (
            f"sent {self.sent} = refused {self.refused} + unconfirmed {self.unconfirmed} "
            f"+ confirmed {self.confirmed}"
        )
        if self.read is None:
            return (sent,)
        read = (
            f"read {self.read} = ready {self.ready} + rejected {self.rejected} "
            f"+ left out {self.left_out}"
        )
        return (read, sent)

    def as_dict(self) -> dict[str, Any]:
        """As `--json` shows it."""
        return {
            "read": self.read,
            "ready": self.ready,
            "rejected": self.rejected,
            "left_out": self.left_out,
            "sent": self.sent,
            "refused": self.refused,
            "unconfirmed": self.unconfirmed,
            "confirmed": self.confirmed,
            "holds": self.holds,
        }


def reconcile(
    ledger: Ledger, summary: Mapping[str, Any] | None = None, *, names: Collection[str] = ()
) -> Reconciliation:
    """The sums of a run (its summary.json) and of what was sent.

    Args:
        ledger: of the job.
        summary: of one run; None leaves the first sum out.
        names: of files on the server; all that were sent if empty.
    """
    seen = outcome(ledger)
    if names:
        seen = Outcome(tuple(f for f in seen.files if f.submission.name in names))
    return Reconciliation(
        None if summary is None else int(summary["rows_read"]),
        int(summary["rows_ready"]) if summary else 0,
        int(summary["rows_rejected"]) if summary else 0,
        int(summary["rows_left_out"]) if summary else 0,
        sum(file.submission.rows for file in seen.files),
        seen.refused,
        seen.unconfirmed,
        seen.confirmed,
    )


def sign_off(
    folder: Path,
    delivery: Mapping[str, Any],
    sums: Reconciliation | None,
    known: Mapping[str, Html],
    readers: Readers = "owner",
) -> None:
    """Write a run's report.html again, with its delivery and the sums.

    Args:
        folder: of the run; nothing is done where it has no summary.json.
        delivery: the outcome of ready.csv, by label; empty values are not shown.
        sums: shown below it.
        known: what else the report shows of the delivery; see `report.page`.
        readers: who may read the report.
    """
    summary = folder / output.SUMMARY
    if not summary.is_file():
        return
    shown = {label: fact for label, fact in delivery.items() if fact not in ("", None, ())}
    if sums is not None:
        shown["Reconciliation"] = list(sums.lines)
    page = report.page(json.loads(summary.read_text(encoding="utf-8")), shown, known)
    private.write_text(folder / output.REPORT, page, readers)
