"""The states of a delivery, the receipt that a caller gets, and submissions in the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """How far one file got.

    The first four are on the way: a ledger that holds one of them after a crash says how far the
    run had come. The others are ends.

    Attributes:
        INTENT: written down; no byte of the file was sent.
        SENDING: the first byte was about to be sent.
        SENT: the server said that it has the file; not yet verified.
        RENAMING: whole under its temporary name; about to get its final one.
        DELIVERED: the server, the results or a person said so.
        NOT_DELIVERED: nothing that an importer could take is there.
        UNKNOWN: bytes went, and the server did not confirm them.
        RESENT: was unknown; a person had the file sent again since.
    """

    INTENT = "intent"
    SENDING = "sending"
    SENT = "sent"
    RENAMING = "renaming"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    UNKNOWN = "unknown"
    RESENT = "resent"

    @property
    def is_sent(self) -> bool:
        """Whether the rows count as sent."""
        return self is State.DELIVERED

    @property
    def may_have_arrived(self) -> bool:
        """Whether some of the file's rows may be on the server."""
        return self is not State.NOT_DELIVERED

    @property
    def is_open(self) -> bool:
        """Whether a run that stopped here left its outcome open."""
        return self in (State.INTENT, State.SENDING, State.SENT, State.RENAMING)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A file that the server said it has.

    Attributes:
        state: `delivered`; every other end is raised as an error.
        name: the file's name on the server.
        bytes: of what was sent, which is less than ready.csv where `left_out` says so.
        sha256: the digest of these bytes.
        rows: the calls among them.
        attempts: connections on which the file was offered; 0 when nothing had to be sent.
        started: when the upload began.
        finished: when the server had confirmed it.
        message: further information for a person; may be empty.
        warnings: what you should look at.
        left_out: code to rows of ready.csv that were not sent (`already_sent`, …).
        parts: a receipt for each part, where the file was split.
    """

    state: State
    name: str
    bytes: int
    sha256: str
    rows: int
    attempts: int
    started: datetime
    finished: datetime
    message: str = ""
    warnings: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    parts: tuple["Receipt", ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The receipt as `--json` shows it."""
        shown = asdict(self)
        shown["state"] = str(self.state)
        shown["started"] = self.started.isoformat(timespec="seconds")
        shown["finished"] = self.finished.isoformat(timespec="seconds")
        shown["warnings"] = list(self.warnings)
        shown["left_out"] = dict(self.left_out)
        shown["parts"] = [part.as_dict() for part in self.parts]
        return shown


@dataclass(frozen=True, slots=True)
class Submission:
    """One file, as the ledger knows it.

    code, said: of the failure that it ended in, if any; refused: the server itself said no.
    origin: where it came from: the ready.csv or the run's folder.
    archived: the name of its bytes in the archive; empty once their time was up.
    """

    id: int
    account: str
    name: str
    temporary: str
    sha256: str
    bytes: int
    rows: int
    state: State
    code: str
    said: str
    refused: bool
    origin: str
    archived: str
    started: datetime
    changed: datetime


COLUMNS = tuple(field.name for field in fields(Submission))
"""Of the table `submission`, in this order."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a submission's history."""

    at: datetime
    state: State
    name: str
    note: str


def submission_of(row: Sequence[Any]) -> Submission:
    """A row of the table `submission`, its COLUMNS in order."""
    values = dict(zip(COLUMNS, row, strict=True))
    values["state"] = State(values["state"])
    values["refused"] = bool(values["refused"])
    for name in ("started", "changed"):
        values[name] = datetime.fromisoformat(values[name])
    return Submission(**values)


def stamp(moment: datetime) -> str:
    """A time as the ledger keeps it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")  # one zone: texts sort
