"""Uploads of 1 GiB on loopback: the mock beside vsftpd, by the same curl, plain and TLS.

    pytest tests/benchmarks/mock_server_throughput.py -m benchmark -s

Interleaved pairs, each once unmeasured before; the ratio is the median of the pairs'. The file is
no .csv, so that what is measured is the FTP side; a .csv of 200,000 rows shows what judging costs.
Memory is the highest of the mock's own process, which does nothing else.
"""

import importlib
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

SIZE = 1 << 30
PAIRS = 5
ROWS = 200_000
NOW = "2026-11-24T12:00:00+00:00"

_TESTS = Path(__file__).parents[1]

MOCK = """
import sys
from pathlib import Path
from mock_server.accounts import make
from mock_server.server import MockImportServer
root, user, password, tls, now = sys.argv[1:]
from datetime import datetime
with MockImportServer(Path(root), [make(user, password)], tls=tls, now=datetime.fromisoformat(now)) as server:
    print(server.port, server.ca_file or "", flush=True)
    for line in sys.stdin:
        print(sum(s.total_records for s in server.submissions()), flush=True)
"""


class Target(NamedTuple):
    """A server that curl uploads to; `root` is where its uploads are."""

    port: int
    user: str
    password: str
    ca_file: str
    root: Path
    process: psutil.Process | None = None


def _imported(name: str) -> Any:
    """A helper of the tests, which are no package."""
    sys.path.insert(0, str(_TESTS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(_TESTS))


@contextmanager
def _mock(folder: Path, tls: bool) -> Iterator[tuple[Target, "subprocess.Popen[str]"]]:
    user, password = "demo", "secret"
    kind = "required" if tls else "off"
    command = [sys.executable, "-c", MOCK, str(folder), user, password, kind, NOW]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        port, _, ca_file = run.stdout.readline().strip().partition(" ")
        process = psutil.Process(run.pid)
        yield Target(int(port), user, password, ca_file, folder / user, process), run
        assert run.stdin is not None
        run.stdin.close()


@contextmanager
def _highest(process: psutil.Process) -> Iterator[list[int]]:
    """Resident memory of a process, in bytes: before the block, and at most while it ran."""
    before, ended = process.memory_info().rss, threading.Event()
    seen = [before, before]

    def watch() -> None:
        while not ended.wait(0.02):
            seen[1] = max(seen[1], process.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        ended.set()
        watching.join()


def _curl(target: Target, source: Path, name: str) -> float:
    command = ["curl", "-q", "-sS", "-T", str(source), "-u", f"{target.user}:{target.password}"]
    if target.ca_file:
        command += ["--ssl-reqd", "--cacert", target.ca_file]
    begun = time.perf_counter()
    subprocess.run([*command, f"ftp://127.0.0.1:{target.port}/{name}"], check=True)
    return time.perf_counter() - begun


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory: the servers are compared, not the disk."""
    made = Path("/dev/shm") / f"callconv-mock-{os.getpid()}"  # noqa: S108 - a RAM disk
    made.mkdir()
    yield made
    shutil.rmtree(made)


@pytest.mark.benchmark
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_gigabyte_beside_vsftpd(folder: Path, tls: bool) -> None:
    servers = _imported("delivery.servers")
    source = folder / "gigabyte.bin"
    block = os.urandom(1 << 20)
    with source.open("wb") as out:
        for _ in range(SIZE >> 20):
            out.write(block)
    times: dict[str, list[float]] = {"mock": [], "vsftpd": []}
    with (
        servers.a_user() as user,
        servers.vsftpd(folder / "v", tls=tls, user=user) as other,
        _mock(folder / "m", tls) as (mock, _),
    ):
        to = other.connection
        theirs = Target(to["port"], user, servers.PASSWORD, to.get("ca_file", ""), other.root)
        grown = peak = 0
        for number in range(PAIRS + 1):
            for name, target in (("mock", mock), ("vsftpd", theirs)):
                assert mock.process is not None
                with _highest(mock.process) as seen:
                    took = _curl(target, source, "gigabyte.bin")
                left = target.root / "gigabyte.bin"
                assert left.stat().st_size == SIZE
                left.unlink()
                if number:
                    times[name].append(took)
                    grown, peak = max(grown, seen[1] - seen[0]), max(peak, seen[1])
    ratio = statistics.median(v / m for m, v in zip(times["mock"], times["vsftpd"], strict=True))
    rates = {name: SIZE / 1e6 / statistics.median(took) for name, took in times.items()}
    print(  # noqa: T201 - the figures
        f"\n{'TLS' if tls else 'plain'}: mock {rates['mock']:.0f} MB/s, vsftpd "
        f"{rates['vsftpd']:.0f} MB/s, ratio {ratio:.2f}; the mock's memory grew by at most "
        f"{grown / 1e6:.1f} MB, to {peak / 1e6:.0f} MB"
    )
    assert grown < 16e6


@pytest.mark.benchmark
def test_judging_many_rows_keeps_memory_flat(folder: Path) -> None:
    spec = importlib.import_module("callconv_kit.model.spec")
    right = {
        "CampaignId": "1001", "MediaId": "20012", "EventDate": "2026-11-20T09:30:05-05:00",
        "ActionTrackerId": "30021", "CallProvider": "Invoca", "CallerId": "2125550123",
        "CalledPhoneNumber": "8005550199", "CallDuration": "201", "TalkDuration": "187",
    }  # fmt: skip
    source = folder / "rows.csv"
    with source.open("w") as out:
        out.write(",".join(spec.NAMES) + "\n")
        for number in range(ROWS):
            row = right | {"CallSessionId": f"S{number}"}
            out.write(",".join(row.get(name, "") for name in spec.NAMES) + "\n")
    with _mock(folder / "m", False) as (mock, run):
        assert mock.process is not None
        assert run.stdin is not None
        assert run.stdout is not None
        _curl(mock, source, "warm.csv")
        run.stdin.write("\n")
        run.stdin.flush()
        assert int(run.stdout.readline()) == ROWS
        begun = time.perf_counter()
        with _highest(mock.process) as seen:
            _curl(mock, source, "rows.csv")
            run.stdin.write("\n")
            run.stdin.flush()
            assert int(run.stdout.readline()) == 2 * ROWS
        took = time.perf_counter() - begun
    grown = seen[1] - seen[0]
    print(  # noqa: T201 - the figures
        f"\n{ROWS / took:.0f} rows a second; memory grew by at most {grown / 1e6:.1f} MB, to "
        f"{seen[1] / 1e6:.0f} MB"
    )
    assert grown < 16e6
