"""`upload`: a ready.csv to the import server, and a receipt for it."""

import logging
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from callconv_kit.delivery import naming
from callconv_kit.delivery.attempt import Outgoing, Patience
from callconv_kit.delivery.encryption import beside, recipient_of
from callconv_kit.delivery.forecast import expected_lines
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.ledgered_upload import Confirm, LedgeredUpload
from callconv_kit.delivery.naming import Clock, clock_of
from callconv_kit.delivery.outcomes import interrupted, receipt_of
from callconv_kit.delivery.ready_file import nothing_to_send, outgoing
from callconv_kit.delivery.receipt import Receipt
from callconv_kit.delivery.sending import Progress, Sender, sender
from callconv_kit.job.settings import DEFAULT_LEDGER
from callconv_kit.model.errors import UsageError

if TYPE_CHECKING:
    from callconv_kit.job import Connection, Contract

log = logging.getLogger(__name__)

NO_LEDGER = (
    "Sent without a ledger, because ledger=None. The kit does not remember these rows, and the "
    "next upload sends them again. To record the file, run `callconv mark-sent FILE`."
)


def upload(
    ready: str | Path,
    connection: "Connection",
    *,
    password: str | None = None,
    ledger: Ledger | str | Path | None = DEFAULT_LEDGER,
    resend: bool = False,
    canary: int = 0,
    confirm: Confirm | None = None,
    keep_days: int = 0,
    contract: "Contract | None" = None,
    now: datetime | None = None,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> Receipt:
    """Deliver a ready.csv exactly once.

    Args:
        ready: a file as `prepare` writes it.
        connection: the job's.
        password: wins over the connection's `password_from`.
        ledger: an open ledger, or the path of one. It records what is sent, and rows that it
            holds already are not sent again. The default is `.callconv/ledger.sqlite` in the
            current folder. None sends without a ledger, and a warning in the receipt says so.
        resend: a person asks that rows go again whose outcome is unknown, or that have changed
            since they were delivered.
        canary: send only the first N rows, as a separate file.
        confirm: asks the results API whether a file arrived whole; see `results.confirmer`.
        keep_days: how long the ledger keeps the bytes that were sent; 0 is for ever.
        contract: the job's [contract]. The ledger keeps which rows it expects to be refused, so
            that `callconv results` can say how good the forecast was.
        now: the clock that the file's name and the ledger use.
        patience: how long and how often to try.
        progress: called with the bytes sent and the bytes in all.

    Raises:
        DeliveryError: the file was not delivered; running it again is safe.
        OutcomeUnknown: the outcome can't be known here; the ledger holds the file back.
        UsageError, InputError: before anything was sent.
    """
    if canary < 0:
        raise UsageError(
            "canary_without_rows",
            "A canary sends the first rows of a file",
            str(canary),
            "how many: 1 or more",
            "5 will do: `callconv upload out/ready.csv --canary 5`.",
        )
    ready = Path(ready)
    clock = clock_of(now)
    sending = sender(connection, password, patience, progress)
    recipient = recipient_of(connection, clock())
    file = outgoing(ready)
    if not file.rows:
        raise nothing_to_send(ready)
    if ledger is not None:
        opening = (
            nullcontext(ledger)
            if isinstance(ledger, Ledger)
            else Ledger.open(Path(ledger), now=now)
        )
        with opening as opened:
            foresee = partial(expected_lines, contract=contract, now=clock()) if contract else None
            accounted = LedgeredUpload(
                opened, sending, clock, confirm, keep_days, foresee, recipient
            )
            return accounted.upload(ready, file, resend=resend, canary=canary)
    if canary:
        raise needs_ledger("A canary")
    if 0 < connection.max_rows_per_file < file.rows:
        raise needs_ledger("A file that is sent in parts")
    if connection.require_approval:
        raise needs_ledger("A file that requires approval")
    with beside(ready, file, recipient) as sent:
        receipt = _send_without_ledger(sent, sending, clock)
    return replace(receipt, bytes=file.size, warnings=(*receipt.warnings, NO_LEDGER))


def _send_without_ledger(file: Outgoing, sending: Sender, clock: Clock) -> Receipt:
    name = naming.sent_name(sending.connection, now=clock(), sha256=file.sha256)
    started = clock()
    log.warning("step=begin name=%s ledger=none", name)
    delivery = sending.delivery(file, name)
    try:
        end = delivery.run()
    except KeyboardInterrupt:
        if delivery.begun:
            raise interrupted(delivery.name) from None
        raise
    return receipt_of(end, file, started, clock(), sending.connection)


def needs_ledger(what: str) -> UsageError:
    """For what can't be done safely without remembering what was sent."""
    return UsageError(
        "needs_ledger",
        f"{what} needs a ledger, or a second run would send rows twice",
        "no ledger",
        "a ledger, which remembers the rows that were sent",
        "Name a job file (its ledger is beside it), or use `--ledger PATH`.",
    )
