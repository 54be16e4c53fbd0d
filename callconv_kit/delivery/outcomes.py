"""How a delivery ended, in words: a receipt, DeliveryError (exit 4), OutcomeUnknown (exit 5)."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from callconv_kit.delivery.attempt import End, Outgoing
from callconv_kit.delivery.receipt import Receipt, State
from callconv_kit.delivery.transport import Trouble
from callconv_kit.model.errors import DeliveryError, OutcomeUnknown

if TYPE_CHECKING:
    from callconv_kit.job import Connection

log = logging.getLogger(__name__)

CHECK = (
    "Look on the server, or in impact.com's File Submissions, whether {name} arrived whole; then "
    "`callconv status --settle delivered` or `--settle not-delivered`, or send it again with "
    "`--resend`."
)


def receipt_of(
    end: End,
    file: Outgoing,
    started: datetime,
    finished: datetime,
    connection: "Connection",
) -> Receipt:
    """The receipt of a delivery that ended well; raises for every other end."""
    log.info("step=end name=%s state=%s attempts=%d", end.name, end.state, end.attempts)
    if not end.state.is_sent:
        raise error_of(end, connection, file.size)
    warnings = []
    if end.state is State.ACCEPTED_UNVERIFIED:
        gone = "does not show the file" if end.seen is None else f"shows the file as {end.seen}"
        warnings.append(
            f"{connection.host} accepted {end.name} ({end.said}) but {gone}, so its size "
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


def error_of(end: End, connection: "Connection", size: int) -> DeliveryError:
    """The error for an end that is neither delivered nor accepted."""
    trouble = end.trouble
    if end.state is not State.UNKNOWN:
        if trouble is None:
            raise ValueError(f"no error explains {end}")
        return not_delivered(trouble, connection, end.name, end.attempts)
    problem = "Whether the file was delivered is unknown"
    if trouble is not None:
        problem = _filled(trouble.fault.problem, connection, end.name)
    seen = f"; the server now shows: {end.seen}, of {size} bytes" if end.seen else ""
    return OutcomeUnknown(
        trouble.fault.code if trouble else "outcome_unknown",
        problem,
        f"{end.said}{seen}".strip("; "),
        f"a file of exactly {size} bytes and no error reply",
        CHECK.format(name=end.name),
    )


def not_delivered(
    trouble: Trouble, connection: "Connection", name: str, attempts: int
) -> DeliveryError:
    """The error for a connection that failed before anything of the file arrived."""
    fault = trouble.fault
    tried = f" (after {attempts} attempts)" if attempts > 1 else ""
    return DeliveryError(
        fault.code,
        _filled(fault.problem, connection, name) + tried,
        trouble.said,
        fault.expected,
        _filled(fault.next_step, connection, name),
    )


def _filled(text: str, connection: "Connection", name: str) -> str:
    return text.format(
        host=connection.host,
        port=connection.port,
        user=connection.user or "(no user)",
        directory=connection.directory,
        name=name,
    )
