"""Rows that are held until the end of a run: all of them come back, in their order."""

import numpy as np
import pytest

from callconv_kit.model import texts
from callconv_kit.model.rows import Batch
from callconv_kit.run.held_rows import HeldRows

HELD = {
    "one batch": [(0, [2, 3])],
    "several batches of one input": [(0, [2]), (0, [3, 5]), (0, [9])],
    "several inputs": [(0, [2]), (1, [2, 3]), (2, [7])],
    "a batch without rows": [(0, [2]), (0, []), (0, [4])],
}


@pytest.mark.parametrize("added", HELD.values(), ids=HELD)
def test_held_rows_come_back_in_their_order(tmp_path, added):
    held = HeldRows(tmp_path)
    for number, lines in added:
        cells = (texts.from_list([f"{number}-{line}" for line in lines]),)
        held.add(number, Batch(np.array(lines, np.int64), cells))
    for number in {number for number, _ in added}:
        lines = [line for of, part in added if of == number for line in part]
        (batch,) = held.batches(number)
        assert held.lines(number).tolist() == batch.lines.tolist() == lines
        assert batch.cells[0].to_pylist() == [f"{number}-{line}" for line in lines]
