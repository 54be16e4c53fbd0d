"""All proposals for an export, from its rows and from what is already known about it.

The order matters: which rows are calls to the advertiser comes first, because only in those do
the caller's numbers vary and the words of a status count.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from callconv_kit.model import spec
from callconv_kit.profiling import words
from callconv_kit.profiling.directions import (
    are_calls,
    by_own_numbers,
    directions,
    says_a_direction,
)
from callconv_kit.profiling.durations import durations, is_of_talk
from callconv_kit.profiling.identity import FITTING, extras, identity
from callconv_kit.profiling.moments import event_date, with_zone_column, zone_of
from callconv_kit.profiling.naming import Named, word_role
from callconv_kit.profiling.numbers import home_country, numbers
from callconv_kit.profiling.proposal import Confidence, Direction, Proposal, Proposals, Statuses
from callconv_kit.profiling.sample import Column, Sample
from callconv_kit.profiling.statuses import statuses

FITS_SOMEWHAT = 0.3
"""Of the texts of a column that a preset or a name feeds must be of its kind."""

_OFFSET = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$")

NAMED = "its name is the name of the column"

_KINDS: Mapping[str, Callable[[Column], float]] = {
    "EventDate": lambda column: column.moments,
    "CallerId": lambda column: column.phones,
    "CalledPhoneNumber": lambda column: column.phones,
    "CallDuration": lambda column: column.seconds,
    "TalkDuration": lambda column: column.seconds,
}


@dataclass(frozen=True, slots=True)
class KnownSources:
    """What is known about an export before anything is proposed.

    feeds: spec column to the source columns that feed it already, by a preset, a job or its name.
    computed: those of them that are computed from several columns, and how.
    by: spec column to who says so, in words.
    fixed: spec columns that get their values otherwise: constants, a look-up, a derived value.
    rule_columns: source columns that rules of a preset look at already.
    status_columns: source columns that rules of a preset or job for the status look at.
    values: the status of words of the export, as a preset or job reads them.
    zone, order: time zone and date order that somebody has named; "" for none.
    country: alpha-2 of phone numbers that carry no country, as a job or somebody says.
    words: the status of words of the export, as somebody said.
    sources: spec column to the source that somebody named.
    offered: spec column to a source that the preset uses only if a person names it.
    """

    feeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    computed: Mapping[str, Literal["sum", "difference"]] = field(default_factory=dict)
    by: Mapping[str, str] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    rule_columns: frozenset[str] = frozenset()
    status_columns: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)
    zone: str = ""
    order: str = ""
    country: str = "US"
    words: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    offered: Mapping[str, str] = field(default_factory=dict)


def propose(sample: Sample, known: KnownSources) -> Proposals:
    """Everything that is proposed.

    Args:
        sample: the first rows of the export.
        known: what is known of it.
    """
    return _Engine(sample, known).proposals()


class _Engine:
    def __init__(self, sample: Sample, known: KnownSources) -> None:
        zone = known.zone or zone_of(sample, ())[0]
        self._country = home_country(sample, zone)
        country = known.country if known.country != "US" else self._country[0]
        self._sample, self._known = sample.at_home(country or "US"), known
        self._order = known.order or "month-first"
        self._mapping: dict[str, Proposal] = {}
        self._taken: set[str] = set()

    def proposals(self) -> Proposals:
        sample, known = self._sample, self._known
        found = durations(sample, order=self._order)
        self._take(event_date(sample, zone=known.zone, order=self._order), sample)
        self._take(found.call, sample)
        self._take(found.talk, sample)
        by_column = directions(sample)
        ways = [each for each in by_column if each.column not in known.rule_columns]
        calls = sample.only(are_calls(sample, by_column))
        self._take_numbers(calls)
        has_direction = any(says_a_direction(each) and each.left_out for each in by_column)
        if not has_direction and not known.rule_columns:
            ways += self._by_own_numbers(calls)
            calls = sample.only(are_calls(sample, ways))
        if calls.rows:
            self._recheck(calls)
        session = identity(calls, self._taken, self._telling(), self._mapping["EventDate"].sources)
        self._take(session.call_id, calls)
        statuses_found = self._statuses(calls)
        for proposal in extras(calls, self._taken).values():
            self._take(proposal, calls)
        for name in known.feeds.keys() - self._mapping.keys():
            self._take(Proposal(name), sample)
        zone = self._zone()
        self._mapping["EventDate"] = self._with_zone_column(zone)
        return Proposals(
            {name: self._mapping.get(name, Proposal(name)) for name in spec.NAMES},
            tuple(replace(each, marks=self._marks(each.column)) for each in ways),
            statuses_found,
            session.derived if self._mapping["CallSessionId"].how == "nothing" else (),
            self._talk_time(),
            zone,
            self._country,
        )

    def _take(self, proposal: Proposal, sample: Sample) -> None:
        """Keep a proposal, unless something is known that fits the cells."""
        column = proposal.column
        held = self._known_source(column, sample)
        chosen = held if held is not None else proposal
        if column in self._known.fixed and held is None:
            chosen = Proposal(column, settled=True, confidence="sure", because="set otherwise")
        self._mapping[column] = chosen
        self._taken.update(chosen.sources)

    def _known_source(self, column: str, sample: Sample) -> Proposal | None:
        named = self._known.sources.get(column)
        if named is not None:
            return Proposal(column, "column", (named,), confidence="sure", because="you named it")
        feeds = self._known.feeds.get(column)
        if not feeds:
            return None
        computed = self._known.computed.get(column)
        held = [found for name in feeds if (found := sample.column(name)) is not None]
        if not computed and not _fit(column, held):
            return None
        return Proposal(
            column,
            computed or ("column" if len(feeds) == 1 else "first"),
            feeds,
            confidence="sure",
            because=self._known.by.get(column, NAMED),
            settled=True,
        )

    def _take_numbers(self, calls: Sample) -> None:
        found = numbers(calls, self._taken)
        self._take(found.caller, calls)
        self._take(found.called, calls)

    def _by_own_numbers(self, calls: Sample) -> list[Direction]:
        caller, called = (self._mapping[name] for name in ("CallerId", "CalledPhoneNumber"))
        if caller.how != "column" or called.how != "column":
            return []
        others = [name for other in called.alternatives for name in other.sources]
        found = by_own_numbers(calls, caller.sources[0], [*called.sources, *others])
        return [found] if found else []

    def _recheck(self, calls: Sample) -> None:
        """Look at the two numbers once more, in the calls to the advertiser alone."""
        for name in ("CallerId", "CalledPhoneNumber"):
            self._taken -= set(self._mapping[name].sources)
        self._take_numbers(calls)

    def _telling(self) -> list[str]:
        """Columns that together identify a call."""
        wanted = ("CallerId", "EventDate", "CalledPhoneNumber", "CallDuration")
        found = [name for column in wanted for name in self._mapping[column].sources]
        outcomes = [*self._known.feeds.get("CallStatus", ())]
        outcomes += [
            column.name
            for column in self._sample.named
            if word_role(column.name) == Named("status", True) and not column.is_empty
        ]
        return list(dict.fromkeys([*found, *outcomes]))

    def _statuses(self, calls: Sample) -> Statuses:
        known = self._known
        feeds = known.feeds.get("CallStatus", ())
        if known.status_columns and "CallStatus" not in known.sources:
            self._mapping["CallStatus"] = Proposal("CallStatus", settled=True, confidence="sure")
            return Statuses()
        held = [each for name in feeds if (each := calls.column(name)) is not None]
        named = known.sources.get("CallStatus", "")
        fed = next((each.name for each in held if not each.is_empty), "")
        by_name = bool(fed) and not named and "CallStatus" not in known.by
        column = named or fed

        def found_in(settled: str) -> Statuses:
            return statuses(
                calls,
                talk=self._talking(calls),
                taken=self._taken - {column},
                answers=known.words,
                values=known.values,
                column=settled,
            )

        found = found_in("" if by_name else column)
        if by_name and not found.column:
            found = found_in(column)
        if "CallStatus" in known.fixed:
            self._mapping["CallStatus"] = Proposal("CallStatus", settled=True, confidence="sure")
            return Statuses()
        self._mapping["CallStatus"] = Proposal(
            "CallStatus",
            "column" if found.column else "nothing",
            (found.column,) if found.column else (),
            confidence=found.confidence,
            because=found.because,
            settled=bool(column) and not named and found.column == column,
        )
        self._taken.update([found.column] if found.column else [])
        return found

    def _talking(self, calls: Sample) -> str:
        """The column of talk times; without one, the duration if only connected calls have one."""
        talk, call = self._mapping["TalkDuration"], self._mapping["CallDuration"]
        if talk.how == "column":
            return talk.sources[0]
        if talk.how == "nothing" and call.how == "column" and is_of_talk(calls, call.sources[0]):
            return call.sources[0]
        return ""

    def _marks(self, name: str) -> tuple[str, ...]:
        column = self._sample.column(name)
        return column.marks if column is not None else ()

    def _zone(self) -> tuple[str, str, Confidence]:
        return zone_of(self._sample, self._mapping["EventDate"].sources)

    def _with_zone_column(self, zone: tuple[str, str, Confidence]) -> Proposal:
        held = self._mapping["EventDate"]
        if held.settled or zone[0] or self._known.zone:
            return held
        first = self._sample.column(held.sources[0]) if held.sources else None
        naive = first is not None and not first.share(_has_offset)
        return with_zone_column(held, self._sample, naive=naive)

    def _talk_time(self) -> str:
        talk = self._mapping["TalkDuration"]
        if talk.settled or talk.how != "nothing":
            return ""
        offered = self._sample.column(self._known.offered.get("TalkDuration", ""))
        # Never longer than the call, so that no call is paid for seconds that nobody talked.
        return "call_if_answered" if offered is None or offered.is_empty else offered.name


def _has_offset(text: str) -> bool:
    return bool(words.zone_in(text) or _OFFSET.search(text)) or text.isdigit()


def _fit(column: str, held: list[Column]) -> bool:
    """Whether columns hold what the column of the format wants; an empty one holds nothing."""
    filled = [each for each in held if not each.is_empty]
    if column in FITTING and filled:
        return all(FITTING[column](each) for each in filled)
    if column not in _KINDS or not held:
        return True
    if not filled:
        return False
    return any(_KINDS[column](each) >= FITS_SOMEWHAT for each in filled)
