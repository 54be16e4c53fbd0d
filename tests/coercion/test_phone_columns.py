"""The vector path of phones says what the scalar rule says, and its table what the library says."""

import random
from collections.abc import Iterator

import numpy as np
import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callconv_kit.coercion import nanp, phone
from callconv_kit.coercion.cells import Coerced, Note, Reading, note_of
from callconv_kit.coercion.phone import PhoneReading, PhoneSettings, kernel, read
from callconv_kit.coercion.phone_columns import LAYOUTS, read_plain
from callconv_kit.model import texts

SHAPES = (
    """
{0}{1}{2}|{0}-{1}-{2}|({0}) {1}-{2}|({0}) {1} {2}|{0}.{1}.{2}|{0} {1}  {2}|{0}/{1}-{2}|-{0}{1}{2}
1{0}{1}{2}|+1{0}{1}{2}|+1 {0} {1} {2}|1-{0}-{1}-{2}|1.{0}.{1}.{2}|+1({0}){1}-{2}|(+1){0}{1}{2}
{0}{1}{2}.0|{0}{1}.{2}|{0}{1}{2}.|0{0}{1}{2}|{0}{1}{2}7|{0}{1}|011{0}{1}|00{0}{1}{2}|+{0}{1}{2}
{0}–{1}–{2}|{0}{1}{2}x7|++1{0}{1}{2}|1{0}{1}{2}+|{0}{1}{2};{0}{1}{2}|1 1{0}{1}{2}
""".strip()
    .replace("\n", "|")
    .split("|")
)
AREAS = (
    "212",
    "416",
    "876",
    "246",
    "800",
    "500",
    "622",
    "600",
    "787",
    "310",
    "268",
    "011",
    "001",
    "737",
)
EXCHANGES = ("555", "200", "521", "522", "606", "874", "101", "911", "012", "264")

part = st.sampled_from(AREAS) | st.from_regex(r"[0-9]{3}", fullmatch=True)
exchange = st.sampled_from(EXCHANGES) | st.from_regex(r"[0-9]{3}", fullmatch=True)
line = st.from_regex(r"[0-9]{4}", fullmatch=True)
number = st.builds(
    lambda shape, *parts: shape.format(*parts), st.sampled_from(SHAPES), part, exchange, line
)
cell = st.none() | number | st.text("0123456789+ ().-x*", min_size=1, max_size=15)
row = st.tuples(cell, st.sampled_from([None, "US", "CA", "JM", "PR", "GB", "AQ"]))
chosen = st.builds(
    PhoneSettings,
    default_country=st.sampled_from(["US", "CA", "GB", "JM"]),
    phone_format=st.sampled_from(list(LAYOUTS)),
    anonymous_callers=st.sampled_from(["reject", "keep"]),
    is_caller=st.booleans(),
)


def readings(coerced: Coerced) -> Iterator[Reading]:
    """A column as readings, cell by cell."""
    assert 0 not in coerced.notes.tolist()
    assert sorted(set(coerced.positions.tolist())) == coerced.positions.tolist()
    notes = dict(zip(coerced.positions.tolist(), coerced.notes.tolist(), strict=True))
    coerced.values.validate(full=True)
    for at, value in enumerate(coerced.values.to_pylist()):
        yield Reading(value, *note_of(notes.get(at, 0)))


def expected(text: str | None, country: str | None, how: PhoneSettings) -> PhoneReading:
    if text is None:
        return PhoneReading(Reading(None), Reading(country))
    return read(text, country, how)


def compare(rows: list[tuple[str | None, str | None]], how: PhoneSettings) -> None:
    numbers = texts.from_list([text for text, _ in rows])
    countries = texts.from_list([country for _, country in rows])
    for few in (0, phone.FEW):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(phone, "FEW", few)
            coerced = kernel(how)(numbers, countries)
        got = zip(readings(coerced.numbers), readings(coerced.countries), strict=True)
        for (text, country), (of_number, of_country) in zip(rows, got, strict=True):
            assert (of_number, of_country) == expected(text, country, how), (text, country)


@settings(max_examples=300)
@given(st.lists(row, max_size=20), chosen)
def test_columns_are_read_as_cell_by_cell(
    rows: list[tuple[str | None, str | None]], how: PhoneSettings
) -> None:
    compare(rows, how)


@pytest.mark.parametrize("phone_format", LAYOUTS)
def test_columns_of_one_shape_are_read_as_cell_by_cell(phone_format: str) -> None:
    how = PhoneSettings(phone_format=phone_format)
    rng = random.Random(20261120)
    for shape in SHAPES:
        rows: list[tuple[str | None, str | None]] = [
            (
                shape.format(
                    rng.choice(AREAS), rng.choice(EXCHANGES), f"{rng.randrange(10000):04d}"
                ),
                country,
            )
            for country in (None, "US", "CA", "JM")
            for _ in range(8)
        ]
        compare(rows, how)


def test_usual_numbers_never_reach_the_scalar_rule() -> None:
    cells = [
        "2125550123",
        "(416) 555-0123",
        "+1 876 555 0123",
        "1-800-555-0199",
        "1115550123",
        None,
    ]
    known = read_plain(texts.from_list(cells), texts.nulls(6), "US", "national").known
    assert known.all()


