"""`status --html`: what the page says, that nothing on it runs, and who may read it."""

import html
import re
import stat
from pathlib import Path

import pytest

import callconv_kit as ck
from callconv_kit.cli.main import main
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import State
from callconv_kit.delivery.sent_rows import ResultsStore
from mock_server.server import MockImportServer

from .conftest import PASSWORD, write_ready
from .test_commands import NOW, write_job
from .test_forecast_score import judged

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


# -- what a run's report shows of it --------------------------------------------------------------


def report_of(folder: Path, *more: str) -> str:
    """The report of preparing one call with the job of the folder."""
    write_ready(folder / "calls.csv", "z1", SaleAmount="12.50")
    assert main(["prepare", "calls.csv", "--job", "callconv.toml", "--quiet", *more, *NOW]) == 0
    return html.unescape((folder / "callconv-out" / "report.html").read_text())


def test_a_runs_report_shows_what_is_open_and_that_no_results_were_read(folder: Path) -> None:
    report = report_of(folder)
    with Ledger.open(folder / ".callconv" / "ledger.sqlite") as ledger:
        (unknown,) = ledger.submissions(State.UNKNOWN)
    assert f"callconv status --settle delivered {unknown.name}" in report
    assert "no results were read. Read them with callconv results." in report
    assert "Not known: the job has no [contract] table." in report
    assert main(["status", "--settle", "delivered"]) == 0
    settled = report_of(folder)
    assert "<h2>Open</h2>" not in settled
    assert "4 rows in 2 files were sent" in settled


def test_a_runs_report_shows_the_forecast(folder: Path, server: MockImportServer) -> None:
    write_job(folder, server, "[contract]\nminimum_duration = 300\n")
    report = report_of(folder)
    assert "1 of 1 ready row will probably be refused" in report
    assert "CALL_DURATION_TOO_SHORT" in report
    assert "12.50" in report
    write_job(folder, server, "[contract]\nminimum_duration = 30\n")
    assert "gives no reason to expect a refusal" in report_of(folder)


def test_a_runs_report_shows_the_score_of_the_last_results(folder: Path) -> None:
    with Ledger.open(folder / ".callconv" / "ledger.sqlite") as ledger:
        number = judged(ledger, folder, 1)
        refusals = [(line, "CALL_DUPLICATE", "Validation", line) for line in (2, 3, 4)]
        ResultsStore(ledger).keep_refusals(number, refusals)
    report = report_of(folder)
    assert "9 rows sent, 3 refused, 0 confirmed, 6 not yet confirmed" in report
    assert "impact.com has judged 1 file completely" in report
    assert "3 others were not expected" in report
    assert "Set repeat_caller_days under [contract]" in report


def test_a_ledger_that_cannot_be_read_does_not_stop_a_run(folder: Path) -> None:
    (folder / ".callconv" / "ledger.sqlite").write_bytes(b"not a ledger" * 100)
    report = ck.prepare(folder / "a.csv", folder / "callconv.toml", out=folder / "o", now=NOW[1])
    said = (report.folder / "report.html").read_text()
    assert "<h2>Last results</h2>" in said
    assert "ledger" in said


def test_a_run_without_a_ledger_begins_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_ready(tmp_path / "calls.csv", "A")
    run = ck.prepare(tmp_path / "calls.csv", out=tmp_path / "out", now=NOW[1])
    assert "no file was sent with this ledger" in run._repr_html_()
    assert not (tmp_path / ".callconv").exists()
