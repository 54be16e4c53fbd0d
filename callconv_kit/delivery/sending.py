"""A connection and its credentials, ready to send files."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callconv_kit.delivery import ftp, sftp
from callconv_kit.delivery.attempt import Delivery, End, Journal, NoJournal, Outgoing, Patience
from callconv_kit.delivery.credentials import credentials_of
from callconv_kit.delivery.transport import Connect
from callconv_kit.model.errors import UsageError

if TYPE_CHECKING:
    from callconv_kit.job import Connection

Progress = Callable[[int, int], None]
"""Called with the bytes sent and the bytes in all."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends files over one connection."""

    connection: "Connection"
    connect: Connect = field(repr=False)
    patience: Patience = field(default_factory=Patience)
    progress: Progress | None = None

    @property
    def account(self) -> str:
        """See `account_of`."""
        return account_of(self.connection)

    def delivery(self, file: Outgoing, name: str, journal: Journal | None = None) -> Delivery:
        """A delivery of `file`, not yet started."""
        return Delivery(
            file,
            name,
            self.connect,
            journal or NoJournal(),
            self.connection.method,
            self.connection.verify == "required",
            self.connection.settle_by_size,
            float(self.connection.timeout),
            self.patience,
            self.progress,
        )

    def send(self, file: Outgoing, name: str, journal: Journal | None = None) -> End:
        """Deliver `file` as `name`."""
        return self.delivery(file, name, journal).run()


def account_of(connection: "Connection") -> str:
    """Whose directory on which server: what a ledger files a submission under."""
    directory = connection.directory.strip("/")
    server = f"{connection.user}@{connection.host}:{connection.port}"
    return f"{connection.protocol}://{server}/{directory}"


def sender(
    connection: "Connection",
    password: str | None = None,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> Sender:
    """A sender for the job's connection; nothing is connected yet.

    Raises:
        UsageError: no host or user, no password, `ca_file` or `private_key` that can't be used.
    """
    credentials = credentials_of(connection, password)
    if not connection.host or not credentials.user:
        lacking = "user" if connection.host else "host"
        raise UsageError(
            "connection_incomplete",
            f"The connection names no {lacking}",
            "",
            "host and user, as impact.com shows them with the credentials",
            f"Set `{lacking}` under [connection], or give the user in netrc.",
        )
    if connection.protocol == "sftp":
        connect = sftp.connect(connection, credentials)
    else:
        try:
            connect = ftp.connect(connection, credentials, connection.protocol == "ftps")
        except OSError as error:  # ssl.SSLError is one
            raise UsageError(
                "ca_file_unusable",
                "The certificate authority's file can't be used",
                f"{connection.ca_file}: {error.strerror or type(error).__name__}",
                "a file of certificates in PEM form",
                "Correct `ca_file` under [connection].",
            ) from error
    return Sender(connection, connect, patience or Patience(), progress)
