"""Each way of sending uses the job's ledger, so that no second way sends the same rows again."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.cli.main import main
from callconv_kit.delivery import State, upload
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.job.settings import DEFAULT_LEDGER
from callconv_kit.model.errors import UsageError
from mock_server.server import MockImportServer

from .conftest import HASTY, PASSWORD, connection_to, sessions_on, write_ready

NOW = "2026-11-20T12:00:00Z"
SENDING: dict[str, Any] = {"password": PASSWORD, "patience": HASTY}


@pytest.fixture
def desk(tmp_path: Path, server: MockImportServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with calls.csv, and a job file with the server's connection."""
    folder = tmp_path / "desk"
    write_ready(folder / "calls.csv", "A", "B", "C")
    to = connection_to(server)
    lines = [
        f"{name} = {getattr(to, name)!r}" for name in ("protocol", "host", "user", "directory")
    ]
    (folder / "callconv.toml").write_text(
        "\n".join([f'now = "{NOW}"', "[connection]", *lines, f"port = {to.port}"])
        + '\npassword_from = "env:CALLCONV_PASSWORD"\ntimeout = 60\n'
    )
    monkeypatch.setenv("CALLCONV_PASSWORD", PASSWORD)
    monkeypatch.chdir(folder)
    return folder


def submissions(path: Path) -> list[tuple[State, int]]:
    with Ledger.open(path, create=False) as ledger:
        return [(entry.state, entry.rows) for entry in ledger.submissions()]


def by_job(_desk: Path, _server: MockImportServer) -> Any:
    return ck.prepare("calls.csv", "callconv.toml").upload(**SENDING)


def by_the_jobs_connection(_desk: Path, _server: MockImportServer) -> Any:
    prepared = ck.prepare("calls.csv", "callconv.toml")
    return prepared.upload(prepared.job.connection, **SENDING)


def by_another_connection(_desk: Path, server: MockImportServer) -> Any:
    prepared = ck.prepare("calls.csv", "callconv.toml")
    return prepared.upload(connection_to(server), **SENDING)


def by_accessor(_desk: Path, _server: MockImportServer) -> Any:
    frame = pd.read_csv("calls.csv", dtype=str)
    return frame.callconv.prepare("callconv.toml").upload(**SENDING)


def from_another_folder(desk: Path, _server: MockImportServer) -> Any:
    prepared = ck.prepare(desk / "calls.csv", desk / "callconv.toml", out=desk / "out")
    return prepared.upload(**SENDING)


def by_command(_desk: Path, _server: MockImportServer) -> Any:
    assert main(["prepare", "calls.csv", "--job", "callconv.toml", "--out", "out", "--quiet"]) == 0
    assert main(["upload", "out/ready.csv", "--job", "callconv.toml"]) == 0


WAYS: list[Callable[[Path, MockImportServer], Any]] = [
    by_job,
    by_the_jobs_connection,
    by_another_connection,
    by_accessor,
    from_another_folder,
    by_command,
]


@pytest.mark.parametrize("second", [by_command, by_the_jobs_connection])
@pytest.mark.parametrize("first", WAYS)
def test_what_one_way_sent_no_other_way_sends_again(
    first: Callable[..., Any],
    second: Callable[..., Any],
    desk: Path,
    server: MockImportServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if first is from_another_folder:
        monkeypatch.chdir(tmp_path)
    first(desk, server)
    monkeypatch.chdir(desk)
    again = second(desk, server)
    assert sessions_on(server) == ["A", "B", "C"]
    assert len(server.submissions()) == 1
    assert submissions(desk / DEFAULT_LEDGER) == [(State.DELIVERED, 3)]
    if again is not None:
        assert (again.rows, again.left_out) == (0, {"already_sent": 3})


def test_without_a_job_the_ledger_is_in_the_current_folder(
    desk: Path, server: MockImportServer
) -> None:
    frame = pd.read_csv("calls.csv", dtype=str)
    (desk / "callconv.toml").unlink()
    receipt = frame.callconv.prepare(now=NOW).upload(connection_to(server), **SENDING)
    assert (receipt.state, receipt.rows, receipt.warnings) == (State.DELIVERED, 3, ())
    assert submissions(desk / DEFAULT_LEDGER) == [(State.DELIVERED, 3)]
    direct = upload("calls.csv", connection_to(server), now=None, **SENDING)
    assert (direct.rows, direct.left_out) == (0, {"already_sent": 3})


@pytest.mark.parametrize("kind", ["path", "text", "open", "of prepare", "setting"])
def test_a_named_ledger_is_the_one_that_is_used(
    kind: str, desk: Path, server: MockImportServer
) -> None:
    other = desk / "other" / "ledger.sqlite"
    with Ledger.open(other) as ledger:
        sent = {"of prepare": ledger, "setting": str(other)}.get(kind)
        prepared = ck.prepare("calls.csv", "callconv.toml", ledger=sent)
        options = {
            "path": {"ledger": other},
            "text": {"ledger": str(other)},
            "open": {"ledger": ledger},
        }
        prepared.upload(**options.get(kind, {}), **SENDING)
    assert submissions(other) == [(State.DELIVERED, 3)]
    assert sessions_on(server) == ["A", "B", "C"]
    assert not (desk / DEFAULT_LEDGER).exists()


def test_no_ledger_is_asked_for_in_words_and_said_in_the_receipt(
    desk: Path, server: MockImportServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "callconv_kit")
    receipt = ck.prepare("calls.csv", "callconv.toml").upload(ledger=None, **SENDING)
    assert (receipt.state, receipt.rows) == (State.DELIVERED, 3)
    assert sessions_on(server) == ["A", "B", "C"]
    (warning,) = receipt.warnings
    assert "without a ledger" in warning
    assert "ledger=none" in caplog.text
    assert not (desk / ".callconv").exists()


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("wrong", ["ftp.example.com", {"host": "x"}, 5, False])
def test_a_connection_of_a_wrong_type_is_an_error_in_words(wrong: Any) -> None:
    with pytest.raises(UsageError, match="connection has the wrong type"):
        ck.prepare("calls.csv", "callconv.toml").upload(wrong)
