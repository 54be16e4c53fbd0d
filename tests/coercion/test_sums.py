"""Sums and differences of columns, over clocks, durations and moments."""

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import callconv_kit as ck
from callconv_kit.coercion.moment import MomentSettings
from callconv_kit.coercion.sums import Sums
from callconv_kit.job import Job
from callconv_kit.model import texts
from callconv_kit.model.notes import note_of

CASES = Path(__file__).parent.parent / "data" / "cases"
NOW = datetime(2026, 11, 26, tzinfo=UTC)
NEW_YORK = MomentSettings(NOW, "America/New_York")


def combined(*cells, subtract, unit=None, moments=NEW_YORK, of_moments=False):
    sums = Sums(unit, moments, of_moments=of_moments)
    found = sums.of([texts.from_list([cell]) for cell in cells], subtract=subtract)
    codes = [note_of(int(note)).code for note in found.notes]
    return found.values[0].as_py(), next(iter(codes), None)


ADDED = {
    "clocks": (("00:00:14", "00:03:07"), "201 s"),
    "numbers": (("14", "187"), "201"),
    "decimals": (("1.5", "2"), "3.5"),
    "three": (("1:00", "0:30", "0:15"), "105 s"),
    "words": (("3m", "21s"), "201 s"),
    "a clock and a number": (("0:14", "187"), "201 s"),
    "fractions of a second": (("200.25 s", "0.75 s"), "201 s"),
    "minutes with a comma": (("3,35 min", "0"), "201 s"),
    "a word": (("soon", "5"), "soon + 5"),
    "one that is missing": (("00:00:14", None), "00:00:14 + "),
    "none": ((None, None), None),
    "a fraction that may be of a day": (("0.5", "1"), "0.5 + 1"),
    "moments": (("2026-11-20T09:30:05Z", "2026-11-20T09:33:26Z"),
                "2026-11-20T09:30:05Z + 2026-11-20T09:33:26Z"),
}  # fmt: skip
SUBTRACTED = {
    "moments": (("2026-11-20 09:33:26", "2026-11-20 09:30:05"), "201 s"),
    "moments of two zones": (("2026-11-20T09:33:26Z", "2026-11-20T04:30:05-05:00"), "201 s"),
    "epochs": (("1795185206", "1795185005"), "201 s"),
    "epochs in milliseconds": (("1795185206500", "1795185005250"), "201.25 s"),
    "serial days": (("46346.39822", "46346.39589"), "201 s"),
    "moments in words": (("Nov 20, 2026 9:33:26 AM", "20. November 2026 09:30:05"), "201 s"),
    "moments of twelve hours": (("11/20/2026 1:01 PM", "11/20/2026 12:59 PM"), "120 s"),
    "times of day": (("9:33 AM", "9:30 AM"), "180 s"),
    "over a change of the clocks": (("2026-11-01 02:30:00", "2026-11-01 00:30:00"), "10800 s"),
    "over midnight": (("2026-11-21 00:01:00", "2026-11-20 23:59:00"), "120 s"),
    "clocks": (("00:03:21", "00:00:14"), "187 s"),
    "numbers": (("201", "14"), "187"),
    "a moment, a moment and a pause": (
        ("2026-11-20 09:33:26", "2026-11-20 09:30:05", "21"),
        "180 s",
    ),
    "less than a second below zero": (("2026-11-20 09:30:05", "2026-11-20 09:30:05.7"), "0 s"),
    "less than one below zero": (("5", "5.5"), "0"),
    "a second below zero": (("2026-11-20 09:30:04", "2026-11-20 09:30:05"), "-1 s"),
    "numbers below zero": (("4", "5"), "-1"),
    "without an end": ((None, "2026-11-20 09:30:05"), None),
    "without a start": (("2026-11-20 09:30:05", None), None),
    "a duration and a moment": (("201", "2026-11-20 09:30:05"), "201 - 2026-11-20 09:30:05"),
    "a word": (("2026-11-20 09:33:26", "soon"), "2026-11-20 09:33:26 - soon"),
    "a serial day that does not tell the second": (
        ("46346.398221", "46346.39"),
        "46346.398221 - 46346.39",
    ),
    "a number that is no serial day": (
        ("2026-11-20 09:33:26", "36525.39589"),
        "2026-11-20 09:33:26 - 36525.39589",
    ),
}
WRONG = {
    "no zone": (("2026-11-20 09:33:26", "2026-11-20 09:30:05"), MomentSettings(NOW), "needs_timezone"),
    "no order": (("03/11/2026 09:33", "03/11/2026 09:30"), NEW_YORK, "needs_date_order"),
    "a repeated hour": (("2026-11-01 01:30:00", "2026-11-01 00:30:00"), NEW_YORK, "moment_repeated"),
    "a skipped hour": (("2026-03-08 03:30:00", "2026-03-08 02:30:00"), NEW_YORK, "moment_skipped"),
    "dates": (("2026-11-20", "2026-11-20"), NEW_YORK, "moment_without_time"),
    "a zone that nobody knows": (
        ("2026-11-20 09:33 IST", "2026-11-20 09:30 IST"), NEW_YORK, "moment_zone_unknown",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "result"), ADDED.values(), ids=ADDED)
