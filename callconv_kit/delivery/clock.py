"""The clock that names and entries go by."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def clock_of(now: datetime | None) -> Clock:
    """The real clock, or one that starts at `now` and goes at the real one's pace.

    A `now` without an offset is taken for UTC.
    """
    if now is None:
        return lambda: datetime.now(UTC)
    start = now if now.tzinfo is not None else now.replace(tzinfo=UTC)
    begun = datetime.now(UTC)
    return lambda: start + (datetime.now(UTC) - begun)
