"""From an export to its job: the questions, what an answer means, the file, and the outlook."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import callconv_kit as ck
from callconv_kit.profiling import draft_of, lookup_file, outlook, questions, refined
from callconv_kit.profiling.ids import IDS
from callconv_kit.profiling.outlook import shared_with
from callconv_kit.profiling.questions import MOST, Question, all_questions
from callconv_kit.profiling.recognition import Fit
from callconv_kit.profiling.written import text_of

VENDORS = Path(__file__).parents[1] / "data" / "vendors"
SAMPLES = sorted(path.name for path in VENDORS.iterdir() if path.suffix in {".csv", ".jsonl"})
NOW = "2026-11-24T12:00:00+00:00"
HEADER = "Client Phone,Dialled Number,Call Start,Length,Outcome"
ROWS = (
    "(212) 555-0123,(800) 555-0199,03/04/2026 09:30,201,Answered",
    "(212) 555-0124,+18005550199,03/05/2026 10:30,20,Missed",
    "(212) 555-0125,800-555-0198,03/06/2026 11:30,60,Escalated",
    "(212) 555-0125,800-555-0199,03/06/2026 11:32,60,Escalated",
)
ANSWERS = {"campaign": "1001", "partner": "20012", "tracker": "30021", "provider": "Somebody"}


@pytest.fixture
def stranger(tmp_path):
    """An export that no preset knows."""
    path = tmp_path / "calls.csv"
    path.write_text("\n".join([HEADER, *ROWS]) + "\n")
    return path


@pytest.mark.parametrize("name", SAMPLES)
def test_likely_proposals_and_the_ids_make_a_job_that_prepares(tmp_path, name):
    path = VENDORS / name
    answers = {**ANSWERS, "timezone": "America/New_York"}
    seen = ck.inspect(path)
    if "map.CalledPhoneNumber" in {question.id for question in questions(seen)}:
        answers["map.CalledPhoneNumber"] = "8005550199"
    seen = refined(path, seen, answers)
    draft = draft_of(seen, answers, accept="likely")
    assert [key for key in draft.blanks if not key.startswith("status.")] == []
    job = tmp_path / "callconv.toml"
    job.write_text(draft.text, encoding="utf-8")
    done = ck.prepare(path, job, out=tmp_path / "out", now=NOW)
    meant = done.summary["rows_read"] - done.summary["rows_left_out"]
    assert done.summary["rows_ready"] >= 0.9 * meant > 40


@pytest.mark.parametrize("name", SAMPLES)
def test_the_outlook_of_a_draft_is_what_prepare_says_of_it(tmp_path, name):
    path = VENDORS / name
    answers = {**ANSWERS, "timezone": "America/New_York"}
    seen = refined(path, ck.inspect(path), answers)
    draft = draft_of(seen, answers, accept="likely")
    ahead = outlook(path, draft, seen, folder=tmp_path, now=NOW)
    assert list(tmp_path.iterdir()) == []
    assert ahead.stopped is None
    assert sum(reason.rows for reason in ahead.reasons) >= ahead.need_you + ahead.left_out
    assert all(reason.fix for reason in ahead.reasons if not reason.left_out)
    if "map.CalledPhoneNumber" in draft.blanks:
        assert "CalledPhoneNumber filled in" in ahead.assumed
        return
    job = tmp_path / "callconv.toml"
    job.write_text(draft.text, encoding="utf-8")
    told = ck.prepare(path, job, now=NOW).summary
    assert (ahead.rows, ahead.ready) == (told["rows_read"], told["rows_ready"])
    assert (ahead.need_you, ahead.left_out) == (told["rows_rejected"], told["rows_left_out"])


@pytest.mark.parametrize("name", SAMPLES)
def test_the_text_says_what_the_settings_say(name):
    draft = draft_of(ck.inspect(VENDORS / name), accept="likely")
    given = tomllib.loads(draft.text)
    kept = {key: value for key, value in given.items() if value not in ("", [])}
    if not kept.get("values", {}).get("CallStatus", True):
        del kept["values"]  # its words are all open
    for table in ("constants", "columns"):
        if table in kept:
            kept[table] = {key: value for key, value in kept[table].items() if value != ""}
    assert {k: v for k, v in kept.items() if v != {}} == dict(draft.settings)


def test_a_stranger_is_asked_at_most_fifteen_things(stranger):
    seen = ck.inspect(stranger)
    asked = [question.id for question in questions(seen)]
    assert len(asked) <= MOST
    assert asked == [
        "timezone",
        "date_order",
        "call_id",
        "talk_time",
        "status.Escalated",
        "campaign",
        "partner",
        "tracker",
        "provider",
    ]
    shown = " ".join(sample for each in all_questions(seen) for sample in each.samples)
    assert "2125550123" not in "".join(filter(str.isdigit, shown))


def test_a_stranger_goes_all_the_way(stranger, tmp_path):
    answers = {
        **ANSWERS,
        "timezone": "America/New_York",
        "date_order": "month-first",
        "partner": "lookup:trackers.csv:Dialled Number",
    }
    seen = refined(stranger, ck.inspect(stranger), answers)
    draft = draft_of(seen, answers, accept="likely")
    assert draft.blanks == ("status.Escalated",)
    assert draft.looked_up == ("MediaId",)
    ahead = outlook(stranger, draft, seen, folder=tmp_path, now=NOW)
    assert (ahead.ready, ahead.need_you) == (2, 2)
    (unknown,) = [reason for reason in ahead.reasons if reason.code == "status_unknown"]
    assert unknown.fix == '[values.CallStatus] "Escalated" = "…"'
    lines = lookup_file(stranger, draft, seen).splitlines()
    assert lines[0] == "Dialled Number,MediaId,Calls"
    assert len(lines) == 3  # three spellings of one number are one key
    assert lines[1].endswith(",,3")
    rows = [",".join([*line.split(",")[:1], "20012", line.split(",")[2]]) for line in lines[1:]]
    (tmp_path / "trackers.csv").write_text("\n".join([lines[0], *rows]))
    job = tmp_path / "callconv.toml"
    answers["status.Escalated"] = "ANSWER"
    job.write_text(draft_of(refined(stranger, seen, answers), answers, accept="likely").text)
    done = ck.prepare(stranger, job, out=tmp_path / "out", now=NOW)
    assert done.summary["rows_ready"] == 4
    assert set(done.ready["MediaId"]) == {"20012"}


def test_with_only_what_is_sure_the_rest_is_marked(stranger):
    draft = draft_of(ck.inspect(stranger))
    given = tomllib.loads(draft.text)
    assert given["columns"] == {
        "EventDate": "Call Start",
        "CallerId": "Client Phone",
        "CalledPhoneNumber": "Dialled Number",
        "CallDuration": "Length",
        "CallStatus": "Outcome",
    }
    assert {"timezone", "date_order", "call_id", "talk_time"} <= set(draft.blanks)
    with pytest.raises(ck.CallConvError, match=r"\[constants\] CampaignId is blank"):
        ck.prepare(stranger, **{**tomllib.loads(draft.text), "now": NOW})


def test_a_key_that_covers_most_rows_is_warned_of(stranger):
    seen = ck.inspect(stranger)
    # Three spellings of one number are one key.
    asked = {question.id: question for question in questions(seen)}
    assert "75% of the rows have the same" in asked["partner"].warning
    draft = draft_of(seen, {"partner": "lookup:trackers.csv:Dialled Number"})
    assert "75%" in draft.warnings[0]


NO_ANSWERS = {
    "a zone that is none": ({"timezone": "America/NewYork"}, "America/New_York"),
    "a word that is no order": ({"date_order": "us"}, "month-first"),
    "a column that is not there": ({"partner": "Publishr"}, "a whole number"),
    "a column for the call id": ({"call_id": "Client Phone, Strat"}, "a column of the export"),
    "an id for the talk time": ({"talk_time": "1001"}, "call_if_answered, or a column"),
    "an id below zero": ({"campaign": "-3"}, "a whole number"),
    "a status that is none": ({"status.Escalated": "ANSWERD"}, "ANSWER"),
    "a column for the duration": ({"map.CallDuration": "Lenght"}, "Did you mean \"Length\""),
    "two look-up files": (
        {"partner": "lookup:a.csv:Dialled Number", "campaign": "lookup:b.csv:Dialled Number"},
        "named before",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "said"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_answer_is_refused_in_words(stranger, answers, said):
    with pytest.raises(ck.UsageError, match=said):
        draft_of(ck.inspect(stranger), answers)


EVIDENCE = {
    "a column of zones": ("Call Date,Time Zone", "2026-11-20 09:30:00,America/Chicago", "America/Chicago"),
    "the header": ("Start Time (EST),x", "2026-11-20 09:30:00,1", "America/New_York"),
    "an offset in the header": ("Start Time (UTC-05:00),x", "2026-11-20 09:30:00,1", "-05:00"),
    "a place in the header": ("Date [America/Denver],x", "2026-11-20 09:30:00,1", "America/Denver"),
    "nothing": ("Call Date,x", "2026-11-20 09:30:00,1", ""),
}  # fmt: skip


@pytest.mark.parametrize(("header", "row", "zone"), EVIDENCE.values(), ids=EVIDENCE)
def test_a_zone_is_proposed_for_which_there_is_evidence(tmp_path, header, row, zone):
    path = tmp_path / "calls.csv"
    path.write_text(f"{header}\n{row}\n")
    (question,) = [each for each in all_questions(ck.inspect(path)) if each.id == "timezone"]
    assert question.proposal == zone
    assert question.confidence == ("sure" if zone else "none")


def test_the_zone_question_tells_what_each_zone_does(tmp_path):
    path = tmp_path / "calls.csv"
    rows = [f"2026-08-{day:02} {hour:02}:30:00" for day in range(26, 31) for hour in (1, 12, 22)]
    path.write_text("Start Time\n" + "\n".join(rows) + "\n")
    asked = questions(ck.inspect(path), now=datetime(2026, 9, 1, tzinfo=UTC))
    (question,) = [each for each in asked if each.id == "timezone"]
    assert "America/New_York: 5 of 15 calls fall on another day in UTC" in question.effects
    assert "UTC: 0 of 15 calls fall on another day in UTC" in question.effects


def test_names_that_toml_or_a_terminal_would_obey_stay_text(tmp_path):
    name = 'Ca"ll\x7f\\Start'
    path = tmp_path / "calls.csv"
    path.write_text('"Ca""ll\x7f\\Start",Caller,"x\x1b[31m"\n2026-11-20 09:30:00,2125550123,1\n')
    draft = draft_of(ck.inspect(path, columns={"EventDate": name}))
    assert tomllib.loads(draft.text)["columns"]["EventDate"] == name
    assert "\x1b" not in draft.text


def test_a_first_run_is_not_stopped_by_the_share_that_init_wrote(tmp_path):
    path = tmp_path / "calls.csv"
    good = "2026-11-20T09:30:00Z,{n},2125550123,8005550199,201,187,answered"
    bad = "2026-11-20T09:30:00Z,{n},101,8005550199,201,187,answered"
    rows = [good.format(n=1), good.format(n=2), *(bad.format(n=n) for n in range(3, 8))]
    path.write_text("\n".join(["start,call id,from,to,duration,talk time,status", *rows]) + "\n")
    seen = ck.inspect(path)
    draft = draft_of(seen, ANSWERS, accept="likely")
    ahead = outlook(path, draft, seen, folder=tmp_path, now=NOW)
    assert (ahead.ready, ahead.need_you) == (2, 5)
    settled = shared_with(seen, draft, ahead)
    assert tomllib.loads(settled.text)["max_rejected_share"] == 0.8
    assert "lower it" in settled.text
    done = ck.prepare(path, **{**settled.settings, "now": NOW}, out=tmp_path / "out")
    assert done.ready_file.exists()


def test_every_id_is_asked_for_by_its_own_name(stranger):
    asked = {question.id for question in questions(ck.inspect(stranger))}
    assert set(IDS) <= asked


KNOWN_COLUMNS = {"four of five": (4, "sure"), "seven of nine": (7, "likely"), "all": (9, "sure")}


@pytest.mark.parametrize(("known", "confidence"), KNOWN_COLUMNS.values(), ids=KNOWN_COLUMNS)
def test_a_preset_that_knows_four_fifths_of_a_header_is_sure(stranger, known, confidence):
    fit = Fit("callrail", "CallRail", "", known, 5 if known == 4 else 9, ())
    seen = replace(ck.inspect(stranger), fits=(fit,), settings={})
    question = next(asked for asked in all_questions(seen) if asked.id == "preset")
    assert question.confidence == confidence


def test_a_talk_time_that_a_preset_leaves_open_is_asked_with_both_candidates(tmp_path):
    path = VENDORS / "dialogtech.csv"
    answers = {**ANSWERS, "timezone": "America/New_York"}
    seen = refined(path, ck.inspect(path), answers)
    asked = {question.id: question for question in questions(seen)}["talk_time"]
    assert "'network_minutes'" in asked.text
    assert "call_if_answered" in asked.text
    assert (asked.proposal, asked.confidence) == ("network_minutes", "likely")
    talked = {}
    for choice in ("", "network_minutes", "call_if_answered"):
        chosen = {**answers, **({"talk_time": choice} if choice else {})}
        job = tmp_path / f"{choice}.toml"
        again = refined(path, seen, chosen)
        job.write_text(draft_of(again, chosen, accept="likely").text)
        talked[choice] = ck.prepare(path, job, now=NOW).ready["TalkDuration"].astype(int)
    assert (talked[""] == talked["network_minutes"]).all()
    assert (talked[""] <= talked["call_if_answered"]).all()
    assert (talked[""] < talked["call_if_answered"]).any()


LEGS = "Call SID,Parent Call SID,From,To,Status,Direction,Start Time,End Time,Duration,Price"


def leg(sid, parent, status, seconds, to="+18005550142"):
    way = "outbound-dial" if parent else "inbound"
    return (
        f'{sid},{parent},+16175550123,{to},{status},{way},"Thu, 12 Nov 2026 14:30:05 +0000",'
        f'"Thu, 12 Nov 2026 14:33:26 +0000",{seconds},-0.01'
    )


WITHOUT_TALK = {
    "no leg": ((), "0", "IVR_DROPOFF"),
    "a leg that nobody answered": (("no-answer", ""), "0", "IVR_DROPOFF"),
    "a busy leg": (("busy", ""), "0", "IVR_DROPOFF"),
    "a leg that failed": (("failed", ""), "0", "IVR_DROPOFF"),
    "a leg that was answered": (("completed", "187"), "187", "ANSWER"),
}


@pytest.mark.parametrize(("child", "talk", "status"), WITHOUT_TALK.values(), ids=WITHOUT_TALK)
def test_calls_without_a_talk_time_raise_the_question_and_the_others_keep_theirs(
    tmp_path, child, talk, status
):
    path, job = tmp_path / "calls.csv", tmp_path / "callconv.toml"
    rows = [leg("CA1", "", "completed", 201), leg("CA2", "", "completed", 50)]
    rows += [leg("CB2", "CA2", "completed", 42)]
    rows += [leg("CB1", "CA1", *child, to="+13125550177")] if child else []
    path.write_text("\n".join([LEGS, *rows]) + "\n")
    seen = refined(path, ck.inspect(path), ANSWERS)
    asked = {question.id: question for question in questions(seen)}["talk_time"]
    assert "Talk times that are there stay" in asked.text
    assert "talk_time" in draft_of(seen, ANSWERS).blanks
    job.write_text(draft_of(seen, ANSWERS, accept="likely").text)
    ready = ck.prepare(path, job, now=NOW).ready.set_index("CallSessionId")
    assert ready.loc["CA1", ["TalkDuration", "CallStatus"]].tolist() == [talk, status]
    assert ready.loc["CA2", ["TalkDuration", "CallStatus"]].tolist() == ["42", "ANSWER"]


OPEN_LINES = {
    "map.CallDuration": ("CallDuration", "the name of the column", "[constants]"),
    "map.CalledPhoneNumber": ("CalledPhoneNumber", "the name of the column", "[constants]"),
    "talk_time": ("talk_time", "call_if_answered", "[columns]"),
    "status": ("CallStatus", "ANSWER only if every row", "[columns]"),
    "call_id": ("session_id_from", "the names of the columns", "[columns]"),
}


@pytest.mark.parametrize("said", OPEN_LINES.values(), ids=OPEN_LINES)
def test_an_open_line_says_what_it_takes_and_where_the_rest_goes(stranger, said):
    seen = ck.inspect(stranger)
    blanks = ["map.CallDuration", "map.CalledPhoneNumber", "talk_time", "status", "call_id"]
    raised = {key: Question(key, f"{key}?", hint="or another place") for key in blanks}
    text = text_of(seen, {"max_rejected_share": 0.5}, blanks, raised)
    name, takes, elsewhere = said
    above = text[: text.index(f"\n{name} = ")].rpartition("\n\n")[2].replace("\n# ", " ")
    assert takes in above.replace("# ", "")
    assert f"{elsewhere}" in above
    assert "or another place" not in text
    tomllib.loads(text)


MINUTES = (
    "Direction,Phone Number,Date,Time,Action Result,Duration,Result Description,Action,Name,Type"
)
RING = "{way},{phone},Thu 11/12/2026,{time},{result},{length},,Phone Call,S,Voice"


def ring(*calls):
    rows = (
        RING.format(way="Incoming", phone=phone, time=time, result=result, length=length)
        for phone, time, result, length in calls
    )
    return "\n".join([MINUTES, *rows]) + "\n"


TIMES = {
    "minutes": (["9:30 AM", "9:31 AM", "10:02 AM"], True),
    "minutes of 24 hours": (["09:30", "09:31", "22:02"], True),
    "seconds that are all zero": (["9:30:00 AM", "9:31:00 AM", "10:02:00 AM"], True),
    "seconds": (["9:30:05 AM", "9:31:17 AM", "10:02:00 AM"], False),
    "seconds of 24 hours": (["09:30:05", "09:31:17", "22:02:00"], False),
}


@pytest.mark.parametrize(("times", "all_of_them"), TIMES.values(), ids=TIMES)
def test_an_id_of_times_without_seconds_takes_all_that_tells_calls_apart(
    tmp_path, times, all_of_them
):
    """A missed call and the caller's second attempt may be in the same minute."""
    phones = ("(617) 555-0123", "(305) 555-0108", "(415) 555-0140")
    calls = [
        (*each, "Accepted", f"0:03:2{n}") for n, each in enumerate(zip(phones, times, strict=True))
    ]
    path = tmp_path / "calls.csv"
    path.write_text(ring(*calls))
    derived = ck.inspect(path).proposals.call_id
    assert ({"Duration", "Action Result"} <= set(derived)) == all_of_them
    assert {"Phone Number", "Date", "Time"} <= set(derived)


