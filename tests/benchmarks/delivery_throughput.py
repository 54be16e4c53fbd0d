"""Upload of 1 GiB on loopback: our transfer beside curl's, to the same vsftpd, plain and TLS.

    pytest tests/benchmarks/delivery_throughput.py -m benchmark -s

Seven interleaved pairs, each once unmeasured before; the ratio is the median of the pairs'. What
is measured is what curl does: connect, log in, send, and the server's final word. Memory is that
of a process of its own that does nothing but upload.
"""

import importlib
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SIZE = 1 << 30
PAIRS = 7

_HERE = Path(__file__).parent
_TESTS = _HERE.parent / "delivery"

SENDER = """
import resource, sys, time
from pathlib import Path
from callconv_kit.delivery.attempt import Outgoing, Patience
from callconv_kit.delivery.sending import sender
from callconv_kit.job import Connection
path, name, repeat, *pairs = sys.argv[1:]
given = dict(pair.split("=", 1) for pair in pairs)
given["port"] = int(given["port"])
password = given.pop("password")
sending = sender(Connection(**given), password, Patience(attempts=1))
file = Outgoing(Path(path), Path(path).stat().st_size, "0" * 64, 1)
for number in range(int(repeat)):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    session = sending.connect()
    with file.path.open("rb", buffering=0) as opened:
        from callconv_kit.delivery.transport import Reader
        reader = Reader(opened, file.size, lambda: None, float("inf"), None)
        session.store(f"{name}-{number}", reader, 60.0)
    session.close()
    took = time.perf_counter() - begun
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(took, grown, flush=True)
    sys.stdin.readline()
"""


def _servers() -> Any:
    """tests/delivery/servers.py, which is no package."""
    sys.path.insert(0, str(_TESTS.parent))
    try:
        return importlib.import_module("delivery.servers")
    finally:
        sys.path.remove(str(_TESTS.parent))


@pytest.mark.benchmark
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_a_gigabyte_goes_as_fast_as_curl_sends_it(tls: bool) -> None:
    servers = _servers()
    # In memory, on both sides: the network path is what is compared.
    folder = Path("/dev/shm") / f"callconv-throughput-{os.getpid()}"  # noqa: S108 - a RAM disk
    folder.mkdir()
    source = folder / "gigabyte.csv"
    try:
        with source.open("wb") as out:
            block = os.urandom(1 << 20)
            for _ in range(SIZE >> 20):
                out.write(block)
        with servers.a_user() as user, servers.vsftpd(folder / "v", tls=tls, user=user) as server:
            ratios, ours, grown = _pairs(server, source, servers.PASSWORD)
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=True)
    ratio = statistics.median(ratios)
    print(  # noqa: T201 - the figures
        f"\n{'TLS' if tls else 'plain'}: {ratio:.2f} of curl's rate (pairs {min(ratios):.2f} to "
        f"{max(ratios):.2f}), {SIZE / 1e6 / statistics.median(ours):.0f} MB/s; memory grew by at "
        f"most {max(grown) / 1024:.1f} MiB"
    )
    assert ratio >= 0.9
    assert max(grown[1:]) < 16 * 1024


def _pairs(server: Any, source: Path, password: str) -> tuple[list[float], list[float], list[int]]:
    given = {**server.connection, "password": password}
    given = {key: value for key, value in given.items() if value}
    arguments = [f"{key}={value}" for key, value in given.items()]
    command = [sys.executable, "-c", SENDER, str(source), "ours", str(PAIRS + 1), *arguments]
    ratios, ours, grown = [], [], []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as us:
        assert us.stdin is not None
        assert us.stdout is not None
        for number in range(PAIRS + 1):
            took, growth = us.stdout.readline().split()
            curl = _curl(server, source, password, f"curl-{number}")
            for left in server.root.iterdir():
                assert left.stat().st_size == SIZE
                left.unlink()
            grown.append(int(growth))
            if number:
                ratios.append(curl / float(took))
                ours.append(float(took))
            us.stdin.write("\n")
            us.stdin.flush()
    return ratios, ours, grown


def _curl(server: Any, source: Path, password: str, name: str) -> float:
    to = server.connection
    command = ["curl", "-sS", "-T", str(source)]
    if to["protocol"] == "ftps":
        command += ["--ssl-reqd", "--cacert", to["ca_file"]]
    command += ["-u", f"{to['user']}:{password}", f"ftp://127.0.0.1:{to['port']}/{name}"]
    begun = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - begun
