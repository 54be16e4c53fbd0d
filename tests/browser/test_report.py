"""report.html and the notebook's card in Chromium: quiet, whole, and hostile cells as text."""

import json
import os
import re
import shutil

import pytest

from callconv_kit.writing.visible import visible

from ..hostile import HOSTILE, prepared

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        shutil.which("chromium") is None and os.environ.get("CI") != "true",
        reason="Chromium is not installed",
    ),
]

WIDTHS = {"a desk": 1280, "a tablet": 768, "a phone": 360}

CONTRAST = """
const luminance = (colour) => {
  const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (!/, 0\\)$/.test(colour)) return colour;
  }
  return 'rgb(255, 255, 255)';
};
return [...document.querySelectorAll('body *')]
  .filter((element) => [...element.childNodes].some(
    (node) => node.nodeType === 3 && node.textContent.trim()))
  .filter((element) => element.getClientRects().length && !element.closest('style'))
  .map((element) => {
    const start = element.outerHTML.slice(0, 80);
    const pair = [getComputedStyle(element).color, ground(element)].map(luminance).sort();
    return [(Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05), start];
  })
  .filter(([contrast]) => contrast < 4.5);
"""
"""Elements whose text stands out too little from what is behind it (WCAG AA)."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    run = prepared(folder)
    card = f"<!doctype html><title>card</title><body>{run._repr_html_()}</body>"
    (folder / "out" / "card.html").write_text(card, encoding="utf-8")
    return folder / "out"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    profile = tmp_path_factory.mktemp("profile")
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                 f"--user-data-dir={profile}"):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


def shown(browser, file, width=1280, scheme="light"):
    """The page in a window of this width and colour scheme."""
    scheme_feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme_feature]})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    browser.get_log("performance")
    browser.get(file.as_uri())
    return browser


@pytest.mark.parametrize("name", ["report.html", "card.html"])
def test_no_request_leaves_and_the_console_is_silent(browser, folder, name):
    page = shown(browser, folder / name)
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    requested = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert requested == [(folder / name).as_uri()]
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
