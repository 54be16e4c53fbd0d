"""Files to deliver, connections to deliver them over, and servers of other makers."""

import contextlib
import logging
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from callconv_kit.delivery import Patience
from callconv_kit.job import Connection
from callconv_kit.model import spec
from mock_server.accounts import make
from mock_server.server import MockImportServer

PASSWORD = "Tr0ub4dor&3-geheim"
"""Of all test accounts: looked for in all that any of these tests prints, logs or keeps."""

CALL = {
    "CampaignId": "1001",
    "MediaId": "20012",
    "EventDate": "2026-11-10T22:55:32-08:00",
    "ActionTrackerId": "30021",
    "CallProvider": "Invoca",
    "CallerId": "2125550123",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": "201",
    "TalkDuration": "187",
    "CallStatus": "ANSWER",
}

HASTY = Patience(attempts=3, first_wait=0.0, sleep=lambda _: None)
"""Tries again at once."""


def ready_text(*calls: dict[str, str]) -> str:
    """A ready.csv of calls that differ from CALL as given."""
    lines = [",".join(spec.NAMES)]
    for call in calls:
        cells = {**CALL, **call}
        lines.append(",".join(cells.get(name, "") for name in spec.NAMES))
    return "\n".join(lines) + "\n"


def write_ready(path: Path, *sessions: str, **more: str) -> Path:
    """A ready.csv with one call a session."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(ready_text(*({"CallSessionId": name, **more} for name in sessions)))
    return path


def connection_to(server: MockImportServer, **more: Any) -> Connection:
    """The connection of a job for this server."""
    given: dict[str, Any] = {
        "protocol": "ftps" if server.ca_file else "ftp",
        "host": server.host,
        "port": server.port,
        "user": server.account.user,
        "directory": server.account.name,
        "timeout": 60,
    }
    if server.ca_file:
        given["ca_file"] = str(server.ca_file)
    return Connection(**{**given, **more})


def sessions_on(server: MockImportServer) -> list[str]:
    """The sessions of the server's pending actions, sorted."""
    return sorted(action.cells["CallSessionId"] for action in server.pending_actions())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail every test whose output, log or traceback shows a password; see also tests/leaks.py."""
    report = yield
    said = "\n".join((report.longreprtext, *(text for _, text in report.sections)))
    if PASSWORD in said:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} shows a secret at {call.when}"
    return report


@pytest.fixture(autouse=True)
def _all_that_can_be_logged_is(caplog: pytest.LogCaptureFixture) -> None:
    """The finest level, so that the looks for passwords and numbers see every line."""
    caplog.set_level(logging.DEBUG, "callconv_kit")


@pytest.fixture(autouse=True)
def _nothing_kept_holds_a_password(tmp_path: Path) -> Iterator[None]:
    """Look through every file that a test leaves: ledger, reports, records of runs."""
    yield
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "netrc" and path.stat().st_size < 5_000_000:
            assert PASSWORD.encode() not in path.read_bytes(), f"{path} holds the password"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MockImportServer]:
    """A plain server with the account `demo`."""
    with MockImportServer(tmp_path / "server", [make("demo", PASSWORD)]) as serving:
        yield serving


@pytest.fixture(scope="module")
def zygote() -> Iterator[Any]:
    """Runs commands in forked children."""
    from .forked import Zygote

    running = Zygote()
    yield running
    running.close()


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A ready.csv of three calls, A, B and C."""
    return write_ready(tmp_path / "out" / "ready.csv", "A", "B", "C")


def needs(*tools: str) -> None:
    """Skip where a tool is missing; in CI that is a failure."""
    missing = [tool for tool in tools if shutil.which(tool, path=SBIN) is None]
    reason = f"missing here: {', '.join(missing)}"
    if sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() != 0):
        missing, reason = ["root"], "needs root on a Unix"
    if missing:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


UNPACKED = Path("/opt/ftp-servers")
"""Where .ci/run unpacks servers that Debian does not install beside one another."""

SBIN = (
    f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:{UNPACKED}/usr/sbin:{UNPACKED}/usr/bin"
)


def tool(name: str) -> str:
    """Where a tool is."""
    found = shutil.which(name, path=SBIN)
    assert found is not None
    return found


@contextlib.contextmanager
def running(command: list[str], port: int, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that listens on `port` while the block runs."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more
    )
    try:
        for _ in range(6000):
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            select_pause()
        else:
            pytest.fail(f"{command[0]} does not listen on {port}")
        yield process
    finally:
        process.kill()
        process.wait()


def select_pause() -> None:
    """Give a starting process a moment."""
    import select

    select.select([], [], [], 0.01)


Make = Callable[..., Any]
