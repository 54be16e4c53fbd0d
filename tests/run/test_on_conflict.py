"""Rows of one call that differ where payment hangs, under each `on_conflict`."""

import pandas as pd
import pytest

import callconv_kit as ck

from ..right_call import REQUIRED

CALL = {**REQUIRED, "CallSessionId": "S1", "CallDuration": "10", "TalkDuration": "5"}
TALKS = ("5", "6", "5")
"""The talk times of three rows of one call."""

# on_conflict → (talk times that are ready, code of each row that is not, by its line)
ENDS = {
    "reject": ([], dict.fromkeys((1, 2, 3), "conflicting_duplicate")),
    "first": (["5"], {2: "conflicting_duplicate", 3: "duplicate_row"}),
    "last": (["5"], {1: "duplicate_row", 2: "conflicting_duplicate"}),
}


@pytest.mark.parametrize(("on_conflict", "end"), ENDS.items(), ids=ENDS)
def test_a_conflict_ends_as_the_job_says(on_conflict, end):
    frame = pd.DataFrame([{**CALL, "TalkDuration": talk} for talk in TALKS])
    prepared = ck.prepare(
        frame, on_conflict=on_conflict, now="2026-11-24T00:00:00Z", max_rejected_share=1.0
    )
    aside = pd.concat([prepared.rejected, prepared.left_out])
    assert list(prepared.ready["TalkDuration"]) == end[0]
    assert dict(zip(aside["source_line"], aside["codes"], strict=True)) == end[1]


WARNED = {"reject": [1, 2, 3], "first": [1], "last": [3]}
"""on_conflict → lines of the rows whose warning counts, of three that differ."""


@pytest.mark.parametrize(("on_conflict", "lines"), WARNED.items(), ids=WARNED)
def test_warnings_count_for_rows_that_are_not_left_out(on_conflict, lines):
    frame = pd.DataFrame([{**CALL, "TalkDuration": talk, "City": "=Boston"} for talk in "567"])
    prepared = ck.prepare(
        frame, on_conflict=on_conflict, now="2026-11-24T00:00:00Z", max_rejected_share=1.0
    )
    found = [each for each in prepared.summary["findings"] if each["code"] == "formula_text"]
    assert [
        (each["rows"], [example["source_line"] for example in each["examples"]]) for each in found
    ] == [(len(lines), lines)]


