"""A submission and a line of its history, as the ledger knows them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from callconv_kit.delivery.receipt import State


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
