"""EventDate by arithmetic on arrays: the moments of fixed width that most exports hold.

    bytes ──shapes──▶ local seconds, offset ──zone──▶ instants ──age──▶ notes, and written text

A cell is known only where `moment_rule` would surely say the same; whatever else (a part out of
range, a time near a change of the clocks, a date whose order is not settled) is left to that rule.
A test holds the two equal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from callconv_kit.coercion import moment_rule, zones
from callconv_kit.coercion.cells import NoteIds, Vector, Vectored, note_id
from callconv_kit.coercion.moment_rule import EARLIEST_EPOCH, EPOCH_ORDINAL, Ages, MomentSettings
from callconv_kit.coercion.moment_shapes import BY_LENGTH, WRITTEN, Cells, Numbers, Shape
from callconv_kit.coercion.zones import DAY, EASTERNMOST, HOUR, WESTERNMOST, Transitions
from callconv_kit.model import texts
from callconv_kit.model.texts import Bools, Ints

FIRST_YEAR, END_YEAR = 2000, 2100
"""The years whose dates the tables hold; others are left to the rule."""

FIRST_DAY, END_DAY = (
    date(year, 1, 1).toordinal() - EPOCH_ORDINAL for year in (FIRST_YEAR, END_YEAR)
)
"""The same in days since 1970."""

DAYS_BACK, DAYS_AHEAD = 3 * 366, 366
"""How far around now a zone's changes are looked up; other local times are left to the rule."""

REWRITTEN, FRACTION, ZONE, EPOCH = 1, 2, 4, 8
"""What was changed in a cell, as bits."""

SAYINGS = 16
FINE, OLD, TOO_OLD, FUTURE = range(4)


def vector(settings: MomentSettings) -> Vector:
    """The vector path under these settings."""
    limits = moment_rule.ages(settings.now)
    notes = _notes()
    find = finder(settings)

    def path(text: pa.StringArray) -> Vectored:
        return _judge(find(text), text, limits, notes)

    return path


def finder(settings: MomentSettings) -> "Callable[[pa.StringArray], Moments]":
    """What finds the moments of a column, whatever their age."""
    limits = moment_rule.ages(settings.now)
    changes = _changes(settings.timezone, limits) if settings.timezone else None
    reach = {
        length: [shape for shape in shapes if changes is not None or not shape.naive]
        for length, shapes in BY_LENGTH.items()
    }

    def find(text: pa.StringArray) -> Moments:
        found = Moments.nothing(len(text))
        view = texts.view(text)
        lengths = np.where(texts.present(text), view.lengths, 0)
        for length in np.flatnonzero(np.bincount(lengths, minlength=1)):
            rows = np.flatnonzero(lengths == length)
            shapes = reach.get(int(length))
            if shapes:
                cells = Cells.gather(view, rows, int(length))
                _read_shapes(found, shapes, cells, rows, settings.date_order)
        if changes is not None:
            _apply_zone(found, changes)
        return found

    return find


@dataclass(slots=True)
class Moments:
    """What was read in n cells: whether it is known, local seconds, offset, and what changed."""

    known: Bools
    local: Ints
    offset: Ints
    changed: npt.NDArray[np.uint8]

    @classmethod
    def nothing(cls, count: int) -> "Moments":
        """Not one cell known."""
        return cls(
            np.zeros(count, np.bool_),
            np.zeros(count, np.int64),
            np.zeros(count, np.int64),
            np.zeros(count, np.uint8),
        )

    def put(self, rows: Ints, part: "Moments") -> None:
        """Take over what was read in the cells of these ascending rows."""
        at = slice(None) if len(rows) == len(self.known) else rows
        self.known[at] = part.known
        self.local[at] = part.local
        self.offset[at] = part.offset
        self.changed[at] = part.changed


def _read_shapes(
    found: Moments, shapes: list[Shape], cells: Cells, rows: Ints, order: str | None
) -> None:
    """Read cells of one length in the shapes of that length, each in the first that fits."""
    for shape in shapes:
        fits = cells.literals_of(shape)
        if fits.all():
            found.put(rows, _read(shape, cells, order))
            return
        if fits.any():
            found.put(rows[fits], _read(shape, cells.at(fits), order))
            cells, rows = cells.at(~fits), rows[~fits]


