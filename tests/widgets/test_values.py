"""The words of the status column: counted over the whole export, and what each becomes."""

import shutil

import pytest

from callconv_kit.demo import sample
from callconv_kit.job import Job
from callconv_kit.widgets import Session
from callconv_kit.widgets.values import (
    BLANK,
    DIRECTION,
    LEFT_OUT,
    REJECTED,
    SENT,
    ValuesPart,
    calls_to_you,
    choose,
    lists,
    won,
    words,
)

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
    assert "mapping it wins up to 40 rows" in told.value
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


LISTS = """CampaignId,MediaId,EventDate,ActionTrackerId,CallProvider,CallSessionId,CallerId,\
CalledPhoneNumber,CallDuration,TalkDuration,CallStatus,CallerPhoneNumberCountry,PhoneType,Direction
"""
ROW = "1001,20012,2026-11-20T09:30:00-05:00,30021,X,S-{},{},8005550199,{},187,answered,{},{},{}\n"


@pytest.fixture
def closed(tmp_path):
    """Ten calls, with a country, a phone type and a direction that are not understood."""
    rows = [("6175550123", "201", "US", "Mobile", "in")] * 3
    rows += [("6175550123", "201", "US", "Satellite", "in")]
    rows += [("6175550123", "201", "Atlantis", "Mobile", "in")] * 3
    rows += [("6175550123", "x", "Atlantis", "Mobile", "in")]
    rows += [("6175550123", "201", "US", "Landline", "out")] * 2
    text = LISTS + "".join(ROW.format(at, *row) for at, row in enumerate(rows))
    (tmp_path / "calls.csv").write_text(text)
    (tmp_path / "callconv.toml").write_text("max_rejected_share = 1.0\n")
    opened = Session(tmp_path, now=NOW)
    opened.open(tmp_path / "calls.csv")
    return opened


def test_each_closed_list_of_the_export_has_its_words(closed):
    assert lists(closed) == {
        "CallStatus": "CallStatus", "CallerPhoneNumberCountry": "CallerPhoneNumberCountry",
        "PhoneType": "PhoneType", DIRECTION: "Direction",
    }  # fmt: skip
    found = {
        (of, word.text): (word.rows, word.becomes) for of in lists(closed)
        for word in words(closed, of)
    }  # fmt: skip
    assert found == {
        ("CallStatus", "answered"): (10, "ANSWER"),
        ("CallerPhoneNumberCountry", "Atlantis"): (4, REJECTED),
        ("CallerPhoneNumberCountry", "US"): (6, "US"),
        ("PhoneType", "Mobile"): (7, "Mobile"),
        ("PhoneType", "Landline"): (2, "Landline"),
        ("PhoneType", "Satellite"): (1, BLANK),
        (DIRECTION, "in"): (8, SENT),
        (DIRECTION, "out"): (2, SENT),
    }


@pytest.mark.parametrize("choice", ["US", "GB", LEFT_OUT])
def test_an_unknown_country_wins_the_rows_that_are_wrong_for_it_alone(closed, choice):
    of = "CallerPhoneNumberCountry"
    assert won(closed, of, "Atlantis") is None
    before = closed.prepare().summary
    assert before["rows_rejected"] == 4
    assert won(closed, of, "Atlantis") == 3
    choose(closed, "Atlantis", choice, of)
    assert won(closed, of, "Atlantis") is None  # the run is of another job
    after = closed.prepare().summary
    if choice == LEFT_OUT:
        assert (after["rows_rejected"], after["rows_left_out"]) == (0, 4)
    elif choice == "US":
        assert (after["rows_rejected"], after["rows_ready"]) == (1, 9)
    choose(closed, "Atlantis", "", of)
    assert closed.prepare().summary["rows_ready"] == before["rows_ready"]


def test_a_direction_is_left_out_and_taken_back_word_by_word(closed):
    assert calls_to_you(closed) == []
    choose(closed, "out", LEFT_OUT, DIRECTION)
    assert calls_to_you(closed) == ["in"]
    (rule,) = closed.settings["leave_out"]
    assert (rule["source_column"], rule["equals"]) == ("Direction", "out")
    assert {word.text: word.becomes for word in words(closed, DIRECTION)} == {
        "in": SENT, "out": LEFT_OUT,
    }  # fmt: skip
    assert closed.prepare().summary["rows_left_out"] == 2
    choose(closed, "out", "", DIRECTION)
    assert "leave_out" not in closed.settings
    closed.change(closed.settings | {"leave_out": [
        {"source_column": "Direction", "in": ["in", "out"], "reason": "a test"}]})  # fmt: skip
    choose(closed, "in", "", DIRECTION)
    assert [rule["in"] for rule in closed.settings["leave_out"]] == [["out"]]


def test_the_part_shows_the_list_that_is_chosen(closed):
    part = ValuesPart(closed, lambda: None)
    part.clear()
    chooser = part.children[1].children[0]
    assert [of for _, of in chooser.options] == list(lists(closed))
    closed.prepare()
    chooser.value = "CallerPhoneNumberCountry"
    part.show()
    drop, told = part.children[3].children[0].children[0].children
    assert drop.description == "Atlantis"
    assert "mapping it wins 3 rows; 1 more is rejected for another reason too" in told.value
    drop.value = "CA"
    assert closed.settings["values"] == {"CallerPhoneNumberCountry": {"Atlantis": "CA"}}
    chooser.value = DIRECTION
    assert part.children[3].children == ()