def test_two_calls_in_one_minute_are_two_calls(tmp_path):
    first = ("(617) 555-0123", "9:30 AM", "Accepted", "0:01:21")
    path, job = tmp_path / "first.csv", tmp_path / "callconv.toml"
    path.write_text(ring(first, ("(305) 555-0108", "10:02 AM", "Accepted", "0:00:48")))
    answers = {**ANSWERS, "timezone": "UTC", "map.CalledPhoneNumber": "8005550199"}
    seen = refined(path, ck.inspect(path), answers)
    job.write_text(draft_of(seen, answers, accept="likely").text)
    path.write_text(ring(("(617) 555-0123", "9:30 AM", "Missed", "0:00:05"), first))
    done = ck.prepare(path, job, now=NOW)
    assert done.ready["CallStatus"].tolist() == ["INCOMPLETE", "ANSWER"]


def test_the_outlook_warns_of_a_caller_that_is_the_number_called(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(
        "id,start,from,to,duration,billsec,disposition\n"
        "A1,2026-11-12 10:30:05,8005550142,8005550142,201,187,answered\n"
        "A2,2026-11-12 11:30:05,6175550123,8005550142,201,187,answered\n"
        "A3,2026-11-12 12:30:05,6175550124,8005550142,201,187,answered\n"
    )
    answers = {**ANSWERS, "timezone": "UTC", "direction": "all", "status.answered": "ANSWER"}
    seen = refined(path, ck.inspect(path), answers)
    draft = draft_of(seen, answers, accept="likely")
    ahead = outlook(path, draft, seen, folder=tmp_path, now=NOW)
    assert [each.rows for each in ahead.warnings if each.code == "caller_is_called"] == [1]
