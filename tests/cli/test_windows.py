"""What differs on Windows, as far as it can be simulated on another system.

A redirected output is in the console's code page there; Python has no fcntl; SIGTERM can't be
caught from outside; editors write CRLF; paths have drives and backslashes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from callconv_kit.demo import sample

NOW = "2026-11-24T12:00:00+00:00"
CODE_PAGES = ["cp1252", "cp437"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("windows")
    cells = sample("export.csv").read_text(encoding="utf-8").replace("Boston", "北京 😀", 3)
    (folder / "calls.csv").write_text(cells, encoding="utf-8")
    job = sample("callconv.toml").read_text(encoding="utf-8")
    (folder / "job.toml").write_text(job, encoding="utf-8")
    return folder


def callconv(folder: Path, page: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"PYTHONIOENCODING": page, "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "callconv_kit", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, env=environment)


PREPARE = ("prepare", "calls.csv", "--job", "job.toml", "--dry-run", "--now", NOW)
# command → its exit status, and a text of its output
COMMANDS = {
    ("explain", "trimmed"): (0, "->"),
    ("explain", "5"): (0, "outcome unknown"),
    ("columns", "SaleAmount"): (0, "SaleAmount"),
    ("settings",): (0, "timezone"),
    ("presets", "invoca"): (0, "Invoca"),
    ("inspect", "calls.csv"): (0, "Invoca"),
    ("init", "calls.csv", "--yes", "--out", "new/{page}.toml", "--now", NOW): (0, "TODO"),
    PREPARE: (1, "rejected"),
    ("prepare", "呼び出し.csv"): (3, "\\u547c\\u3073\\u51fa\\u3057.csv"),
}


@pytest.mark.parametrize("page", CODE_PAGES)
def test_every_command_can_write_in_a_code_page(folder: Path, page: str) -> None:
    (folder / "new").mkdir(exist_ok=True)
    for command, (status, text) in COMMANDS.items():
        done = callconv(folder, page, *(word.format(page=page) for word in command))
        said = (done.stdout + done.stderr).decode(page)
        assert done.returncode == status, said
        assert text in said, said


@pytest.mark.parametrize(
    "command", [("inspect", "calls.csv"), PREPARE, ("explain", "trimmed"), ("prepare", "呼.csv")]
)
def test_json_is_the_same_in_a_code_page(folder: Path, command: tuple[str, ...]) -> None:
    def told(encoding: str) -> object:
        done = json.loads(callconv(folder, encoding, *command, "--json").stdout.decode(encoding))
        return {name: value for name, value in done.items() if name not in {"started", "seconds"}}

    assert told("cp1252") == told("utf-8")


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_job_may_have_windows_line_ends_and_a_mark(
    folder: Path, tmp_path: Path, ending: str, mark: bytes
) -> None:
    job = sample("callconv.toml").read_text(encoding="utf-8")
    path = tmp_path / "job.toml"
    path.write_bytes(mark + job.replace("\n", ending).encode())
    run = ("prepare", "calls.csv", "--dry-run", "--now", NOW, "--json", "--job")
    whole = json.loads(callconv(folder, "utf-8", *run, str(path)).stdout)
    assert (
        whole["settings"]
        == json.loads(callconv(folder, "utf-8", *run, "job.toml").stdout)["settings"]
    )


# A Windows: no fcntl, msvcrt.locking as its documentation describes it, and no signal but SIGINT's
# like that a handler could be set for.
PRETEND = """
import errno, fcntl, os, signal, sys, types
import asyncio, subprocess, multiprocessing, ssl, sqlite3
import click, pandas, phonenumbers, psutil, pyarrow.csv, pyarrow.parquet, pydantic, rich.console
flock, once = fcntl.flock, fcntl.LOCK_EX | fcntl.LOCK_NB
def locking(file, mode, length):
    try:
        flock(file, once)
    except BlockingIOError:
        raise OSError(errno.EACCES, "Permission denied")
sys.modules["msvcrt"] = types.SimpleNamespace(locking=locking, LK_NBLCK=2)
for name in ("fcntl", "pwd", "grp", "resource", "termios"):
    sys.modules[name] = None
for name in ("SIGHUP", "SIGKILL", "SIGUSR1", "SIGPIPE", "SIGALRM"):
    delattr(signal, name)
sys.platform = "win32"
"""


def pretended(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PRETEND + code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_lock_without_fcntl_is_one_processs(tmp_path: Path) -> None:
    done = pretended(
        tmp_path,
        "from pathlib import Path\n"
        "from callconv_kit.delivery import lock\n"
        "from callconv_kit.model.errors import DeliveryError\n"
        "path = Path('ledger.lock')\n"
        "try:\n"
        "    with lock.locked(path), lock.locked(path, wait=0): print('both')\n"
        "except DeliveryError as error: print(error.code, os.getpid() == int(path.read_bytes()[:20]))\n",
    )
    assert done.stdout == "busy True\n", done.stderr


def test_a_file_is_prepared_and_recorded_as_on_windows(tmp_path: Path) -> None:
    job = sample("callconv.toml").read_text(encoding="utf-8")
    (tmp_path / "callconv.toml").write_text(job, encoding="utf-8")
    code = (
        "from callconv_kit.cli.main import main\n"
        f"assert main(['prepare', {str(sample('export.csv'))!r}, '--job', 'callconv.toml', "
        f"'--out', 'out', '--now', '{NOW}', '--quiet']) == 1\n"
        "print(main(['mark-sent', 'out/ready.csv']), main(['status']))\n"
    )
    done = pretended(tmp_path, code)
    assert done.stdout.splitlines()[-1] == "0 0", done.stdout + done.stderr
