import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.coercion import flag
from callconv_kit.coercion.cells import note_of
from callconv_kit.model import texts

KERNELS = {
    "phone type": (flag.phone_type_kernel, "phone_type_unknown"),
    "repeat caller": (flag.repeat_caller_kernel, "flag_unknown"),
    "flag": (flag.flag_kernel, "flag_unknown"),
}
READ = {
    "phone type": {
        "Landline": ("landline", "LAND LINE", "land-line", "fixed", "Fixed Line", "wireline"),
        "Mobile": ("mobile", "Cell", "cell phone", "cellular", "WIRELESS"),
    },
    "repeat caller": {
        "Repeat": ("repeat", "Returning", "existing", "TRUE", "yes", "y", "1", "t"),
        "New": ("new", "First Time", "first-time caller", "FALSE", "No", "n", "0", "f"),
    },
    "flag": {
        "true": ("TRUE", "True", "yes", "Y", "1", "1.0", "t", "on"),
        "false": ("FALSE", "False", "no", "N", "0", "0.0", "f", "off"),
    },
}
UNKNOWN = {
    "phone type": ("voip", "toll free", "true", "2125550123"),
    "repeat caller": ("maybe", "2", "-1"),
    "flag": ("maybe", "2", "-1", "Repeat"),
}


@pytest.mark.parametrize("column", KERNELS)
def test_words_have_a_value(column):
    kernel, _ = KERNELS[column]
    for value, words in READ[column].items():
        coerced = kernel()(texts.from_list([value, *words, None]))
        assert coerced.values.to_pylist() == [*[value] * (len(words) + 1), None]
        assert coerced.positions.tolist() == [*range(1, len(words) + 1)]
        assert {note_of(number) for number in coerced.notes} == {(None, ("flag_mapped",), ())}


@pytest.mark.parametrize("column", KERNELS)
def test_other_words_are_unknown(column):
    kernel, code = KERNELS[column]
    coerced = kernel()(texts.from_list(UNKNOWN[column]))
    assert coerced.values.to_pylist() == [None] * len(UNKNOWN[column])
    assert {note_of(number).code for number in coerced.notes} == {code}


@given(st.text(min_size=1), st.sampled_from([flag.FLAGS, flag.PHONE_TYPES, flag.REPEAT_CALLERS]))
def test_reading_what_was_read_changes_nothing(text, meaning):
    value = flag.read(text, meaning, "flag_unknown").value
    assert value is None or flag.read(value, meaning, "flag_unknown") == (value, None, (), ())
