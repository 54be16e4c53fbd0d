"""From an export to its job: the questions, what an answer means, the file, and the outlook."""

import tomllib
from pathlib import Path

import pytest

import callconv_kit as ck
from callconv_kit.profiling import draft_of, lookup_file, outlook, questions, refined
from callconv_kit.profiling.questions import IDS, MOST, open_points

VENDORS = Path(__file__).parents[1] / "data" / "vendors"
# The draft asks neither for the zone of times in two columns nor for a constant phone number.
COMPOSED = {"ringcentral_detailed.csv", "ringcentral_simple.csv"}
SAMPLES = sorted(
    path.name
    for path in VENDORS.iterdir()
    if path.suffix in {".csv", ".jsonl"} and path.name not in COMPOSED
)
NOW = "2026-11-24T12:00:00+00:00"
HEADER = "Client Phone,Dialled Number,Call Start,Length,Outcome"
ROWS = (
    "(212) 555-0123,(800) 555-0199,03/04/2026 09:30,201,Answered",
    "(212) 555-0124,+18005550199,03/05/2026 10:30,20,Missed",
    "(212) 555-0125,800-555-0198,03/06/2026 11:30,60,Escalated",
    "(212) 555-0125,800-555-0199,03/06/2026 11:32,60,Escalated",
)


@pytest.fixture
def stranger(tmp_path):
    """An export that no preset knows."""
    path = tmp_path / "calls.csv"
    path.write_text("\n".join([HEADER, *ROWS]) + "\n")
    return path


def filled(text):
    """The text of a job with something in each blank that it marks."""
    fills = {"timezone": "America/New_York", "CallProvider": "Somebody"}
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if line.endswith("# TODO") or "# TODO " in line:
            key, _, rest = line.partition(" = ")
            assert rest.startswith(('""', "[]")), line
            lines[at] = f'{key} = "{fills.get(key, "1001")}"'
    return "\n".join(lines)


@pytest.mark.parametrize("name", SAMPLES)
def test_with_yes_and_every_blank_filled_in_nearly_all_inbound_calls_are_ready(tmp_path, name):
    seen = ck.inspect(VENDORS / name)
    draft = draft_of(seen)
    assert set(IDS) <= set(draft.blanks)
    job = tmp_path / "callconv.toml"
    job.write_text(draft.text, encoding="utf-8")
    with pytest.raises(ck.CallConvError, match=r"\[constants\] CampaignId is blank"):
        ck.prepare(VENDORS / name, job, now=NOW)
    job.write_text(filled(draft.text), encoding="utf-8")
    done = ck.prepare(VENDORS / name, job, out=tmp_path / "out", now=NOW)
    meant = done.summary["rows_read"] - done.summary["rows_left_out"]
    assert done.summary["rows_ready"] >= 0.9 * meant > 40
    assert (done.rejected["reasons"].str.len() > 0).all()


@pytest.mark.parametrize("name", SAMPLES)
def test_the_outlook_of_a_draft_is_what_prepare_says_of_it_filled_in(tmp_path, name):
    seen = ck.inspect(VENDORS / name)
    draft = draft_of(seen)
    ahead = outlook(VENDORS / name, draft, seen, folder=tmp_path, now=NOW)
    assert list(tmp_path.iterdir()) == []
    job = tmp_path / "callconv.toml"
    job.write_text(filled(draft.text), encoding="utf-8")
    told = ck.prepare(VENDORS / name, job, now=NOW).summary
    assert ahead.stopped is None
    assert (ahead.rows, ahead.ready) == (told["rows_read"], told["rows_ready"])
    assert (ahead.need_you, ahead.left_out) == (told["rows_rejected"], told["rows_left_out"])
    assert sum(reason.rows for reason in ahead.reasons) >= ahead.need_you + ahead.left_out
    assert all(reason.mend for reason in ahead.reasons if not reason.left_out)
    assert any("CampaignId" in each for each in ahead.assumed)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_text_says_what_the_settings_say(name):
    draft = draft_of(ck.inspect(VENDORS / name))
    given = tomllib.loads(draft.text)
    blank = {key for key, value in given.items() if value in ("", [])}
    blank |= {key for key, value in given.get("constants", {}).items() if value == ""}
    assert blank == set(draft.blanks)
    kept = {key: value for key, value in given.items() if key not in draft.blanks}
    if "constants" in kept:
        kept["constants"] = {k: v for k, v in kept["constants"].items() if v != ""}
    assert {k: v for k, v in kept.items() if v != {}} == dict(draft.settings)


def test_a_stranger_is_asked_what_its_columns_mean_and_at_most_seven_things(stranger):
    seen = ck.inspect(stranger)
    assert len(list(open_points(seen))) <= MOST
    asked = questions(seen)
    assert asked[0].key == "columns"
    assert any(sample.startswith("CallerId from 'Client Phone'") for sample in asked[0].samples)
    assert not any("2125550123" in "".join(filter(str.isdigit, s)) for s in asked[0].samples)
    after = refined(stranger, seen, {"columns": "yes"})
    rest = questions(after, asked_before=1)
    assert [question.key for question in rest][:2] == ["timezone", "date_order"]
    assert len(rest) + 1 <= MOST
    # What was not asked is marked all the same.
    draft = draft_of(after, {"timezone": "UTC"})
    assert {"talk_time", "session_id_from", "CallProvider", *IDS} <= set(draft.blanks)


