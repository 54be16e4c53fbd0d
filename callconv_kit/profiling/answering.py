"""What an answer means, as settings of a job, and what it shows about the rest of the export."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from callconv_kit.coercion import status as statuses
from callconv_kit.job import PRESETS, Job
from callconv_kit.model import spec
from callconv_kit.model.errors import UsageError
from callconv_kit.model.names import nearest, plain, spec_column
from callconv_kit.profiling import kinds
from callconv_kit.profiling.ids import IDS, LOOKUP_FILE, lookup_key
from callconv_kit.profiling.inspection import Inspection, inspect, times
from callconv_kit.profiling.proposal import CODES, FILLED, REASONS, Direction
from callconv_kit.profiling.proposing import propose
from callconv_kit.profiling.questions import PLAIN_IDS
from callconv_kit.reading import Input

Answers = Mapping[str, str]
"""A question's id and its answer; a blank one, or none, is left for later."""

DECLINED = ("-", "none", "(none)")
"""Answers that decline a proposal."""

EVERY_ROW = ("all", "*")
"""Answers to `direction`: no row is left out."""

_LOOKUP = re.compile(r"lookup:(?P<file>(?:[A-Za-z]:(?=[\\/]))?[^:]+)(?::(?P<on>.+))?")
_LOOKUP_IN_WORDS = re.compile(r"(?P<file>\S+\.\w{2,4})(?:\s+(?:by|:)\s*\"?(?P<on>[^\"]+)\"?)?\s*")


class Passed(NamedTuple):
    """An answer to a known question that this export does not raise."""

    id: str
    why: str


def pairs(given: Iterable[str]) -> dict[str, str]:
    """Answers as the command line gives them, `ID=VALUE`.

    An id ends at the first `=`, that of `status.…` at the last: a word may hold one.

    Raises:
        UsageError: one is not such a pair, or there is no such question.
    """
    answers: dict[str, str] = {}
    for text in given:
        split = text.rpartition if text.startswith("status.") else text.partition
        key, equals, value = split("=")
        if not equals or not key.strip():
            raise UsageError(
                "bad_answer", f"--answer: {text!r} is not ID=VALUE", "", "such as timezone=UTC", ""
            )
        answers[checked_id(key.strip())] = value.strip()
    return answers


def checked_id(key: str) -> str:
    """The id of a question, whatever the case of a column in it.

    Raises:
        UsageError: there is no such question; names the nearest.
    """
    if key in PLAIN_IDS or (key.startswith("status.") and len(key) > len("status.")):
        return key
    if key.startswith("map."):
        column = spec_column(key.removeprefix("map."))
        if column is not None:
            return f"map.{column}"
    known = [*PLAIN_IDS, *(f"map.{name}" for name in spec.NAMES)]
    near = nearest(key, known, cutoff=0.5)
    raise UsageError(
        "unknown_question",
        f"There is no question {key!r}",
        "",
        f"{', '.join(PLAIN_IDS)}, status.WORD or map.COLUMN",
        f'Did you mean "{near}"?' if near else "`callconv init FILE --yes --json` lists them.",
    )


def refined(source: Input, inspection: Inspection, answers: Answers) -> Inspection:
    """The inspection again, with what answers show about the rest of the export.

    They name its vendor, its time zone, which words are statuses, and which columns are meant.

    Raises:
        UsageError: an answer is not one.
    """
    given = {key: text.strip() for key, text in answers.items() if text.strip()}
    preset = given.get("preset", "")
    if preset and "preset" not in inspection.settings:
        chosen = settled("preset", preset, inspection)["preset"]
        if chosen != (inspection.preset or ""):
            inspection = inspect(source, **{**inspection.settings, "preset": chosen})
    sources = {
        key.removeprefix("map."): text
        for key, text in given.items()
        if key.startswith("map.") and inspection.column(text) is not None
    }
    for key, column in (("talk_time", "TalkDuration"), ("status", "CallStatus")):
        if inspection.column(given.get(key, "")) is not None:
            sources[column] = given[key]
    known = replace(
        inspection.known,
        zone=given.get("timezone", inspection.known.zone),
        order=given.get("date_order", inspection.known.order),
        country=given.get("default_country", inspection.known.country).upper(),
        sources={**inspection.known.sources, **sources},
        words={
            **inspection.known.words,
            **{
                key.removeprefix("status."): text
                for key, text in given.items()
                if key.startswith("status.")
            },
        },
    )
    if known == inspection.known:
        return inspection
    proposals = propose(inspection.sample, known)
    return replace(
        inspection,
        proposals=proposals,
        known=replace(
            known,
            zone=inspection.known.zone,
            order=inspection.known.order,
            country=inspection.known.country,
        ),
        times=times(inspection.sample, proposals.mapping["EventDate"], inspection.lines),
    )


