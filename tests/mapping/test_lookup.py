"""The look-up: which cells it fills, how keys are compared, and which files it refuses."""

import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.model.errors import InputError, UsageError

from ..right_call import CALL

NOW = "2026-11-26T06:00:00Z"


@pytest.fixture
def prepare(tmp_path):
    """Prepare one call with some cells changed, beside a look-up file of the given text."""

    def prepared(text, cells, *, columns=(), constants=(), defaults=(), **lookup):
        (tmp_path / "trackers.csv").write_text(text, encoding="utf-8")
        call = {name: cell for name, cell in (CALL | cells).items() if cell is not None}
        return ck.prepare(
            pd.DataFrame([call]),
            lookup={
                "file": str(tmp_path / "trackers.csv"),
                **(lookup or {"on": "CalledPhoneNumber"}),
            },
            columns=dict(columns),
            constants=dict(constants),
            defaults=dict(defaults),
            max_rejected_share=1.0,
            now=NOW,
        )

    return prepared


BY_LINE = {"on_source": "Line"}
# the file, the call's own cells, settings, and the MediaId of the ready row
FILLED = {
    "an empty cell": ("CalledPhoneNumber,MediaId\n8005550199,777\n", {"MediaId": ""}, {}, "777"),
    "a column that is not there": (
        "CalledPhoneNumber,MediaId\n8005550199,777\n", {"MediaId": None}, {}, "777",
    ),
    "not a cell that holds a value": (
        "CalledPhoneNumber,MediaId\n8005550199,777\n", {}, {}, "20012",
    ),
    "such a cell where the look-up overwrites": (
        "CalledPhoneNumber,MediaId\n8005550199,777\n", {},
        {"on": "CalledPhoneNumber", "overwrite": True}, "777",
    ),
    "no cell of another key, even where it overwrites": (
        "CalledPhoneNumber,MediaId\n8005550198,777\n", {},
        {"on": "CalledPhoneNumber", "overwrite": True}, "20012",
    ),
    "no cell by an empty one, even where it overwrites": (
        "CalledPhoneNumber,MediaId,AdId\n8005550199,,4\n", {},
        {"on": "CalledPhoneNumber", "overwrite": True}, "20012",
    ),
    "by a number in another spelling": (
        "Called Phone Number,Media ID\n+1 (800) 555-0199,777\n", {"MediaId": ""}, {}, "777",
    ),
    "by a column of the export": (
        "Line,MediaId\nnorth,776\nsouth,777\n", {"MediaId": "", "Line": "south"}, BY_LINE, "777",
    ),
    "by phones in a column of the export": (
        "Line,MediaId\n(212) 555-0199,777\n", {"MediaId": "", "Line": "+12125550199"}, BY_LINE,
        "777",
    ),
    "by a text with spaces at its edges": (
        "Line,MediaId\nsouth,777\n", {"MediaId": "", "Line": " south "}, BY_LINE, "777",
    ),
    "a constant wins": (
        "CalledPhoneNumber,MediaId\n8005550199,777\n", {"MediaId": None},
        {"constants": {"MediaId": 5}}, "5",
    ),
    "before a default": (
        "CalledPhoneNumber,MediaId\n8005550199,777\n", {"MediaId": ""},
        {"defaults": {"MediaId": "5"}}, "777",
    ),
    "a default where it has no such key": (
        "CalledPhoneNumber,MediaId\n8005550198,777\n", {"MediaId": ""},
        {"defaults": {"MediaId": "5"}}, "5",
    ),
    "other columns of it are passed over": (
        "CalledPhoneNumber,Where,MediaId\n8005550199,Boston,777\n", {"MediaId": ""}, {}, "777",
    ),
    "by a column that is mapped by another name": (
        "CalledPhoneNumber,MediaId\n8005550199,777\n",
        {"MediaId": "", "CalledPhoneNumber": None, "Dialed": "8005550199"},
        {"columns": {"CalledPhoneNumber": "Dialed"}}, "777",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "cells", "settings", "media"), FILLED.values(), ids=FILLED)
