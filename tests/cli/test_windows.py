"""What differs on Windows, as far as it can be simulated on another system.

A redirected output is in the console's code page there; Python has no fcntl; SIGTERM can't be
caught from outside; editors write CRLF; paths have drives and backslashes.
"""

import json
import ntpath
import os
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

from callconv_kit.cli.main import main
from callconv_kit.demo import sample
from callconv_kit.job import Job, layers
from callconv_kit.model.errors import UsageError
from callconv_kit.model.names import is_address, is_windows_device, without_file_scheme
from callconv_kit.profiling.answering import _LOOKUP
from callconv_kit.reading.inputs import matching
from callconv_kit.writing.output import OutputFolder

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
    PREPARE: (1, "***-***-0120 -> ******0120"),
    ("prepare", "呼び出し.csv"): (3, "\\u547c\\u3073\\u51fa\\u3057.csv"),
}


@pytest.mark.slow
@pytest.mark.parametrize("page", CODE_PAGES)
def test_every_command_can_write_in_a_code_page(folder: Path, page: str) -> None:
    (folder / "new").mkdir(exist_ok=True)
    for command, (status, text) in COMMANDS.items():
        done = callconv(folder, page, *(word.format(page=page) for word in command))
        said = (done.stdout + done.stderr).decode(page)
        assert done.returncode == status, said
        assert text in said, said


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [("inspect", "calls.csv"), PREPARE, ("explain", "trimmed"), ("prepare", "呼.csv")]
)
def test_json_is_the_same_in_a_code_page(folder: Path, command: tuple[str, ...]) -> None:
    def told(encoding: str) -> object:
        done = json.loads(callconv(folder, encoding, *command, "--json").stdout.decode(encoding))
        return {name: value for name, value in done.items() if name not in {"started", "seconds"}}

    assert told("cp1252") == told("utf-8")


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


# -- paths -----------------------------------------------------------------------------------------

PATHS = {
    r"C:\exports\calls.csv": False,
    "C:/exports/calls.csv": False,
    "C://exports/calls.csv": False,
    "c:calls.csv": False,
    "c::calls.csv": False,
    r"\\server\share\calls.csv": False,
    r"C:\exports\2026-11.zip\calls.csv": False,
    "s3://bucket/calls.csv": True,
    "file:///C:/exports/calls.csv": True,
    "zip://calls.csv::s3://bucket/calls.zip": True,
    "simplecache::s3://bucket/calls.csv": True,
}


@pytest.mark.parametrize(("text", "address"), PATHS.items())
def test_a_drive_is_not_taken_for_the_scheme_of_an_address(text: str, address: bool) -> None:
    assert is_address(text) is address


