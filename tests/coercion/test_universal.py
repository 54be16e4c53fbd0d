import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.coercion import universal
from callconv_kit.coercion.cells import note_of, once_per_distinct
from callconv_kit.coercion.universal import read
from callconv_kit.model import texts

CLEANED = {
    "edge spaces": ("  Boston ", "Boston", ("trimmed",)),
    "no-break space": ("\xa0Boston\xa0", "Boston", ("trimmed",)),
    "ideographic space": ("東京\u3000", "東京", ("trimmed",)),
    "line break at the edge": ("Boston\r\n", "Boston", ("trimmed",)),
    "byte-order mark": ("\ufeffBoston", "Boston", ("invisible_removed",)),
    "marks among edge spaces": (" \u200b Boston", "Boston", ("trimmed", "invisible_removed")),
    "armour": ('="02139"', "02139", ("armour_removed",)),
    "armour around doubled quotes": ('="a ""b"" c"', 'a "b" c', ("armour_removed",)),
    "spaces in armour": (' =" 02139 " ', "02139", ("trimmed", "armour_removed")),
    "one level of armour in another": ('="=""7"""', "7", ("armour_removed",)),
}
CLEANED_TEXT = {
    "line break": ("Main St\r\nBoston", "Main St Boston", ("line_break_replaced",)),
    "several line breaks": ("a\n\n\u2028b", "a b", ("line_break_replaced",)),
    "control characters": ("Bos\x00t\x7fon", "Boston", ("control_removed",)),
    "tab parts words": ("a\tb", "a b", ("control_removed",)),
    "accents are composed": ("Sa\u0303o Paulo", "São Paulo", ("unicode_composed",)),
    "break behind a control character": ("\x00\nBoston", "Boston", ("trimmed", "control_removed")),
}
CLEANED_TYPED = {
    "zero-width space anywhere": ("212\u200b5550123", "2125550123", ("invisible_removed",)),
    "direction marks anywhere": (
        "\u202a+1212\u202c5550123",
        "+12125550123",
        ("invisible_removed",),
    ),
    "apostrophe of a spreadsheet": ("'02139", "02139", ("armour_removed",)),
    "control characters": ("212\x005550123", "2125550123", ("control_removed",)),
    "line break": ("2026-11-20\n09:30:00", "2026-11-20 09:30:00", ("line_break_replaced",)),
}
EMPTIED = {
    "spaces": ("   ", ("trimmed",)),
    "invisible marks": ("\u200b\ufeff", ("invisible_removed",)),
    "empty armour": ('=""', ("armour_removed",)),
    "mark in armour": ('="N/A"', ("armour_removed", "empty_mark")),
    "mark with spaces": (" NULL ", ("trimmed", "empty_mark")),
    **{mark: (mark, ("empty_mark",)) for mark in sorted(universal.EMPTY_MARKS)},
}
KEPT_TEXT = {
    "clean": "Boston",
    "accents": "São Paulo",
    "emoji with joiners": "👩\u200d👩\u200d👧 ❤\ufe0f",
    "a leading apostrophe": "'tis",
    "a formula": '="a"&"b"',
    "html": "<b>&amp;</b>",
    "namibia": "NA",
    "a town in Thailand": "Nan",
    "a single number sign": "#",
    "two number signs": "##",
    "starts like a mark": "None of these",
    "hexadecimal that looks scientific": "1234e56",
}
WRONG = {
    "replacement character": ("Caf\ufffd", "broken_text"),
    "column too narrow": ("#####", "excel_error"),
    "scientific notation": ("1.21256E+10", "digits_lost"),
    "scientific notation of python": ("1.2e+17", "digits_lost"),
    "scientific notation without a point": ("2E+10", "digits_lost"),
    "scientific notation with a comma": ("1,21256E+10", "digits_lost"),
    "in armour": ('="1.2E+10"', "digits_lost"),
    **{error: (error, "excel_error") for error in sorted(universal.EXCEL_ERRORS)},
}


@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize(("text", "value", "rules"), CLEANED.values(), ids=CLEANED)
def test_every_column_loses(text, value, rules, typed):
    assert read(text, typed) == (value, None, rules, ())


@pytest.mark.parametrize(("text", "value", "rules"), CLEANED_TEXT.values(), ids=CLEANED_TEXT)
def test_text_loses(text, value, rules):
    assert read(text, typed=False) == (value, None, rules, ())


