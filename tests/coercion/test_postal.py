import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.coercion import postal
from callconv_kit.coercion.cells import note_of
from callconv_kit.coercion.postal import read
from callconv_kit.model import texts

IN_US = {
    "five digits": ("02139", "02139", ()),
    "ZIP+4": ("02139-4307", "02139", ("zip_cut",)),
    "ZIP+4 parted by a space": ("02139 4307", "02139", ("zip_cut",)),
    "ZIP+4 in one": ("021394307", "02139", ("zip_cut",)),
    "one zero lost": ("2139", "02139", ("zip_zero_restored",)),
    "two zeros lost": ("501", "00501", ("zip_zero_restored",)),
    "a zero of ZIP+4 lost": ("2139-4307", "02139", ("zip_cut", "zip_zero_restored")),
    "the same in one": ("21394307", "02139", ("zip_cut", "zip_zero_restored")),
    "a float": ("90210.0", "90210", ("decimal_zero_removed",)),
    "a float with a lost zero": ("2139.0", "02139", ("decimal_zero_removed", "zip_zero_restored")),
}
ABROAD = {
    "four digits": ("1010", "1010", ()),
    "six digits": ("560001", "560001", ()),
    "nine digits": ("021394307", "021394307", ()),
    "leading zeros": ("00185", "00185", ()),
    "a float": ("1010.0", "1010", ("decimal_zero_removed",)),
    "ZIP+4 is American wherever it stands": ("02139-4307", "02139", ("zip_cut",)),
}
WRONG_IN_US = {"two digits": "12", "six digits": "560001", "ten digits": "0" * 10}
WRONG_ANYWHERE = {
    "letters": "K1A 0B1",
    "a hyphen elsewhere": "01310-100",
    "a fraction": "2139.5",
    "groups": "2,139",
    "negative": "-2139",
    "digits of another script": "١٢٣٤٥",
    "too many digits": "1" * 11,
    "a word": "Boston",
}


@pytest.mark.parametrize(("text", "value", "rules"), IN_US.values(), ids=IN_US)
def test_is_read_in_the_us(text, value, rules):
    assert read(text, in_us=True) == (value, None, rules, ())


@pytest.mark.parametrize(("text", "value", "rules"), ABROAD.values(), ids=ABROAD)
def test_is_read_abroad(text, value, rules):
    assert read(text, in_us=False) == (value, None, rules, ())


@pytest.mark.parametrize("text", WRONG_IN_US.values(), ids=WRONG_IN_US)
def test_is_wrong_in_the_us(text):
    assert read(text, in_us=True) == (None, "zip_invalid", (), ())


@pytest.mark.parametrize("in_us", [True, False])
@pytest.mark.parametrize("text", WRONG_ANYWHERE.values(), ids=WRONG_ANYWHERE)
def test_is_wrong_anywhere(text, in_us):
    assert read(text, in_us) == (None, "zip_invalid", (), ())


CELLS = st.text(min_size=1) | st.text("0123456789-. ", min_size=1) | st.from_regex(r"\A[0-9]+\Z")


@given(CELLS, st.booleans())
def test_reading_what_was_read_changes_nothing(text, in_us):
    value = read(text, in_us).value
    assert value is None or read(value, in_us) == (value, None, (), ())


@given(st.lists(st.tuples(st.none() | CELLS, st.booleans())))
def test_the_column_is_read_as_its_cells_are(rows):
    text = texts.from_list([cell for cell, _ in rows])
    in_us = np.array([flag for _, flag in rows], np.bool_)
    coerced = postal.kernel()(text, in_us)
    noted = dict(zip(coerced.positions.tolist(), map(note_of, coerced.notes), strict=True))
    for row, (cell, flag) in enumerate(rows):
        expected = read(cell, flag) if cell else (None, None, (), ())
        assert coerced.values[row].as_py() == expected[0]
        assert noted.get(row, (None, (), ())) == expected[1:]
