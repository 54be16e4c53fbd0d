"""report.html and the notebook's card in Chromium: quiet, whole, and hostile cells as text."""

import re

import pandas as pd
import pytest
from selenium.webdriver.common.keys import Keys

import callconv_kit as ck
from callconv_kit.writing.markup import visible

from ..hostile import HOSTILE, NOW, prepared
from .pages import CHROMIUM, CONTRAST, WIDTHS, barriers, emulate, requested

pytestmark = CHROMIUM

CALL = {
    "CampaignId": "1001",
    "EventDate": "2026-11-20T09:30:00-05:00",
    "ActionTrackerId": "30021",
    "CallProvider": "Invoca",
    "CallerId": "6175550123",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": "201",
    "TalkDuration": "187",
    "CallStatus": "ANSWER",
}


def write_card(path, run):
    """A page that holds the card of a run alone."""
    page = "<!doctype html><html lang='en'><title>card</title><body>{}</body></html>"
    path.write_text(page.format(run._repr_html_()), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    run = prepared(folder)
    write_card(folder / "out" / "card.html", run)
    return folder / "out"


def shown(browser, file, width=1280, scheme="light"):
    """The page in a window of this width and color scheme."""
    emulate(browser, width, scheme)
    browser.get_log("performance")
    browser.get(file.as_uri())
    return browser


@pytest.mark.parametrize("name", ["report.html", "card.html"])
def test_no_request_leaves_and_the_console_is_silent(browser, folder, name):
    page = shown(browser, folder / name)
    assert requested(page) == [(folder / name).as_uri()]
    assert page.get_log("browser") == []


@pytest.mark.parametrize("name", ["report.html", "card.html"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_cell_shows_as_text_and_nothing_of_it_runs(browser, folder, name, text):
    page = shown(browser, folder / name)
    assert page.title != "run"
    assert (
        page.execute_script("return document.querySelectorAll('script, img, h1 + h1').length") == 0
    )
    if name == "report.html":
        cells = page.execute_script(
            "return [...document.querySelectorAll('td code')].map((cell) => cell.textContent)"
        )
        assert visible(text) in cells


def test_the_policy_stops_a_script_that_got_in_all_the_same(browser, folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    smuggled = folder / "smuggled.html"
    smuggled.write_text(page.replace("</body>", "<script>document.title='run'</script></body>"))
    assert shown(browser, smuggled).title != "run"
    assert "Content Security Policy" in browser.get_log("browser")[0]["message"]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_page_fits_its_window(browser, folder, width):
    page = shown(browser, folder / "report.html", width=width)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(browser, folder, scheme):
    assert shown(browser, folder / "report.html", scheme=scheme).execute_script(CONTRAST) == []


def test_every_chart_says_in_words_what_it_shows(browser, folder):
    page = shown(browser, folder / "report.html")
    charts = page.execute_script(
        "return [...document.querySelectorAll('svg')].map((svg) => "
        "[svg.getAttribute('role'), svg.ariaLabel, svg.getAttribute('aria-hidden')])"
    )
    assert all((role == "img" and label) or hidden == "true" for role, label, hidden in charts)
    labels = [label for _, label, _ in charts if label]
    assert any(re.match(r"Of 30 rows: 16 ready, 13 rejected, 1 left out", said) for said in labels)
    assert any(said.startswith("Calls by day, 2026-11-14 to 2026-11-20") for said in labels)


def test_it_prints_on_paper(browser, folder):
    page = shown(browser, folder / "report.html", scheme="dark")
    printed = page.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})
    assert len(printed["data"]) > 10_000


@pytest.mark.parametrize("name", ["report.html", "card.html"])
def test_axe_finds_no_serious_barrier(browser, folder, axe, name):
    page = shown(browser, folder / name)
    page.execute_script("document.querySelectorAll('details').forEach((each) => each.open = true)")
    assert barriers(page, axe) == []


PARTNERS = {"20012": ("3", "9.00"), "20077": ("2", "30.00"), "20135": ("1", "20.00")}


@pytest.fixture(scope="module")
def sortable(tmp_path_factory):
    """The report and the card of a run with several partners."""
    folder = tmp_path_factory.mktemp("partners")
    rows = [
        {**CALL, "MediaId": partner, "CallSessionId": f"{partner}-{at}",
         "SaleAmount": sale if at == 0 else ""}
        for partner, (calls, sale) in PARTNERS.items() for at in range(int(calls))
    ]  # fmt: skip
    run = ck.prepare(pd.DataFrame(rows), out=folder, now=NOW)
    write_card(folder / "card.html", run)
    return folder


SHOWN_ORDER = """
return [...document.querySelectorAll('.sortable tbody tr')]
  .sort((one, other) => one.getBoundingClientRect().top - other.getBoundingClientRect().top)
  .map((row) => row.cells[0].textContent);
"""


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", ["report.html", "card.html"])
def test_a_click_on_a_head_sorts_the_partners_without_a_script(browser, sortable, name, width):
    page = shown(browser, sortable / name, width=width)
    page.execute_script("document.querySelectorAll('details').forEach((each) => each.open = true)")
    total = ["All"] if name == "report.html" else []
    assert page.execute_script(SHOWN_ORDER) == ["20012", "20077", "20135", *total]
    button = page.find_element("css selector", "input[aria-label='Sort by Sales, USD']")
    button.find_element("xpath", "..").click()
    assert page.execute_script(SHOWN_ORDER) == ["20077", "20135", "20012", *total]


def test_the_order_of_partners_follows_the_keyboard(browser, sortable):
    page = shown(browser, sortable / "report.html")
    page.find_element("css selector", "input[aria-label='Sort by Talk time']").send_keys(
        Keys.ARROW_RIGHT
    )
    assert page.execute_script(SHOWN_ORDER) == ["20077", "20135", "20012", "All"]
