"""Files that hold calls are their owner's alone, and killed runs leave nothing that stays."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE

import psutil
import pytest

import callconv_kit as ck
from callconv_kit.cli.main import main
from callconv_kit.writing import private
from mock_server.accounts import make
from mock_server.server import MockImportServer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")

NOW = "2026-11-20T06:00:00+00:00"
CALL = {
    "CampaignId": "1001",
    "MediaId": "20012",
    "EventDate": "2026-11-10T22:55:32-08:00",
    "ActionTrackerId": "30021",
    "CallProvider": "Invoca",
    "CallSessionId": "A",
    "CallerId": "2125550123",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": "201",
    "TalkDuration": "187",
    "CallStatus": "ANSWER",
}
WRONG = {**CALL, "CallSessionId": "B", "CallDuration": "3 min?"}


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o277], ids=lambda mask: f"umask {mask:03o}")
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A job with an input, and a server that it delivers to."""
    monkeypatch.setenv("CALLCONV_PASSWORD", "pw-for-modes")
    with MockImportServer(accounts=[make("demo", "pw-for-modes")]) as server:
        folder = tmp_path / "job"
        folder.mkdir()
        lines = [",".join(CALL), *(",".join(call.values()) for call in (CALL, WRONG))]
        (folder / "calls.csv").write_text("\n".join(lines) + "\n")
        path = folder / "callconv.toml"
        path.write_text(
            f'input = "calls.csv"\n[connection]\nprotocol = "ftp"\nhost = "{server.host}"\n'
            f'port = {server.port}\nuser = "demo"\n'
        )
        yield path


def modes(folder: Path, *, but: set[Path]) -> dict[str, int]:
    """The modes of everything below a folder that was not there before."""
    return {
        str(path.relative_to(folder)): S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
        if path not in but
    }


COMMANDS = {
    "prepare": ("prepare", "calls.csv", "--out", "a/b/out", "--audit", "--rejected-as", "xlsx"),
    "run": ("run", "callconv.toml", "--quiet"),
}


@pytest.mark.parametrize("readers", ["owner", "group"])
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_what_holds_calls_is_its_owners_whatever_the_umask(
    job: Path, command: tuple[str, ...], readers: str, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    del umask
    folder = job.parent
    if readers == "group":
        job.write_text('readable_by = "group"\n' + job.read_text())
    monkeypatch.chdir(folder)
    before = set(folder.rglob("*"))
    if command[0] == "prepare":
        command = (*command, "--job", "callconv.toml")
    assert main([*command, "--now", NOW]) == 1
    found = modes(folder, but=before)
    assert len(found) > 8
    file, of_folder = (0o600, 0o700) if readers == "owner" else (0o640, 0o750)
    expected = {
        name: of_folder if (folder / name).is_dir() else file
        for name in found
        if not name.endswith(".lock")  # holds no call; only its owner needs it
    }
    assert {name: mode for name, mode in found.items() if name in expected} == expected


def test_a_folder_that_was_there_keeps_its_mode(job: Path) -> None:
    out = job.parent / "out"
    out.mkdir()
    out.chmod(0o2775)
    main(["prepare", str(job.parent / "calls.csv"), "--out", str(out), "--now", NOW])
    assert S_IMODE(out.stat().st_mode) == 0o2775
    assert {S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}


def test_the_same_from_python(tmp_path: Path) -> None:
    import pandas as pd

    prepared = ck.prepare(pd.DataFrame([CALL, WRONG]), now=NOW)
    assert S_IMODE(prepared.folder.stat().st_mode) == 0o700
    written = prepared.write(tmp_path / "written")
    assert set(modes(written, but=set()).values()) == {0o600}


# -- work folders ----------------------------------------------------------------------------------


def dead_process() -> int:
    """The number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def marker(**more: object) -> dict[str, object]:
    kept = {"host": private._host(), "pid": dead_process(), "started": time.time()}
    return {**kept, **more}


def parents_start() -> float:
    return psutil.Process(os.getppid()).create_time()


LEFT = {
    "its process is gone": (lambda: marker(), False),
    "another process has its number": (
        lambda: marker(pid=os.getppid(), started=parents_start() - 60),
        False,
    ),
    "its process runs": (lambda: marker(pid=os.getppid(), started=parents_start() + 1), True),
    "another host": (lambda: marker(host="elsewhere"), True),
    "no marker": (lambda: None, True),
    "a marker of something else": (lambda: {"pid": 1}, True),
    "a marker that is no object": (lambda: [1], True),
}


@pytest.mark.parametrize(("kept", "stays"), LEFT.values(), ids=LEFT)
def test_a_run_removes_what_a_killed_one_left_and_nothing_else(
    job: Path, kept: object, stays: bool
) -> None:
    out = job.parent / "out"
    left = out / ".callconv-1a2b3c"
    left.mkdir(parents=True)
    (left / "ready.csv").write_text("half")
    content = kept()  # type: ignore[operator]
    if content is not None:
        (left / private.MARKER).write_text(json.dumps(content))
    assert main(["prepare", str(job.parent / "calls.csv"), "--out", str(out), "--now", NOW]) == 1
    assert left.exists() == stays
    assert [path for path in out.glob(".callconv-*") if path != left] == []


def test_a_killed_run_leaves_a_work_folder_that_the_next_removes(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from callconv_kit.writing import private\n"
        "with private.work_folder(Path(sys.argv[1])):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert killed.returncode == -9
    (left,) = tmp_path.iterdir()
    assert S_IMODE(left.stat().st_mode) == 0o700
    with private.work_folder(tmp_path) as mine:
        assert list(tmp_path.iterdir()) == [mine]
    assert list(tmp_path.iterdir()) == []
