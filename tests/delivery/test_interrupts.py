"""Ctrl-C and SIGTERM: 130 before the first byte of an upload, 5 after it, and true words."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import State
from mock_server.server import MockImportServer

from ..ports import closed_port
from .conftest import PASSWORD, select_pause, sessions_on, write_ready
from .forked import Zygote

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM to another process"),
]

NOW = "2026-11-20T06:00:00+00:00"
SIGNALS = [signal.SIGINT, signal.SIGTERM]


def job_for(server: MockImportServer, folder: Path, method: str = "direct") -> Path:
    write_ready(folder / "inbox" / "calls.csv", "A", "B", "C")
    job = folder / "job.toml"
    job.write_text(
        f'input = "inbox/*.csv"\n[connection]\nprotocol = "ftp"\nhost = "{server.host}"\n'
        f'port = {server.port}\nuser = "demo"\ntimeout = 30\nmethod = "{method}"\n'
    )
    return job


def states(folder: Path) -> list[State]:
    path = folder / ".callconv" / "ledger.sqlite"
    if not path.exists():
        return []
    with Ledger.open(path) as ledger:
        return [found.state for found in ledger.submissions()]


def wait_for(what: Callable[[], bool]) -> None:
    for _ in range(3000):  # half a minute: a test that hangs tells nobody anything
        if what():
            return
        select_pause()
    raise AssertionError("it never came so far")


WHEN = {
    # fault, method, the state in the ledger at which the signal comes, exit, the state afterwards
    "waiting for a greeting": ("no-greeting", "direct", State.INTENT, 130, State.NOT_DELIVERED),
    "waiting for 226": ("stall", "direct", State.SENDING, 5, State.UNKNOWN),
    "waiting for 226 under a temporary name": ("stall", "rename", State.INTENT, 130, State.INTENT),
}


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize(("fault", "method", "at", "status", "after"), WHEN.values(), ids=WHEN)
def test_an_interrupted_run_settles_or_names_what_it_began(
    zygote: Zygote,
    server: MockImportServer,
    tmp_path: Path,
    number: signal.Signals,
    fault: str,
    method: str,
    at: State,
    status: int,
    after: State,
) -> None:
    job = job_for(server, tmp_path, method)
    server.fault(fault)
    child = zygote.start("run", str(job), "--now", NOW, "--quiet")
    wait_for(lambda: states(tmp_path) == [at] and not server.faults())
    os.kill(child, number)
    assert zygote.wait() == status
    assert states(tmp_path) == [after]
    again = zygote.run("run", str(job), "--now", NOW, "--quiet")
    assert again == (5 if after is State.UNKNOWN else 0)
    assert sessions_on(server) == ([] if after is State.UNKNOWN else ["A", "B", "C"])


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_no_job_follows_the_one_that_was_interrupted(
    zygote: Zygote, server: MockImportServer, tmp_path: Path, number: signal.Signals
) -> None:
    first, second = job_for(server, tmp_path / "1"), job_for(server, tmp_path / "2")
    server.fault("stall")
    child = zygote.start("run", str(first), str(second), "--now", NOW, "--quiet")
    wait_for(lambda: states(tmp_path / "1") == [State.SENDING] and not server.faults())
    os.kill(child, number)
    assert zygote.wait() == 5
    assert states(tmp_path / "2") == []


COMMANDS = {
    "upload": ("upload", "inbox/calls.csv"),
    "run": ("run", "job.toml", "--quiet"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(("fault", "status"), [("no-greeting", 130), ("stall", 5)])
def test_the_words_after_an_interrupt_are_true(
    server: MockImportServer, tmp_path: Path, command: tuple[str, ...], fault: str, status: int
) -> None:
    job_for(server, tmp_path).rename(tmp_path / "callconv.toml")
    (tmp_path / "job.toml").write_text((tmp_path / "callconv.toml").read_text())
    server.fault(fault)
    running = subprocess.Popen(
        [sys.executable, "-m", "callconv_kit", *command, "--now", NOW],
        cwd=tmp_path,
        env={**os.environ, "CALLCONV_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    at = State.SENDING if status == 5 else State.INTENT
    wait_for(lambda: states(tmp_path) == [at] and not server.faults())
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate()
    assert running.returncode == status
    assert "Traceback" not in said
    if status == 5:
        assert "callconv status --settle delivered 2026-11-20_CallConv" in said
    else:
        assert "was not sent" in said


def test_an_interrupt_during_start_up_is_one_line(tmp_path: Path) -> None:
    # The signal comes while the command line is imported: a module that it needs sends it.
    (tmp_path / "click.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nimport time\ntime.sleep(60)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "callconv_kit", "status"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 130
    assert ended.stderr.startswith("callconv: interrupted.")
    assert len(ended.stderr.splitlines()) == 1


def test_without_a_ledger_an_interrupted_upload_is_unknown_too(
    server: MockImportServer, tmp_path: Path
) -> None:
    ready = write_ready(tmp_path / "ready.csv", "A")
    server.fault("stall")
    code = (
        "import sys\nfrom callconv_kit.delivery import upload\n"
        "from callconv_kit import OutcomeUnknown\nfrom callconv_kit.job import Connection\n"
        "c = Connection(protocol='ftp', host='127.0.0.1', port=int(sys.argv[1]), user='demo')\n"
        "def sent(done, size): print('sent', flush=True)\n"
        "try: upload(sys.argv[2], c, ledger=None, progress=sent)\n"
        "except OutcomeUnknown as error: sys.exit(error.exit_status)\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code, str(server.port), str(ready)],
        cwd=tmp_path,
        env={**os.environ, "CALLCONV_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "sent\n"
    running.send_signal(signal.SIGINT)
    running.communicate()
    assert running.returncode == 5


def test_a_port_that_nobody_listens_at_is_waited_for_until_ctrl_c(
    zygote: Zygote, server: MockImportServer, tmp_path: Path
) -> None:
    job = job_for(server, tmp_path)
    with closed_port() as port:
        job.write_text(job.read_text().replace(str(server.port), str(port)))
        child = zygote.start("run", str(job), "--now", NOW, "--quiet")
        wait_for(lambda: states(tmp_path) == [State.INTENT])
        os.kill(child, signal.SIGINT)
        assert zygote.wait() == 130
    # An interrupt of the entry itself leaves the intent, which the next run settles.
    assert states(tmp_path) in ([State.NOT_DELIVERED], [State.INTENT])
