"""Delivery as a person types it: what is refused before anything goes, and what is said of it."""

from pathlib import Path

import pytest

from callconv_kit.cli.main import main
from mock_server.server import MockImportServer

from .conftest import PASSWORD, sessions_on, write_ready

NOW = ["--now", "2026-11-20T06:00:00Z"]


@pytest.fixture
def folder(
    server: MockImportServer, ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The working folder: a job for the server, and out/ready.csv with A, B and C."""
    assert ready.is_file()
    monkeypatch.setenv("CALLCONV_PASSWORD", PASSWORD)
    monkeypatch.chdir(tmp_path)
    write_job(tmp_path, server)
    return tmp_path


def write_job(folder: Path, server: MockImportServer, more: str = "", **connection: str) -> None:
    """callconv.toml; `connection` wins over the server's own."""
    given = {
        "protocol": '"ftp"',
        "host": f'"{server.host}"',
        "port": str(server.port),
        "user": '"demo"',
        "directory": '"demo"',
        "timeout": "2",
        **connection,
    }
    lines = ["[connection]", *(f"{key} = {value}" for key, value in given.items()), more]
    (folder / "callconv.toml").write_text("\n".join(lines) + "\n")


# -- a canary ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", ["0", "-1"])
def test_a_canary_of_no_row_never_becomes_another_upload(
    folder: Path, server: MockImportServer, rows: str
) -> None:
    assert folder.is_dir()
    assert main(["upload", "out/ready.csv", "--canary", rows, *NOW]) == 2
    assert sessions_on(server) == []


def test_a_canary_then_the_rest_then_nothing(
    folder: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder.is_dir()
    assert main(["upload", "out/ready.csv", "--canary", "1", *NOW]) == 0
    assert sessions_on(server) == ["A"]
    assert main(["upload", "out/ready.csv", *NOW]) == 0
    assert sessions_on(server) == ["A", "B", "C"]
    capsys.readouterr()
    assert main(["upload", "out/ready.csv", *NOW]) == 0
    assert "Nothing to send" in capsys.readouterr().out


def test_a_person_who_waits_is_told_that_it_is_tried_again(
    folder: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder.is_dir()
    server.fault("stor-450")
    assert main(["upload", "out/ready.csv", *NOW]) == 0
    assert "next try in" in capsys.readouterr().err
    assert sessions_on(server) == ["A", "B", "C"]


# -- the forecast --------------------------------------------------------------------------------

CONTRACT = "[contract]\nminimum_duration = 300\n"


def test_prepare_says_what_the_contract_will_refuse_before_anything_is_sent(
    folder: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    write_job(folder, server, CONTRACT)
    write_ready(folder / "calls.csv", "A", "B", SaleAmount="12.50")
    job = ["--job", "callconv.toml", *NOW]
    assert main(["prepare", "calls.csv", *job]) == 0
    said = capsys.readouterr().out
    assert "2 of 2 rows will probably be refused: CALL_DURATION_TOO_SHORT" in said
    assert "25.00" in said
    assert main(["prepare", "calls.csv", "--dry-run", *job]) == 0
    assert "CALL_DURATION_TOO_SHORT" in capsys.readouterr().out
    assert main(["prepare", "calls.csv", "--quiet", *job]) == 0
    assert capsys.readouterr().out == ""


def test_a_nights_report_keeps_the_forecast(folder: Path, server: MockImportServer) -> None:
    write_job(folder, server, CONTRACT)
    write_ready(folder / "calls.csv", "A", "B")
    job = folder / "callconv.toml"
    job.write_text('input = "calls.csv"\n' + job.read_text())
    assert main(["run", "--quiet", *NOW]) == 0
    (report,) = folder.glob("runs/callconv/*/report.html")
    assert "CALL_DURATION_TOO_SHORT" in report.read_text()


# -- what a person got wrong ---------------------------------------------------------------------

WRONG = {
    "the password": (
        {"password_from": '"env:WRONG"'},
        "refused user demo or the password",
        "Check",
    ),
    "the host": ({"host": '"nosuch.invalid"'}, "no host named nosuch.invalid", "Correct `host`"),
    "TLS that the server lacks": (
        {"protocol": '"ftps"'},
        "does not offer TLS",
        'Set protocol = "ftp"',
    ),
    "the directory": ({"directory": '"nowhere"'}, "no directory nowhere", "Correct `directory`"),
}


@pytest.mark.parametrize(("wrong", "problem", "step"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_is_said_with_the_next_step(
    folder: Path,
    server: MockImportServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wrong: dict[str, str],
    problem: str,
    step: str,
) -> None:
    monkeypatch.setenv("WRONG", "not-it")
    write_job(folder, server, **wrong)
    assert main(["upload", "out/ready.csv", *NOW]) == 4
    said = capsys.readouterr().err
    assert problem in said
    assert step in said
    assert said.count("\n") == 1
    assert sessions_on(server) == []


def test_a_damaged_ledger_is_kept_aside_and_never_written_over(
    folder: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = folder / ".callconv" / "ledger.sqlite"
    ledger.parent.mkdir()
    ledger.write_bytes(b"no database at all" * 100)
    assert main(["upload", "out/ready.csv", *NOW]) == 4
    assert "callconv status --new-ledger" in capsys.readouterr().err
    assert ledger.read_bytes() == b"no database at all" * 100
    assert main(["status", "--new-ledger"]) == 0
    (aside,) = (path for path in ledger.parent.glob("*.aside-*") if path.is_file())
    assert aside.read_bytes() == b"no database at all" * 100
    assert main(["upload", "out/ready.csv", *NOW]) == 0
    assert sessions_on(server) == ["A", "B", "C"]


# -- an unknown outcome --------------------------------------------------------------------------


def test_an_unknown_outcome_is_shown_settled_and_then_sent(
    folder: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder.is_dir()
    server.fault("late-451")
    assert main(["upload", "out/ready.csv", *NOW]) == 5
    assert "callconv status --settle" in capsys.readouterr().err
    assert main(["upload", "out/ready.csv", *NOW]) == 5
    assert main(["status"]) == 0
    assert "unknown" in capsys.readouterr().out
    assert main(["status", "--settle", "not-delivered"]) == 0
    assert main(["upload", "out/ready.csv", *NOW]) == 0
    assert sessions_on(server) == ["A", "B", "C"]


def test_a_person_may_send_it_again_at_once(folder: Path, server: MockImportServer) -> None:
    assert folder.is_dir()
    server.fault("late-451")
    assert main(["upload", "out/ready.csv", *NOW]) == 5
    assert main(["upload", "out/ready.csv", "--resend", *NOW]) == 0
    assert sessions_on(server) == ["A", "B", "C"]


# -- by hand -------------------------------------------------------------------------------------


def test_a_file_that_is_marked_twice_stands_in_the_ledger_once(
    folder: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder.is_dir()
    assert main(["mark-sent", "out/ready.csv"]) == 0
    assert main(["mark-sent", "out/ready.csv"]) == 0
    assert "already" in capsys.readouterr().out
    assert main(["status"]) == 0
    assert capsys.readouterr().out.count("ready.csv") == 1
    assert main(["upload", "out/ready.csv", *NOW]) == 0
    assert sessions_on(server) == []
