"""A preset that relates the rows of a call needs both columns by which it does, or neither."""

import csv
import io

import pytest

import callconv_kit as ck

NOW = "2026-11-26T06:00:00+00:00"
IDS = {"CampaignId": 1001, "MediaId": 20012, "ActionTrackerId": 7001}
CALL = {
    "Call SID": "CA1", "Parent Call SID": "", "From": "+16175550123", "To": "+18005550142",
    "Status": "completed", "Direction": "inbound", "Duration": "201",
    "Start Time": "Thu, 12 Nov 2026 14:30:05 +0000",
}  # fmt: skip
LEG = {
    **CALL, "Call SID": "CB1", "Parent Call SID": "CA1", "To": "+13125550177", "Duration": "187",
    "Direction": "outbound-dial",
}  # fmt: skip
INVOCA = {
    "complete_call_id": "00F7-2", "transaction_id": "TX-2", "corrects_transaction_id": "TX-1",
    "transaction_type": "Call", "start_time_utc": "1795185005000",
    "calling_phone_number": "617-555-0123", "destination_phone_number": "800-555-0199",
    "duration": "201", "connect_duration": "187", "hangup_cause": "Destination: Hang-up",
}  # fmt: skip


def written(rows, renamed, path):
    """A CSV of these rows; a column renamed to nothing is left out."""
    header = [name for name in dict.fromkeys(rows[0]) if renamed.get(name, name)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([renamed.get(name, name) for name in header])
    writer.writerows([[row[name] for name in header] for row in rows])
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


HALF = {
    "legs without the calls' own id": (
        "twilio", [CALL, LEG], {"Call SID": "Reference"}, "'Parent Call SID' without 'sid'", "Call SID",
    ),
    "legs whose call id is spelled in words of one's own": (
        "twilio", [CALL, LEG], {"Call SID": "Call Sid Number"}, "'Parent Call SID' without 'sid'", "'Call Sid Number'",
    ),
    "calls without the column that tells their legs": (
        "twilio", [CALL, LEG], {"Parent Call SID": ""}, "'Call SID' without 'parent_call_sid'", "parent_call_sid",
    ),
    "the API's names without the legs' column": (
        "twilio", [CALL, LEG], {"Call SID": "sid", "Parent Call SID": "", "From": "from", "To": "to"},
        "'sid' without 'parent_call_sid'", "parent_call_sid",
    ),
    "corrections without the rows' own id": (
        "invoca", [INVOCA], {"transaction_id": ""}, "'corrects_transaction_id' without 'transaction_id'", "transaction_id",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("vendor", "rows", "renamed", "found", "step"), HALF.values(), ids=HALF)
def test_half_of_a_key_stops_the_run_and_names_the_other_half(
    tmp_path, vendor, rows, renamed, found, step
):
    path = written(rows, renamed, tmp_path / "calls.csv")
    with pytest.raises(ck.InputError) as raised:
        ck.prepare(path, preset=vendor, constants=IDS, talk_time="call_if_answered", now=NOW)
    assert raised.value.code == "column_missing"
    assert found in raised.value.found
    assert step in raised.value.next_step


def test_titled_names_of_twilio_are_calls_with_their_legs(tmp_path):
    path = written([CALL, LEG], {}, tmp_path / "calls.csv")
    settings = {"constants": IDS, "session_id_from": ["Call SID"], "talk_time": "call_if_answered"}
    done = ck.prepare(path, preset="twilio", now=NOW, **settings)
    (row,) = done.ready.to_dict("records")
    names = ("CallSessionId", "CallStatus", "TalkDuration", "CalledPhoneNumber")
    assert [row[name] for name in names] == ["CA1", "ANSWER", "187", "3125550177"]
    assert done.left_out["codes"].tolist() == ["child_leg"]


@pytest.mark.parametrize("mark", ["NULL", "None", "nan", "\\N", "-"])
def test_a_word_for_nothing_is_not_the_id_of_another_call(tmp_path, mark):
    """Scripts write None, databases NULL, where a call is not the leg of another."""
    path = written([{**CALL, "Parent Call SID": mark}, LEG], {}, tmp_path / "calls.csv")
    settings = {"constants": IDS, "talk_time": "call_if_answered"}
    done = ck.prepare(path, preset="twilio", now=NOW, **settings)
    assert done.ready["CallSessionId"].tolist() == ["CA1"]
    path = written([{**INVOCA, "corrects_transaction_id": mark}], {}, tmp_path / "invoca.csv")
    done = ck.prepare(path, preset="invoca", constants=IDS, now=NOW)
    assert done.ready["CallSessionId"].tolist() == ["00F7-2"]


TAKEN = {"first": "Ann", "last": "Cy", "longest": "Bo"}
LEGS = {"Ann": "20", "Bo": "90", "Cy": "50"}


@pytest.mark.parametrize(("child", "agent"), TAKEN.items(), ids=TAKEN)
@pytest.mark.parametrize("batched", [False, True], ids=["in one batch", "in several"])
def test_a_call_takes_its_cells_from_the_leg_that_the_job_names(tmp_path, child, agent, batched):
    call = {
        "Id": "C-1", "Parent": "", "EventDate": "2026-11-20T09:30:00-05:00", "Agent": "",
        "CallerId": "2125550123", "CalledPhoneNumber": "8005550199", "CallDuration": "201",
        "TalkDuration": "0", "CallStatus": "ANSWER", "CallSessionId": "C-1",
    }  # fmt: skip
    legs = [
        {**call, "Id": f"L-{name}", "Parent": "C-1", "Agent": name, "TalkDuration": talk}
        for name, talk in LEGS.items()
    ]
    rows = [call, *legs] if not batched else [*legs[:1], call, *legs[1:]]
    path = written(rows, {}, tmp_path / "calls.csv")
    take = {"TalkDuration": "TalkDuration", "SubId1": "Agent"}
    done = ck.prepare(
        path,
        constants={**IDS, "CallProvider": "Invoca"},
        legs={"key": "Id", "parent": "Parent", "take": take, "child": child},
        now=NOW,
    )
    (row,) = done.ready.to_dict("records")
    assert (row["SubId1"], row["TalkDuration"]) == (agent, LEGS[agent])


def test_a_report_without_corrections_needs_no_column_for_them(tmp_path):
    path = written([INVOCA], {"corrects_transaction_id": ""}, tmp_path / "calls.csv")
    assert len(ck.prepare(path, preset="invoca", constants=IDS, now=NOW).ready) == 1


def test_a_job_with_legs_of_its_own_says_itself_what_relates_them(tmp_path):
    renamed = {"Call SID": "Reference"}
    path = written([CALL, LEG], renamed, tmp_path / "calls.csv")
    legs = {"key": "Reference", "parent": "Parent Call SID", "take": {"TalkDuration": "Duration"}}
    done = ck.prepare(
        path, preset="twilio", constants=IDS, columns={"CallSessionId": "Reference"}, legs=legs,
        talk_time="call_if_answered", now=NOW,
    )  # fmt: skip
    assert done.ready["TalkDuration"].tolist() == ["187"]
