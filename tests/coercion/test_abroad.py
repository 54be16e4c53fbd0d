"""The vector path of numbers abroad says what the scalar rule and the library say."""

import random

import numpy as np
import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber

from callconv_kit.coercion import abroad, phone, regions
from callconv_kit.coercion.cells import note_of
from callconv_kit.coercion.phone import PhoneSettings
from callconv_kit.model import texts

from .test_regions import examples

CODES = sorted(COUNTRY_CODE_TO_REGION_CODE)
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def neighbors(code):
    """The library's examples, and numbers that differ from them in a digit or in length."""
    picked = random.Random(code)
    for national in dict.fromkeys(examples(code)):
        yield national
        for _ in range(10):
            at = picked.randrange(len(national))
            yield national[:at] + str(picked.randrange(10)) + national[at + 1 :]
        yield national[:-1]
        yield national + "7"


@pytest.mark.parametrize("code", CODES)
def test_a_column_has_the_regions_that_the_library_names(code):
    nationals = list(dict.fromkeys(neighbors(code)))
    names = regions.names_of(code)
    for national, place in zip(
        nationals, regions.regions_of(code, texts.from_list(nationals)), strict=True
    ):
        plain = regions.split(f"+{code}{national}") == (code, national)
        if code == phone.NANP or not plain:  # never asked of, or left to the library
            continue
        number = PhoneNumber(country_code=code, national_number=int(national))
        region = phonenumbers.region_code_for_number(number)
        valid = phonenumbers.is_valid_number(number) and region != regions.NO_COUNTRY
        assert (names[place] if place >= 0 else None) == (region if valid else None), national


def read_in_one(cells, countries, how):
    """The kernel's answers, cell by cell, as `phone.read` gives them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phone, "FEW", 0)
        coerced = phone.kernel(how)(texts.from_list(cells), texts.from_list(countries))
    columns = []
    for column in (coerced.numbers, coerced.countries):
        notes = np.zeros(len(cells), np.int64)
        notes[column.positions] = column.notes
        values = column.values.to_pylist()
        columns.append(
            [(value, *note_of(note)) for value, note in zip(values, notes.tolist(), strict=True)]
        )
    return list(zip(*columns, strict=True))


WRITTEN = {
    "London": ("+44 20 7946 0958", None),
    "London, of its row": ("+44 20 7946 0958", "GB"),
    "London, of another row": ("+44 20 7946 0958", "FR"),
    "Jersey": ("+44 1534 456789", None),
    "Jersey as Britain": ("+44-1534-456789", "GB"),
    "Rome with its zero": ("+39 06 698 12345", None),
    "the zero in parentheses": ("+44 (0)20 7946 0958", None),
    "Paris in parentheses": ("+33 (1) 42 68 53 00", None),
    "Kazakhstan": ("+7 701 234 5678", None),
    "Moscow": ("+7 495 123 45 67", "RU"),
    "Buenos Aires with its 9": ("+54 9 11 2345 6789", None),
    "Mexico with the old 1": ("+52 1 55 1234 5678", None),
    "freephone of the world": ("+800 1234 5678", None),
    "satellite": ("+881 6 1234 5678", None),
    "a code of nobody": ("+999 123 4567", None),
    "too short": ("+44 20 79", None),
    "too long": ("+44 20 7946 0958 0958 12", None),
    "two numbers": ("+44 2079460958 2079460959", None),
    "a dot": ("+44 207946095.8", None),
    "RESTRICTED": ("+7378742883", None),
    "RESTRICTED in Britain": ("+44 7378742883", None),
    "ANONYMOUS": ("+266696687", None),
    "UNAVAILABLE": ("+86282452253", None),
    "an extension": ("+44 20 7946 0958 x12", "GB"),
    "an American": ("+1 212 555 0123", "GB"),
    "no country's": ("+44 20 7946 0958", "AQ"),
    "London as dialed": ("020 7946 0958", "GB"),
    "London without its 0": ("20 7946 0958", "GB"),
    "London in parentheses": ("(020) 7946-0958", "GB"),
    "London with its code": ("44 20 7946 0958", "GB"),
    "London with 00": ("00 44 20 7946 0958", "GB"),
    "London with two 0": ("0020 7946 0958", "GB"),
    "London of no row": ("020 7946 0958", None),
    "London in a row of France": ("020 7946 0958", "FR"),
    "Jersey as dialed": ("01534 456789", "JE"),
    "Jersey as dialed in Britain": ("01534 456789", "GB"),
    "Rome as dialed": ("06 698 12345", "IT"),
    "Paris as dialed": ("01 42 68 53 00", "FR"),
    "Madrid, which dials no 0": ("91 123 45 67", "ES"),
    "Moscow with its 8": ("8 495 123 45 67", "RU"),
    "Budapest with its 06": ("06 1 234 5678", "HU"),
    "São Paulo with a carrier": ("0 15 11 2345 6789", "BR"),
    "Buenos Aires with its 15": ("011 15 2345 6789", "AR"),
    "Mexico with 01": ("01 55 1234 5678", "MX"),
    "Sydney as dialed": ("(02) 9374 4000", "AU"),
    "too short at home": ("020 79", "GB"),
    "too long at home": ("020 7946 0958 0958", "GB"),
    "two numbers at home": ("02079460958 02079460959", "GB"),
    "a decimal at home": ("2079460958.0", "GB"),
    "RESTRICTED at home": ("7378742883", "GB"),
    "ANONYMOUS at home": ("266696687", "LS"),
    "an American at home": ("212 555 0123", "GB"),
    "at home in no country": ("020 7946 0958", "AQ"),
}


@pytest.mark.parametrize("phone_format", ["national", "dashes", "parentheses", "e164"])
@pytest.mark.parametrize("is_caller", [True, False])
@pytest.mark.parametrize("case", WRITTEN)
def test_a_cell_is_read_as_by_the_scalar_rule(case, is_caller, phone_format):
    cell, country = WRITTEN[case]
    for home in ("US", "GB"):
        how = PhoneSettings(home, phone_format, is_caller=is_caller)
        (got,) = read_in_one([cell], [country], how)
        assert got == phone.read(cell, country, how)


@pytest.mark.parametrize("region", REGIONS)
def test_numbers_as_dialed_at_home_are_read_as_by_the_scalar_rule(region):
    code = phonenumbers.country_code_for_region(region)
    prefix = phonenumbers.ndd_prefix_for_region(region, True) or "0"
    cells = []
    for national in list(dict.fromkeys(neighbors(code)))[::7]:
        cells += [national, prefix + national, f"{prefix} {national[:3]} {national[3:]}"]
    how = PhoneSettings()
    expected = [phone.read(cell, region, how) for cell in cells]
    assert read_in_one(cells, [region] * len(cells), how) == expected


@st.composite
def dialled(draw):
    """A number of the library's examples, changed in its last digits and written in some way."""
    region = draw(st.sampled_from(REGIONS))
    example = phonenumbers.example_number(region)
    digits = phonenumbers.national_significant_number(example)
    tail = draw(st.integers(0, 4))
    digits = digits[: len(digits) - tail] + draw(
        st.text("0123456789", min_size=tail, max_size=tail)
    )
    prefix = draw(st.sampled_from(["+", "+", "+", "", "00", "011", "++"]))
    mark = draw(st.sampled_from(["", " ", "-", " (", ") ", ".", "  ", " / ", " x"]))
    at = draw(st.integers(0, len(digits)))
    country = draw(st.sampled_from([None, region, region, "US", "GB", "IT"]))
    written = f"{digits[:at]}{mark}{digits[at:]}"
    if draw(st.booleans()):
        trunk = phonenumbers.ndd_prefix_for_region(region, True) or ""
        return draw(st.sampled_from(["", trunk, trunk, "0", "8", "1"])) + written, country
    return f"{prefix}{example.country_code}{written}", country


