"""Rows that need others from anywhere in the inputs: the same files come out of several parts."""

import csv
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

import callconv_kit as ck
from callconv_kit.reading import delimited
from callconv_kit.run import parts

from .test_equal_outputs import outputs
from .test_parts import after_a_delivery

IDS = {"CampaignId": 1001, "MediaId": 20012, "ActionTrackerId": 7001}
SETTINGS = {"now": "2026-11-26T06:00:00Z", "max_rejected_share": 1.0, "keep_findings": False}
CALL = {
    "Id": "", "Parent": "", "EventDate": "2026-11-20T09:30:00-05:00", "Agent": "",
    "CallerId": "2125550123", "CalledPhoneNumber": "8005550199", "CallDuration": "201",
    "TalkDuration": "0", "CallStatus": "ANSWER", "CallSessionId": "",
}  # fmt: skip
INVOCA = {
    "complete_call_id": "", "transaction_id": "", "corrects_transaction_id": "",
    "transaction_type": "Call", "start_time_utc": "1795185005000",
    "calling_phone_number": "617-555-0123", "destination_phone_number": "800-555-0199",
    "duration": "201", "connect_duration": "187", "hangup_cause": "Destination: Hang-up",
}  # fmt: skip


@pytest.fixture
def cut(monkeypatch):
    """Small stretches, so that a file of some hundred rows has many."""
    monkeypatch.setattr(delimited, "BLOCK", 1000)
    monkeypatch.setattr(delimited, "HEADER_ROOM", 500)
    monkeypatch.setattr(parts, "STRETCH", 4000)


def calls_with_legs(picked):
    """Calls with none to four child legs each, some of a call that is elsewhere or missing."""
    rows = []
    for number in range(200):
        rows.append({**CALL, "Id": f"C{number}", "CallSessionId": f"C{number}"})
        for leg in range(picked.choice([0, 0, 1, 2, 4])):
            parent = picked.choice([number, number, number, 7, 999])
            talk = str(picked.choice([5, 20, 20, 90]))
            rows.append(
                {
                    **CALL,
                    "Id": f"L{number}-{leg}",
                    "Parent": f"C{parent}",
                    "Agent": f"A{number}.{leg}",
                    "TalkDuration": talk,
                }
            )
    picked.shuffle(rows)
    return rows


def calls_with_corrections(picked):
    """Calls, some corrected once, some in a chain, some by two rivals, some that are elsewhere."""
    rows = []
    for number in range(300):
        rows.append({**INVOCA, "complete_call_id": f"S{number}", "transaction_id": f"T{number}"})
        if picked.random() < 0.3:
            corrected = picked.choice([number, number, number // 2, 5, 5000])
            rows.append(
                {
                    **INVOCA,
                    "complete_call_id": f"S{number}-c",
                    "transaction_id": f"T{number}-c",
                    "corrects_transaction_id": f"T{corrected}",
                    "duration": str(picked.choice([201, 202, "soon"])),
                }
            )
        if picked.random() < 0.1:
            rows.append(
                {
                    **INVOCA,
                    "complete_call_id": f"S{number}-d",
                    "transaction_id": f"T{number}-d",
                    "corrects_transaction_id": f"T{number}-c",
                }
            )
    picked.shuffle(rows)
    return rows


def written(rows, path):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def legs(child):
    take = {"TalkDuration": "TalkDuration", "SubId1": "Agent"}
    return {
        "constants": {**IDS, "CallProvider": "Invoca"},
        "legs": {"key": "Id", "parent": "Parent", "take": take, "child": child},
    }


KINDS = {
    "the longest leg": (calls_with_legs, legs("longest")),
    "the first leg": (calls_with_legs, legs("first")),
    "the last leg": (calls_with_legs, legs("last")),
    "corrections": (calls_with_corrections, {"preset": "invoca", "constants": IDS}),
    "corrections of answered calls": (
        calls_with_corrections,
        {"preset": "invoca", "constants": IDS, "send": "answered", "on_conflict": "first"},
    ),
}


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("files", [1, 3])
@pytest.mark.parametrize(("rows_of", "settings"), KINDS.values(), ids=KINDS)
def test_related_rows_are_found_across_parts(tmp_path, rows_of, settings, files):
    rows = rows_of(random.Random(files))
    size = -(-len(rows) // files)
    paths = [
        written(rows[at : at + size], tmp_path / f"{at}.csv") for at in range(0, len(rows), size)
    ]
    once = outputs(ck.prepare(paths, out=tmp_path / "once", **settings, **SETTINGS))
    seen = []
    with ThreadPoolExecutor(2) as pool:
        apart = ck.prepare(
            paths,
            out=tmp_path / "apart",
            executor=pool,
            progress=seen.append,
            **settings,
            **SETTINGS,
        )
    assert outputs(apart) == once
    assert len(seen) > 5
    assert 0 < once[1]["rows_left_out"] < once[1]["rows_read"]


@pytest.mark.usefixtures("cut")
def test_corrections_ask_the_ledger_in_each_part(tmp_path):
    rows = calls_with_corrections(random.Random(3))
    settings = {"preset": "invoca", "constants": IDS, **SETTINGS}
    month = written(
        [row for row in rows if not row["corrects_transaction_id"]][:150], tmp_path / "month.csv"
    )
    path = written(rows, tmp_path / "calls.csv")
    ready = ck.prepare(month, out=tmp_path / "month", **settings).ready_file
    found, _ = after_a_delivery(ready, path, tmp_path, **settings)
    assert found["apart"] == found["once"]
    assert found["apart"][1]["rows_left_out"] > 150


@pytest.mark.usefixtures("cut")
def test_a_file_that_changes_between_two_readings_of_its_parts_stops_the_run(tmp_path):
    path = written(calls_with_legs(random.Random(1)), tmp_path / "calls.csv")

    class Changes:
        """Changes the file once its legs have been read."""

        def submit(self, function, *arguments):
            if function.__name__ == "part_of" and arguments[1].span.last:
                path.write_text(path.read_text().replace("L1-0", "L9-9").replace("C1,", "X1,"))
            return pool.submit(function, *arguments)

    with ThreadPoolExecutor(2) as pool, pytest.raises(ck.InputError) as raised:
        ck.prepare(path, out=tmp_path / "out", executor=Changes(), **legs("first"), **SETTINGS)
    assert raised.value.code == "input_changed"


@pytest.mark.usefixtures("cut")
def test_parts_share_the_look_up_and_the_key_of_derived_ids(tmp_path):
    rows = [{**row, "CallSessionId": ""} for row in calls_with_legs(random.Random(2))]
    path = written([row for row in rows if not row["Parent"]], tmp_path / "calls.csv")
    lookup = tmp_path / "partners.csv"
    lookup.write_text("CalledPhoneNumber,MediaId\n+1 800 555 0199,20012\n")
    (tmp_path / "callconv.toml").write_text("")
    settings = {
        "job": tmp_path / "callconv.toml",
        "constants": {"CampaignId": 1001, "ActionTrackerId": 7001, "CallProvider": "Invoca"},
        "session_id_from": ["Id"],
        "lookup": {"file": lookup, "on": "CalledPhoneNumber"},
        **SETTINGS,
    }
    once = outputs(ck.prepare(path, out=tmp_path / "once", **settings))
    with ThreadPoolExecutor(2) as pool:
        apart = outputs(ck.prepare(path, out=tmp_path / "apart", executor=pool, **settings))
    assert apart == once
    assert once[1]["rows_ready"] == 200
