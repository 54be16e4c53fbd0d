"""Four eyes: only approved bytes are sent where a job asks for it, and the record says who."""

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from callconv_kit.cli.main import main
from mock_server.server import MockImportServer

from .conftest import PASSWORD, connection_to, sessions_on, write_ready
from .test_commands import NOW, write_job

CALLS = "20012", "30021"


@pytest.fixture
def folder(server: MockImportServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a job that requires approval, and out/ready.csv with A, B and C."""
    monkeypatch.setenv("CALLCONV_PASSWORD", PASSWORD)
    monkeypatch.chdir(tmp_path)
    write_job(tmp_path, server, "require_approval = true")
    write_ready(tmp_path / "out" / "ready.csv", "A", "B", "C", SaleAmount="12.50")
    return tmp_path


def test_nothing_goes_before_somebody_has_approved_it(
    folder: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder.is_dir()
    for _ in range(2):
        assert main(["upload", "out/ready.csv", *NOW]) == 4
        said = capsys.readouterr().err
        assert "Nobody has approved this file" in said
        assert "callconv approve out/ready.csv" in said
    assert sessions_on(server) == []
    assert main(["approve", "out/", "--by", "Ada", *NOW]) == 0
    said = capsys.readouterr().out
    assert "approved by Ada (account " in said
    assert "partner 20012, event type 30021: 3 calls, SaleAmount 37.50, 561 s of talk" in said
    assert main(["upload", "out/ready.csv", *NOW]) == 0
    assert sessions_on(server) == ["A", "B", "C"]
    for command in (["status", "--json"], ["trace", "B", "--json"]):
        capsys.readouterr()
        assert main(command) == 0
        assert "approved by Ada (account " in capsys.readouterr().out
    assert main(["status"]) == 0
    assert "approved by Ada" in capsys.readouterr().out


CHANGES = {
    # what is done after the approval; whether the error tells of the other bytes
    "one row more": (lambda text: text + text.splitlines()[-1].replace(",C,", ",D,") + "\n"),
    "one row less": (lambda text: "\n".join(text.splitlines()[:-1]) + "\n"),
    "another amount": (lambda text: text.replace("12.50", "99.50")),
    "another partner": (lambda text: text.replace("20012", "20013")),
    "another line end": (lambda text: text.replace("\n", "\r\n")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_other_bytes_than_those_are_refused(
    folder: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str], change: object
) -> None:
    ready = folder / "out" / "ready.csv"
    assert main(["approve", "out/ready.csv", "--by", "Ada", *NOW]) == 0
    before = ready.read_text()
    ready.write_bytes(change(before).encode())  # type: ignore[operator]
    assert main(["upload", "out/ready.csv", *NOW]) == 4
    assert "other bytes of it were approved by Ada" in capsys.readouterr().err
    ready.write_text(before)
    assert main(["upload", "out/ready.csv", "--canary", "1", *NOW]) == 0
    assert main(["upload", "out/ready.csv", *NOW]) == 0
    assert sessions_on(server) == ["A", "B", "C"]


def test_an_option_requires_approval_for_one_upload(
    folder: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    write_job(folder, server)
    assert main(["upload", "out/ready.csv", "--require-approval", *NOW]) == 4
    assert main(["approve", "out", *NOW]) == 0
    assert main(["upload", "out/ready.csv", "--require-approval", *NOW]) == 0
    assert "delivered" in capsys.readouterr().out


def test_a_night_waits_for_approval_and_then_goes(
    folder: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    write_ready(folder / "calls.csv", "A", "B")
    job = folder / "callconv.toml"
    text = 'input = "calls.csv"\n' + job.read_text()
    for option in ([], ["--require-approval"]):
        job.write_text(text if not option else text.replace("require_approval = true", ""))
        assert main(["run", "--json", *option, *NOW]) == 4
        run = json.loads(capsys.readouterr().out)
        assert run["error"]["code"] == "not_approved"
        assert sessions_on(server) == []
    assert main(["approve", run["folder"], "--by", "Ada", *NOW]) == 0
    assert main(["run", "--json", "--require-approval", *NOW]) == 0
    # The same input gives the same bytes, which are approved.
    run = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert run["state"] == "delivered"
    assert sessions_on(server) == ["A", "B"]
    assert "approved by Ada" in (Path(run["folder"]) / "report.html").read_text()


WRONG = {
    "no file": (["approve", "nowhere"], 3),
    "not a ready.csv": (["approve", "callconv.toml"], 3),
    "no name": (["approve", "out", "--by", " "], 2),
    "a name with an escape": (["approve", "out", "--by", "Ada\x1b[2J"], 2),
}


@pytest.mark.parametrize(("command", "status"), WRONG.values(), ids=WRONG)
def test_what_can_not_be_approved_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], command: list[str], status: int
) -> None:
    assert folder.is_dir()
    assert main([*command, *NOW]) == status
    assert capsys.readouterr().err.startswith("callconv: ")
    assert main(["upload", "out/ready.csv", *NOW]) == 4


def test_an_approval_says_the_sums_of_each_partner(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from .conftest import ready_text

    calls = [
        {"CallSessionId": "A", "SaleAmount": "0.10"},
        {"CallSessionId": "B", "SaleAmount": "0.20"},
        {"CallSessionId": "C", "MediaId": "20099", "TalkDuration": "0"},
    ]
    (folder / "out" / "ready.csv").write_text(ready_text(*calls))
    assert main(["approve", "out", "--json", *NOW]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == 3
    assert found["preparer"]
    assert found["partners"] == [
        {"MediaId": "20012", "ActionTrackerId": "30021", "rows": 2, "sale_amount": "0.30", "talk_seconds": 374},
        {"MediaId": "20099", "ActionTrackerId": "30021", "rows": 1, "sale_amount": "0.00", "talk_seconds": 0},
    ]  # fmt: skip


def test_without_a_ledger_nothing_is_approved(
    folder: Path, server: MockImportServer, ready: Path
) -> None:
    from callconv_kit.delivery import upload
    from callconv_kit.model.errors import UsageError

    assert folder.is_dir()
    connection = connection_to(server, require_approval=True)
    with pytest.raises(UsageError) as caught:
        upload(ready, connection, password=PASSWORD, ledger=None)
    assert caught.value.code == "needs_ledger"
    assert sessions_on(server) == []


@pytest.mark.parametrize("version", [1, 2])
def test_a_ledger_of_an_older_version_learns_to_approve(
    folder: Path, server: MockImportServer, version: int
) -> None:
    write_job(folder, server)
    assert main(["upload", "out/ready.csv", *NOW]) == 0
    path = folder / ".callconv" / "ledger.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db:
        for table in ("forecast", "encryption", "approval"):
            db.execute(f"DROP TABLE {table}")
        db.execute(f"PRAGMA user_version = {version}")
    write_job(folder, server, "require_approval = true")
    write_ready(folder / "out" / "ready.csv", "A", "B", "C", "D", SaleAmount="12.50")
    assert main(["upload", "out/ready.csv", *NOW]) == 4
    assert main(["approve", "out", *NOW]) == 0
    assert main(["upload", "out/ready.csv", *NOW]) == 0
    assert sessions_on(server) == ["A", "B", "C", "D"]
