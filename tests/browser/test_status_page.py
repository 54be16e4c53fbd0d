"""The page of `callconv status --html` in Chromium: hostile names are text, all of it is legible."""

from pathlib import Path

import pytest

from callconv_kit.cli.main import main
from callconv_kit.delivery.ledger import Ledger
from mock_server import MockImportServer
from mock_server.accounts import make

from ..delivery.conftest import PASSWORD, write_ready
from ..delivery.test_commands import NOW, write_job
from ..hostile import HOSTILE
from .pages import CHROMIUM, CONTRAST, WIDTHS, barriers, emulate, requested

pytestmark = CHROMIUM


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A file that was delivered, one that was not and one in doubt, each under a hostile name."""
    folder = tmp_path_factory.mktemp("status")
    patch = pytest.MonkeyPatch()
    with MockImportServer(folder / "server", [make("demo", PASSWORD)]) as server, patch.context():
        patch.setenv("CALLCONV_PASSWORD", PASSWORD)
        patch.chdir(folder)
        write_job(folder, server)
        for name, fault, status in (("a", "", 0), ("b", "stor-550", 4), ("c", "late-451", 5)):
            write_ready(folder / f"{name}.csv", f"{name}1", f"{name}2")
            if fault:
                server.fault(fault)
            assert main(["upload", f"{name}.csv", *NOW]) == status
        texts = list(HOSTILE.values())
        assert main(["approve", "a.csv", "--by", texts[0], *NOW]) == 0
        with Ledger.open(folder / ".callconv" / "ledger.sqlite") as ledger:
            for number, one in enumerate(ledger.submissions()):
                ledger.enter(
                    one.id, one.state, name=texts[number], code="x", said=texts[-1 - number]
                )
        assert main(["status", "--html", "status.html"]) == 0
    patch.undo()
    return Path(folder / "status.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_names_are_text_and_all_is_legible_and_fits(browser, axe, page, width, scheme):
    emulate(browser, width, scheme)
    requested(browser)
    browser.get(page.as_uri())
    assert requested(browser) == [page.as_uri()]
    assert browser.get_log("browser") == []
    assert browser.title == "callconv status"
    assert HOSTILE["a script"] in browser.find_element("tag name", "main").text
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script(CONTRAST) == []
    assert barriers(browser, axe) == []