def _read(shape: Shape, cells: Cells, order: str | None) -> Moments:
    """Read cells that hold the marks of this shape."""
    if shape.has("#"):
        return _read_epoch(shape, cells)
    days, known = _days(shape, cells, order)
    seconds, is_time = _seconds(shape, cells)
    offset, is_offset = _offset(shape, cells)
    known &= is_time
    known &= is_offset
    if shape.has("f"):
        known &= cells.are_digits(shape, "f")
    changed = (
        (REWRITTEN if shape.rewritten else 0)
        | (FRACTION if shape.has("f") else 0)
        | (ZONE if shape.naive else 0)
    )
    changes = np.full(len(cells), changed, np.uint8)
    return Moments(known, days.astype(np.int64) * DAY + seconds, offset.astype(np.int64), changes)


def _read_epoch(shape: Shape, cells: Cells) -> Moments:
    count, known = cells.digits()
    rest = np.zeros(len(cells), np.int64)
    if len(shape.template) > len("1794000000"):
        count, rest = np.divmod(count, 1000)
    known &= (count >= EARLIEST_EPOCH) & (count < END_DAY * DAY)
    changed = np.where(rest > 0, EPOCH | FRACTION, EPOCH).astype(np.uint8)
    return Moments(known, count, np.zeros(len(cells), np.int64), changed)


def _days(shape: Shape, cells: Cells, order: str | None) -> tuple[Numbers, Bools]:
    """Days since 1970, and where the date exists and is settled."""
    year = cells.number(shape, "y")
    settled: Bools | bool = True
    if shape.has("p"):
        first, second = cells.number(shape, "p"), cells.number(shape, "q")
        month, day = (second, first) if order == "day-first" else (first, second)
        if order is None:
            swap = first > 12
            month, day = np.where(swap, second, first), np.where(swap, first, second)
            settled = swap | (second > 12) | (first == second)
    else:
        month, day = cells.number(shape, "o"), cells.number(shape, "d")
    starts, lengths = _months()
    known = (year >= FIRST_YEAR) & (year < END_YEAR) & (month >= 1) & (month <= 12) & settled
    place = (year - FIRST_YEAR) * 12 + month - 1
    # A place beyond the table is clipped to it; such a cell is not known.
    known &= (day >= 1) & (day <= lengths.take(place, mode="clip"))
    return starts.take(place, mode="clip") + day - 1, known


def _seconds(shape: Shape, cells: Cells) -> tuple[Numbers, Bools]:
    """Seconds after midnight, and where there is such a time."""
    hour, minute = cells.number(shape, "h"), cells.number(shape, "i")
    known = minute < 60
    if shape.has("a"):
        known &= (hour >= 1) & (hour <= 12)
        hour = hour % 12 + 12 * cells.holds(shape, "a", "p")
    else:
        known &= hour < 24
    seconds = hour * HOUR + minute * 60
    if shape.has("s"):
        second = cells.number(shape, "s")
        known &= second < 60
        seconds += second
    return seconds, known


def _offset(shape: Shape, cells: Cells) -> tuple[Numbers, Bools]:
    """Seconds east of UTC, and where there is such an offset; 0 if the shape states none."""
    if not shape.has("±"):
        return np.zeros(len(cells), np.int32), np.ones(len(cells), np.bool_)
    minutes = cells.number(shape, "n")
    seconds = cells.number(shape, "x") * HOUR + minutes * 60
    west = cells.holds(shape, "±", "-")
    # -00:00 becomes +00:00, which is more than this shape does.
    known = (minutes < 60) & ~(west & (seconds == 0))
    seconds = np.where(west, -seconds, seconds)
    known &= (seconds >= WESTERNMOST) & (seconds <= EASTERNMOST)
    return seconds, known


def _changes(timezone: str, limits: Ages) -> Transitions:
    start = max(limits.latest - DAYS_BACK * DAY, FIRST_DAY * DAY)
    stop = min(limits.latest + DAYS_AHEAD * DAY, END_DAY * DAY)
    return zones.transitions(zones.of_setting(timezone), start, stop)


def _apply_zone(found: Moments, changes: Transitions) -> None:
    """Give the times without an offset that of the zone; near a change they are not known."""
    rows = np.flatnonzero(found.changed & ZONE)
    if not len(rows):
        return
    at: slice | Ints = slice(None) if len(rows) == len(found.known) else rows
    local = found.local[at]
    place = np.searchsorted(changes.edges, local, "right")
    in_a_change = place % 2 == 1
    found.known[at] &= ~in_a_change & (local >= changes.first) & (local < changes.last)
    found.offset[at] = changes.offsets[place]