def test_columns_are_added(cells, result):
    assert combined(*cells, subtract=False) == (result, None)


@pytest.mark.parametrize(("cells", "result"), SUBTRACTED.values(), ids=SUBTRACTED)
def test_columns_are_subtracted(cells, result):
    assert combined(*cells, subtract=True) == (result, None)


@pytest.mark.parametrize(("cells", "moments", "code"), WRONG.values(), ids=WRONG)
def test_a_moment_that_can_not_be_read_says_why(cells, moments, code):
    assert combined(*cells, subtract=True, moments=moments) == (None, code)


UNITS = {
    "minutes are added as such": (("3", "1.5"), "minutes", False, "4.5"),
    "minutes are subtracted by their seconds": (("3", "1.5"), "minutes", True, "90 s"),
    "half a minute below zero": (("2", "2.5"), "minutes", True, "-30 s"),
    "fractions of a day": (("0.00232638888888889", "0"), "days", True, "201 s"),
    "serial days as days": (("46346.39822", "46346.39589"), "days", True, "201 s"),
    "a part of a second that is named": (("0.5", "1"), "seconds", False, "1.5"),
}


@pytest.mark.parametrize(("cells", "unit", "subtract", "result"), UNITS.values(), ids=UNITS)
def test_bare_numbers_count_the_unit(cells, unit, subtract, result):
    value, _ = combined(*cells, subtract=subtract, unit=unit)
    assert value == result or abs(float(value.split()[0]) - float(result.split()[0])) < 0.5


def test_a_moment_less_a_duration_is_a_moment():
    value, _ = combined("2026-11-20 09:33:26", "0:03:21", subtract=True, of_moments=True)
    assert value == "1795185005000000"


MOMENTS = st.integers(1_750_000_000, 1_795_000_000)


@given(st.lists(st.tuples(MOMENTS, st.integers(0, 86_400))))
def test_a_column_is_subtracted_as_its_cells_are(calls):
    def written(seconds, number):
        moment = datetime.fromtimestamp(seconds, UTC)
        forms = (
            moment.isoformat(),
            f"{moment:%m/%d/%Y %H:%M:%S} UTC",
            str(seconds),
            f"{moment:%a, %d %b %Y %H:%M:%S} GMT",
            f"{moment:%Y-%m-%d %H:%M:%S}.000000+00:00",
            f"{moment:%Y-%m-%dT%H:%M:%S}.0Z",
        )
        return forms[number % len(forms)]

    ends = texts.from_list([written(start + took, at) for at, (start, took) in enumerate(calls)])
    starts = texts.from_list([written(start, at + 1) for at, (start, _) in enumerate(calls)])
    month_first = MomentSettings(NOW, "America/New_York", date_order="month-first")
    found = Sums(None, month_first).of([ends, starts], subtract=True)
    assert found.values.to_pylist() == [f"{took} s" for _, took in calls]


FRACTIONS = st.integers(0, 999_999)


