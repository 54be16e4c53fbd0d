"""Makes the pictures of the README: `python docs/pictures.py`. Needs Chromium.

The terminal is drawn by rich as SVG, and Chromium turns that into a small PNG.
"""

import contextlib
import os
import re
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from selenium import webdriver

from callconv_kit.cli.demo import show
from callconv_kit.demo import run

IMAGES = Path(__file__).parent / "images"
WIDTH = 112


def demo() -> str:
    """The demo's terminal as SVG."""
    nowhere = Path(os.devnull).open("w")  # noqa: SIM115 # closed with the process
    console = Console(record=True, width=WIDTH, force_terminal=True, file=nowhere)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        show(run(Path("callconv-demo")), console)
    return console.export_svg(title="callconv demo", theme=DIMMED_MONOKAI)


def photograph(svg: str, target: Path) -> None:
    """A PNG of an SVG."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    width, height = (int(float(number)) + 1 for number in box.groups()) if box else (1200, 900)
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(word)
    options.add_argument(f"--window-size={width},{height + 150}")
    page = target.with_suffix(".html")
    page.write_text(f"<style>body{{margin:0}}</style>{svg}", encoding="utf-8")
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService("/usr/bin/chromedriver")
    )
    try:
        driver.get(page.absolute().as_uri())
        driver.find_element("css selector", "svg").screenshot(str(target))
    finally:
        driver.quit()
        page.unlink()


if __name__ == "__main__":
    photograph(demo(), IMAGES / "demo.png")
