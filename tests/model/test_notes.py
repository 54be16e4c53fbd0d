"""Notes: what two steps over one column say together of each cell."""

import numpy as np
import pytest

from callconv_kit.model import texts
from callconv_kit.model.notes import Coerced, Note, coded, marked, note_id, note_of, then, with_code

TRIM = Note(rules=("trimmed",))
EMPTIED = Note("digits_lost")
WARNED = Note(None, ("zone_applied",), ("event_old",))
BOTH = Note(None, ("trimmed", "zone_applied"), ("event_old",))


def column(*notes):
    """A column of as many cells, with these notes; None where a cell has none."""
    numbers = np.array([note_id(*note) if note else 0 for note in notes], np.uint16)
    return Coerced.dense(texts.from_list(["x"] * len(notes)), numbers)


JOINED = {
    "neither step": ([None], [None], [None]),
    "the earlier alone": ([TRIM], [None], [TRIM]),
    "the later alone": ([None], [WARNED], [WARNED]),
    "both on one cell": ([TRIM], [WARNED], [BOTH]),
    "a rule of both is named once": ([TRIM], [TRIM], [TRIM]),
    "a warning of both is named once": ([WARNED], [WARNED], [WARNED]),
    "the earlier code stays": ([EMPTIED], [Note("required_missing")], [EMPTIED]),
    "the later code is kept behind a rule": (
        [TRIM],
        [EMPTIED],
        [Note("digits_lost", ("trimmed",))],
    ),
    "on different cells": ([TRIM, None, None], [None, None, WARNED], [TRIM, None, WARNED]),
    "crossing": ([TRIM, TRIM, None], [None, WARNED, TRIM], [TRIM, BOTH, TRIM]),
}


@pytest.mark.parametrize(("earlier", "later", "expected"), JOINED.values(), ids=JOINED)
def test_two_steps_say_together(earlier, later, expected):
    joined = then(column(*earlier), column(*later))
    found = dict(zip(joined.positions.tolist(), map(note_of, joined.notes.tolist()), strict=True))
    assert found == {at: note for at, note in enumerate(expected) if note}


def test_the_values_are_those_of_the_later_step():
    later = Coerced(texts.from_list(["new"]), np.zeros(0, np.int64), np.zeros(0, np.uint16))
    for earlier in (column(None), column(TRIM)):
        assert then(earlier, later).values.to_pylist() == ["new"]


def test_cells_are_found_by_code_rule_and_warning():
    seen = column(TRIM, EMPTIED, None, BOTH)
    assert coded(seen, 4).tolist() == [False, True, False, False]
    assert with_code(seen, "digits_lost").tolist() == [1]
    assert with_code(seen, "too_long").tolist() == []
    assert marked(seen, "trimmed").tolist() == [0, 3]
    assert marked(seen, "event_old").tolist() == [3]
    assert marked(None, "trimmed").tolist() == []
