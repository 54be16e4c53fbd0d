"""Exports of many systems in the workbench's session: it makes of them what the commands make."""

import csv
import json
import shutil

import pytest

from callconv_kit.widgets import Session

from ..cli.test_first_mile import EXPORTS, LAYOUTS, NOW, answers, taken_through


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_export_opens_and_its_answers_give_the_file_of_init_and_prepare(layout, tmp_path):
    file = json.loads((EXPORTS / layout / "expected.json").read_text(encoding="utf-8"))["file"]
    by_hand, by_shell = tmp_path / "workbench", tmp_path / "shell"
    for folder in (by_hand, by_shell):
        folder.mkdir()
        shutil.copy(EXPORTS / layout / file, folder)
    given = answers(EXPORTS / layout)
    session = Session(by_hand, now=NOW)
    session.open(by_hand / file)
    assert session.preview.rows
    proposed = {one.id: one.proposal for one in session.questions if one.proposal}
    for key, text in (proposed | given).items():
        if key != "preset":
            session.answer(key, text)
    assert session.open_points() == []
    assert session.prepare().problem is None
    _, out = taken_through(by_shell / file, given)
    assert rows(by_hand / "callconv-out/ready.csv", session) == rows(out / "ready.csv", session)


def rows(ready, session):
    """The rows of a ready.csv; derived ids go by a key of each folder, and are left aside."""
    with ready.open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    return [
        {**row, "CallSessionId": "" if session.job.session_id_from else row["CallSessionId"]}
        for row in found
    ]
