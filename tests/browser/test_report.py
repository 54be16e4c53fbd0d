"""report.html and the notebook's card in Chromium: quiet, whole, and hostile cells as text."""

import re

import pytest

from callconv_kit.writing.markup import visible

from ..hostile import HOSTILE, prepared
from .pages import CHROMIUM, CONTRAST, WIDTHS, emulate, requested

pytestmark = CHROMIUM


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    run = prepared(folder)
    card = f"<!doctype html><title>card</title><body>{run._repr_html_()}</body>"
    (folder / "out" / "card.html").write_text(card, encoding="utf-8")
    return folder / "out"


def shown(browser, file, width=1280, scheme="light"):
    """The page in a window of this width and colour scheme."""
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
