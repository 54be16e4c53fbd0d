"""What a person says to the ledger, and asks it: mark-sent, status, settle."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from callconv_kit.delivery.attempt import Outgoing
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.ready_file import keys_of_file, outgoing
from callconv_kit.delivery.receipt import Receipt, State
from callconv_kit.delivery.submission import Event, Submission
from callconv_kit.model.errors import UsageError

BY_HAND = "by hand"
"""The account of a file that was not uploaded by the kit."""


@dataclass(frozen=True, slots=True)
class Status:
    """A ledger at a glance: its submissions, the latest last, with what happened to each."""

    path: Path
    submissions: tuple[Submission, ...]
    histories: dict[int, tuple[Event, ...]]

    @property
    def unknown(self) -> tuple[Submission, ...]:
        """Those on which a person has to decide, or that a run left behind."""
        return tuple(s for s in self.submissions if s.state is State.UNKNOWN or s.state.is_open)

    def as_dict(self) -> dict[str, object]:
        """The status as `--json` shows it."""
        return {
            "ledger": str(self.path),
            "submissions": [
                {
                    **_shown(asdict(submission)),
                    "history": [_shown(asdict(e)) for e in self.histories[submission.id]],
                }
                for submission in self.submissions
            ],
            "unknown": [submission.name for submission in self.unknown],
        }


def _shown(values: dict[str, object]) -> dict[str, object]:
    return {
        key: value.isoformat() if isinstance(value, datetime) else value
        for key, value in values.items()
    }


def status(ledger: Ledger) -> Status:
    """All submissions of the ledger."""
    found = tuple(ledger.submissions())
    return Status(ledger.path, found, {s.id: tuple(ledger.history(s.id)) for s in found})


def settle(ledger: Ledger, delivered: bool, which: str = "") -> Submission:
    """A person has looked: the file arrived whole, or it did not.

    Args:
        ledger: holds it as unknown.
        delivered: whether it arrived; if not, its rows may go again.
        which: its number, its name or the beginning of its SHA-256; empty where only one is
            unknown.

    Raises:
        UsageError: `not_unknown`, `no_such_submission`, `which_submission`.
    """
    with ledger.lock():
        chosen = _chosen(ledger, which)
        ledger.settle(chosen.id, State.DELIVERED if delivered else State.NOT_DELIVERED)
        return ledger.submission(chosen.id)


def _chosen(ledger: Ledger, which: str) -> Submission:
    everything = ledger.submissions()
    found = [s for s in everything if which in (str(s.id), s.name)]
    if which and not found:
        found = [s for s in everything if s.sha256.startswith(which.lower())]
    if which and not found:
        raise UsageError(
            "no_such_submission",
            "The ledger has no such submission",
            which,
            "the number, the name or the SHA-256 of one",
            "`callconv status` lists them.",
        )
    unknown = [s for s in found or everything if s.state is State.UNKNOWN]
    if found and not unknown:
        return found[-1]  # settling it says why that can't be
    if len(unknown) != 1:
        names = ", ".join(s.name for s in unknown) or "none is unknown"
        raise UsageError(
            "which_submission",
            "Which submission is meant?" if unknown else "There is nothing to settle",
            names,
            "the name of one",
            "Name it: `callconv status --settle delivered NAME`." if unknown else "All is settled.",
        )
    return unknown[0]


def mark_sent(
    ready: str | Path, ledger: Ledger, *, name: str = "", account: str = BY_HAND
) -> Receipt:
    """Tell the ledger of a ready.csv that was uploaded by hand: its rows never go again.

    Args:
        ready: the very file that was uploaded.
        ledger: of the job.
        name: the name that it got on the server; its own if empty.
        account: where it was uploaded to.
    """
    ready = Path(ready)
    file = outgoing(ready)
    keys = keys_of_file(ready, file.rows)
    with ledger.lock():
        for held in ledger.submissions(State.UNKNOWN, sha256=file.sha256):
            ledger.settle(held.id, State.DELIVERED, "uploaded by hand")
        sent = [s for s in ledger.submissions(sha256=file.sha256) if s.state.is_sent]
        if sent:
            return _marked(sent[-1], file, f"The ledger had it already, as {sent[-1].name}.")
        number = ledger.begin(
            file, keys, account=account, name=name or ready.name, origin=str(ready)
        )
        ledger.enter(number, State.DELIVERED, note="uploaded by hand")
        kept = ledger.submission(number)
    return _marked(kept, file, "Marked as sent.")


def _marked(kept: Submission, file: Outgoing, message: str) -> Receipt:
    return Receipt(
        State.DELIVERED,
        kept.name,
        file.size,
        file.sha256,
        file.rows,
        0,
        kept.started,
        kept.changed,
        message=message,
    )
