"""Reading back from the mock's results API over a real socket; odd answers: test_results.py."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callconv_kit.delivery import upload
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import State
from callconv_kit.delivery.results import confirmer, results
from callconv_kit.delivery.results_api import ResultsApi
from callconv_kit.job import Results
from callconv_kit.model.errors import DeliveryError, OutcomeUnknown
from mock_server.accounts import make
from mock_server.programs import Program, Tracker
from mock_server.server import MockImportServer

from .conftest import HASTY, PASSWORD, connection_to, ready_text

pytestmark = pytest.mark.slow

TOKEN = "s3cret-token-geheim"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
TERMS = Program("1001", (Tracker("30021"),), frozenset({"20012"}), minimum_duration=60)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MockImportServer]:
    """A server whose account takes calls of one campaign, partner and duration."""
    account = make("demo", PASSWORD, token=TOKEN, programs=[TERMS])
    # Its clock stands still; an hour later than the client's, which may pass, it is never behind.
    now = NOW + timedelta(hours=1)
    with MockImportServer(tmp_path / "server", [account], now=now, http_port=0) as serving:
        yield serving


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite", now=NOW) as opened:
        yield opened


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """Calls A to E; B is of another campaign, D of another partner, E is short."""
    path = tmp_path / "ready.csv"
    calls = [{"CallSessionId": name} for name in "ABCDE"]
    calls[1]["CampaignId"], calls[3]["MediaId"] = "1002", "20099"
    calls[4] |= {"CallDuration": "41", "TalkDuration": "30"}
    path.write_text(ready_text(*calls))
    return path


def settings_of(server: MockImportServer) -> Results:
    return Results(account_sid=server.account_sid, base_url=server.http_url)


def api_of(
    server: MockImportServer, waited: list[float] | None = None, token: str = TOKEN
) -> ResultsApi:
    """The kit's client of the server's API, which waits without waiting."""
    sleep = [] if waited is None else waited
    return ResultsApi(settings_of(server), token=token, sleep=sleep.append)


def deliver(server: MockImportServer, ready: Path, ledger: Ledger, **more: object) -> State:
    connection = connection_to(server, file_name="calls.csv")
    receipt = upload(
        ready, connection, password=PASSWORD, ledger=ledger, patience=HASTY, now=NOW, **more
    )
    return receipt.state


def test_each_refusal_is_led_back_to_its_call(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    deliver(server, ready, ledger)
    with api_of(server) as api:
        found = results(ledger, settings_of(server), api=api)
    (file,) = found.files
    assert (found.refused, found.unconfirmed, file.offset) == (3, 2, 0)
    assert [(r.reason, r.row.cells["CallSessionId"]) for r in file.refusals if r.row] == [
        ("CAMPAIGN_NOT_FOUND", "B"),
        ("CONTRACT_NOT_FOUND", "D"),
        ("CALL_DURATION_TOO_SHORT", "E"),
    ]


def test_a_file_that_waits_for_a_day_is_read_the_day_after(
    tmp_path: Path, ready: Path, ledger: Ledger
) -> None:
    account = make("demo", PASSWORD, token=TOKEN, programs=[TERMS])
    day = timedelta(hours=24)
    with MockImportServer(
        tmp_path / "slow", [account], now=NOW, process_after=day, http_port=0
    ) as slow:
        deliver(slow, ready, ledger)
        seen = []
        for _ in range(2):
            with api_of(slow) as api:
                found = results(ledger, settings_of(slow), api=api)
            seen.append((found.files[0].status, found.refused))
            slow.advance(hours=24)
    assert seen == [("Queued", 0), ("Complete", 3)]


def test_a_rate_limit_is_waited_for_as_long_as_it_says(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    deliver(server, ready, ledger)
    server.fault("results-429")
    waited: list[float] = []
    with api_of(server, waited) as api:
        assert results(ledger, settings_of(server), api=api).refused == 3
    assert waited == [60.0]


@pytest.mark.parametrize("fault", ["results-429", "results-500", "results-503"])
def test_an_api_that_fails_for_ever_changes_nothing_and_is_safe_to_ask_again(
    server: MockImportServer, ready: Path, ledger: Ledger, fault: str
) -> None:
    deliver(server, ready, ledger)
    server.fault(fault, times=None)
    with api_of(server) as api, pytest.raises(DeliveryError) as caught:
        results(ledger, settings_of(server), api=api)
    assert (caught.value.code, caught.value.exit_status) == ("results_unavailable", 4)
    server.clear_faults()
    with api_of(server) as api:
        assert results(ledger, settings_of(server), api=api).refused == 3


def test_a_wrong_token_is_said_without_showing_it(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    deliver(server, ready, ledger)
    with api_of(server, token="a-wrong-token") as api, pytest.raises(DeliveryError) as caught:
        results(ledger, settings_of(server), api=api)
    assert caught.value.code == "results_refused"
    assert "401 Unauthorized" in str(caught.value)
    assert "a-wrong-token" not in str(caught.value)


@pytest.mark.parametrize("fault", ["lost-226", "no-226"])
def test_the_results_settle_an_upload_whose_answer_was_lost(
    server: MockImportServer, ready: Path, ledger: Ledger, fault: str
) -> None:
    server.fault(fault)
    with api_of(server) as api:
        connection = connection_to(server, file_name="calls.csv", timeout=2, verify="if_possible")
        server.fault("no-size", times=None)
        server.fault("no-mlsd", times=None)
        receipt = upload(
            ready,
            connection,
            password=PASSWORD,
            ledger=ledger,
            patience=HASTY,
            confirm=confirmer(api),
            now=NOW,
        )
    assert receipt.state is State.DELIVERED


def test_the_results_settle_nothing_of_a_file_that_was_kept_and_not_processed(
    server: MockImportServer, ready: Path, ledger: Ledger
) -> None:
    server.fault("late-451")
    with api_of(server) as api, pytest.raises(OutcomeUnknown):
        deliver(server, ready, ledger, confirm=confirmer(api))
    assert len(ledger.submissions(State.UNKNOWN)) == 1


def test_the_command_reads_back_by_the_job(
    server: MockImportServer, ready: Path, tmp_path: Path
) -> None:
    job = tmp_path / "callconv.toml"
    job.write_text(
        f"""
        [connection]
        protocol = "ftp"
        host = "{server.host}"
        port = {server.port}
        user = "demo"
        directory = "demo"
        password_from = "env:TEST_PASSWORD"
        [results]
        account_sid = "{server.account_sid}"
        token_from = "env:TEST_TOKEN"
        base_url = "{server.http_url}"
        """
    )
    environment = {**os.environ, "TEST_PASSWORD": PASSWORD, "TEST_TOKEN": TOKEN}

    def callconv(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "callconv_kit", *words, "--job", str(job)]
        run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert (run.returncode, run.stderr) == (0, "")
        return run

    callconv("upload", str(ready), "--now", "2026-11-20T00:00:00+00:00")
    told = json.loads(callconv("results", "--json").stdout)
    assert (told["refused"], told["unconfirmed"]) == (3, 2)
    fixes = tmp_path / "refused.csv"
    assert "3 refused calls are in" in callconv("results", "--fix-file", str(fixes)).stdout
    assert "CAMPAIGN_NOT_FOUND" in fixes.read_text()
