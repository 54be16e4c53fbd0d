"""The workbench in a real JupyterLab: the whole way on a messy export, hostile cells, bad input."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from callconv_kit.demo import sample
from callconv_kit.profiling.columns import shown
from callconv_kit.writing.visible import visible

from ..hostile import HOSTILE, export
from ..hostile import NOW as HOSTILE_NOW
from .lab import (
    THEME,
    WIDGETS,
    Person,
    chromium,
    free_port,
    notebook,
    running,
    serving,
    set_up,
    status_of,
    wait_for_server,
)
from .pages import CHROMIUM, CONTRAST

pytestmark = CHROMIUM

NOW = "2026-11-24T12:00:00-05:00"
ANSWERS = {
    "ask-timezone": "America/New_York",
    "ask-campaign": "1001",
    "ask-partner": "20012",
    "ask-tracker": "30021",
}
WORKBENCH = """from callconv_kit.widgets import Workbench
workbench = Workbench({arguments})
workbench"""

READABLE = CONTRAST.replace("'body *'", "'.callconv-workbench *'").replace(
    "&& !element.closest('style')", "&& !element.closest('style, [disabled]')"
)


@dataclass
class Desk:
    """A folder of work, JupyterLab over it with its settings, and a person in front of it."""

    folder: Path
    scratch: Path
    person: Person
    address: str

    def opened(self, name, arguments, more="", files=()):
        """The workbench in a folder of its own, which holds these files."""
        folder = self.folder / name
        folder.mkdir()
        for file, content in dict(files).items():
            (folder / file).write_bytes(content)
        notebook(folder / "work.ipynb", WORKBENCH.format(arguments=arguments), more)
        self.person.visit(self.address.format(f"{name}/work.ipynb"))
        return folder, self.person


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder, scratch = tmp_path_factory.mktemp("desk"), tmp_path_factory.mktemp("lab")
    pictures = os.environ.get("CALLCONV_PICTURES") or tmp_path_factory.mktemp("pictures")
    driver = chromium(scratch / "chromium")
    try:
        with serving(folder, scratch) as (address, token):
            address = f"{address}/lab/tree/{{}}?reset&token={token}"
            yield Desk(folder, scratch, Person(driver, pictures), address)
    finally:
        driver.quit()


def test_the_whole_way_from_an_upload_to_pending_actions(desk):
    folder, person = desk.opened("whole", f"now={NOW!r}")
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


def test_hostile_cells_names_and_headers_are_text_everywhere_and_legible_in_the_dark(desk):
    set_up(desk.scratch, THEME, '{"theme": "JupyterLab Dark"}')
    try:
        name = "<img src=x onerror=\"document.title='run'\">.csv"
        header = b"<script>document.title='run'</script>"
        files = {
            name: export().replace(b"City", header, 1),
            "callconv.toml": b"max_rejected_share = 1.0\n",
        }
        _, person = desk.opened("hostile", f"{name!r}, now={HOSTILE_NOW!r}", files=files)
    finally:
        set_up(desk.scratch, THEME, "{}")
    cells = {shown(text) for text in HOSTILE.values()}
    person.reads("seen", visible(name))
    assert cells <= person.cells("seen")
    person.until(lambda: not person.unreadable(READABLE))
    person.press("accept")
    person.reads("mapping", "CallStatus")
    assert person.unreadable(READABLE) == []
    person.step("Prepare")
    person.press("prepare")
    person.reads("card-of-run", "Rejected")
    person.step("Review")
    person.until(lambda: cells <= person.cells("page"))
    person.picture("hostile_rejected")
    assert person.unreadable(READABLE) == []
    for name, column in (("Warnings", "value"), ("Changes", "before"), ("Ready", "CallSessionId")):
        person.turn_to(name)
        person.until(lambda column=column: column in person.headings("page"))
        assert person.unreadable(READABLE) == []
    assert person.driver.title != "run"
    assert person.all(".callconv-workbench :is(script, img, h1, a[onmouseover])") == []


def test_bad_input_is_said_in_words_and_the_next_file_is_taken(desk):
    job = b'[columns]\nCallerId = "Number of the caller"\n'
    more = (
        "import ipywidgets\n"
        "repair = ipywidgets.Button(description='repair')\n"
        "repair.add_class('callconv-repair')\n"
        "repair.on_click(lambda _: workbench.deliveries.mock.clear_faults())\n"
        "workbench.deliveries.start_mock().fault('refuse-connection', None)\n"
        "ipywidgets.VBox([repair]).add_class('callconv-workbench')"
    )
    files = {"callconv.toml": job, "calls.csv": export()}
    folder, person = desk.opened("bad", f"now={HOSTILE_NOW!r}", more, files)
    picture = desk.scratch / "picture.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (desk.scratch / "nothing.csv").write_bytes(b"")
    with (folder / "large.csv").open("wb") as file:
        file.truncate(2 << 30)

    person.upload(picture)
    person.told("picture.csv is not a table of text", "Export it as CSV")
    person.upload(desk.scratch / "nothing.csv")
    person.told("nothing.csv has no content")
    person.type("path", "large.csv")
    person.press("open")
    person.told("large.csv is not a table of text")
    person.type("path", "calls.csv")
    person.press("open")
    person.told("there is no source for 1 column: CallerId", "Number of the caller")
    person.press("new-job")
    person.reads("seen", "calls.csv", "30 rows")
    assert (folder / "callconv.toml").read_bytes() == job
    person.step("Map")
    person.type("constant-CampaignId", "many")
    person.told("CampaignId", "many")
    person.type("constant-CampaignId", "")
    person.step("Deliver")
    person.press("deliver-mock")
    person.told("Nothing was prepared yet")
    person.step("Prepare")
    person.press("prepare")
    person.reads("card-of-run", "43.3 %")
    person.step("Review")
    person.type("fix-text", "answered")
    person.press("fix")
    person.told("is fixed and kept")
    person.press("again")
    person.reads("card-of-run", "ready to go")
    person.step("Deliver")
    person.press("deliver-mock")
    person.told("Nothing listens at 127.0.0.1", "whether a firewall")
    person.press("repair")
    person.press("deliver-mock")
    person.reads("results", "pending actions", "Complete")


def test_a_password_is_typed_and_never_stored_in_the_notebook(desk):
    set_up(desk.scratch, WIDGETS, '{"saveState": true}')
    files = {"calls.csv": export(), "callconv.toml": b"max_rejected_share = 1.0\n"}
    folder, person = desk.opened("secret", f"'calls.csv', now={HOSTILE_NOW!r}", files=files)
    person.step("Prepare")
    person.press("prepare")
    person.reads("card-of-run", "ready to go")
    person.step("Deliver")
    person.choose("protocol", "ftp")
    person.type("host", "127.0.0.1")
    person.type("port", "9")
    person.type("user", "somebody")
    person.type("password", "open sesame 7")
    field = person.widget("password").find_element(By.CSS_SELECTOR, "input")
    person.until(lambda: field.get_attribute("value") == "")
    person.press("deliver")
    said = person.told("127.0.0.1")
    assert "sesame" not in said
    person.save()
    saved = folder / "work.ipynb"
    person.until(lambda: "Deliver to this server" in saved.read_text())
    assert "sesame" not in saved.read_text()
    assert "somebody" in saved.read_text()
    assert not any("sesame" in file.read_text(errors="replace")
                   for file in folder.rglob("*") if file.is_file())  # fmt: skip


def test_the_command_serves_the_workbench_on_loopback_and_only_with_its_token(tmp_path):
    folder, scratch = tmp_path / "work", tmp_path / "lab"
    folder.mkdir()
    (folder / "calls.csv").write_bytes(export())
    port = free_port()
    command = [sys.executable, "-m", "callconv_kit", "workbench", "calls.csv",
               "--no-browser", f"--port={port}"]  # fmt: skip
    with running(command, folder, scratch) as (server, printed):
        address = next(word for word in printed.split() if word.startswith("http"))
        assert address.startswith(f"http://127.0.0.1:{port}/lab/tree/callconv-workbench.ipynb?")
        wait_for_server(f"http://127.0.0.1:{port}", server, scratch / "lab.log")
        assert status_of(port, "/api/contents") == 403
        driver = chromium(scratch / "chromium")
        try:
            person = Person(driver, scratch / "pictures")
            person.visit(address)
            person.reads("seen", "calls.csv", "30 rows")
        finally:
            driver.quit()
