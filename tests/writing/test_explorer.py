"""The calls in linked charts: what is counted under each filter, from a file and from a frame."""

import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.model.errors import UsageError
from callconv_kit.writing.explorer import Calls, Explore

from ..hostile import HOSTILE, NOW, export

ROWS = [
    ("2026-11-02T03:10:00-05:00", "20012", "ANSWER", "130", "120", "10.50", "2125550123"),
    ("2026-11-02T09:10:00-05:00", "20013", "ANSWER", "3600", "3590", "", "2125550123"),
    ("2026-11-04T09:59:59-05:00", "20012", "CANCEL", "5", "0", "", "2125550199"),
    ("2026-11-04T23:00:00+01:00", "20012", "", "3600", "0", "", "2125550123"),
]
COLUMNS = ["EventDate", "MediaId", "CallStatus", "CallDuration", "TalkDuration", "SaleAmount",
           "CallerId"]  # fmt: skip


@pytest.fixture
def frame():
    return pd.DataFrame(ROWS, columns=COLUMNS)


def counted(view, name):
    (facet,) = [one for one in view["facets"] if one["name"] == name]
    return {one["value"]: one["calls"] for one in facet["values"] if one["calls"]}


@pytest.mark.parametrize(
    ("chosen", "totals"),
    [
        ({}, ["4", "2 (50 %)", "1:01:50", "10.50"]),
        ({"MediaId": ["20012"]}, ["3 of 4", "1 (33.3 %)", "0:02:00", "10.50"]),
        ({"MediaId": ["20012"], "CallStatus": ["CANCEL"]}, ["1 of 4", "0 (0 %)", "0:00:00", "0.00"]),
        ({"MediaId": ["20012", "20013"]}, ["4", "2 (50 %)", "1:01:50", "10.50"]),
        ({"day": ["2026-11-03"]}, ["0 of 4", "0 (–)", "0:00:00", "0.00"]),
        ({"hour": ["23:00"]}, ["1 of 4", "0 (0 %)", "0:00:00", "0.00"]),
        ({"CallStatus": ["(empty)"]}, ["1 of 4", "0 (0 %)", "0:00:00", "0.00"]),
    ],
)  # fmt: skip
def test_totals_follow_every_filter(frame, chosen, totals):
    assert [number for _, number in Calls.of_frame(frame).view(chosen)["totals"]] == totals


def test_a_chart_counts_what_the_other_filters_let_through(frame):
    view = Calls.of_frame(frame).view({"MediaId": ["20013"]})
    assert counted(view, "MediaId") == {"20012": 3, "20013": 1}
    assert counted(view, "CallStatus") == {"ANSWER": 1}
    assert counted(view, "day") == {"2026-11-02": 1}
    assert [*counted(view, "duration").values()] == [1]


def test_what_is_worth_a_look_is_named_and_masked(frame):
    often = pd.concat([frame] * 3, ignore_index=True)
    told = Calls.of_frame(often).view({})["outliers"]
    assert told == [
        "******0123 called 9 times.",
        "3 calls before 6 a.m. (25 %).",
        "6 calls lasted exactly 1:00:00: a limit?",
        "1 day without a call: 2026-11-03.",
    ]


def test_typed_frames_and_files_are_counted_alike(frame, tmp_path):
    path = tmp_path / "ready.csv"
    frame.to_csv(path, index=False)
    by_file, by_text = Calls.of_file(path).view({}), Calls.of_frame(frame).view({})
    assert by_file == by_text
    typed = frame.assign(
        EventDate=pd.to_datetime(frame["EventDate"].str[:19]),
        MediaId=frame["MediaId"].astype("int64"),
        CallDuration=frame["CallDuration"].astype("int64"),
        SaleAmount=pd.to_numeric(frame["SaleAmount"]),
    )
    assert Calls.of_frame(typed).view({})["totals"] == by_text["totals"]
    assert typed.callconv.explore().view["totals"] == by_text["totals"]


def test_filters_are_set_and_taken_back_by_a_press(frame):
    shown = frame.callconv.explore()
    shown.choose("MediaId", "20012")
    assert shown.view["filters"] == ["Media partner (MediaId): 20012"]
    shown.choose("CallStatus", "ANSWER")
    assert shown.view["totals"][0][1] == "1 of 4"
    shown.choose("MediaId", "20012")
    assert shown.view["totals"][0][1] == "2 of 4"
    shown.clear()
    assert shown.view["filters"] == []


def test_a_mask_finds_the_rows_of_the_calls_that_are_shown(frame):
    explorer = frame.callconv.explore()
    assert explorer.mask.tolist() == [True] * len(frame)
    for facet in ("CallStatus", "MediaId"):
        for value in filter(None, frame[facet].unique()):
            explorer.choose(facet, value)
            shown = frame[explorer.mask]
            assert set(shown[facet]) == {value}
            assert len(shown) == (frame[facet] == value).sum()
            explorer.clear()
    assert Explore().mask.tolist() == []


def test_where_no_widget_is_shown_the_totals_are(frame):
    said = repr(frame.callconv.explore())
    assert said.startswith("Explore(calls: 4, ")
    assert "2 (50 %)" in said


def test_a_run_is_explored_and_hostile_cells_stay_text(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes(export())
    prepared = ck.prepare(path, now=NOW, max_rejected_share=1.0)
    assert prepared.explore().view["totals"][0] == ["calls", str(prepared.summary["rows_ready"])]
    frame = pd.DataFrame({"MediaId": [*HOSTILE.values()], "CallStatus": "ANSWER"})
    assert len(counted(frame.callconv.explore().view, "MediaId")) == len(set(HOSTILE.values()))


def test_a_frame_of_other_columns_is_refused_in_words():
    with pytest.raises(UsageError, match="None of the columns"):
        pd.DataFrame({"Call Start": ["x"]}).callconv.explore()