@pytest.mark.parametrize(("text", "value", "rules"), CLEANED_TYPED.values(), ids=CLEANED_TYPED)
def test_typed_columns_lose(text, value, rules):
    assert read(text, typed=True) == (value, None, rules, ())


@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize(("text", "rules"), EMPTIED.values(), ids=EMPTIED)
def test_is_empty(text, rules, typed):
    assert read(text, typed) == (None, None, rules, ())


@pytest.mark.parametrize("text", KEPT_TEXT.values(), ids=KEPT_TEXT)
def test_text_is_kept(text):
    assert read(text, typed=False, identifies=True) == (text, None, (), ())


@pytest.mark.parametrize("mark", sorted(universal.EMPTY_MARKS))
def test_a_mark_stays_where_empty_has_a_meaning(mark):
    assert read(mark, typed=True, keeps_marks=True) == (mark, None, (), ())


@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize(("text", "code"), WRONG.values(), ids=WRONG)
def test_is_wrong(text, code, typed):
    assert read(text, typed, identifies=True) == (None, code, (), ())


def test_scientific_notation_is_text_where_no_number_is_expected():
    assert read("1.2E+10", typed=False).value == "1.2E+10"


def test_a_clean_column_is_given_back_itself():
    text = texts.from_list(["São Paulo", "New York", "a-b", None])
    assert universal.kernel(typed=False)(text).values is text


def test_an_empty_text_becomes_null_on_the_same_bytes():
    text = texts.from_list(["", "a", "", "bc", ""])
    values = universal.kernel(typed=False)(text).values
    assert values.to_pylist() == [None, "a", None, "bc", None]
    assert values.buffers()[2].address == text.buffers()[2].address


def test_a_sliced_column_is_understood():
    text = texts.from_list([" x", "", " a", "", "NULL", "b\x00", "é", "#REF!"]).slice(2)
    coerced = universal.kernel(typed=False)(text)
    assert coerced.values.to_pylist() == ["a", None, None, "b", "é", None]
    assert coerced.positions.tolist() == [0, 2, 3, 5]


def test_a_column_without_rows_is_understood():
    assert len(universal.kernel(typed=True)(texts.from_list([])).values) == 0


PIECES = st.one_of(
    st.sampled_from(sorted(universal.EMPTY_MARKS | universal.EXCEL_ERRORS)),
    st.sampled_from(
        universal.INVISIBLE + universal.BREAKS + "\t\x00\x7f\x9f \xa0\"'#7NaéE+\ufffd\u1fef"
    ),
    st.sampled_from(['="', "1.2E+10", "e\u0301", "👩\u200d👧"]),
)
CELLS = st.none() | st.text() | st.lists(PIECES, max_size=5).map("".join)
MODES = st.tuples(st.booleans(), st.booleans(), st.booleans())


@given(CELLS.filter(bool), MODES)
def test_reading_what_was_read_changes_nothing(text, mode):
    value = read(text, *mode).value
    assert value is None or read(value, *mode) == (value, None, (), ())


@given(st.lists(CELLS), MODES, st.integers(0, 3))
def test_the_column_is_read_as_its_cells_are(cells, mode, start):
    text = texts.from_list(cells).slice(min(start, len(cells)))
    fast = universal.kernel(*mode)(text)
    slow = once_per_distinct(lambda cell: read(cell, *mode))(text)
    blank_as_null = [value or None for value in slow.values.to_pylist()]
    assert fast.values.to_pylist() == blank_as_null
    assert fast.positions.tolist() == slow.positions.tolist()
    assert [*map(note_of, fast.notes)] == [*map(note_of, slow.notes)]
    fast.values.validate(full=True)


def test_nulls_may_hide_bytes():
    hidden = pa.StringArray.from_buffers(
        2,
        texts.from_list([" a", "b"]).buffers()[1],
        pa.py_buffer(b" ab"),
        pa.py_buffer(b"\x02"),
    )
    assert universal.kernel(typed=False)(hidden).values.to_pylist() == [None, "b"]


def test_a_link_is_not_composed():
    decomposed = "https://example.com/cafe\u0301"
    assert universal.read(decomposed, typed=False, composes=False).value == decomposed
