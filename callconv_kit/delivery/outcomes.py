"""How a delivery ended: a receipt, DeliveryError (exit 4) or OutcomeUnknown (exit 5)."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from callconv_kit.delivery.attempt import End, Outgoing
from callconv_kit.delivery.receipt import Receipt, State
from callconv_kit.delivery.transport import ConnectionFailed, Sight
from callconv_kit.model.errors import DeliveryError, OutcomeUnknown

if TYPE_CHECKING:
    from callconv_kit.job import Connection

log = logging.getLogger(__name__)

CHECK = (
    "Check on the server, or in impact.com's File Submissions, whether {name} arrived. Then run "
    "`callconv status --settle delivered {name}`, `--settle not-delivered {name}`, or "
    "`--settle partial --rows N {name}`."
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
    if end.seen is not None and end.seen.sight is not Sight.SIZED:
        warnings.append(
            f"{connection.host} said that it has {end.name} ({end.message}). "
            f"{_NOT_VERIFIED[end.seen.sight]}, so its size is not verified. Read the results to be "
            "sure."
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
        message=end.message,
        warnings=tuple(warnings),
    )


_NOT_VERIFIED = {
    Sight.NAMED: "It lists the file without a size",
    Sight.ABSENT: "It no longer lists the file, which import servers pick up",
    Sight.HIDDEN: "It does not allow listing",
    Sight.UNREACHED: "It could not be reached again",
}


def interrupted(name: str) -> OutcomeUnknown:
    """The error for an upload that Ctrl-C or SIGTERM ended after its first byte."""
    return OutcomeUnknown(
        "interrupted",
        f"Interrupted while {name} was being uploaded, so whether it was delivered is unknown",
        "",
        "",
        CHECK.format(name=name),
    )


def error_of(end: End, connection: "Connection", size: int) -> DeliveryError:
    """The error for an end that is neither delivered nor accepted."""
    failure = end.failure
    if end.state is not State.UNKNOWN:
        if failure is None:
            raise ValueError(f"no error explains {end}")
        return not_delivered(failure, connection, end.name, end.attempts)
    problem = "Whether the file was delivered is unknown"
    if failure is not None:
        problem = _filled(failure.fault.problem, connection, end.name)
    seen = f"; the server now shows: {end.seen}, of {size} bytes" if end.seen else ""
    return OutcomeUnknown(
        failure.fault.code if failure else "outcome_unknown",
        problem,
        f"{end.message}{seen}".strip("; "),
        f"a file of exactly {size} bytes and no error reply",
        CHECK.format(name=end.name),
    )


def not_delivered(
    failure: ConnectionFailed, connection: "Connection", name: str, attempts: int
) -> DeliveryError:
    """The error for a connection that failed before anything of the file arrived."""
    fault = failure.fault
    tried = f" (after {attempts} attempts)" if attempts > 1 else ""
    return DeliveryError(
        fault.code,
        _filled(fault.problem, connection, name) + tried,
        failure.message,
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
