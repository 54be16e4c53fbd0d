"""Rows of one call that differ where payment hangs, under each `on_conflict`."""

import pandas as pd
import pytest

import callconv_kit as ck

CALL = {
    "CampaignId": "1001",
    "MediaId": "20012",
    "EventDate": "2026-11-20T09:30:00-05:00",
    "ActionTrackerId": "30021",
    "CallProvider": "Invoca",
    "CallSessionId": "S1",
    "CallerId": "2125550123",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": "10",
    "TalkDuration": "5",
}
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


def test_rows_in_conflict_name_each_other_and_what_differs():
    frame = pd.DataFrame([{**CALL, "TalkDuration": talk} for talk in TALKS[:2]])
    prepared = ck.prepare(frame, now="2026-11-24T00:00:00Z", max_rejected_share=1.0)
    told = list(prepared.rejected["reasons"])
    assert "differs in TalkDuration from frame line 2" in told[0]
    assert "differs in TalkDuration from frame line 1" in told[1]
