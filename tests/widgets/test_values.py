"""The words of the status column: counted over the whole export, and what each becomes."""

import shutil

import pytest

from callconv_kit.demo import sample
from callconv_kit.job import Job
from callconv_kit.widgets import Session
from callconv_kit.widgets.values import LEFT_OUT, REJECTED, ValuesPart, choose, words

from ..hostile import HOSTILE, export
from ..hostile import NOW as HOSTILE_NOW
from .test_workbench import JOB, NOW


@pytest.fixture
def session(tmp_path):
    shutil.copy(sample("export.csv"), tmp_path / "calls.csv")
    (tmp_path / "callconv.toml").write_text(JOB)
    opened = Session(tmp_path, now=NOW)
    opened.open(tmp_path / "calls.csv")
    return opened


def by_text(session):
    return {word.text: word for word in words(session)}


def test_each_word_has_its_rows_and_what_it_becomes(session):
    found = by_text(session)
    assert found["Hung up in IVR"].becomes == REJECTED
    assert found["Answered"].becomes == "ANSWER"
    assert found["Abandoned"].becomes == "CANCEL"
    assert found["Answered"].talk > 3600
    assert sum(word.rows for word in found.values()) == pytest.approx(
        session.prepare().summary["rows_read"], abs=2
    )  # two rows have too many or too few cells


@pytest.mark.parametrize("choice", ["IVR_DROPOFF", "ANSWER", "CANCEL", LEFT_OUT])
def test_a_choice_wins_as_many_rows_as_it_says(session, tmp_path, choice):
    before = session.prepare().summary
    rows = by_text(session)["Hung up in IVR"].rows
    choose(session, "Hung up in IVR", choice)
    assert by_text(session)["Hung up in IVR"].becomes == choice
    after = session.prepare().summary
    won = before["rows_rejected"] - after["rows_rejected"]
    assert rows - 2 <= won <= rows  # two of them are wrong elsewhere as well
    if choice == LEFT_OUT:
        assert after["rows_left_out"] == before["rows_left_out"] + rows
    assert Job.load(tmp_path / "callconv.toml").constants["CampaignId"] == "1001"
    choose(session, "Hung up in IVR", "")
    assert by_text(session)["Hung up in IVR"].becomes == REJECTED
    assert session.prepare().summary["rows_ready"] == before["rows_ready"]


def test_the_part_of_map_says_what_is_won_before_it_is_applied(session):
    changes = []
    part = ValuesPart(session, lambda: changes.append(1))
    part.show()
    (box,) = [
        box for box in part.children[3].children
        if box.children[0].children[0].description == "Hung up in IVR"
    ]  # fmt: skip
    drop, told = box.children[0].children
    assert "mapping it wins 40 rows" in told.value
    drop.value = "IVR_DROPOFF"
    assert "40 rows will be sent as IVR_DROPOFF" in box.notice.value
    assert session.settings["values"] == {"CallStatus": {"Hung up in IVR": "IVR_DROPOFF"}}
    assert changes == [1]


def test_hostile_words_are_text(tmp_path):
    (tmp_path / "calls.csv").write_bytes(export())
    session = Session(tmp_path, now=HOSTILE_NOW)
    session.open(tmp_path / "calls.csv")
    part = ValuesPart(session, lambda: None)
    part.show()
    assert len(part.children[3].children) >= len(HOSTILE) - 2
    for box in part.children[3].children:
        drop, told = box.children[0].children
        assert drop.description_allow_html is False
        assert "<script" not in told.value
