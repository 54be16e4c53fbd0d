"""Plain clients that aren't ours, as their users run them: ftplib, curl, lftp."""

import ftplib
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mock_server import MockImportServer
from mock_server.accounts import make

USER, PASSWORD = "demo", "s3cret word"


def serving(root: Path | None = None, **options) -> MockImportServer:
    """A server with the account of this module."""
    return MockImportServer(root, options.pop("accounts", [make(USER, PASSWORD)]), **options)


@contextmanager
def ftplib_to(server, user=USER, password=PASSWORD, timeout=60.0) -> Iterator[ftplib.FTP]:
    """A session of Python's ftplib, logged in; over TLS where the server wants it."""
    with connected(server, timeout) as ftp:
        ftp.login(user, password)
        if isinstance(ftp, ftplib.FTP_TLS):
            ftp.prot_p()
        yield ftp


@contextmanager
def connected(server, timeout=60.0) -> Iterator[ftplib.FTP]:
    """The same before the log-in. It is closed without QUIT."""
    if server.ca_file is None:
        with plainly(server, timeout) as ftp:
            yield ftp
        return
    context = ssl.create_default_context(cafile=server.ca_file)
    with _closing(ftplib.FTP_TLS(context=context, timeout=timeout), server) as ftp:
        yield ftp


@contextmanager
def plainly(server, timeout=60.0) -> Iterator[ftplib.FTP]:
    """A session without TLS."""
    with _closing(ftplib.FTP(timeout=timeout), server) as ftp:
        yield ftp


@contextmanager
def _closing(ftp, server):
    try:
        ftp.connect(server.host, server.port)
        yield ftp
    finally:
        ftp.close()


def needs(tool: str) -> str:
    """Where the tool is; without it the test is skipped, and in CI it fails."""
    found = shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{tool} is not installed")
        pytest.skip(f"{tool} is not installed")
    return found


def curl(server, file: Path | str, *options: str, to="", timeout=60) -> subprocess.CompletedProcess:
    """`curl -T file ftp://…/to`."""
    if server.ca_file:
        options = ("--ssl-reqd", "--cacert", str(server.ca_file), *options)
    return subprocess.run(
        [needs("curl"), "-q", "-sS", "-T", str(file), "-u", f"{USER}:{PASSWORD}", *options, f"{server.ftp_url}/{to}"],
        capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip


def lftp(server, *commands: str, timeout=60) -> subprocess.CompletedProcess:
    """`lftp -e commands`."""
    settings = ["set cmd:fail-exit yes", "set net:max-retries 1", "set net:timeout 10"]
    if server.ca_file:
        settings += ["set ftp:ssl-force yes", "set ftp:ssl-protect-data yes", f"set ssl:ca-file {server.ca_file}"]  # fmt: skip
    else:
        settings += ["set ftp:ssl-allow no"]
    return subprocess.run(
        [needs("lftp"), "--norc", "-e", "; ".join((*settings, *commands, "bye")), "-u", f"{USER},{PASSWORD}", server.ftp_url],
        capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip
