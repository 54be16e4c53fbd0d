"""The column of times: what its cells lack, the evidence, and what a time zone would change."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from callconv_kit.coercion import moment, moment_text
from callconv_kit.model import spec, texts
from callconv_kit.profiling import kinds
from callconv_kit.profiling.proposal import Proposal
from callconv_kit.profiling.sample import Sample

MOST = 0.9
"""Of all calls lie within the busy hours."""

LONGEST_DAY = 14
"""Hours; calls that spread over more say nothing about the zone."""

ENOUGH_FOR_HOURS = 20
"""Calls; the hours of fewer say nothing."""

NO_RULES = moment.MomentSettings(datetime(2000, 1, 1, tzinfo=UTC))
"""Settings that settle nothing; ages play no part."""


@dataclass(frozen=True, slots=True)
class Times:
    """Facts about the column of times.

    column: its name in the export.
    without_offset: how many of its cells carry no offset from UTC, and the first of them.
    two_readings: how many can be read month-first and day-first, and the first of them.
    orders: for each order, the line of the first cell that can be read in no other; 0 for none.
    offsets: how many cells carry each offset from UTC; epochs count as +00:00.
    by_hour: how many of the cells without an offset show each hour of the day, 0 to 23.
    """

    column: str
    without_offset: int
    first_without: str
    two_readings: int
    first_of_two: str
    orders: Mapping[str, int]
    offsets: Mapping[str, int]
    by_hour: tuple[int, ...]

    @property
    def busy_hours(self) -> tuple[int, int] | None:
        """From which hour to which most naive cells lie; None where that says nothing."""
        total = sum(self.by_hour)
        if total < ENOUGH_FOR_HOURS:
            return None
        for length, start in product(range(1, LONGEST_DAY + 1), range(24)):
            within = sum(self.by_hour[(start + step) % 24] for step in range(length))
            if within >= total * MOST:
                return start, (start + length) % 24
        return None

    @property
    def proven_order(self) -> str:
        """The one order for which there is proof; empty where there is none, or for both."""
        proven = [order for order, line in self.orders.items() if line]
        return proven[0] if len(proven) == 1 else ""

    def as_dict(self) -> dict[str, Any]:
        """The same as `callconv inspect --json` prints it."""
        return {**asdict(self), "by_hour": list(self.by_hour), "busy_hours": self._busy}

    @property
    def _busy(self) -> list[int] | None:
        hours = self.busy_hours
        return None if hours is None else list(hours)


def times_of(column: str, lines: Sequence[int], cells: pa.StringArray) -> Times:
    """Facts about a column of times; each different text is read once.

    Args:
        column: its name, for a person.
        lines: n source lines.
        cells: n texts.
    """
    encoded = cells.dictionary_encode()
    places = texts.places(encoded)
    counts = np.bincount(places[places >= 0], minlength=len(encoded.dictionary))
    _, firsts = np.unique(places, return_index=True)
    first_at = dict(zip(np.unique(places).tolist(), firsts.tolist(), strict=True))
    seen = _Seen()
    for place, cell in enumerate(encoded.dictionary.to_pylist()):
        if cell.strip() and counts[place]:
            seen.add(cell.strip(), int(counts[place]), int(lines[first_at[place]]))
    return seen.times(column)


class _Seen:
    """What came by of the different texts."""

    def __init__(self) -> None:
        self._codes: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._offsets: Counter[str] = Counter()
        self._hours: Counter[int] = Counter()
        self._orders = {"month-first": 0, "day-first": 0}

    def add(self, text: str, count: int, line: int) -> None:
        """Look at a text that stands in so many rows, on this line first."""
        code = moment.read(text, NO_RULES).code or ""
        stamp = moment_text.parse(moment_text.tidy(text))
        self._codes[code] += count
        self._place(stamp, code, count)
        self._first.setdefault(code, text)
        if stamp is not None and not (stamp.month_first and stamp.day_first):
            order = "month-first" if stamp.month_first else "day-first"
            self._orders[order] = self._orders[order] or line

    def _place(self, stamp: moment_text.Stamp | None, code: str, count: int) -> None:
        """Count the offset that a time carries, or else the hour that it shows."""
        if code in ("needs_timezone", "needs_date_order"):
            if stamp is not None and stamp.seconds is not None and stamp.offset is None:
                self._hours[stamp.seconds // 3600] += count
        elif code not in ("moment_invalid", "moment_without_time", "digits_lost"):
            carried = "+00:00" if stamp is None else stamp.zone or _written(stamp.offset or 0)
            self._offsets[carried] += count

    def times(self, column: str) -> Times:
        """The same, counted."""
        return Times(
            column,
            self._codes["needs_timezone"] + self._codes["needs_date_order"],
            self._first.get("needs_timezone") or self._first.get("needs_date_order", ""),
            self._codes["needs_date_order"],
            self._first.get("needs_date_order", ""),
            dict(self._orders),
            dict(self._offsets.most_common()),
            tuple(self._hours[hour] for hour in range(24)),
        )


def _written(offset: int) -> str:
    """An offset as ISO 8601 writes it."""
    hours, minutes = divmod(abs(offset) // 60, 60)
    return f"{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"


LIKELY = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "UTC")
"""Zones that are compared: those of most advertisers on impact.com, and that of most systems."""


@dataclass(frozen=True, slots=True)
class ZoneEffect:
    """What a zone does to the calls.

    zone: its name.
    calls: how many were looked at.
    other_day: how many have another date in UTC than on their own clocks.
    too_old: how many are older than the window for a warning.
    """

    zone: str
    calls: int
    other_day: int
    too_old: int

    @property
    def text(self) -> str:
        """The effect, as a sentence."""
        facts = [f"{self.other_day:,} of {self.calls:,} calls fall on another day in UTC"]
        if self.too_old:
            facts.append(f"{self.too_old:,} are over {spec.OLD_AFTER_DAYS} days old")
        return f"{self.zone}: {', '.join(facts)}"


def zone_effects(
    sample: Sample, event_date: Proposal, now: datetime | None = None
) -> tuple[ZoneEffect, ...]:
    """What each likely zone would do, over rows spread evenly; nothing where all do the same.

    Args:
        sample: the rows.
        event_date: where the times are.
        now: the clock by which calls are old; none: the real one.
    """
    columns = [name for name in event_date.sources if sample.column(name) is not None]
    if not columns or event_date.how not in ("column", "join", "first"):
        return ()
    rows = zip(*(sample.aligned(name) for name in columns), strict=True)
    read = (kinds.instant(" ".join(filter(None, row))) for row in rows)
    naive = [datetime.fromtimestamp(moment, UTC).replace(tzinfo=None) for moment in read if moment]
    clock = now or datetime.now(UTC)
    found = tuple(_effect(zone, naive, clock) for zone in LIKELY)
    alike = len({(each.other_day, each.too_old) for each in found}) == 1
    return () if alike else found


def _effect(zone: str, naive: list[datetime], now: datetime) -> ZoneEffect:
    there = ZoneInfo(zone)
    instants = [moment.replace(tzinfo=there).astimezone(UTC) for moment in naive]
    oldest = now - timedelta(days=spec.OLD_AFTER_DAYS)
    return ZoneEffect(
        zone,
        len(naive),
        sum(one.date() != other.date() for one, other in zip(naive, instants, strict=True)),
        sum(moment < oldest for moment in instants),
    )
