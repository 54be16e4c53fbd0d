"""What time it is: one clock, handed to everything here that asks, and held by whoever owns it."""

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that can be set and moved on.

    Without `start` it shows the real time. With `start` it stops there and moves only by
    `advance`, unless `ticking` lets real seconds pass on it; tests hold it, a server on the
    command line lets it tick.

    Attributes:
        ticking: whether real seconds pass on it.
    """

    def __init__(self, start: datetime | None = None, *, ticking: bool | None = None) -> None:
        if start is not None and start.utcoffset() is None:
            raise ValueError(f"a clock needs a time with an offset from UTC, not {start!r}")
        self.ticking = start is None if ticking is None else ticking
        self._start = start or datetime.now(UTC)
        self._started = time.monotonic()
        self._moved = timedelta(0)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time on this clock, in UTC."""
        with self._lock:
            passed = time.monotonic() - self._started if self.ticking else 0.0
            return (self._start + self._moved + timedelta(seconds=passed)).astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move the clock on `by` a span; it never goes back."""
        if by < timedelta(0):
            raise ValueError("a clock only goes forward")
        with self._lock:
            self._moved += by

    def seconds_until(self, moment: datetime) -> float | None:
        """Real seconds until this clock shows `moment`; None when it must be moved by hand."""
        wait = (moment - self.now()).total_seconds()
        if wait <= 0:
            return 0.0
        return wait if self.ticking else None
