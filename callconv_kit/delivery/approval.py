"""Four eyes: who approved which bytes. Other bytes are not sent where a job asks for approval.

An approval is a record, not a lock: whoever can write the ledger can approve. The kit can't know
whether the approver is another person than the one who prepared the file (two people may share an
account, and one may have two), so that it records both accounts and leaves the rest to the reader.
"""

import getpass
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from callconv_kit.delivery.attempt import Outgoing
from callconv_kit.delivery.fault_texts import delivery_error
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.ready_file import READ_BLOCK, nothing_to_send, outgoing
from callconv_kit.delivery.receipt import stamp
from callconv_kit.model.errors import InputError, UsageError

if TYPE_CHECKING:
    from callconv_kit.job import Connection

PARTNER = ["MediaId", "ActionTrackerId"]
SUMS = {"SaleAmount": pa.decimal128(18, 2), "TalkDuration": pa.int64()}


@dataclass(frozen=True, slots=True)
class PartnerSums:
    """What one media partner gets under one event type; `talk_seconds` in seconds."""

    MediaId: str
    ActionTrackerId: str
    rows: int
    sale_amount: str
    talk_seconds: int


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved which bytes.

    approver: the name that was given, and the account.
    preparer: the account that owns the file; empty where the system doesn't say.
    origin: the file.
    """

    sha256: str
    rows: int
    partners: tuple[PartnerSums, ...]
    approver: str
    preparer: str
    origin: str
    at: datetime

    @property
    def lines(self) -> list[str]:
        """The approval, for a person."""
        lines = [
            f"{self.origin}: {self.rows:,} rows, sha256 {self.sha256}",
            f"approved by {self.approver}, {self.at:%Y-%m-%d %H:%M:%S %Z}",
        ]
        if self.preparer:
            lines.append(f"prepared by the account {self.preparer}")
        lines += [
            f"  partner {p.MediaId}, event type {p.ActionTrackerId}: {p.rows:,} calls, "
            f"SaleAmount {p.sale_amount}, {p.talk_seconds:,} s of talk"
            for p in self.partners
        ]
        return lines

    @property
    def note(self) -> str:
        """The approval, for the history of a submission."""
        return f"approved by {self.approver} at {self.at:%Y-%m-%d %H:%M:%S %Z}"

    def as_dict(self) -> dict[str, Any]:
        """The approval as `--json` shows it."""
        return {
            **asdict(self),
            "partners": [asdict(partner) for partner in self.partners],
            "at": self.at.isoformat(timespec="seconds"),
        }


def requiring_approval(connection: "Connection") -> "Connection":
    """The same connection, over which only approved bytes go."""
    return connection.model_copy(update={"require_approval": True})


def approve(ready: Path, ledger: Ledger, *, by: str = "") -> Approval:
    """Record that a person approves the bytes of a ready.csv.

    Args:
        ready: the file, or its folder.
        ledger: of the job.
        by: the approver's name; the account alone if empty.

    Raises:
        InputError: `not_ready`, `unreadable`, `no_rows`.
        UsageError: `approver_invalid`: the name is blank or holds control characters.
    """
    if by and not (by.strip() and by.isprintable()):
        raise UsageError(
            "approver_invalid",
            "This is not a person's name",
            repr(by),
            "a name, such as --by 'Ada Lovelace'",
            "Give the approver's name, or leave --by out to record the account.",
        )
    path = ready / "ready.csv" if ready.is_dir() else ready
    file = outgoing(path)
    if not file.rows:
        raise nothing_to_send(path)
    partners = tuple(_partners(path))
    if outgoing(path).sha256 != file.sha256:
        raise InputError(
            "file_changed",
            "The file changed while it was being read",
            path.name,
            "",
            "Run the same command again once nothing writes the file.",
        )
    account = _account()
    approval = Approval(
        file.sha256,
        file.rows,
        partners,
        f"{by.strip()} (account {account})" if by else account,
        _owner(path),
        str(path),
        ledger.now(),
    )
    with ledger.lock(), ledger.writing() as db:
        db.execute(
            "INSERT INTO approval (sha256, rows, partners, approver, preparer, origin, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                approval.sha256,
                approval.rows,
                json.dumps([asdict(partner) for partner in partners]),
                approval.approver,
                approval.preparer,
                approval.origin,
                stamp(approval.at),
            ),
        )
    return approval


def approvals(ledger: Ledger) -> list[Approval]:
    """All approvals of a ledger, oldest first."""
    rows = ledger.read(
        "SELECT sha256, rows, partners, approver, preparer, origin, at FROM approval ORDER BY id"
    )
    return [
        Approval(
            sha256,
            int(count),
            tuple(PartnerSums(**partner) for partner in json.loads(partners)),
            approver,
            preparer,
            origin,
            datetime.fromisoformat(at),
        )
        for sha256, count, partners, approver, preparer, origin, at in rows
    ]


def approval_of(ledger: Ledger, ready: Path, file: Outgoing) -> Approval:
    """The latest approval of these very bytes.

    Raises:
        DeliveryError: `not_approved`.
    """
    known = approvals(ledger)
    found = [approval for approval in known if approval.sha256 == file.sha256]
    if found:
        return found[-1]
    other = [approval for approval in known if approval.origin == str(ready)]
    seen = f"{ready}, sha256 {file.sha256[:12]}…, {file.rows} rows"
    if other:
        seen += f"; other bytes of it were {other[-1].note}"
    raise delivery_error(
        "not_approved",
        seen,
        "an approval of exactly these bytes",
        ready=ready,
    )


def _partners(path: Path) -> Iterator[PartnerSums]:
    names = [*PARTNER, *SUMS]
    convert = csv.ConvertOptions(
        include_columns=names,
        include_missing_columns=True,
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=False,
    )
    tables = []
    try:
        with csv.open_csv(path, csv.ReadOptions(block_size=READ_BLOCK), None, convert) as reader:
            for batch in reader:
                columns = {name: batch.column(name) for name in PARTNER}
                columns |= {name: _number(batch.column(name), to) for name, to in SUMS.items()}
                tables.append(_summed(pa.table({**columns, "rows": pa.repeat(1, len(batch))})))
    except pa.ArrowInvalid as error:
        raise InputError(
            "not_ready",
            "This is not a file that `prepare` wrote",
            f"{path.name}: {error}",
            "the published columns, with amounts and durations that are numbers",
            "Run `callconv prepare` again and approve the ready.csv that it writes.",
        ) from error
    for row in (
        _summed(pa.concat_tables(tables)).sort_by([(n, "ascending") for n in PARTNER]).to_pylist()
    ):
        amount = Decimal(row["SaleAmount"] or 0)
        yield PartnerSums(
            row["MediaId"], row["ActionTrackerId"], row["rows"], f"{amount:.2f}",
            row["TalkDuration"] or 0,
        )  # fmt: skip


def _number(text: pa.StringArray, kind: pa.DataType) -> pa.Array:
    filled = pc.fill_null(text, "")
    return pc.cast(pc.if_else(pc.equal(filled, ""), "0", filled), kind)


def _summed(table: pa.Table) -> pa.Table:
    names = [*SUMS, "rows"]
    grouped = table.group_by(PARTNER).aggregate([(name, "sum") for name in names])
    columns = {name: grouped[name] for name in PARTNER}
    types = {**SUMS, "rows": pa.int64()}
    return pa.table({**columns, **{n: pc.cast(grouped[f"{n}_sum"], types[n]) for n in names}})


def _account() -> str:
    """The account that runs the program, and its machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container without a name for the user
        user = f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"
    return f"{user} on {platform.node()}"


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (KeyError, NotImplementedError, OSError):
        return ""
