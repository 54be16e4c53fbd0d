"""CallDuration and TalkDuration: columns of seconds, sums of their parts, differences of moments.

A column that holds the talk is never taken for the whole call. Where an export has no duration of
the whole call, it is the end less the start, or the waiting and the talk added up.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from callconv_kit.profiling import kinds
from callconv_kit.profiling.moments import FITS, IN_ORDER, SLACK, moment_columns
from callconv_kit.profiling.naming import Named, duration_role
from callconv_kit.profiling.proposal import Alternative, Confidence, Proposal
from callconv_kit.profiling.sample import Column, Sample

NEAR = 0.1
"""By so much of itself may a ratio miss a unit."""

LONG_CALL = 14_400
"""Seconds; hardly a call is longer than four hours, and in no export most are."""

DAY_DECIMALS = 5
"""Decimals of a day that name a second."""

UNITS = {"milliseconds": 1000.0, "minutes": 1 / 60}
"""Of a bare number in one second."""


class Durations(NamedTuple):
    """What CallDuration and TalkDuration may come from."""

    call: Proposal
    talk: Proposal


class _Found(NamedTuple):
    column: Column
    role: Named


def durations(sample: Sample, *, order: str = "month-first") -> Durations:
    """The durations of the calls.

    Args:
        sample: the rows.
        order: how dates with two readings are read when moments are subtracted.
    """
    found = [
        _Found(column, role)
        for column in sample.named
        if column.seconds >= FITS and column.moments < FITS and (role := duration_role(column.name))
    ]
    call = _call(sample, found, order)
    talk = _talk(sample, found, call, order)
    call, talk = _with_unit(call, sample, order), _with_unit(talk, sample, order)
    if call.unit and talk.how == "column" and not talk.unit and _is_bare_column(talk, sample):
        # What is never longer than the call in its numbers counts the same.
        talk = replace(talk, unit=call.unit, confidence="likely")
    return Durations(call, talk)


def _of(found: Sequence[_Found], *roles: str) -> list[_Found]:
    """Columns of these roles: exact names first, then fuller ones."""
    chosen = [each for each in found if each.role.role in roles]
    return sorted(
        chosen,
        key=lambda each: (
            not each.role.exact,
            roles.index(each.role.role),
            "total" not in each.column.concepts,
            -each.column.fill,
        ),
    )


def _column(name: str, best: _Found, because: str, others: Sequence[_Found], also: str) -> Proposal:
    """A duration from one column, with the others that might be meant."""
    return Proposal(
        name,
        "column",
        (best.column.name,),
        confidence="sure" if best.role.exact else "likely",
        because=because,
        alternatives=tuple(Alternative((each.column.name,), also) for each in others),
    )


def _call(sample: Sample, found: Sequence[_Found], order: str) -> Proposal:
    whole = _of(found, "call_duration")
    if whole:
        best, *others = whole
        talks = [each for each in _of(found, "talk") if _fits_into(sample, each, best)]
        within = f"; {talks[0].column.name!r} is never longer" if talks else ""
        because = f"{_named(best)} for the whole call; its cells are durations{within}"
        return _column("CallDuration", best, because, others, "also a duration")
    ends = _difference("CallDuration", sample, ("start", "moment"), ("end",), order)
    parts = _parts(found)
    if ends is not None:
        summed = (Alternative(parts, "their sum"),) if parts else ()
        return Proposal(
            "CallDuration",
            "difference",
            ends.sources,
            confidence="likely",
            because="no column holds the duration of the call; it is the end less the start",
            alternatives=summed,
        )
    if parts:
        return Proposal(
            "CallDuration",
            "sum",
            parts,
            confidence="likely",
            because="no column holds the duration of the whole call; these are its parts",
        )
    return Proposal("CallDuration")


def _parts(found: Sequence[_Found]) -> tuple[str, ...]:
    """The waiting and the talk, of which a call consists; nothing where one is missing."""
    talk = _of(found, "talk")
    waiting = _of(found, "wait", "ring")
    if not talk or not waiting:
        return ()
    menu = _of(found, "ivr")[:1]
    return tuple(each.column.name for each in (*menu, waiting[0], talk[0]))


def _talk(sample: Sample, found: Sequence[_Found], call: Proposal, order: str) -> Proposal:
    whole = sample.column(call.sources[0]) if call.how == "column" else None
    talks = _of(found, "talk")
    if whole is not None:
        talks = [each for each in talks if _fits_into(sample, each, _Found(whole, each.role))]
    if talks:
        best, *others = talks
        because = f"{_named(best)} for the talk; it is never longer than the call"
        return _column("TalkDuration", best, because, others, "also a talk time")
    spoken = _difference("TalkDuration", sample, ("answer_time",), ("end",), order)
    return spoken if spoken is not None else Proposal("TalkDuration")


def _named(each: _Found) -> str:
    return "a known name" if each.role.exact else "its name is one"


def _fits_into(sample: Sample, talk: _Found, whole: _Found) -> bool:
    """Whether a duration is never longer than another, but for few rows."""
    pairs = sample.pairs(talk.column.name, whole.column.name, kinds.seconds)
    if not pairs:
        return True
    scale = _scale(talk.column) / _scale(whole.column)
    fitting = sum(first <= second * scale + SLACK for first, second in pairs)
    return fitting >= len(pairs) * IN_ORDER


def _scale(column: Column) -> float:
    """How many of a column's bare numbers are a second, by its name; 1 where it says nothing."""
    if column.clocks >= FITS:
        return 1.0
    return next((UNITS[unit] for unit in UNITS if unit in column.concepts), 1.0)


