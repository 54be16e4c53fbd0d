"""`callconv init` as a person meets it: in a terminal, with --yes, and when something is wrong."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .terminal import Terminal

VENDORS = Path(__file__).parents[1] / "data" / "vendors"
NOW = "2026-11-24T12:00:00Z"
COMMAND = [sys.executable, "-m", "callconv_kit"]


def callconv(folder, *arguments, **options):
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=False, **options
    )


@pytest.fixture
def folder(tmp_path):
    """A folder with the Call List of CallRail."""
    (tmp_path / "calls.csv").write_bytes((VENDORS / "callrail_list.csv").read_bytes())
    return tmp_path


def test_a_dialogue_in_a_terminal_ends_in_a_job_that_prepares(folder):
    with Terminal("init", "calls.csv", "--now", NOW, folder=folder) as terminal:
        head = terminal.wait_for("1 of 6")
        assert "callrail (CallRail, Call List): 100%, 19 of 19 columns are known" in head
        question = terminal.wait_for("> ")
        assert "In which time zone" in question
        terminal.type("America/NewYork")
        again = terminal.wait_for("> ")
        assert "America/New_York" in again  # the nearest zone, and the same question again
        terminal.type("America/New_York")
        question = terminal.wait_for("> ")
        assert "2 of 6" in question
        assert "call id" in question
        terminal.type("Recording Url")
        question = terminal.wait_for("> ")
        assert "3 of 6" in question
        assert "[call_if_answered]" in question
        terminal.type("")  # takes the proposal
        question = terminal.wait_for("> ")
        assert "CampaignId, the program" in question
        terminal.type("1001")
        question = terminal.wait_for("> ")
        assert "MediaId, the partner" in question
        assert 'trackers.csv by "Tracking Number"' in question
        terminal.type('trackers.csv by "Tracking Number"')
        question = terminal.wait_for("> ")
        assert "Event Types" in question
        terminal.type("30021")
        shown, status = terminal.end()
    assert status == 0
    assert "Wrote callconv.toml" in shown
    assert "Wrote trackers.csv" in shown
    assert "of 57 ready" in shown
    assert "need you" in shown
    assert "555-0" not in shown.replace("***-0", "")
    job = tomllib.loads((folder / "callconv.toml").read_text())
    assert job["constants"] == {"CampaignId": 1001, "ActionTrackerId": 30021}
    assert job["lookup"] == {"file": "trackers.csv", "on_source": "Tracking Number"}
    rows = (folder / "trackers.csv").read_text().splitlines()
    (folder / "trackers.csv").write_text("\n".join([rows[0], *(f"{row}20012" for row in rows[1:])]))
    run = callconv(folder, "prepare", "calls.csv", "--job", "callconv.toml", "--now", NOW, "--json")
    summary = json.loads(run.stdout)
    assert f"{summary['rows_ready']} of {summary['rows_read']} ready" in shown
    assert summary["rows_ready"] > 50


def test_ctrl_c_in_the_dialogue_is_130_and_writes_nothing(folder):
    with Terminal("init", "calls.csv", folder=folder) as terminal:
        terminal.wait_for("> ")
        terminal.interrupt()
        shown, status = terminal.end()
    assert status == 130
    assert "interrupted" in shown
    assert [path.name for path in folder.iterdir()] == ["calls.csv"]


def test_with_yes_nothing_is_asked_and_blanks_are_marked(folder):
    run = callconv(folder, "init", "calls.csv", "--yes", "--now", NOW, stdin=subprocess.DEVNULL)
    assert (run.returncode, run.stderr) == (0, "")
    assert "To be filled in there, marked TODO: timezone, CampaignId, MediaId" in run.stdout
    assert "filled in, timezone UTC: " in run.stdout
    text = (folder / "callconv.toml").read_text()
    assert text.count("# TODO") == 4
    run = callconv(folder, "prepare", "calls.csv", "--job", "callconv.toml", "--now", NOW)
    assert run.returncode == 2
    for name in ("CampaignId", "MediaId", "ActionTrackerId"):
        assert f"[constants] {name} is blank" in run.stderr
    text = text.replace('Id = ""', "Id = 1001")
    (folder / "callconv.toml").write_text(text)
    run = callconv(folder, "prepare", "calls.csv", "--job", "callconv.toml", "--now", NOW)
    assert run.returncode == 3
    assert "timezone" in run.stderr


def test_json_tells_what_was_written_and_what_is_open(folder):
    run = callconv(folder, "init", "calls.csv", "--yes", "--json", "--now", NOW)
    told = json.loads(run.stdout)
    assert list(told) == ["written", "preset", "fit", "blanks", "warnings", "outlook"]
    assert list(told["outlook"]) == [
        "rows", "ready", "need_you", "left_out", "reasons", "assumed", "stopped",
    ]  # fmt: skip
    assert set(told["outlook"]["reasons"][0]) == {
        "code", "column", "rows", "problem", "mend", "left_out",
    }  # fmt: skip
    assert told["written"] == ["callconv.toml"]
    assert told["blanks"] == ["timezone", "CampaignId", "MediaId", "ActionTrackerId"]
    assert run.stderr == ""


def test_the_job_lies_beside_the_export_or_where_out_says(folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "calls.csv").write_bytes((folder / "calls.csv").read_bytes())
    callconv(folder, "init", "sub/calls.csv", "--yes", "--now", NOW)
    assert (folder / "sub" / "callconv.toml").exists()
    callconv(folder, "init", "sub/calls.csv", "--yes", "--out", "mine.toml", "--now", NOW)
    assert (folder / "mine.toml").exists()


def test_answers_may_come_through_a_pipe(folder):
    answers = "America/New_York\nRecording Url\n\n1001\n20012\n30021\n"
    run = callconv(folder, "init", "calls.csv", "--now", NOW, input=answers)
    assert run.returncode == 0
    assert "TODO" not in (folder / "callconv.toml").read_text()
    assert "`callconv prepare`: " in run.stdout


def test_a_lookup_file_that_is_there_is_used_and_never_overwritten(folder):
    (folder / "trackers.csv").write_text("Tracking Number,MediaId\n8005550100,20012\n")
    answers = "America/New_York\nRecording Url\n\n1001\ntrackers.csv\n30021\n"
    run = callconv(folder, "init", "calls.csv", "--now", NOW, input=answers)
    assert (folder / "trackers.csv").read_text() == "Tracking Number,MediaId\n8005550100,20012\n"
    assert "the look-up file has no such key" in run.stdout
    assert "→ add the keys to the look-up file" in run.stdout


WRONG = {
    "a missing file": (["nowhere.csv", "--yes"], 3, "There is no file nowhere.csv"),
    "an empty file": (["empty.csv", "--yes"], 3, "empty.csv has no content"),
    "no table": (["noise.csv", "--yes"], 3, "noise.csv is not a table of text"),
    "a job that is there": (["calls.csv", "--yes", "--out", "old.toml"], 2, "old.toml exists already"),
    "no terminal": (["calls.csv"], 2, "need a terminal"),
    "a preset that is none": (["calls.csv", "--yes", "--preset", "calrail"], 2, 'Did you mean "callrail"?'),
    "a folder that is not there": (["calls.csv", "--yes", "--out", "no/x.toml"], 3, "no/x.toml"),
    "questions in JSON": (["calls.csv", "--json"], 2, "--json goes with --yes"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "status", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_in_words_and_nothing_is_written(folder, arguments, status, said):
    (folder / "empty.csv").touch()
    (folder / "noise.csv").write_bytes(bytes(range(256)) * 20)
    (folder / "old.toml").write_text("of yesterday")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    run = callconv(folder, "init", *arguments, "--now", NOW, stdin=subprocess.DEVNULL)
    assert run.returncode == status
    assert said in run.stderr + run.stdout
    assert "Traceback" not in run.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
