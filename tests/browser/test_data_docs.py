"""Data Docs in Chromium, from disk and without a network: listed, styled, and to be filtered."""

import json
import os
import shutil

import pytest

from callconv_kit import suite

from ..hostile import HOSTILE
from ..suite.rows import frame, right
from .pages import CHROMIUM, barriers

pytestmark = CHROMIUM

OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Docs of a right file, of a spoiled one, and of one whose cells try to be rendered."""
    folder = tmp_path_factory.mktemp("docs")
    files = {
        "good.csv": [right(0)],
        "spoiled.csv": [right(0, CallerId="617.555.0123"), right(1, SaleAmount="$1")],
        "hostile & co.csv": [right(n, City=f" {text}") for n, text in enumerate(HOSTILE.values())],
    }
    for number, (name, rows) in enumerate(files.items()):
        frame(*rows).to_csv(folder / name, index=False)
        validation = suite.validate(folder / name)
        suite.docs(folder / "out", validation, now=f"2026-11-24T12:00:0{number}Z")
    return folder / "out"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    profile = tmp_path_factory.mktemp("profile")
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                 "--window-size=1280,900", f"--user-data-dir={profile}"):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE)
    yield driver
    driver.quit()


def shown(browser, path):
    """A page, with what was logged before it forgotten."""
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(path.as_uri())
    return browser


def asked_for(browser):
    """Addresses that the page asked for."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def visible_rows(page):
    return [
        row.text
        for row in page.find_elements("css selector", "#runs tbody tr")
        if row.is_displayed()
    ]


def the_page_of(folder, name):
    (path,) = (folder / "validations").glob(f"*{name}*.html")
    return path


def color(page, selector, what="color"):
    return page.find_element("css selector", selector).value_of_css_property(what)


def test_each_page_is_quiet_and_asks_the_web_for_nothing(browser, folder):
    pages = sorted(folder.rglob("*.html"))
    assert len(pages) == 5
    for path in pages:
        page = shown(browser, path)
        assert page.get_log("browser") == []
        asked = [url for url in asked_for(page) if not url.startswith(("file:", "data:"))]
        assert asked == []


def test_runs_and_suites_are_listed_the_latest_first(browser, folder):
    page = shown(browser, folder / "index.html")
    rows = visible_rows(page)
    assert [row.split()[0] for row in rows] == ["failed", "failed", "passed"]
    assert ["hostile & co.csv" in rows[0], "spoiled.csv" in rows[1], "good.csv" in rows[2]] == [
        True
    ] * 3
    (listed,) = page.find_elements("css selector", ".suites a")
    assert listed.text == "callconv"


def test_the_index_is_styled(browser, folder):
    page = shown(browser, folder / "index.html")
    passed, failed = (
        color(page, f".badge-{name}", "background-color") for name in ("success", "danger")
    )
    assert passed != failed
    assert "Times" not in color(page, "body", "font-family")
    assert color(page, "#runs", "border-collapse") == "collapse"


def test_the_runs_can_be_filtered_by_words_and_by_state(browser, folder):
    page = shown(browser, folder / "index.html")
    search = page.find_element("id", "search")
    search.send_keys("SPOILED 12:00:01")
    assert [("spoiled.csv" in row) for row in visible_rows(page)] == [True]
    assert page.find_element("id", "shown").text == "1 of 3 shown"
    search.clear()
    search.send_keys("nothing like it")
    assert visible_rows(page) == []
    search.clear()
    search.send_keys(" ")
    page.find_element("css selector", "#state option[value=passed]").click()
    assert [("good.csv" in row) for row in visible_rows(page)] == [True]


def test_every_link_of_every_page_leads_somewhere(browser, folder):
    for path in sorted(folder.rglob("*.html")):
        page = shown(browser, path)
        links = page.execute_script(
            "return [...document.querySelectorAll('a[href]')].map((a) => a.href)"
            ".filter((href) => href.startsWith('file:')).map((href) => href.split('#')[0])"
        )
        assert links
        for link in set(links):
            target = link.removeprefix("file://")
            assert os.path.exists(target), (path.name, link)  # noqa: PTH110 # an address, not a Path


def test_the_page_of_a_run_shows_what_failed_and_can_hide_the_rest(browser, folder):
    page = shown(browser, the_page_of(folder, "spoiled"))
    page.execute_script("jQuery.fx.off = true")
    text = page.find_element("tag name", "body").text
    assert "SaleAmount must be an amount from 0.00 to 999999.99" in text
    assert "line 3: $1" in text
    assert "***.***.0123" in text
    assert "617.555" not in page.page_source
    headings = {
        one.text for one in page.find_elements("css selector", ".alert") if one.is_displayed()
    }
    assert {"CallerId", "SaleAmount", "City"} <= headings
    (button,) = (
        one for one in page.find_elements("css selector", "label.btn") if "Failed" in one.text
    )
    button.click()
    left = {one.text for one in page.find_elements("css selector", ".alert") if one.is_displayed()}
    assert {"CallerId", "SaleAmount"} <= left
    assert "City" not in left
    assert color(page, ".text-danger") != color(page, ".text-success")


def test_the_page_of_the_suite_shows_its_notes(browser, folder):
    text = (
        shown(browser, folder / "expectations" / "callconv.html")
        .find_element("tag name", "body")
        .text
    )
    for words in (
        "EventDate: When the call took place, with its offset from UTC.",
        "The server takes an empty cell for ANSWER.",
        "Example: 2026-09-10T22:55:32-08:00",
        "Severity: critical.",
        "Source: impact.com",
    ):
        assert words in text


def test_hostile_cells_stay_text(browser, folder):
    page = shown(browser, the_page_of(folder, "hostile"))
    assert page.title != "run"
    assert page.find_elements("css selector", "h1, img") == []
    text = page.find_element("tag name", "body").text
    assert "<script>document.title='run'</script>" in text
    assert "[bold red]x[/bold red]" in text


def test_axe_finds_no_serious_barrier_on_the_list(browser, folder, axe):
    assert barriers(shown(browser, folder / "index.html"), axe) == []
