"""Dates and times of two columns, as spreadsheets and frames hold them."""

import datetime as dt

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import callconv_kit as ck
from callconv_kit.coercion.date_with_time import together
from callconv_kit.model import texts

# date, time → as they are joined
HALVES = {
    "as they are": ("2026-11-20", "09:30:05", "2026-11-20 09:30:05"),
    "the first serial day": ("36526", "0.3958912037037037", "2000-01-01 09:30:05"),
    "the last serial day": ("73050", "0.3958912037037037", "2099-12-31 09:30:05"),
    "a date cell": ("2026-11-20 00:00:00", "09:30:05", "2026-11-20 09:30:05"),
    "a date cell of T": ("2026-11-20T00:00:00", "9:30 AM", "2026-11-20 9:30 AM"),
    "a date cell with its zone": (
        "2026-11-20T00:00:00-05:00",
        "09:30:05",
        "2026-11-20 09:30:05-05:00",
    ),
    "a date cell of UTC": ("2026-11-20 00:00:00Z", "09:30:05", "2026-11-20 09:30:05Z"),
    "a short midnight": ("11/20/2026 0:00", "9:30:05 AM", "11/20/2026 9:30:05 AM"),
    "an American midnight": ("11/20/2026 12:00:00 AM", "9:30:05 AM", "11/20/2026 9:30:05 AM"),
    "a time of Access": ("11/20/2026", "12/30/1899 9:30:05 AM", "11/20/2026 9:30:05 AM"),
    "a time of Excel": ("2026-11-20 00:00:00", "1900-01-01 09:30:05", "2026-11-20 09:30:05"),
    "a time of pandas": ("2026-11-20", "1970-01-01 09:30:05", "2026-11-20 09:30:05"),
    "a time of its own day": ("2026-11-20 00:00:00", "2026-11-20 09:30:05", "2026-11-20 09:30:05"),
    "a midnight of its own day": ("2026-11-20", "2026-11-20 00:00:00", "2026-11-20 00:00:00"),
    "a call at midnight": ("2026-11-20 00:00:00", "1899-12-30 00:00:00", "2026-11-20 00:00:00"),
    "a serial day and a fraction": ("46346", "0.395891203703704", "2026-11-20 09:30:05"),
    "a serial day with a zero": ("46346.0", "0.5", "2026-11-20 12:00:00"),
    "a serial day and a clock": ("46346", "09:30:05", "2026-11-20 09:30:05"),
    "a serial day and midnight": ("46346", "0", "2026-11-20 00:00:00"),
    "a serial day twice": ("46346", "46346.39589", "2026-11-20 09:30:05"),
    "a date and a fraction": ("20 Nov 2026", ".395891203703704", "20 Nov 2026 09:30:05"),
    "a time with its zone": ("2026-11-20 00:00:00", "09:30:05 EST", "2026-11-20 09:30:05 EST"),
    "a weekday": ("Thu 11/12/2026", "9:30 AM", "Thu 11/12/2026 9:30 AM"),
    "the time first": ("09:30:05", "2026-11-20 00:00:00", "09:30:05 2026-11-20"),
}
APART = {
    "another day": ("2026-11-20 00:00:00", "2026-11-21 09:30:05"),
    "another day, the time first": ("2026-11-20 09:30:05", "2026-11-21"),
    "another serial day": ("46346", "46347.39589"),
    "two times": ("2026-11-20 08:00:00", "09:30:05"),
    "a zone": ("2026-11-20 00:00:00", "EST"),
    "a fraction that does not tell the second": ("2026-11-20", "0.4"),
    "a number that is no serial day": ("12345", "0.3958912037037037"),
    "a day before 2000": ("36525", "0.3958912037037037"),
    "a day after 2099": ("73051", "0.3958912037037037"),
    "nothing": ("2026-11-20 00:00:00", None),
    "an empty text": ("2026-11-20", ""),
}


def joined(*cells):
    parts = together([texts.from_list([cell]) for cell in cells])
    return " ".join(part[0].as_py() or "" for part in parts).strip()


