"""Ids that a spreadsheet may have rounded: such an id alone never makes two rows one call."""

import numpy as np
import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.run.settling import ALREADY_SENT, CHANGED_SINCE, NEW

from ..right_call import REQUIRED

CALL = {**REQUIRED, "CallSessionId": "S1", "CallDuration": "10", "TalkDuration": "5"}
ROUNDED = "123456789012345000"
SETTINGS = {"now": "2026-11-24T00:00:00Z", "max_rejected_share": 1.0}

CONFLICT, REPEAT = "conflicting_duplicate", "duplicate_row"
# what two rows share → what becomes of each
TWICE = {
    "a rounded session": ({"CallSessionId": ROUNDED}, [CONFLICT, CONFLICT]),
    "a rounded event": ({"VendorEventId": ROUNDED}, [CONFLICT, CONFLICT]),
    "sixteen digits": ({"CallSessionId": "1234567890123000"}, [CONFLICT, CONFLICT]),
    "a rounded session beside an exact event": (
        {"CallSessionId": ROUNDED, "VendorEventId": "EV-1"},
        [REPEAT],
    ),
    "an exact session of many digits": ({"CallSessionId": "123456789012345670"}, [REPEAT]),
    "fifteen digits with zeros": ({"CallSessionId": "123456789012000"}, [REPEAT]),
    "zeros behind letters": ({"CallSessionId": "CA3456789012345000"}, [REPEAT]),
    "an id in another column": ({"SubId1": ROUNDED}, [REPEAT]),
}


def prepared(*rows, **settings):
    return ck.prepare(pd.DataFrame(rows), **SETTINGS, **settings)


@pytest.mark.parametrize(("shared", "codes"), TWICE.values(), ids=TWICE)
def test_rows_are_one_call_only_by_an_exact_id(shared, codes):
    run = prepared(CALL | shared, CALL | shared)
    assert [*run.rejected["codes"], *run.left_out["codes"]] == codes


def test_the_reason_names_the_rounding_and_the_other_row():
    run = prepared(*[CALL | {"CallSessionId": ROUNDED}] * 2)
    assert "spreadsheet may have rounded, as frame line 2" in run.rejected["reasons"][0]


def test_a_difference_is_named_as_in_any_conflict():
    run = prepared(*(CALL | {"CallSessionId": ROUNDED, "TalkDuration": talk} for talk in "56"))
    assert "differs in TalkDuration from frame line 2" in run.rejected["reasons"][0]


@pytest.mark.parametrize(("on_conflict", "lost"), [("first", 2), ("last", 1)])
def test_the_job_may_keep_one_of_them(on_conflict, lost):
    run = prepared(*[CALL | {"CallSessionId": ROUNDED}] * 2, on_conflict=on_conflict)
    assert len(run.ready) == 1
    assert [*run.left_out["source_line"]] == [lost]
    assert [*run.left_out["codes"]] == [CONFLICT]


class Ledger:
    """Remembers the keys of all rows that it is asked about."""

    def __init__(self):
        self.sent = {}

    def sent_status(self, keys):
        named = [*zip(map(tuple, keys.call.tolist()), keys.payment.tolist(), strict=True)]
        verdict = [
            NEW if call not in self.sent else CHANGED_SINCE - (self.sent[call] == payment)
            for call, payment in named
        ]
        self.sent.update(named)
        return np.asarray(verdict, np.uint8)


@pytest.mark.parametrize(
    ("second", "code"),
    [({}, "already_sent"), ({"TalkDuration": "6"}, "changed_since_sent")],
)
def test_against_the_ledger_a_rounded_id_counts(second, code):
    assert CHANGED_SINCE - ALREADY_SENT == 1
    ledger = Ledger()
    row = CALL | {"CallSessionId": ROUNDED}
    assert len(prepared(row, ledger=ledger).ready) == 1
    again = prepared(row | second, ledger=ledger)
    assert [*again.rejected["codes"], *again.left_out["codes"]] == [code]


WARNED = ["CallSessionId", "VendorEventId", "ClickId", "SubId1", "City", "ReferenceId", "AdId"]


@pytest.mark.parametrize("column", WARNED)
def test_an_id_or_text_that_may_be_rounded_is_ready_with_a_warning(column):
    run = prepared(CALL | {column: ROUNDED})
    assert run.ready[column][0] == ROUNDED
    assert [column, "identifier_maybe_rounded"] in run.findings[
        ["column", "code"]
    ].to_numpy().tolist()
