"""The forecast: which of the server's reasons a file would earn, and what is at stake."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from callconv_kit.delivery.forecast import forecast
from callconv_kit.job import Contract

from .conftest import ready_text

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TRACKERS = {"1001": ["30021"], "1002": ["30022"]}

CASES: dict[str, tuple[Contract, list[dict[str, str]], dict[str, tuple[int, str]]]] = {
    "nothing is said": (Contract(), [{}, {}], {}),
    "too short": (
        Contract(minimum_duration=60),
        [{"CallDuration": "59", "SaleAmount": "10.00"}, {"CallDuration": "60"}],
        {"CALL_DURATION_TOO_SHORT": (1, "10.00")},
    ),
    "too short for its tracker": (
        Contract(minimum_duration={"30022": 300}),
        [{}, {"ActionTrackerId": "30022"}],
        {"CALL_DURATION_TOO_SHORT": (1, "0.00")},
    ),
    "of another campaign": (
        Contract(trackers=TRACKERS),
        [{}, {"ActionTrackerId": "30022"}],
        {"ACTIONTRACKER_CAMPAIGN_MISMATCH": (1, "0.00")},
    ),
    "of no campaign": (
        Contract(trackers=TRACKERS),
        [{"ActionTrackerId": "9"}],
        {"ACTIONTRACKER_NOT_FOUND": (1, "0.00")},
    ),
    "an unknown campaign": (
        Contract(trackers=TRACKERS),
        [{"CampaignId": "7", "SaleAmount": "1.50"}, {"CampaignId": "7", "SaleAmount": "2.25"}],
        {"CAMPAIGN_NOT_FOUND": (2, "3.75")},
    ),
    "too old": (
        Contract(age_limit_days=30),
        [{"EventDate": "2026-10-20T00:00:00-05:00"}, {"EventDate": "2026-10-22T00:00:00+00:00"}],
        {"TOO_OLD": (1, "0.00")},
    ),
    "the same caller again": (
        Contract(repeat_caller_days=7),
        [
            {"EventDate": "2026-11-01T00:00:00+00:00"},
            {"EventDate": "2026-11-06T00:00:00+00:00", "SaleAmount": "5.00"},
            {"EventDate": "2026-11-09T00:00:00+00:00"},
            {"EventDate": "2026-11-09T00:00:00+00:00", "CallerId": "2125550124"},
        ],
        {"CALL_DUPLICATE": (1, "5.00")},
    ),
    "the same caller after exactly seven days": (
        Contract(repeat_caller_days=7),
        [
            {"EventDate": "2026-11-01T00:00:00+00:00"},
            {"EventDate": "2026-11-08T00:00:00+00:00"},
        ],
        {},
    ),
    "the same caller a second before seven days": (
        Contract(repeat_caller_days=7),
        [
            {"EventDate": "2026-11-01T00:00:01+00:00"},
            {"EventDate": "2026-11-08T00:00:00+00:00"},
        ],
        {"CALL_DUPLICATE": (1, "0.00")},
    ),
    "exactly as old as the limit, and a second older": (
        Contract(age_limit_days=30),
        [{"EventDate": "2026-10-21T00:00:00+00:00"}, {"EventDate": "2026-10-20T23:59:59+00:00"}],
        {"TOO_OLD": (1, "0.00")},
    ),
    "a call of an unknown program starts no period": (
        Contract(repeat_caller_days=7, trackers=TRACKERS),
        [
            {"EventDate": "2026-11-01T00:00:00+00:00", "CampaignId": "7"},
            {"EventDate": "2026-11-02T00:00:00+00:00"},
        ],
        {"CAMPAIGN_NOT_FOUND": (1, "0.00")},
    ),
    "a call that does not count starts no period": (
        Contract(repeat_caller_days=7, minimum_duration=60),
        [
            {"EventDate": "2026-11-01T00:00:00+00:00", "CallDuration": "5"},
            {"EventDate": "2026-11-02T00:00:00+00:00"},
        ],
        {"CALL_DURATION_TOO_SHORT": (1, "0.00")},
    ),
}


@pytest.mark.parametrize(("contract", "calls", "expected"), CASES.values(), ids=CASES)
def test_a_contract_foretells(
    tmp_path: Path,
    contract: Contract,
    calls: list[dict[str, str]],
    expected: dict[str, tuple[int, str]],
) -> None:
    ready = tmp_path / "ready.csv"
    ready.write_text(ready_text(*calls))
    found = forecast(ready, contract, now=NOW)
    assert found.rows == len(calls)
    assert {e.reason: (e.rows, str(e.sale_amount)) for e in found.expected} == expected
    assert found.sale_amount == sum((Decimal(a) for _, a in expected.values()), Decimal(0))
    assert len(found.lines) == max(len(expected), 1)


def test_a_file_without_rows_has_nothing_to_foretell(tmp_path: Path) -> None:
    ready = tmp_path / "ready.csv"
    ready.write_text(ready_text())
    assert forecast(ready, Contract(minimum_duration=9)).rows == 0
