"""How long the bytes that were sent are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from callconv_kit.delivery.archive import expired

ENDED = datetime(2026, 11, 1, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)

KEPT = {
    "on the day itself": (ENDED, 1, False),
    "to the second": (ENDED + DAY, 1, False),
    "a second later": (ENDED + DAY + SECOND, 1, True),
    "the last day of 90": (ENDED + 90 * DAY, 90, False),
    "after 90 days": (ENDED + 91 * DAY, 90, True),
    "zero is for ever": (ENDED + 9999 * DAY, 0, False),
    "a clock that was set back": (ENDED - DAY, 1, False),
}


@pytest.mark.parametrize(("now", "days", "up"), KEPT.values(), ids=KEPT)
def test_a_file_expires_after_its_days(now, days, up):
    assert expired(ENDED, now, days) is up
