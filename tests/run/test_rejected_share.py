"""The share of rejected rows: of the rows that are meant to go, and of those that went before."""

import pandas as pd
import pytest

from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.manual_entries import mark_sent

from ..mapping.test_job_rules import frame, prepare

GOOD, WRONG = {}, {"CallDuration": "soon"}


def calls(good=0, wrong=0, **more):
    """Calls with sessions S-0, S-1 …: first the good ones, then the wrong ones."""
    return frame(*[GOOD] * good, *[WRONG] * wrong, **more)


def share(prepared):
    return prepared.summary["rejected_share"]


# good and wrong rows, and the share that is rejected
WITHOUT_LEDGER = {
    "nothing is wrong": (4, 0, 0.0),
    "one of four is wrong": (3, 1, 0.25),
    "all are wrong": (0, 3, 1.0),
}


@pytest.mark.parametrize(("good", "wrong", "expected"), WITHOUT_LEDGER.values(), ids=WITHOUT_LEDGER)
def test_the_share_is_of_the_rows_that_are_not_left_out_by_wish(good, wrong, expected):
    rows = calls(good, wrong)
    assert share(prepare(rows, max_rejected_share=1.0)) == expected
    left_out = frame(*[{"CallDuration": "5", "TalkDuration": "0"}] * 20)
    left_out["CallSessionId"] = [f"L-{at}" for at in range(20)]
    both = prepare(
        pd.concat([rows, left_out]),
        max_rejected_share=1.0,
        leave_out=[{"column": "CallDuration", "below": 6}],
    )
    assert share(both) == expected


def test_no_rows_have_no_share():
    assert share(prepare(frame().head(0))) == 0.0
    nothing = prepare(calls(2), leave_out=[{"column": "CallDuration", "above": 1}])
    assert share(nothing) == 0.0


@pytest.fixture
def sent(tmp_path):
    """A function: the ledger after these calls were delivered."""
    opened = []

    def after(rows):
        ready = prepare(rows, out=tmp_path / "sent").ready_file
        opened.append(Ledger.open(tmp_path / "ledger.sqlite"))
        ledger = opened[-1].__enter__()
        mark_sent(ready, ledger)
        return ledger

    yield after
    for ledger in opened:
        ledger.__exit__(None, None, None)


def test_a_night_with_few_new_calls_is_judged_like_any_other(sent):
    """The same export with one wrong row, read again when all others were sent."""
    ledger = sent(calls(9))
    again = prepare(calls(9, 1), ledger=ledger)
    assert again.summary["rows_left_out"] == 9
    assert share(again) == 0.1
    assert again.problem is None
    assert again.exit_status == 1


def test_calls_that_changed_since_they_went_do_not_stop_a_run_and_are_still_rejected(sent):
    ledger = sent(calls(4))
    changed = prepare(calls(4, TalkDuration="170"), ledger=ledger, max_rejected_share=0.0)
    assert changed.summary["rows_rejected"] == 4
    assert share(changed) == 0.0
    assert changed.problem is None
    assert changed.exit_status == 1


def test_a_share_that_is_too_large_stops_and_says_of_how_many_rows(sent):
    ledger = sent(calls(2))
    stopped = prepare(calls(2, 3), ledger=ledger, max_rejected_share=0.5)
    assert stopped.exit_status == 3
    assert stopped.problem.problem == "3 of 5 rows were rejected, more than the job allows"
    assert prepare(calls(2, 3), ledger=ledger, max_rejected_share=0.6).problem is None


def test_a_share_below_warn_share_is_no_reason_for_exit_1():
    assert prepare(calls(9, 1), warn_share=0.1).exit_status == 0
    assert prepare(calls(8, 2), warn_share=0.1).exit_status == 1
