"""A ledger that was restored from a backup: said before anything is sent, and a way out."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from callconv_kit.cli.main import main
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import State
from mock_server.server import MockImportServer

from .conftest import PASSWORD, sessions_on, write_ready

NOW = "2026-11-20T06:00:00+00:00"


@pytest.fixture
def job(tmp_path: Path, server: MockImportServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job whose first night sent A and B; `night` runs another."""
    monkeypatch.setenv("CALLCONV_PASSWORD", PASSWORD)
    path = tmp_path / "job.toml"
    path.write_text(
        f'input = "inbox/*.csv"\n[connection]\nprotocol = "ftp"\nhost = "{server.host}"\n'
        f'port = {server.port}\nuser = "demo"\ntimeout = 60\n'
    )
    assert night(path, "A", "B") == 0
    return path


def night(job: Path, *sessions: str) -> int:
    if sessions:
        write_ready(job.parent / "inbox" / f"{'-'.join(sessions)}.csv", *sessions)
    return main(["run", str(job), "--now", NOW, "--quiet"])


def ledger_file(folder: Path) -> Path:
    return folder / ".callconv" / "ledger.sqlite"


def the_file(folder: Path, backup: Path) -> None:
    shutil.copyfile(backup / "ledger.sqlite", ledger_file(folder))


def the_file_and_its_witness(folder: Path, backup: Path) -> None:
    for name in ("ledger.sqlite", "ledger.sqlite.witness"):
        shutil.copyfile(backup / name, ledger_file(folder).with_name(name))


def the_whole_folder(folder: Path, backup: Path) -> None:
    shutil.rmtree(folder / ".callconv")
    shutil.copytree(backup, folder / ".callconv")


def the_file_without_records(folder: Path, backup: Path) -> None:
    the_file_and_its_witness(folder, backup)
    shutil.rmtree(folder / "runs")


def the_file_without_notes(folder: Path, backup: Path) -> None:
    """As an earlier version left it: bytes in the archive, and no note beside them."""
    the_file(folder, backup)
    for note in folder.glob(".callconv/ledger-archive/*.json"):
        note.unlink()


RESTORED = [
    the_file,
    the_file_and_its_witness,
    the_whole_folder,
    the_file_without_records,
    the_file_without_notes,
]


@pytest.mark.parametrize("restore", RESTORED, ids=lambda restore: restore.__name__)
def test_a_restored_ledger_sends_nothing_twice_and_catches_up(
    job: Path, server: MockImportServer, restore: Callable[[Path, Path], None]
) -> None:
    folder, backup = job.parent, job.parent / "backup"
    shutil.copytree(folder / ".callconv", backup)
    assert night(job, "C", "D") == 0
    restore(folder, backup)
    assert night(job, "E") == 4
    assert main(["status", "--job", str(job), "--catch-up"]) == 0
    assert night(job) == 0
    assert sessions_on(server) == ["A", "B", "C", "D", "E"]


def test_what_a_backup_forgot_is_named_and_so_is_the_way_out(
    job: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, backup = job.parent, job.parent / "backup"
    shutil.copytree(folder / ".callconv", backup)
    night(job, "C")
    the_whole_folder(folder, backup)
    capsys.readouterr()
    assert main(["status", "--job", str(job), "--json"]) == 4
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "ledger_older"
    assert "run.json" in error["found"]
    assert "callconv status --catch-up" in error["next_step"]


def test_an_outcome_that_was_unknown_stays_so(job: Path, server: MockImportServer) -> None:
    folder, backup = job.parent, job.parent / "backup"
    shutil.copytree(folder / ".callconv", backup)
    server.fault("late-451")
    assert night(job, "C") == 5
    the_whole_folder(folder, backup)
    assert night(job) == 4
    assert main(["status", "--job", str(job), "--catch-up"]) == 0
    assert night(job) == 5
    assert sessions_on(server) == ["A", "B"]


def test_what_a_person_settled_since_is_not_forgotten(job: Path, server: MockImportServer) -> None:
    folder, backup = job.parent, job.parent / "backup"
    server.fault("late-451")
    assert night(job, "C") == 5
    shutil.copytree(folder / ".callconv", backup)
    assert main(["status", "--job", str(job), "--settle", "delivered"]) == 0
    the_file_and_its_witness(folder, backup)
    assert night(job) == 4
    assert main(["status", "--job", str(job), "--catch-up"]) == 0
    with Ledger.open(ledger_file(folder)) as ledger:
        assert [found.state for found in ledger.submissions()] == [State.DELIVERED] * 2
    assert night(job) == 0


def test_python_notices_too(job: Path, server: MockImportServer) -> None:
    import callconv_kit as ck

    folder, backup = job.parent, job.parent / "backup"
    shutil.copytree(folder / ".callconv", backup)
    night(job, "C")
    the_whole_folder(folder, backup)
    prepared = ck.prepare(job=job, now=NOW)
    with pytest.raises(ck.DeliveryError) as caught:
        prepared.upload()
    assert caught.value.code == "ledger_older"
    assert sessions_on(server) == ["A", "B", "C"]


def test_a_clock_that_stands_still_or_goes_back_makes_no_ledger_older(
    job: Path, server: MockImportServer
) -> None:
    server.fault("stor-550")
    write_ready(job.parent / "inbox" / "c.csv", "C")
    assert main(["run", str(job), "--now", "2026-11-21T06:00:00Z", "--quiet"]) == 4
    for now in ("2026-11-20T07:00:00Z", "2026-11-20T06:00:00Z"):
        assert main(["run", str(job), "--now", now, "--quiet"]) == 0
    assert sessions_on(server) == ["A", "B", "C"]


def test_a_ledger_that_is_gone_can_be_caught_up_from_nothing(
    job: Path, server: MockImportServer
) -> None:
    shutil.rmtree(job.parent / ".callconv")
    assert night(job, "C") == 4
    assert main(["status", "--job", str(job), "--catch-up"]) == 0
    assert night(job) == 0
    assert sessions_on(server) == ["A", "B", "C"]


def test_the_ledger_of_another_job_in_the_folder_is_no_witness(
    job: Path, server: MockImportServer
) -> None:
    other = job.with_name("other.toml")
    other.write_text(
        'ledger = "other/ledger.sqlite"\n' + job.read_text() + 'file_name = "other_{hash}.csv"\n'
    )
    assert night(other) == 0
    assert sessions_on(server) == ["A", "A", "B", "B"]  # two ledgers, two accounts of the calls
    assert night(job) == 0
    assert night(other) == 0


def test_a_lost_ledger_whose_records_have_no_bytes_says_so(
    job: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, backup = job.parent, job.parent / "backup"
    shutil.copytree(folder / ".callconv", backup)
    night(job, "C")
    the_whole_folder(folder, backup)
    for ready in folder.glob("runs/*/*/ready.csv"):
        ready.unlink()
    capsys.readouterr()
    assert main(["status", "--job", str(job), "--catch-up"]) == 0
    assert "can't be recognized" in capsys.readouterr().err
    assert night(job) == 0  # a person has been told
