"""`callconv init` as a person meets it: in a terminal, with --yes, and when something is wrong."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.request import urlopen

import pytest

from .terminal import Terminal

pytestmark = pytest.mark.slow

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
        assert "Which time zone" in question
        assert "fall on another day in UTC" in question
        terminal.type("America/NewYork")
        again = terminal.wait_for("> ")
        assert "America/New_York" in again  # the nearest zone, and the same question again
        terminal.type("America/New_York")
        question = terminal.wait_for("> ")
        assert "2 of 6" in question
        assert "call ID" in question
        terminal.type("<")
        question = terminal.wait_for("> ")
        assert "1 of 6" in question
        assert "Which time zone" in question
        terminal.type("America/Chicago")
        assert "2 of 6" in terminal.wait_for("> ")
        terminal.type("Recording Url")
        question = terminal.wait_for("> ")
        assert "3 of 6" in question
        assert "[call_if_answered]" in question
        terminal.type("")  # takes the proposal
        question = terminal.wait_for("> ")
        assert "CampaignId, the program" in question
        terminal.type("1001")
        question = terminal.wait_for("> ")
        assert "MediaId, the media partner" in question
        assert "lookup:trackers.csv:Tracking Number" in question
        terminal.type("lookup:trackers.csv:Tracking Number")
        question = terminal.wait_for("> ")
        assert "Event Types" in question
        terminal.type("30021")
        summary = terminal.wait_for("[yes] > ")
        assert "Write callconv.toml?" in summary
        assert "America/Chicago" in summary
        assert "of 57 ready" in summary
        assert not (folder / "callconv.toml").exists()
        terminal.type("timezon")
        assert "Did you mean timezone?" in terminal.wait_for("[yes] > ")
        terminal.type("timezone")
        assert "Which time zone" in terminal.wait_for("> ")
        terminal.type("America/New_York")
        assert "America/New_York" in terminal.wait_for("[yes] > ")
        terminal.type("")
        shown, status = terminal.end()
    assert status == 0
    assert "You were asked 6 questions." in shown
    assert "Fill in trackers.csv: MediaId for each Tracking Number." in shown
    assert "Then run: callconv prepare calls.csv --job callconv.toml" in shown
    assert "Wrote callconv.toml" in shown
    assert "Wrote trackers.csv" in shown
    assert "of 57 ready" in shown
    assert "your attention" in shown
    assert "555-0" not in shown.replace("***-0", "")
    job = tomllib.loads((folder / "callconv.toml").read_text())
    assert job["constants"] == {"CampaignId": 1001, "ActionTrackerId": 30021}
    assert job["columns"] == {"CallSessionId": "Recording Url"}
    assert job["lookup"] == {"file": "trackers.csv", "on_source": "Tracking Number"}
    rows = (folder / "trackers.csv").read_text().splitlines()
    assert rows[0] == "Tracking Number,MediaId,Calls"
    text = "\n".join([rows[0], *(row.replace(",,", ",20012,") for row in rows[1:])])
    (folder / "trackers.csv").write_text(text)
    run = callconv(folder, "prepare", "calls.csv", "--job", "callconv.toml", "--now", NOW, "--json")
    summary = json.loads(run.stdout)
    assert f"{summary['rows_ready']} of {summary['rows_read']} ready" in shown
    assert summary["rows_ready"] > 50


STRANGER = """\
Call Ref,Client Phone,Our Line,Beginning,Finish,Kind,Result
a1,(617) 555-0123,(800) 555-0142,2026-11-12 09:30:05,2026-11-12 09:33:26,incoming,Accepted
a2,(305) 555-0108,(800) 555-0142,2026-11-12 10:02:41,2026-11-12 10:03:29,incoming,Accepted
a3,(415) 555-0140,(800) 555-0142,2026-11-12 11:47:19,2026-11-12 11:47:44,incoming,Missed
a4,(702) 555-0161,(800) 555-0199,2026-11-12 12:05:58,2026-11-12 12:06:49,incoming,Voicemail
a5,(800) 555-0142,(212) 555-0133,2026-11-13 08:15:33,2026-11-13 08:15:50,outgoing,Accepted
a6,(213) 555-0119,(800) 555-0142,2026-11-13 16:59:59,2026-11-13 17:00:09,incoming,Nobody there
"""


def test_a_stranger_is_asked_at_most_fifteen_questions_in_a_terminal(tmp_path):
    (tmp_path / "calls.csv").write_text(STRANGER)
    typed = {
        "timezone": "America/New_York",
        "status 'Accepted'": "ANSWER",
        "status 'Nobody there'": "INCOMPLETE",
        "CampaignId": "1001",
        "MediaId": "20012",
        "ActionTrackerId": "7001",
        "CallProvider": "Pbx",
    }
    wording = {"Which time zone": "timezone", "Which status is 'Accepted'": "status 'Accepted'"}
    wording["Which status is 'Nobody there'"] = "status 'Nobody there'"
    with Terminal("init", "calls.csv", "--now", NOW, folder=tmp_path) as terminal:
        asked = 0
        while True:
            shown = terminal.wait_for(("> ", "Wrote "))
            if shown.endswith("Wrote "):
                break
            asked += "[yes] > " not in shown
            key = next((k for words, k in wording.items() if words in shown), "")
            key = key or next((k for k in typed if f"{k}, the" in shown), "")
            terminal.type(typed.get(key, ""))  # Enter takes every proposal
        shown, status = terminal.end()
    assert status == 0
    assert 8 <= asked <= 15
    assert f"You were asked {asked} questions." in shown
    job = tomllib.loads((tmp_path / "callconv.toml").read_text())
    assert job["columns"]["CallDuration"] == {"difference": ["Finish", "Beginning"]}
    assert job["leave_out"][0]["equals"] == "outgoing"
    assert "TODO" not in (tmp_path / "callconv.toml").read_text()


def test_a_job_that_is_declined_is_not_written(tmp_path):
    (tmp_path / "calls.csv").write_text(STRANGER)
    with Terminal("init", "calls.csv", "--accept", "likely", folder=tmp_path) as terminal:
        while "[yes] > " not in terminal.wait_for("> "):
            terminal.type("")
        terminal.type("no")
        shown, status = terminal.end()
    assert (status, "Nothing was written." in shown) == (0, True)
    assert [path.name for path in tmp_path.iterdir()] == ["calls.csv"]


def test_ctrl_c_in_the_dialogue_is_130_and_writes_nothing(folder):
    with Terminal("init", "calls.csv", folder=folder) as terminal:
        terminal.wait_for("> ")
        terminal.interrupt()
        shown, status = terminal.end()
    assert status == 130
    assert "interrupted" in shown
    assert [path.name for path in folder.iterdir()] == ["calls.csv"]


def test_the_first_line_of_a_job_names_its_schema(folder):
    callconv(folder, "init", "calls.csv", "--yes", "--now", NOW)
    first = (folder / "callconv.toml").read_text(encoding="utf-8").splitlines()[0]
    with urlopen(first.removeprefix("#:schema ")) as schema:  # noqa: S310 # a file
        assert "timezone" in json.load(schema)["properties"]


def test_with_yes_nothing_is_asked_and_blanks_are_marked(folder):
    run = callconv(folder, "init", "calls.csv", "--yes", "--now", NOW, stdin=subprocess.DEVNULL)
    assert (run.returncode, run.stderr) == (0, "")
    assert "marked TODO: timezone, call_id, campaign, partner, tracker, talk_time" in run.stdout
    assert "CampaignId, MediaId, ActionTrackerId filled in, timezone UTC" in run.stdout
    text = (folder / "callconv.toml").read_text()
    assert text.count("# TODO") == 6
    run = callconv(folder, "prepare", "calls.csv", "--job", "callconv.toml", "--now", NOW)
    assert run.returncode == 2
    for name in ("CampaignId", "MediaId", "ActionTrackerId"):
        assert f"[constants] {name} is blank" in run.stderr
    text = text.replace('Id = ""', "Id = 1001").replace("from = []", 'from = ["Recording Url"]')
    text = text.replace('talk_time = ""', 'talk_time = "call_if_answered"')
    (folder / "callconv.toml").write_text(text)
    run = callconv(folder, "prepare", "calls.csv", "--job", "callconv.toml", "--now", NOW)
    assert run.returncode == 3
    assert "timezone" in run.stderr


OUTBOUND = """\
id,start,from,to,duration,billsec,status,direction
A1,2026-11-12T14:30:05Z,+16175550123,+18005550142,201,187,answered,inbound
A2,2026-11-12T15:30:05Z,+18005550142,+13055550108,309,300,answered,outbound
"""


def test_an_open_question_about_which_rows_go_stops_prepare(tmp_path):
    (tmp_path / "calls.csv").write_text(OUTBOUND.replace("direction", "kind of call"))
    answers = ["campaign=1", "partner=2", "tracker=3", "provider=P", "call_id=id"]
    given = [part for each in answers for part in ("--answer", each)]
    callconv(tmp_path, "init", "calls.csv", "--yes", "--now", NOW, *given)
    run = callconv(tmp_path, "prepare", "calls.csv", "--job", "callconv.toml", "--now", NOW)
    assert run.returncode == 2
    assert "leave_out" in run.stderr
    (tmp_path / "callconv.toml").unlink()
    callconv(
        tmp_path,
        "init",
        "calls.csv",
        "--yes",
        "--now",
        NOW,
        *given,
        "--answer",
        "direction=inbound",
    )
    run = callconv(
        tmp_path, "prepare", "calls.csv", "--job", "callconv.toml", "--now", NOW, "--json"
    )
    told = json.loads(run.stdout)
    assert (run.returncode, told["rows_ready"], told["rows_left_out"]) == (0, 1, 1)


def test_json_tells_questions_answers_the_job_and_the_outlook(folder):
    given = ["--answer", "campaign=1001", "--answer", "date_order=day-first", "--accept", "likely"]
    run = callconv(folder, "init", "calls.csv", "--yes", "--json", "--now", NOW, *given)
    told = json.loads(run.stdout)
    assert list(told) == [
        "written", "job", "preset", "fit", "questions", "answers", "blanks", "passed_over",
        "warnings", "drift", "outlook",
    ]  # fmt: skip
    assert list(told["outlook"]) == [
        "rows", "ready", "need_you", "left_out", "reasons", "warnings", "assumed", "stopped",
    ]  # fmt: skip
    assert set(told["outlook"]["reasons"][0]) == {
        "code", "column", "rows", "problem", "fix", "left_out",
    }  # fmt: skip
    assert set(told["questions"][0]) == {
        "id", "text", "samples", "choices", "proposal", "confidence", "why", "effects",
    }  # fmt: skip
    assert told["job"] == "callconv.toml"
    assert told["blanks"] == ["timezone", "partner", "tracker"]
    assert told["answers"]["campaign"] == {"value": "1001", "from": "answered"}
    assert told["answers"]["talk_time"] == {"value": "call_if_answered", "from": "likely"}
    assert [each["id"] for each in told["passed_over"]] == ["date_order"]
    assert run.stderr == ""


UNKNOWN = {
    "a question that is none": ("timezon=UTC", 'Did you mean "timezone"?'),
    "a column that is none": ("map.CallrId=From", 'Did you mean "map.CallerId"?'),
    "no pair": ("timezone", "is not ID=VALUE"),
    "an answer that is none": ("timezone=Mars", "America"),
}


@pytest.mark.parametrize(("given", "said"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_answer_that_is_none_is_usage(folder, given, said):
    run = callconv(folder, "init", "calls.csv", "--yes", "--now", NOW, "--answer", given)
    assert run.returncode == 2
    assert said in run.stderr
    assert not (folder / "callconv.toml").exists()


def test_a_status_may_hold_an_equals_sign(tmp_path):
    rows = "\n".join(
        f"c{n},2026-11-12T14:{n:02}:05Z,+1617555012{n},+18005550142,201,187,code={n % 2}"
        for n in range(6)
    )
    (tmp_path / "calls.csv").write_text(f"id,start,from,to,duration,billsec,status\n{rows}\n")
    given = ["--answer", "status.code=1=ANSWER", "--answer", "status.code=0=CANCEL"]
    run = callconv(
        tmp_path, "init", "calls.csv", "--yes", "--accept", "likely", "--now", NOW, *given
    )
    assert run.returncode == 0
    job = tomllib.loads((tmp_path / "callconv.toml").read_text())
    assert job["values"]["CallStatus"] == {"code=1": "ANSWER", "code=0": "CANCEL"}


def test_with_a_job_that_is_there_what_changed_is_told_and_a_new_one_written_beside_it(folder):
    old = (
        'preset = "callrail"\ntimezone = "America/Chicago"\ntalk_time = "call_if_answered"\n'
        "[constants]\nCampaignId = 1001\nMediaId = 20012\nActionTrackerId = 7001\n"
        '[columns]\nCallSessionId = "Recording URL 2"\n'
    )
    (folder / "callconv.toml").write_text(old)
    run = callconv(folder, "init", "calls.csv", "--yes", "--accept", "likely", "--now", NOW)
    assert run.returncode == 0
    assert "'Recording URL 2' is gone; 'Recording Url' may be its new name" in run.stdout
    assert (folder / "callconv.toml").read_text() == old
    job = tomllib.loads((folder / "callconv-2.toml").read_text())
    assert job["timezone"] == "America/Chicago"
    assert job["constants"] == {"CampaignId": 1001, "MediaId": 20012, "ActionTrackerId": 7001}


MADE_UP = "Start,From,To,Direction,Seconds,Talked\n" + "".join(
    f"2026-11-{day:02} 10:0{day % 10}:00,212555{1000 + day},8005550100,{way},60,{day}\n"
    for day, way in zip(
        range(1, 21), ["inbound", "outbound", "inbound", "inbound", "internal"] * 4, strict=True
    )
)
RULE = '[[leave_out]]\nsource_column = "Direction"\n'
# rules of the old job → the answer to `direction` that they give
DIRECTIONS = {
    "every other value is left out": (RULE + 'in = ["outbound", "internal"]\n', "inbound"),
    "in two rules": (RULE + 'equals = "outbound"\n' + RULE + 'equals = "internal"\n', "inbound"),
    "a value that may be new": (RULE + 'equals = "outbound"\n', None),
    "no rule": ("", None),
    "a rule for another column": (RULE.replace("Direction", "From") + 'equals = "x"\n', None),
}


@pytest.mark.parametrize(("rules", "answer"), DIRECTIONS.values(), ids=DIRECTIONS)
def test_a_job_that_is_there_answers_which_rows_go_and_what_identifies_a_call(
    tmp_path, rules, answer
):
    (tmp_path / "calls.csv").write_text(MADE_UP)
    (tmp_path / "callconv.toml").write_text(f'session_id_from = ["Start", "From"]\n{rules}')
    run = callconv(tmp_path, "init", "calls.csv", "--yes", "--json", "--now", NOW)
    told = json.loads(run.stdout)
    assert "direction" in [question["id"] for question in told["questions"]]
    assert told["answers"]["call_id"]["value"] == "Start,From"
    direction = told["answers"]["direction"]  # without an answer of the job: as its words say
    assert direction == {"value": "inbound", "from": "answered" if answer else "sure"}


def test_the_job_lies_beside_the_export_or_where_out_says(folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "calls.csv").write_bytes((folder / "calls.csv").read_bytes())
    callconv(folder, "init", "sub/calls.csv", "--yes", "--now", NOW)
    assert (folder / "sub" / "callconv.toml").exists()
    callconv(folder, "init", "sub/calls.csv", "--yes", "--out", "mine.toml", "--now", NOW)
    assert (folder / "mine.toml").exists()
    before = (folder / "mine.toml").read_bytes()
    again = callconv(folder, "init", "calls.csv", "--yes", "--now", NOW, "--out", "mine.toml")
    assert "Wrote mine-2.toml" in again.stdout
    assert (folder / "mine.toml").read_bytes() == before


def test_answers_may_come_through_a_pipe(folder):
    answers = "America/New_York\nRecording Url\n\n1001\n20012\n30021\n"
    run = callconv(folder, "init", "calls.csv", "--now", NOW, input=answers)
    assert run.returncode == 0
    assert "TODO" not in (folder / "callconv.toml").read_text()
    assert "`callconv prepare`: " in run.stdout


def test_a_status_that_is_none_is_asked_for_again_at_once(tmp_path):
    (tmp_path / "calls.csv").write_text(STRANGER.replace("Nobody there", "Code 17"))
    given = (
        "timezone=UTC",
        "status.Accepted=ANSWER",
        "campaign=1",
        "partner=2",
        "tracker=3",
        "provider=PBX",
    )
    known = [part for answer in given for part in ("--answer", answer)]
    arguments = ["init", "calls.csv", "--now", NOW, "--accept", "likely", *known]
    run = callconv(tmp_path, *arguments, input="Transferred\nFAILURE\n\n")
    assert run.stdout.count("I didn't understand") == 1
    assert run.returncode == 0
    job = tomllib.loads((tmp_path / "callconv.toml").read_text())
    assert job["values"]["CallStatus"]["Code 17"] == "FAILURE"


def test_a_lookup_file_that_is_there_is_used_and_never_overwritten(folder):
    (folder / "trackers.csv").write_text("Tracking Number,MediaId\n8005550100,20012\n")
    answers = "America/New_York\nRecording Url\n\n1001\ntrackers.csv\n30021\n"
    run = callconv(folder, "init", "calls.csv", "--now", NOW, input=answers)
    assert (folder / "trackers.csv").read_text() == "Tracking Number,MediaId\n8005550100,20012\n"
    assert "the look-up file doesn't have this key" in run.stdout
    assert "→ Add the key to the look-up file" in run.stdout


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


def test_accept_likely_asks_for_nothing_that_is_proposed(tmp_path):
    rows = "".join(
        f"c{n},Inbound,2026-11-20T15:0{n}:05Z,212555012{n},8005550142,201,187,Answered\n"
        for n in range(6)
    )
    header = "Call ID,Direction,Start Time,Caller,Called,Duration,Talk Time,Status\n"
    (tmp_path / "calls.csv").write_text(
        header + rows + "c9,Outbound,2026-11-20T15:09:05Z,8005550142,2125550129,60,50,Answered\n"
    )
    known = ("campaign=1001", "partner=20012", "tracker=7001", "provider=PBX")
    given = [part for answer in known for part in ("--answer", answer)]
    arguments = ["init", "calls.csv", "--now", NOW, "--accept", "likely", *given]
    run = callconv(tmp_path, *arguments, input="\n")
    assert run.returncode == 0
    assert "Which values of 'Direction'" not in run.stdout
    job = tomllib.loads((tmp_path / "callconv.toml").read_text())
    assert [rule["equals"] for rule in job["leave_out"]] == ["Outbound"]
