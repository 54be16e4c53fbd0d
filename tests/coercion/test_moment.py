"""EventDate, one text at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.coercion import zones
from callconv_kit.coercion.moment import MomentSettings, kernel, order_evidence, read, serials
from callconv_kit.model import codes, texts

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEW_YORK = MomentSettings(NOW, timezone="America/New_York")
SILENT = MomentSettings(NOW)
MONTH_FIRST = MomentSettings(NOW, "America/New_York", date_order="month-first")
DAY_FIRST = MomentSettings(NOW, "America/New_York", date_order="day-first")

REWRITTEN = ("moment_rewritten",)
ZONED = ("zone_applied",)
BOTH = ("moment_rewritten", "zone_applied")

STATED = {
    "the written form": ("2026-09-10T22:55:32-08:00", "2026-09-10T22:55:32-08:00", ()),
    "midnight is a time": ("2026-11-20T00:00:00+00:00", "2026-11-20T00:00:00+00:00", ()),
    "half an hour of offset": ("2026-11-20T09:30:00+05:30", "2026-11-20T09:30:00+05:30", ()),
    "Z": ("2026-11-20T09:30:00Z", "2026-11-20T09:30:00+00:00", REWRITTEN),
    "small t and z": ("2026-11-20t09:30:00z", "2026-11-20T09:30:00+00:00", REWRITTEN),
    "minus nothing": ("2026-11-20T09:30:00-00:00", "2026-11-20T09:30:00+00:00", REWRITTEN),
    "a space for T": ("2026-11-20 09:30:00-05:00", "2026-11-20T09:30:00-05:00", REWRITTEN),
    "Invoca": ("2026-10-24 06:43:15 -07:00", "2026-10-24T06:43:15-07:00", REWRITTEN),
    "offset without colon": ("2026-11-20T09:30:00+0000", "2026-11-20T09:30:00+00:00", REWRITTEN),
    "offset of hours": ("2026-11-20T09:30:00-08", "2026-11-20T09:30:00-08:00", REWRITTEN),
    "offset without a zero": ("2026-11-20 09:30 +5:30", "2026-11-20T09:30:00+05:30", REWRITTEN),
    "no seconds": ("2026-11-20T09:30-05:00", "2026-11-20T09:30:00-05:00", REWRITTEN),
    "five hours behind": ("2026-11-20 09:30 GMT-5", "2026-11-20T09:30:00-05:00", REWRITTEN),
    "two hours ahead": ("2026-11-20 09:30 UTC+2", "2026-11-20T09:30:00+02:00", REWRITTEN),
    "two hours ahead, apart": ("2026-11-20 09:30 UTC +2", "2026-11-20T09:30:00+02:00", REWRITTEN),
    "half an hour more": ("2026-11-20 09:30 UTC+5:30", "2026-11-20T09:30:00+05:30", REWRITTEN),
    "POSIX turns the sign": ("2026-11-20 09:30 Etc/GMT+5", "2026-11-20T09:30:00-05:00", REWRITTEN),
    "a time and its offset before a date": (
        "09:30:00 UTC+2 2026-11-20",
        "2026-11-20T09:30:00+02:00",
        REWRITTEN,
    ),
    "a time before a date and its offset": (
        "09:30 2026-11-20 +02:00",
        "2026-11-20T09:30:00+02:00",
        REWRITTEN,
    ),
    "a time with its zone before a date": (
        "9:30 AM EST Nov 20, 2026",
        "2026-11-20T09:30:00-05:00",
        REWRITTEN,
    ),
    "true minus": ("2026-11-20T09:30:00\u221205:00", "2026-11-20T09:30:00-05:00", REWRITTEN),
    "CallRail": (
        "2026-10-19T13:41:00.236-05:00",
        "2026-10-19T13:41:00-05:00",
        ("fraction_dropped",),
    ),
    "Retreaver": (
        "2026-11-04T16:52:18.034Z",
        "2026-11-04T16:52:18+00:00",
        ("moment_rewritten", "fraction_dropped"),
    ),
    "a comma before the fraction": (
        "2026-11-04T16:52:18,999999999+01:00",
        "2026-11-04T16:52:18+01:00",
        ("fraction_dropped",),
    ),
    "basic format": ("20261120T093000Z", "2026-11-20T09:30:00+00:00", REWRITTEN),
    "basic format without seconds": (
        "20261120T0930+0100",
        "2026-11-20T09:30:00+01:00",
        REWRITTEN,
    ),
    "RFC 2822": ("Tue, 10 Nov 2026 14:03:02 +0000", "2026-11-10T14:03:02+00:00", REWRITTEN),
    "RFC 2822 without weekday": (
        "10 Nov 2026 14:03:02 -0800",
        "2026-11-10T14:03:02-08:00",
        REWRITTEN,
    ),
    "RFC 2822 with a comment": (
        "Tue, 10 Nov 2026 14:03:02 -0500 (EST)",
        "2026-11-10T14:03:02-05:00",
        REWRITTEN,
    ),
    "RFC 2822 in GMT": ("Tue, 10 Nov 2026 14:03:02 GMT", "2026-11-10T14:03:02+00:00", REWRITTEN),
    "RFC 2822 in EST": ("10 Nov 2026 14:03 EST", "2026-11-10T14:03:00-05:00", REWRITTEN),
    "summer abbreviation": ("2026-10-01 09:30 PDT", "2026-10-01T09:30:00-07:00", REWRITTEN),
    "an abbreviation is its offset all year": (
        "2026-10-01 09:30 est",
        "2026-10-01T09:30:00-05:00",
        REWRITTEN,
    ),
    "IANA name in winter": (
        "2026-11-20 09:30 America/New_York",
        "2026-11-20T09:30:00-05:00",
        REWRITTEN,
    ),
    "IANA name in summer": (
        "2026-09-20 09:30 america/new_york",
        "2026-09-20T09:30:00-04:00",
        REWRITTEN,
    ),
    "CET is an IANA name": ("2026-11-20 09:30 CET", "2026-11-20T09:30:00+01:00", REWRITTEN),
    "Java": (
        "2026-11-20T09:30[America/Chicago]",
        "2026-11-20T09:30:00-06:00",
        REWRITTEN,
    ),
    "JavaScript": (
        "Fri Nov 20 2026 09:30:00 GMT-0500 (Eastern Standard Time)",
        "2026-11-20T09:30:00-05:00",
        REWRITTEN,
    ),
    "date(1)": ("Fri Nov 20 09:30:00 EST 2026", "2026-11-20T09:30:00-05:00", REWRITTEN),
}


@pytest.mark.parametrize(("text", "value", "rules"), STATED.values(), ids=STATED)
def test_a_stated_zone_is_kept_whatever_the_settings(text, value, rules):
    for settings in (SILENT, MONTH_FIRST, DAY_FIRST):
        assert read(text, settings) == (value, None, rules, ())


NAIVE = {
    "French": ("20 nov. 2026 à 09:30", "2026-11-20T09:30:00-05:00", BOTH),
    "French, another month": ("30 août 2026 09h30", "2026-08-30T09:30:00-04:00", BOTH),
    "French, figures": ("20/11/2026 09h30", "2026-11-20T09:30:00-05:00", BOTH),
    "German": ("20. Okt. 2026, 09:30 Uhr", "2026-10-20T09:30:00-04:00", BOTH),
    "German, with its day": (
        "Freitag, 20. November 2026 um 9:30",
        "2026-11-20T09:30:00-05:00",
        BOTH,
    ),
    "Spanish": ("20 de noviembre de 2026 9:30 p. m.", "2026-11-20T21:30:00-05:00", BOTH),
    "Spanish, with its day": (
        "viernes, 20 de noviembre de 2026 9:30",
        "2026-11-20T09:30:00-05:00",
        BOTH,
    ),
    "Spanish Windows": ("20/11/2026 09:30:05\u00a0a.\u00a0m.", "2026-11-20T09:30:05-05:00", BOTH),
    "Portuguese": ("2 out 2026 09:30", "2026-10-02T09:30:00-04:00", BOTH),
    "Italian": ("20 settembre 2026 alle 09:30", "2026-09-20T09:30:00-04:00", BOTH),
    "Danish": ("20-11-2026 09.30.05", "2026-11-20T09:30:05-05:00", BOTH),
    "Finnish": ("20.11.2026 9.30", "2026-11-20T09:30:00-05:00", BOTH),
    "ISO with dots": ("2026-11-20 09.30.05", "2026-11-20T09:30:05-05:00", BOTH),
    "Dutch": ("20 sep. 2026 om 09:30", "2026-09-20T09:30:00-04:00", BOTH),
    "ISO": ("2026-11-20T09:30:00", "2026-11-20T09:30:00-05:00", ZONED),
    "ISO in summer": ("2026-09-20T09:30:00", "2026-09-20T09:30:00-04:00", ZONED),
    "ISO with a fraction": (
        "2026-11-20T09:30:00.5",
        "2026-11-20T09:30:00-05:00",
        ("zone_applied", "fraction_dropped"),
    ),
    "Asterisk": ("2026-11-20 09:30:15", "2026-11-20T09:30:15-05:00", BOTH),
    "no seconds": ("2026-11-20 09:30", "2026-11-20T09:30:00-05:00", BOTH),
    "one-digit parts": ("2026-9-5 9:30", "2026-09-05T09:30:00-04:00", BOTH),
    "a time before a date": ("9:30 AM 11/20/2026", "2026-11-20T09:30:00-05:00", BOTH),
    "a time before a month's name": ("13:00:00 16-Nov-2026", "2026-11-16T13:00:00-05:00", BOTH),
    "a time on a weekday": (
        "9:30 PM on Friday, November 20, 2026",
        "2026-11-20T21:30:00-05:00",
        BOTH,
    ),
    "a day with a dot": ("20. November 2026 09:30", "2026-11-20T09:30:00-05:00", BOTH),
    "a day and a month with dots": ("20. Nov. 2026 09:30", "2026-11-20T09:30:00-05:00", BOTH),
    "a weekday and a day with a dot": ("Fri 20. Nov 2026 9:30", "2026-11-20T09:30:00-05:00", BOTH),
    "single digits": ("2026-11-1 0:0", "2026-11-01T00:00:00-04:00", BOTH),
    "single digits of all": ("2026-11-2 9:5:3", "2026-11-02T09:05:03-05:00", BOTH),
    "14 digits": ("20261120093000", "2026-11-20T09:30:00-05:00", BOTH),
    "year first with slashes": ("2026/11/20 09:30", "2026-11-20T09:30:00-05:00", BOTH),
    "only month-first": ("11/20/2026 09:30", "2026-11-20T09:30:00-05:00", BOTH),
    "only day-first": ("20/11/2026 09:30", "2026-11-20T09:30:00-05:00", BOTH),
    "only day-first, with dots": ("20.11.2026 09:30:10", "2026-11-20T09:30:10-05:00", BOTH),
    "both orders are one day": ("11/11/2026 09:30", "2026-11-11T09:30:00-05:00", BOTH),
    "twelve hours": ("11/20/2026 9:30 AM", "2026-11-20T09:30:00-05:00", BOTH),
    "afternoon": ("11/20/2026 9:30:05pm", "2026-11-20T21:30:05-05:00", BOTH),
    "with dots": ("11/20/2026 09:30 a.m.", "2026-11-20T09:30:00-05:00", BOTH),
    "midnight": ("11/20/2026 12:00 AM", "2026-11-20T00:00:00-05:00", BOTH),
    "noon": ("11/20/2026 12:00 PM", "2026-11-20T12:00:00-05:00", BOTH),
    "an hour alone": ("11/20/2026 9 AM", "2026-11-20T09:00:00-05:00", BOTH),
    "PM said twice": ("11/20/2026 14:05 PM", "2026-11-20T14:05:00-05:00", BOTH),
    "a browser": ("11/20/2026, 9:30:00\u202fAM", "2026-11-20T09:30:00-05:00", BOTH),
    "short month": ("Nov 20, 2026 9:30 AM", "2026-11-20T09:30:00-05:00", BOTH),
    "long month, any case": ("20 NOVEMBER 2026 09:30", "2026-11-20T09:30:00-05:00", BOTH),
    "hyphens": ("20-Nov-2026 09:30", "2026-11-20T09:30:00-05:00", BOTH),
    "four letters and a dot": ("Sept. 20, 2026 09:30", "2026-09-20T09:30:00-04:00", BOTH),
    "ordinal": ("20th of November 2026 09:30", "2026-11-20T09:30:00-05:00", BOTH),
    "ordinal after the month": ("November 3rd, 2026 09:30", "2026-11-03T09:30:00-05:00", BOTH),
    "a sentence": (
        "Friday, November 20, 2026 at 9:30 AM",
        "2026-11-20T09:30:00-05:00",
        BOTH,
    ),
    "two spaces": ("2026-11-20  09:30:00", "2026-11-20T09:30:00-05:00", BOTH),
    "serial day": (
        "46346.65625",
        "2026-11-20T15:45:00-05:00",
        ("zone_applied", "serial_day_read"),
    ),
    "serial day, rounded by Excel": (
        "46346.3958333333",
        "2026-11-20T09:30:00-05:00",
        ("zone_applied", "serial_day_read"),
    ),
    "serial day, decimal comma": (
        "46346,39583",
        "2026-11-20T09:30:00-05:00",
        ("zone_applied", "serial_day_read"),
    ),
}


@pytest.mark.parametrize(("text", "value", "rules"), NAIVE.values(), ids=NAIVE)
def test_a_time_without_an_offset_takes_the_zone_of_the_settings(text, value, rules):
    assert read(text, NEW_YORK) == (value, None, rules, ())


@pytest.mark.parametrize("text", [text for text, _, _ in NAIVE.values()], ids=NAIVE)
def test_a_time_without_an_offset_needs_a_zone(text):
    assert read(text, SILENT) == (None, "needs_timezone", (), ())


EPOCHS = {
    "seconds": ("1794000000", "2026-11-06T21:20:00+00:00", ("epoch_read",)),
    "milliseconds": ("1794000000000", "2026-11-06T21:20:00+00:00", ("epoch_read",)),
    "microseconds": ("1794000000000000", "2026-11-06T21:20:00+00:00", ("epoch_read",)),
    "a float's zero": ("1794000000.0", "2026-11-06T21:20:00+00:00", ("epoch_read",)),
    "part of a second": (
        "1794000000.75",
        "2026-11-06T21:20:00+00:00",
        ("fraction_dropped", "epoch_read"),
    ),
    "milliseconds in part": (
        "1794000000999",
        "2026-11-06T21:20:00+00:00",
        ("fraction_dropped", "epoch_read"),
    ),
}


@pytest.mark.parametrize(("text", "value", "rules"), EPOCHS.values(), ids=EPOCHS)
def test_an_epoch_is_written_in_utc(text, value, rules):
    for settings in (SILENT, NEW_YORK):
        assert read(text, settings) == (value, None, rules, ())


WRONG = {
    "words": ("soon", "moment_invalid"),
    "the wrong day in Spanish": ("lunes 20 de noviembre de 2026 09:30", "moment_invalid"),
    "a month of no language": ("20 novemburo 2026 09:30", "moment_invalid"),
    "hours and minutes ago": ("2h30 ago", "moment_invalid"),
    "31 February": ("2026-02-31T09:30:00Z", "moment_invalid"),
    "29 February of a common year": ("02/29/2026 09:30", "moment_invalid"),
    "month 13": ("2026-13-01 09:30", "moment_invalid"),
    "no order makes it a date": ("13/13/2026 09:30", "moment_invalid"),
    "day 0": ("2026-11-00 09:30", "moment_invalid"),
    "year 0": ("0000-11-20T09:30:00Z", "moment_invalid"),
    "hour 24": ("2026-11-20T24:00:00Z", "moment_invalid"),
    "second 60": ("2026-11-20T23:59:60Z", "moment_invalid"),
    "minute 60": ("2026-11-20T23:60Z", "moment_invalid"),
    "14:05 AM": ("11/20/2026 14:05 AM", "moment_invalid"),
    "0:30 PM": ("11/20/2026 0:30 PM", "moment_invalid"),
    "an hour without AM": ("2026-11-20 09", "moment_invalid"),
    "T and no time": ("2026-11-20T", "moment_invalid"),
    "an offset of no place": ("2026-11-20T09:30:00+15:00", "moment_invalid"),
    "minutes of an offset": ("2026-11-20T09:30:00+01:60", "moment_invalid"),
    "junk behind": ("2026-11-20T09:30:00-05:00 or so", "moment_invalid"),
    "junk behind a time": ("2026-11-20 09:30 maybe", "moment_invalid"),
    "two zones": ("2026-11-20T09:30:00+00:00Z", "moment_invalid"),
    "two dates": ("2026-11-20 09:30 2026-11-21 09:30", "moment_invalid"),
    "the wrong weekday": ("Thu, 20 Nov 2026 14:03:02 +0000", "moment_invalid"),
    "Arabic-Indic digits": ("٢٠٢٦-١١-٢٠T٠٩:٣٠:٠٠Z", "moment_invalid"),
    "full-width digits": ("２０２６-11-20T09:30:00Z", "moment_invalid"),
    "an epoch of 1970": ("0000000012", "moment_invalid"),
    "an epoch before call tracking": ("1000000000", "moment_invalid"),
    "11 digits": ("17940000001", "moment_invalid"),
    "a negative epoch": ("-1794000000", "moment_invalid"),
    "a serial day of 1999": ("36525.5", "moment_invalid"),
    "a serial day of 2100": ("73051.5", "moment_invalid"),
    "a week date": ("2026-W47-5T09:30:00Z", "moment_invalid"),
    "a time alone": ("09:30:00", "moment_invalid"),
    "a spreadsheet's rounding": ("1.794E+12", "digits_lost"),
    "ISO date": ("2026-11-20", "moment_without_time"),
    "ISO date with a zone": ("2026-11-20Z", "moment_without_time"),
    "basic date": ("20261120", "moment_without_time"),
    "a date in words": ("Nov 20, 2026", "moment_without_time"),
    "a date in either order": ("03/04/2026", "moment_without_time"),
    "a serial day of one decimal": ("46346.4", "digits_lost"),
    "a serial day of three decimals": ("46346.396", "digits_lost"),
    "a serial day of four decimals": ("46346.3959", "digits_lost"),
    "a sixteenth of a day": ("46346.0625", "digits_lost"),
    "a serial day with a decimal comma": ("46346,4", "digits_lost"),
    "a serial day that is written with zeros": ("46346.4000", "digits_lost"),
    "a whole serial day": ("46346", "moment_without_time"),
    "a whole serial day as a float": ("46346.0", "moment_without_time"),
    "IST is India, Israel and Ireland": ("2026-11-20 09:30 IST", "moment_zone_unknown"),
    "BST": ("20/11/2026 09:30 BST", "moment_zone_unknown"),
    "Windows' name": ("2026-11-20 09:30 Eastern Standard Time", "moment_zone_unknown"),
    "a place that is not": ("2026-11-20 09:30 Mars/Base", "moment_zone_unknown"),
    "a path": ("2026-11-20 09:30 ../etc/localtime", "moment_invalid"),
    "the machine's zone": ("2026-11-20 09:30 localtime", "moment_invalid"),
    "an offset of one digit": ("2026-11-20 09:30 +5", "moment_invalid"),
    "an offset that no place has": ("2026-11-20 09:30 UTC+25", "moment_invalid"),
    "an hour alone before a date": ("9 2026-11-20", "moment_invalid"),
    "a time before and behind a date": ("09:30 2026-11-20 10:30", "moment_invalid"),
    "tomorrow and more": ("2026-11-22T12:00:01Z", "event_in_future"),
    "the end of time": ("9999-12-31T23:59:59-12:00", "event_in_future"),
    "an epoch that is a phone number": ("2125550123", "event_in_future"),
    "399 days": ("2025-10-19T11:59:59Z", "event_too_old"),
    "the beginning of time": ("0001-01-01T00:00:00+14:00", "event_too_old"),
    "an epoch of 2006": ("1150000000", "event_too_old"),
}


@pytest.mark.parametrize(("text", "code"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_wrong_whatever_the_settings(text, code):
    for settings in (SILENT, NEW_YORK, MONTH_FIRST, DAY_FIRST):
        assert read(text, settings) == (None, code, (), ())


EIGHTHS = {
    "46346.125": "03:00:00",
    "46346.25": "06:00:00",
    "46346.250": "06:00:00",
    "46346.375": "09:00:00",
    "46346.5": "12:00:00",
    "46346.625": "15:00:00",
    "46346.75": "18:00:00",
    "46346.875": "21:00:00",
    "46346.40000": "09:36:00",
}


@pytest.mark.parametrize(("text", "clock"), EIGHTHS.items())
def test_a_serial_day_of_an_eighth_or_five_decimals_tells_the_second(text, clock):
    assert read(text, NEW_YORK).value == f"2026-11-20T{clock}-05:00"


def test_where_the_column_drops_zeros_few_decimals_are_enough():
    assert (
        read("46346.4", replace(NEW_YORK, serials_in_full=True)).value
        == "2026-11-20T09:36:00-05:00"
    )


SERIALS = {
    "none": (["2026-11-20", "12"], (0, 0)),
    "mixed": (["46346.4", "46346.39589", "46346", "46346,395891", "20261120"], (4, 2)),
    "beyond the days": (["20000.5", "99999.39589"], (0, 0)),
}


@pytest.mark.parametrize(("cells", "counted"), SERIALS.values(), ids=SERIALS)
def test_serial_days_of_a_column_are_counted(cells, counted):
    assert serials(texts.from_list(cells)) == counted


ORDER = {
    # text, without an order, month-first, day-first
    "two readings": (
        "03/11/2026 09:30",
        "needs_date_order",
        "event_old",
        "2026-11-03T09:30:00-05:00",
    ),
    "two readings with dots": (
        "09.11.2026 09:30",
        "needs_date_order",
        "2026-09-11T09:30:00-04:00",
        "2026-11-09T09:30:00-05:00",
    ),
    "day-first only": (
        "13/11/2026 09:30",
        "2026-11-13T09:30:00-05:00",
        "moment_against_order",
        "2026-11-13T09:30:00-05:00",
    ),
    "month-first only": (
        "11-13-2026 09:30",
        "2026-11-13T09:30:00-05:00",
        "2026-11-13T09:30:00-05:00",
        "moment_against_order",
    ),
    "no matter": (
        "11/11/2026 09:30",
        "2026-11-11T09:30:00-05:00",
        "2026-11-11T09:30:00-05:00",
        "2026-11-11T09:30:00-05:00",
    ),
    "a short year": (
        "11/13/26 09:30",
        "needs_date_order",
        "2026-11-13T09:30:00-05:00",
        "moment_against_order",
    ),
    "a short year in words": (
        "13-Nov-26 09:30",
        "needs_date_order",
        "2026-11-13T09:30:00-05:00",
        "2026-11-13T09:30:00-05:00",
    ),
    "a weekday settles it": (
        "Mon 09/11/2026 09:30",
        "2026-11-09T09:30:00-05:00",
        "moment_against_order",
        "2026-11-09T09:30:00-05:00",
    ),
}


@pytest.mark.parametrize(("text", "without", "month", "day"), ORDER.values(), ids=ORDER)
def test_the_date_order_decides_between_readings_and_nothing_else(text, without, month, day):
    for settings, expected in (NEW_YORK, without), (MONTH_FIRST, month), (DAY_FIRST, day):
        value, code, _, warnings = read(text, settings)
        assert expected in (value, code, *warnings)


ABBREVIATIONS = {
    "Z": 0, "utc": 0, "GMT": 0, "EST": -5, "edt": -4, "CST": -6, "CDT": -5, "MST": -7, "mdt": -6,
    "PST": -8, "PDT": -7,
}  # fmt: skip


@pytest.mark.parametrize(("name", "hours"), ABBREVIATIONS.items(), ids=ABBREVIATIONS)
def test_an_abbreviation_is_an_offset_whatever_zone_has_its_name(name, hours):
    assert zones.find(name) == hours * zones.HOUR


def test_the_order_is_asked_for_before_the_zone():
    assert read("03/04/2026 09:30", SILENT).code == "needs_date_order"
    assert read("03/04/2026 09:30", MomentSettings(NOW, date_order="day-first")).code == (
        "needs_timezone"
    )


def test_a_cell_that_contradicts_the_order_does_not_ask_for_a_zone():
    settings = MomentSettings(NOW, date_order="month-first")
    assert read("13/04/2026 09:30", settings).code == "moment_against_order"


CLOCKS = {
    # text, zone, earlier, later, and the code under "reject"
    "repeated": (
        "2026-11-01 01:30:00",
        "America/New_York",
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T01:30:00-05:00",
        "moment_repeated",
    ),
    "skipped": (
        "2026-10-04 02:30:00",
        "Australia/Sydney",
        "2026-10-04T01:30:00+10:00",
        "2026-10-04T03:30:00+11:00",
        "moment_skipped",
    ),
    "by half an hour": (
        "2026-10-04 02:15:00",
        "Australia/Lord_Howe",
        "2026-10-04T01:45:00+10:30",
        "2026-10-04T02:45:00+11:00",
        "moment_skipped",
    ),
}


@pytest.mark.parametrize(("text", "zone", "early", "late", "code"), CLOCKS.values(), ids=CLOCKS)
def test_a_time_that_the_clocks_skipped_or_repeated_is_for_dst_to_decide(
    text, zone, early, late, code
):
    assert read(text, MomentSettings(NOW, zone)).code == code
    assert read(f"{text} {zone}", SILENT).code == code
    assert read(text, MomentSettings(NOW, zone, "earlier")) == (early, None, BOTH, ())
    assert read(text, MomentSettings(NOW, zone, "later")) == (late, None, BOTH, ())
    assert datetime.fromisoformat(early) < datetime.fromisoformat(late)
    for value in early, late:
        moment = datetime.fromisoformat(value)
        assert moment.astimezone(ZoneInfo(zone)).isoformat() == value


@pytest.mark.parametrize(
    ("age", "code", "warnings"),
    [
        (timedelta(hours=-24), None, ()),
        (timedelta(hours=-24, seconds=-1), "event_in_future", ()),
        (timedelta(days=88), None, ()),
        (timedelta(days=88, seconds=1), None, ("event_old",)),
        (timedelta(days=398), None, ("event_old",)),
        (timedelta(days=398, seconds=1), "event_too_old", ()),
    ],
)
def test_age_is_counted_to_the_second(age, code, warnings):
    reading = read((NOW - age).isoformat(), SILENT)
    assert (reading.code, reading.warnings) == (code, warnings)
    assert (reading.value is None) == (code is not None)


def test_a_clock_between_two_seconds_bounds_ages_exactly():
    settings = MomentSettings(NOW + timedelta(microseconds=500_000))
    assert read((NOW - timedelta(days=88)).isoformat(), settings).warnings == ("event_old",)
    assert read((NOW + timedelta(hours=24)).isoformat(), settings).code is None
    assert read((NOW + timedelta(hours=24, seconds=1)).isoformat(), settings).code == (
        "event_in_future"
    )


EVIDENCE = {
    "day-first": ("13/04/2026", "day-first"),
    "day-first with a time": ("13.04.2026 9:30 PM", "day-first"),
    "month-first": ("04/13/2026", "month-first"),
    "a short year": ("4-13-26 9:30", "month-first"),
    "a weekday": ("Wed 04/03/2026 9:30", "day-first"),
    "two readings": ("03/04/2026", None),
    "one day": ("11/11/2026", None),
    "year first": ("2026/13/04", None),
    "words": ("13 April 2026", None),
    "no date": ("13/13/2026", None),
    "an epoch": ("1794000000", None),
    "junk": ("13/04/2026 or so", None),
}


@pytest.mark.parametrize(("text", "order"), EVIDENCE.values(), ids=EVIDENCE)
def test_evidence_of_an_order_is_a_date_with_one_reading(text, order):
    assert order_evidence(text) == order


SETTINGS = [
    MomentSettings(NOW, zone, dst, order)
    for zone in (None, "UTC", "America/New_York", "Australia/Lord_Howe")
    for dst in ("reject", "earlier", "later")
    for order in (None, "month-first", "day-first")
]
WORDS = ("AM", "pm", "Nov", "november", " of ", "th", " at ", "UTC", "EST", "America/New_York")
FRAGMENTS = st.sampled_from(
    (*WORDS, *"0123456789:/-.,+()[]TtZE \u202f\u0661", "2026", "Fri ", "46346", "1794000000", "../")
)


@given(
    st.text() | st.lists(FRAGMENTS, max_size=14).map("".join) | st.from_regex(r"[\d:/. -]{5,25}"),
    st.sampled_from(SETTINGS),
)
def test_any_text_is_read_or_refused_and_what_is_read_is_the_written_form(text, settings):
    order_evidence(text)
    value, code, rules, warnings = read(text, settings)
    assert (value is None) == (code is not None)
    if code is not None:
        assert code in codes.CODES
        assert (rules, warnings) == ((), ())
        return
    assert set(rules) <= set(codes.RULES)
    assert set(warnings) <= {"event_old"}
    assert datetime.fromisoformat(value).isoformat() == value
    assert bool(rules) == (value != text)
    assert read(value, settings) == (value, None, (), warnings)


@given(
    st.datetimes(datetime(2026, 10, 1), datetime(2026, 11, 20)),  # noqa: DTZ001 - local times
    st.sampled_from(["America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_every_way_of_writing_gives_the_same_moment(moment, zone):
    moment = moment.replace(microsecond=0, tzinfo=ZoneInfo(zone))
    settings = MomentSettings(NOW, zone, "later" if moment.fold else "reject")
    expected = read(moment.strftime("%Y-%m-%dT%H:%M:%S"), settings)
    for pattern in (
        "%m/%d/%Y %I:%M:%S %p",
        "%B %d, %Y at %I:%M:%S %p",
        "%a, %d %b %Y %H:%M:%S",
        "%Y%m%dT%H%M%S",
    ):
        order = MomentSettings(NOW, zone, settings.dst, "month-first")
        reading = read(moment.strftime(pattern), order)
        assert (reading.value, reading.code) == (expected.value, expected.code)


def test_the_kernel_keeps_nulls_and_empty_cells_empty():
    cells = ["2026-11-20T09:30:00-05:00", None, "", "soon", "1794000000"]
    coerced = kernel(SILENT)(texts.from_list(cells))
    assert coerced.values.to_pylist()[0] == cells[0]
    assert coerced.values.to_pylist()[3] is None
    assert coerced.values.to_pylist()[4] == "2026-11-06T21:20:00+00:00"
    assert coerced.values.to_pylist()[1] is None
    assert coerced.positions.tolist() == [3, 4]
