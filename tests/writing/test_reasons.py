"""Reasons of whole columns: the same words as of a single cell."""

from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.model import texts
from callconv_kit.model.codes import CODES, mask_phone
from callconv_kit.writing.reasons import masked, reason, reasons

CELLS = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.text("0123456789()+- aéx;\t\u200b", max_size=80),
    st.text('ab;" ', min_size=50, max_size=70),
    st.from_regex(r"[ +-]?[0-9]{1,3}[.,]?[0-9]{0,4}[eE][+-]?[0-9]{0,4}[ x]?", fullmatch=True),
)
CODE = st.sampled_from(sorted(CODES))
COLUMN = st.sampled_from([None, "CallerId", "City", "TalkDuration"])


@given(CODE, COLUMN, st.lists(CELLS, max_size=8))
def test_the_reasons_of_a_column_are_those_of_its_cells(code, column, cells):
    found = reasons(code, column, len(cells), texts.from_list(cells)).to_pylist()
    assert found == [reason(code, column, cell) for cell in cells]


@given(CODE, COLUMN, st.lists(st.tuples(CELLS, st.sampled_from(["", "more", "a; b"])), max_size=8))
def test_details_are_told_where_there_are_any(code, column, rows):
    cells, details = texts.from_list([c for c, _ in rows]), texts.from_list([d for _, d in rows])
    found = reasons(code, column, len(rows), cells, details).to_pylist()
    assert found == [reason(code, column, cell, detail) for cell, detail in rows]


@given(st.lists(CELLS, max_size=8))
def test_a_column_is_masked_as_its_cells_are(cells):
    found = masked(texts.from_list(cells)).to_pylist()
    assert found == [None if cell is None else mask_phone(cell) for cell in cells]


def test_slices_of_columns_are_understood():
    cells = texts.from_list(["2125550123", "212 555 0199", None, "12", "é" * 70])
    found = reasons("phone_invalid", "CallerId", 3, cells[1:4]).to_pylist()
    assert found == [reason("phone_invalid", "CallerId", cell) for cell in cells[1:4].to_pylist()]
