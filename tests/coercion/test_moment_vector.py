"""EventDate by arithmetic says what the rule for one text says."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callconv_kit.coercion import moment_vector, zones
from callconv_kit.coercion.cells import note_of
from callconv_kit.coercion.moment import MomentSettings, kernel, read
from callconv_kit.coercion.moment_shapes import SHAPES, Shape
from callconv_kit.model import texts

NOW = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)
ALL_SETTINGS = [
    MomentSettings(NOW, zone, dst, order)
    for zone in (None, "UTC", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca")
    for dst in ("reject", "earlier", "later")
    for order in (None, "month-first", "day-first")
]
KERNELS = {each: kernel(each) for each in ALL_SETTINGS}
VECTORS = {each: moment_vector.vector(each) for each in ALL_SETTINGS}

EDGES = [
    NOW.replace(tzinfo=None) + timedelta(days=days, seconds=seconds)
    for days in (1, 0, -88, -398)
    for seconds in (-1, 0, 1)
]
CLOCK_CHANGES = [
    datetime(2026, 11, 1, 1),  # noqa: DTZ001 - local times throughout
    datetime(2026, 3, 8, 2),  # noqa: DTZ001
    datetime(2026, 10, 4, 2),  # noqa: DTZ001
    datetime(2026, 4, 5, 1, 30),  # noqa: DTZ001
    datetime(2026, 2, 15, 2),  # noqa: DTZ001
]
NEAR_A_CHANGE = st.builds(
    lambda change, seconds: change + timedelta(seconds=seconds),
    st.sampled_from(CLOCK_CHANGES),
    st.integers(-7200, 7200),
)
MOMENTS = (
    st.datetimes(datetime(2025, 10, 1), datetime(2026, 12, 1))  # noqa: DTZ001
    | st.datetimes(datetime(1990, 1, 1), datetime(2110, 1, 1))  # noqa: DTZ001
    | NEAR_A_CHANGE
    | st.sampled_from(EDGES)
)


def write(shape: Shape, moment: datetime, offset: int, swapped: bool) -> str | None:
    """`moment` in this shape; None where the shape has too few digits for it."""
    template = shape.template
    if shape.has("#"):
        scale = 1 if len(template) == 10 else 1000
        text = str(int(moment.replace(tzinfo=UTC).timestamp() * scale))
        return text if len(text) == len(template) else None
    first, second = (moment.day, moment.month) if swapped else (moment.month, moment.day)
    numbers = {
        "y": moment.year,
        "o": moment.month,
        "d": moment.day,
        "p": first,
        "q": second,
        "h": (moment.hour % 12 or 12) if shape.has("a") else moment.hour,
        "i": moment.minute,
        "s": moment.second,
        "f": moment.microsecond // 1000,
        "x": abs(offset) // 60,
        "n": abs(offset) % 60,
    }
    for field, number in numbers.items():
        if shape.has(field):
            _, width = shape.span(field)
            digits = f"{number:0{width}}"
            if len(digits) > width:
                return None
            template = template.replace(field * width, digits, 1)
    template = template.replace("±", "-" if offset < 0 else "+")
    return template.replace("am", "PM" if moment.hour >= 12 else "am")


WRITTEN = st.builds(
    write,
    st.sampled_from(SHAPES),
    MOMENTS,
    st.sampled_from([0, -300, 330, 840, -720, 841, -765, 60]),
    st.booleans(),
).filter(bool)


def spoil(text: str, place: int, letter: str) -> str:
    """`text` with another character somewhere."""
    place %= len(text)
    return text[:place] + letter + text[place + 1 :]


SPOILED = st.builds(
    spoil, WRITTEN, st.integers(0, 40), st.sampled_from("0123456789 :-/+.TtzZaApPmM~\u00e9\u0661")
)
CELLS = st.none() | st.just("") | WRITTEN | SPOILED | st.text(max_size=30)


def said(text: str | None, at: MomentSettings) -> tuple[object, ...]:
    """What the rule says of a cell."""
    reading = read(text, at) if text else (None, None, (), ())
    return tuple(reading)


def check(cells: list[str | None], at: MomentSettings) -> None:
    """The kernel says of each cell what the rule says."""
    coerced = KERNELS[at](texts.from_list(cells))
    notes = [(None, (), ())] * len(cells)
    for position, number in zip(coerced.positions.tolist(), coerced.notes.tolist(), strict=True):
        notes[position] = tuple(note_of(number))
    values = [value or None for value in coerced.values.to_pylist()]
    found = [(value, *note) for value, note in zip(values, notes, strict=True)]
    assert found == [said(cell, at) for cell in cells]


@settings(max_examples=400)
@given(st.lists(CELLS, max_size=40), st.sampled_from(ALL_SETTINGS))
@example(["18:8-11-20T09:30:00+00:00", "2026-11-20T09:30:00-00:00"], ALL_SETTINGS[0])
@example(["2026-11-20 09:30:00"] * 3, ALL_SETTINGS[9])
@example(["1/:/2026 0:00", ":/11/2026 9:30 AM", "9/13/2026 /:30"], ALL_SETTINGS[9])
def test_the_vector_path_and_the_rule_agree(cells, at):
    check(cells, at)


@settings(max_examples=200)
@given(st.sampled_from(SHAPES), st.data(), st.sampled_from(ALL_SETTINGS))
def test_they_agree_on_columns_of_one_shape(shape, data, at):
    one = st.builds(write, st.just(shape), MOMENTS, st.sampled_from([0, -300, 330]), st.booleans())
    check(data.draw(st.lists(one.filter(bool), max_size=20)), at)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.template)
def test_every_shape_is_known_to_the_vector_path(shape):
    moment = datetime(2026, 9, 9, 9, 9, 9)  # noqa: DTZ001 - any order, any width of hour
    if not (text := write(shape, moment, -300, swapped=False)):
        pytest.fail("the moment has too many digits for this shape")
    known = VECTORS[MomentSettings(NOW, "America/New_York", "reject", None)](
        texts.from_list([text, None, text])
    ).known
    assert known.tolist() == [True, False, True]


REMARKABLE = [
    datetime(*moment)  # noqa: DTZ001 - local times
    for moment in (
        (2026, 1, 1), (2026, 1, 1, 1), (2026, 2, 9, 9, 59, 59), (2026, 1, 31, 12), (2026, 2, 28, 12, 59, 59), (2026, 3, 1, 0, 59, 59),
        (2026, 6, 30, 11, 59, 59), (2026, 10, 10, 13), (2025, 12, 31, 23, 59, 59),
    )
]  # fmt: skip
"""Noon, midnight and the hours beside them; the first and last days of a year and of months."""


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.template)
def test_the_vector_path_knows_remarkable_moments_as_the_rule_does(shape):
    at = MomentSettings(NOW, "America/New_York", "reject", "month-first")
    cells = [text for moment in REMARKABLE if (text := write(shape, moment, -300, swapped=False))]
    assert cells
    assert VECTORS[at](texts.from_list(cells)).known.all()
    check(cells, at)


USUAL = [
    "2026-11-20T09:30:05-05:00", "2026-11-20 09:30:05", "2026-11-20 09:30:05.123456",
    "2026-11-20T14:30:05Z", "2026-11-20T14:30:05.123Z", "2026-11-20 14:30:05 UTC",
    "2026-11-20 09:30:05 -0500", "2026-11-20 09:30", "2026/11/20 09:30:05", "2026/11/20 09:30",
    "11/20/2026 09:30:05", "11/20/2026 09:30", "11/20/2026 9:30:05", "11/20/2026 9:30",
    "11/20/2026 9:30:05 AM", "11/20/2026 09:30 PM", "1/2/2026 9:30:05 am", "1/20/2026 9:30",
    "11-20-2026 09:30:05", "11-20-2026 09:30", "11.20.2026 09:30:05", "11.20.2026 09:30",
    "1763649005", "1763649005123",
]  # fmt: skip
"""How exports write a time: a column of any of these must not be read cell by cell."""


@pytest.mark.parametrize("text", USUAL)
def test_usual_forms_never_reach_the_rule(text):
    given = MomentSettings(NOW, "America/New_York", "reject", "month-first")
    assert VECTORS[given](texts.from_list([text])).known.all()


def test_a_slice_is_read_as_its_own_cells():
    whole = texts.from_list([None, "2026-11-20T09:30:00Z", "1794000000", "2026-11-20T09:30:00Z"])
    at = MomentSettings(NOW)
    assert kernel(at)(whole.slice(1, 2)).values.to_pylist() == [
        "2026-11-20T09:30:00+00:00",
        "2026-11-06T21:20:00+00:00",
    ]
    assert kernel(at)(whole.slice(0, 0)).values.to_pylist() == []


def test_a_column_in_the_written_form_is_not_copied():
    text = texts.from_list(["2026-11-20T09:30:00-05:00", "2026-11-19T09:30:00-05:00"])
    assert VECTORS[MomentSettings(NOW)](text).values is text


def test_every_minute_of_a_year_is_placed_by_the_table_as_by_the_zone():
    start = (date(2026, 1, 1) - date(1970, 1, 1)).days * zones.DAY
    for name in "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata":
        zone = ZoneInfo(name)
        table = zones.transitions(zone, start - 40 * zones.DAY, start + 400 * zones.DAY)
        local = np.arange(start, start + 365 * zones.DAY, 600)
        places = np.searchsorted(table.edges, local, "right")
        for second, place in zip(local.tolist(), places.tolist(), strict=True):
            naive = datetime(1970, 1, 1) + timedelta(seconds=second)  # noqa: DTZ001
            before, after = zones.offsets(zone, naive)
            assert (before == after) == (place % 2 == 0)
            if before == after:
                assert table.offsets[place] == before
