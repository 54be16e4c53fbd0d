"""The workbench in a real JupyterLab: the whole way on a messy export, hostile cells, bad input."""

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from callconv_kit import prepare
from callconv_kit.demo import sample
from callconv_kit.profiling.columns import shown
from callconv_kit.writing.markup import visible

from ..hostile import HOSTILE, export
from ..hostile import NOW as HOSTILE_NOW
from .lab import (
    THEME,
    WIDGETS,
    rows_of,
    set_up,
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
READABLE = CONTRAST.replace("'body *'", "'.callconv-workbench *'").replace(
    "&& !element.closest('style')", "&& !element.closest('style, [disabled]')"
)


def test_the_whole_way_from_an_upload_to_pending_actions(desk, axe):
    folder, person = desk.opened("whole", f"now={NOW!r}")
    person.upload(sample("export.csv"))
    person.reads("seen", "export.csv", "header on line 4", "Invoca")
    assert person.chosen("preset").startswith("Invoca")
    person.picture("1_open")
    assert person.barriers(axe) == []
    person.press("accept")

    for name, text in ANSWERS.items():
        person.type(name, text)
    person.choose("ask-date_order", "month-first")
    person.reads("mapping", "1001 in every row")
    person.until(lambda: not person.all(".callconv-missing"))
    person.picture("2_map")
    assert person.barriers(axe) == []
    person.press("save")
    person.told("The job is saved")
    person.press("show-words")
    person.reads("words", "Hung up in IVR", "mapping it wins up to 40 rows")
    assert person.barriers(axe) == []

    person.step("Prepare")
    person.press("prepare")
    person.reads("card-of-run", "204")
    person.picture("3_prepare")
    assert person.barriers(axe) == []

    person.step("Review")
    person.choose("code", "status_unknown")
    person.focus(0, "Call Result")
    person.keys("IVR_DROPOFF", Keys.ENTER)
    person.shows(0, "Call Result", "IVR_DROPOFF")
    person.picture("4_review")
    assert person.barriers(axe) == []
    assert "IVR_DROPOFF" in (folder / "export.csv.fixes.csv").read_text()
    person.press("again")
    person.reads("card-of-run", "ready to go")

    person.step("Review")
    person.turn_to("Explore")
    person.reads("explorer", "talk time")
    person.picture("explore")
    assert person.barriers(axe) == []
    person.step("Check")
    person.press("validate")
    person.reads("validation", "expectations hold")
    person.picture("5_check")
    assert person.barriers(axe) == []

    person.step("Deliver")
    person.press("deliver-mock")
    results = person.reads("results", "pending actions", "Complete")
    person.picture("6_deliver")
    assert person.barriers(axe) == []
    ready = (folder / "callconv-out" / "ready.csv").read_text().count("\n") - 1
    assert f"{ready} pending actions" in results


JOB = b"""preset = "invoca"
timezone = "America/New_York"
date_order = "month-first"
constants = {CampaignId = 1001, MediaId = 20012, ActionTrackerId = 30021}
"""


def test_rejected_rows_are_corrected_in_the_grid_by_keyboard_alone(desk):
    files = {"export.csv": sample("export.csv").read_bytes(), "callconv.toml": JOB}
    folder, person = desk.opened("grid", f"'export.csv', now={NOW!r}", files=files)
    fixes = folder / "export.csv.fixes.csv"
    person.step("Prepare")
    person.press("prepare")
    person.reads("card-of-run", "204")
    person.press("next-step")
    person.choose("code", "status_unknown")
    person.reads("where", "1 to 41 of 41")

    person.focus(0, "Call Result")
    person.reads("rejected-grid", 'CallStatus "Hung up in IVR": not a known call status')
    person.keys("BOGUS", Keys.ENTER)
    person.reads("rejected-grid", "1 cell refused", "Choose one of UNKNOWN_CALLERID")
    assert not fixes.exists()
    person.shows(0, "Call Result", "Hung up in IVR")

    person.focus(0, "Call Result")
    person.keys(Keys.ENTER, "nothing", Keys.ESCAPE)
    person.shows(0, "Call Result", "Hung up in IVR")
    person.keys("IVR_DROPOFF", Keys.ENTER)
    person.shows(0, "Call Result", "IVR_DROPOFF")
    person.put_on_clipboard("ANSWER\r\nCANCEL\r\nnonsense\r\nFAILURE\r\n")
    person.focus(1, "Call Result")
    person.keys("v", held=Keys.CONTROL)
    person.reads("rejected-grid", "3 cells corrected", "1 cell refused")
    person.shows(3, "Call Result", "Hung up in IVR")
    person.shows(4, "Call Result", "FAILURE")
    person.keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, held=Keys.SHIFT)
    person.keys("c", held=Keys.CONTROL)
    person.focus(5, "Call Result")
    person.keys("v", held=Keys.CONTROL)
    person.reads("rejected-grid", "2 cells corrected")
    # The active cell is not hidden below the column that stays in place.
    covered = person.driver.execute_script(
        "const {left, top} = document.activeElement.getBoundingClientRect();"
        "return document.elementFromPoint(left + 4, top + 4).closest('td, th').cellIndex !=="
        " document.activeElement.cellIndex"
    )
    assert not covered
    person.picture("grid")

    person.keys("z", held=Keys.CONTROL)
    person.shows(5, "Call Result", "Hung up in IVR")
    person.shows(1, "Call Result", "ANSWER")
    person.keys("y", held=Keys.CONTROL)
    person.shows(6, "Call Result", "CANCEL")
    person.keys("zz", held=Keys.CONTROL)
    person.shows(1, "Call Result", "Hung up in IVR")
    person.shows(0, "Call Result", "IVR_DROPOFF")
    person.keys("y", held=Keys.CONTROL)
    person.shows(4, "Call Result", "FAILURE")

    kept = {row["source_line"]: row["Call Result"] for row in rows_of(fixes)}
    assert sorted(kept.values()) == ["ANSWER", "CANCEL", "FAILURE", "IVR_DROPOFF"]
    by_hand = prepare(
        folder / "export.csv", folder / "callconv.toml", fixes=fixes, now=NOW, out=folder / "hand"
    )
    person.press("again")
    person.reads("card-of-run", "ready to go", f"{by_hand.summary['rows_ready']:,}")
    ready = (folder / "callconv-out" / "ready.csv").read_bytes()
    assert ready == by_hand.ready_file.read_bytes()
    left = [row for row in rows_of(folder / "hand/rejected.csv") if row["source_line"] in kept]
    assert [row["codes"] for row in left] == ["money_out_of_range"]


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
    person.until(lambda: cells <= person.cells("rejected-grid"))
    person.picture("hostile_rejected")
    assert person.unreadable(READABLE) == []
    for name, column in (
        ("Left out", "reasons"),
        ("Warnings", "value"),
        ("Changes", "before"),
        ("Ready", "CallSessionId"),
    ):
        person.turn_to(name)
        person.until(lambda column=column: column in person.headings("page"))
        assert person.unreadable(READABLE) == []
    person.turn_to("Explore")
    bars = "section[aria-label^='Media partner'] button"
    person.until(lambda: person.all(bars))
    person.first(bars).send_keys(Keys.ENTER)
    person.reads("explorer", "Filtered by Media partner (MediaId): 20012.")
    person.until(lambda: person.first(bars).get_attribute("aria-pressed") == "true")
    assert person.driver.execute_script("return document.activeElement.textContent").startswith(
        "20012"
    )
    person.picture("explore_dark")
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
    person.press("save")
    person.told("The job is not saved: 1 field is wrong", "CampaignId")
    person.press("next-step")
    person.told("Correct each field that is marked")
    person.type("constant-CampaignId", "")
    person.until(lambda: not person.all(".callconv-invalid"))
    person.step("Deliver")
    person.press("deliver-mock")
    person.told("Nothing was prepared yet")
    person.step("Prepare")
    person.press("prepare")
    person.reads("card-of-run", "43.3 %")
    person.step("Review")
    person.press("again")
    person.reads("card-of-run", "ready to go")
    person.step("Deliver")
    person.press("deliver-mock")
    person.told("Nothing listens at 127.0.0.1", "whether a firewall")
    person.press("repair")
    person.press("deliver-mock")
    person.reads("results", "pending actions", "Complete")


def test_a_page_whose_kernel_was_restarted_says_that_it_is_dead(desk):
    files = {"calls.csv": export(), "callconv.toml": b"max_rejected_share = 1.0\n"}
    _, person = desk.opened("restarted", f"'calls.csv', now={HOSTILE_NOW!r}", files=files)
    script = """
        const page = document.querySelector('.callconv-workbench');
        return getComputedStyle(page, '::before').content;
    """
    assert person.driver.execute_script(script) in ("none", "normal")
    person.restart()
    person.until(lambda: "kernel was restarted" in person.driver.execute_script(script), "dead")
    person.picture("restarted")
    steps = person.widget("steps")
    assert steps.value_of_css_property("pointer-events") == "none"


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
    person.until(lambda: "Deliver all rows" in saved.read_text())
    assert "sesame" not in saved.read_text()
    assert "somebody" in saved.read_text()
    assert not any("sesame" in file.read_text(errors="replace")
                   for file in folder.rglob("*") if file.is_file())  # fmt: skip
