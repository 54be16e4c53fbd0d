"""A total line is no call, whatever the job fills in; a call with a total word stays a call."""

from pathlib import Path

import pytest

from callconv_kit import prepare

CASES = Path(__file__).parents[1] / "data" / "cases"
NOW = "2026-11-26T06:00:00Z"
HEADER = (
    "CampaignId,MediaId,ActionTrackerId,EventDate,CallProvider,CallSessionId,CallerId,"
    "CalledPhoneNumber,CallDuration,TalkDuration,CallStatus,City"
)
CALL = (
    "1001,2002,30003,2026-11-20T09:31:05-05:00,CallRail,s-1,6175550121,2125550199,201,187,ANSWER,x"
)
IDS = {"CampaignId": "1", "MediaId": "2", "ActionTrackerId": "3", "CallProvider": "x"}


def counts(tmp_path, *lines, **settings):
    path = tmp_path / "calls.csv"
    path.write_text("\n".join([HEADER, CALL, *lines]) + "\n")
    summary = prepare(path, now=NOW, max_rejected_share=1.0, **settings).summary
    (entry,) = summary["inputs"]
    totals = [line["line"] for line in entry["skipped_lines"] if line["why"] == "total"]
    return summary["rows_read"], summary["rows_ready"], totals


def test_the_given_total_line_is_skipped_although_a_constant_fills_its_number():
    case = CASES / "total_line_with_constant"
    prepared = prepare(case / "export.csv", job=case / "callconv.toml", now=NOW)
    (entry,) = prepared.summary["inputs"]
    assert entry["skipped_lines"] == [{"line": 4, "why": "total"}]
    assert (prepared.summary["rows_read"], prepared.exit_status) == (2, 0)


TOTAL = "Totals,,,,,,,,201,187,,"
FILLED = {
    "nothing": {},
    "the ids": {"constants": IDS},
    "the called number": {"constants": {**IDS, "CalledPhoneNumber": "2125550199"}},
    "both numbers": {"constants": {"CalledPhoneNumber": "2125550199", "CallerId": "6175550121"}},
    "the called number where it is empty": {"defaults": {"CalledPhoneNumber": "2125550199"}},
    "the time": {"defaults": {"EventDate": "2026-11-20T09:31:05-05:00"}},
    "the session": {"defaults": {"CallSessionId": "s-9"}},
    "everything": {
        "constants": {**IDS, "CalledPhoneNumber": "2125550199", "CallStatus": "ANSWER"},
        "defaults": {"CallSessionId": "s-9", "CallerId": "6175550121"},
    },
}


@pytest.mark.parametrize("settings", FILLED.values(), ids=FILLED)
def test_a_total_line_is_skipped_whatever_the_job_fills_in(tmp_path, settings):
    assert counts(tmp_path, TOTAL, **settings) == (1, 1, [3])


WORDS = ["Total", "Grand Total", "TOTALS:", "Sub-total", "Total calls", "Sum", "total: 12"]


@pytest.mark.parametrize("word", WORDS)
def test_each_word_for_a_total_is_known(tmp_path, word):
    line = f",,,,,,,,,,,{word}"
    settings = {"constants": {**IDS, "CalledPhoneNumber": "2125550199"}}
    assert counts(tmp_path, line, **settings) == (1, 1, [3])


CALLS = {
    "a valid caller": ",,,,,,6175550122,,201,187,,Total",
    "a valid called number": ",,,,,,,2125550199,201,187,,Total",
    "a valid time": ",,,2026-11-20T09:31:05-05:00,,,,,201,187,,Total",
    "a session": ",,,,,s-2,,,201,187,,Total",
    "no total word": ",,,,,,,,201,187,,Totally",
}


@pytest.mark.parametrize("line", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("settings", FILLED.values(), ids=FILLED)
def test_a_line_with_something_of_a_call_is_never_lost(tmp_path, line, settings):
    read, _, totals = counts(tmp_path, line, **settings)
    assert (read, totals) == (2, [])
