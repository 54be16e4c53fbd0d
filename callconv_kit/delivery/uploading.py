"""`upload`: a ready.csv to the import server, and a receipt for it."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from callconv_kit.delivery import naming
from callconv_kit.delivery.failing import error_of
from callconv_kit.delivery.one import End, Outgoing, Patience
from callconv_kit.delivery.outgoing import outgoing
from callconv_kit.delivery.receipt import Receipt, State
from callconv_kit.delivery.sending import Progress, Sender, sender
from callconv_kit.errors import InputError, UsageError

if TYPE_CHECKING:
    from callconv_kit.job import Connection

log = logging.getLogger(__name__)


def upload(
    ready: Path,
    connection: "Connection",
    *,
    password: str | None = None,
    now: datetime | None = None,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> Receipt:
    """Deliver a ready.csv exactly once.

    Args:
        ready: a file as `prepare` writes it.
        connection: the job's.
        password: wins over the connection's `password_from`.
        now: the clock that the file's name and the ledger use.
        patience: how long and how often to try.
        progress: called with the bytes sent and the bytes in all.

    Raises:
        DeliveryError: the file was not delivered; running it again is safe.
        OutcomeUnknown: nobody can say from here; the ledger holds the file back.
        UsageError, InputError: before anything was sent.
    """
    clock = clock_of(now)
    sending = sender(connection, password, patience, progress)
    file = outgoing(ready)
    if not file.rows:
        raise nothing_to_send(ready)
    if 0 < connection.max_rows_per_file < file.rows:
        raise needs_ledger("A file that is sent in parts")
    name = naming.file_name(connection.file_name, now=clock(), sha256=file.sha256)
    started = clock()
    end = sending.send(file, name)
    return receipt_of(end, file, started, clock(), sending)


def receipt_of(
    end: End, file: Outgoing, started: datetime, finished: datetime, sending: Sender
) -> Receipt:
    """The receipt of a delivery that ended well; raises for every other end."""
    log.info("step=end name=%s state=%s attempts=%d", end.name, end.state, end.attempts)
    if not end.state.is_sent:
        raise error_of(end, sending.connection, file.size)
    warnings = []
    if end.state is State.ACCEPTED_UNVERIFIED:
        gone = "does not show the file" if end.seen is None else f"shows the file as {end.seen}"
        warnings.append(
            f"{sending.connection.host} accepted {end.name} ({end.said}) but {gone}, so its size "
            "could not be verified; read the results to be sure."
        )
    return Receipt(
        end.state,
        end.name,
        file.size,
        file.sha256,
        file.rows,
        end.attempts,
        started,
        finished,
        message=end.said,
        warnings=tuple(warnings),
    )


def clock_of(now: datetime | None) -> Callable[[], datetime]:
    """The clock: the real one, or one that starts at `now` and goes at the real one's pace."""
    if now is None:
        return lambda: datetime.now(UTC)
    begun = datetime.now(UTC)
    return lambda: now + (datetime.now(UTC) - begun)


def nothing_to_send(ready: Path) -> InputError:
    """For a ready.csv without rows."""
    return InputError(
        "no_rows",
        "There is nothing to send",
        f"{ready.name} holds a header and no rows",
        "at least one call",
        "See rejected.csv and left_out.csv beside it for the rows that are not ready.",
    )


def needs_ledger(what: str) -> UsageError:
    """For what can't be done safely without remembering what was sent."""
    return UsageError(
        "needs_ledger",
        f"{what} needs a ledger, or a second run would send rows twice",
        "no ledger",
        "a ledger, which remembers the rows that were sent",
        "Give a job file (its ledger stands beside it), or `--ledger PATH`.",
    )
