"""The FTP side: sessions, and the drop box that they see."""

import errno
import ipaddress
import logging
import os
import re
import shutil
import socket
import sqlite3
from collections.abc import Callable, Mapping, MutableSet
from pathlib import Path
from typing import Any

# Imported before pyftpdlib.handlers: this module silences a DeprecationWarning that it would raise.
import pyftpdlib.servers  # noqa: F401 # isort: skip
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.exceptions import AuthenticationFailed, FilesystemError
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler

from mock_server.accounts import Account
from mock_server.certificates import Certificates
from mock_server.faults import At, Effect, Fault, FaultBook
from mock_server.intake import Intake, is_call_file
from mock_server.transfer import CUT, DataChannel, TLSDataChannel, reset

log = logging.getLogger("mock_server.ftp")

LOOKS = frozenset({"SIZE", "MDTM", "MLST", "MLSD", "LIST", "NLST", "STAT", "FEAT", "OPTS"})
"""Commands that only ask: what they are refused is no news, since every upload looks first."""

DROP_BOX = "elwfT"
"""List, store, rename and set times; no reading back, deleting, appending or new directories."""

PATH_COMMANDS = frozenset(
    [
        "APPE",
        "CWD",
        "DELE",
        "LIST",
        "MDTM",
        "MFMT",
        "MKD",
        "MLSD",
        "MLST",
        "NLST",
        "RETR",
        "RMD",
        "RNFR",
        "RNTO",
        "SIZE",
        "STAT",
        "STOR",
        "STOU",
        "XCWD",
        "XMKD",
        "XRMD",
    ]
)
TELNET = re.compile(rb"\xff[\xf0-\xfe]\xf2?")
"""What clients send before ABOR, as RFC 959 asks: Telnet's interrupt and its data mark."""

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


class DropBox(AbstractedFS):  # type: ignore[misc]  # pyftpdlib has no types
    """An account's directory: `/` and `/{name}` are the same place, and there is no other.

    A new upload of an old name is a new file, so that what was taken in stays as it was.
    """

    def ftp2fs(self, ftppath: str) -> str:
        """The real path; `/{name}` in front says nothing new."""
        path = self.ftpnorm(ftppath)
        own = "/" + self.cmd_channel.account.name
        if path == own or path.startswith(own + "/"):
            path = path[len(own) :] or "/"
        real: str = os.path.normpath(os.path.join(self.root, path[1:]))  # noqa: PTH118 - as pyftpdlib
        return real

    def chdir(self, path: str) -> None:
        """Without os.chdir, as pyftpdlib does it: this process has other work to do."""
        if not Path(path).is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "No such directory")
        self.cwd = self.fs2ftp(path)

    def open(self, filename: str, mode: str) -> Any:
        """Open for writing; names are not shared with what was there."""
        path = Path(filename)
        if path.is_dir() or path.is_symlink():
            raise FilesystemError("Not a file")
        if "w" in mode:
            path.unlink(missing_ok=True)
            return path.open("xb", buffering=1 << 18)
        if path.exists() and path.stat().st_nlink > 1:  # taken in already: go on in a copy
            copy = path.with_name(f".{path.name}.resumed")
            shutil.copyfile(path, copy)
            copy.replace(path)
        return path.open(mode)

    def rename(self, src: str, dst: str) -> None:
        """From a name that is not picked up to one that is: that finishes an upload.

        It is recorded before 250 is said, and undone where it can't be.
        """
        before, after = Path(src), Path(dst)
        if self.cmd_channel.is_writing(before):
            raise FilesystemError("An upload into this file is under way")
        super().rename(src, dst)
        if is_call_file(after.name) and not is_call_file(before.name):
            try:
                self.cmd_channel.finished(after)
            except (OSError, sqlite3.Error) as error:
                super().rename(dst, src)
                raise FilesystemError("Local error in processing") from error


class Authorizer(DummyAuthorizer):  # type: ignore[misc]  # pyftpdlib has no types
    """Log-ins by the hashed passwords of the accounts; anonymous never."""

    def __init__(self, accounts: Mapping[str, Account], root: Path) -> None:
        super().__init__()
        self.accounts = {account.user: account for account in accounts.values()}
        for account in accounts.values():
            home = root / account.name
            home.mkdir(exist_ok=True)
            self.add_user(account.user, "", str(home), perm=DROP_BOX)

    def validate_authentication(self, username: str, password: str, handler: Any) -> None:
        """Raise unless these are an account's credentials."""
        account = self.accounts.get(username)
        if account is None or not account.password.matches(password):
            log.warning("%s: log-in refused for %r", handler.who, username[:64])
            raise AuthenticationFailed("Login incorrect.")