def _difference(
    name: str, sample: Sample, first: Sequence[str], last: Sequence[str], order: str
) -> Proposal | None:
    """The time between two moments of each row, if the later one is never the earlier."""
    moments = moment_columns(sample)

    def of(roles: Sequence[str]) -> list[Column]:
        chosen = [(column, role) for column, role in moments if role.role in roles]
        chosen.sort(key=lambda each: (roles.index(each[1].role), not each[1].exact))
        return [column for column, _ in chosen]

    for end in of(last):
        for start in of(first):
            pairs = sample.pairs(end.name, start.name, lambda text: kinds.instant(text, order))
            spans = [later - earlier for later, earlier in pairs]
            if not all(_is_read(sample, column.name, order) for column in (start, end)):
                continue  # such as a 0 where nobody answered: these rows would be rejected
            if not spans or all(span % 60 == 0 for span in spans):
                continue  # moments in whole minutes give no duration in seconds
            good = sum(-SLACK < span <= 86_400 for span in spans)
            if good >= len(spans) * IN_ORDER and any(spans):
                return Proposal(
                    name,
                    "difference",
                    (end.name, start.name),
                    confidence="likely",
                    because=f"the time from {start.name!r} to {end.name!r}",
                )
    return None


def _is_read(sample: Sample, name: str, order: str) -> bool:
    """Whether every cell that holds something can be subtracted, but for few rows."""
    held = [text for text in sample.aligned(name) if text]
    read = sum(kinds.instant(text, order) is not None for text in held)
    return read >= len(held) * IN_ORDER


def is_of_talk(sample: Sample, name: str) -> bool:
    """Whether a duration is zero exactly in the calls without a time of connection.

    Args:
        sample: the rows.
        name: a column of durations, such as the `duration` of Cisco's call detail records.
    """
    lasting = [bool(text and kinds.seconds(text)) for text in sample.aligned(name)]
    for column, role in moment_columns(sample):
        if role.role == "answer_time":
            connected = [text not in ("", "0", None) for text in sample.aligned(column.name)]
            if connected == lasting and 0 < sum(connected) < len(connected):
                return True
    return False


def _with_unit(proposal: Proposal, sample: Sample, order: str) -> Proposal:
    """The proposal with the unit of its bare numbers, where that is not seconds."""
    if proposal.how != "column":
        return proposal
    column = sample.column(proposal.sources[0])
    if column is None or not _is_bare_column(proposal, sample):
        return proposal
    unit = next((unit for unit in UNITS if unit in column.concepts), "")
    confidence: Confidence = proposal.confidence
    why = f"its name says {unit}" if unit else ""
    if not unit:
        unit = _unit_by_moments(column, sample, order)
        why = f"compared with the moments of its rows, it counts {unit}"
        if not unit and _is_too_large(column):
            unit, why = "milliseconds", "its numbers are too large for seconds"
        if not unit and _are_of_a_day(column):
            unit, why = "days", "its numbers are fractions of a day, as spreadsheets hold times"
        if not unit and _has_short_calls(column):
            return replace(proposal, unit="seconds")
        confidence = "likely"
    if not unit:
        return proposal
    because = f"{proposal.because}; {why}"
    return replace(proposal, confidence=confidence, because=because, unit=unit)


def _is_bare_column(proposal: Proposal, sample: Sample) -> bool:
    column = sample.column(proposal.sources[0])
    return column is not None and column.share(_is_bare) >= FITS


def _is_too_large(column: Column) -> bool:
    """Whether most calls would last longer than `LONG_CALL`, if its numbers were seconds."""
    lengths = [seconds for text in column.some if (seconds := kinds.seconds(text))]
    large = sum(seconds > LONG_CALL for seconds in lengths)
    return len(lengths) > 1 and large > len(lengths) / 2


def _are_of_a_day(column: Column) -> bool:
    """Whether all numbers lie below 1 and most have the decimals of a second: 201 s is 0.002326."""
    lengths = [text for text in column.some if kinds.seconds(text)]
    exact = sum(len(text.partition(".")[2]) >= DAY_DECIMALS for text in lengths)
    below = all((kinds.seconds(text) or 0) < 1 for text in lengths)
    return below and exact > len(lengths) / 2


def _has_short_calls(column: Column) -> bool:
    """Whether some calls lasted a part of a second; without a unit a run rejects such a number."""
    lengths = [seconds for text in column.some if (seconds := kinds.seconds(text))]
    return (
        any(each < 1 for each in lengths) and sum(each > 1 for each in lengths) > len(lengths) / 2
    )


def _is_bare(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _unit_by_moments(column: Column, sample: Sample, order: str) -> str:
    """What a number counts, by the time between the start and the end of its row."""
    ends = _difference("CallDuration", sample, ("start", "moment"), ("end",), order)
    if ends is None:
        return ""
    end, start = (sample.aligned(name) for name in ends.sources)
    ratios = []
    for number, last, first in zip(sample.aligned(column.name), end, start, strict=True):
        length, later, earlier = (
            kinds.seconds(number) if number else None,
            kinds.instant(last, order) if last else None,
            kinds.instant(first, order) if first else None,
        )
        if length and later is not None and earlier is not None and later - earlier > 1:
            ratios.append(length / (later - earlier))
    for unit, ratio in UNITS.items():
        near = sum(abs(each / ratio - 1) <= NEAR for each in ratios)
        if ratios and near >= len(ratios) * FITS:
            return unit
    return ""
