"""`callconv run`: many jobs, unattended; idempotent; one job's failure is its own."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callconv_kit.delivery.job_run import JobRun
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.lock import locked
from callconv_kit.delivery.nightly import Night, worst
from callconv_kit.delivery.receipt import State
from callconv_kit.run.prepared import prepare
from mock_server.server import MockImportServer

from .conftest import CALL, HASTY, PASSWORD, sessions_on, write_ready

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCONV_PASSWORD", PASSWORD)


def write_job(folder: Path, server: MockImportServer, name: str = "brand", **more: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'input = "inbox-{name}/*.csv"', *(f"{key} = {value}" for key, value in more.items())]
    lines += [
        "[connection]",
        'protocol = "ftp"',
        f'host = "{server.host}"',
        f"port = {server.port}",
    ]
    lines += ['user = "demo"', 'directory = "demo"', "timeout = 60"]
    path = folder / f"{name}.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def export(job: Path, name: str, *sessions: str, **more: str) -> None:
    write_ready(job.parent / f"inbox-{job.stem}" / name, *sessions, **more)


def night(*jobs: Path, now: datetime = NOW, **options: Any) -> list[JobRun]:
    return Night(prepare, now=now, patience=HASTY, **options).run(jobs)


def test_a_night_delivers_what_the_inbox_holds(server: MockImportServer, tmp_path: Path) -> None:
    job = write_job(tmp_path, server)
    export(job, "monday.csv", "A", "B")
    (run,) = night(job)
    assert (run.state, run.exit_status) == ("delivered", 0)
    assert sessions_on(server) == ["A", "B"]
    assert run.folder == tmp_path / "runs" / "brand" / "20261120T060000Z"
    record = json.loads((run.folder / "run.json").read_text())
    assert record["receipt"]["state"] == "delivered"
    assert record["reconciliation"]["holds"]
    page = (run.folder / "report.html").read_text()
    assert "sent 2 = refused 0 + unconfirmed 2 + confirmed 0" in page


def test_a_night_reads_an_address_and_sends_its_calls_once(
    server: MockImportServer, tmp_path: Path
) -> None:
    job = write_job(tmp_path, server)
    export(job, "calls.csv", "A", "B")
    address = (tmp_path / "inbox-brand" / "calls.csv").as_uri()
    job.write_text(job.read_text().replace("inbox-brand/*.csv", address))
    assert [run.state for run in (*night(job), *night(job))] == ["delivered", "nothing_to_send"]
    export(job, "calls.csv", "A", "B", "C")
    assert [run.state for run in night(job)] == ["delivered"]
    assert sessions_on(server) == ["A", "B", "C"]


def test_a_second_run_of_the_same_night_sends_nothing(
    server: MockImportServer, tmp_path: Path
) -> None:
    job = write_job(tmp_path, server)
    export(job, "monday.csv", "A", "B")
    night(job)
    (run,) = night(job)
    assert (run.state, run.exit_status) == ("nothing_to_send", 0)
    assert sessions_on(server) == ["A", "B"]


def test_overlapping_exports_send_only_new_calls(server: MockImportServer, tmp_path: Path) -> None:
    job = write_job(tmp_path, server)
    export(job, "monday.csv", "A", "B")
    night(job)
    export(job, "tuesday.csv", "B", "C", CallDuration="201")
    (run,) = night(job, now=NOW + timedelta(days=1))
    assert (run.rows["rows_read"], run.rows["rows_ready"]) == (4, 1)
    assert run.receipt is not None
    assert run.receipt.rows == 1
    assert sessions_on(server) == ["A", "B", "C"]


def test_a_nights_sums_are_of_its_own_files(server: MockImportServer, tmp_path: Path) -> None:
    job = write_job(tmp_path, server)
    export(job, "monday.csv", "A", "B")
    night(job)
    export(job, "tuesday.csv", "C")
    (run,) = night(job)
    assert run.sums is not None
    assert run.sums.lines == (
        "read 3 = ready 1 + rejected 0 + left out 2",
        "sent 1 = refused 0 + unconfirmed 1 + confirmed 0",
    )


def test_a_call_that_changed_since_it_was_sent_is_a_persons_affair(
    server: MockImportServer, tmp_path: Path
) -> None:
    job = write_job(tmp_path, server)
    export(job, "monday.csv", "A")
    night(job)
    export(job, "monday.csv", "A", "B", SaleAmount="99.00")
    (run,) = night(job, now=NOW + timedelta(days=1), force=True)
    assert run.exit_status == 1
    assert "changed_since_sent" in (run.folder / "rejected.csv").read_text()
    assert sessions_on(server) == ["A", "B"]


QUIET = {"no file at all": None, "a header without rows": ()}


@pytest.mark.parametrize("sessions", QUIET.values(), ids=QUIET)
def test_a_quiet_day_is_no_failure(
    server: MockImportServer, tmp_path: Path, sessions: tuple[str, ...] | None
) -> None:
    job = write_job(tmp_path, server)
    if sessions is not None:
        export(job, "monday.csv", *sessions)
    (run,) = night(job)
    assert (run.state, run.exit_status) == ("nothing_to_send", 0)


def test_a_job_that_expects_rows_fails_without_any(
    server: MockImportServer, tmp_path: Path
) -> None:
    job = write_job(tmp_path, server, expect_rows="true")
    export(job, "monday.csv")
    (run,) = night(job)
    assert (run.state, run.exit_status) == ("no_rows", 3)


def test_one_jobs_failure_never_stops_the_others(server: MockImportServer, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("colour = 3\n")
    lost = write_job(tmp_path, server, "lost")
    lost.write_text(lost.read_text().replace(f"port = {server.port}", "port = 1"))
    export(lost, "x.csv", "L")
    well = write_job(tmp_path, server, "well")
    export(well, "x.csv", "A")
    runs = night(broken, lost, tmp_path / "missing.toml", well)
    assert [run.exit_status for run in runs] == [2, 4, 2, 0]
    assert worst(runs) == 4
    assert sessions_on(server) == ["A"]


def test_a_bug_in_one_job_is_reported_and_does_not_stop_the_others(
    server: MockImportServer, tmp_path: Path
) -> None:
    first, second = write_job(tmp_path, server, "first"), write_job(tmp_path, server, "second")
    export(first, "x.csv", "F")
    export(second, "x.csv", "S")

    def failing(inputs: None, job: Any, **options: Any) -> Any:
        if "first" in str(options["out"]):
            message = "".join(("sec", "ret"))
            raise ZeroDivisionError(message)
        return prepare(inputs, job, **options)

    runs = Night(failing, now=NOW, patience=HASTY).run([first, second])
    assert [run.exit_status for run in runs] == [70, 0]
    report = (runs[0].folder / "bug.txt").read_text()
    assert "ZeroDivisionError" in report
    assert "secret" not in report


def test_an_unusual_share_of_rejected_rows_holds_the_job_back(
    server: MockImportServer, tmp_path: Path
) -> None:
    job = write_job(tmp_path, server)
    for day in range(7):
        export(job, "x.csv", *(f"{day}-{n}" for n in range(20)))
        night(job, now=NOW + timedelta(days=day))
    path = job.parent / "inbox-brand" / "x.csv"
    export(job, "x.csv", *(f"8-{n}" for n in range(20)))
    lines = path.read_text().splitlines()
    spoiled = [line.replace("2125550123", "no number") for line in lines[1:4]]
    path.write_text("\n".join([lines[0], *spoiled, *lines[4:]]) + "\n")
    (run,) = night(job, now=NOW + timedelta(days=8))
    assert (run.state, run.exit_status) == ("held_back", 4)
    assert "--force" in run.error.next_step
    (run,) = night(job, now=NOW + timedelta(days=8), force=True)
    assert (run.state, run.exit_status) == ("delivered", 1)


TEN_POINTS_MORE = {
    "one row of 20": (1, "delivered"),
    "ten percentage points": (2, "held_back"),
    "three rows of 20": (3, "held_back"),
}


@pytest.mark.parametrize(("spoiled", "state"), TEN_POINTS_MORE.values(), ids=TEN_POINTS_MORE)
def test_a_share_of_ten_points_more_than_usual_is_unusual(
    server: MockImportServer, tmp_path: Path, spoiled: int, state: str
) -> None:
    job = write_job(tmp_path, server)
    export(job, "x.csv", *(f"1-{n}" for n in range(20)))
    night(job)
    export(job, "x.csv", *(f"2-{n}" for n in range(20)))
    path = job.parent / "inbox-brand" / "x.csv"
    path.write_text(path.read_text().replace("2125550123", "no number", spoiled))
    (run,) = night(job, now=NOW + timedelta(days=1))
    assert run.state == state


def test_a_lost_ledger_stops_the_job_even_where_its_whole_folder_is_gone(
    server: MockImportServer, tmp_path: Path
) -> None:
    import shutil

    job = write_job(tmp_path, server)
    export(job, "x.csv", "A")
    night(job)
    shutil.rmtree(tmp_path / ".callconv")
    (run,) = night(job)
    assert (run.state, run.exit_status) == ("ledger_lost", 4)
    assert sessions_on(server) == ["A"]


def test_an_unknown_outcome_holds_its_rows_back_while_new_calls_go(
    server: MockImportServer, tmp_path: Path
) -> None:
    job = write_job(tmp_path, server)
    export(job, "x.csv", "A", "B")
    server.fault("late-451")
    (run,) = night(job)
    assert (run.state, run.exit_status) == ("refused_after_sending", 5)
    export(job, "y.csv", "C")
    (run,) = night(job)
    assert (run.state, run.exit_status) == ("outcome_unknown", 5)
    assert run.receipt.rows == 1
    assert "outcome_unknown" in (run.folder / "left_out.csv").read_text()
    assert sessions_on(server) == ["C"]
    with Ledger.open(tmp_path / ".callconv" / "ledger.sqlite") as ledger:
        (unknown,) = ledger.submissions(State.UNKNOWN)
        ledger.settle(unknown.id, State.NOT_DELIVERED)
    (run,) = night(job)
    assert run.state == "delivered"
    assert sessions_on(server) == ["A", "B", "C"]


def test_every_night_that_holds_rows_back_ends_with_5(
    server: MockImportServer, tmp_path: Path
) -> None:
    job = write_job(tmp_path, server)
    export(job, "x.csv", "A", "B")
    server.fault("late-451")
    nights = [night(job)[0], night(job)[0]]
    export(job, "y.csv", "C")
    nights += [night(job)[0], night(job)[0]]
    export(job, "z.csv", "D")
    server.fault("stor-550")
    nights.append(night(job)[0])
    assert [run.exit_status for run in nights] == [5, 5, 5, 5, 5]
    assert nights[-1].state == "store_refused"
    assert sessions_on(server) == ["C"]


def test_two_runs_of_one_job_do_not_overlap(server: MockImportServer, tmp_path: Path) -> None:
    job = write_job(tmp_path, server)
    export(job, "x.csv", "A")
    with locked(tmp_path / "runs" / "brand" / ".lock"):
        (run,) = night(job)
    assert (run.state, run.exit_status) == ("busy", 4)


def test_the_log_has_a_line_a_step_and_no_secret(
    server: MockImportServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    job = write_job(tmp_path, server)
    export(job, "x.csv", "A")
    night(job)
    said = [r.getMessage() for r in caplog.records if r.name.startswith("callconv_kit.delivery")]
    assert any("step=prepare rows_read=1" in line for line in said)
    assert any("step=upload state=delivered" in line for line in said)
    assert all("=" in line for line in said)
    everything = "\n".join(said)
    assert PASSWORD not in everything
    assert CALL["CallerId"] not in everything


def test_a_person_is_notified_of_what_did_not_end_well(
    server: MockImportServer, tmp_path: Path
) -> None:
    told = tmp_path / "told.jsonl"
    script = tmp_path / "tell.py"
    script.write_text(f"import sys\nopen({str(told)!r}, 'a').write(sys.stdin.read())\n")
    import sys

    job = write_job(tmp_path, server)
    export(job, "x.csv", "A")
    notify = f"{sys.executable} {script}"
    night(job, notify=notify)
    assert not told.exists()
    server.fault("stor-550")
    export(job, "y.csv", "B")
    night(job, notify=notify)
    (line,) = told.read_text().splitlines()
    assert json.loads(line)["error"]["code"] == "store_refused"


def test_a_notifier_that_fails_changes_nothing(server: MockImportServer, tmp_path: Path) -> None:
    job = write_job(tmp_path, server)
    (run,) = night(job, notify="/no/such/command")
    assert run.exit_status == 0
    export(job, "x.csv", "A")
    server.fault("stor-550")
    (run,) = night(job, notify="/no/such/command 'unclosed")
    assert run.exit_status == 4


def test_a_job_without_a_connection_says_so(tmp_path: Path) -> None:
    job = tmp_path / "brand.toml"
    job.write_text('input = "inbox/*.csv"\n')
    (run,) = night(job)
    assert (run.state, run.exit_status) == ("no_connection", 2)
