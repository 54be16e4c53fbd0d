"""Ends that are no success, put in words: DeliveryError (exit 4), OutcomeUnknown (exit 5)."""

from typing import TYPE_CHECKING

from callconv_kit.delivery.border import Fault
from callconv_kit.delivery.one import End
from callconv_kit.delivery.receipt import State
from callconv_kit.delivery.transport import Trouble
from callconv_kit.errors import DeliveryError, OutcomeUnknown

if TYPE_CHECKING:
    from callconv_kit.job import Connection

CHECK = (
    "Look on the server, or in impact.com's File Submissions, whether {name} arrived whole; then "
    "`callconv status --settle delivered` or `--settle not-delivered`, or send it again with "
    "`--resend`."
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


def problem_of(fault: Fault, connection: "Connection", name: str) -> str:
    """The fault in a sentence, for the ledger and the log."""
    return _filled(fault.problem, connection, name)
