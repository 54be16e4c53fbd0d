"""`callconv presets --check`, and what `prepare` says of an export that a preset knows."""

import json
from pathlib import Path

import pytest

from callconv_kit.cli.main import main
from callconv_kit.job import PRESETS
from callconv_kit.mapping import preset as presets
from callconv_kit.mapping import preset_check
from callconv_kit.model.errors import UsageError

VENDORS = Path(__file__).parents[1] / "data" / "vendors"
RIGHT = """
[preset]
name = "switch"
title = "Our switch"

[[preset.form]]
name = "export"
needs = ["Call Id", "Began"]
columns = ["Call Id", "Began", "Direction", "Caller", "Dialed", "Seconds", "Talk", "Call Status"]

[preset.aliases]
Caller = ["Caller Number"]

[preset.called_number]
destination = ["Dialed"]

[columns]
CallSessionId = "Call Id"
EventDate = "Began"
CallerId = "Caller"
CallDuration = "Seconds"
TalkDuration = "Talk"
CallStatus = "Call Status"

[constants]
CallProvider = "Our switch"

[[leave_out]]
source_column = "Direction"
equals = "out"
code = "outbound"

[[status]]
when = {"Call Status" = "spoke", Talk = {above = 0}}
then = "ANSWER"
"""


def run(capsys, *arguments):
    status = main([*arguments])
    shown, errors = capsys.readouterr()
    return status, shown, errors


# what decides where rows go and how many may fail is the job's
OF_THE_JOB = {
    "the ledger": 'ledger = "other.sqlite"',
    "the outputs' columns": 'write = "present"',
    "the share of rejected rows": "max_rejected_share = 0.9",
    "masks": "mask = false",
    "what to send": 'send = "answered"',
}


@pytest.mark.parametrize("line", OF_THE_JOB.values(), ids=OF_THE_JOB)
def test_a_preset_decides_only_how_an_export_is_read(tmp_path, line):
    (tmp_path / "switch.toml").write_text(f"{line}\n{RIGHT}")
    with pytest.raises(UsageError) as refused:
        presets.load(str(tmp_path / "switch.toml"))
    assert f"{line.split()[0]} is not for a preset" in refused.value.problem
    assert refused.value.expected == "in the job"


@pytest.fixture
def checked(tmp_path, capsys):
    """What --check says of the right preset with one text in place of another."""

    def checked(was="", now="", *more):
        assert was in RIGHT
        path = tmp_path / "mine.toml"
        path.write_text(RIGHT.replace(was, now, 1) if was else RIGHT + now)
        return run(capsys, "presets", "--check", str(path), *more)

    return checked


@pytest.mark.parametrize("name", PRESETS)
def test_no_bundled_preset_has_a_problem(name):
    checked = preset_check.check(presets.load(name))
    assert [str(fault) for fault in checked.problems] == []
    assert {"CampaignId", "MediaId", "ActionTrackerId"} <= set(checked.needs)


def test_a_right_preset_has_no_problem_and_names_what_a_job_adds(checked):
    status, shown, _ = checked()
    assert status == 0
    assert "no problems" in shown
    added = [line.split()[0] for line in shown.split("adds:\n")[1].splitlines() if line.strip()]
    assert added == ["CampaignId", "MediaId", "ActionTrackerId"]


