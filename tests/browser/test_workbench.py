"""The workbench in a real JupyterLab: the whole way on a messy export, hostile cells, bad input."""

import os

import pytest

from callconv_kit.demo import sample

from .lab import Person, chromium, notebook, serving
from .pages import CHROMIUM

pytestmark = CHROMIUM

NOW = "2026-11-24T12:00:00-05:00"
ANSWERS = {
    "ask-timezone": "America/New_York",
    "ask-CampaignId": "1001",
    "ask-MediaId": "20012",
    "ask-ActionTrackerId": "30021",
}
PENDING = "len(workbench.deliveries.mock.pending_actions())"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder of work, JupyterLab over it, and a person in front of it."""
    folder, scratch = tmp_path_factory.mktemp("desk"), tmp_path_factory.mktemp("lab")
    pictures = os.environ.get("CALLCONV_PICTURES") or tmp_path_factory.mktemp("pictures")
    driver = chromium(scratch / "chromium")
    try:
        with serving(folder, scratch) as (address, token):
            yield folder, Person(driver, pictures), f"{address}/lab/tree/{{}}?reset&token={token}"
    finally:
        driver.quit()


def opened(desk, name, code):
    folder, person, address = desk
    (folder / name).mkdir()
    notebook(folder / name / "work.ipynb", code)
    person.visit(address.format(f"{name}/work.ipynb"))
    return folder / name, person


def test_the_whole_way_from_an_upload_to_pending_actions(desk):
    folder, person = opened(
        desk,
        "whole",
        "from callconv_kit.widgets import Workbench\n"
        f"workbench = Workbench(now={NOW!r})\nworkbench",
    )
    person.upload(sample("export.csv"))
    person.reads("seen", "export.csv", "header on line 4", "Invoca")
    assert person.chosen("preset").startswith("Invoca")
    person.picture("1_open")
    person.press("accept")

    for name, text in ANSWERS.items():
        person.type(name, text)
    person.choose("ask-date_order", "month-first")
    person.reads("mapping", "1001 in every row")
    person.until(lambda: not person.all(".callconv-missing"))
    person.picture("2_map")
    person.press("save")
    person.told("The job is saved")

    person.step("Prepare")
    person.press("prepare")
    person.reads("card-of-run", "204")
    person.picture("3_prepare")

    person.step("Review")
    person.choose("code", "status_unknown")
    person.reads("fix-row", "Hung up in IVR")
    person.type("fix-text", "IVR_DROPOFF")
    person.press("fix")
    person.told("is fixed and kept")
    person.picture("4_review")
    assert "IVR_DROPOFF" in (folder / "export.csv.fixes.csv").read_text()
    person.press("again")
    person.reads("card-of-run", "ready to go")

    person.step("Check")
    person.press("validate")
    person.reads("validation", "expectations hold")
    person.picture("5_check")

    person.step("Deliver")
    person.press("deliver-mock")
    results = person.reads("results", "pending actions", "Complete")
    person.picture("6_deliver")
    ready = (folder / "callconv-out" / "ready.csv").read_text().count("\n") - 1
    assert f"{ready} pending actions" in results
