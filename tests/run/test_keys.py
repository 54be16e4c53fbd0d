"""The hash behind the keys of calls, against the package mmh3."""

import mmh3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.model import texts
from callconv_kit.run.keys import FEW, murmur3_128

CELLS = st.text(max_size=70) | st.text("ab", min_size=100, max_size=400)


def witness(cells):
    """The same hashes by another maker."""
    return [list(mmh3.hash64(cell.encode(), 0, True, signed=False)) for cell in cells]


@given(st.lists(CELLS, max_size=2 * FEW))
def test_a_hash_is_murmur3_as_another_maker_computes_it(cells):
    assert murmur3_128(texts.from_list(cells)).tolist() == witness(cells)


@pytest.mark.parametrize("rows", [1, FEW, FEW + 1, 100])
@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 70_001])
def test_every_length_at_every_size_of_a_batch(length, rows):
    cells = [f"{row}".ljust(length, "x")[:length] for row in range(rows)]
    assert murmur3_128(texts.from_list(cells)).tolist() == witness(cells)


def test_a_slice_and_a_null_are_hashed_as_their_text():
    whole = texts.from_list(["unused", "S-1", None, "S-2", "unused"])
    hashed = murmur3_128(whole.slice(1, 3))
    assert hashed.tolist() == witness(["S-1", "", "S-2"])
    assert hashed.dtype == np.uint64


def test_cells_of_very_different_lengths_are_hashed_side_by_side():
    cells = ["", "x" * 2_000_003, "é" * 7, "abc", "y" * 300]
    assert murmur3_128(texts.from_list(cells)).tolist() == witness(cells)
