"""The forecast beside what the server did: hits, misses, surprises, and what is proposed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.cli.main import main
from callconv_kit.delivery import forecast_score
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.manual_entries import mark_sent
from callconv_kit.delivery.results import outcome
from callconv_kit.delivery.sent_rows import ResultsStore
from mock_server.accounts import make
from mock_server.programs import Program, Tracker
from mock_server.server import MockImportServer

from .conftest import PASSWORD, write_ready

SHORT, AGAIN, OLD = "CALL_DURATION_TOO_SHORT", "CALL_DUPLICATE", "TOO_OLD"
Scores = dict[str, tuple[int, int, int]]

CASES: dict[str, tuple[dict[str, list[int]], list[tuple[int, str, int]], Scores]] = {
    # expected lines by reason; refusals (our line, reason, the server's line); hits, misses, surprises
    "nothing expected, nothing refused": ({}, [], {}),
    "as expected": ({SHORT: [2, 4]}, [(2, SHORT, 2), (4, SHORT, 4)], {SHORT: (2, 0, 0)}),
    "not expected": ({}, [(3, SHORT, 3)], {SHORT: (0, 1, 0)}),
    "expected, and taken": ({SHORT: [2, 4]}, [(4, SHORT, 4)], {SHORT: (1, 0, 1)}),
    "another row": ({SHORT: [2]}, [(3, SHORT, 3)], {SHORT: (0, 1, 1)}),
    "for another reason": ({SHORT: [2]}, [(2, AGAIN, 2)], {SHORT: (0, 0, 1), AGAIN: (0, 1, 0)}),
    "our own word for a reason": ({OLD: [2]}, [(2, "MALFORMED", 2)], {OLD: (1, 0, 0)}),
    "our own word, twice for a row": (
        {OLD: [2]},
        [(2, "MALFORMED", 2), (2, "CONV_DUPLICATE", 2)],
        {OLD: (1, 0, 0)},
    ),
    "lines that are not known": (
        {SHORT: [2, 4]},
        [(0, SHORT, 7), (0, SHORT, 8), (0, SHORT, 9)],
        {SHORT: (2, 1, 0)},
    ),
    "fewer, on lines that are not known": ({SHORT: [2, 4]}, [(0, SHORT, 7)], {SHORT: (1, 0, 1)}),
    "beyond what arrived": ({SHORT: [2, 99]}, [(2, SHORT, 2)], {SHORT: (1, 0, 0)}),
}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite") as opened:
        yield opened


def judged(ledger: Ledger, folder: Path, number: int, status: str = "Complete") -> int:
    """A file of five calls that was delivered, and that the server has judged; its number."""
    ready = write_ready(folder / f"{number}.csv", *(f"{number}{name}" for name in "ABCDE"))
    name = mark_sent(ready, ledger).name
    (submission,) = ledger.submissions(name=name)
    ResultsStore(ledger).keep_batch(f"F-{number}", submission.id, status, 5, 0)
    return submission.id


@pytest.mark.parametrize(("expected", "refused", "scores"), CASES.values(), ids=CASES)
def test_each_row_is_a_hit_a_miss_or_a_surprise(
    ledger: Ledger,
    tmp_path: Path,
    expected: dict[str, list[int]],
    refused: list[tuple[int, str, int]],
    scores: Scores,
) -> None:
    number = judged(ledger, tmp_path, 1)
    forecast_score.keep(ledger, number, {r: np.array(lines) for r, lines in expected.items()})
    refusals = [(line, reason, "Validation", at) for line, reason, at in refused]
    ResultsStore(ledger).keep_refusals(number, refusals)
    found = outcome(ledger).forecast
    assert {r.reason: (r.hits, r.misses, r.surprises) for r in found.reasons} == scores
    assert (found.hits, found.misses, found.surprises) == tuple(
        sum(of[at] for of in scores.values()) for at in range(3)
    )


@pytest.mark.parametrize("status", ["", "Queued", "In Progress"])
def test_a_file_that_is_not_judged_completely_is_not_scored(
    ledger: Ledger, tmp_path: Path, status: str
) -> None:
    number = judged(ledger, tmp_path, 1, status)
    forecast_score.keep(ledger, number, {SHORT: np.array([2])})
    found = outcome(ledger).forecast
    assert (found.files, found.reasons, found.lines) == (0, (), [])


PROPOSALS = {
    # reason, rows missed in each file, the setting
    "two are too few": (SHORT, [1, 1], ""),
    "three, a file each": (SHORT, [1, 1, 1], "contract.minimum_duration"),
    "three of one file": (AGAIN, [3], "contract.repeat_caller_days"),
    "programs": ("CAMPAIGN_NOT_FOUND", [2, 2], "contract.trackers"),
    "partners": ("CONTRACT_NOT_FOUND", [3], "leave_out"),
    "calls that nobody answered": ("CALL_INCOMPLETE", [3], "send"),
}


@pytest.mark.parametrize(("reason", "missed", "setting"), PROPOSALS.values(), ids=PROPOSALS)
def test_three_misses_propose_a_setting(
    ledger: Ledger, tmp_path: Path, reason: str, missed: list[int], setting: str
) -> None:
    for at, rows in enumerate(missed):
        number = judged(ledger, tmp_path, at)
        lines = [(line, reason, "Validation", line) for line in range(2, 2 + rows)]
        ResultsStore(ledger).keep_refusals(number, lines)
    (found,) = outcome(ledger).forecast.as_dict()["reasons"]
    assert (found["misses"], found["setting"]) == (sum(missed), setting)
    assert bool(found["proposal"]) == bool(setting)


def test_a_reason_that_no_setting_knows_says_so(ledger: Ledger, tmp_path: Path) -> None:
    number = judged(ledger, tmp_path, 1)
    lines = [(line, "UNCLAIMED", "Contract Error", line) for line in (2, 3, 4)]
    ResultsStore(ledger).keep_refusals(number, lines)
    (found,) = outcome(ledger).forecast.reasons
    assert "No setting forecasts this reason" in found.proposal


@given(lines=st.sets(st.integers(2, 2_000_000), max_size=200))
def test_lines_are_kept_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, lines: set[int]
) -> None:
    with Ledger.open(tmp_path_factory.mktemp("l") / "ledger.sqlite") as ledger:
        forecast_score.keep(ledger, 1, {SHORT: np.array(sorted(lines), np.int64)})
        forecast_score.keep(ledger, 2, {AGAIN: np.array([7])})
        assert forecast_score.kept(ledger, 1) == {SHORT: lines}


TOKEN = "s3cret-token-geheim"
TERMS = Program("1001", (Tracker("30021"),), frozenset({"20012"}), minimum_duration=60)
NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.mark.parametrize("minimum", [60, 30, None])
def test_results_end_with_the_score_of_the_contract(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    minimum: int | None,
) -> None:
    monkeypatch.setenv("CALLCONV_PASSWORD", PASSWORD)
    monkeypatch.setenv("CALLCONV_TOKEN", TOKEN)
    monkeypatch.chdir(tmp_path)
    account = make("demo", PASSWORD, token=TOKEN, programs=[TERMS])
    now = NOW + timedelta(hours=1)
    with MockImportServer(tmp_path / "server", [account], now=now, http_port=0) as server:
        contract = f"[contract]\nminimum_duration = {minimum}\n" if minimum else ""
        (tmp_path / "callconv.toml").write_text(
            f'[connection]\nprotocol = "ftp"\nhost = "{server.host}"\nport = {server.port}\n'
            'user = "demo"\ndirectory = "demo"\n'
            f'[results]\naccount_sid = "{server.account_sid}"\nbase_url = "{server.http_url}"\n'
            f"{contract}"
        )
        short = {"CallDuration": "41", "TalkDuration": "30"}
        write_ready(tmp_path / "out" / "ready.csv", "A", "B", "C", **short)
        assert main(["upload", "out/ready.csv", "--now", NOW.isoformat()]) == 0
        server.submissions()
        capsys.readouterr()
        assert main(["results"]) == 0
        said = capsys.readouterr().out.splitlines()
        assert main(["results", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)["forecast"]
    assert (found["files"], found["surprises"]) == (1, 0)
    if minimum == 60:
        assert (found["hits"], found["misses"]) == (3, 0)
        assert said[-2:] == [
            "Forecast: 3 hits, 0 misses, 0 surprises",
            f"  {SHORT}: 3 expected, 3 of them refused; 0 refused that were not expected",
        ]
    else:
        assert (found["hits"], found["misses"]) == (0, 3)
        assert said[-1] == (
            "    3 misses (the longest of these calls lasted 41 seconds). Set minimum_duration "
            "under [contract], for each event type if they differ."
        )
