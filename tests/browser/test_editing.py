"""50 rejected rows corrected in the grid: by paste, by one value in all rows, and by hand."""

import csv

from selenium.webdriver.common.keys import Keys

from callconv_kit.cli.main import main

from .lab import rows_of
from .pages import CHROMIUM

pytestmark = CHROMIUM

NOW = "2026-11-24T12:00:00-05:00"
HEADER = (
    "CampaignId", "MediaId", "EventDate", "ActionTrackerId", "CallProvider", "CallSessionId",
    "CallerId", "CalledPhoneNumber", "CallDuration", "TalkDuration", "CallStatus",
)  # fmt: skip
JOB = b"max_rejected_share = 1.0\n"
RIGHT = {"CallerId": "6175550123", "CallDuration": "201", "TalkDuration": "187",
         "CallStatus": "answered"}  # fmt: skip
WRONG = (
    *({"CallDuration": "3 min?", "TalkDuration": "2 min?"} for _ in range(20)),
    *({"CallStatus": "picked up"} for _ in range(20)),
    *({"CallerId": f"61755501{number:02} or so"} for number in range(10)),
)
DURATIONS = [(str(240 + number), str(180 + number)) for number in range(20)]
NUMBERS = [f"61755501{number:02}" for number in range(10)]


def export():
    """20 calls that are right, and 50 that are not."""
    start = "1001,20012,2026-11-20T09:30:00-05:00,30021,Invoca"
    lines = [",".join(HEADER)]
    for number, wrong in enumerate((*({} for _ in range(20)), *WRONG)):
        row = {**RIGHT, **wrong}
        numbers = (row["CallerId"], "8005550199", row["CallDuration"], row["TalkDuration"])
        lines.append(",".join((start, f"S-{number}", *numbers, row["CallStatus"])))
    return ("\n".join(lines) + "\n").encode()


def test_50_rows_are_corrected_by_paste_by_value_and_by_hand_with_one_undo_each(desk):
    files = {"calls.csv": export(), "callconv.toml": JOB}
    folder, person = desk.opened("editing", f"'calls.csv', now={NOW!r}", files=files)
    fixes, job = folder / "calls.csv.fixes.csv", folder / "callconv.toml"
    person.step("Prepare")
    person.press("prepare")
    person.reads("card-of-run", "70", "50")
    rejected = rows_of(folder / "callconv-out" / "rejected.csv")
    assert len(rejected) == 50
    person.step("Review")

    # By paste: a range of 20 rows and two columns, as a spreadsheet puts it on the clipboard.
    person.choose("code", "duration_invalid")
    person.reads("where", "1 to 20 of 20")
    person.put_on_clipboard("".join(f"{call}\t{talk}\r\n" for call, talk in DURATIONS))
    person.focus(0, "CallDuration")
    person.keys("v", held=Keys.CONTROL)
    person.reads("rejected-grid", "40 cells corrected")
    person.shows(19, "TalkDuration", "199")
    assert len(rows_of(fixes)) == 20
    person.keys("z", held=Keys.CONTROL)
    person.shows(19, "TalkDuration", "2 min?")
    assert rows_of(fixes) == []
    person.keys("y", held=Keys.CONTROL)
    person.shows(0, "CallDuration", "240")
    assert len(rows_of(fixes)) == 20

    # By value: one word in all rows that hold it.
    person.choose("code", "status_unknown")
    person.reads("where", "1 to 20 of 20")
    person.focus(0, "CallStatus")
    person.reads("active-cell", "CallStatus is picked up in 20 rows")
    person.type("everywhere-text", "ANSWER")
    person.press("fix-everywhere")
    person.told("picked up is ANSWER")
    assert '"picked up" = "ANSWER"' in job.read_text()
    person.focus(0, "CallStatus")
    person.keys("z", held=Keys.CONTROL)
    person.reads("rejected-grid", 'Undone: "picked up" is "ANSWER"')
    assert "picked up" not in job.read_text()
    person.keys("y", held=Keys.CONTROL)
    person.reads("rejected-grid", 'Redone: "picked up" is "ANSWER"')

    # By hand: cell by cell.
    person.choose("code", "phone_invalid")
    person.reads("where", "1 to 10 of 10")
    person.focus(0, "CallerId")
    for at, number in enumerate(NUMBERS):
        person.keys(number, Keys.ENTER)
        person.shows(at, "CallerId", f"{'*' * 6}{number[-4:]}")
    person.keys("z", held=Keys.CONTROL)
    person.reads("rejected-grid", "Undone: 1 cell, line 71")
    assert len(rows_of(fixes)) == 29
    person.keys("y", held=Keys.CONTROL)
    person.reads("rejected-grid", "Redone: 1 cell, line 71")

    person.press("again")
    person.reads("card-of-run", "All 70 rows are ready to go")

    # The file is the one that a colleague makes of rejected.csv in a spreadsheet.
    by_key = {(row["source_file"], row["source_line"]): row for row in rejected}
    expected = {key: dict(row) for key, row in by_key.items() if row["codes"] != "status_unknown"}
    pasted = (row for row in expected.values() if row["codes"] == "duration_invalid")
    for row, (call, talk) in zip(pasted, DURATIONS, strict=True):
        row |= {"CallDuration": call, "TalkDuration": talk}
    typed = (row for row in expected.values() if row["codes"] == "phone_invalid")
    for row, number in zip(typed, NUMBERS, strict=True):
        row["CallerId"] = number
    kept = {(row["source_file"], row["source_line"]): row for row in rows_of(fixes)}
    assert kept == expected

    by_shell = folder / "by_shell"
    command = ["prepare", str(folder / "calls.csv"), "--job", str(job), "--fixes", str(fixes),
               "--now", NOW, "--out", str(by_shell), "--quiet"]  # fmt: skip
    assert main(command) == 0
    ready = (folder / "callconv-out" / "ready.csv").read_bytes()
    assert ready == (by_shell / "ready.csv").read_bytes()
    sent = list(csv.DictReader(ready.decode().splitlines()))
    durations = [(row["CallDuration"], row["TalkDuration"]) for row in sent[20:40]]
    assert durations == DURATIONS
    assert {row["CallStatus"] for row in sent} == {"ANSWER"}
    assert [row["CallerId"] for row in sent[60:]] == NUMBERS