def settled(key: str, answer: str, inspection: Inspection) -> dict[str, Any]:
    """What an answer means, as keywords of a Job; blanks mean nothing.

    Args:
        key: the id of the question.
        answer: not blank.
        inspection: of the export.

    Raises:
        UsageError: it is not an answer to that question; says what would be one.
    """
    answer = answer.strip()
    if key == "preset":
        return _preset(answer)
    if key in ("timezone", "date_order", "default_country"):
        answer = answer.upper() if key == "default_country" else answer
        _check_setting(key, answer)
        return {key: answer}
    if key == "direction":
        return _direction(answer, inspection)
    if key == "call_id":
        return _call_id(answer, inspection)
    if key == "talk_time" and answer in ("call_if_answered", "column_if_answered", "column"):
        return {"talk_time": answer}
    if key == "talk_time":
        return _talk_time(answer, inspection)
    if key == "status" and inspection.column(answer) is None:
        return {"constants": {"CallStatus": _status(key, answer)}}
    if key == "status":
        return {"columns": {"CallStatus": answer}}
    if key.startswith("status."):
        word = key.removeprefix("status.")
        return {"values": {"CallStatus": {word: _status(key, answer)}}}
    if key == "map.CallStatus" and answer == inspection.proposals.statuses.column:
        return _status_column(answer, inspection)
    if key.startswith("map."):
        return _mapped(key.removeprefix("map."), answer, inspection, key)
    return _id(key, answer, inspection)


def _check_setting(key: str, answer: str) -> None:
    """Raise the job's own error for a setting, such as an unknown zone, as one of the answer."""
    try:
        Job.from_keywords(**{key: answer})
    except UsageError as error:
        problem = f"The answer to {titled(key)}{error.problem.partition(key)[2]}"
        raise UsageError(
            error.code, problem, error.found, error.expected, error.next_step
        ) from error


def _preset(answer: str) -> dict[str, Any]:
    if answer == "none":
        return {"preset": ""}
    if answer not in PRESETS and not answer.endswith(".toml"):
        raise no_answer("preset", answer, f"{', '.join(PRESETS)} or none", nearest(answer, PRESETS))
    return {"preset": answer}


def _status(key: str, answer: str) -> str:
    read = statuses.read(answer).value
    if read is None:
        near = nearest(answer, spec.STATUSES, cutoff=0.5)
        raise no_answer(key, answer, ", ".join(spec.STATUSES), near)
    return read


def _status_column(name: str, inspection: Inspection) -> dict[str, Any]:
    """The column that is proposed, with the rules that come before its words."""
    rules = [
        {"when": dict(rule.when), "then": rule.then} for rule in inspection.proposals.statuses.rules
    ]
    return {"columns": {"CallStatus": name}, **({"status": rules} if rules else {})}


def _call_id(answer: str, inspection: Inspection) -> dict[str, Any]:
    if inspection.column(answer) is not None:
        return {"columns": {"CallSessionId": answer}}
    names = [_column("call_id", part.strip(), inspection) for part in answer.split(",")]
    if len(names) == 1:
        return {"columns": {"CallSessionId": names[0]}}
    return {"session_id_from": names}


def _mapped(column: str, answer: str, inspection: Inspection, key: str) -> dict[str, Any]:
    """A source column by its exact name, several with a sign between, else a fixed value."""
    if inspection.column(answer) is not None:
        return {"columns": {column: answer}}
    for sign, how in ((" + ", "join" if column == "EventDate" else "sum"), (" - ", "difference")):
        parts = [part.strip() for part in answer.split(sign)]
        if len(parts) > 1 and all(inspection.column(part) for part in parts):
            return {"columns": {column: {how: parts}}}
    if not kinds.is_value(column, answer):
        names = [each.name for each in inspection.columns]
        expected = f"a column of the export, or a value that {column} takes"
        raise no_answer(key, answer, expected, nearest(answer, names, cutoff=0.5))
    return {"constants": {column: answer}}


def _talk_time(answer: str, inspection: Inspection) -> dict[str, Any]:
    """A column or a composition; one value for every call is a slip of the keyboard."""
    settings = _mapped("TalkDuration", answer, inspection, "talk_time")
    if "constants" in settings:
        names = [each.name for each in inspection.columns]
        expected = "call_if_answered, or a column of the export"
        raise no_answer("talk_time", answer, expected, nearest(answer, names, cutoff=0.5))
    return settings


