"""Counts of a run: by partner and for the charts, in vectors, taken off again, bounded."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.model import texts
from callconv_kit.model.notes import Coerced
from callconv_kit.model.rows import Batch, Fate, Judged
from callconv_kit.writing import partners, summary, tally
from callconv_kit.writing.partners import OTHERS
from callconv_kit.writing.tally import Tally

COLUMNS = (
    "MediaId", "ActionTrackerId", "EventDate", "CallStatus", "CallDuration", "TalkDuration",
    "SaleAmount",
)  # fmt: skip

A = ("20012", "30021", "2026-11-20T23:30:00-05:00", "ANSWER", "201", "187", "12.50")
B = ("20013", "30021", "2026-11-21T09:30:00-05:00", None, "9", "0", None)
LOST = (None, "30021", "2026-11-21T09:30:00-05:00", "CANCEL", "9", "0", "1.00")


def judged(*rows):
    """A batch of (cells, fate)."""
    columns = {
        name: Coerced.silent(texts.from_list([cells[at] for cells, _ in rows]))
        for at, name in enumerate(COLUMNS)
    }
    fates = np.asarray([fate for _, fate in rows], np.uint8)
    return Judged("calls.csv", Batch(np.arange(len(rows)) + 2, ()), columns, {}, (), fates)


def by_partner(counted):
    return {
        (partner["MediaId"], partner["ActionTrackerId"]): tuple(partner.values())[2:]
        for partner in summary.by_partner(counted)
    }


def test_partners_are_counted_apart_and_only_ready_rows_earn():
    counted = Tally()
    counted.add(
        judged(
            (A, Fate.READY), (B, Fate.READY), (A, Fate.REJECTED), (LOST, Fate.LEFT_OUT),
            (A, Fate.READY),
        )
    )  # fmt: skip
    assert by_partner(counted) == {
        ("20012", "30021"): (3, 2, 1, 0, 2, 374, "25.00"),
        ("20013", "30021"): (1, 1, 0, 0, 1, 0, "0.00"),
        ("", "30021"): (1, 0, 0, 1, 0, 0, "0.00"),
    }


def test_the_charts_count_ready_rows_by_the_day_that_their_own_offset_shows():
    counted = Tally()
    counted.add(judged((A, Fate.READY), (B, Fate.READY), (A, Fate.REJECTED)))
    calls = summary.calls(counted)
    assert calls["by_day"] == [
        {"day": "2026-11-20", "calls": 1},
        {"day": "2026-11-21", "calls": 1},
    ]
    assert {entry["status"]: entry["calls"] for entry in calls["by_status"]} == {"ANSWER": 1, "": 1}
    assert {entry["from"]: entry["calls"] for entry in calls["by_duration"] if entry["calls"]} == {
        1: 1,
        120: 1,
    }
    filled = {entry["column"]: entry["cells"] for entry in calls["filled"]}
    assert (filled["MediaId"], filled["SaleAmount"], filled["AdId"]) == (2, 1, 0)


def test_partners_past_the_bound_are_counted_together(monkeypatch):
    monkeypatch.setattr(partners, "PARTNERS", 1)
    counted = Tally()
    counted.add(judged((A, Fate.READY), (B, Fate.READY), (LOST, Fate.REJECTED)))
    assert len(counted.partners) == 2
    assert sum(partner.read for partner in counted.partners.values()) == 3
    assert OTHERS in counted.partners


def test_a_batch_without_rows_counts_nothing():
    counted = Tally()
    counted.add(judged())
    assert counted == Tally()


rows = st.lists(st.tuples(st.sampled_from([A, B, LOST]), st.sampled_from(list(Fate))), min_size=1)


@given(rows, rows)
def test_what_is_taken_off_was_never_counted(kept, gone):
    once, back = Tally(), Tally()
    once.add(judged(*kept))
    back.add(judged(*kept, *gone))
    back.take_off(judged(*gone))
    assert summary.by_partner(back) == summary.by_partner(once)
    assert summary.calls(back)["by_day"] == summary.calls(once)["by_day"]
    assert summary.calls(back)["filled"] == summary.calls(once)["filled"]


@given(rows)
def test_every_row_has_one_partner(some):
    counted = Tally()
    counted.add(judged(*some))
    assert sum(partner.read for partner in counted.partners.values()) == len(some)
    assert sum(partner.sale_amount for partner in counted.partners.values()) == sum(
        (Decimal(cells[6] or 0) for cells, fate in some if fate is Fate.READY), Decimal()
    )


@pytest.mark.parametrize(("mask", "shown"), [(True, "(***) ***-0123"), (False, "(617) 555-0123")])
def test_an_example_of_a_phone_is_masked_unless_the_job_says_otherwise(mask, shown):
    assert Tally(mask=mask)._shown("CallerId", "(617) 555-0123") == shown


def test_an_example_holds_a_cell_as_it_stands_but_not_all_of_a_long_one():
    assert Tally()._shown("City", " Boston\x1b") == " Boston\x1b"
    assert len(Tally()._shown("City", "x" * 10_000)) == tally.EXAMPLE_LENGTH
