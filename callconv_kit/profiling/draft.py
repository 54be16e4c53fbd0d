"""A job for an export: what was seen and answered, as a commented callconv.toml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from callconv_kit.job import Job
from callconv_kit.model import spec
from callconv_kit.model.errors import UsageError
from callconv_kit.model.names import nearest, plain
from callconv_kit.profiling import written
from callconv_kit.profiling.inspection import Inspection, inspect
from callconv_kit.profiling.questions import (
    IDS,
    ONE_KEY,
    WHOSE,
    Question,
    lookup_key,
    one_key,
    open_points,
)
from callconv_kit.reading import Input

Answers: TypeAlias = Mapping[str, str]
"""A question's key and its answer; a blank one, or none, is left for later."""

REJECTED_SHARE = 0.1
LOOKUP = re.compile(r"(?P<file>\S+\.\w{2,4})(?:\s+(?:by|:)\s*\"?(?P<key>[^\"]+)\"?)?\s*")


@dataclass(frozen=True, slots=True)
class Draft:
    """A job file.

    text: of the file.
    settings: the same as keywords of a Job.
    blanks: the settings that are still to be filled in; in the text they are marked TODO.
    looked_up: the ids that the look-up file is to give.
    warnings: what to mind of the answers.
    """

    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    blanks: tuple[str, ...] = ()
    looked_up: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def settled(question: Question, answer: str, inspection: Inspection) -> dict[str, Any]:
    """What an answer means, as keywords of a Job.

    Raises:
        UsageError: it is no answer to that question; says what would be one.
    """
    answer = answer.strip()
    if question.choices and answer not in question.choices:
        raise _no_answer(question, answer, " or ".join(question.choices))
    if question.key in IDS:
        return _id(question, answer, inspection)
    if question.key == "session_id_from":
        names = [_column(question, part, inspection) for part in answer.split(",")]
        return {"session_id_from": names}
    if question.key == "preset":
        return {"preset": "" if answer == "none" else answer}
    if question.key == "columns":
        meant = {each.column: each.source for each in inspection.likely}
        return {"columns": meant if answer == "yes" else {}}
    given = {question.key: answer}
    Job.from_keywords(**given)  # says what is wrong, such as the name of a zone
    return given


def _id(question: Question, answer: str, inspection: Inspection) -> dict[str, Any]:
    if re.fullmatch(r"[0-9]{1,19}", answer):
        return {"constants": {question.key: int(answer)}}
    by_file = LOOKUP.fullmatch(answer)
    if by_file and inspection.column(answer) is None:
        proposed = lookup_key(inspection)
        key = by_file["key"] or (proposed.name if proposed else "")
        if not key:
            raise _no_answer(question, answer, f'{by_file["file"]} by "the key\'s column"')
        name = _column(question, key, inspection)
        return {"lookup": {"file": by_file["file"], "on_source": name}}
    return {"columns": {question.key: _column(question, answer, inspection)}}


def _column(question: Question, name: str, inspection: Inspection) -> str:
    names = [column.name for column in inspection.columns]
    for known in names:
        if plain(known) == plain(name):
            return known
    near = nearest(name, names, cutoff=0.5)
    raise _no_answer(
        question,
        name.strip(),
        "a whole number, or a column of the export" + (f" such as {near!r}" if near else "")
        if question.key in IDS
        else "a column of the export" + (f" such as {near!r}" if near else ""),
    )


def _no_answer(question: Question, answer: str, expected: str) -> UsageError:
    return UsageError(
        "no_answer",
        f"{question.key}: that is no answer",
        repr(answer),
        expected,
        "Answer again, or leave it blank for later.",
    )


def refined(source: Input, inspection: Inspection, answers: Answers) -> Inspection:
    """The inspection once more, where answers say whose export it is or what its columns mean.

    Args:
        source: the export.
        inspection: of it.
        answers: those to the keys of `WHOSE` count.

    Raises:
        UsageError: an answer is none.
    """
    settings = dict(inspection.settings)
    for point in open_points(inspection):
        answer = answers.get(point.key, "").strip()
        if point.key in WHOSE and answer:
            settings |= settled(point, answer, inspection)
    return inspection if settings == inspection.settings else inspect(source, **settings)


def draft_of(inspection: Inspection, answers: Answers | None = None) -> Draft:
    """The job for an export.

    Args:
        inspection: of the export; `refined` by the answers that others depend on.
        answers: to its questions; none: what the evidence proposes, but for the ids, which decide
            who is paid, and for what columns mean, which names alone don't tell.

    Raises:
        UsageError: an answer is none.
    """
    points = tuple(open_points(inspection))
    settings: dict[str, Any] = {"max_rejected_share": REJECTED_SHARE, **inspection.settings}
    if inspection.preset and settings.get("preset") != "":
        settings["preset"] = inspection.preset
    unsaid = {*IDS, "columns"}
    proposed = {point.key: point.proposal for point in points if point.key not in unsaid}
    given = proposed if answers is None else answers
    blanks: list[Question] = []
    looked_up: list[str] = []
    for point in points:
        answer = given.get(point.key, "").strip()
        if not answer:
            blanks += [point] if point.key not in WHOSE else []
            continue
        meant = settled(point, answer, inspection)
        if "lookup" in meant and settings.get("lookup", meant["lookup"]) != meant["lookup"]:
            raise _no_answer(point, answer, "the look-up file and the key that were named before")
        looked_up += [point.key] if "lookup" in meant else []
        for key, value in meant.items():
            settings[key] = {**settings.get(key, {}), **value} if isinstance(value, dict) else value
    if not settings.get("preset"):
        settings.pop("preset", None)
    blanks += _other_blanks(inspection, settings, {point.key for point in points})
    by = inspection.column(settings.get("lookup", {}).get("on_source", ""))
    return Draft(
        written.text_of(inspection, settings, points, blanks, by_person=answers is not None),
        settings,
        tuple(point.key for point in blanks),
        tuple(looked_up),
        (one_key(by),) if by and by.top_share >= ONE_KEY else (),
    )


STANDS_FOR = {"CallSessionId": "session_id_from", "TalkDuration": "talk_time"}
"""Columns that an open point may ask for under another key."""


HINTS = {
    "CallProvider": "",
    "TalkDuration": 'The column that holds it; or delete this line: talk_time = "call_if_answered"',
    "CallSessionId": 'The column that holds it; or delete this line: session_id_from = ["…"]',
}


def _other_blanks(
    inspection: Inspection, settings: Mapping[str, Any], asked: set[str]
) -> list[Question]:
    """Required columns that nothing feeds and no question is about."""
    fed = {
        name for table in ("columns", "constants", "defaults") for name in settings.get(table, ())
    }
    similar = {each.column: each.source for each in inspection.likely}
    blanks = []
    for column in inspection.missing:
        if column in fed or column in asked or STANDS_FOR.get(column) in asked:
            continue
        told = spec.BY_NAME[column].description
        hint = HINTS.get(column, "The column of the export that holds it.")
        blanks.append(Question(column, told, hint, proposal=similar.get(column, "")))
    return blanks