@settings(max_examples=300)
@given(
    st.lists(dialled(), min_size=1, max_size=20),
    st.builds(
        PhoneSettings,
        default_country=st.sampled_from(["US", "GB", "JM", "FR"]),
        phone_format=st.sampled_from(["national", "dashes", "e164"]),
        is_caller=st.booleans(),
        coded=st.booleans(),
    ),
)
def test_a_column_is_read_as_cell_by_cell(rows, how):
    cells, countries = zip(*rows, strict=True)
    expected = [phone.read(*row, how) for row in rows]
    assert read_in_one(list(cells), list(countries), how) == expected


def test_usual_numbers_never_reach_the_scalar_rule():
    cells = [
        "+44 20 7946 0958",
        "+33142685300",
        "+49-30-123456",
        "+61 (2) 9374 4000",
        "+91 98765 43210",
    ]
    found = abroad.find(texts.from_list(cells), texts.nulls(len(cells)))
    assert found.rows.tolist() == [0, 1, 2, 3, 4]
    assert found.regions.to_pylist() == ["GB", "FR", "DE", "AU", "IN"]
    assert found.national.to_pylist()[0] == "2079460958"


def test_usual_numbers_as_dialed_at_home_never_reach_the_scalar_rule():
    cells = ["020 7946 0958", "01 42 68 53 00", "(030) 12-34-56", "(02) 9374 4000", "912345678"]
    countries = ["GB", "FR", "DE", "AU", None]
    found = abroad.find_at_home(texts.from_list(cells), texts.from_list(countries), "ES")
    assert found.rows.tolist() == [0, 1, 2, 3, 4]
    assert found.regions.to_pylist() == ["GB", "FR", "DE", "AU", "ES"]
    assert found.national.to_pylist()[:2] == ["2079460958", "142685300"]