LINK = "https://recordings.example/1?sign="
# cells of two rows whose session is derived from the caller → code of each row that is not ready
DERIVED = {
    "equal rows": ({}, {}, {2: "duplicate_row"}),
    "a recording signed again": (
        {"CallRecording": f"{LINK}a"}, {"CallRecording": f"{LINK}b"}, {2: "duplicate_row"},
    ),
    "another city": (
        {"City": "Boston"}, {"City": "Salem"}, dict.fromkeys((1, 2), "conflicting_duplicate"),
    ),
    "another city beside a recording": (
        {"City": "Boston", "CallRecording": f"{LINK}a"},
        {"City": "Salem", "CallRecording": f"{LINK}a"},
        dict.fromkeys((1, 2), "conflicting_duplicate"),
    ),
    "a column that is not sent": (
        {"Agent": "Ann"}, {"Agent": "Bob"}, dict.fromkeys((1, 2), "conflicting_duplicate"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("first", "second", "end"), DERIVED.values(), ids=DERIVED)
def test_rows_of_one_derived_session_are_one_call_only_where_all_cells_agree(first, second, end):
    call = {name: cell for name, cell in CALL.items() if name != "CallSessionId"}
    prepared = ck.prepare(
        pd.DataFrame([call | first, call | second]),
        session_id_from=["CallerId"],
        now="2026-11-24T00:00:00Z",
        max_rejected_share=1.0,
    )
    aside = pd.concat([prepared.rejected, prepared.left_out])
    assert dict(zip(aside["source_line"], aside["codes"], strict=True)) == end


def test_rows_in_conflict_name_each_other_and_what_differs():
    frame = pd.DataFrame([{**CALL, "TalkDuration": talk} for talk in TALKS[:2]])
    prepared = ck.prepare(frame, now="2026-11-24T00:00:00Z", max_rejected_share=1.0)
    told = list(prepared.rejected["reasons"])
    assert "differs in TalkDuration from frame line 2" in told[0]
    assert "differs in TalkDuration from frame line 1" in told[1]


@pytest.fixture
def rejected(tmp_path):
    """A rejected.csv of two files whose rows are in conflict, at lines 2 and 3 of each."""
    talks = {"first.csv": ["5", "6"], "second.csv": ["7", "5"]}
    for name, seconds in talks.items():
        rows = [
            {**CALL, "TalkDuration": talk, "CallSessionId": f"S{at}"}
            for at, talk in enumerate(seconds)
        ]
        pd.DataFrame(rows).to_csv(tmp_path / name, index=False)
    prepared = ck.prepare(
        [tmp_path / name for name in talks],
        out=tmp_path / "out",
        now="2026-11-24T00:00:00Z",
        max_rejected_share=1.0,
    )
    assert len(prepared.rejected) == 4
    return tmp_path / "out" / "rejected.csv"


# on_conflict → what the reasons say, by the file and line of the row
FED_BACK = {
    "reject": {
        ("first.csv", 2): "differs in TalkDuration from second.csv line 2",
        ("first.csv", 3): "differs in TalkDuration from second.csv line 3",
        ("second.csv", 2): "differs in TalkDuration from first.csv line 2",
        ("second.csv", 3): "differs in TalkDuration from first.csv line 3",
    },
    "first": {
        (
            "second.csv",
            2,
        ): "differs in TalkDuration from first.csv line 2, first.csv line 2 is kept",
        ("second.csv", 3): "first.csv line 3 is kept",
    },
    "last": {
        ("first.csv", 2): "second.csv line 2 is kept",
        ("first.csv", 3): "second.csv line 3 is kept",
    },
}


@pytest.mark.parametrize("on_conflict", FED_BACK)
def test_a_rejected_csv_fed_back_names_the_files_and_lines_of_its_origin(rejected, on_conflict):
    again = ck.prepare(
        rejected, on_conflict=on_conflict, now="2026-11-24T00:00:00Z", out=rejected.parent / "2"
    )
    aside = pd.concat([again.rejected, again.left_out])
    places = zip(aside["source_file"], aside["source_line"], strict=True)
    told = dict(zip(places, aside["reasons"], strict=True))
    assert told.keys() == FED_BACK[on_conflict].keys()
    for place, findings in FED_BACK[on_conflict].items():
        assert findings in told[place]
        assert "rejected.csv" not in told[place]


def test_a_repeat_in_a_rejected_csv_names_the_origin_of_the_row_that_is_kept(rejected):
    header, first, *_ = rejected.read_text().splitlines(keepends=True)
    moved = first.replace("first.csv,2,", "third.csv,9,")
    rejected.write_text(header + first + moved)
    again = ck.prepare(rejected, now="2026-11-24T00:00:00Z", out=rejected.parent / "2")
    (reason,) = again.left_out["reasons"]
    assert "the same as first.csv line 2, which is kept" in reason


def test_a_session_with_and_without_an_event_is_named_by_its_origin(rejected):
    with_event = pd.read_csv(rejected, dtype=str).head(2)
    with_event["CallSessionId"] = "S1"
    with_event["VendorEventId"] = ["E1", ""]
    with_event.to_csv(rejected, index=False)
    again = ck.prepare(rejected, now="2026-11-24T00:00:00Z", out=rejected.parent / "2")
    (found,) = (
        entry
        for entry in again.summary["findings"]
        if entry["code"] == "session_with_and_without_event"
    )
    named = {(example["source_file"], example["source_line"]) for example in found["examples"]}
    assert {file for file, _ in named} <= {"first.csv", "second.csv"}