@given(st.lists(st.tuples(MOMENTS, FRACTIONS, st.integers(1, 10**9)), min_size=1))
def test_fractions_of_a_second_are_subtracted_exactly(calls):
    def written(microseconds, number):
        moment = datetime.fromtimestamp(microseconds // 10**6, UTC)
        fraction = f"{microseconds % 10**6:06}"
        return f"{moment:%Y-%m-%d %H:%M:%S}.{fraction}{'Z' if number % 2 else ' UTC'}"

    starts = [start * 10**6 + fraction for start, fraction, _ in calls]
    ends = [start + took for start, (_, _, took) in zip(starts, calls, strict=True)]
    cells = [
        texts.from_list([written(each, at) for at, each in enumerate(part)])
        for part in (ends, starts)
    ]
    found = Sums(None, NEW_YORK).of(cells, subtract=True)
    seconds = [Fraction(text.removesuffix(" s")) for text in found.values.to_pylist()]
    assert [each * 10**6 for each in seconds] == [took for _, _, took in calls]


CALL = {
    "CampaignId": "1001",
    "MediaId": "20012",
    "ActionTrackerId": "30021",
    "CallProvider": "Invoca",
    "CallSessionId": "S1",
    "CallerId": "2125550123",
    "CalledPhoneNumber": "8005550199",
    "CallStatus": "ANSWER",
    "Started": "2026-11-20T09:30:05-05:00",
    "Answered": "2026-11-20T09:30:19-05:00",
    "Ended": "2026-11-20T09:33:26-05:00",
}
COLUMNS = {
    "EventDate": "Started",
    "CallDuration": {"difference": ["Ended", "Started"]},
    "TalkDuration": {"difference": ["Ended", "Answered"]},
}
SETTINGS = {"now": "2026-11-25T12:00:00Z", "columns": COLUMNS, "max_rejected_share": 1.0}


def test_durations_come_from_moments():
    run = ck.prepare(pd.DataFrame([CALL]), **SETTINGS)
    assert run.ready[["CallDuration", "TalkDuration"]].to_numpy().tolist() == [["201", "187"]]
    rules = {(each["column"], each["rule"]) for each in run.summary["changes"]}
    assert ("CallDuration", "columns_subtracted") in rules


def test_durations_come_from_typed_moments():
    frame = pd.DataFrame([CALL])
    for name in ("Started", "Answered", "Ended"):
        frame[name] = pd.to_datetime(frame[name])
    run = ck.prepare(frame, **SETTINGS)
    assert run.ready[["CallDuration", "TalkDuration"]].to_numpy().tolist() == [["201", "187"]]


def test_a_call_that_nobody_answered_has_no_talk_time_of_its_own():
    frame = pd.DataFrame([CALL | {"Answered": "", "CallStatus": "no answer"}])
    assert ck.prepare(frame, **SETTINGS).rejected["codes"].tolist() == ["required_missing"]
    run = ck.prepare(frame, talk_time="call_if_answered", **SETTINGS)
    assert run.ready["TalkDuration"].tolist() == ["0"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Ended": "2026-11-20T09:30:00-05:00"}, "duration_out_of_range"),
        ({"Ended": "2026-11-22T09:30:00-05:00"}, "duration_out_of_range"),
        ({"Ended": "later"}, "duration_invalid"),
        ({"Ended": "#REF!"}, "excel_error"),
    ],
)
def test_a_difference_that_is_no_duration_is_wrong(change, code):
    run = ck.prepare(pd.DataFrame([CALL | change]), **SETTINGS)
    assert set(run.rejected["codes"][0].split("; ")) == {code}


def test_the_case_of_clocks():
    run = ck.prepare(
        CASES / "sum_of_clocks" / "export.csv",
        job=CASES / "sum_of_clocks" / "callconv.toml",
        now="2026-11-26T06:00:00Z",
    )
    assert run.ready[["CallDuration", "TalkDuration"]].to_numpy().tolist() == [["201", "187"]]


def test_a_job_writes_its_sources_as_it_was_given_them():
    job = Job(columns=COLUMNS | {"IvrDuration": {"sum": ["A", "B"]}, "City": {"join": ["C", "D"]}})
    assert job.columns["CallDuration"].as_written() == {"difference": ["Ended", "Started"]}
    assert job.columns["IvrDuration"].as_written() == {"sum": ["A", "B"]}
    assert job.columns["City"].as_written() == {"join": ["C", "D"]}


def test_a_difference_takes_the_place_of_a_sum_as_a_whole(tmp_path):
    job = tmp_path / "callconv.toml"
    job.write_text('[columns]\nCallDuration = {sum = ["Ringing", "Talking"]}\n')
    run = ck.prepare(pd.DataFrame([CALL]), job=job, **SETTINGS)
    assert run.ready["CallDuration"].tolist() == ["201"]
