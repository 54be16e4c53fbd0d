"""FTP and FTPS (explicit TLS) on the standard library's ftplib."""

import contextlib
import ftplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callconv_kit.delivery.connection_faults import Step, fault_of
from callconv_kit.delivery.credentials import Credentials
from callconv_kit.delivery.transport import (
    ABSENT,
    HIDDEN,
    NAMED,
    Connect,
    ConnectionFailed,
    Seen,
    Sight,
    Source,
)

if TYPE_CHECKING:
    from callconv_kit.job import Connection

BLOCK = 256 * 1024
"""Bytes a write; measured: from 64 KiB up all sizes are equally fast, 8 KiB is half as fast."""

QUEUED_REPLY_PATIENCE = 5.0
"""Seconds to wait for the reply that a server sends when its data connection broke."""

_ERRORS: tuple[type[Exception], ...] = (*ftplib.all_errors, ValueError)
"""Whatever a connection can raise: ftplib parses replies, and refuses line breaks in names."""

GOODBYE_PATIENCE = 2.0
"""Seconds to wait for a server's close_notify: some answer only once the connection has ended."""

_NO_FILES = ("no files", "no such file", "not found", "no file")

_LISTED = (
    # -rw-r--r-- 1 owner group 985 Nov 20 06:00 name (some servers leave the group out)
    re.compile(r"-\S{9,}\s+\d+\s+\S+\s+(?:\S+\s+)?(\d+)\s+\S+\s+\S+\s+\S+\s(.+)"),
    # 11-20-26  06:00AM  985 name
    re.compile(r"\d\d-\d\d-\d{2,4}\s+\d\d:\d\d(?:[AP]M)?\s+(\d+)\s+(.+)"),
)
"""A file's line of LIST, as Unix and as Windows servers write it: its size, its name."""


class _DataSocket(ssl.SSLSocket):
    """A TLS socket whose end of conversation is not an error.

    A server that has nothing (more) to say may close before our goodbye, or even before the
    handshake has settled, or wait for the end of the connection without a goodbye. What counts is
    its word on the control channel, which is read next.
    """

    def unwrap(self) -> socket.socket:
        self.settimeout(min(GOODBYE_PATIENCE, self.gettimeout() or GOODBYE_PATIENCE))
        try:
            return super().unwrap()
        except OSError:
            return self


class _Client(ftplib.FTP):
    """ftplib's client for servers that answer in UTF-8 or in latin-1.

    ftplib takes one encoding, and an answer in another ends the session. Here replies and listings
    are read byte for byte, then as UTF-8 where they are that; commands go out as UTF-8.
    """

    def __init__(self, **more: Any) -> None:
        super().__init__(encoding="latin-1", **more)

    def putline(self, line: str) -> None:
        if "\r" in line or "\n" in line:
            raise ValueError("an illegal newline character should not be contained")
        super().putline(line.encode().decode("latin-1"))

    def getline(self) -> str:
        return _decoded(super().getline())

    def getmultiline(self) -> str:
        """A reply of one line or several; raises where the first is not one of FTP."""
        line = self.getline()
        if not line[:3].isdigit():
            # ftplib takes "SSH-2.0-…" for the first line of several, and waits for the others.
            raise ftplib.error_proto(line)  # noqa: S321 - an exception sends nothing
        lines = [line]
        while line[3:4] == "-" and not re.match(rf"{line[:3]}(?!-)", lines[-1]):
            lines.append(self.getline())
        return "\n".join(lines)

    def retrlines(self, cmd: str, callback: Callable[[str], object] | None = None) -> str:
        return super().retrlines(cmd, lambda line: callback and callback(_decoded(line)))


