"""What a job must say and the export does not: one question each, with its evidence.

A question comes only where it matters: no zone is asked for where every time carries an offset.
Each carries the proposed answer, if there is evidence for one, and how well that holds: `sure`
ones are not asked, `likely` ones can be accepted, and the others need a person.

Ids: preset, timezone, date_order, default_country, direction, call_id, talk_time, status,
status.WORD, map.COLUMN, campaign, partner, tracker, provider.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from callconv_kit.job import PRESETS
from callconv_kit.model import spec
from callconv_kit.profiling import kinds
from callconv_kit.profiling.columns import shown, shown_name
from callconv_kit.profiling.ids import IDS, LOOKUP_FILE, ONE_KEY, lookup_key, one_key
from callconv_kit.profiling.inspection import Inspection
from callconv_kit.profiling.proposal import CODES, FILLED, Confidence, Direction, Proposal
from callconv_kit.profiling.recognition import SURE
from callconv_kit.profiling.times import zone_effects

MOST = 15
"""Questions that are asked of a person; open words beyond them are marked in the file."""

LISTED = 6
"""Values that are listed in a question."""


MAPPED = ("EventDate", "CallerId", "CalledPhoneNumber", "CallDuration")
"""Required columns that need a source in the export, asked for as map.COLUMN."""

PLAIN_IDS = (
    *("preset", "timezone", "date_order", "default_country", "direction"),
    *("call_id", "talk_time", "status"),
    *IDS,
)
"""The ids that are one question each; beside them there are status.WORD and map.COLUMN."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    id: see the module; the answer goes under it.
    text: the question; hint: how it may be answered; where: to find the answer.
    samples: cells or values that it is about.
    proposal: the proposed answer; confidence: how well it holds; because: the evidence.
    choices: the only answers, where there are only some.
    warning: what to note.
    effects: what each of several answers would do.
    """

    id: str
    text: str
    hint: str = ""
    where: str = ""
    samples: tuple[str, ...] = ()
    proposal: str = ""
    confidence: Confidence = "none"
    because: str = ""
    choices: tuple[str, ...] = ()
    warning: str = ""
    effects: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The question as `callconv init --json` prints it."""
        return {
            "id": self.id,
            "text": self.text,
            "samples": list(self.samples),
            "choices": list(self.choices),
            "proposal": self.proposal or None,
            "confidence": self.confidence,
            "why": self.because,
            "effects": list(self.effects),
        }


def questions(inspection: Inspection, *, now: datetime | None = None) -> tuple[Question, ...]:
    """What is asked: every question whose answer is not sure, and always which rows are calls.

    Args:
        inspection: of the export.
        now: the clock by which calls are too old; none: the real one.
    """
    return tuple(
        question
        for question in all_questions(inspection, now=now)
        if question.confidence != "sure" or question.id == "direction"
    )


def all_questions(inspection: Inspection, *, now: datetime | None = None) -> Iterator[Question]:
    """All questions that the export raises, those with a sure answer among them."""
    yield from _whose(inspection)
    where = tuple(_where(inspection))
    if where:
        # Whose numbers are in a column is clear only once their country is.
        yield from (*_when(inspection, now), *where, *_columns(inspection))
    else:
        yield from (*_columns(inspection), *_when(inspection, now))
    yield from _directions(inspection)
    yield from _call_id(inspection)
    yield from _talk_time(inspection)
    yield from _statuses(inspection)
    for key, known_id in IDS.items():
        if known_id.column in inspection.missing or inspection.proposed_for(known_id.column):
            yield _id(inspection, key)


def _whose(inspection: Inspection) -> Iterator[Question]:
    if "preset" in inspection.settings or not inspection.fits:
        return
    fit = inspection.fits[0]
    yield Question(
        "preset",
        f"Is this an export of {fit.title}?",
        hint="the name of a preset, or none",
        samples=tuple(shown_name(column.name, 40) for column in inspection.columns[:5]),
        proposal=fit.preset,
        confidence="sure" if inspection.fit >= SURE else "likely",
        because=f"{fit.known} of its {fit.columns} columns are {fit.title}'s",
        choices=(*PRESETS, "none"),
    )


def _columns(inspection: Inspection) -> Iterator[Question]:
    for name, each in inspection.proposals.mapping.items():
        wanted = name in MAPPED
        is_status = name == "CallStatus" and each.how != "nothing"
        optional = each.how != "nothing" and name not in spec.REQUIRED and name != "CallStatus"
        if (wanted or is_status or optional) and not each.settled:
            yield _column(inspection, each)


def _column(inspection: Inspection, each: Proposal) -> Question:
    about = spec.BY_NAME[each.column].description
    others = " or ".join(shown_name("/".join(other.sources), 40) for other in each.alternatives[:3])
    return Question(
        f"map.{each.column}",
        f"Which column of the export is {each.column}?",
        hint="the name of a column, or a value for all rows",
        where=about,
        samples=_samples(inspection, each),
        proposal=written(each),
        confidence=each.confidence,
        because=each.because,
        warning=f"it could also be {others}" if others else "",
    )