@pytest.mark.parametrize(("date", "time", "whole"), HALVES.values(), ids=HALVES)
def test_two_halves_make_one_moment(date, time, whole):
    assert joined(date, time) == whole


@pytest.mark.parametrize(("date", "time"), APART.values(), ids=APART)
def test_what_does_not_fit_stays_as_it_is(date, time):
    assert joined(date, time) == " ".join(filter(None, (date, time)))


def test_a_third_part_may_tell_the_zone():
    assert joined("2026-11-20 00:00:00", "12/30/1899 9:30", "EST") == "2026-11-20 9:30 EST"


@given(st.lists(st.tuples(st.text(max_size=30), st.text("0123456789:./- APM", max_size=30))))
def test_any_text_is_taken(cells):
    parts = [texts.from_list([cell[at] or None for cell in cells]) for at in (0, 1)]
    assert [len(part) for part in together(parts)] == [len(cells)] * 2


SECONDS = st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2026, 11, 24)).map(  # noqa: DTZ001 # local times
    lambda moment: moment.replace(microsecond=0)
)


@given(SECONDS)
def test_every_second_survives_as_a_serial_day_and_a_fraction(moment):
    day = (moment.date() - dt.date(1899, 12, 30)).days
    fraction = (moment - dt.datetime.combine(moment.date(), dt.time())).seconds / 86_400
    assert joined(str(day), f"{fraction:.15f}") == str(moment)


CALL = {
    "CampaignId": "1001",
    "MediaId": "20012",
    "ActionTrackerId": "30021",
    "CallProvider": "Invoca",
    "CallSessionId": "S1",
    "CallerId": "2125550123",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": "300",
    "TalkDuration": "187",
    "CallStatus": "ANSWER",
}
SETTINGS = {
    "now": "2026-11-25T12:00:00Z",
    "timezone": "America/New_York",
    "columns": {"EventDate": {"join": ["Date", "Time"]}},
}
DAY, CLOCK = dt.date(2026, 11, 20), dt.time(9, 30, 5)
MIDNIGHT = dt.datetime(2026, 11, 20)  # noqa: DTZ001 # a cell's own times carry no zone
LENGTH = dt.timedelta(hours=9, minutes=30, seconds=5)
FORMS = {
    "dates and times": (DAY, CLOCK),
    "moments and times": (MIDNIGHT, CLOCK),
    "moments and lengths of time": (MIDNIGHT, LENGTH),
    "moments twice": (MIDNIGHT, MIDNIGHT + LENGTH),
    "a serial day and a fraction": (46346, 0.3958912037037037),
    "a serial day and a time": (46346, CLOCK),
    "texts": ("11/20/2026", "9:30:05 AM"),
    "a date and a text": (DAY, "9:30:05 AM"),
}


@pytest.mark.parametrize("kind", ["sheet", "frame", "frame of objects"])
@pytest.mark.parametrize(("day", "clock"), FORMS.values(), ids=FORMS)
def test_sheets_and_frames_join_in_every_form(tmp_path, kind, day, clock):
    call = CALL | {"Date": day, "Time": clock}
    if kind == "sheet":
        book = openpyxl.Workbook()
        book.active.append(list(call))
        book.active.append(list(call.values()))
        book.save(tmp_path / "calls.xlsx")
        source = tmp_path / "calls.xlsx"
    else:
        source = pd.DataFrame([call], dtype=object if "objects" in kind else None)
    run = ck.prepare(source, **SETTINGS)
    assert run.ready["EventDate"].tolist() == ["2026-11-20T09:30:05-05:00"]


def test_a_frame_of_aware_dates_keeps_its_offset():
    frame = pd.DataFrame(
        [CALL | {"Date": pd.Timestamp("2026-11-20", tz="Asia/Kolkata"), "Time": CLOCK}]
    )
    run = ck.prepare(frame, **SETTINGS)
    assert run.ready["EventDate"].tolist() == ["2026-11-20T09:30:05+05:30"]
