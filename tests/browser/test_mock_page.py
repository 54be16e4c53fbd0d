"""The mock server's page in Chromium: what clients upload is there, hostile cells are text."""

import csv
import datetime as dt
import io
import os
import shutil
import subprocess

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from callconv_kit.model import spec
from mock_server import MockImportServer
from mock_server.accounts import make
from mock_server.programs import Program, Tracker
from mock_server.web.pages import visible

from ..hostile import HOSTILE
from ..mock_server.uploading import CALL, NOW, call_file, put
from .pages import CHROMIUM, CONTRAST, WIDTHS, barriers, emulate, requested

pytestmark = CHROMIUM

START = dt.datetime.fromisoformat(NOW)
PASSWORD = "pw-of-the-test"


def hostile_file():
    """For each hostile text a row that is taken where it may be, and one that is refused."""
    text = io.StringIO()
    writer = csv.DictWriter(text, spec.NAMES, lineterminator="\n")
    writer.writeheader()
    for number, hostile in enumerate(HOSTILE.values()):
        writer.writerow({**CALL, "CallSessionId": f"FREE-{number}", "City": hostile})
        writer.writerow({**CALL, "CallSessionId": f"BAD-{number}", "CallStatus": hostile})
        writer.writerow({**CALL, "CallSessionId": hostile, "CallDuration": hostile})
    return text.getvalue().encode()


@pytest.fixture(scope="module")
def server():
    """Two accounts with programs, files of every status, a hostile file under a hostile name."""
    terms = Program("1001", (Tracker("30021"), Tracker("30022", active=False)))
    accounts = [make("demo", PASSWORD, programs=[terms]), make("agency", PASSWORD)]
    with MockImportServer(
        accounts=accounts, now=START, process_after=dt.timedelta(hours=1), http_port=0
    ) as serving:
        put(serving, hostile_file(), "<script>document.title='run'<b>.csv", "demo", PASSWORD)
        put(serving, call_file(*[{}] * 130, {"CampaignId": "7"}), "many.csv", "demo", PASSWORD)
        put(serving, b"a,b\n1,2\n", "no_header.csv", "agency", PASSWORD)
        serving.advance(hours=1)
        put(serving, call_file({}), "waiting.csv", "agency", PASSWORD)
        serving.fault("data-cut", times=3)
        yield serving


@pytest.fixture(scope="module")
def places(server):
    """The address of each kind of page."""
    batch = {file.file_name: file.batch_id for file in server.submissions()}
    hostile = next(name for name in batch if name.startswith("<script>"))
    return {
        "overview": "/",
        "account": "/accounts/demo",
        "account without programs": "/accounts/agency",
        "errors": f"/files/{batch[hostile]}",
        "pending actions": f"/files/{batch[hostile]}?show=actions",
        "many": f"/files/{batch['many.csv']}?show=actions&page=2",
        "whole file refused": f"/files/{batch['no_header.csv']}",
        "waiting": f"/files/{batch['waiting.csv']}",
        "search": "/search?session=FREE-0",
        "search refused": "/search?session=BAD-1",
        "nothing found": "/search?session=nobody",
        "empty search": "/search",
    }


KINDS = [
    "overview",
    "account",
    "account without programs",
    "errors",
    "pending actions",
    "many",
    "whole file refused",
    "waiting",
    "search",
    "search refused",
    "nothing found",
    "empty search",
]


def shown(browser, server, place, **window):
    """A page of the server."""
    emulate(browser, **window)
    browser.get_log("performance")
    browser.get(server.http_url + place)
    return browser


def main_text(browser):
    return browser.find_element(By.TAG_NAME, "main").text


def wait(browser, condition):
    """Until something is shown; the longest wait is for a machine that is busy."""
    # An element that goes away while it is read belongs to a page that was just replaced.
    waiting = WebDriverWait(browser, 30, 0.1, [StaleElementReferenceException])
    waiting.until(lambda _: condition())


# -- what clients upload ---------------------------------------------------------------------------

CLIENTS = {
    "curl": ["curl", "-sS", "-T", "{file}", "-u", "{user}", "ftp://{place}/"],
    "curl with TLS": [
        "curl", "-sS", "--ssl-reqd", "--cacert", "{ca_file}", "-T", "{file}", "-u", "{user}",
        "ftp://{place}/",
    ],
    "lftp": [
        "lftp", "-e", "set ftp:ssl-allow no; put {file}; exit", "-u", "{pair}", "ftp://{place}",
    ],
    "lftp with TLS": [
        "lftp", "-e",
        "set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ssl:ca-file {ca_file}; "
        "put {file}; exit",
        "-u", "{pair}", "ftp://{place}",
    ],
}  # fmt: skip


