"""What Decide whether to correct it at impact.com, or send it again with --resend: a file that arrived in part, and calls that changed since they were sent."""

import json
from pathlib import Path

import pytest

from callconv_kit.cli.main import main
from mock_server.server import MockImportServer

from .conftest import PASSWORD, sessions_on, write_ready

NOW = "2026-11-20T06:00:00+00:00"
SESSIONS = ["A", "B", "C", "D", "E"]


@pytest.fixture
def job(tmp_path: Path, server: MockImportServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CALLCONV_PASSWORD", PASSWORD)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "callconv.toml"
    path.write_text(
        f'input = "inbox/*.csv"\n[connection]\nprotocol = "ftp"\nhost = "{server.host}"\n'
        f'port = {server.port}\nuser = "demo"\ntimeout = 60\n'
    )
    return path


def night() -> int:
    return main(["run", "--now", NOW, "--quiet"])


def sent_under(capsys: pytest.CaptureFixture[str]) -> str:
    """The name of the last file."""
    capsys.readouterr()
    main(["status", "--json"])
    name: str = json.loads(capsys.readouterr().out)["submissions"][-1]["name"]
    return name


def test_of_a_file_that_arrived_in_part_only_the_rest_goes_again(
    job: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    write_ready(job.parent / "inbox" / "calls.csv", *SESSIONS)
    whole = (job.parent / "inbox" / "calls.csv").read_bytes().splitlines(keepends=True)
    server.fault("truncated", after=sum(map(len, whole[:3])))
    assert night() == 5
    assert sessions_on(server) == ["A", "B"]
    name = sent_under(capsys)
    assert main(["status", "--settle", "partial", "--rows", "2", name]) == 0
    assert night() == 0
    assert sessions_on(server) == SESSIONS
    assert night() == 0
    assert len(server.submissions()) == 2


def test_a_delivered_file_of_which_the_server_took_less_can_be_settled_in_part(
    job: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    write_ready(job.parent / "inbox" / "calls.csv", *SESSIONS)
    assert night() == 0
    assert main(["status", "--settle", "partial", "--rows", "4", sent_under(capsys)]) == 0
    assert night() == 0
    assert sessions_on(server) == sorted([*SESSIONS, "E"])


WRONG = {
    "no rows": (["--settle", "partial"], 2, "belong together"),
    "rows of a whole file": (["--settle", "delivered", "--rows", "2"], 2, "belong together"),
    "none": (["--settle", "partial", "--rows", "0"], 2, "1 to 4"),
    "all": (["--settle", "partial", "--rows", "5"], 2, "1 to 4"),
}


@pytest.mark.parametrize(("given", "status", "text"), WRONG.values(), ids=WRONG)
def test_what_can_not_be_settled_in_part(
    job: Path,
    server: MockImportServer,
    capsys: pytest.CaptureFixture[str],
    given: list[str],
    status: int,
    text: str,
) -> None:
    write_ready(job.parent / "inbox" / "calls.csv", *SESSIONS)
    server.fault("late-451")
    assert night() == 5
    assert main(["status", *given]) == status
    assert text in capsys.readouterr().err


def test_a_changed_call_is_decided_about_once(
    job: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = job.parent / "inbox" / "calls.csv"
    write_ready(calls, "A", "B")
    assert night() == 0
    write_ready(calls, "A", "B", SaleAmount="10.00")
    for _ in range(2):  # each night anew
        assert night() != 0
    capsys.readouterr()
    assert main(["status"]) == 0
    assert "2 calls changed since they were sent" in capsys.readouterr().out
    assert main(["status", "--accept-changed"]) == 0
    assert night() == 0
    assert main(["status"]) == 0
    assert "changed since" not in capsys.readouterr().out
    write_ready(calls, "A", SaleAmount="11.00")  # changed again
    assert night() != 0
    write_ready(calls, "A")  # as it was sent
    assert night() == 0
    assert sessions_on(server) == ["A", "B"]


def test_a_changed_call_that_was_sent_again_waits_for_nobody(
    job: Path, server: MockImportServer, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = write_ready(job.parent / "ready.csv", "A", VendorEventId="e1")
    assert main(["upload", str(ready), "--now", NOW]) == 0
    write_ready(ready, "A", VendorEventId="e1", SaleAmount="10.00")
    main(["upload", str(ready), "--now", NOW])
    main(["status", "--json"])
    assert '"changed": 1' in capsys.readouterr().out
    assert main(["upload", str(ready), "--resend", "--now", NOW]) == 0
    capsys.readouterr()
    main(["status", "--json"])
    assert '"changed": 0' in capsys.readouterr().out
    assert len(server.submissions()) == 2
