"""What a run leaves as it is: its inputs, and everything where the job is wrong or only tried."""

import subprocess
import sys

import pytest

import callconv_kit as ck
from callconv_kit.model.errors import InputError, UsageError
from callconv_kit.writing import output

from ..mapping.test_job_rules import NOW, frame

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "callconv_kit", "prepare", "--now", NOW]


def state(folder):
    """Every file below a folder, with its bytes."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def folder(tmp_path):
    """A folder with an export, and the files of an earlier run in `out`."""
    frame(Agent="Ann").to_csv(tmp_path / "calls.csv", index=False)
    (tmp_path / "trackers.csv").write_text("CalledPhoneNumber,AdId\n8005550199,7\n")
    out = tmp_path / "out"
    out.mkdir()
    for name in output.NAMES:
        frame().to_csv(out / name, index=False)
    return tmp_path


@pytest.mark.parametrize("name", output.NAMES)
def test_an_input_under_an_output_name_is_refused_before_anything_is_touched(folder, name):
    before = state(folder)
    with pytest.raises(UsageError) as refused:
        ck.prepare(folder / "out" / name, out=folder / "out", now=NOW)
    assert refused.value.code == "input_is_output"
    assert state(folder) == before


def ways(folder):
    """Arguments of `prepare` with which a file of the outputs would be read."""
    (folder / "link.csv").symlink_to(folder / "out" / "ready.csv")
    (folder / "alias").symlink_to(folder / "out")
    lookup = {"file": folder / "out" / "left_out.csv", "on": "CalledPhoneNumber"}
    return {
        "a fixes file": {"inputs": "calls.csv", "fixes": "out/rejected.csv"},
        "one of several inputs": {"inputs": ["calls.csv", "out/left_out.csv"]},
        "a link to it": {"inputs": "link.csv"},
        "another way to the folder": {"inputs": "alias/ready.csv"},
        "a way that goes back": {"inputs": "out/../out/ready.csv"},
        "an address": {"inputs": f"file://{folder}/out/ready.csv"},
        "a pattern of the job": {"input": "out/*.csv"},
        "the look-up file": {"inputs": "calls.csv", "lookup": lookup},
    }


@pytest.mark.parametrize("way", range(8))
def test_a_file_of_the_outputs_is_known_however_it_is_named(folder, monkeypatch, way):
    monkeypatch.chdir(folder)
    arguments = list(ways(folder).values())[way]
    before = state(folder)
    with pytest.raises(UsageError) as refused:
        ck.prepare(**arguments, out="out", now=NOW)
    assert refused.value.code == "input_is_output"
    assert state(folder) == before


def test_standard_input_from_a_file_of_the_outputs_is_refused(folder):
    before = state(folder)
    with (folder / "out" / "ready.csv").open("rb") as ready:
        run = subprocess.run(
            [*COMMAND, "-", "--out", "out"],
            cwd=folder, stdin=ready, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert run.returncode == 2
    assert "The input on standard input is the file that this run would write" in run.stderr
    assert state(folder) == before


def test_what_was_prepared_is_not_written_over_its_own_input(folder):
    prepared = ck.prepare(folder / "out" / "rejected.csv", now=NOW)
    before = state(folder)
    with pytest.raises(UsageError) as refused:
        prepared.write(folder / "out")
    assert refused.value.code == "input_is_output"
    assert state(folder) == before
    assert prepared.write(folder / "elsewhere").is_dir()


# a job that is wrong, found at different times
WRONG_JOBS = {
    "a key": 'timezon = "UTC"\n',
    "a constant": "[constants]\nMediaId = -3\n",
    "a target": '[values.CallStatus]\nMissed = "INCOMPLET"\n',
    "a preset": 'preset = "nowhere.toml"\n',
    "a look-up": '[lookup]\nfile = "nowhere.csv"\non = "CallerId"\n',
}


@pytest.mark.parametrize("text", WRONG_JOBS.values(), ids=WRONG_JOBS)
def test_a_wrong_job_touches_nothing(folder, text):
    (folder / "job.toml").write_text(f'session_id_from = ["Agent"]\n{text}')
    before = state(folder)
    run = subprocess.run(
        [*COMMAND, "calls.csv", "--job", "job.toml", "--out", "out", "--ledger"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 2, run.stderr
    assert state(folder) == before
    assert not (folder / ".callconv").exists()


@pytest.mark.parametrize("more", [[], ["--ledger"], ["--audit"], ["--rejected-as", "xlsx"]])
def test_a_dry_run_leaves_no_file_no_key_and_no_ledger(folder, more):
    (folder / "job.toml").write_text('session_id_from = ["Agent"]\n')
    frame(Agent="Ann").drop(columns="CallSessionId").to_csv(folder / "calls.csv", index=False)
    before = state(folder)
    run = subprocess.run(
        [*COMMAND, "calls.csv", "--job", "job.toml", "--out", "out", "--dry-run", *more],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "The one row is ready to go." in run.stdout
    assert state(folder) == before
    assert not (folder / ".callconv").exists()


def test_a_dry_run_from_python_leaves_nothing_and_shows_everything(folder):
    before = state(folder)
    prepared = ck.prepare(folder / "calls.csv", out=folder / "out", dry_run=True, now=NOW)
    assert len(prepared.ready) == 1
    assert state(folder) == before


def test_the_ready_csv_of_an_earlier_run_is_gone_when_the_first_byte_is_read(folder):
    with pytest.raises(InputError, match="There is no file"):
        ck.prepare(folder / "nowhere.csv", out=folder / "out", now=NOW)
    assert not (folder / "out" / "ready.csv").exists()
    assert (folder / "out" / "rejected.csv").exists()
