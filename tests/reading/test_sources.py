"""Where bytes come from: pipes, standard input, archives with odd names, paths that are none."""

import io
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import openpyxl
import pytest

from callconv_kit import prepare, reading
from callconv_kit.cli.main import main
from callconv_kit.model.errors import CallConvError, InputError
from callconv_kit.reading import sheets

CASES = Path(__file__).parents[1] / "data" / "cases"
NOW = "2026-11-26T06:00:00Z"
EXPORT = CASES / "nul_byte" / "calls.csv"
HEADER = ["CallerId", "City"]


def opened(path, **options):
    return reading.open_tables([path], HEADER.__contains__, **options)


def rows(table):
    return [
        list(row)
        for batch in table.batches()
        for row in zip(*(column.to_pylist() for column in batch.cells), strict=True)
    ]


# -- what can be read only once --------------------------------------------------------------------


@pytest.fixture
def pipe(tmp_path):
    """A named pipe into which an export is written."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(EXPORT.read_bytes()))
    writer.start()
    yield path
    writer.join()


def test_a_named_pipe_is_read_once_and_kept(pipe):
    prepared = prepare(pipe, now=NOW)
    assert prepared.summary["rows_ready"] == 2
    assert prepared.summary["inputs"][0]["file"] == "pipe"


def test_a_named_pipe_can_be_one_of_several_inputs(tmp_path, pipe):
    from concurrent.futures import ThreadPoolExecutor

    other = tmp_path / "other.csv"
    other.write_text(EXPORT.read_text().replace("s-1", "s-3").replace("s-2", "s-4"))
    with ThreadPoolExecutor(2) as executor:
        prepared = prepare([pipe, other], now=NOW, executor=executor)
    assert prepared.summary["rows_ready"] == 4


COMMANDS = {
    "standard input": "cat {} | callconv prepare - {}",
    "its device": "cat {} | callconv prepare /dev/stdin {}",
    "its device, from a file": "callconv prepare /dev/stdin {1} < {0}",
    "a substituted process": "callconv prepare <(cat {}) {}",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_shell_hands_data_over_in_each_of_its_ways(tmp_path, command):
    folder = tmp_path / "tmp"
    folder.mkdir()
    line = command.format(EXPORT, f"--now {NOW} --out {tmp_path / 'out'}")
    line = line.replace("callconv", f"{sys.executable} -m callconv_kit")
    environment = {**os.environ, "TMPDIR": str(folder)}
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, env=environment, check=False
    )  # our own line
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "ready.csv").read_text().count("\n") == 3
    assert list(folder.iterdir()) == []


def test_a_full_temporary_folder_is_a_sentence(tmp_path):
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "from callconv_kit.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    folder = tmp_path / "tmp"
    folder.mkdir()
    done = subprocess.run(  # our own program
        [sys.executable, "-B", "-c", code, "prepare", "-", "--out", str(tmp_path / "out")],
        input=EXPORT.read_bytes(),
        capture_output=True,
        env={**os.environ, "TMPDIR": str(folder)},
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert b"temporary folder" in done.stderr
    assert b"Traceback" not in done.stderr
    assert list(folder.iterdir()) == []


def test_a_missing_temporary_folder_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    packed = tmp_path / "calls.zip"
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as bundle:
        bundle.writestr("a.csv", "CallerId,City\n")
    with zipfile.ZipFile(packed, "w") as bundle:
        bundle.writestr("inner.zip", inner.getvalue())
    with pytest.raises(InputError, match="temporary folder") as caught:
        opened(packed)
    assert caught.value.code == "output_failed"


def test_a_closed_standard_input_is_a_sentence(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(InputError, match="no standard input"):
        opened("-")


# -- names -----------------------------------------------------------------------------------------

NAMED = {
    "bytes that are not UTF-8": (b"caf\xe9.csv", "caf\\xE9.csv"),
    "a terminal's escape": (b"e\x1b[31m.csv", "e\\x1B[31m.csv"),
    "a line break": (b"a\nb.csv", "a\\x0Ab.csv"),
    "accents": ("café.csv".encode(), "café.csv"),
    "a no-break space": ("a\u202fb.csv".encode(), "a\u202fb.csv"),
}


@pytest.mark.parametrize(("name", "shown"), NAMED.values(), ids=NAMED)
@pytest.mark.parametrize("command", ["prepare", "check", "inspect"])
def test_a_file_may_have_any_name(tmp_path, capsys, name, shown, command):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
    Path(path).write_bytes(EXPORT.read_bytes())
    options = ["--now", NOW] if command != "inspect" else []
    if command == "prepare":
        options += ["--out", str(tmp_path / "out")]
    assert main([command, path, *options]) in {0, 1}
    capsys.readouterr()
    summary = prepare(path, now=NOW, max_rejected_share=1.0).summary
    assert summary["inputs"][0]["file"] == shown


def test_rejected_rows_of_a_file_with_an_odd_name_come_back(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv"))
    path.write_text(EXPORT.read_text().replace("201,187,ANSWER,Boston", "long,187,ANSWER,Boston"))
    first = prepare(path, now=NOW, out=tmp_path / "out", max_rejected_share=1.0)
    assert first.summary["rows_rejected"] == 1
    rejected = tmp_path / "out" / "rejected.csv"
    fixed = tmp_path / "fixed.csv"
    fixed.write_text(
        rejected.read_text(encoding="utf-8").replace(",long,", ",201,"), encoding="utf-8"
    )
    assert prepare(path, fixes=fixed, now=NOW).summary["rows_ready"] == 2


LONG = "x" * 300
IMPOSSIBLE = {
    "too long": LONG,
    "too long, in a folder": f"a/{LONG}/b.csv",
    "a NUL": "a\0b.csv",
    "nothing": "",
    "beneath a file": f"{EXPORT}/calls.csv",
    "a folder": ".",
    "a device": "/dev/zero",
    "the null device": os.devnull,
}


@pytest.mark.parametrize("path", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_path_that_is_no_file_is_a_sentence(path):
    with pytest.raises(CallConvError) as caught:
        prepare(path, now=NOW)
    assert caught.value.exit_status == (2 if "\0" in path or not path else 3)
    assert caught.value.next_step


@pytest.mark.parametrize("out", [LONG, f"a/{LONG}/b", "a\0b", os.devnull], ids=repr)
def test_a_folder_that_can_not_be_made_is_a_sentence(tmp_path, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CallConvError) as caught:
        prepare(EXPORT, out=out, now=NOW)
    assert caught.value.exit_status in {2, 3}
    assert caught.value.next_step


def test_a_written_job_with_a_name_that_is_too_long_is_a_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["init", str(EXPORT), "--yes", "--out", LONG]) == 3
    assert "File name too long" in capsys.readouterr().err


# -- archives --------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["zip_bad_utf8_name", "zip_empty_name"])
def test_the_given_archives_with_odd_names_end_with_a_sentence(case):
    with pytest.raises(InputError) as caught:
        prepare(CASES / case / "x.zip", now=NOW)
    assert caught.value.exit_status == 3
    assert "x.zip" in str(caught.value)


def archive(path, *files):
    with zipfile.ZipFile(path, "w") as bundle:
        for name, text in files:
            bundle.writestr(name, text)
    return path


ONE, TWO = "CallerId,City\n1,a\n", "CallerId,City\n2,b\n"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_both_read(tmp_path):
    path = archive(tmp_path / "calls.zip", ("calls.csv", ONE), ("calls.csv", TWO))
    tables = opened(path)
    assert [table.name for table in tables] == ["calls.zip/calls.csv", "calls.zip/calls.csv (2)"]
    assert [rows(table) for table in tables] == [[["1", "a"]], [["2", "b"]]]
    (second,) = opened(f"{path}/calls.csv (2)")
    assert rows(second) == [["2", "b"]]


MEMBERS = {
    "a terminal's escape": ("\x1b[31m.csv", "\\x1B[31m.csv"),
    "a path out of the folder": ("../../calls.csv", "../../calls.csv"),
    "an absolute path": ("/etc/calls.csv", "/etc/calls.csv"),
    "backslashes": ("a\\b.csv", "a\\b.csv"),
    "accents": ("café.csv", "café.csv"),
}


@pytest.mark.parametrize(("name", "shown"), MEMBERS.values(), ids=MEMBERS)
def test_a_file_in_an_archive_may_have_any_name(tmp_path, name, shown):
    (table,) = opened(archive(tmp_path / "calls.zip", (name, ONE)))
    assert table.name == f"calls.zip/{shown}"
    assert rows(table) == [["1", "a"]]


# -- workbooks -------------------------------------------------------------------------------------


def workbook_with_row(path, number):
    book = openpyxl.Workbook()
    for row in (HEADER, ["1", "a"], ["2", "b"]):
        book.active.append(row)
    book.save(path)
    with zipfile.ZipFile(path) as bundle:
        parts = {name: bundle.read(name) for name in bundle.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    sheet = sheet.replace('r="3"', f'r="{number}"').replace('r="A3"', f'r="A{number}"')
    parts["xl/worksheets/sheet1.xml"] = sheet.replace('r="B3"', f'r="B{number}"').encode()
    with zipfile.ZipFile(path, "w") as bundle:
        for name, data in parts.items():
            bundle.writestr(name, data)
    return path


@pytest.mark.parametrize("number", [1_048_577, 4_000_000_000, 10**30])
def test_a_row_number_beyond_the_format_is_a_sentence(tmp_path, monkeypatch, number):
    monkeypatch.setattr(sheets, "LAST_ROW", 2_000)
    (table,) = opened(workbook_with_row(tmp_path / "calls.xlsx", number))
    with pytest.raises(InputError, match="row number") as caught:
        rows(table)
    assert caught.value.code == "unreadable"


def test_the_last_row_of_the_format_is_a_row(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "LAST_ROW", 2_000)
    (table,) = opened(workbook_with_row(tmp_path / "calls.xlsx", 2_000))
    lines = [line for batch in table.batches() for line in batch.lines.tolist()]
    assert lines == [2, 2_000]