def test_the_look_up_fills(prepare, text, cells, settings, media):
    assert prepare(text, cells, **settings).ready["MediaId"].tolist() == [media]


MISSING = {
    "a key that it lacks": ({"CalledPhoneNumber": "8005550198"}, {}, "CalledPhoneNumber"),
    "an empty key": ({"Line": ""}, BY_LINE, "Line is empty"),
}


@pytest.mark.parametrize(("cells", "settings", "said"), MISSING.values(), ids=MISSING)
def test_a_row_that_only_the_look_up_could_fill_is_rejected(prepare, cells, settings, said):
    key = "Line" if settings else "CalledPhoneNumber"
    run = prepare(f"{key},MediaId\n8005550199,777\n", {"MediaId": "", **cells}, **settings)
    assert run.rejected["codes"].tolist() == ["lookup_missing"]
    assert said in run.rejected["reasons"][0]
    assert "5550198" not in str(run.summary)


# the file, and what is said of it
REFUSED = {
    "no rows": ("CalledPhoneNumber,MediaId\n", ["has no rows"]),
    "no bytes": ("", ["can't be used"]),
    "a row that is too long": (
        "CalledPhoneNumber,MediaId\n8005550199,777\n8005550198,778,x\n",
        ["another number of cells", "line 3", "Quote cells"],
    ),
    "several such rows": (
        "CalledPhoneNumber,MediaId\n8005550199\n8005550198,778,x\n8005550197,778\n",
        ["another number of cells", "line 2"],
    ),
    "no key column": ("Called,MediaId\n8005550199,777\n", ["no column CalledPhoneNumber"]),
    "a key column that is misspelled": (
        "CalledPhoneNumbr,MediaId\n8005550199,777\n",
        ['Rename "CalledPhoneNumbr" to CalledPhoneNumber'],
    ),
    "two key columns": (
        "CalledPhoneNumber,called phone number,MediaId\n8005550199,8005550199,777\n",
        ["two columns CalledPhoneNumber"],
    ),
    "a row without its key": (
        "CalledPhoneNumber,MediaId\n8005550199,777\n,778\n", ["row without a key", "line 3"],
    ),
    "a key twice": (
        "CalledPhoneNumber,MediaId\n8005550199,777\n(800) 555-0199,778\n",
        ["1 key more than once", "0199", "lines 2, 3"],
    ),
    "two keys twice": (
        "CalledPhoneNumber,MediaId\n" + "8005550199,777\n8005550198,7\n" * 2,
        ["2 keys more than once", "lines 2, 4", "lines 3, 5"],
    ),
    "nothing to fill": ("CalledPhoneNumber,Where\n8005550199,x\n", ["no column to fill"]),
    "a column that is misspelled": (
        "CalledPhoneNumber,MediaIdd\n8005550199,777\n", ['Rename it to "MediaId"'],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_no_look_up_is_refused_in_words(prepare, text, said):
    with pytest.raises(UsageError) as raised:
        prepare(text, {})
    assert (raised.value.code, raised.value.exit_status) == ("lookup_unusable", 2)
    for words in ("trackers.csv", *said):
        assert words in str(raised.value)
    assert "8005550199" not in str(raised.value)


KEYLESS = {
    "a column of the format": ({"CalledPhoneNumber": None}, {}, "CalledPhoneNumber"),
    "a column of the export": ({}, BY_LINE, "Line"),
}


@pytest.mark.parametrize(("cells", "settings", "name"), KEYLESS.values(), ids=KEYLESS)
def test_an_input_without_the_key_stops(prepare, cells, settings, name):
    with pytest.raises(InputError) as raised:
        prepare(f"{name},MediaId\n8005550199,777\n", cells, **settings)
    assert raised.value.code == "column_missing"
    assert name in str(raised.value)