def _decoded(text: str) -> str:
    """Bytes that were read as latin-1, as UTF-8 where they are that."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeDecodeError:
        return text


class _Tls(_Client, ftplib.FTP_TLS):
    """ftplib's TLS client, with the control channel's TLS session on the data channel too.

    vsftpd and proftpd demand that by default and ftplib does not do it (CPython issue 63699). The
    session is read at each transfer, since TLS 1.3 hands out its tickets after the login.
    """

    def ntransfercmd(
        self, cmd: str, rest: int | str | None = None
    ) -> tuple[socket.socket, int | None]:
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - the data is encrypted below
        if self._prot_p:  # type: ignore[attr-defined]  # not in typeshed
            session = getattr(self.sock, "session", None)
            try:
                conn = self.context.wrap_socket(conn, server_hostname=self.host, session=session)
            except BaseException:
                conn.close()
                raise
        return conn, size


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or later with the certificate checked, by this machine's authorities and `ca_file`.

    Raises:
        OSError, ssl.SSLError: `ca_file` can't be used.
    """
    # ftplib's own default checks no certificate at all.
    context = ssl.create_default_context()
    context.sslsocket_class = _DataSocket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


class FtpSession:
    """One FTP or FTPS connection, logged in; see `transport.Session`."""

    def __init__(
        self, connection: "Connection", credentials: Credentials, context: ssl.SSLContext | None
    ) -> None:
        self._credentials = credentials
        self._timeout = float(connection.timeout)
        self._ftp: ftplib.FTP = (
            _Client(timeout=self._timeout)  # the page describes plain FTP
            if context is None
            else _Tls(timeout=self._timeout, context=context)
        )
        try:
            with self._doing(Step.CONNECT):
                greeting = self._ftp.connect(connection.host, int(connection.port))
                while greeting.startswith("1"):  # 120: ready in a moment
                    greeting = self._ftp.getresp()
            if isinstance(self._ftp, _Tls):
                with self._doing(Step.TLS):
                    self._ftp.auth()
            with self._doing(Step.LOGIN):
                self._log_in()
            if connection.directory:
                with self._doing(Step.DIRECTORY):
                    self._ftp.cwd(connection.directory)
        except BaseException:
            self.close()
            raise

    def _log_in(self) -> None:
        user, password = self._credentials.user, self._credentials.password
        if isinstance(self._ftp, _Tls):
            self._ftp.login(user, password, secure=False)  # AUTH was a step of its own
            self._ftp.prot_p()  # without it the file would travel in the clear
        else:
            self._ftp.login(user, password)

    @contextlib.contextmanager
    def _doing(self, step: Step) -> Iterator[None]:
        """Turn what fails in here into ConnectionFailed, by the border table."""
        try:
            yield
        except _ERRORS as error:
            raise self._trouble(error, step) from None  # its text is kept, scrubbed

    def _trouble(self, error: BaseException, step: Step) -> ConnectionFailed:
        text = str(error) or type(error).__name__
        verdict = isinstance(error, ftplib.error_temp | ftplib.error_perm) and text[:3].isdigit()
        reply = int(text[:3]) if verdict else 0
        return ConnectionFailed(fault_of(error, step), step, self._credentials.scrub(text), reply)

    def look(self, name: str) -> Seen:
        """SIZE, else a listing: a 550 to SIZE alone does not prove that the file is absent."""
        with self._doing(Step.LOOK):
            self._ftp.voidcmd("TYPE I")  # SIZE is refused in ASCII mode
            try:
                size = self._ftp.size(name)
                if size is not None:
                    return Seen(Sight.SIZED, size)
            except ftplib.error_perm:
                pass
            return self._listed(name)

    def _listed(self, name: str) -> Seen:
        """MLSD, else LIST for the size, else NLST for the name."""
        try:
            facts = dict(self._ftp.mlsd())
        except ftplib.error_perm:
            facts = None
        if facts is not None and name not in facts:
            return ABSENT
        size = (facts or {}).get(name, {}).get("size", "")
        if size.isdigit():
            return Seen(Sight.SIZED, int(size))
        lines: list[str] = []
        with contextlib.suppress(ftplib.error_perm, ftplib.error_temp):
            self._ftp.retrlines("LIST", lines.append)
        for pattern in _LISTED:
            for found in filter(None, map(pattern.fullmatch, lines)):
                if found[2] == name:
                    return Seen(Sight.SIZED, int(found[1]))
        return NAMED if facts is not None else self._named(name)

    def _named(self, name: str) -> Seen:
        try:
            names = self._ftp.nlst()
        except (ftplib.error_perm, ftplib.error_temp) as error:
            # Some servers answer 550 or 450 where a directory is empty.
            empty = any(word in str(error).lower() for word in _NO_FILES)
            return ABSENT if empty else HIDDEN
        # A listing gives names with or without the directory before them.
        if name in {listed.rsplit("/", 1)[-1] for listed in names}:
            return NAMED
        return HIDDEN if name.startswith(".") else ABSENT  # listings leave out hidden files

    def store(self, name: str, source: Source, patience: float) -> str:
        """STOR in binary mode; the final reply is read even where the data connection broke."""
        data = self._open_data(name)
        try:
            with data:
                _send(source, data)
        except (OSError, EOFError) as error:
            raise self._after_break(error, Step.DATA) from None
        with self._doing(Step.REPLY):
            self._wait(patience)
            return self._ftp.voidresp()

    def _open_data(self, name: str) -> socket.socket:
        with self._doing(Step.OPEN):
            self._ftp.voidcmd("TYPE I")
            try:
                return self._ftp.transfercmd(f"STOR {name}")
            except ssl.SSLError as error:
                # The TLS handshake on the data channel failed; the reason may wait on the other.
                raise self._after_break(error, Step.OPEN) from None

    def _after_break(self, error: BaseException, step: Step) -> ConnectionFailed:
        """The server's own word about a broken transfer, which waits on the control channel."""
        try:
            self._wait(min(QUEUED_REPLY_PATIENCE, self._timeout))
            self._ftp.voidresp()
        except (ftplib.error_temp, ftplib.error_perm) as reply:
            return self._trouble(reply, step)
        except ftplib.all_errors:
            pass
        return self._trouble(error, step)

    def _wait(self, seconds: float) -> None:
        if self._ftp.sock is not None:
            self._ftp.sock.settimeout(seconds)

    def rename(self, old: str, new: str) -> None:
        """RNFR and RNTO."""
        with self._doing(Step.RENAME):
            self._ftp.rename(old, new)

    def delete(self, name: str) -> None:
        """DELE, if the server lets us."""
        with contextlib.suppress(*ftplib.all_errors):
            self._ftp.delete(name)

    def features(self) -> list[str]:
        """The lines of FEAT; none where the server does not know the command."""
        with self._doing(Step.LOOK):
            try:
                lines = self._ftp.sendcmd("FEAT").splitlines()[1:-1]
            except (ftplib.error_perm, ftplib.error_temp):
                return []
            return [line.strip().split(";")[0] for line in lines]

    def close(self) -> None:
        """QUIT where the server still listens; the sockets are closed in any case."""
        # A TLS handshake that failed leaves ftplib with a socket that is closed already.
        with contextlib.suppress(*_ERRORS, AttributeError):
            self._wait(min(2.0, self._timeout))
            self._ftp.quit()
        self._ftp.close()


def _send(source: Source, data: socket.socket) -> None:
    buffer = bytearray(BLOCK)
    view = memoryview(buffer)
    while length := source.read_into(buffer):
        data.sendall(view[:length])
    if isinstance(data, ssl.SSLSocket):
        data.unwrap()  # a clean end, which differs from a cut for the server


def connect(connection: "Connection", credentials: Credentials, tls: bool) -> Connect:
    """A function that opens a new session each time; the TLS context is shared by them all."""
    context = tls_context(connection.ca_file) if tls else None
    return lambda: FtpSession(connection, credentials, context)