def test_a_column_that_is_right_already_is_passed_through_as_it_is() -> None:
    numbers = texts.from_list(["2125550123", "2125550145"] * 5)
    countries = texts.nulls(10)
    coerced = kernel(PhoneSettings())(numbers, countries)
    assert coerced.numbers.values is numbers
    assert coerced.countries.values is countries


def test_slices_of_larger_arrays_are_understood() -> None:
    cells = ["junk", "(212) 555-0123", None, "416 555 0123", "Anonymous", "212-555-0145", "junk"]
    numbers = texts.from_list(cells).slice(1, 5)
    countries = texts.from_list(["GB", "US", "US", "US", None, None, "GB"]).slice(1, 5)
    coerced = kernel(PhoneSettings())(numbers, countries)
    assert coerced.numbers.values.to_pylist() == [
        "2125550123", None, "4165550123", None, "2125550145",
    ]  # fmt: skip
    assert coerced.countries.values.to_pylist() == ["US", "US", "CA", None, None]
    corrected = Note(None, ("country_corrected",), ("country_corrected",))
    assert coerced.countries.positions.tolist() == [2]
    assert note_of(int(coerced.countries.notes[0])) == corrected


@pytest.mark.parametrize("length", [0, 3])
def test_columns_without_any_number_say_nothing(length: int) -> None:
    nothing = pa.nulls(length, pa.string())
    coerced = kernel(PhoneSettings())(nothing, nothing)
    assert coerced.numbers.values.null_count == coerced.countries.values.null_count == length
    assert len(coerced.numbers.positions) == len(coerced.countries.positions) == 0


def by_the_library(digits: str) -> tuple[str | None, bool]:
    """Region of a ten-digit number (None: not valid), and whether it is valid in Canada."""
    parsed = phonenumbers.PhoneNumber(country_code=1, national_number=int(digits))
    if digits.startswith("0"):
        parsed.italian_leading_zero = True
    valid = phonenumbers.is_valid_number(parsed)
    region = phonenumbers.region_code_for_number(parsed) if valid else None
    return region, phonenumbers.is_valid_number_for_region(parsed, "CA")


def test_the_table_agrees_with_the_library_over_all_area_codes() -> None:
    classes, regions = nanp.table()
    rng = random.Random(20261120)
    wrong, asked = [], 0
    for area in range(1000):
        for _ in range(24):
            digits = f"{area:03d}{rng.randrange(10**7):07d}"
            number_class = int(classes[int(digits[:6])])
            if number_class == nanp.ASK:
                asked += 1
                continue
            region, canadian = by_the_library(digits)
            shared = region == "US" and canadian
            told = "shared" if number_class == nanp.SHARED else regions[number_class] or None
            if told != ("shared" if shared else region):
                wrong.append((digits, told, region))
    assert wrong == []
    assert asked < 24 * 30, "area codes 001 to 009 and 011 are asked, and a handful of others"


def test_the_table_agrees_with_the_library_on_every_exchange_of_the_small_regions() -> None:
    classes, regions = nanp.table()
    rng = random.Random(20261120)
    own = {int(prefix) // 1000 for prefix in np.flatnonzero((classes > nanp.CA) & (classes < 254))}
    assert len(own) > 25
    for area in own:
        for exchange_ in range(1000):
            prefix = area * 1000 + exchange_
            if classes[prefix] != nanp.ASK:
                region, _ = by_the_library(f"{prefix:06d}{rng.randrange(10**4):04d}")
                told = regions[classes[prefix]] if classes[prefix] != nanp.SHARED else "US"
                assert (told or None) == region, prefix


def test_only_a_handful_of_prefixes_depends_on_what_follows() -> None:
    asked = np.flatnonzero(nanp.table().classes == nanp.ASK)
    others = [at for at in asked.tolist() if not (at < 12_000 or at == 737874)]
    assert len(others) < 20


def test_a_newer_librarys_syntax_leaves_every_number_to_the_scalar_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(pattern: str) -> None:
        raise nanp.PatternUnknown(pattern)

    monkeypatch.setattr(nanp, "expand", fails)
    table = nanp.table.__wrapped__()
    assert len(table.classes) == 10**nanp.PREFIX
    assert (table.classes == nanp.ASK).all()


UNREADABLE = {
    "anchor": "^12",
    "escape": r"1\w",
    "open group": "(?:12",
    "open class": "[12",
    "star": "1*",
    "closed": "1)",
}


@pytest.mark.parametrize("pattern", UNREADABLE.values(), ids=UNREADABLE)
def test_a_pattern_with_unknown_syntax_is_refused(pattern: str) -> None:
    with pytest.raises(nanp.PatternUnknown):
        nanp.expand(pattern)


def test_patterns_expand_to_the_strings_that_they_match() -> None:
    expanded = nanp.expand("2(?:0|[3-5]\\d{1,2})?")
    assert [[sorted(digits) for digits in places] for places in expanded] == [
        [[2], [0]],
        [[2], [3, 4, 5], list(range(10)), list(range(10))],
        [[2], [3, 4, 5], list(range(10))],
        [[2]],
    ]  # fmt: skip
