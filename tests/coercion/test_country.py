"""Countries: names and codes become alpha-2; what merely means "empty" never becomes American."""

import csv
from importlib import resources

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.coercion import country
from callconv_kit.coercion.cells import Note, Reading, note_of
from callconv_kit.model import texts

MAPPED = {
    "lower case": ("us", "US"),
    "alpha-3": ("USA", "US"),
    "alpha-3 in lower case": ("can", "CA"),
    "dotted": ("U.S.", "US"),
    "dotted alpha-3": ("U.S.A.", "US"),
    "long name": ("United States of America", "US"),
    "spaces and case": ("united  STATES", "US"),
    "UK": ("UK", "GB"),
    "Great Britain": ("Great Britain", "GB"),
    "England": ("England", "GB"),
    "South Korea": ("South Korea", "KR"),
    "official order": ("Korea, Republic of", "KR"),
    "accents dropped": ("Cote d'Ivoire", "CI"),
    "accents kept": ("Côte d’Ivoire", "CI"),
    "article": ("The Bahamas", "BS"),
    "ampersand": ("Trinidad & Tobago", "TT"),
    "saint": ("St. Lucia", "LC"),
    "former name": ("Turkey", "TR"),
    "Namibia in lower case": ("na", "NA"),
    "Namibia by name": ("Namibia", "NA"),
}
UNKNOWN = {
    "slashed": "N/A",
    "dotted": "N.A.",
    "null": "NULL",
    "none": "None",
    "not a number": "nan",
    "dash": "-",
    "backslash": "\\N",
    "no value": "-no value-",
    "word": "unknown",
    "two meanings": "Korea",
    "also two": "Congo",
    "calling code": "+1",
    "unassigned code": "ZZ",
    "European Union": "EU",
    "state": "Texas",
    "emoji": "🇺🇸",
}


@pytest.mark.parametrize(("text", "alpha2"), MAPPED.values(), ids=MAPPED)
def test_a_country_in_other_words_is_mapped(text: str, alpha2: str) -> None:
    assert country.read(text) == Reading(alpha2, rules=("country_mapped",))


@pytest.mark.parametrize("text", ["US", "CA", "GB", "NA", "XK"])
def test_alpha_2_in_capitals_is_kept_in_silence(text: str) -> None:
    assert country.read(text) == Reading(text)


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
def test_a_text_that_names_no_country_is_wrong_and_never_empty(text: str) -> None:
    assert country.read(text) == Reading(None, "country_unknown")


def test_every_country_that_a_number_can_say_is_known() -> None:
    assert [
        code for code in sorted(phonenumbers.SUPPORTED_REGIONS) if not country.is_known(code)
    ] == []


def test_the_table_has_249_iso_countries_and_three_more_with_unambiguous_spellings() -> None:
    table = resources.files("callconv_kit.coercion").joinpath("data/countries.csv")
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert len({row["alpha2"] for row in rows}) == len({row["alpha3"] for row in rows}) == 252
    for row in rows:
        for spelling in (row["alpha2"], row["alpha3"], row["name"], *row["aliases"].split("|")):
            if spelling:
                assert country.read(spelling).value == row["alpha2"], spelling


@given(st.text(min_size=1))
def test_no_text_raises_and_what_is_read_is_known_and_stays(text: str) -> None:
    value = country.read(text).value
    assert value is None or (country.is_known(value) and country.read(value) == Reading(value))
    nearest = country.nearest(text)
    assert nearest is None or country.is_known(nearest)


def test_the_nearest_country_helps_with_a_misspelling() -> None:
    assert country.nearest("Germny") == "DE"
    assert country.name("DE") == "Germany"
    assert country.nearest("???") is None


def test_the_kernel_says_what_the_rule_says() -> None:
    coerced = country.kernel()(texts.from_list(["US", "Canada", None, "N/A", "Canada"]))
    assert coerced.values.to_pylist() == ["US", "CA", None, None, "CA"]
    assert coerced.positions.tolist() == [1, 3, 4]
    mapped = Note(rules=("country_mapped",))
    assert [note_of(n) for n in coerced.notes] == [mapped, Note("country_unknown"), mapped]
