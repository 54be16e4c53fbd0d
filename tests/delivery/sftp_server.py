"""An SFTP server that fails by the mock's book: paramiko's server side, for tests.

It takes in a call file when its close is answered, or when it gets a call file's name, as the mock
does. Faults are those of `mock_server.faults`, as far as SFTP has their like: SFTP has no replies
of its own, so a 4xx or 5xx is a failed request.
"""

import contextlib
import os
import socket
import struct
import threading
from pathlib import Path
from typing import Any, Self

import paramiko

from callconv_kit.job import Connection
from mock_server.faults import At, Fault, FaultBook
from mock_server.intake import is_call_file

from .conftest import PASSWORD

USER = "demo"

NOT_SFTP = frozenset(
    "connect-421 pass-421 wrong-passive-address dead-passive-port stor-421 stor-425 no-rest no-mlsd"
    " no-epsv no-close-notify session-reuse-required".split()
)
"""Faults of the book that are of FTP or TLS alone; those of `tls-…` are too."""


def applies(name: str) -> bool:
    """Whether SFTP has the like of a fault."""
    return name not in NOT_SFTP and not name.startswith(("tls-", "results-"))


class SftpServer:
    """Serves while its `with` block runs. `taken` is what was taken in: names and bytes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.book = FaultBook(self._changed)
        self.taken: list[tuple[str, bytes]] = []
        self.stopping = threading.Event()
        self._key = paramiko.RSAKey.generate(2048)
        self._listener: socket.socket | None = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._placeholder: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self._transports: list[paramiko.Transport] = []
        self.files: list[Any] = []

    # -- what a test does to it, as to the mock

    def fault(self, name: str, times: int | None = 1, *, after: int | None = None) -> None:
        self.book.arm(name, times, after=after)

    def clear_faults(self) -> None:
        self.book.clear()

    def connection(self, known_hosts: Path, **more: Any) -> Connection:
        """A connection to it, whose key is then known."""
        line = f"[127.0.0.1]:{self.port} {self._key.get_name()} {self._key.get_base64()}\n"
        known_hosts.write_text(line)
        given: dict[str, Any] = {
            "protocol": "sftp",
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "known_hosts": str(known_hosts),
            "timeout": 60,
        }
        return Connection(**{**given, **more})

    def sessions(self) -> list[str]:
        """The sessions of all rows that were taken in, sorted."""
        found = []
        for _, content in list(self.taken):
            header, *rows = content.decode().splitlines()
            at = header.split(",").index("CallSessionId") if "CallSessionId" in header else -1
            cells = [row.split(",") for row in rows]
            found += [row[at] for row in cells if len(row) == header.count(",") + 1]
        return sorted(found)

    # -- serving

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for transport in self._transports:
            transport.close()
        for thread in (*self._threads, *self._transports):
            thread.join(10)
        for file in self.files:
            file.close()
        for held in (self._listener, self._placeholder):
            if held is not None:
                held.close()

    def _spawn(self, target: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _changed(self) -> None:
        """`refuse-connection`: nobody listens for as long as it is armed."""
        if self.book.waits(At.LISTEN):
            if self._listener is not None:
                self._listener.close()
                self._listener = None
        elif self._listener is None and not self.stopping.is_set():
            self._listener = socket.create_server(("127.0.0.1", self.port))

    def _accept(self) -> None:
        while not self.stopping.is_set():
            listener = self._listener
            try:
                assert listener is not None
                listener.settimeout(0.02)
                client, _ = listener.accept()
            except (OSError, AssertionError):
                self.stopping.wait(0.005)
                continue
            fault = self.book.strike(At.CONNECT)
            if fault is not None:
                self._spawn(self._fail_to_greet, client, fault)
            else:
                self._spawn(self._serve, client)

    def _fail_to_greet(self, client: socket.socket, fault: Fault) -> None:
        with client:
            if fault.name == "reset-connection":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif fault.name == "no-greeting":
                client.settimeout(0.05)
                while not self.stopping.is_set():
                    with contextlib.suppress(TimeoutError):
                        if not client.recv(1 << 12):
                            return

    def _serve(self, client: socket.socket) -> None:
        transport = paramiko.Transport(client)
        self._transports.append(transport)
        transport.add_server_key(self._key)
        transport.set_subsystem_handler("sftp", _Subsystem, _Files, self, transport)
        with contextlib.suppress(Exception):
            transport.start_server(server=_LogIn(self))

    def take(self, path: Path) -> None:
        if is_call_file(path.name):
            self.taken.append((path.name, path.read_bytes()))


class _LogIn(paramiko.ServerInterface):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def check_auth_password(self, username: str, password: str) -> int:
        refused = self._server.book.strike(At.COMMAND, "USER") or self._server.book.strike(
            At.COMMAND, "PASS"
        )
        good = (username, password) == (USER, PASSWORD) and refused is None
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002 - paramiko's signature
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002 - the same
        return paramiko.OPEN_SUCCEEDED


class _Subsystem(paramiko.SFTPServer):
    """paramiko's, which answers every close with success; here a fault may answer otherwise."""

    def __init__(
        self, channel: Any, name: str, server: Any, files: type, ours: SftpServer, transport: Any
    ) -> None:
        super().__init__(channel, name, server, files, ours, transport)

    def _process(self, t: int, request_number: int, msg: Any) -> None:
        if t != paramiko.sftp.CMD_CLOSE:
            super()._process(t, request_number, msg)
            return
        handle = self.file_table.pop(msg.get_binary(), None)
        if handle is None:
            self._send_status(request_number, paramiko.SFTP_OK)
            return
        status = handle.finish()
        if status is not None:
            self._send_status(request_number, status)


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: Any, ours: SftpServer, transport: Any) -> None:
        super().__init__(server)
        self._ours, self._transport = ours, transport

    def _path(self, path: str) -> Path:
        return self._ours.root / Path(path).name if path not in ("/", ".", "") else self._ours.root

    def _refused(self, command: str) -> int | None:
        fault = self._ours.book.waits(At.COMMAND, command)
        if fault is None or fault.name == "duplicate-name" or not applies(fault.name):
            return None
        self._ours.book.strike(At.COMMAND, command)
        denied = fault.name in ("stor-550", "no-size")
        return paramiko.SFTP_PERMISSION_DENIED if denied else paramiko.SFTP_FAILURE

    def stat(self, path: str) -> Any:
        refused = self._refused("SIZE")
        if refused is not None:
            return refused
        try:
            return paramiko.SFTPAttributes.from_stat(self._path(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: Any) -> Any:  # noqa: ARG002 - paramiko's signature
        refused = self._refused("STOR")
        if refused is not None:
            return refused
        target = self._path(path)
        try:
            file = os.fdopen(os.open(target, flags | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except FileExistsError:
            return paramiko.SFTP_FAILURE
        self._ours.files.append(file)
        fault = self._ours.book.strike(At.DATA, "STOR")
        return _Upload(self._ours, target, file, fault, self._transport)

    def rename(self, oldpath: str, newpath: str) -> int:
        old, new = self._path(oldpath), self._path(newpath)
        refused = self._refused("RNFR")
        if refused is not None or new.exists() or not old.exists():
            return paramiko.SFTP_FAILURE
        old.rename(new)
        self._ours.take(new)
        return int(paramiko.SFTP_OK)

    def remove(self, path: str) -> int:
        self._path(path).unlink(missing_ok=True)
        return int(paramiko.SFTP_OK)


class _Upload(paramiko.SFTPHandle):
    def __init__(
        self, ours: SftpServer, path: Path, file: Any, fault: Fault | None, transport: Any
    ) -> None:
        super().__init__()
        self._ours, self._path, self._file, self._fault = ours, path, file, fault
        self._transport = transport
        self._written = 0

    def write(self, offset: int, data: bytes) -> int:
        fault = self._fault
        name = fault.name if fault else ""
        if fault and name in ("data-cut", "control-cut", "disk-full", "stall"):
            # A file that is smaller than n fails at its half.
            limit = min(fault.after, max(len(data) // 2, 1)) if self._written == 0 else fault.after
            data = data[: max(limit - self._written, 0)]
        self._file.seek(offset)
        self._file.write(data)
        self._file.flush()
        self._written += len(data)
        if name == "slow-drip":
            self._ours.stopping.wait(min(len(data) / fault.after / 10, 2.0))
        if name == "stall":
            self._ours.stopping.wait(60)
        if name in ("data-cut", "control-cut"):
            self._transport.close()
        return int(paramiko.SFTP_FAILURE if name == "disk-full" else paramiko.SFTP_OK)

    def finish(self) -> int | None:
        """The answer to the close; None: there is none."""
        name = self._fault.name if self._fault else ""
        if name == "truncated":
            size = self._file.tell()
            self._file.truncate(min(self._fault.after, size // 2) if self._fault else size)
        self._file.close()
        if name.startswith("late-") or name == "disk-full":
            return int(paramiko.SFTP_FAILURE)
        self._ours.take(self._path)
        if name == "no-226":
            return None
        if name == "lost-226":
            self._transport.close()
            return None
        if name == "vanish":
            self._path.unlink()
        return int(paramiko.SFTP_OK)