class PassivePort(FTPHandler.passive_dtp):  # type: ignore[misc]  # pyftpdlib has no types
    """Waits for a data connection. Stock leaves a range that is used up; a firewall would not."""

    def listen(self, num: int) -> None:
        """Listen, unless the port is one that the range does not hold."""
        ports = self.cmd_channel.passive_ports
        if ports is not None and self.socket.getsockname()[1] not in ports:
            self.close()
            raise OSError(errno.EADDRINUSE, "all passive ports are in use")
        super().listen(num)


class ImportSession:
    """What an import server's session does beyond FTP. Mixed in front of pyftpdlib's handlers.

    pyftpdlib keeps settings on the handler class, so each server has a class of its own, with
    these set.
    """

    book: FaultBook
    intake: Intake
    max_file_size: int
    takes_unconfirmed: bool
    all_sessions: MutableSet["ImportSession"]
    account: Account

    banner = "import server mock ready."
    abstracted_fs = DropBox
    passive_dtp = PassivePort
    unicode_errors = "strict"
    masquerade_address: str | None = None
    _said = ""
    max_login_attempts = 3

    # --- what pyftpdlib offers, and the mixin uses
    ioloop: Any
    socket: Any
    fs: Any
    authorizer: Any
    authenticated: bool
    username: str
    remote_ip: str
    remote_port: int
    _in_buffer: list[bytes]
    _in_buffer_len: int
    _in_dtp_queue: Any
    _out_dtp_queue: Any
    close: Callable[[], None]
    close_when_done: Callable[[], None]

    @property
    def who(self) -> str:
        """For the log: where the client is, and whose account it uses."""
        return f"{self.remote_ip}:{self.remote_port} [{self.username}]"

    def log(self, msg: str, logfun: object = None) -> None:
        """To our log: pyftpdlib's own is one for the whole process."""
        del logfun
        log.debug("%s: %s", self.who, msg)

    logline = log

    def log_cmd(self, cmd: str, *_: object) -> None:
        """Nothing more: `respond` has said it already."""

    def found_terminator(self) -> None:
        """A command line is here: kept for the log, without what it tells of a password."""
        command = TELNET.sub(b"", b"".join(self._in_buffer))
        self._in_buffer = [command]
        line = command[:200].decode("utf-8", "backslashreplace")
        verb = line.split(" ")[0]
        self._said = f"{verb} …" if verb.upper() in ("PASS", "ACCT") else line
        super().found_terminator()  # type: ignore[misc]  # pyftpdlib has no types
        # Stock leaves a line that is not UTF-8 there, in front of the next one.
        self._in_buffer, self._in_buffer_len = [], 0

    def respond(self, resp: str, logfun: object = None) -> None:
        """Send a reply; that something was refused is worth a line in the log."""
        del logfun
        if resp[:1] in ("4", "5"):
            looked = self._said.partition(" ")[0].upper() in LOOKS
            log.log(
                logging.DEBUG if looked else logging.WARNING,
                "%s: %r -> %s",
                self.who,
                self._said,
                resp,
            )
        super().respond(resp)  # type: ignore[misc]  # pyftpdlib has no types

    respond_w_warning = respond

    # --- a session's events

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.all_sessions.add(self)

    def handle(self) -> None:
        """The greeting, unless a fault prevents it."""
        fault = self.book.strike(At.CONNECT)
        if fault is None:
            super().handle()  # type: ignore[misc]  # pyftpdlib has no types
        elif fault.effect is Effect.REPLY_AND_CLOSE:
            self.respond(fault.reply)
            self.close_when_done()
        elif fault.effect is Effect.RESET:
            self.cut()
        elif fault.effect is Effect.CLOSE:
            self.close()

    def cut(self) -> None:
        """Reset the control connection."""
        reset(self.socket.fileno())
        self._error = True  # the SSL mixin then skips its goodbye
        self.close()

    def on_login(self, username: str) -> None:
        """From now on the session has an account."""
        self.account = self.authorizer.accounts[username]
        log.info("%s: logged in", self.who)

    def finished(self, path: Path) -> None:
        """A whole upload is on disk: take it in, before 226 is said."""
        self.intake.receive(self.account.name, path)

    def data_connection_lost(self) -> None:
        """The client reset its data connection before it was accepted; stock then says nothing."""
        upload, listing = self._in_dtp_queue, self._out_dtp_queue
        self._in_dtp_queue = self._out_dtp_queue = None
        if upload:
            upload[0].close()
        if upload or listing:
            self.respond(CUT)

    def is_writing(self, path: Path) -> bool:
        """Whether anybody's upload into this file is under way."""
        channels = list(self.ioloop.socket_map.values())
        return any(isinstance(c, DataChannel) and c.is_writing(path) for c in channels)

    # --- commands

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        """Refuse what no import server would do; then faults; then pyftpdlib."""
        if cmd in PATH_COMMANDS and (UNPRINTABLE.search(arg) or ".." in arg.split("/")):
            self.respond("553 File name not allowed.")
            return
        fault = self.book.waits(At.COMMAND, cmd)
        if fault and (fault.effect is not Effect.REPLY_IF_EXISTS or self._exists(arg)):
            self._refuse(self.book.strike(At.COMMAND, cmd) or fault)
        elif cmd == "EPSV" and self._lies_about_passive():
            self.respond("500 EPSV not understood.")
        else:
            super().pre_process_command(line, cmd, arg)  # type: ignore[misc]  # pyftpdlib has no types

    def _refuse(self, fault: Fault) -> None:
        log.info("%s: fault %s strikes", self.who, fault.name)
        self.respond(fault.reply)
        if fault.effect is Effect.REPLY_AND_CLOSE:
            self.close_when_done()

    def _exists(self, arg: str) -> bool:
        return self.authenticated and bool(arg) and os.path.lexists(self.fs.ftp2fs(arg))

    def _lies_about_passive(self) -> bool:
        fault = self.book.waits(At.PASSIVE)
        return fault is not None and fault.effect is Effect.ADDRESS

    def _make_epasv(self, extmode: bool = False) -> None:
        """The answer to PASV and EPSV; a fault may name a wrong address or a dead port."""
        fault = self.book.strike(At.PASSIVE)
        if fault is None or fault.effect is Effect.ADDRESS:
            self.masquerade_address = fault.reply if fault else None
            self._open_passive(extmode)
        elif extmode:
            self.respond(f"229 Entering extended passive mode (|||{_dead_port()}|).")
        else:
            high, low = divmod(_dead_port(), 256)
            self.respond(f"227 Entering passive mode (127,0,0,1,{high},{low}).")

    def _open_passive(self, extmode: bool) -> None:
        here = self.socket.getsockname()[0]
        if not extmode and ":" in here:
            mapped = ipaddress.ip_address(here.partition("%")[0])
            four = mapped.ipv4_mapped if isinstance(mapped, ipaddress.IPv6Address) else None
            if four is None:
                self.respond("425 PASV is for IPv4; use EPSV.")
                return
            # A socket that listens for both families shows IPv4 clients as ::ffff:…
            self.masquerade_address = self.masquerade_address or str(four)
        try:
            super()._make_epasv(extmode)  # type: ignore[misc]  # pyftpdlib has no types
        except OSError as error:
            self.respond_w_warning(f"425 Can't open data connection: {error.strerror}.")


def _dead_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PlainSession(ImportSession, FTPHandler):  # type: ignore[misc]  # pyftpdlib has no types
    """Plain FTP; AUTH is not known."""

    dtp_handler = DataChannel


class TLSSession(ImportSession, TLS_FTPHandler):  # type: ignore[misc]  # pyftpdlib has no types
    """Explicit TLS offered, or required."""

    dtp_handler = TLSDataChannel
    certificates: Certificates

    def ftp_AUTH(self, line: str) -> None:  # noqa: N802 - pyftpdlib's name
        """TLS on the control connection; a fault may spoil it."""
        fault = self.book.strike(At.TLS)
        if fault is None:
            super().ftp_AUTH(line)
        elif fault.effect is Effect.REPLY:
            self.respond(fault.reply)
        elif fault.effect is Effect.CERTIFICATE:
            self.ssl_context = self.certificates.context(fault.reply)
            super().ftp_AUTH(line)
        else:
            self.respond("234 AUTH TLS successful.")
            if fault.effect is Effect.CLOSE:
                self.close_when_done()
            else:
                self.modify_ioloop_events(0)  # deaf, and still closed at the end
