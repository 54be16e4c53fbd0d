"""`upload --dry-run`: it says what an upload does, writes nothing and connects to nothing."""

import json
import socket
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from callconv_kit.cli.main import main
from mock_server.server import MockImportServer

from .conftest import PASSWORD, sessions_on, write_ready
from .test_commands import NOW, write_job


@pytest.fixture
def folder(server: MockImportServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a job for the server, and out/ready.csv with A to E."""
    monkeypatch.setenv("CALLCONV_PASSWORD", PASSWORD)
    monkeypatch.chdir(tmp_path)
    write_job(tmp_path, server)
    write_ready(tmp_path / "out" / "ready.csv", *"ABCDE")
    lines = pa.table({"source_file": ["inbox/x.csv"] * 5, "source_line": [2, 5, 7, 9, 11]})
    pq.write_table(lines, tmp_path / "out" / "ready_lines.parquet")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder; the server's own apart."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "server" not in path.relative_to(folder).parts
    }


def planned(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, *options: str) -> Any:
    """What --dry-run --json prints, while no socket can be opened and nothing may change."""
    before = contents(folder)
    capsys.readouterr()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a dry run connects to nothing")

    with monkeypatch.context() as patched:
        patched.setattr(socket.socket, "connect", refuse)
        patched.delenv("CALLCONV_PASSWORD")
        assert main(["upload", "out/ready.csv", "--dry-run", "--json", *options, *NOW]) == 0
    assert contents(folder) == before
    return json.loads(capsys.readouterr().out)


def test_it_foretells_the_name_and_the_bytes_of_an_upload(
    folder: Path,
    server: MockImportServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = planned(folder, monkeypatch, capsys)
    assert not (folder / ".callconv").exists()
    assert plan["destination"] == f"ftp://demo@{server.host}:{server.port}/demo"
    assert (plan["held"], plan["open_files"]) == ([], [])
    assert main(["upload", "out/ready.csv", "--json", *NOW]) == 0
    sent = json.loads(capsys.readouterr().out)
    (file,) = plan["files"]
    assert file == {key: sent[key] for key in ("name", "rows", "bytes", "sha256")}


WAYS: dict[str, tuple[str, list[str], list[int]]] = {
    # a setting, options, rows of each file
    "in parts": ("max_rows_per_file = 2", [], [2, 2, 1]),
    "a canary": ("", ["--canary", "2"], [2]),
    "a canary that is more than all": ("", ["--canary", "9"], [5]),
    "a canary in parts": ("max_rows_per_file = 2", ["--canary", "3"], [2, 1]),
}


@pytest.mark.parametrize(("setting", "options", "rows"), WAYS.values(), ids=WAYS)
def test_it_foretells_each_way_of_sending(
    folder: Path,
    server: MockImportServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    setting: str,
    options: list[str],
    rows: list[int],
) -> None:
    write_job(folder, server, setting)
    plan = planned(folder, monkeypatch, capsys, *options)
    assert [file["rows"] for file in plan["files"]] == rows
    held = {held["code"]: held["rows"] for held in plan["held"]}
    assert held == ({"canary": 5 - sum(rows)} if sum(rows) < 5 else {})
    assert main(["upload", "out/ready.csv", "--json", *options, *NOW]) == 0
    sent = json.loads(capsys.readouterr().out)
    parts = sent["parts"] or [sent]
    assert [(f["name"], f["sha256"]) for f in plan["files"]] == [
        (part["name"], part["sha256"]) for part in parts
    ]


def test_held_rows_are_named_with_the_reason_and_the_step(
    folder: Path,
    server: MockImportServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_ready(folder / "first.csv", "A")
    write_ready(folder / "second.csv", "B")
    assert main(["upload", "first.csv", *NOW]) == 0
    server.fault("late-451")
    assert main(["upload", "second.csv", *NOW]) == 5
    write_ready(folder / "third.csv", "C", SaleAmount="1.00")
    assert main(["upload", "third.csv", *NOW]) == 0
    plan = planned(folder, monkeypatch, capsys)
    assert [file["rows"] for file in plan["files"]] == [2]
    held = {held["code"]: held for held in plan["held"]}
    assert sorted(held) == ["already_sent", "changed_since_sent", "outcome_unknown"]
    assert held["outcome_unknown"]["examples"] == [
        {"line": 3, "source_file": "inbox/x.csv", "source_line": 5}
    ]
    assert "--settle" in held["outcome_unknown"]["next_step"]
    assert [len(each["files"]) for each in held.values()] == [1, 1, 1]
    again = planned(folder, monkeypatch, capsys, "--resend")
    assert [held["code"] for held in again["held"]] == ["already_sent"]
    capsys.readouterr()
    assert main(["upload", "out/ready.csv", "--dry-run", *NOW]) == 0
    said = capsys.readouterr().out
    assert "line 3 (inbox/x.csv line 5)" in said
    assert sessions_on(server) == ["A", "C"]


STOPS = {
    "no rows": ("", 3, "nothing to send"),
    "not a ready.csv": ("a,b\n1,2\n", 3, "not a file that the import server takes"),
}


@pytest.mark.parametrize(("text", "status", "said"), STOPS.values(), ids=STOPS)
def test_what_stops_an_upload_stops_its_dry_run(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, status: int, said: str
) -> None:
    if text:
        (folder / "out" / "ready.csv").write_text(text)
    else:
        write_ready(folder / "out" / "ready.csv")
    for options in ([], ["--dry-run"]):
        assert main(["upload", "out/ready.csv", *options, *NOW]) == status
        assert said in capsys.readouterr().err


def test_a_lost_ledger_stops_it_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upload", "out/ready.csv", *NOW]) == 0
    (folder / ".callconv" / "ledger.sqlite").unlink()
    assert main(["upload", "out/ready.csv", "--dry-run", *NOW]) == 4
    assert "The ledger is gone" in capsys.readouterr().err
