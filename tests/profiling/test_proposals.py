"""What is proposed for an export is right or nothing: made-up layouts, and the faults of the past."""

import csv
import json
from pathlib import Path

import pytest

import callconv_kit as ck
from callconv_kit.cli.main import main
from callconv_kit.model import spec
from callconv_kit.profiling import draft_of, questions, refined
from callconv_kit.profiling.answering import leave_out
from callconv_kit.profiling.words import guess, zone_in

from .layouts import LAYOUTS

CASES = Path(__file__).parents[1] / "data" / "cases"
NAMED = {"CallProvider", "CampaignId", "MediaId", "ActionTrackerId"}


def inspected(layout, tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text("\n".join([layout.header, *layout.rows]) + "\n", encoding="utf-8")
    return ck.inspect(path)


def sources(seen):
    """What is proposed for each column, or feeds it by its name."""
    return {
        name: each.source
        for name, each in seen.proposals.mapping.items()
        if each.source is not None and name not in NAMED
    }


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_proposals_for_a_made_up_layout_are_right_or_nothing(tmp_path, layout):
    found = sources(inspected(layout, tmp_path))
    wrong = {name: source for name, source in found.items() if layout.right.get(name) != source}
    assert wrong == {}
    assert set(layout.must) <= set(found)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_directions_and_statuses_of_a_made_up_layout_are_right_or_nothing(tmp_path, layout):
    told = inspected(layout, tmp_path).proposals
    left_out = {each.value for way in told.direction for each in way.left_out}
    if layout.direction is None:
        assert left_out == set()
    else:
        assert told.direction[0].column == layout.direction[0]
        assert left_out == layout.direction[1]
    for word in told.statuses.words:
        if word.word in layout.statuses and not word.split:
            assert word.status in (layout.statuses[word.word], None)


CASE = {
    "an end time": ("end_time_as_EventDate", {"EventDate": "start_stamp"}),
    "a talk time": (
        "talk_time_as_CallDuration",
        {"CallDuration": "duration (total)", "TalkDuration": "in-call duration"},
    ),
    "our own number": (
        "own_number_as_CallerId",
        {"CallerId": "external_number", "CalledPhoneNumber": "internal_number"},
    ),
    "a column without a cell": ("empty_column_as_CallStatus", {"CallStatus": "hangup_cause_id"}),
    "a counter": ("fuzzy_call_counter_as_Country", {"Country": None, "CallStatus": "result"}),
    "the number that forwarded": ("forwarded_from_as_called", {"CalledPhoneNumber": None}),
    "a lead": (
        "lead_id_is_AdId",
        {
            "CallSessionId": "Lead ID",
            "CallStatus": "Answer Status",
            "CalledPhoneNumber": "Destination Number",
            "AdId": None,
        },
    ),
    "a date and a time": (
        "date_and_time_columns",
        {"EventDate": {"join": ["Date", "Time"]}, "CallStatus": "Action Result"},
    ),
    "yes and no": ("answered_yes_no", {"CallStatus": "answered"}),
    "a zone in the header": ("utc_in_header", {"EventDate": "Date/Time Start (UTC)"}),
}


@pytest.mark.parametrize(("case", "wanted"), CASE.values(), ids=CASE)
def test_a_fault_of_the_past_is_proposed_right(case, wanted):
    found = sources(ck.inspect(CASES / case / "export.csv"))
    assert {name: found.get(name) for name in wanted} == wanted


def test_yes_and_no_are_statuses_only_where_the_column_says_answered():
    told = ck.inspect(CASES / "answered_yes_no" / "export.csv").proposals.statuses
    assert {word.word: word.status for word in told.words} == {"Yes": "ANSWER", "No": "INCOMPLETE"}


def test_a_line_of_types_is_named_and_left_out_by_the_job(tmp_path):
    export = CASES / "cucm_type_line" / "cdr"
    seen = ck.inspect(export)
    assert (2, "types") in seen.skipped
    assert len(seen.skip_lines) == 1
    assert seen.proposals.mapping["EventDate"].source == "dateTimeOrigination"
    assert seen.proposals.mapping["CalledPhoneNumber"].source == "originalCalledPartyNumber"
    job = tmp_path / "job.toml"
    assert (
        main(["init", str(export), "--yes", "--out", str(job), "--now", "2026-11-26T06:00:00Z"])
        == 0
    )
    assert "skip_lines = [" in job.read_text()


def test_no_status_column_is_asked_for_and_the_advice_is_not_what_is_set_already(tmp_path, capsys):
    export = CASES / "talk_time_advice_loop" / "export.csv"
    job = tmp_path / "job.toml"
    given = ["--yes", "--accept", "likely", "--json", "--out", str(job)]
    assert main(["init", str(export), *given, "--now", "2026-11-26T06:00:00Z"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "status" in told["blanks"]
    assert not any("talk_time" in reason["fix"] for reason in told["outlook"]["reasons"])
    assert 'CallStatus = ""' in job.read_text()


def test_one_status_for_all_rows_is_warned_of_where_nobody_talked_in_some(tmp_path):
    rows = [
        f"c{n},2026-11-20T15:0{n}:05Z,617555012{n},8005550142,60,{n % 2 * 30}" for n in range(6)
    ]
    header = "Call ID,Start Time,Caller,Called,Duration,Talk Time\n"
    (tmp_path / "calls.csv").write_text(header + "\n".join(rows) + "\n")
    (asked,) = [one for one in questions(ck.inspect(tmp_path / "calls.csv")) if one.id == "status"]
    assert "nobody talked in 3 of 6 rows ('Talk Time' is 0)" in asked.warning


CERTAIN = {
    "labels that agents choose are declined": (
        "id,start,from,to,duration,talk time,disposition",
        "{n},2026-11-12T14:0{n}:05Z,+1617555012{n},+18005550142,201,187,Billing~Refund {n}",
        "disposition",
    ),
    "a column that is mostly empty is declined": (
        "id,start,from,to,duration,talk time,result",
        "{n},2026-11-12T14:0{n}:05Z,+1617555012{n},+18005550142,201,187,",
        "result",
    ),
}


@pytest.mark.parametrize(("header", "row", "column"), CERTAIN.values(), ids=CERTAIN)
def test_what_is_no_outcome_is_not_a_status(tmp_path, header, row, column):
    path = tmp_path / "calls.csv"
    path.write_text("\n".join([header, *(row.format(n=n) for n in range(1, 7))]) + "\n")
    told = ck.inspect(path).proposals.statuses
    assert told.column != column


ANSWER = {
    "a word that only resembles an answer": ("Answer machine", None),
    "a word with talk time alone": ("Processed", None),
    "a word that says so everywhere": ("Answered", "ANSWER"),
    "a word that needs a connection": ("Completed", None),
}


@pytest.mark.parametrize(("word", "status"), ANSWER.values(), ids=ANSWER)
def test_answer_is_proposed_only_on_evidence_of_a_connection(tmp_path, word, status):
    path = tmp_path / "calls.csv"
    rows = [
        f"{n},2026-11-12T14:0{n}:05Z,+1617555012{n},+18005550142,201,{187 if n % 2 else 0},"
        f"{word if n % 2 else 'Missed'}"
        for n in range(1, 8)
    ]
    path.write_text("\n".join(["id,start,from,to,duration,talk time,status", *rows]) + "\n")
    told = {each.word: each.status for each in ck.inspect(path).proposals.statuses.words}
    assert told == {"Missed": "INCOMPLETE", word: status}


def test_a_frame_of_proposals_has_a_row_for_each_column():
    frame = ck.propose(CASES / "outbound_is_sent" / "export.csv")
    assert list(frame["column"]) == list(spec.NAMES)
    assert list(frame.columns) == ["column", "source", "confidence", "why", "alternatives"]
    row = frame.set_index("column").loc["CallerId"]
    assert (row["source"], row["confidence"]) == ("from", "sure")
    with (CASES / "outbound_is_sent" / "export.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    import pandas as pd

    again = ck.propose(pd.DataFrame(rows, columns=header))
    assert again.equals(frame)


def national(numbers, header="Start,Caller,Called,Duration,Status,Call ID"):
    """A log of calls from these numbers to the last of them."""
    rows = [
        f"2026-11-20 15:{n % 60:02}:05,{number},{numbers[-1]},{60 + n},Answered,c{n}"
        for n, number in enumerate(numbers[:-1])
    ]
    return "\n".join([header, *rows]) + "\n"


AT_HOME = {
    "London": ("Europe/London", [*(f"020 7946 0{n:03}" for n in range(100, 108)), "0161 496 0000"], "GB"),
    "Sydney": ("Australia/Sydney", [*(f"04915701{n}" for n in range(50, 60)), "1300975707"], "AU"),
    "Berlin": ("Europe/Berlin", [*(f"030/23125{n:03}" for n in range(8)), "08001234567"], "DE"),
    "Madrid": ("Europe/Madrid", [*(f"91000010{n}" for n in range(8)), "900123456"], "ES"),
    "Kolkata": ("Asia/Kolkata", [*(f"98765432{n}" for n in range(10, 18)), "080 2345 6789"], "IN"),
    "made up in New York": ("America/New_York", [*(f"555123456{n}" for n in range(9)), "5559990000"], ""),
    "American": ("Europe/London", [*(f"212555010{n}" for n in range(9)), "8005550142"], ""),
    "of another country than the zone": (
        "Europe/London", [*(f"98765432{n}" for n in range(10, 18)), "9876543299"], "",
    ),
    "too few": ("Europe/London", ["020 7946 0100", "0161 496 0000"], ""),
}  # fmt: skip


@pytest.mark.parametrize(("zone", "numbers", "country"), AT_HOME.values(), ids=AT_HOME)
def test_the_country_of_national_numbers_is_that_of_the_time_zone(tmp_path, zone, numbers, country):
    (tmp_path / "calls.csv").write_text(national(numbers), encoding="utf-8")
    seen = ck.inspect(tmp_path / "calls.csv", timezone=zone)
    assert seen.proposals.country[0] == country
    if country:
        assert (
            sources(seen).items() >= {"CallerId": "Caller", "CalledPhoneNumber": "Called"}.items()
        )


def test_without_a_zone_the_country_is_asked_for_and_nothing_is_ready_without_it(tmp_path):
    calls = tmp_path / "calls.csv"
    calls.write_text(national(AT_HOME["London"][1]), encoding="utf-8")
    known = ["campaign=1", "partner=2", "tracker=3", "provider=PBX"]
    given = [part for answer in known for part in ("--answer", answer)]
    job = tmp_path / "callconv.toml"
    zone = ["--answer", "map.EventDate=2026-11-20T15:00:05Z"]
    assert main(["init", str(calls), "--yes", "--accept", "likely", *given, *zone]) == 0
    assert 'default_country = ""' in job.read_text()
    assert main(["prepare", str(calls), "--job", str(job), "--out", str(tmp_path / "out")]) == 2
    job.unlink()
    given += ["--answer", "default_country=gb", "--answer", "timezone=Europe/London"]
    assert main(["init", str(calls), "--yes", "--accept", "likely", *given]) == 0
    run = ck.prepare(calls, job=job, now="2026-11-26T06:00:00Z")
    assert set(run.ready["CallerPhoneNumberCountry"]) == {"GB"}
    assert len(run.ready) == 8


def test_the_zone_is_asked_for_before_the_columns_of_numbers_that_it_makes_known(tmp_path):
    calls = tmp_path / "calls.csv"
    calls.write_text(national(AT_HOME["London"][1]), encoding="utf-8")
    seen = ck.inspect(calls)
    asked = [question.id for question in questions(seen)]
    assert asked[:3] == ["timezone", "default_country", "map.CallerId"]
    settled = refined(calls, seen, {"timezone": "Europe/London"})
    (country,) = [one for one in questions(settled) if one.id == "default_country"]
    assert (country.proposal, country.confidence) == ("GB", "likely")
    assert "map.CallerId" not in [one.id for one in questions(settled)]


def test_a_job_of_another_country_makes_its_numbers_known(tmp_path):
    (tmp_path / "calls.csv").write_text(national(AT_HOME["Berlin"][1]), encoding="utf-8")
    seen = ck.inspect(tmp_path / "calls.csv", default_country="DE")
    assert sources(seen).items() >= {"CallerId": "Caller", "CalledPhoneNumber": "Called"}.items()


FREEPBX = "calldate,src,dst,dcontext,duration,billsec,disposition,uniqueid,did\n"


@pytest.mark.parametrize("mark", ["NULL", "\\N", "", "N/A"])
def test_rows_without_a_number_dialed_are_left_out_whatever_word_stands_for_nothing(tmp_path, mark):
    rows = [
        f"2026-11-20 15:0{n}:05,617555012{n},101,from-did,201,187,ANSWERED,u{n},8005550142"
        for n in range(6)
    ]
    rows += [
        f"2026-11-20 16:0{n}:05,101,617555018{n},from-us,60,50,ANSWERED,o{n},{mark}"
        for n in range(3)
    ]
    (tmp_path / "calls.csv").write_text(FREEPBX + "\n".join(rows) + "\n")
    seen = ck.inspect(tmp_path / "calls.csv", preset="")
    (way,) = [each for each in seen.proposals.direction if each.column == "did"]
    rules = leave_out(way)
    settings = {"columns": {"CallerId": "src", "CalledPhoneNumber": ["did", "dst"]}}
    settings["columns"] |= {"EventDate": "calldate", "CallDuration": "duration"}
    settings["columns"] |= {"TalkDuration": "billsec", "CallStatus": "disposition"}
    constants = {"CampaignId": 1, "MediaId": 2, "ActionTrackerId": 3, "CallProvider": "PBX"}
    run = ck.prepare(
        tmp_path / "calls.csv", **settings, constants=constants, session_id_from=["uniqueid"],
        timezone="UTC", leave_out=rules, now="2026-11-26T06:00:00Z",
    )  # fmt: skip
    assert run.left_out["codes"].tolist() == ["outbound"] * 3
    assert len(run.ready) == 6


ZONES = {
    "Start Time ET": "America/New_York",
    "start_time_utc": "UTC",
    "callDateUTC": "UTC",
    "UTC Start": "UTC",
    "EST Start Time": "America/New_York",
    "Date (Pacific)": "America/Los_Angeles",
    "Start (GMT+1)": "+01:00",
    "Start [-05:00]": "-05:00",
    "Date et heure": "",
    "DATE ET HEURE": "",
    "Hora de la central": "",
    "Central de llamadas": "",
    "Mountain View start": "",
    "Leg -2 start": "",
    "Start 2026-11": "",
    "Est. start": "",
}


@pytest.mark.parametrize(("name", "zone"), ZONES.items())
def test_a_header_names_a_zone_only_by_a_word_that_can_mean_nothing_else(name, zone):
    assert zone_in(name) == zone


def test_times_are_joined_with_the_zone_of_each_row(tmp_path):
    rows = [
        f"c{n},2026-11-20 15:0{n}:05,{zone},617555012{n},8005550142,60,Answered"
        for n, zone in enumerate(["America/New_York", "America/Chicago"] * 3)
    ]
    header = "Call ID,Date,Timezone,Caller,Called,Duration,Status\n"
    (tmp_path / "calls.csv").write_text(header + "\n".join(rows) + "\n")
    assert sources(ck.inspect(tmp_path / "calls.csv"))["EventDate"] == {
        "join": ["Date", "Timezone"]
    }


@pytest.mark.parametrize("text", ["20-11-2026", "16/11/2026", "3:21", "17.5", "31-12"])
def test_a_date_or_a_time_is_not_a_cause(text):
    assert guess(text, "status").status is None


@pytest.mark.parametrize(
    "text", ["486 Busy Here", "17-USER_BUSY", "Q.850: 17", "SIP 486", "17 (busy)"]
)
def test_a_cause_may_have_words_behind_it(text):
    assert guess(text, "cause").status == "INCOMPLETE"


def test_a_zone_that_somebody_names_is_kept_while_no_column_holds_the_times(tmp_path):
    rows = [f"c{n},11/20/2026,{9 + n},617555012{n},8005550142,60,Answered" for n in range(6)]
    header = "Call ID,Date,Hour,Caller,Called,Duration,Status\n"
    (tmp_path / "calls.csv").write_text(header + "\n".join(rows) + "\n")
    draft = draft_of(ck.inspect(tmp_path / "calls.csv"), {"timezone": "America/New_York"})
    assert "map.EventDate" in draft.blanks
    assert draft.settings["timezone"] == "America/New_York"
    assert draft.passed == ()


OF_A_DAY = {
    "fractions of a day": ([f"{n / 86400:.9f}" for n in range(60, 70)], "days"),
    "with a call of no length": (["0", *(f"{n / 86400}" for n in range(60, 69))], "days"),
    "short calls among others": (["0.4", "201", "187.5", "60", "33", "0.7", "90", "12", "45", "20"], "seconds"),
    "whole seconds": ([str(n) for n in range(60, 70)], ""),
    "few decimals": (["0.5", "0.25", "0.4", "0.1", "0.9", "0.2", "0.3", "0.6", "0.7", "0.8"], ""),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "unit"), OF_A_DAY.values(), ids=OF_A_DAY)
def test_durations_that_are_fractions_of_a_day_get_their_unit(tmp_path, cells, unit):
    rows = [
        f"c{n},2026-11-20T15:0{n}:05Z,617555012{n},8005550142,{cell},Answered"
        for n, cell in enumerate(cells)
    ]
    header = "Call ID,Start Time,Caller,Called,Duration,Status\n"
    (tmp_path / "calls.csv").write_text(header + "\n".join(rows) + "\n")
    found = ck.inspect(tmp_path / "calls.csv").proposals.mapping["CallDuration"]
    assert (found.source, found.unit) == ("Duration", unit)
