"""What a job must say that no export says: at most seven questions, each with what the data shows.

A question comes only where it matters: no zone is asked for where every time carries an offset.
What can be answered from evidence is proposed, never applied by itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from callconv_kit.job import PRESETS
from callconv_kit.mapping import preset as presets
from callconv_kit.mapping.preset import Preset
from callconv_kit.model.names import plain
from callconv_kit.profiling.columns import Profile, shown_name
from callconv_kit.profiling.inspection import Inspection
from callconv_kit.profiling.likeness import Likeness
from callconv_kit.profiling.times import Times

MOST = 7
"""Questions; the least important go first where there are more."""

DISPENSABLE = ("called_number", "preset", "session_id_from", "talk_time")
"""Keys of the questions that are left out first; what they ask for is marked in the file."""

WHOSE = ("preset", "columns")
"""Keys of the questions on whose answers the others depend."""

ZONES = {
    **dict.fromkeys(("ET", "EST", "EDT", "EASTERN"), "America/New_York"),
    **dict.fromkeys(("CT", "CST", "CDT", "CENTRAL"), "America/Chicago"),
    **dict.fromkeys(("MT", "MST", "MDT", "MOUNTAIN"), "America/Denver"),
    **dict.fromkeys(("PT", "PST", "PDT", "PACIFIC"), "America/Los_Angeles"),
    **dict.fromkeys(("UTC", "GMT"), "UTC"),
}
"""Words for a zone in a header, and the zone that they mean in North America."""

SURE = 0.8
"""A preset that knows so much of a header is not asked about."""

LOOKUP_FILE = "trackers.csv"

ONE_KEY = 0.5
"""A look-up key that stands in so many rows tells hardly anything apart."""

IDS = {
    "CampaignId": (
        "program",
        "the id of your program; impact.com lists it with your programs",
        re.compile(r"program|campaign", re.IGNORECASE),
    ),
    "MediaId": (
        "partner",
        "the id of the partner who is paid; impact.com shows it in the partner's profile",
        re.compile(r"partner|media|publisher|affiliate", re.IGNORECASE),
    ),
    "ActionTrackerId": (
        "event type",
        "the id of the call's event type; in impact.com: your profile → Settings → Tracking → "
        "Event Types",
        re.compile(r"event.?type|action|tracker", re.IGNORECASE),
    ),
}
"""The ids that are impact.com's: what its screens call them, where to find each, likely names."""

