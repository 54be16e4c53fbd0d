"""`talk_time = "column_if_answered"`: talk counts only where somebody answered."""

import pandas as pd
import pytest

import callconv_kit as ck

IDS = {"CampaignId": 1, "MediaId": 2, "ActionTrackerId": 3, "CallProvider": "Pbx"}
CASES = {
    "an answered call keeps its talk": ("answered", "187", "187"),
    "a mailbox is not talk": ("voicemail", "31", "0"),
    "a menu is not talk": ("IVR_DROPOFF", "17", "0"),
    "an unanswered call needs no talk": ("no answer", "", "0"),
    "a zero stays": ("missed", "0", "0"),
    "an answered call needs its talk": ("answered", "", None),
    "a wrong talk time stays wrong": ("missed", "soon", None),
    "an empty status says nothing": ("", "31", "31"),
}


@pytest.mark.parametrize(("status", "talk", "expected"), CASES.values(), ids=CASES)
def test_talk_counts_only_where_somebody_answered(tmp_path, status, talk, expected):
    row = {
        "CallSessionId": "c1",
        "EventDate": "2026-11-12T09:30:05-05:00",
        "CallerId": "6175550123",
        "CalledPhoneNumber": "8005550142",
        "CallDuration": "201",
        "TalkDuration": talk,
        "CallStatus": status,
    }
    done = ck.prepare(
        pd.DataFrame([row]),
        constants=IDS,
        talk_time="column_if_answered",
        max_rejected_share=1.0,
        now="2026-11-26T06:00:00Z",
        out=tmp_path,
    )
    assert list(done.ready["TalkDuration"]) == ([] if expected is None else [expected])