def _direction(answer: str, inspection: Inspection) -> dict[str, Any]:
    found = [each for each in inspection.proposals.direction if each.asked]
    if not found:
        return {}
    if answer in EVERY_ROW:
        return {"outbound": "send"}
    first, *more = found
    named = [part.strip() for part in answer.split(",")]
    by_text = {_plain_value(each.value): each.value for each in first.values}
    unknown = [name for name in named if _plain_value(name) not in by_text]
    if unknown:
        known = ", ".join(_plain_value(each.value) for each in first.values)
        raise no_answer("direction", answer, f"values of {first.column!r}: {known}", None)
    kept = {by_text[_plain_value(name)] for name in named}
    rules = leave_out(first, [each.value for each in first.values if each.value not in kept])
    return {"leave_out": [*rules, *(rule for other in more for rule in leave_out(other))]}


def _plain_value(value: str) -> str:
    names = {"": "(empty)", FILLED: "(filled)"}
    return names.get(value, value).casefold()


def leave_out(found: Direction, values: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """The `[[leave_out]]` rules for the values of a column that are not calls to the advertiser.

    Args:
        found: the column and what its values mean.
        values: which of them; none: those that are proposed.
    """
    chosen = {each.value for each in found.left_out} if values is None else set(values)
    by_code: dict[tuple[str, str], list[str]] = {}
    for each in found.values:
        if each.value in chosen:
            code = CODES.get(each.means, "not_a_call")
            reason = REASONS.get(each.means, "not a call to us")
            by_code.setdefault((code, reason), []).append(each.value)
    kept = [each.value for each in found.values if each.value not in chosen]
    return [
        {"source_column": found.column, **condition, "code": code, "reason": reason}
        for (code, reason), listed in by_code.items()
        for condition in _conditions(listed, [value for value in kept if value], found.marks)
    ]


def _conditions(
    listed: Sequence[str], kept: Sequence[str], marks: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """The conditions that hold of the rows with these values, and of no others.

    Args:
        listed: the values; "" for empty cells, `FILLED` for those that have no value of their own.
        kept: the values of the rows that are sent, but for empty cells.
        marks: words for an empty cell; a rule reads them as they are.
    """
    words = [value for value in listed if value not in ("", FILLED)]
    if "" in listed:
        yield {"empty": True}
        words += marks
    if FILLED in listed:
        others = [*kept, *marks]
        yield {"not_in": others} if others else {"empty": False}
    elif len(words) == 1:
        yield {"equals": words[0]}
    elif words:
        yield {"in": words}


def _id(key: str, answer: str, inspection: Inspection) -> dict[str, Any]:
    known_id = IDS[key]
    if inspection.column(answer) is not None:
        return {"columns": {known_id.column: answer}}
    if key != "provider" and re.fullmatch(r"[0-9]{1,19}", answer):
        return {"constants": {known_id.column: int(answer)}}
    by_file = _LOOKUP.fullmatch(answer) or (
        _LOOKUP_IN_WORDS.fullmatch(answer) if key != "provider" else None
    )
    if by_file:
        return {"lookup": _lookup(key, answer, by_file["file"], by_file["on"] or "", inspection)}
    if key == "provider":
        return {"constants": {known_id.column: answer}}
    return {"columns": {known_id.column: _column(key, answer, inspection)}}


def _lookup(key: str, answer: str, file: str, on: str, inspection: Inspection) -> dict[str, str]:
    proposed = lookup_key(inspection)
    on = on.strip() or (proposed.name if proposed else "")
    if not on:
        raise no_answer(key, answer, f"lookup:{LOOKUP_FILE}:the key's column", None)
    if inspection.column(on) is None and spec_column(on):
        return {"file": file.strip(), "on": spec_column(on) or on}
    return {"file": file.strip(), "on_source": _column(key, on, inspection)}


def _column(key: str, name: str, inspection: Inspection) -> str:
    names = [column.name for column in inspection.columns]
    for known in names:
        if plain(known) == plain(name):
            return known
    expected = "a column of the export"
    if key in IDS:
        expected = "a whole number, a column of the export, or lookup:FILE:COLUMN"
    raise no_answer(key, name, expected, nearest(name, names, cutoff=0.5))


def no_answer(key: str, answer: str, expected: str, near: str | None) -> UsageError:
    """The error that says what would be an answer."""
    meant = f'Did you mean "{near}"?' if near else ""
    return UsageError(
        "bad_answer",
        f"I didn't understand that answer to {titled(key)}",
        repr(answer),
        expected,
        meant or "Answer again, or leave it blank for later.",
    )


TITLES = {
    "timezone": "the time zone of the export's times",
    "date_order": "month first or day first",
    "default_country": "the country of phone numbers that carry none",
    "preset": "whose export it is",
    "direction": "which rows are calls to you",
    "call_id": "the ID of a call",
    "talk_time": "the talk time",
    "status": "how the calls ended",
    **{key: f"the {known_id.called}" for key, known_id in IDS.items()},
}
"""What each question is about."""


def titled(key: str) -> str:
    """The id of a question with what it is about: `tracker (the event type)`."""
    return f"{key} ({TITLES[key]})" if key in TITLES else key