def written(each: Proposal) -> str:
    """A proposal as a person types it: `Date + Time` for a join or a sum, `End - Start`."""
    match each.how:
        case "join" | "sum":
            return " + ".join(each.sources)
        case "difference":
            return " - ".join(each.sources)
        case "nothing":
            return ""
        case "constant":
            return each.value
    return each.sources[0]


def _samples(inspection: Inspection, each: Proposal) -> tuple[str, ...]:
    """Cells of the proposed column, or of the candidates where none is proposed."""
    names = each.sources or tuple(name for other in each.alternatives for name in other.sources)
    found = []
    for name in names[:3]:
        column = inspection.column(name)
        if column is not None and column.samples:
            found.append(f"{shown_name(name, 40)}: {', '.join(column.samples[:2])}")
    return tuple(found)


def _when(inspection: Inspection, now: datetime | None) -> Iterator[Question]:
    times = inspection.times
    if times is None:
        return
    column = inspection.column(times.column)
    samples = column.samples if column else (times.first_without,)
    if times.without_offset and not inspection.known.zone:
        zone, because, confidence = inspection.proposals.zone
        hours = times.busy_hours
        busy = (
            f"most calls are between {hours[0]}:00 and {hours[1]}:00 by these clocks"
            if hours
            else ""
        )
        effects = zone_effects(inspection.sample, inspection.proposals.mapping["EventDate"], now)
        yield Question(
            "timezone",
            f"Which time zone are the times of {times.column!r} in?",
            hint="an IANA time zone such as America/New_York, or UTC",
            samples=samples,
            proposal=zone,
            confidence=confidence,
            because=because,
            warning=busy,
            effects=tuple(effect.text for effect in effects),
        )
    if times.two_readings and not inspection.known.order:
        proven = times.proven_order
        both = any(times.orders.values()) and not proven
        yield Question(
            "date_order",
            f"Is {times.first_of_two!r} month first or day first?",
            samples=samples,
            proposal=proven,
            confidence="likely" if proven else "none",
            because=f"line {times.orders[proven]} can be read in no other way" if proven else "",
            choices=("month-first", "day-first"),
            warning="some lines can only be month-first and others only day-first" if both else "",
        )


def _where(inspection: Inspection) -> Iterator[Question]:
    country, because, confidence = inspection.proposals.country
    if because and inspection.known.country == "US":
        yield Question(
            "default_country",
            "Which country are the phone numbers of, where they carry none?",
            hint="two letters, such as GB or AU",
            proposal=country,
            confidence=confidence,
            because=because,
        )


def _directions(inspection: Inspection) -> Iterator[Question]:
    found = [each for each in inspection.proposals.direction if each.asked]
    if not found:
        return
    first = found[0]
    also = tuple(_said(each) for each in found[1:])
    sure = all(each.confidence == "sure" and not _unknown(each) for each in found)
    yield Question(
        "direction",
        f"Which values of {shown_name(first.column, 40)!r} are calls to you? "
        "The other rows are left out.",
        hint="values with commas between; all for every row",
        samples=(_said(first), *also),
        proposal=", ".join(map(shown_value, first.calls)) if first.left_out else "",
        confidence="sure" if sure else "likely" if first.left_out else "none",
        because=first.because,
    )


def _unknown(found: Direction) -> bool:
    return any(each.means in ("", "unknown") for each in found.values)


def _said(found: Direction) -> str:
    """The values of a column with their counts, and what each is taken for."""
    meanings = [
        f"{shown_value(each.value)} ({each.rows:,}: "
        f"{'left out, ' + each.means if each.means in CODES else each.means or 'call'})"
        for each in found.values[:LISTED]
    ]
    more = f" and {len(found.values) - LISTED} more" if len(found.values) > LISTED else ""
    return f"{shown_name(found.column, 40)}: {', '.join(meanings)}{more}"


def shown_value(value: str) -> str:
    """A value as a person reads and types it."""
    if value == FILLED:
        return "(filled)"
    return shown(value) if value else "(empty)"


def _call_id(inspection: Inspection) -> Iterator[Question]:
    each = inspection.proposals.mapping["CallSessionId"]
    if each.settled:
        return
    derived = inspection.proposals.call_id
    if each.how == "nothing":
        yield Question(
            "call_id",
            "The export has no call ID. Which columns together identify a call?",
            hint="column names with commas between; the kit makes an ID from them",
            samples=tuple(shown_name(name, 40) for name in derived),
            proposal=", ".join(derived),
            confidence="likely" if derived else "none",
            because="together they are different in each call" if derived else "",
        )
        return
    yield Question(
        "call_id",
        "Which column is the ID of the call?",
        hint="a column name, or several with commas between",
        samples=_samples(inspection, each),
        proposal=each.sources[0],
        confidence=each.confidence,
        because=each.because,
    )


