"""The whole way from four exports to pending actions: JupyterLab and Voila, mouse and keyboard."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from callconv_kit import prepare
from callconv_kit.demo import sample

from .hands import ByKeyboard, ByMouse, voila
from .lab import rows_of
from .pages import CHROMIUM

pytestmark = CHROMIUM

NOW = "2026-11-24T12:00:00-05:00"
DATA = Path(__file__).parents[1] / "data"
IDS = {"campaign": "1001", "partner": "20012", "tracker": "30021"}
ZONE = {"timezone": "America/New_York"}


@dataclass(frozen=True)
class Way:
    """An export, what a person says of it, and how many of its rows go.

    picks: answers from a drop-down. fix: a code, how many rows have it, a column, and the text that
    the first of these rows gets there.
    """

    export: Path
    answers: dict[str, str]
    ready: int
    picks: dict[str, str] = field(default_factory=dict)
    fix: tuple[str, int, str, str] | None = None


INVOCA = Way(
    sample("export.csv"), ZONE | IDS, 136, {"date_order": "month-first"},
    ("status_unknown", 41, "Call Result", "IVR_DROPOFF"),
)  # fmt: skip
CALLRAIL = Way(DATA / "vendors" / "callrail_list.csv", ZONE | IDS, 54)
RINGBA = Way(
    DATA / "vendors" / "ringba_labels.csv", ZONE | IDS, 54, {"date_order": "month-first"}
)  # fmt: skip
YEASTAR = Way(
    DATA / "cases" / "exports" / "yeastar" / "cdr.csv", ZONE | IDS | {"provider": "Yeastar"}, 8
)  # fmt: skip


@pytest.fixture(scope="module")
def voila_address(desk):
    with voila(desk.folder, desk.scratch / "voila") as address:
        yield address


def walked(person, way, folder):
    """Go the whole way; returns the job's own run, from the same files."""
    person.reads("seen", way.export.name)
    person.press("accept")
    for name, text in way.picks.items():
        person.choose(f"ask-{name}", text)
    for name, text in way.answers.items():
        person.type(f"ask-{name}", text)
    if person.widget("take-proposals").is_displayed():
        person.press("take-proposals")
    person.until(lambda: not person.all(".callconv-missing"), "nothing is missing")
    person.press("save")
    person.told("The job is saved")
    person.press("next-step")
    person.press("prepare")
    person.reads("card-of-run", "ready to go")
    person.press("step-review")
    fixes = None
    if way.fix is not None:
        code, rows, column, text = way.fix
        person.choose("code", code)
        person.reads("where", f"of {rows}")
        person.correct(0, column, text)
        fixes = folder / f"{way.export.name}.fixes.csv"
        person.press("again")
        person.reads("card-of-run", "ready to go")
        person.press("step-review")
    person.turn_to("Explore")
    person.reads("explorer", "talk time")
    person.bar("Media partner")
    person.reads("explorer", "Filtered by Media partner (MediaId): 20012.")
    person.press("step-check")
    person.press("validate")
    person.reads("validation", "expectations hold")
    person.press("step-deliver")
    person.press("deliver-mock")
    person.reads("results", f"{way.ready} pending actions", "Complete")
    person.reads("steps", "✓ 6 Deliver")
    return prepare(
        folder / way.export.name, folder / "callconv.toml", now=NOW, fixes=fixes,
        out=folder / "by_hand",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hand", "server", "way"),
    [
        pytest.param(ByKeyboard, "lab", INVOCA, id="JupyterLab by keyboard alone"),
        pytest.param(ByMouse, "voila", CALLRAIL, id="Voila by mouse"),
        pytest.param(ByMouse, "lab", RINGBA, id="JupyterLab by mouse"),
        pytest.param(ByKeyboard, "voila", YEASTAR, id="Voila by keyboard alone"),
    ],
)
def test_an_export_goes_the_whole_way(request, desk, hand, server, way):
    person = hand(desk.person.driver, desk.person.pictures)
    name = f"{server}_{way.export.stem}"
    files = {way.export.name: way.export.read_bytes()}
    folder = desk.filled(name, f"{way.export.name!r}, now={NOW!r}", files=files)
    if server == "lab":
        person.visit(desk.address.format(f"{name}/work.ipynb"))
    else:
        person.land(f"{request.getfixturevalue('voila_address')}/{name}/work.ipynb")
    by_hand = walked(person, way, folder)
    assert by_hand.summary["rows_ready"] == way.ready
    sent = (folder / "callconv-out" / "ready.csv").read_bytes()
    assert sent == by_hand.ready_file.read_bytes()


DIES = """import os
import ipywidgets
die = ipywidgets.Button(description="die")
die.on_click(lambda _: os._exit(1))
ipywidgets.VBox([die.add_class("callconv-die")]).add_class("callconv-workbench")"""


def test_a_page_of_voila_whose_kernel_died_says_that_it_is_dead(desk, voila_address):
    person = desk.person
    name = "dies"
    desk.filled(name, f"'export.csv', now={NOW!r}", DIES,
                {"export.csv": INVOCA.export.read_bytes()})  # fmt: skip
    person.land(f"{voila_address}/{name}/work.ipynb")
    person.reads("seen", "export.csv")
    person.press("die")
    script = """
        const page = document.querySelector('.callconv-workbench');
        return getComputedStyle(page, '::before').content;
    """
    person.until(lambda: "reload the page" in person.driver.execute_script(script), "dead")
    assert person.widget("steps").value_of_css_property("pointer-events") == "none"


def test_the_grid_is_edited_in_notebook_7(desk):
    person = desk.person
    job = (
        'preset = "invoca"\ntimezone = "America/New_York"\ndate_order = "month-first"\n'
        "constants = {CampaignId = 1001, MediaId = 20012, ActionTrackerId = 30021}\n"
    )
    files = {"export.csv": INVOCA.export.read_bytes(), "callconv.toml": job.encode()}
    folder = desk.filled("notebook_7", f"'export.csv', now={NOW!r}", files=files)
    lab, of = desk.address.split("/lab/tree/")
    person.visit(f"{lab}/notebooks/{of.format('notebook_7/work.ipynb')}")
    assert person.all("#jp-MainLogo, #jp-NotebookLogo")
    person.step("Prepare")
    person.press("prepare")
    person.reads("card-of-run", "ready to go")
    person.step("Review")
    person.choose("code", "status_unknown")
    person.focus(0, "Call Result")
    person.keys("nonsense", Keys.ENTER)
    person.reads("rejected-grid", "1 cell refused", "Choose one of")
    person.focus(0, "Call Result")
    person.keys("CANCEL", Keys.ENTER)
    person.shows(0, "Call Result", "CANCEL")
    person.keys("z", held=Keys.CONTROL)
    person.shows(0, "Call Result", "Hung up in IVR")
    person.keys("y", held=Keys.CONTROL)
    person.shows(0, "Call Result", "CANCEL")
    fixes = rows_of(folder / "export.csv.fixes.csv")
    assert [row["Call Result"] for row in fixes] == ["CANCEL"]
