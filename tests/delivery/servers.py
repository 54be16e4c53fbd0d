"""Servers of other makers, as their users run them: vsftpd and OpenSSH."""

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

import trustme

from callconv_kit.job import Connection

from .conftest import PASSWORD, free_port, needs, running, tool

USER = f"callconv-{os.getpid()}"
"""Of this process: test runs side by side make and remove their own."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `root` is where its uploads are."""

    connection: dict[str, Any]
    root: Path

    def to(self, **more: Any) -> Connection:
        """A connection to it."""
        return Connection(**{**self.connection, "timeout": 5, **more})


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
