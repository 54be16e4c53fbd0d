"""Time zones: which names have one meaning, and what a zone's clocks show.

Names: UTC, GMT, Z; the North American abbreviations, each as its fixed offset; any IANA name, in
any case. CET, EET, WET and MET are IANA names and so are read; IST, BST and their like are not, and
have no one meaning. Offsets are seconds east of UTC throughout.
"""

import zoneinfo
from datetime import datetime
from functools import cache
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np

from callconv_kit.model.texts import Ints

HOUR = 3600
DAY = 86_400

WESTERNMOST = -12 * HOUR
EASTERNMOST = 14 * HOUR
"""No place on Earth keeps an offset beyond these two; a cell that states one is wrong."""

FIXED = {
    "Z": 0,
    "UTC": 0,
    "GMT": 0,
    "EST": -5 * HOUR,
    "EDT": -4 * HOUR,
    "CST": -6 * HOUR,
    "CDT": -5 * HOUR,
    "MST": -7 * HOUR,
    "MDT": -6 * HOUR,
    "PST": -8 * HOUR,
    "PDT": -7 * HOUR,
}
"""Abbreviations and their offsets. They come before the IANA names: EST and MST are both."""

NO_PLACE = frozenset({"localtime", "Factory", "posixrules"})
"""Files of a zone database that say nothing about a place, or differ between machines."""

Zone: TypeAlias = int | ZoneInfo
"""A fixed offset, or a place whose clocks change."""


def find(name: str) -> Zone | None:
    """The zone of this name, in any case; None where the name has no one meaning."""
    fixed = FIXED.get(name.upper())
    if fixed is not None:
        return fixed
    listed = _names().get(name.casefold())
    return ZoneInfo(listed) if listed else None


def of_setting(name: str) -> Zone:
    """The zone of a job's `timezone`: an IANA name, or an offset such as `-05:00`.

    >>> of_setting("-05:30"), of_setting("America/New_York").key
    (-19800, 'America/New_York')
    """
    if name[0] not in "+-":
        return ZoneInfo(name)
    seconds = int(name[1:3]) * HOUR + int(name[4:6]) * 60
    return -seconds if name[0] == "-" else seconds


def looks_like_name(text: str) -> bool:
    """Whether `text` was meant as a name (`IST`, `Mars/Base`, `Eastern Time`), or is junk."""
    return text.isupper() or "/" in text or text.casefold().endswith(" time")


@cache
def _names() -> dict[str, str]:
    # The list of names, rather than an attempt to open a file of that name: a cell such as
    # "../etc/localtime" must not be looked for on disk.
    return {name.casefold(): name for name in zoneinfo.available_timezones() - NO_PLACE}


def offsets(zone: ZoneInfo, local: datetime) -> tuple[int, int]:
    """The offsets before and after, if the clocks were changed at this naive local time.

    The two are the same at an ordinary time; the first is smaller at a time that the clocks
    skipped, and larger at one that they showed twice.
    """
    before = local.replace(tzinfo=zone, fold=0).utcoffset()
    after = local.replace(tzinfo=zone, fold=1).utcoffset()
    assert before is not None  # noqa: S101 - a ZoneInfo always knows; said for the type checker
    assert after is not None  # noqa: S101 - the same
    return int(before.total_seconds()), int(after.total_seconds())


class Transitions(NamedTuple):
    """A zone's changes of offset over a stretch of time; n of them.

    first, last: local seconds between which the table holds.
    edges: 2 n local seconds, ascending: where each change begins and ends to make a local time
        one that was skipped or repeated.
    offsets: 2 n + 1 offsets, of the stretches that the edges part; those at odd places are of no
        use, as they lie in a change.
    """

    first: int
    last: int
    edges: Ints
    offsets: Ints


def transitions(zone: Zone, start: int, stop: int) -> Transitions:
    """The zone's changes between two epoch seconds, which lie in the years 1970 to 9998.

    A zone that changes twice within a day and ends as it began would be misread; none does.
    """
    if isinstance(zone, int):
        return Transitions(
            start + DAY, stop - DAY, np.zeros(0, np.int64), np.array([zone], np.int64)
        )
    changes: list[int] = []
    found = [_offset_at(zone, start)]
    for day in range(start, stop, DAY):
        after = _offset_at(zone, day + DAY)
        if after != found[-1]:
            changes.append(_change(zone, day, day + DAY))
            found.append(after)
    instants = np.array(changes, np.int64)
    known = np.array(found, np.int64)
    begin = instants + np.minimum(known[:-1], known[1:])
    end = instants + np.maximum(known[:-1], known[1:])
    return Transitions(
        # A local time lies within a day of its instant.
        start + DAY,
        stop - DAY,
        np.column_stack([begin, end]).ravel(),
        np.repeat(known, 2)[:-1],
    )


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The epoch second of the change between these two, of which `before` has the old offset."""
    old = _offset_at(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset_at(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset_at(zone: ZoneInfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset()
    assert offset is not None  # noqa: S101 - a ZoneInfo always knows; said for the type checker
    return int(offset.total_seconds())
