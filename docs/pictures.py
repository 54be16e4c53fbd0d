"""Makes the pictures of the documents: `python docs/pictures.py`. Needs Chromium.

The terminal is drawn by rich as SVG, and Chromium turns that into a small PNG. The mock server's
page is photographed as it is, with made-up calls.
"""

import contextlib
import ftplib
import io
import os
import random
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from selenium import webdriver

from callconv_kit import suite
from callconv_kit.cli.demo import show
from callconv_kit.demo import run
from callconv_kit.model import spec
from mock_server import MockImportServer
from mock_server.accounts import make
from mock_server.programs import Program, Tracker

IMAGES = Path(__file__).parent / "images"
WIDTH = 112


def demo() -> str:
    """The demo's terminal as SVG."""
    nowhere = Path(os.devnull).open("w")  # noqa: SIM115 # closed with the process
    console = Console(record=True, width=WIDTH, force_terminal=True, file=nowhere)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        show(run(Path("callconv-demo")), console)
    return console.export_svg(title="callconv demo", theme=DIMMED_MONOKAI)


@contextlib.contextmanager
def browser(width: int, height: int) -> Iterator[webdriver.Chrome]:
    """Chromium with a window of this size."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(word)
    options.add_argument(f"--window-size={width},{height}")
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService("/usr/bin/chromedriver")
    )
    try:
        yield driver
    finally:
        driver.quit()


def photograph(svg: str, target: Path) -> None:
    """A PNG of an SVG."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    width, height = (int(float(number)) + 1 for number in box.groups()) if box else (1200, 900)
    page = target.with_suffix(".html")
    page.write_text(f"<style>body{{margin:0}}</style>{svg}", encoding="utf-8")
    try:
        with browser(width, height + 150) as driver:
            driver.get(page.absolute().as_uri())
            driver.find_element("css selector", "svg").screenshot(str(target))
    finally:
        page.unlink()


WRONG: tuple[dict[str, str], ...] = (
    {"CampaignId": "1002"},
    {"CallDuration": "3:21"},
    {"CallDuration": "41", "TalkDuration": "20"},
    {"MediaId": "20099"},
    {"EventDate": "11/20/2026 9:30 AM"},
)


def calls(count: int) -> bytes:
    """A call file; its first rows are wrong, each in a way of its own."""
    chance = random.Random(count)  # noqa: S311 # made-up data, the same every time
    lines = [",".join(spec.NAMES)]
    for number in range(count):
        moment = datetime(2026, 11, 20, 9, tzinfo=UTC) + timedelta(minutes=7 * number)
        talk = chance.randrange(95, 900)
        row = {
            "CampaignId": "1001",
            "MediaId": chance.choice(["20012", "20013"]),
            "EventDate": moment.isoformat(),
            "ActionTrackerId": "30021",
            "CallProvider": "Invoca",
            "CallSessionId": f"00F7-{chance.randrange(16**8):08X}",
            "CallerId": f"617555{chance.randrange(100, 200):04}",
            "CalledPhoneNumber": "8005550199",
            "CallDuration": str(talk + 14),
            "TalkDuration": str(talk),
            "CallStatus": "ANSWER",
            **(WRONG[number] if number < len(WRONG) else {}),
        }
        lines.append(",".join(row.get(name, "") for name in spec.NAMES))
    return "\n".join((*lines, "")).encode()


def mock_page(target: Path) -> None:
    """A PNG of the mock server's page: a file with its errors, one of them unfolded."""
    terms = Program("1001", (Tracker("30021"),), frozenset({"20012", "20013"}), minimum_duration=90)
    start = datetime(2026, 11, 24, 12, tzinfo=UTC)
    accounts = [make("demo", "secret", programs=[terms])]
    with MockImportServer(accounts=accounts, now=start, http_port=0) as server:
        with ftplib.FTP() as ftp:  # noqa: S321 # to this machine
            ftp.connect(server.host, server.port)
            ftp.login("demo", "secret")
            ftp.storbinary("STOR 2026-11-24_CallConversionData.csv", io.BytesIO(calls(187)))
        (file,) = server.submissions()
        with browser(1200, 1240) as driver:
            driver.get(f"{server.http_url}/files/{file.batch_id}")
            driver.find_elements("css selector", "summary")[2].click()
            driver.find_element("css selector", "body").screenshot(str(target))


def data_docs(target: Path) -> None:
    """A PNG of Data Docs: what failed in a file, without what passed."""
    with tempfile.TemporaryDirectory() as folder, browser(1200, 900) as driver:
        path = Path(folder, "ready.csv")
        path.write_bytes(calls(187).replace(b"617555", b"617.555.", 1))
        suite.docs(folder, suite.validate(path), now="2026-11-24T12:00:00Z")
        (page,) = Path(folder, "validations").glob("*.html")
        driver.get(page.as_uri())
        driver.execute_script("jQuery.fx.off = true")
        driver.find_element("xpath", "//label[contains(., 'Failed Only')]").click()
        # The heading of the page stays at the top of the window, over what is scrolled there.
        driver.execute_script(
            "const shown = [...document.querySelectorAll('.alert')].filter((one) => "
            "one.getClientRects().length); shown[1].scrollIntoView(); window.scrollBy(0, -60);"
        )
        driver.save_screenshot(str(target))


if __name__ == "__main__":
    photograph(demo(), IMAGES / "demo.png")
    mock_page(IMAGES / "mock_server_page.png")
    data_docs(IMAGES / "data_docs.png")
