import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.coercion import text as free_text
from callconv_kit.coercion.cells import note_of, once_per_distinct
from callconv_kit.coercion.text import read, read_keypresses, read_reference
from callconv_kit.model import texts

FORMULAS = {
    "equals": "=1+2",
    "at": "@SUM(A1)",
    "plus": "+cmd|' /C calc'!A0",
    "minus": "-cmd",
    "a link": '=HYPERLINK("https://example.com")',
}
PLAIN = {
    "a word": "Boston",
    "a phone number": "+1 (212) 555-0123",
    "a negative number": "-5.25",
    "an emoji": "👍",
    "an equals sign inside": "a=b",
    "html": "<b>&amp;</b>",
}


@pytest.mark.parametrize("text", FORMULAS.values(), ids=FORMULAS)
def test_a_formula_is_kept_with_a_warning(text):
    assert read(text) == (text, None, (), ("formula_text",))


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN)
def test_text_is_kept(text):
    assert read(text) == (text, None, (), ())


def test_a_limit_counts_characters_not_bytes():
    assert read("é" * 64, limit=64).value == "é" * 64
    assert read("é" * 65, limit=64) == (None, "too_long", (), ())


CELLS = (
    st.text(min_size=1)
    | st.text("=+-@1a", min_size=1)
    | st.from_regex(r"[0-9]{12,20}000", fullmatch=True)
)


@given(st.lists(st.none() | CELLS), st.none() | st.integers(1, 5))
def test_the_column_is_read_as_its_cells_are(cells, limit):
    text = texts.from_list(cells)
    fast = free_text.kernel(limit)(text)
    slow = once_per_distinct(lambda cell: read(cell, limit))(text)
    assert fast.values.to_pylist() == slow.values.to_pylist()
    assert fast.positions.tolist() == slow.positions.tolist()
    assert [*map(note_of, fast.notes)] == [*map(note_of, slow.notes)]


def test_a_limit_alone_says_nothing_of_formulas():
    coerced = free_text.within(4)(texts.from_list(["=1+2", "éééé", "12345", None]))
    assert coerced.values.to_pylist() == ["=1+2", "éééé", None, None]
    assert [*map(note_of, coerced.notes)] == [("too_long", (), ())]


@pytest.mark.parametrize("text", ["4711", "0", "-5", "12.5"])
def test_a_reference_that_is_a_number_is_kept(text):
    assert read_reference(text) == (text, None, (), ())


@pytest.mark.parametrize("text", ["A-17", "1,004", "٤٧١١"])
def test_another_reference_is_kept_with_a_warning(text):
    assert read_reference(text) == (text, None, (), ("reference_not_a_number",))


def test_references_are_read_by_column():
    coerced = free_text.reference_kernel()(texts.from_list(["4711", "A-17", None, "=A1"]))
    assert coerced.values.to_pylist() == ["4711", "A-17", None, "=A1"]
    assert coerced.positions.tolist() == [1, 3]


JOINED = {
    "a list of JSON": ('["1","2"]', "1,2"),
    "a list of numbers": ("[1, 2]", "1,2"),
    "a list of Python": ("['1', '2']", "1,2"),
    "semicolons": ("1;2", "1,2"),
    "arrows": ("1>2", "1,2"),
    "arrows with spaces": ("1 -> 2", "1,2"),
    "bars": ("1|2", "1,2"),
    "spaces": ("1 2 #", "1,2,#"),
    "commas with spaces": ("1, 2", "1,2"),
    "names of two words": ("New Sales; Support", "New Sales,Support"),
    "a list of one": ('["1"]', "1"),
}
ONE_KEY = {
    "a key": "1",
    "a star": "*",
    "a name": "New Sales",
    "several digits": "12",
    "joined": "1,2",
}


@pytest.mark.parametrize(("text", "value"), JOINED.values(), ids=JOINED)
def test_keys_are_joined_with_commas(text, value):
    assert read_keypresses(text) == (value, None, ("flag_mapped",), ())


@pytest.mark.parametrize("text", ONE_KEY.values(), ids=ONE_KEY)
def test_keys_are_kept(text):
    assert read_keypresses(text) == (text, None, (), ())


@pytest.mark.parametrize("text", ["[]", '[""]', ",", " ; "])
def test_a_list_without_keys_is_empty(text):
    assert read_keypresses(text) == (None, None, ("empty_mark",), ())


@pytest.mark.parametrize("text", ["{", "[{", "\r{", '["{"]', "'{'", ",{", '[" [{1"]'])
def test_an_object_is_not_read_as_keys(text):
    value = read_keypresses(text).value
    assert value is None or not value.lstrip("[ ").startswith("{")


@given(st.text(min_size=1) | st.text("12 ,;|>[]{}\r\"'a*", min_size=1))
def test_keys_that_were_read_are_kept(text):
    value = read_keypresses(text).value
    assert value is None or read_keypresses(value)[:3] == (value, None, ())
