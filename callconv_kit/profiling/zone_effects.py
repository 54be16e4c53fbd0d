"""What depends on the time zone: which calls change their day, and which become too old."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from callconv_kit.model import spec
from callconv_kit.profiling import kinds
from callconv_kit.profiling.proposal import Proposal
from callconv_kit.profiling.sample import Sample

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
        """The effect in words."""
        told = [f"{self.other_day:,} of {self.calls:,} calls fall on another day in UTC"]
        if self.too_old:
            told.append(f"{self.too_old:,} are over {spec.OLD_AFTER_DAYS} days old")
        return f"{self.zone}: {', '.join(told)}"


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