# What is wrong in a preset: the text that is there instead, and what is said of it.
PROBLEMS = {
    "a column that is nearly one": (
        'CallStatus = "Call Status"', 'CallStatus = "Call Stauts"',
        ["[columns] CallStatus", '"Call Stauts"', 'did you mean "Call Status"?'],
    ),
    "one of several sources": (
        'CallerId = "Caller"', 'CallerId = ["Caller", "Kaller Nr"]',
        ["[columns] CallerId", '"Kaller Nr"'],
    ),
    "a column of a rule that leaves rows out": (
        'source_column = "Direction"', 'source_column = "Dirextion"',
        ["[[leave_out]] (number 1)", 'did you mean "Direction"?'],
    ),
    "a second column of such a rule": (
        'equals = "out"', 'equals = "out"\nwhen = {Talkk = {empty = true}}',
        ["[[leave_out]] (number 1)", 'did you mean "Talk"?'],
    ),
    "a column of a status rule": (
        "Talk = {above = 0}", "Tallk = {above = 0}",
        ["[[status]] (number 1)", 'did you mean "Talk"?'],
    ),
    "the called number": (
        'destination = ["Dialed"]', 'destination = ["Number Dialed"]',
        ["[preset.called_number] destination", '"Number Dialed"'],
    ),
    "the columns by which a form is known": (
        'needs = ["Call Id", "Began"]', 'needs = ["Call Id", "Begann"]',
        ['"export"', "under needs", 'did you mean "Began"?'],
    ),
    "a column that nothing is like": (
        'TalkDuration = "Talk"', 'TalkDuration = "Zzz"', ['"Zzz"', "add it to the columns"],
    ),
    "legs over columns that are not there": (
        "", '\n[legs]\nkey = "Call Id"\nparent = "Parent Id"\n', ["[legs] parent", '"Parent Id"'],
    ),
    "a warning over a column that is not there": (
        "[columns]", '[[preset.doubt]]\ncolumn = "CallStatus"\ntext = "rough"\nwhen = {Kwality = "bad"}\n\n[columns]',
        ["[[preset.doubt]] (number 1)", '"Kwality"'],
    ),
    "values for a column that nothing is mapped to": (
        "", '\n[values.RepeatCaller]\nyes = "Repeat"\n', ["[values.RepeatCaller]", "no effect"],
    ),
    "a column twice in a form": (
        '"Call Status"]', '"Call Status", "call_status"]', ["names a column twice", "callstatus"],
    ),
    "two headerless forms that only cells tell apart": (
        "[preset.aliases]",
        '[[preset.form]]\nname = "a"\nheaderless = true\ncolumns = ["Call Id", "Began"]\n'
        '[[preset.form]]\nname = "b"\nheaderless = true\ncolumns = ["Began", "Call Id"]\n'
        "[preset.aliases]",
        ["2 headerless forms of 2 columns"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("was", "now", "said"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_is_named_with_its_place_and_what_was_probably_meant(checked, was, now, said):
    status, shown, _ = checked(was, now)
    assert status == 1
    assert "1 problem." in shown
    for words in said:
        assert words in shown
    status, shown, _ = checked(was, now, "--json")
    told = json.loads(shown)
    assert (status, len(told["problems"])) == (1, 1)
    assert list(told) == ["problems", "needs", "notes"]


# What makes it no preset at all: exit 2, as everywhere.
REFUSED = {
    "a key that does not exist": ('title = "Our switch"', 'titel = "Our switch"', '"title"'),
    "a setting that is for a job": ("[columns]", 'ledger = "x"\n[columns]', "ledger"),
    "a status that does not exist": ('then = "ANSWER"', 'then = "ANSWERD"', '"ANSWER"'),
    "a column of the format that does not exist": ("CallerId =", "CalerId =", '"CallerId"'),
    "a pattern that is none": ('equals = "out"', 'matches = "("', "regular expression"),
}


@pytest.mark.parametrize(("was", "now", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_preset_is_refused_with_the_nearest_word(checked, was, now, said):
    status, _, errors = checked(was, now)
    assert status == 2
    assert said in errors


NOTES = {
    "outbound calls": ('code = "outbound"', 'code = "not_a_call"', "outbound calls"),
    "a form that anything fits": ('needs = ["Call Id", "Began"]', "", "has no needs"),
}


@pytest.mark.parametrize(("was", "now", "said"), NOTES.values(), ids=NOTES)
def test_what_is_worth_a_look_is_noted_and_no_problem(checked, was, now, said):
    status, shown, _ = checked(was, now)
    assert status == 0
    assert said in shown


def test_without_talk_and_id_it_says_how_a_job_gives_them(checked):
    _, shown, _ = checked('CallSessionId = "Call Id"\n')
    assert "session_id_from" in shown


NO_TALK = ('TalkDuration = "Talk"\n', "")
TALK = {
    "a column holds it": ([], False),
    "no column holds it": ([NO_TALK], True),
    "it is taken from the whole call": (
        [NO_TALK, ("[preset]", 'talk_time = "call_if_answered"\n[preset]')], False,
    ),
    "a column must hold it": ([NO_TALK, ("[preset]", 'talk_time = "column"\n[preset]')], True),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "needed"), TALK.values(), ids=TALK)
def test_a_talk_time_that_nothing_gives_is_asked_for(tmp_path, changes, needed):
    text = RIGHT
    for was, now in changes:
        assert was in text
        text = text.replace(was, now, 1)
    (tmp_path / "mine.toml").write_text(text)
    needs = preset_check.check(presets.load(str(tmp_path / "mine.toml"))).needs
    assert ("TalkDuration" in needs) == needed


def test_check_needs_a_file(capsys):
    status, _, errors = run(capsys, "presets", "--check")
    assert status == 2
    assert "presets --check mine.toml" in errors


SYNONYMS = {"freepbx": "asterisk", "fusionpbx": "freeswitch", "ctm": "calltrackingmetrics"}


@pytest.mark.parametrize(("name", "preset"), SYNONYMS.items(), ids=SYNONYMS)
def test_another_name_of_a_vendor_names_the_preset_that_reads_it(capsys, name, preset):
    for arguments in (["presets", name], ["prepare", "x.csv", "--preset", name]):
        status, _, errors = run(capsys, *arguments)
        assert status == 2
        assert f'Did you mean "{preset}"?' in errors


# -- prepare on a vendor's export without its preset ---------------------------------------------

KNOWN = {
    "aircall.csv": "aircall", "freeswitch_asterisk.csv": "freeswitch",
    "asterisk_freepbx.csv": "asterisk", "ringcentral_simple.csv": "ringcentral",
    "retreaver.jsonl": "retreaver",
}  # fmt: skip


@pytest.mark.parametrize(("name", "preset"), KNOWN.items(), ids=KNOWN)
def test_prepare_says_first_which_preset_knows_the_export(capsys, tmp_path, name, preset):
    _, shown, _ = run(capsys, "prepare", str(VENDORS / name), "--out", str(tmp_path / "out"))
    first = shown.splitlines()[0]
    assert first.startswith(name)
    assert f"--preset {preset}" in first
    assert f'preset = "{preset}"' in first


QUIET = {
    "the job names a preset": ["--preset", "aircall"],
    "quiet": ["--quiet"],
    "as JSON": ["--json"],
}


@pytest.mark.parametrize("options", QUIET.values(), ids=QUIET)
def test_prepare_says_nothing_of_presets_where_it_need_not(capsys, tmp_path, options):
    out = ["--out", str(tmp_path / "out")]
    _, shown, _ = run(capsys, "prepare", str(VENDORS / "aircall.csv"), *out, *options)
    assert "looks like" not in shown


STRANGERS = {
    "a stranger's": "Nr,Wann,Wer\n1,2026-11-20,Jo\n",
    "the format itself": "CampaignId,MediaId,EventDate,ActionTrackerId,CallerId\n1,2,x,3,4\n",
    "a few of a vendor's names": "sid,from,to,parent_call_sid,a,b,c,d,e,f,g\n1,2,3,4,5,6,7,8,9,0,1\n",
    "no table": "hello\n",
}


@pytest.mark.parametrize("text", STRANGERS.values(), ids=STRANGERS)
def test_prepare_names_no_preset_for_what_is_no_vendors(capsys, tmp_path, text):
    path = tmp_path / "calls.csv"
    path.write_text(text)
    _, shown, _ = run(capsys, "prepare", str(path), "--out", str(tmp_path / "out"))
    assert "looks like" not in shown


# -- init records the layout of the export -------------------------------------------------------


def test_init_records_the_export_beside_the_job_and_prepare_finds_it_unchanged(capsys, tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes((VENDORS / "aircall.csv").read_bytes())
    ids = ("campaign=1001", "partner=20012", "tracker=7001")
    answers = [word for each in ids for word in ("--answer", each)]
    status, shown, _ = run(capsys, "init", str(path), "--yes", "--accept", "likely", *answers)
    assert status == 0
    assert "callconv.export.json" in shown
    job = tmp_path / "callconv.toml"
    assert 'export_suite = "callconv.export.json"' in job.read_text()
    stored = json.loads((tmp_path / "callconv.export.json").read_text())
    assert stored["meta"]["rows"] == 57
    options = ["--job", str(job), "--out", str(tmp_path / "out"), "--json"]
    _, shown, _ = run(capsys, "prepare", str(path), *options, "--now", "2026-11-24T12:00:00Z")
    codes = {finding["code"] for finding in json.loads(shown)["findings"]}
    assert codes
    assert not codes & {"export_changed", "export_word_new"}


def test_init_leaves_a_recorded_export_that_is_there_alone(capsys, tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes((VENDORS / "aircall.csv").read_bytes())
    suite = tmp_path / "callconv.export.json"
    suite.write_text("mine")
    status, _, _ = run(capsys, "init", str(path), "--yes")
    assert status == 0
    assert suite.read_text() == "mine"
    assert "export_suite" not in (tmp_path / "callconv.toml").read_text()