class Notes(NamedTuple):
    """Note numbers by age and by what was changed."""

    numbers: NoteIds

    def of(self, age: npt.NDArray[np.uint8], changed: npt.NDArray[np.uint8]) -> NoteIds:
        """The numbers of n cells."""
        numbers: NoteIds = self.numbers[age * np.uint8(SAYINGS) + changed]
        return numbers


@cache
def _notes() -> Notes:
    fine, old = [], []
    for changed in range(SAYINGS):
        rules = (
            *(("moment_rewritten",) if changed & REWRITTEN else ()),
            *(("zone_applied",) if changed & ZONE else ()),
            *(("fraction_dropped",) if changed & FRACTION else ()),
            *(("epoch_read",) if changed & EPOCH else ()),
        )
        fine.append(note_id(None, rules))
        old.append(note_id(None, rules, ("event_old",)))
    too_old = [note_id("event_too_old")] * SAYINGS
    future = [note_id("event_in_future")] * SAYINGS
    return Notes(np.array([*fine, *old, *too_old, *future], np.uint16))


def _judge(found: Moments, text: pa.StringArray, limits: Ages, notes: Notes) -> Vectored:
    """Values and notes, once the age is known."""
    instant = found.local - found.offset
    age = (instant < limits.old_before).astype(np.uint8)
    age += instant < limits.too_old_before
    age[instant > limits.latest] = FUTURE
    values = text
    kept = age < TOO_OLD
    changed = np.flatnonzero(found.known & kept & (found.changed > 0))
    if len(changed):
        values = texts.put(values, changed, _written(found.local[changed], found.offset[changed]))
    rejected = np.flatnonzero(found.known & ~kept)
    if len(rejected):
        values = texts.put(values, rejected, texts.nulls(len(rejected)))
    return Vectored(found.known, values, notes.of(age, found.changed))


def _written(local: Ints, offset: Ints) -> pa.StringArray:
    """ISO 8601 with seconds and offset, put together from tables of its three parts."""
    days, seconds = np.divmod(local, DAY)
    parts = [("day", "S10"), ("clock", "S9"), ("offset", "S6")]
    cells = np.empty(len(local), parts)
    cells["day"] = _day_texts()[days - FIRST_DAY]
    cells["clock"] = _clock_texts()[seconds]
    cells["offset"] = _offset_texts()[(offset - WESTERNMOST) // 60]
    ends = np.arange(len(local) + 1, dtype=np.int32) * np.int32(len(WRITTEN))
    return texts.from_bytes(cells.view(np.uint8), ends)


@cache
def _months() -> tuple[Numbers, Numbers]:
    """First day (since 1970) and length in days of every month from 2000 to 2099."""
    firsts = np.arange("2000-01", "2100-02", dtype="datetime64[M]").astype("datetime64[D]")
    days = firsts.astype(np.int32)
    return days[:-1], np.diff(days)


@cache
def _day_texts() -> npt.NDArray[np.bytes_]:
    return np.arange("2000-01-01", "2100-01-01", dtype="datetime64[D]").astype("S10")


@cache
def _clock_texts() -> npt.NDArray[np.bytes_]:
    """`T00:00:00` to `T23:59:59`."""
    numbers = np.array([f":{number:02}" for number in range(60)], "S3")
    parts = [("hour", "S3"), ("minute", "S3"), ("second", "S3")]
    clocks = np.empty((24, 60, 60), parts)
    clocks["hour"] = np.strings.replace(numbers[:24], b":", b"T")[:, None, None]
    clocks["minute"] = numbers[:, None]
    clocks["second"] = numbers
    return clocks.reshape(-1).view("S9")


@cache
def _offset_texts() -> npt.NDArray[np.bytes_]:
    """Every offset from the westernmost to the easternmost, in steps of a minute."""
    minutes = range(WESTERNMOST // 60, EASTERNMOST // 60 + 1)
    return np.array(
        [
            f"{'-' if each < 0 else '+'}{abs(each) // 60:02}:{abs(each) % 60:02}".encode()
            for each in minutes
        ]
    )
