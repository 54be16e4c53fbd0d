import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.coercion import identifier
from callconv_kit.coercion.cells import note_of, once_per_distinct
from callconv_kit.coercion.identifier import read
from callconv_kit.model import texts

KEPT = {"short": "7", "usual": "20012", "15 digits": "123456789012000", "19 digits": "9" * 19}
CLEANED = {
    "thousands": ("1,004", "1004", ("grouping_removed",)),
    "millions": ("12,345,678", "12345678", ("grouping_removed",)),
    "float of a spreadsheet": ("20012.0", "20012", ("decimal_zero_removed",)),
    "two decimals": ("20012.00", "20012", ("decimal_zero_removed",)),
    "both": ("1,004.00", "1004", ("decimal_zero_removed", "grouping_removed")),
    "padded": ("00123", "123", ("leading_zero_removed",)),
    "padded past 19 digits": ("0" * 9 + "1" * 15, "1" * 15, ("leading_zero_removed",)),
}
WRONG = {
    "scientific notation": ("1.2E+10", "digits_lost"),
    "scientific notation without sign": ("1.2e10", "digits_lost"),
    "scientific notation with a comma": ("1,2E+10", "digits_lost"),
    "a fraction": ("1000.5", "identifier_invalid"),
    "negative": ("-3", "identifier_invalid"),
    "a date that was an id": ("Mar-04", "identifier_invalid"),
    "zero": ("0", "identifier_invalid"),
    "zeros": ("000", "identifier_invalid"),
    "zero as a float": ("0.0", "identifier_invalid"),
    "20 digits": ("1" * 20, "identifier_invalid"),
    "imperfect groups": ("1,04", "identifier_invalid"),
    "groups behind a zero": ("0,123", "identifier_invalid"),
    "two commas": ("1,,004", "identifier_invalid"),
    "two ids": ("1001 1002", "identifier_invalid"),
    "a sign": ("+1001", "identifier_invalid"),
    "a point without decimals": ("1001.", "identifier_invalid"),
    "digits of another script": ("١٢٣", "identifier_invalid"),
    "full-width digits": ("１２３", "identifier_invalid"),
    "a word": ("campaign", "identifier_invalid"),
}
MAYBE_ROUNDED = {"16 digits": "1234567890123000", "19 digits": "1234567890123450000"}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_is_kept(text):
    assert read(text) == (text, None, (), ())


@pytest.mark.parametrize(("text", "value", "rules"), CLEANED.values(), ids=CLEANED)
def test_is_cleaned(text, value, rules):
    assert read(text) == (value, None, rules, ())


@pytest.mark.parametrize(("text", "code"), WRONG.values(), ids=WRONG)
def test_is_wrong(text, code):
    assert read(text) == (None, code, (), ())


@pytest.mark.parametrize("text", MAYBE_ROUNDED.values(), ids=MAYBE_ROUNDED)
def test_three_zeros_behind_13_digits_get_a_warning(text):
    assert read(text) == (text, None, (), ("identifier_maybe_rounded",))


@pytest.mark.parametrize("text", ["123456789012000", "1234567890123450", "1234567890123400"])
def test_few_digits_or_few_zeros_get_none(text):
    assert read(text) == (text, None, (), ())


CELLS = st.text(min_size=1) | st.text("0123456789,.eE+-", min_size=1)


LONG = st.from_regex(r"[0-9]{12,20}000", fullmatch=True)


@given(CELLS)
def test_reading_what_was_read_changes_nothing(text):
    value = read(text).value
    assert value is None or read(value)[:3] == (value, None, ())


@given(st.lists(st.none() | CELLS | st.integers(1, 10**19).map(str) | LONG))
def test_the_column_is_read_as_its_cells_are(cells):
    text = texts.from_list(cells)
    fast, slow = identifier.kernel()(text), once_per_distinct(read)(text)
    assert fast.values.to_pylist() == slow.values.to_pylist()
    assert fast.positions.tolist() == slow.positions.tolist()
    assert [*map(note_of, fast.notes)] == [*map(note_of, slow.notes)]


def test_a_clean_column_is_given_back_itself():
    text = texts.from_list(["1001", None, "20012"])
    assert identifier.kernel()(text).values is text
