"""What a person says to the ledger, and asks it: mark-sent, status, settle."""

import contextlib
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from callconv_kit.delivery import archive, ledger_file
from callconv_kit.delivery.approval import Approval, approvals
from callconv_kit.delivery.attempt import Outgoing
from callconv_kit.delivery.ledger import Ledger, not_unknown
from callconv_kit.delivery.ready_file import keys_of_file, outgoing
from callconv_kit.delivery.receipt import Event, Receipt, State, Submission
from callconv_kit.model.errors import InputError, UsageError
from callconv_kit.run.keys import Keys
from callconv_kit.writing import private
from callconv_kit.writing.private import Readers

BY_HAND = "by hand"
"""The account of a file that was not uploaded by the kit."""


@dataclass(frozen=True, slots=True)
class Status:
    """A ledger at a glance: its submissions, the latest last, with what happened to each."""

    path: Path
    submissions: tuple[Submission, ...]
    histories: dict[int, tuple[Event, ...]]
    approvals: tuple[Approval, ...]
    changed: int
    """Calls that have changed since they were sent and await a decision."""

    @property
    def unknown(self) -> tuple[Submission, ...]:
        """Those that a person has to settle, or that a run left behind after the first byte."""
        return tuple(
            s
            for s in self.submissions
            if s.state is State.UNKNOWN or (s.state.is_open and s.state is not State.INTENT)
        )

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
            "approvals": [approval.as_dict() for approval in self.approvals],
            "unknown": [submission.name for submission in self.unknown],
            "changed": self.changed,
        }


def _shown(values: dict[str, object]) -> dict[str, object]:
    return {
        key: value.isoformat() if isinstance(value, datetime) else value
        for key, value in values.items()
    }


def status(ledger: Ledger) -> Status:
    """All submissions of the ledger."""
    found = tuple(ledger.submissions())
    histories = {s.id: tuple(ledger.history(s.id)) for s in found}
    return Status(
        ledger.path, found, histories, tuple(approvals(ledger)), ledger.row_keys.changed()
    )


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


def settle_partly(ledger: Ledger, rows: int, which: str = "") -> Submission:
    """A person has looked: only the first rows of the file arrived.

    Args:
        ledger: holds it as unknown, or as delivered where the server took less than was sent.
        rows: how many arrived; those behind them may go again.
        which: as in `settle`.

    Raises:
        UsageError: `rows_out_of_range`, `bytes_gone`, or as `settle`.
    """
    with ledger.lock():
        chosen = _chosen(ledger, which)
        if not 0 < rows < chosen.rows:
            raise UsageError(
                "rows_out_of_range",
                f"{chosen.name} has {chosen.rows} rows",
                f"--rows {rows}",
                f"1 to {chosen.rows - 1}",
                "If all rows arrived, use --settle delivered. If none did, --settle not-delivered.",
            )
        if not (chosen.state is State.UNKNOWN or chosen.state.is_sent):
            raise not_unknown(chosen)
        keys = _archived_keys(chosen, ledger)
        if keys is None:
            raise UsageError(
                "bytes_gone",
                "The archive no longer has this file, so its rows are unknown",
                chosen.name,
                "",
                "Settle it as delivered, then send the missing calls in a separate file.",
            )
        ledger.settle_partly(chosen.id, rows, keys)
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


# -- a ledger that was restored --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What `catch_up` entered.

    entered: the submissions that were missing, or older.
    without_keys: names of those whose bytes are gone: their rows can't be recognized.
    forgotten: submissions that the ledger once had, and that no witness knows.
    """

    entered: tuple[Submission, ...]
    without_keys: tuple[str, ...]
    forgotten: int


def catch_up(
    path: Path,
    runs: Path | None = None,
    *,
    now: datetime | None = None,
    readers: Readers = "owner",
) -> CaughtUp:
    """Enter into a restored ledger what the archive and the records of runs know.

    Args:
        path: the ledger; created where it is missing.
        runs: the folder of the runs that use it.
        now: the clock of the entries.
        readers: who may read what is written.
    """
    with Ledger.to_catch_up(path, now=now, readers=readers) as ledger, ledger.lock():
        witness = ledger_file.witness_of(path)
        ids = {ledger.identity, witness[0] if witness else ""}
        news = [
            note
            for note in ledger.news(runs)
            if note.ledger in ids or note.path == str(path) or note.source.parent == ledger.archive
        ]
        entered, without_keys = [], []
        for note in sorted(news, key=lambda note: note.submission.changed):
            keys = _keys_of(note.submission, ledger)
            ledger.adopt(note.submission, keys)
            entered.append(ledger.submissions(sha256=note.submission.sha256)[-1])
            if keys is None and note.submission.state.may_have_arrived:
                without_keys.append(note.submission.name)
        known = len(ledger.submissions())
        ledger.write_witness()
        forgotten = max(witness[1] - known, 0) if witness else 0
    return CaughtUp(tuple(entered), tuple(without_keys), forgotten)


def _archived_keys(submission: Submission, ledger: Ledger) -> Keys | None:
    """The keys of all rows that were sent; None where the archive no longer has them."""
    if not submission.archived:
        return None
    with private.work_folder(ledger.path.parent) as folder:
        copy = folder / "sent.csv"
        try:
            with (
                archive.opened(ledger.archive, submission.archived) as kept,
                copy.open("wb") as file,
            ):
                shutil.copyfileobj(kept, file)
        except FileNotFoundError:
            return None
        return keys_of_file(copy, outgoing(copy).rows)


def _keys_of(noted: Submission, ledger: Ledger) -> "Keys | None":
    """The keys of the rows of a submission, from its archived bytes, else from its ready.csv.

    Where a ready.csv was sent in part, all of its rows count as sent: none is sent twice.
    """
    whole = _archived_keys(noted, ledger)
    if whole is not None:
        return Keys(*(column[: noted.rows] for column in whole))
    origin = Path(noted.origin)
    with contextlib.suppress(InputError):
        return keys_of_file(origin, outgoing(origin).rows)
    return None
