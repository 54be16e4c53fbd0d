"""SFTP on paramiko (the extra `sftp`), with the server's host key checked.

SFTP has no final reply: the server answers each write and the close, and those answers are its
word. A file is opened so that an existing one is never replaced.
"""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any

from callconv_kit.delivery.connection_faults import BY_CODE, ConnectionFault, Step, fault_of
from callconv_kit.delivery.credentials import Credentials
from callconv_kit.delivery.transport import (
    ABSENT,
    HIDDEN,
    Connect,
    ConnectionFailed,
    Seen,
    Sight,
    Source,
)
from callconv_kit.model.errors import UsageError, not_installed

if TYPE_CHECKING:
    from callconv_kit.job import Connection

BLOCK = 32 * 1024
"""Bytes a write request: the largest that every server must take."""

_HOST_KEY_NEXT = (
    "Ask the server's owner for the key's fingerprint; if it is right, put the key into "
    "`known_hosts`: ssh-keyscan -p {port} {host}."
)

TABLE: dict[str, ConnectionFault] = {
    fault.code: fault
    for fault in (
        ConnectionFault(
            "host_key_unknown",
            (),
            frozenset({Step.TLS}),
            "The host key of {host} is not known here",
            _HOST_KEY_NEXT,
        ),
        ConnectionFault(
            "host_key_changed",
            (),
            frozenset({Step.TLS}),
            "{host} shows another host key than the one that is known",
            "Possible man-in-the-middle attack. " + _HOST_KEY_NEXT,
        ),
        ConnectionFault(
            "not_ssh",
            (),
            frozenset({Step.TLS}),
            "What answers at {host} port {port} is not an SSH server, or it never answered",
            "Check `port` and `protocol` under [connection]: SFTP uses 22, FTP and FTPS 21.",
            retry=True,
        ),
        ConnectionFault(
            "no_sftp",
            (),
            frozenset({Step.LOGIN}),
            "{host} lets {user} in, but offers no SFTP",
            "Ask the server's owner to allow SFTP for this user.",
        ),
    )
}
"""The rows that only SFTP knows; all else is put in the words of the border table."""

_REFUSED_AT = {
    Step.DIRECTORY: "directory_missing",
    Step.LOOK: "store_refused",
    Step.OPEN: "store_refused",
    Step.DATA: "refused_after_sending",
    Step.REPLY: "refused_after_sending",
    Step.RENAME: "rename_refused",
}

REFUSED = 550
"""The FTP reply that says what an SFTP server's refusal says."""


def connect(connection: "Connection", credentials: Credentials) -> Connect:
    """A function that opens a new session each time.

    Raises:
        UsageError: `sftp_missing`, `private_key_unusable`, `known_hosts_missing`.
    """
    try:
        import paramiko  # noqa: F401 - so that what is missing is said before connecting
    except ModuleNotFoundError as error:
        raise not_installed("sftp_missing", "SFTP", error, "sftp") from None
    hosts = connection.known_hosts or Path("~/.ssh/known_hosts").expanduser()
    if not hosts.is_file():
        raise UsageError(
            "known_hosts_missing",
            "There is no file of known host keys",
            str(hosts),
            "the server's key, so that no other server gets the password",
            "ssh-keyscan -p PORT HOST > FILE, check the fingerprint, set known_hosts = FILE.",
        )
    key = None
    if connection.private_key is not None:
        key, encrypted = _private_key(connection.private_key, credentials)
        if encrypted:  # the passphrase belongs in no log
            credentials = Credentials(credentials.user, "")
    return lambda: SftpSession(connection, credentials, hosts, key)


def _private_key(path: Path, credentials: Credentials) -> tuple[Any, bool]:
    """The key, and whether the connection's password is its passphrase.

    With a key that is not encrypted the password goes to the server where it asks for one too:
    impact.com's SFTP connections have a key and a password.
    """
    import paramiko

    try:
        return paramiko.PKey.from_path(path, None), False
    except (OSError, ValueError, TypeError, paramiko.SSHException) as error:
        failed: Exception = error
    if credentials.password:
        try:
            # By position: the argument's name has changed between versions of paramiko.
            return paramiko.PKey.from_path(path, credentials.password.encode()), True
        except (OSError, ValueError, TypeError, paramiko.SSHException) as error:
            failed = error
    raise UsageError(
        "private_key_unusable",
        "The private key can't be used",
        f"{path} ({type(failed).__name__})",
        "an OpenSSH or PKCS 8 key; its passphrase, if it has one, is the connection's password",
        "Correct `private_key` or the password's source under [connection].",
    )


