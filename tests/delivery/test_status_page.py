"""`status --html`: what the page says, that nothing on it runs, and who may read it."""

import html
import re
import stat
from pathlib import Path

import pytest

from callconv_kit.cli.main import main
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import State
from mock_server.server import MockImportServer

from .conftest import PASSWORD, write_ready
from .test_commands import NOW, write_job

EVIL = '<script>alert(1)</script><img src=x onerror=alert(1)>"'


@pytest.fixture
def folder(server: MockImportServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a file that was delivered, one that was not, and one in doubt."""
    monkeypatch.setenv("CALLCONV_PASSWORD", PASSWORD)
    monkeypatch.chdir(tmp_path)
    write_job(tmp_path, server)
    for name, fault, status in (("a", "", 0), ("b", "stor-550", 4), ("c", "late-451", 5)):
        write_ready(tmp_path / f"{name}.csv", f"{name}1", f"{name}2")
        if fault:
            server.fault(fault)
        assert main(["upload", f"{name}.csv", *NOW]) == status
    return tmp_path


def page_of(*more: str) -> str:
    assert main(["status", "--html", "pages/status.html", *more]) == 0
    return Path("pages/status.html").read_text()


def test_the_page_shows_files_nights_and_what_is_open_with_its_command(folder: Path) -> None:
    assert main(["approve", "a.csv", "--by", EVIL, *NOW]) == 0
    page = page_of()
    with Ledger.open(folder / ".callconv" / "ledger.sqlite") as ledger:
        files = ledger.submissions()
        (unknown,) = ledger.submissions(State.UNKNOWN)
    assert all(file.name in page for file in files)
    for how in ("delivered", "not-delivered", "partial --rows N"):
        assert f"callconv status --settle {how} {unknown.name}" in page
    assert "1 thing to settle" in page
    assert "2026-11-20" in page
    assert "Approvals" in page
    assert main(["status", "--settle", "delivered"]) == 0
    settled = page_of()
    assert "Nothing is open" in settled
    assert "--settle" not in settled


def test_nothing_on_the_page_runs_or_loads(folder: Path) -> None:
    with Ledger.open(folder / ".callconv" / "ledger.sqlite") as ledger:
        for submission in ledger.submissions():
            ledger.enter(
                submission.id, submission.state, name=EVIL, code="x", said=f"{EVIL} \x1b[2J"
            )
    assert main(["approve", "a.csv", "--by", EVIL, *NOW]) == 0
    page = page_of()
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page
    assert not re.search(r"<(script|img|iframe|link|object|embed|form)\b", page)
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert links
    assert all(link.startswith("#") for link in links)
    assert "default-src 'none'" in html.unescape(page)


@pytest.mark.parametrize(("readers", "mode"), [("owner", 0o600), ("group", 0o640)])
def test_only_those_read_it_who_read_the_ledger(folder: Path, readers: str, mode: int) -> None:
    job = folder / "callconv.toml"
    job.write_text(f'readable_by = "{readers}"\n' + job.read_text())
    page_of()
    assert stat.S_IMODE(Path("pages/status.html").stat().st_mode) == mode
    page_of()  # in the place of the one before
    assert [path.name for path in Path("pages").iterdir()] == ["status.html"]


def test_an_empty_ledger_has_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Ledger.open(tmp_path / "l.sqlite").close()
    assert "Nothing was delivered yet" in page_of("--ledger", "l.sqlite")
