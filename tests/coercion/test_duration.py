import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.coercion import duration
from callconv_kit.coercion.cells import note_of, once_per_distinct
from callconv_kit.coercion.duration import read
from callconv_kit.model import texts

KEPT = {"zero": "0", "usual": "201", "a whole day": "86400"}
SPELLED = {
    "minutes and seconds": ("3:21", "201"),
    "minutes past the hour": ("75:20", "4520"),
    "clock": ("00:03:21", "201"),
    "clock of a whole day": ("24:00:00", "86400"),
    "clock of pandas": ("0 days 00:03:21", "201"),
    "clock of python": ("1 day, 0:00:00", "86400"),
    "letters": ("3m 21s", "201"),
    "letters without a space": ("3m21s", "201"),
    "hours too": ("1h 2m 3s", "3723"),
    "hours and seconds": ("1 hr 3 sec", "3603"),
    "words": ("3 Minutes and 21 Seconds", "201"),
    "words with a comma": ("3 mins, 21 secs", "201"),
    "decimal minutes": ("3.35 min", "201"),
    "decimal minutes of Europe": ("3,35 min", "201"),
    "one decimal of Europe": ("1,5 h", "5400"),
    "four decimals of Europe": ("0,0500 h", "180"),
    "words behind a comma": ("3m, 21s", "201"),
    "words behind a comma without a space": ("3m,21s", "201"),
    "a part of a minute, in words": ("0.5 min", "30"),
    "seconds": ("201 sec", "201"),
    "seconds, short": ("201s", "201"),
    "milliseconds": ("201000 ms", "201"),
    "ISO 8601": ("PT3M21S", "201"),
    "German": ("3 Min. 21 Sek.", "201"),
    "German, in full": ("1 Stunde, 3 Minuten 1 Sekunde", "3781"),
    "French": ("3 minutes 21 secondes", "201"),
    "Spanish": ("3 minutos 21 segundos", "201"),
    "Spanish, short": ("201 seg.", "201"),
    "Portuguese hours": ("1 hora 1 min", "3660"),
    "Italian": ("3 minuti 21 secondi", "201"),
    "leading zeros": ("007", "7"),
    "double zero": ("00", "0"),
}
NUMBERS = {
    "spreadsheet decimal": ("201.0", "201", ("decimal_zero_removed",)),
    "just below half": ("201.49", "201", ("duration_rounded",)),
    "half": ("200.5", "201", ("duration_rounded",)),
    "half to an odd number": ("201.5", "202", ("duration_rounded",)),
    "spelled with a fraction": ("0:20.5", "21", ("duration_read", "duration_rounded")),
}
CONVERTED = {
    "milliseconds": ("201000", "milliseconds", "201", ("unit_converted",)),
    "milliseconds with a rest": (
        "201500",
        "milliseconds",
        "202",
        ("unit_converted", "duration_rounded"),
    ),
    "minutes": ("3", "minutes", "180", ("unit_converted",)),
    "decimal minutes": ("3.35", "minutes", "201", ("unit_converted",)),
    "less than one second, as it was said": (".5", "seconds", "1", ("duration_rounded",)),
    "a fraction of a day": (
        "0.00232638888888889",
        "days",
        "201",
        ("unit_converted", "duration_rounded"),
    ),
    "half a day": ("0.5", "days", "43200", ("unit_converted",)),
    "a day": ("1", "days", "86400", ("unit_converted",)),
    "less than a minute": ("0.5", "minutes", "30", ("unit_converted",)),
    "less than a millisecond": ("0.6", "milliseconds", "0", ("unit_converted", "duration_rounded")),
    "seconds that are said to be such": ("200.5", "seconds", "201", ("duration_rounded",)),
    "zero in any unit": ("0", "milliseconds", "0", ()),
    "a clock keeps its own units": ("3:21", "milliseconds", "201", ("duration_read",)),
    "words keep their own units": ("201 sec", "minutes", "201", ("duration_read",)),
}
WRONG = {
    "negative": ("-1", "duration_out_of_range"),
    "negative clock": ("-0:05", "duration_out_of_range"),
    "typographic minus": ("−5", "duration_out_of_range"),
    "more than a day": ("86401", "duration_out_of_range"),
    "a fraction more than a day": ("86400.1", "duration_out_of_range"),
    "milliseconds taken for seconds": ("201000", "duration_out_of_range"),
    "clock past a day": ("25:00:00", "duration_out_of_range"),
    "a fraction of a day": ("0.00232638888888889", "duration_invalid"),
    "half of something": ("0.5", "duration_invalid"),
    "half without a zero": (".5", "duration_invalid"),
    "nearly one": ("0.99999999999", "duration_invalid"),
    "more than a day by words with a comma": ("25,5 h", "duration_out_of_range"),
    "a comma that may part thousands": ("1,234 sec", "duration_invalid"),
    "a negative fraction": ("-0.5", "duration_out_of_range"),
    "second 75": ("3:75", "duration_invalid"),
    "minute 75": ("0:75:00", "duration_invalid"),
    "one digit of seconds": ("3:2", "duration_invalid"),
    "four parts": ("0:00:03:21", "duration_invalid"),
    "a time of day": ("3:21 PM", "duration_invalid"),
    "a comma": ("1,234", "duration_invalid"),
    "a word": ("soon", "duration_invalid"),
    "about": ("< 1 min", "duration_invalid"),
    "another word after a number": ("3 minus", "duration_invalid"),
    "a month": ("3 sept", "duration_invalid"),
    "units without a number": ("min", "duration_invalid"),
    "a separator alone": (",", "duration_invalid"),
    "only the ISO prefix": ("PT", "duration_invalid"),
    "only a minus": ("-", "duration_invalid"),
    "only a point": (".", "duration_invalid"),
    "units in disorder": ("21s 3m", "duration_invalid"),
    "digits of another script": ("٢٠١", "duration_invalid"),
    "endless digits": ("9" * 5000, "duration_invalid"),
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_is_kept(text):
    assert read(text) == (text, None, (), ())


@pytest.mark.parametrize(("text", "value"), SPELLED.values(), ids=SPELLED)
def test_is_read(text, value):
    assert read(text) == (value, None, ("duration_read",), ())


@pytest.mark.parametrize(("text", "value", "rules"), NUMBERS.values(), ids=NUMBERS)
def test_a_fraction_is_rounded_half_up(text, value, rules):
    assert read(text) == (value, None, rules, ())


@pytest.mark.parametrize(("text", "unit", "value", "rules"), CONVERTED.values(), ids=CONVERTED)
def test_a_bare_number_counts_the_unit(text, unit, value, rules):
    assert read(text, unit) == (value, None, rules, ())


@pytest.mark.parametrize(("text", "code"), WRONG.values(), ids=WRONG)
def test_is_wrong(text, code):
    assert read(text) == (None, code, (), ())


CELLS = st.text(min_size=1) | st.text("0123456789:.hms PT-", min_size=1)


@given(CELLS)
def test_reading_what_was_read_changes_nothing(text):
    value = read(text).value
    assert value is None or read(value) == (value, None, (), ())


@given(st.integers(1, 86_399))
def test_a_bare_number_below_one_is_a_duration_only_in_a_unit_that_is_named(second):
    fraction = repr(second / 86_400)
    if "e" in fraction:  # no sheet shows it so
        fraction = f"{second / 86_400:.20f}"
    assert read(fraction).code == "duration_invalid"
    assert read(fraction, "days").value == str(second)


@given(
    st.lists(st.none() | CELLS | st.integers(0, 100_000_000).map(str)),
    st.sampled_from([None, "seconds", "milliseconds", "minutes", "days"]),
)
def test_the_column_is_read_as_its_cells_are(cells, unit):
    text = texts.from_list(cells)
    fast, slow = duration.kernel(unit)(text), once_per_distinct(lambda cell: read(cell, unit))(text)
    assert fast.values.to_pylist() == slow.values.to_pylist()
    assert fast.positions.tolist() == slow.positions.tolist()
    assert [*map(note_of, fast.notes)] == [*map(note_of, slow.notes)]


def test_a_column_of_milliseconds_is_converted():
    coerced = duration.kernel("milliseconds")(
        texts.from_list(["201000", "200500", None, "86400000", "86400001", "0", "3:21"])
    )
    assert coerced.values.to_pylist() == ["201", "201", None, "86400", None, "0", "201"]
    assert [note_of(number).code for number in coerced.notes if note_of(number).code] == [
        "duration_out_of_range"
    ]


@given(st.integers(0, 86_400))
def test_a_clock_time_is_its_seconds(seconds):
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    assert read(clock).value == str(seconds)


@given(st.from_regex(r"[0-9]{0,4}(\.[0-9]{0,4})?", fullmatch=True))
def test_a_number_that_may_be_of_a_day_lies_between_0_and_1(text):
    is_number = re.fullmatch(r"[0-9]+(\.[0-9]+)?|\.[0-9]+", text)
    assert duration.may_be_of_a_day(text) == bool(is_number and 0 < Fraction(text) < 1)
