"""Servers of other makers, as their users run them: vsftpd, proftpd, pure-ftpd, aioftp, OpenSSH."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from callconv_kit.job import Connection

from ..ports import free_port
from .conftest import PASSWORD, UNPACKED, needs, running, tool

USER = f"callconv-{os.getpid()}"
"""Of this process: test runs side by side make and remove their own."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `root` is where its uploads are."""

    connection: dict[str, Any]
    root: Path

    def to(self, **more: Any) -> Connection:
        """A connection to it."""
        return Connection(**{**self.connection, "timeout": 60, **more})


@contextlib.contextmanager
def a_user() -> Iterator[str]:
    """A system user with PASSWORD, for servers that ask the system."""
    needs("useradd", "chpasswd")
    with contextlib.suppress(KeyError):
        pwd.getpwnam(USER)
        yield USER
        return
    subprocess.run([tool("useradd"), "-M", "-d", "/", "-s", "/bin/sh", USER], check=True)
    try:
        subprocess.run([tool("chpasswd")], input=f"{USER}:{PASSWORD}", text=True, check=True)
        yield USER
    finally:
        subprocess.run([tool("userdel"), USER], check=False, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def vsftpd(folder: Path, *, tls: bool, user: str) -> Iterator[Server]:
    """vsftpd; with TLS it wants the data channel to resume the control channel's session."""
    needs("vsftpd")
    port = free_port()
    root, empty = folder / "uploads", folder / "empty"
    for made in (root, empty):
        made.mkdir(parents=True)
    shutil.chown(root, user)
    for parent in root.parents:  # the server becomes that user, and must get there
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    options: dict[str, object] = {
        "listen": "YES",
        "listen_port": port,
        "listen_address": "127.0.0.1",
        "background": "NO",
        "local_enable": "YES",
        "write_enable": "YES",
        "anonymous_enable": "NO",
        "chroot_local_user": "YES",
        "allow_writeable_chroot": "YES",
        "secure_chroot_dir": empty,
        "pam_service_name": "vsftpd",
        "seccomp_sandbox": "NO",
        "local_root": root,
    }
    ca_file = ""
    if tls:
        authority = trustme.CA()
        both = folder / "server.pem"
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(both))
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        ca_file = str(folder / "ca.pem")
        options |= {
            "ssl_enable": "YES",
            "force_local_logins_ssl": "YES",
            "force_local_data_ssl": "YES",
            "require_ssl_reuse": "YES",
            "rsa_cert_file": both,
            "rsa_private_key_file": both,
            "ssl_ciphers": "HIGH",
        }
    conf = folder / "vsftpd.conf"
    conf.write_text("".join(f"{key}={value}\n" for key, value in options.items()))
    given: dict[str, Any] = {"host": "127.0.0.1", "port": port, "user": user}
    given |= {"protocol": "ftps", "ca_file": ca_file} if tls else {"protocol": "ftp"}
    with running([tool("vsftpd"), str(conf)], port):
        yield Server(given, root)


NOBODY = 65534
"""The system user as whom proftpd and pure-ftpd keep uploads."""


def _uploads(folder: Path, owner: str | int) -> Path:
    """A folder that the server's user can reach and write."""
    root = folder / "uploads"
    root.mkdir(parents=True)
    shutil.chown(root, owner)
    for parent in root.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    return root


def _certificate(folder: Path) -> tuple[Path, Path]:
    """The server's key and certificate in one file, and the authority's."""
    authority = trustme.CA()
    both, ca_file = folder / "server.pem", folder / "ca.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(both))
    authority.cert_pem.write_to_path(str(ca_file))
    return both, ca_file


def _given(port: int, ca_file: Path | None) -> dict[str, Any]:
    given: dict[str, Any] = {"host": "127.0.0.1", "port": port, "user": "demo"}
    return given | (
        {"protocol": "ftps", "ca_file": str(ca_file)} if ca_file else {"protocol": "ftp"}
    )


