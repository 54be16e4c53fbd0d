"""kill -9 at any moment: after a re-run each call stands on the server once, or is said unknown.

The figures of the long test are printed; run it with
`pytest tests/delivery/test_killed.py -m long -s`.
"""

import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import State
from mock_server.server import MockImportServer

from .conftest import PASSWORD, sessions_on, write_ready
from .forked import Zygote

NOW = "2026-11-20T06:00:00+00:00"
ROWS = 400

IN_DOUBT = {State.SENDING, State.SENT, State.RENAMING}
"""States between the first byte and the verification: a kill there may leave an unknown outcome."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no fork and no kill -9"),
]


class Killed(NamedTuple):
    """One kill: the state in which it left the submission, and how the re-run ended."""

    left: str
    again: int


def kill_and_run_again(
    zygote: Zygote, server: MockImportServer, folder: Path, method: str, kill_after: float
) -> Killed:
    sessions = [f"{folder.name}-{number:04}" for number in range(ROWS)]
    write_ready(folder / "inbox" / "calls.csv", *sessions)
    job = folder / "job.toml"
    job.write_text(
        'input = "inbox/*.csv"\n[connection]\nprotocol = "ftp"\n'
        f'host = "{server.host}"\nport = {server.port}\nuser = "demo"\ntimeout = 60\n'
        f'file_name = "{folder.name}_{{hash}}.csv"\nmethod = "{method}"\n'
    )
    command = ("run", str(job), "--now", NOW, "--quiet")
    zygote.run(*command, kill_after=kill_after)
    left = state_of(folder)
    again = zygote.run(*command)
    here = [name for name in sessions_on(server) if name.startswith(f"{folder.name}-")]
    assert len(here) == len(set(here)), "a call arrived twice"
    if again == 5:
        assert left in IN_DOUBT, f"unknown although the run was killed while {left}"
        assert state_of(folder) is State.UNKNOWN
        assert here in ([], sessions)
    else:
        assert again == 0
        assert here == sessions
    # And never again, whatever came of it.
    assert zygote.run(*command) in (0, again)
    after = [name for name in sessions_on(server) if name.startswith(f"{folder.name}-")]
    assert after == here
    return Killed(str(left), again)


def state_of(folder: Path) -> State | str:
    path = folder / ".callconv" / "ledger.sqlite"
    if not path.exists():
        return "no ledger"
    with Ledger.open(path) as ledger:
        found = ledger.submissions()
        return found[-1].state if found else "nothing begun"


def kill_many(
    zygote: Zygote, server: MockImportServer, folder: Path, seed: int, times: int, method: str
) -> Counter[Killed]:
    # How long a whole run takes here decides over which span the kills are spread.
    begun = time.monotonic()
    kill_and_run_again(zygote, server, folder / "whole", method, 60.0)
    span = (time.monotonic() - begun) * 0.4
    chance = random.Random(seed)
    killed: Counter[Killed] = Counter()
    for number in range(times):
        each = folder / f"{method}{number:03}"
        killed[kill_and_run_again(zygote, server, each, method, chance.uniform(0, span))] += 1
    return killed


@pytest.mark.parametrize(("method", "times"), [("direct", 25), ("rename", 6)])
def test_a_killed_run_neither_loses_nor_repeats_a_call(
    zygote: Zygote, server: MockImportServer, tmp_path: Path, method: str, times: int
) -> None:
    kill_many(zygote, server, tmp_path, 20261120, times, method)


@pytest.mark.long
@pytest.mark.parametrize("method", ["direct", "rename"])
def test_two_hundred_killed_runs(
    zygote: Zygote, server: MockImportServer, tmp_path: Path, method: str
) -> None:
    for kill, count in kill_many(zygote, server, tmp_path, 7, 200, method).most_common():
        print(f"{count:4} killed while {kill.left}: the re-run ended with {kill.again}")  # noqa: T201


MOMENTS = {
    "before the first byte": (State.INTENT, 0, 0),
    "with the first byte, nothing arrived": (State.SENDING, 0, 5),
    "with the first byte, all arrived": (State.SENDING, None, 5),  # a size proves nothing
    "in the middle": (State.SENDING, 1000, 5),
    "after 226": (State.SENT, None, 0),
}


@pytest.mark.parametrize(("left", "arrived", "again"), MOMENTS.values(), ids=MOMENTS)
def test_what_a_kill_leaves_is_settled_by_looking(
    zygote: Zygote,
    server: MockImportServer,
    tmp_path: Path,
    left: State,
    arrived: int | None,
    again: int,
) -> None:
    """The moments that a random kill seldom hits, made by hand."""
    import ftplib

    folder = tmp_path / "moment"
    assert kill_and_run_again(zygote, server, folder, "direct", 60.0).again == 0
    with Ledger.open(folder / ".callconv" / "ledger.sqlite") as ledger:
        (whole,) = ledger.submissions()
    write_ready(folder / "inbox" / "calls.csv", *(f"later-{number:04}" for number in range(50)))
    server.fault("stor-550")
    command = ("run", str(folder / "job.toml"), "--now", NOW, "--quiet")
    assert zygote.run(*command) == 4
    with Ledger.open(folder / ".callconv" / "ledger.sqlite") as ledger:
        failed = ledger.submissions()[-1]
        ledger.enter(failed.id, left)
    sent = next(run for run in (folder / "runs" / "job").glob("*/ready.csv")).parent.parent
    data = max(sent.glob("*/ready.csv"), key=lambda path: path.stat().st_mtime).read_bytes()
    if left is not State.INTENT:
        with ftplib.FTP() as ftp:
            ftp.connect(server.host, server.port)
            ftp.login("demo", PASSWORD)
            import io

            if arrived != 0:
                ftp.storbinary(f"STOR {failed.name}", io.BytesIO(data[:arrived]))
    before = len(sessions_on(server))
    assert zygote.run(*command) == again
    arrived_now = [name for name in sessions_on(server) if name.startswith("later-")]
    assert len(arrived_now) == len(set(arrived_now))
    if again == 0:
        assert len(arrived_now) == 50
    else:
        assert len(sessions_on(server)) == before
    assert whole.state is State.DELIVERED