def test_a_stranger_goes_all_the_way(stranger, tmp_path):
    seen = refined(stranger, ck.inspect(stranger), {"columns": "yes"})
    answers = {
        "timezone": "America/New_York",
        "date_order": "month-first",
        "session_id_from": "Call Start, Client Phone",
        "talk_time": "call_if_answered",
        "CampaignId": "1001",
        "MediaId": 'trackers.csv by "Dialled Number"',
        "ActionTrackerId": "30021",
    }
    draft = draft_of(seen, answers)
    assert draft.blanks == ("CallProvider",)
    assert draft.looked_up == ("MediaId",)
    ahead = outlook(stranger, draft, seen, folder=tmp_path, now=NOW)
    assert (ahead.ready, ahead.need_you) == (2, 2)
    (unknown,) = [reason for reason in ahead.reasons if reason.code == "status_unknown"]
    assert unknown.mend == '[values.CallStatus] "Escalated" = "…"'
    lines = lookup_file(stranger, draft, seen).splitlines()
    assert lines[0] == "Dialled Number,MediaId"
    assert len(lines) == 3  # three spellings of one number are one key
    (tmp_path / "trackers.csv").write_text("\n".join([lines[0], *(f"{k}20012" for k in lines[1:])]))
    job = tmp_path / "callconv.toml"
    job.write_text(filled(draft.text) + '[values.CallStatus]\nEscalated = "ANSWER"\n')
    done = ck.prepare(stranger, job, out=tmp_path / "out", now=NOW)
    assert done.summary["rows_ready"] == 4
    assert set(done.ready["MediaId"]) == {"20012"}


def test_with_yes_what_is_only_alike_is_a_comment(stranger):
    draft = draft_of(ck.inspect(stranger))
    given = tomllib.loads(draft.text)
    assert given["columns"] == dict.fromkeys(
        ("EventDate", "CallerId", "CalledPhoneNumber", "CallDuration", "TalkDuration"), ""
    )
    assert 'perhaps "Client Phone"' in " ".join(draft.text.replace("# ", "").split())
    assert '# CallStatus = "Outcome"' in draft.text


def test_a_key_that_covers_most_rows_is_warned_of(stranger):
    seen = refined(stranger, ck.inspect(stranger), {"columns": "yes"})
    # Three spellings of one number are one key.
    asked = {question.key: question for question in open_points(seen)}
    assert "stands in 75% of the rows" in asked["MediaId"].warning
    draft = draft_of(seen, {"MediaId": 'trackers.csv by "Dialled Number"'})
    assert "75%" in draft.warnings[0]


NO_ANSWERS = {
    "a zone that is none": ({"timezone": "America/NewYork"}, "America/New_York"),
    "a word that is no order": ({"date_order": "us"}, "month-first or day-first"),
    "a column that is not there": ({"MediaId": "Publishr"}, "a whole number"),
    "a column for the session id": ({"session_id_from": "Client Phone, Strat"}, "a column of the export"),
    "an id below zero": ({"CampaignId": "-3"}, "a whole number"),
    "two look-up files": (
        {"MediaId": "a.csv by Dialled Number", "CampaignId": "b.csv by Dialled Number"},
        "named before",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "said"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_answer_is_refused_in_words(stranger, answers, said):
    seen = refined(stranger, ck.inspect(stranger), {"columns": "yes"})
    with pytest.raises(ck.UsageError, match=said):
        draft_of(seen, answers)


EVIDENCE = {
    "a column of zones": ("Call Date,Time Zone", "2026-11-20 09:30:00,America/Chicago", "America/Chicago"),
    "the header": ("Start Time (EST),x", "2026-11-20 09:30:00,1", "America/New_York"),
    "nothing": ("Call Date,x", "2026-11-20 09:30:00,1", ""),
}  # fmt: skip


@pytest.mark.parametrize(("header", "row", "zone"), EVIDENCE.values(), ids=EVIDENCE)
def test_a_zone_is_proposed_for_which_there_is_evidence(tmp_path, header, row, zone):
    path = tmp_path / "calls.csv"
    path.write_text(f"{header}\n{row}\n")
    seen = ck.inspect(path, columns={"EventDate": header.split(",")[0]})
    (question,) = [each for each in questions(seen) if each.key == "timezone"]
    assert question.proposal == zone
    assert bool(question.because) == bool(zone)


def test_names_that_toml_or_a_terminal_would_obey_stay_text(tmp_path):
    name = 'Ca"ll\x7f\\Start'
    path = tmp_path / "calls.csv"
    path.write_text('"Ca""ll\x7f\\Start",Caller,"x\x1b[31m"\n2026-11-20 09:30:00,2125550123,1\n')
    seen = ck.inspect(path, columns={"EventDate": name})
    draft = draft_of(seen)
    assert tomllib.loads(draft.text)["columns"]["EventDate"] == name
    assert "\x1b" not in draft.text


def test_the_file_says_why_only_where_the_evidence_was_followed():
    seen = ck.inspect(VENDORS / "callrail_list.csv")
    proposed = draft_of(seen).text
    assert "# proposed, look at it: together they name a call" in proposed
    answered = draft_of(seen, {"session_id_from": "Recording Url", "timezone": "UTC"}).text
    assert "together they name a call" not in answered
    assert "# for cells such as 2026-11-10 12:06 PM" in answered
