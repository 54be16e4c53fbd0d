"""A connection tried out step by step, without writing anything on the server.

Resolve the host, connect, start TLS or SSH, log in, change the directory, look for a file that is
not there, and ask what the server can do.
"""

import contextlib
import secrets
import socket
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from callconv_kit.delivery.connection_faults import Step
from callconv_kit.delivery.outcomes import not_delivered
from callconv_kit.delivery.sending import sender
from callconv_kit.delivery.transport import ConnectionFailed, Session, Sight
from callconv_kit.model.errors import DeliveryError

if TYPE_CHECKING:
    from callconv_kit.job import Connection


@dataclass(frozen=True, slots=True)
class Checked:
    """One step: its name, whether it worked, and its result."""

    step: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ConnectionCheck:
    """The steps that were tried, in order; after the first failure none is tried.

    error: why the last step failed; None where all of them worked.
    """

    steps: tuple[Checked, ...]
    error: DeliveryError | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        error = None if self.error is None else self.error.as_dict()
        return {"steps": [asdict(step) for step in self.steps], "error": error}


def check_connection(connection: "Connection", password: str | None = None) -> ConnectionCheck:
    """Try out a connection; nothing is written on the server.

    Args:
        connection: of a job.
        password: in place of the one that `password_from` names.

    Raises:
        UsageError: host, user, password, certificate authority or key can't be used.
    """
    sending = sender(connection, password)
    steps = _plan(connection)
    done: list[Checked] = []
    session: Session | None = None
    failed: ConnectionFailed | None = None
    try:
        addresses = _addresses(connection)
        if addresses:
            done.append(Checked("resolve", True, f"{connection.host} is {', '.join(addresses)}"))
        session = sending.connect()
        done += [Checked(str(step), True, detail) for step, detail in steps.items()]
        done.append(Checked("list", True, _look(session)))
        done.append(Checked("features", True, ", ".join(session.features()) or "none announced"))
    except ConnectionFailed as failure:
        failed = failure
    finally:
        if session is not None:
            session.close()
    if failed is None:
        return ConnectionCheck(tuple(done), None)
    error = not_delivered(failed, connection, "", 1)
    if session is None:
        before = list(steps)[: list(steps).index(failed.step)] if failed.step in steps else []
        done += [Checked(str(step), True, steps[step]) for step in before]
    name = "list" if failed.step is Step.LOOK else str(failed.step)
    done.append(Checked(name, False, error.problem))
    return ConnectionCheck(tuple(done), error)


def _plan(connection: "Connection") -> dict[Step, str]:
    """The steps of a log-in, each with what it shows if it works."""
    secured = {
        "ftps": "TLS 1.2 or later, certificate verified",
        "sftp": "SSH, host key verified",
    }
    steps = {Step.CONNECT: f"port {connection.port}"}
    if connection.protocol in secured:
        steps[Step.TLS] = secured[connection.protocol]
    steps[Step.LOGIN] = f"as {connection.user}" if connection.user else "with the user of netrc"
    if connection.directory:
        steps[Step.DIRECTORY] = connection.directory
    return steps


def _addresses(connection: "Connection") -> list[str]:
    """The host's addresses; none where the name can't be resolved: connecting says why."""
    with contextlib.suppress(OSError, UnicodeError):
        found = socket.getaddrinfo(connection.host, connection.port, type=socket.SOCK_STREAM)
        return sorted({str(entry[4][0]) for entry in found})
    return []


def _look(session: Session) -> str:
    """Look for a file that can't be there, as an upload looks for its own."""
    seen = session.look(f"callconv-test-{secrets.token_hex(6)}.csv")
    if seen.sight is Sight.HIDDEN:
        return "the server does not allow listing; an upload can't be verified"
    return "the server shows which files it has; an upload can be verified"
