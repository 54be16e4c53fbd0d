"""A rejected.csv of several files comes back: each row is judged by its own file's columns."""

import csv
import io

import pytest

from callconv_kit import prepare

NOW = "2026-11-26T06:00:00Z"
HEADER = (
    "CampaignId,MediaId,ActionTrackerId,EventDate,CallProvider,CallSessionId,CallerId,"
    "CalledPhoneNumber,CallDuration,TalkDuration,CallStatus"
)


def call(session, duration="201"):
    return (
        f"1001,2002,30003,2026-11-20T09:31:05-05:00,CallRail,{session},6175550121,2125550199,"
        f"{duration},187,ANSWER"
    )


A = [HEADER + ",City", call("a1", "long") + ",Boston", call("a2"), call("a3") + ",x,y,z"]
B = [
    HEADER.replace("CallerId", "caller id") + ",Zip,SubId1",
    call("b1", "long") + ",02139,s1",
    call("b2") + ",02139",
    call("b3") + ",02139,s,extra",
]


@pytest.fixture
def rejected(tmp_path):
    """The lines of the rejected.csv of two files of unlike headers."""
    for name, lines in (("a.csv", A), ("b.csv", B)):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    inputs = [tmp_path / "a.csv", tmp_path / "b.csv"]
    prepare(inputs, now=NOW, out=tmp_path / "out", max_rejected_share=1.0)
    text = (tmp_path / "out" / "rejected.csv").read_text(encoding="utf-8")
    return list(csv.reader(io.StringIO(text)))


def again(tmp_path, lines, *, filled_up=False, end="\n"):
    """Feed lines back alone; gives the ready sessions and what was rejected."""
    if filled_up:
        lines = [line + [""] * (len(lines[0]) - len(line)) for line in lines]
    path = tmp_path / "again.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator=end).writerows(lines)
    prepared = prepare(path, now=NOW, out=tmp_path / "out2")
    frame = prepared.rejected
    places = zip(
        frame["source_file"], frame["source_line"].astype(int), frame["codes"], strict=True
    )
    return prepared.ready["CallSessionId"].tolist(), list(places), frame["reasons"].tolist()


FIRST = [
    ("a.csv", 2, "duration_invalid"),
    ("a.csv", 3, "field_count"),
    ("a.csv", 4, "field_count"),
    ("b.csv", 2, "duration_invalid"),
    ("b.csv", 3, "field_count"),
    ("b.csv", 4, "field_count"),
]
SAVED = {"as it was": {}, "by a spreadsheet": {"filled_up": True, "end": "\r\n"}}


EDITED = ["", "see ticket 7", "the row has 13 cells", "field_count (asked on Monday)"]


@pytest.mark.parametrize("reasons", EDITED)
def test_a_short_row_whose_reasons_were_edited_is_still_short(tmp_path, rejected, reasons):
    for line in rejected[1:]:
        line[3] = reasons
    ready, places, _ = again(tmp_path, rejected)
    assert (ready, places) == ([], FIRST)


@pytest.mark.parametrize("saved", SAVED.values(), ids=SAVED)
def test_what_was_not_corrected_is_rejected_for_the_same_reasons(tmp_path, rejected, saved):
    lines = rejected
    for _ in range(3):
        ready, places, reasons = again(tmp_path, lines, **saved)
        assert (ready, places) == ([], FIRST)
        assert reasons == [line[3] for line in rejected[1:]]
        text = (tmp_path / "out2" / "rejected.csv").read_text(encoding="utf-8")
        lines = list(csv.reader(io.StringIO(text)))


CORRECTED = {  # the line of rejected.csv, what is done to it, the session that is ready then
    "a short row of the first file": (2, lambda line: [*line, "Quincy"], "a2"),
    "a short row with an empty status": (2, lambda line: [*line[:-1], "", "Quincy"], "a2"),
    "a short row of the second file": (5, lambda line: [*line, "s2"], "b2"),
    "an over-long row of the first file": (3, lambda line: [*line[:-2], "", ""], "a3"),
    "an over-long row of the second file": (6, lambda line: [*line[:-2], "", ""], "b3"),
    "a wrong cell": (1, lambda line: [{"long": "201"}.get(cell, cell) for cell in line], "a1"),
}


@pytest.mark.parametrize(("at", "correct", "session"), CORRECTED.values(), ids=CORRECTED)
@pytest.mark.parametrize("saved", SAVED.values(), ids=SAVED)
def test_a_corrected_row_is_ready(tmp_path, rejected, at, correct, session, saved):
    rejected[at] = correct(rejected[at])
    ready, places, _ = again(tmp_path, rejected, **saved)
    assert ready == [session]
    assert places == [place for number, place in enumerate(FIRST, 1) if number != at]


def test_one_extra_cell_that_is_left_is_still_wrong(tmp_path, rejected):
    rejected[3][-2] = ""
    ready, places, _ = again(tmp_path, rejected)
    assert (ready, places) == ([], FIRST)


def test_a_short_row_may_end_with_an_empty_cell_where_a_person_added_it(tmp_path):
    (tmp_path / "a.csv").write_text("\n".join([A[0], call("a2")]) + "\n")
    prepare(tmp_path / "a.csv", now=NOW, out=tmp_path / "out", max_rejected_share=1.0)
    text = (tmp_path / "out" / "rejected.csv").read_text(encoding="utf-8")
    lines = list(csv.reader(io.StringIO(text)))
    assert again(tmp_path, lines)[0] == []
    lines[1].append("")
    assert again(tmp_path, lines)[0] == ["a2"]
    assert again(tmp_path, lines, end="\r\n")[0] == []
    lines[1][2] = ""  # field_count is taken from its codes
    assert again(tmp_path, lines, end="\r\n")[0] == ["a2"]