@pytest.mark.parametrize("command", CLIENTS.values(), ids=CLIENTS)
def test_what_a_client_uploads_appears_on_the_open_page(browser, tmp_path, command):
    if shutil.which(command[0]) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{command[0]} is missing")
        pytest.skip(f"{command[0]} is missing")
    file = tmp_path / "ready.csv"
    file.write_bytes(call_file({"CallSessionId": "UP-1"}, {"CallDuration": "3:21"}))
    with MockImportServer(
        accounts=[make("demo", PASSWORD)], now=START, tls="offered", http_port=0
    ) as server:
        page = shown(browser, server, "/")
        assert "Nothing was uploaded yet" in main_text(page)
        given = {
            "file": file,
            "user": f"demo:{PASSWORD}",
            "pair": f"demo,{PASSWORD}",
            "ca_file": server.ca_file,
            "place": f"{server.host}:{server.port}",
        }
        words = [word.format(**given) for word in command]
        run = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert (run.returncode, run.stderr) == (0, "")
        wait(page, lambda: "Complete" in main_text(page))
        page.find_element(By.LINK_TEXT, "ready.csv").click()
        assert "CallDuration: found '3:21'" in main_text(page)
        page.find_element(By.PARTIAL_LINK_TEXT, "Pending actions").click()
        assert "UP-1" in main_text(page)
        assert "******0123" in main_text(page)
        assert CALL["CallerId"] not in page.page_source
        page.find_element(By.LINK_TEXT, "Show them").click()
        assert CALL["CallerId"] in main_text(page)
        assert page.get_log("browser") == []


# -- harmless --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_no_request_leaves_and_the_console_is_silent(browser, server, places, kind):
    page = shown(browser, server, places[kind])
    asked = requested(page)
    assert asked[0] == server.http_url + places[kind]
    origins = {address.partition("?")[0].removeprefix(server.http_url) for address in asked[1:]}
    assert origins - {"/page.css", "/live.js", "/icon.svg", places[kind].partition("?")[0]} == set()
    assert page.get_log("browser") == []
    assert page.title != "run"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", ["errors", "pending actions"])
def test_a_hostile_cell_shows_as_text(browser, server, places, kind, text):
    page = shown(browser, server, places[kind])
    cells = page.execute_script(
        "return [...document.querySelectorAll('main bdi')].map((cell) => cell.textContent)"
    )
    taken = text.isprintable() or not any(ord(c) < 32 or 126 < ord(c) < 160 for c in text)
    if kind == "errors" or taken:
        assert visible(text) in cells
    elements = page.execute_script(
        "return document.querySelectorAll('main script, main img, main h1 + h1').length"
    )
    assert elements == 0


def test_the_page_of_the_search_holds_no_more_than_the_text_that_was_searched(browser, server):
    text = "\"><script>document.title='run'</script>"
    page = shown(browser, server, "/")
    page.find_element(By.NAME, "session").send_keys(text, Keys.ENTER)
    wait(page, lambda: "/search?" in page.current_url)
    assert text in main_text(page)
    assert page.find_element(By.NAME, "session").get_attribute("value") == text
    assert page.title != "run"


def test_the_policy_stops_a_script_that_got_in_all_the_same(browser, server):
    page = shown(browser, server, "/")
    page.execute_script(
        "const smuggled = document.createElement('script');"
        "smuggled.textContent = \"document.title = 'run'\"; document.body.append(smuggled)"
    )
    assert page.title != "run"
    assert "Content Security Policy" in page.get_log("browser")[0]["message"]


# -- without JavaScript ----------------------------------------------------------------------------