@contextlib.contextmanager
def proftpd(folder: Path, *, tls: bool) -> Iterator[Server]:
    """proftpd; with mod_tls it wants TLS on both channels, and session reuse."""
    needs("proftpd", "openssl")
    root, port, ca_file = _uploads(folder, NOBODY), free_port(), None
    hashed = subprocess.run(
        [tool("openssl"), "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True
    ).stdout.strip()
    users = folder / "passwd"
    users.write_text(f"demo:{hashed}:{NOBODY}:{NOBODY}::{root}:/bin/sh\n")
    users.chmod(0o600)
    lines = [
        "ServerType standalone", f"Port {port}", "DefaultAddress 127.0.0.1", "UseIPv6 off",
        "User nobody", "Group nogroup", f"ScoreboardFile {folder}/scoreboard",
        f"PidFile {folder}/pid", f"AuthUserFile {users}", "AuthOrder mod_auth_file.c",
        "RequireValidShell off", "DefaultRoot ~", "UseReverseDNS off", "WtmpLog off",
        "TransferLog none", f"SystemLog {folder}/log", "AllowOverwrite off",
    ]  # fmt: skip
    if tls:
        both, ca_file = _certificate(folder)
        modules = next(
            path
            for path in (UNPACKED / "usr/lib/proftpd", Path("/usr/lib/proftpd"))
            if path.is_dir()
        )
        lines[:0] = [f"ModulePath {modules}", "LoadModule mod_tls.c"]
        lines += [
            "TLSEngine on", "TLSRequired on", "TLSProtocol TLSv1.2 TLSv1.3",
            f"TLSRSACertificateFile {both}", f"TLSRSACertificateKeyFile {both}",
            "TLSVerifyClient off", f"TLSLog {folder}/tls.log",
        ]  # fmt: skip
        both.chmod(0o600)
    conf = folder / "proftpd.conf"
    conf.write_text("\n".join(lines) + "\n")
    with running([tool("proftpd"), "-n", "-c", str(conf)], port):
        yield Server(_given(port, ca_file), root)


@contextlib.contextmanager
def pure_ftpd(folder: Path, *, tls: bool) -> Iterator[Server]:
    """pure-ftpd with a user of its own."""
    needs("pure-ftpd", "pure-pw")
    root, port, ca_file = _uploads(folder, NOBODY), free_port(), None
    users, db = folder / "users", folder / "users.pdb"
    subprocess.run(
        [tool("pure-pw"), "useradd", "demo", "-f", str(users), "-F", str(db), "-m",
         "-u", str(NOBODY), "-g", str(NOBODY), "-d", str(root)],
        input=f"{PASSWORD}\n{PASSWORD}\n", text=True, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    command = [tool("pure-ftpd"), "-S", f"127.0.0.1,{port}", "-l", f"puredb:{db}", "-E", "-A", "-H",
               "-u", "1", "-g", str(folder / "pid")]  # fmt: skip
    if tls:
        both, ca_file = _certificate(folder)
        command += ["-Y", "2", "-2", str(both)]
    else:
        command += ["-Y", "0"]
    with running(command, port):
        yield Server(_given(port, ca_file), root)


@contextlib.contextmanager
def aioftp_server(folder: Path) -> Iterator[Server]:
    """aioftp, in a thread of this process."""
    import asyncio

    if os.environ.get("CI") != "true":
        pytest.importorskip("aioftp")
    import aioftp

    root, port = folder / "uploads", free_port()
    root.mkdir(parents=True)
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        user = aioftp.User("demo", PASSWORD, base_path=root)
        server = aioftp.Server([user])
        await server.start("127.0.0.1", port)
        ready.set()
        try:
            await stopping.wait()
        finally:
            await server.close()

    stopping = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(60), "aioftp does not listen"
    try:
        yield Server(_given(port, None), root)
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(60)
        loop.close()


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[Server]:
    """OpenSSH for root, by a key; its SFTP sees the whole machine, so a directory is given."""
    needs("sshd", "ssh-keygen")
    port = free_port()
    root = folder / "uploads"
    root.mkdir(parents=True)
    Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host", "client"):
        command = [tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    keys = folder / "authorized_keys"
    keys.write_bytes((folder / "client.pub").read_bytes())
    host_key = (folder / "host.pub").read_text().split()
    known = folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {host_key[0]} {host_key[1]}\n")
    conf = folder / "sshd_config"
    conf.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {keys}\nStrictModes no\nPermitRootLogin yes\nUsePAM no\n"
        "PasswordAuthentication yes\nSubsystem sftp internal-sftp\nMaxStartups 100\n"
    )
    given = {
        "protocol": "sftp",
        "host": "127.0.0.1",
        "port": port,
        "user": pwd.getpwuid(os.geteuid()).pw_name,
        "directory": str(root),
        "known_hosts": str(known),
        "private_key": str(folder / "client"),
    }
    with running([tool("sshd"), "-D", "-e", "-f", str(conf)], port):
        yield Server(given, root)


class Proxy:
    """Between a client and a server: hands on bytes until it is told to cut or to stall.

    after: bytes from the client, of one connection, after which `how` happens; the first
        `times` connections that get so far suffer it.
    """

    def __init__(self, port: int, *, after: int, how: str, times: int) -> None:
        self._port = port
        self._after = after
        self._how = how
        self._times = times
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> "Proxy":
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _spawn(self, target: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        self._listener.settimeout(0.02)
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                self._spawn(self._hand_on, client, server)

    def _hand_on(self, client: socket.socket, server: socket.socket) -> None:
        import select

        sent = 0
        with client, server, contextlib.suppress(OSError):
            while not self._stop.is_set():
                ready, _, _ = select.select([client, server], [], [], 0.02)
                for side in ready:
                    data = side.recv(1 << 15)
                    if not data:
                        return
                    if side is client:
                        sent += len(data)
                        if sent > self._after and self._times > 0:
                            self._times -= 1
                            if self._how == "stall":
                                self._stop.wait(20)
                            return
                        server.sendall(data)
                    else:
                        client.sendall(data)