_WHOLE = re.compile(r"9[9…]*(?:,999)*(?:\.9)?")


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    key: the setting or column that the answer is for.
    text: the question; hint: how it may be answered; where: in which place the answer stands.
    samples: cells that it is about.
    proposal: an answer from the evidence; empty where there is none. `because` says why.
    choices: the only answers, where there are only some.
    warning: what to mind.
    """

    key: str
    text: str
    hint: str = ""
    where: str = ""
    samples: tuple[str, ...] = ()
    proposal: str = ""
    because: str = ""
    choices: tuple[str, ...] = ()
    warning: str = ""


def questions(inspection: Inspection, *, asked_before: int = 0) -> tuple[Question, ...]:
    """The questions that are asked of a person, in their order: at most `MOST` of the open ones.

    Args:
        inspection: of the export.
        asked_before: how many were asked of the same export already.
    """
    asked = list(open_points(inspection))
    for key in DISPENSABLE:
        if len(asked) + asked_before > MOST:
            asked = [question for question in asked if question.key != key]
    return tuple(asked)


def open_points(inspection: Inspection) -> Iterator[Question]:
    """All that this export leaves open, however much that be."""
    yield from _whose(inspection)
    yield from _when(inspection)
    yield from _which_number(inspection)
    yield from _lacking(inspection)
    for column in IDS:
        if column in inspection.missing:
            yield _id(inspection, column)


def _whose(inspection: Inspection) -> Iterator[Question]:
    if "preset" not in inspection.settings and inspection.fits and inspection.fit < SURE:
        fit = inspection.fits[0]
        yield Question(
            "preset",
            "Whose export is this?",
            hint="the name of a preset, or none",
            samples=tuple(shown_name(column.name, 40) for column in inspection.columns[:5]),
            proposal=fit.preset,
            because=f"{fit.known} of its {fit.columns} columns are {fit.title}'s",
            choices=(*PRESETS, "none"),
        )
    needed = [each for each in inspection.likely if each.column in inspection.missing]
    if not inspection.fits and "columns" not in inspection.settings and needed:
        yield Question(
            "columns",
            "No preset knows this export. Do its columns mean this?",
            hint="yes takes them all over; no leaves them in the file, to be chosen by hand",
            samples=tuple(_meant(inspection, each) for each in inspection.likely),
            proposal="yes",
            because="their names and their cells look like it",
            choices=("yes", "no"),
        )


def _meant(inspection: Inspection, each: Likeness) -> str:
    column = inspection.column(each.source)
    cells = f" ({column.samples[0]})" if column and column.samples else ""
    return f"{each.column} from {shown_name(each.source, 40)!r}{cells}"


def _when(inspection: Inspection) -> Iterator[Question]:
    times = inspection.times
    if times is None:
        return
    column = inspection.column(times.column)
    samples = column.samples if column else ()
    if times.without_offset:
        zone, because = _zone(inspection, times)
        hours = times.busy_hours
        yield Question(
            "timezone",
            f"In which time zone are the times of {times.column!r}?",
            hint="an IANA name such as America/New_York, or UTC",
            samples=samples,
            proposal=zone,
            because=because,
            warning=f"most calls lie between {hours[0]}:00 and {hours[1]}:00 by these clocks"
            if hours
            else "",
        )
    if times.two_readings:
        proven = times.proven_order
        yield Question(
            "date_order",
            f"Is {times.first_of_two!r} month first or day first?",
            samples=samples,
            proposal=proven,
            because=f"line {times.orders[proven]} can be read in no other way" if proven else "",
            choices=("month-first", "day-first"),
            warning=""
            if proven or not any(times.orders.values())
            else "some lines can only be month-first and others only day-first",
        )


def _zone(inspection: Inspection, times: Times) -> tuple[str, str]:
    """The zone for which there is evidence, and the evidence; blanks where there is none."""
    for column in inspection.columns:
        named = re.search(r"time.?zone", column.name, re.IGNORECASE)
        if named and column.distinct == 1 and "/" in column.samples[0]:
            return column.samples[0], f"the column {column.name!r} says so in every row"
    words = re.findall(r"[A-Za-z]+", times.column)
    named_zone = next((ZONES[word.upper()] for word in words if word.upper() in ZONES), "")
    return named_zone, f"the header says {times.column!r}" if named_zone else ""


def _which_number(inspection: Inspection) -> Iterator[Question]:
    preset = _preset(inspection)
    if preset is None:
        return
    numbers = preset.about.called_number
    destination = _filled(inspection, preset, numbers.destination)
    tracking = _filled(inspection, preset, numbers.tracking)
    if destination is None or tracking is None:
        return
    yield Question(
        "called_number",
        "Which number is the one that was called?",
        hint=f"destination is {destination.name!r}, tracking is {tracking.name!r}",
        samples=(*destination.samples[:1], *tracking.samples[:1]),
        proposal="destination",
        because="the published page asks for the destination first",
        choices=("destination", "tracking"),
    )


def _lacking(inspection: Inspection) -> Iterator[Question]:
    if "CallSessionId" in inspection.missing:
        named = [
            column.name
            for column in inspection.columns
            if column.fill == 1
            and column.distinct == column.rows > 1
            and _means(inspection, column.name) <= _MAY_NAME_A_CALL
        ]
        fed = [names[0] for key in _TELLING if (names := inspection.feeds.get(key))]
        yield Question(
            "session_id_from",
            "The export has no call id. From which columns together may one be derived?",
            hint="names with commas between; their hash stands in, nobody can read it back",
            samples=tuple(named[:3]),
            proposal=", ".join(named[:1] or fed),
            because="each row has another value there" if named else "together they name a call",
        )
    if "TalkDuration" in inspection.missing and "CallDuration" in inspection.feeds:
        yield Question(
            "talk_time",
            "The export has no talk time. Take the call's duration where it was answered, else 0?",
            proposal="call_if_answered",
            because="that is all such an export can say",
            choices=("call_if_answered", "column"),
        )


def _means(inspection: Inspection, name: str) -> set[str]:
    return {*inspection.goes_to(name), inspection.similar.get(name, "")}


_TELLING = ("EventDate", "CallerId", "CalledPhoneNumber", "CallDuration")
"""Columns that together name a call where nothing else does."""

_MAY_NAME_A_CALL = {"", "CallSessionId", "VendorEventId", "CallRecording", "ReferenceId"}
"""A column that means another one does not, even if no value of it occurs twice in this file."""


def _id(inspection: Inspection, column: str) -> Question:
    called, where, likely = IDS[column]
    named = [each.source for each in inspection.likely if each.column == column]
    candidates = [
        profile
        for profile in inspection.columns
        if profile.name in named or (likely.search(profile.name) and _is_free(inspection, profile))
    ]
    found = next((each for each in candidates if each.name in named), None) or next(
        iter(candidates), None
    )
    key = lookup_key(inspection)
    by_file = f', or a look-up file: {LOOKUP_FILE} by "{key.name}"' if key else ""
    warning = ""
    if key and key.top_share >= ONE_KEY and (key.distinct or 0) > 1:
        warning = one_key(key)
    return Question(
        column,
        f"{column}, the {called}: one value for all rows, or where does it come from?",
        hint=f"a number, a column's name{by_file}",
        where=where,
        samples=found.samples if found else (),
        proposal=found.name if found else "",
        because="it is named so and holds whole numbers" if found else "",
        warning=warning,
    )


def one_key(key: Profile) -> str:
    """What to mind of a look-up key that covers most rows."""
    return (
        f"one value of {shown_name(key.name, 40)!r} stands in {key.top_share:.0%} of the rows: "
        "a look-up by it gives nearly all of them the same"
    )


def _is_free(inspection: Inspection, profile: Profile) -> bool:
    """Whether a column holds whole numbers, and is not the vendor's own."""
    preset = _preset(inspection)
    own = frozenset(map(plain, preset.names)) if preset else frozenset()
    whole = bool(profile.shapes) and all(_WHOLE.fullmatch(shape) for shape in profile.shapes)
    return whole and plain(profile.name) not in own


def lookup_key(inspection: Inspection) -> Profile | None:
    """The column by which ids are looked up best: the tracking number, else the number called."""
    preset = _preset(inspection)
    if preset is not None:
        numbers = preset.about.called_number
        found = _filled(inspection, preset, (*numbers.tracking, *numbers.destination))
        if found is not None:
            return found
    for name in inspection.feeds.get("CalledPhoneNumber", ()):
        return inspection.column(name)
    return None


def _filled(inspection: Inspection, preset: Preset, names: tuple[str, ...]) -> Profile | None:
    for name in names:
        for spelling in preset.spellings(name):
            for column in inspection.columns:
                if plain(column.name) == plain(spelling) and column.filled:
                    return column
    return None


def _preset(inspection: Inspection) -> Preset | None:
    return presets.load(inspection.preset) if inspection.preset else None
