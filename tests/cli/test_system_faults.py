"""What the operating system refuses is a sentence and exit 3: full disks, deleted folders."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from callconv_kit.demo import sample

CALLCONV = [sys.executable, "-m", "callconv_kit"]
JOB = str(sample("callconv.toml"))
EXPORT = str(sample("export.csv"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="a Unix has these devices"),
]

PRINTING = {
    "a summary as JSON": ("prepare", EXPORT, "--job", JOB, "--out", "out", "--json"),
    "a summary": ("prepare", EXPORT, "--job", JOB, "--out", "out"),
    "a dry run": ("prepare", EXPORT, "--job", JOB, "--dry-run"),
    "an error as JSON": ("prepare", "none.csv", "--json"),
    "wrong usage as JSON": ("prepare", "--nope", "--json"),
    "a check": ("check", EXPORT, "--json"),
    "an inspection": ("inspect", EXPORT),
    "a reference": ("columns",),
    "a template": ("template",),
    "help": ("--help",),
}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", PRINTING.values(), ids=PRINTING)
def test_standard_output_that_is_full_is_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*CALLCONV, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            check=False,
        )
    assert done.returncode == 3, done.stderr
    assert "Standard output can't be written. Found: No space left on device." in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_what_was_written_before_is_whole(tmp_path: Path) -> None:
    command = [*CALLCONV, *PRINTING["a summary as JSON"]]
    with Path("/dev/full").open("w") as full:
        subprocess.run(command, stdout=full, stderr=full, cwd=tmp_path, check=False)
    again = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    kept = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert kept["rows_ready"] == json.loads(again.stdout)["rows_ready"] > 0


def test_a_reader_that_has_enough_is_no_fault(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{' '.join(CALLCONV)} columns | head -n 1; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


WHERE_NOTHING_IS = {
    "prepare": ("prepare", "calls.csv"),
    "prepare with whole paths": ("prepare", EXPORT, "--job", JOB, "--out", "/tmp/never"),  # noqa: S108 # never made
    "standard input": ("prepare", "-"),
    "check": ("check", "calls.csv"),
    "inspect": ("inspect", "calls.csv"),
    "init": ("init", "calls.csv"),
    "demo": ("demo",),
    "run": ("run", "callconv.toml"),
    "presets": ("presets",),
}


@pytest.mark.parametrize("arguments", WHERE_NOTHING_IS.values(), ids=WHERE_NOTHING_IS)
def test_a_current_folder_that_was_deleted_is_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["bash", "-c", 'rmdir "$0" && exec "$@"', str(gone), *CALLCONV, *arguments],
        capture_output=True,
        text=True,
        cwd=gone,
        stdin=subprocess.DEVNULL,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "The current folder no longer exists" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("way", ["standard input", "a dry run", "outputs"])
def test_a_disk_that_is_full_is_a_sentence_and_leaves_no_ready_file(
    tmp_path: Path, way: str
) -> None:
    head, *rows = Path(EXPORT).read_text().splitlines(keepends=True)
    big = tmp_path / "big.csv"
    big.write_text(head + "".join(rows) * 8)
    command = {
        "standard input": f"cat big.csv | {' '.join(CALLCONV)} prepare - --job {JOB} --out out",
        "a dry run": f"{' '.join(CALLCONV)} prepare big.csv --job {JOB} --dry-run",
        "outputs": f"{' '.join(CALLCONV)} prepare big.csv --job {JOB} --out out",
    }[way]
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 64; set -o pipefail; {command}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={
            "TMPDIR": str(tmp_path),
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "ready.csv").exists()
    assert [path.name for path in tmp_path.glob("callconv-*")] == []