@pytest.mark.parametrize("path", [path for path, address in PATHS.items() if not address])
def test_a_missing_file_on_a_drive_is_reported_as_a_missing_file(
    path: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["prepare", path, "--timezone", "UTC", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "unreadable"
    (tmp_path / "job.toml").write_text(f"input = '{path}'\n", encoding="utf-8")
    assert main(["prepare", "--job", "job.toml", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "no_input"


FILE_ADDRESSES = {
    "file:///C:/exports/calls.csv": "C:/exports/calls.csv",
    r"file:///d:\calls.csv": r"d:\calls.csv",
    "file:///srv/calls.csv": "/srv/calls.csv",
    "file://calls.csv": "calls.csv",
    "/C:/odd/calls.csv": "/C:/odd/calls.csv",
    r"C:\calls.csv": r"C:\calls.csv",
}


@pytest.mark.parametrize(("text", "path"), FILE_ADDRESSES.items())
def test_a_file_address_is_a_path(text: str, path: str) -> None:
    assert without_file_scheme(text) == path


BACKSLASHES = {
    "not an escape": r'input = "C:\exports\calls.csv"',
    "eight digits are missing": r'input = "C:\Users\ada\calls.csv"',
    "two digits are missing": r'input = "C:\exports\x.csv"',
    "the last one escapes the quote": 'input = "C:\\exports\\"',
    "a tab": r'input = "C:\trackers\calls.csv"',
    "a line feed": r'input = "C:\new.csv"',
    "a form feed": r'input = ["C:\files.csv"]',
    "a carriage return": r'ledger = "D:\runs.sqlite"',
    "in a table": '[lookup]\nfile = "C:\\trackers.csv"\non = "CalledPhoneNumber"',
    "a backspace": '[connection]\nhost = "h"\nuser = "u"\nca_file = "C:\\build.pem"',
}


@pytest.mark.parametrize("text", BACKSLASHES.values(), ids=BACKSLASHES)
def test_a_backslash_in_double_quotes_is_named_as_the_cause(text: str, tmp_path: Path) -> None:
    job = tmp_path / "callconv.toml"
    job.write_text(f"{text}\n", encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        Job.load(job)
    assert raised.value.code in {"job_unreadable", "job_bad_value"}
    for words in ("backslash", "single quotes", "forward slashes"):
        assert words in raised.value.next_step


@pytest.mark.parametrize(
    "text", [r"'C:\new\trackers.csv'", r'"C:\\new\\trackers.csv"', '"C:/new/trackers.csv"']
)
def test_a_path_of_windows_can_be_written_in_three_ways(text: str, tmp_path: Path) -> None:
    job = tmp_path / "callconv.toml"
    job.write_text(f"input = {text}\n", encoding="utf-8")
    (read,) = Job.load(job).input or ()
    assert PureWindowsPath(read).parts[-2:] == ("new", "trackers.csv")


def test_a_path_on_another_drive_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "Path", PureWindowsPath)
    monkeypatch.setattr(layers.os.path, "relpath", ntpath.relpath)
    home = PureWindowsPath(r"C:\jobs")
    assert layers.relative(r"C:\jobs\calls.csv", home) == "calls.csv"
    assert layers.relative(r"D:\exports\calls.csv", home) == "D:/exports/calls.csv"


LOOKUPS = {
    "lookup:trackers.csv:Tracking Number": ("trackers.csv", "Tracking Number"),
    r"lookup:C:\data\trackers.csv:Tracking Number": (r"C:\data\trackers.csv", "Tracking Number"),
    "lookup:C:/data/trackers.csv": ("C:/data/trackers.csv", None),
    "lookup:t:Number": ("t", "Number"),
}


@pytest.mark.parametrize(("answer", "parts"), LOOKUPS.items())
def test_a_look_up_file_may_be_on_a_drive(answer: str, parts: tuple[str, str | None]) -> None:
    found = _LOOKUP.fullmatch(answer)
    assert found is not None
    assert (found["file"], found["on"]) == parts


DEVICES = {
    "con": True,
    "NUL.csv": True,
    "aux .txt": True,
    "Com1": True,
    "lpt9.tar.gz": True,
    "console.csv": False,
    "com10": False,
    "calls.con": False,
    "nulls": False,
}


@pytest.mark.parametrize(("name", "device"), DEVICES.items())
def test_the_names_of_devices(name: str, device: bool) -> None:
    assert is_windows_device(name) is device


@pytest.mark.parametrize("name", [name for name, device in DEVICES.items() if device])
def test_no_file_or_folder_gets_the_name_of_a_device(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="file_name"):
        Job(connection={"host": "h", "user": "u", "directory": "d", "file_name": name})
    assert OutputFolder(tmp_path / name).path == tmp_path / name
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(UsageError, match="no folder can have"):
        OutputFolder(tmp_path / name)


def test_brackets_in_the_name_of_a_download_are_not_a_pattern(tmp_path: Path) -> None:
    file = tmp_path / "calls[1].csv"
    file.write_text("a\n", encoding="utf-8")
    assert matching(str(file)) == [str(file)]
    assert matching(str(tmp_path / "calls*.csv")) == [str(file)]
