"""Validity and region of national numbers: the answers of phonenumbers, for every region."""

import random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber, PhoneNumberType

from callconv_kit.coercion import regions

CODES = sorted(COUNTRY_CODE_TO_REGION_CODE)


def same(code, national):
    # As the library keeps a number: leading zeros apart.
    digits = national.lstrip("0")
    zeros = len(national) - len(digits)
    number = PhoneNumber(
        country_code=code,
        national_number=int(digits or 0),
        italian_leading_zero=zeros > 0 or None,
        number_of_leading_zeros=zeros or None,
    )
    assert phonenumbers.national_significant_number(number) == national
    assert regions.region_of(code, national) == phonenumbers.region_code_for_number(number)
    assert regions.is_valid(code, national) == phonenumbers.is_valid_number(number)
    for region in (*COUNTRY_CODE_TO_REGION_CODE[code], "US", "GB"):
        expected = phonenumbers.is_valid_number_for_region(number, region)
        assert regions.is_valid_in(code, national, region) == expected, region


def examples(code):
    for region in COUNTRY_CODE_TO_REGION_CODE[code]:
        for kind in PhoneNumberType.values():
            if region == regions.NO_COUNTRY:
                found = phonenumbers.example_number_for_non_geo_entity(code)
            else:
                found = phonenumbers.example_number_for_type(region, kind)
            if found is not None:
                yield phonenumbers.national_significant_number(found)


@pytest.mark.parametrize("code", CODES)
def test_examples_and_their_neighbors_are_judged_as_the_library_judges_them(code):
    picked = random.Random(code)
    for national in dict.fromkeys(examples(code)):
        same(code, national)
        for _ in range(5):
            at = picked.randrange(len(national))
            changed = national[:at] + str(picked.randrange(10)) + national[at + 1 :]
            same(code, changed if changed.strip("0") else national)
        same(code, national[:-1])
        same(code, national + "0")


def same_parts(digits):
    split = regions.split(digits)
    if split is not None:
        number = phonenumbers.parse(digits, "US")
        assert split == (number.country_code, phonenumbers.national_significant_number(number))
        assert not number.italian_leading_zero
        assert not number.extension
    return split is not None


@pytest.mark.parametrize("code", [code for code in CODES if code != 1])
def test_international_numbers_are_split_as_the_library_splits_them(code):
    numbers = list(dict.fromkeys(examples(code)))
    split = [same_parts(f"+{code}{national}") for national in numbers]
    if code in (33, 34, 44, 49, 61, 91):
        assert all(split)
    for national in numbers:
        for before in "0189":
            same_parts(f"+{code}{before}{national}")
        same_parts(f"+{code}{national[:3]}")


@given(st.from_regex(r"\+[0-9]{5,18}", fullmatch=True))
def test_any_international_number_is_split_as_the_library_splits_it(digits):
    same_parts(digits)


@given(st.sampled_from(CODES), st.from_regex(r"[0-9]{0,4}[1-9][0-9]{2,11}", fullmatch=True))
def test_any_digits_are_judged_as_the_library_judges_them(code, national):
    same(code, national)