def _talk_time(inspection: Inspection) -> Iterator[Question]:
    each = inspection.proposals.mapping["TalkDuration"]
    if each.how == "nothing" and (not each.settled or "TalkDuration" in inspection.missing):
        yield _talk_time_otherwise(inspection)
    if each.settled or each.how == "nothing":
        return
    yield Question(
        "talk_time",
        "Which column is the talk time?",
        hint="a column name, or call_if_answered",
        samples=_samples(inspection, each),
        proposal=written(each),
        confidence=each.confidence,
        because=each.because,
    )


def _talk_time_otherwise(inspection: Inspection) -> Question:
    """The question where no column, or none for every row, is known to be the talk time."""
    proposal = inspection.proposals.talk_time
    found = inspection.column(proposal)
    text = "The export has no talk time. Use the call's duration where it was answered, else 0?"
    because = "the whole call is the closest that this export has"
    if found is not None:
        text = (
            f"Is {shown_name(proposal, 40)!r} the talk time? If it is not, call_if_answered "
            "takes the call's duration where the call was answered, else 0."
        )
        because = (
            f"it is not certain that {shown_name(proposal, 40)!r} is the talk time: see "
            f"`callconv presets {inspection.preset}`; it is the smaller of the two"
        )
    elif inspection.proposals.mapping["TalkDuration"].settled:
        proposal = "call_if_answered"
        text = (
            "Some calls may have no talk time. Fill the empty ones with the call's duration where "
            "the call was answered, else 0? Talk times that are there stay."
        )
        because = "it fills in empty talk times only"
    return Question(
        "talk_time",
        text,
        hint="call_if_answered, or a column name",
        samples=found.samples if found is not None else (),
        proposal=proposal,
        confidence="likely" if proposal else "none",
        because=because,
    )


def _statuses(inspection: Inspection) -> Iterator[Question]:
    found = inspection.proposals.statuses
    status = inspection.proposals.mapping["CallStatus"]
    if not found.column and not found.rules:
        if not status.settled:
            declined = "; ".join(
                f"{shown_name(name, 40)!r}: {why}" for name, why in found.declined.items()
            )
            yield Question(
                "status",
                "No column says how the calls ended. Which status do all rows have?",
                hint="ANSWER only if every row is an answered call; or a column name",
                choices=(),
                where="impact.com pays for ANSWER",
                warning="; ".join(filter(None, (declined, _without_talk(inspection)))),
            )
        return
    for word in found.words:
        if word.known or word.split:
            continue
        talked = f", {word.talk:.0f} s of talk on average" if word.talk is not None else ""
        yield Question(
            f"status.{word.word}",
            f"Which status is {shown(word.word)!r}?",
            hint="ANSWER, an answered call, which is paid; or one of "
            f"{', '.join(spec.STATUSES[:-1])}; left blank, these rows are rejected",
            samples=(f"{word.rows:,} call{'' if word.rows == 1 else 's'}{talked}",),
            proposal=word.status or "",
            confidence=word.confidence,
            because=word.because,
        )


def _without_talk(inspection: Inspection) -> str:
    """That some calls have no talk time, so that one status for all of them would be wrong."""
    talk = inspection.proposals.mapping["TalkDuration"]
    column = inspection.sample.column(talk.sources[0]) if talk.how == "column" else None
    if column is None:
        return ""
    silent = sum(rows for text, rows in column.counts.items() if not kinds.seconds(text or "0"))
    if not 0 < silent < column.rows:
        return ""
    return (
        f"nobody talked in {silent:,} of {column.rows:,} rows ({shown_name(column.name, 40)!r} is "
        "0): leave this blank, and write [[status]] rules; see `callconv settings status`"
    )


def _id(inspection: Inspection, key: str) -> Question:
    known_id = IDS[key]
    each = inspection.proposals.mapping[known_id.column]
    found = inspection.column(each.sources[0]) if each.sources else None
    lookup = lookup_key(inspection)
    by_file = ""
    if lookup and key != "provider":
        by_file = (
            f", or lookup:{LOOKUP_FILE}:{lookup.name} where each {lookup.name} has its own: init "
            "writes that file, to be filled in"
        )
    warning = ""
    if key == "partner" and lookup and lookup.top_share >= ONE_KEY and (lookup.distinct or 0) > 1:
        warning = one_key(lookup)
    what = "a name" if key == "provider" else "a number"
    return Question(
        key,
        f"{known_id.column}, the {known_id.called}: one value for all rows, or a column of the "
        "export?",
        hint=f"{what}, or a column name{by_file}",
        where=known_id.where,
        samples=found.samples if found else (),
        proposal=found.name if found else "",
        confidence=each.confidence if found else "none",
        because=each.because if found else "",
        warning=warning,
    )


def by_id(inspection: Inspection) -> Mapping[str, Question]:
    """All questions that the export raises, by their ids."""
    return {question.id: question for question in all_questions(inspection)}
