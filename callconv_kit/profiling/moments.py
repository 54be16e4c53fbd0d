"""EventDate: the column of the start, or a date and a time in two, and the zone of its times."""

from collections.abc import Iterator, Sequence

from callconv_kit.profiling import kinds, words
from callconv_kit.profiling.naming import Named, date_role, known_roles, moment_role
from callconv_kit.profiling.proposal import Alternative, Confidence, Proposal
from callconv_kit.profiling.sample import Column, Sample

FITS = 0.9
"""Of the texts of a column are of a kind, for the column to be of it."""

IN_ORDER = 0.95
"""Of the rows show two moments in one order, for the columns to stand in it."""

HOUR = 3600
MOSTLY = 0.5
"""Of the times of day are later than 1 o'clock at night."""

SLACK = 1.0
"""Seconds by which rounding may put two moments out of order."""

_RANK = {("start", True): 0, ("start", False): 1, ("moment", False): 2}


def moment_columns(sample: Sample) -> list[tuple[Column, Named]]:
    """The columns of dates with times, and the role of each."""
    return [(column, moment_role(column.name)) for column in sample.named if column.moments >= FITS]


def event_date(sample: Sample, *, zone: str = "", order: str = "month-first") -> Proposal:
    """What EventDate may come from.

    Args:
        sample: the rows.
        zone: the time zone that somebody has named; a column whose header states another one is
            not meant by it.
        order: how dates with two readings are read when moments are compared.
    """
    found = [
        (column, role)
        for column, role in moment_columns(sample)
        if (role.role, role.exact) in _RANK and not _is_midnight(column, order)
    ]
    found.sort(
        key=lambda each: (
            each[0].fill < FITS,  # such as a start that only answered calls have
            _rank(each[1]),
            _zone_rank(each[0], zone),
            -each[0].fill,
        )
    )
    found = [each for each in found if not _is_late(each[0], sample, order)]
    if not found:
        return _joined(sample, order)
    column, role = found[0]
    alike = [other for other, named in found[1:] if _rank(named) == _rank(role)]
    confidence: Confidence = "sure" if role.exact and not alike else "likely"
    if role.role == "moment" and len(found) > 1:
        confidence = "likely"
    return Proposal(
        "EventDate",
        "column",
        (column.name,),
        confidence=confidence,
        because=_because(role, sample),
        alternatives=tuple(
            Alternative((other.name,), "also a date with a time") for other, _ in found[1:]
        ),
    )


def _rank(role: Named) -> int:
    return _RANK[role.role, role.exact]


def _zone_rank(column: Column, zone: str) -> int:
    """Columns whose header states another zone than the one that was named come last."""
    stated = words.zone_in(column.name)
    if not zone:
        return 0 if stated else 1
    return 2 if stated and stated != zone else 0


def _because(role: Named, sample: Sample) -> str:
    others = [
        name for name, named in moment_columns(sample) if named.role in ("end", "answer_time")
    ]
    after = f", and comes before {others[0].name!r}" if others else ""
    if role.exact:
        return f"a known name for the start of a call; its cells are dates with times{after}"
    if role.role == "start":
        return f"its name says start; its cells are dates with times{after}"
    return f"the only dates with times that do not say end or answer{after}"


def _is_midnight(column: Column, order: str) -> bool:
    """Whether all its times are midnight: a date, as spreadsheets write it."""
    seen = [moment for text in column.some if (moment := kinds.instant(text, order)) is not None]
    return len(seen) > 1 and all(moment % 86_400 == 0 for moment in seen)


def _is_late(column: Column, sample: Sample, order: str) -> bool:
    """Whether it is later than an end or an answer of the same rows, as far as zones allow."""
    for other, role in moment_columns(sample):
        if role.role not in ("end", "answer_time") or other is column:
            continue
        if words.zone_in(other.name) != words.zone_in(column.name):
            continue
        pairs = sample.pairs(column.name, other.name, lambda text: kinds.instant(text, order))
        if pairs and _share(pairs) < 1 - IN_ORDER:
            return True
    return False


def _share(pairs: Sequence[tuple[float, float]]) -> float:
    """The share of pairs whose first is not later than its second."""
    return sum(first <= second + SLACK for first, second in pairs) / len(pairs)


def _joined(sample: Sample, order: str) -> Proposal:
    """A date and a time of day in two columns."""
    dates = [
        column
        for column in sample.named
        if (column.dates >= FITS or (column.moments >= FITS and _is_midnight(column, order)))
        and date_role(column.name)
    ]
    clocks = [
        column
        for column in sample.named
        if column.clocks >= FITS and date_role(column.name) and _is_time_of_day(column)
    ]
    pairs = list(_pairs(dates, clocks))
    if not pairs:
        return Proposal("EventDate")
    (day, time), *rest = pairs
    exact = known_roles(day.name) and known_roles(time.name) and not rest
    return Proposal(
        "EventDate",
        "join",
        (day.name, time.name),
        confidence="sure" if exact else "likely",
        because="a date and a time of day in two columns, and no column holds both",
        alternatives=tuple(Alternative((one.name, other.name)) for one, other in rest),
    )


def _is_time_of_day(column: Column) -> bool:
    about = column.concepts
    if column.share(lambda text: (kinds.clock(text) or 0) >= HOUR) < MOSTLY:
        return False  # 0:03:21 is how long a call took
    meridiem = column.share(lambda text: text[-1:] in "mM.") >= FITS
    return (
        meridiem
        or ("time" in about and "call" not in about)
        or "time_of_day" in known_roles(column.name)
    )


def _pairs(dates: Sequence[Column], clocks: Sequence[Column]) -> Iterator[tuple[Column, Column]]:
    """Dates with their times: those that share a word first, else in the order of the header."""
    both = [(day, time) for day in dates for time in clocks]
    yield from sorted(
        both,
        key=lambda pair: (
            -len(set(words.words_of(pair[0].name)) & set(words.words_of(pair[1].name))),
            "start" not in pair[0].concepts,
            pair[0].position,
            abs(pair[1].position - pair[0].position),
        ),
    )


def zone_of(sample: Sample, names: Sequence[str]) -> tuple[str, str, Confidence]:
    """The time zone of columns of times, where the export states it, and the evidence."""
    for name in names:
        stated = words.zone_in(name)
        if stated:
            return stated, f"the header {name!r} says so", "sure"
    column = zone_column(sample)
    if column is not None and len(column.texts) == 1:
        return column.texts[0], f"the column {column.name!r} says so in every row", "sure"
    return "", "", "none"


def zone_column(sample: Sample) -> Column | None:
    """A column that names the zone of each row."""
    for column in sample.named:
        if column.zones >= FITS and "zone" in column.concepts and column.fill >= FITS:
            return column
    return None


def with_zone_column(proposal: Proposal, sample: Sample, *, naive: bool) -> Proposal:
    """The times joined with the column of their zones, where rows differ in it."""
    column = zone_column(sample)
    if column is None or len(column.texts) < 2 or not naive or not proposal.sources:
        return proposal
    if any(words.zone_in(name) for name in proposal.sources):
        return proposal
    return Proposal(
        "EventDate",
        "join",
        (*proposal.sources, column.name),
        confidence="likely",
        because=f"{proposal.because}; {column.name!r} names the zone of each row",
        alternatives=(Alternative(proposal.sources, "without the zone of each row"),),
    )