@pytest.fixture
def without_scripts(browser):
    """The browser of somebody who has switched scripts off."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    yield browser
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_all_of_it_works_without_javascript(without_scripts, server):
    page = shown(without_scripts, server, "/")
    page.find_element(By.LINK_TEXT, "many.csv").click()
    assert "CampaignId: found '7'" in main_text(page)
    page.find_element(By.PARTIAL_LINK_TEXT, "Pending actions").click()
    assert "S0" in main_text(page)
    page.find_element(By.LINK_TEXT, "Next →").click()
    assert "Page 2 of 2" in main_text(page)
    row = page.find_element(By.CSS_SELECTOR, "tr.whole")
    assert not row.is_displayed()
    page.find_element(By.TAG_NAME, "summary").click()
    assert row.is_displayed()
    assert "CalledPhoneNumber" in row.text
    page.find_element(By.NAME, "session").send_keys("S130", Keys.ENTER)
    wait(page, lambda: "CAMPAIGN_NOT_FOUND" in main_text(page))


def test_progress_is_shown_without_javascript(without_scripts):
    with MockImportServer(
        accounts=[make("demo", PASSWORD)],
        now=START,
        process_after=dt.timedelta(hours=1),
        http_port=0,
    ) as slow:
        put(slow, call_file({}), "slow.csv", "demo", PASSWORD)
        page = shown(without_scripts, slow, "/")
        assert "Queued" in main_text(page)
        slow.advance(hours=1)
        wait(page, lambda: "Complete" in page.find_element(By.TAG_NAME, "body").text)


# -- with it ---------------------------------------------------------------------------------------


def test_a_page_that_is_open_is_kept_up_to_date_and_keeps_the_focus(browser):
    with MockImportServer(accounts=[make("demo", PASSWORD)], now=START, http_port=0) as busy:
        put(busy, call_file({}), "first.csv", "demo", PASSWORD)
        busy.submissions()
        page = shown(browser, busy, "/")
        page.execute_script("arguments[0].focus()", page.find_element(By.LINK_TEXT, "first.csv"))
        put(busy, call_file({}), "second.csv", "demo", PASSWORD)
        wait(page, lambda: "second.csv" in main_text(page))
        assert page.switch_to.active_element.text == "first.csv"


def test_it_waits_while_the_server_is_gone_and_goes_on_when_it_is_back(browser, tmp_path):
    options = {"root": tmp_path, "accounts": [make("demo", PASSWORD)], "now": START}
    with MockImportServer(**options, http_port=0) as first:
        put(first, call_file({}), "first.csv", "demo", PASSWORD)
        first.submissions()
        page = shown(browser, first, "/")
        port = int(first.http_url.rpartition(":")[2])
    wait(page, lambda: "ERR_CONNECTION_REFUSED" in str(page.get_log("browser")))
    assert "first.csv" in main_text(page)
    with MockImportServer(**options, http_port=port) as second:
        put(second, call_file({}), "second.csv", "demo", PASSWORD)
        wait(page, lambda: "second.csv" in main_text(page))
    page.get("about:blank")


# -- for every eye and hand ------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_page_fits_its_window(browser, server, places, kind, width):
    page = shown(browser, server, places[kind], width=width)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_all_text_stands_out_from_what_is_behind_it(browser, server, places, kind, scheme):
    page = shown(browser, server, places[kind], scheme=scheme)
    assert page.execute_script(CONTRAST) == []


def test_the_keyboard_reaches_everything_in_order(browser, server, places):
    page = shown(browser, server, places["errors"])
    reached = []
    for _ in range(10):
        ActionChains(page).send_keys(Keys.TAB).perform()
        at = page.switch_to.active_element
        ring = page.execute_script("return getComputedStyle(arguments[0]).outlineStyle", at)
        assert ring != "none", at.get_attribute("outerHTML")
        reached.append(at.text.partition("\n")[0] or at.get_attribute("name"))
    assert reached[0] == "Skip to the content"
    assert reached[2:4] == ["session", "Find"]
    assert reached[4:6] == ["All accounts", "demo"]
    assert reached[6].startswith("Errors")
    assert reached[7].startswith("Pending actions")
    assert reached[9].endswith("cells")
    ActionChains(page).send_keys(Keys.ENTER).perform()
    assert page.find_element(By.CSS_SELECTOR, "tr.whole").is_displayed()


def test_every_field_region_and_picture_has_a_name(browser, server):
    page = shown(browser, server, "/")
    nameless = page.execute_script(
        "return [...document.querySelectorAll('input, nav, [role=region], [role=img], button')]"
        ".filter((e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.length))"
        ".map((e) => e.outerHTML)"
    )
    assert nameless == []
    assert page.execute_script("return document.documentElement.lang") == "en"


@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_no_serious_barrier(browser, server, places, axe, kind):
    assert barriers(shown(browser, server, places[kind]), axe) == []