class SftpSession:
    """One SFTP connection, logged in; see `transport.Session`."""

    def __init__(
        self, connection: "Connection", credentials: Credentials, hosts: Path, key: Any
    ) -> None:
        import paramiko

        self._errors: tuple[type[BaseException], ...] = (
            OSError,
            EOFError,
            paramiko.SSHException,
            UnicodeError,
        )
        self._credentials = credentials
        self._timeout = float(connection.timeout)
        self._client = paramiko.SSHClient()  # refuses unknown host keys by default
        self._client.load_host_keys(str(hosts))
        try:
            with self._doing(Step.CONNECT):
                raw = socket.create_connection(
                    (connection.host, int(connection.port)), self._timeout
                )
            with self._doing(Step.TLS):
                self._client.connect(
                    connection.host,
                    int(connection.port),
                    credentials.user,
                    credentials.password or None,
                    pkey=key,
                    sock=raw,
                    timeout=self._timeout,
                    banner_timeout=self._timeout,
                    auth_timeout=self._timeout,
                    channel_timeout=self._timeout,
                    # Keys that happen to lie about would use up the log-ins that a server allows.
                    allow_agent=False,
                    look_for_keys=False,
                )
            with self._doing(Step.LOGIN):
                self._sftp: Any = self._client.open_sftp()
                self._sftp.get_channel().settimeout(self._timeout)
            if connection.directory:
                with self._doing(Step.DIRECTORY):
                    self._sftp.chdir(connection.directory)
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def _doing(self, step: Step) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise self._trouble(error, step) from None

    def _trouble(self, error: BaseException, step: Step) -> ConnectionFailed:
        fault, reply = self._own_fault(error, step), 0
        if fault is None and _is_refusal(error) and step in _REFUSED_AT:
            fault, reply = BY_CODE[_REFUSED_AT[step]], REFUSED
        if fault is None:
            # What is left is a connection that ended or a network that failed, as with FTP.
            known = isinstance(error, TimeoutError) or (isinstance(error, OSError) and error.errno)
            lost = error if known else EOFError()
            fault = fault_of(lost, Step.LOGIN if step is Step.TLS else step)
        text = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return ConnectionFailed(fault, step, self._credentials.scrub(text), reply)

    def _own_fault(self, error: BaseException, step: Step) -> ConnectionFault | None:
        import paramiko

        if isinstance(error, paramiko.BadHostKeyException):
            return TABLE["host_key_changed"]
        if isinstance(error, paramiko.AuthenticationException):
            return BY_CODE["login_refused"]
        if not isinstance(error, paramiko.SSHException):
            return None
        if "known_hosts" in str(error):
            return TABLE["host_key_unknown"]
        if step is Step.TLS and isinstance(error.__context__, (EOFError, ConnectionError)):
            # Whether an early close shows here, in the socket or in connect() is a race; it must
            # end in the same words each time.
            return None
        return {Step.TLS: TABLE["not_ssh"], Step.LOGIN: TABLE["no_sftp"]}.get(step)

    def look(self, name: str) -> Seen:
        """STAT; a server that may not be asked is HIDDEN."""
        with self._doing(Step.LOOK):
            try:
                found = self._sftp.stat(name)
            except FileNotFoundError:
                return ABSENT
            except PermissionError:
                return HIDDEN
            if found.st_size is None or not S_ISREG(found.st_mode or 0o100000):
                return Seen(Sight.NAMED)
            return Seen(Sight.SIZED, found.st_size)

    def store(self, name: str, source: Source, patience: float) -> str:
        """Create, write and close; an existing file is refused by the server itself."""
        with self._doing(Step.OPEN):
            file = self._sftp.open(name, "wx")
        with self._doing(Step.DATA):
            try:
                self._write_all(file, source)
            except BaseException:
                file._closed = True  # a close would tell the server that the file is complete
                raise
        with self._doing(Step.REPLY):
            self._sftp.get_channel().settimeout(patience)
            self._close_file(file)
            self._sftp.get_channel().settimeout(self._timeout)
        return "closed without an error"

    def _close_file(self, file: Any) -> None:
        """Close a file, and raise what the server answers.

        paramiko's own close passes over an error, and over an answer that never comes: a file
        would count as delivered although the server said that it is not.
        """
        from paramiko.sftp import CMD_CLOSE

        file.flush()
        file._closed = True
        self._sftp._request(CMD_CLOSE, file.handle)

    @staticmethod
    def _write_all(file: Any, source: Source) -> None:
        """Write without waiting for each answer; the last write waits for the answers to all.

        paramiko drops answers that were not asked for before the close, and with them a full disk.
        """
        buffer = bytearray(BLOCK)
        length = source.read_into(buffer)
        while length:
            block = bytes(buffer[:length])
            length = source.read_into(buffer)
            file.set_pipelined(length > 0)
            file.write(block)

    def rename(self, old: str, new: str) -> None:
        """SSH_FXP_RENAME, which does not replace an existing file."""
        with self._doing(Step.RENAME):
            self._sftp.rename(old, new)

    def delete(self, name: str) -> None:
        """REMOVE, if the server lets us."""
        with contextlib.suppress(*self._errors):
            self._sftp.remove(name)

    def features(self) -> list[str]:
        """SFTP has no list of features; the protocol itself has these."""
        return ["STAT", "RENAME"]

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(*self._errors):
            self._client.close()


def _is_refusal(error: BaseException) -> bool:
    """Whether the SFTP server itself said no: paramiko gives its words as an OSError."""
    if isinstance(error, FileNotFoundError | PermissionError):
        return True
    # SSH_FX_FAILURE says no more than that: an existing name, a full disk, a quota.
    return type(error) is OSError and error.errno is None and str(error) != "Socket is closed"
