"""A job for an export: what was seen and answered, as a commented callconv.toml."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from callconv_kit.errors import UsageError
from callconv_kit.job import Job
from callconv_kit.names import nearest, plain
from callconv_kit.profiling.inspection import Inspection
from callconv_kit.profiling.questions import IDS, Question, lookup_key, questions

Answers: TypeAlias = Mapping[str, str]
"""A question's key and its answer; a blank one, or none, is left for later."""

REJECTED_SHARE = 0.1
LOOKUP = re.compile(r"(?P<file>\S+\.\w{2,4})(?:\s+(?:by|:)\s*\"?(?P<key>[^\"]+)\"?)?\s*")
COMMENT_AT = 34


@dataclass(frozen=True, slots=True)
class Draft:
    """A job file.

    text: of the file.
    settings: the same as keywords of a Job.
    blanks: the settings that are still to be filled in; in the text they are marked TODO.
    """

    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    blanks: tuple[str, ...] = ()


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
        return {} if answer == "none" else {"preset": answer}
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


def draft_of(inspection: Inspection, answers: Answers | None = None) -> Draft:
    """The job for an export.

    Args:
        inspection: of the export.
        answers: to its questions; none: what the evidence proposes, but for the ids, which decide
            who is paid.

    Raises:
        UsageError: an answer is none.
    """
    asked = questions(inspection)
    settings: dict[str, Any] = {"max_rejected_share": REJECTED_SHARE}
    if inspection.preset:
        settings["preset"] = inspection.preset
    blanks: list[Question] = []
    proposed = {question.key: question.proposal for question in asked if question.key not in IDS}
    given = proposed if answers is None else answers
    for question in asked:
        answer = given.get(question.key, "").strip()
        if not answer:
            blanks.append(question)
            continue
        if question.key == "preset" and answer == "none":
            settings.pop("preset", None)
        meant = settled(question, answer, inspection)
        if meant.get("lookup", {}) != settings.get("lookup", meant.get("lookup", {})):
            raise _no_answer(question, answer, "the look-up file that was named before")
        for key, value in meant.items():
            settings[key] = {**settings.get(key, {}), **value} if isinstance(value, dict) else value
    return Draft(
        _text(inspection, settings, asked, blanks),
        settings,
        tuple(question.key for question in blanks),
    )


def _text(
    inspection: Inspection,
    settings: Mapping[str, Any],
    asked: tuple[Question, ...],
    blanks: list[Question],
) -> str:
    why = {question.key: question for question in asked}
    lines = [
        f"# How {inspection.file} becomes call conversions; written by `callconv init`.",
        f"# Try it: callconv prepare {inspection.file} --job callconv.toml",
        "",
    ]
    if "preset" in settings:
        fit = inspection.fits[0] if inspection.fits else None
        told = f"{fit.known} of {fit.columns} columns are {fit.title}'s" if fit else ""
        lines.append(_line("preset", settings["preset"], told))
    open_keys = {question.key for question in blanks}
    for key in ("timezone", "date_order", "called_number", "session_id_from", "talk_time"):
        if key in settings:
            lines.append(_line(key, settings[key], _because(why.get(key))))
        elif key in open_keys:
            lines.append(_todo(why[key]))
    lines.append(
        _line(
            "max_rejected_share",
            settings["max_rejected_share"],
            "with more rejected rows than that there is no ready.csv",
        )
    )
    constants = {**settings.get("constants", {})}
    ids = [question for question in blanks if question.key in IDS]
    if constants or ids:
        lines += ["", "[constants]"]
        lines += [_line(name, value, _meaning(name)) for name, value in constants.items()]
        lines += [_todo(question) for question in ids]
    if "columns" in settings:
        lines += ["", "[columns]"]
        lines += [_line(name, value, _meaning(name)) for name, value in settings["columns"].items()]
    if "lookup" in settings:
        lines += ["", "# Its columns: the key, and CampaignId, MediaId or ActionTrackerId."]
        lines += ["[lookup]"]
        lines += [_line(name, value) for name, value in settings["lookup"].items()]
    lines += _not_used(inspection)
    return "\n".join(lines) + "\n"


def _line(key: str, value: Any, comment: str = "") -> str:
    text = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    return f"{text:{COMMENT_AT}}# {_one_line(comment)}" if comment else text


def _todo(question: Question) -> str:
    told = f"{question.text} {question.hint}"
    if question.key in IDS:
        called, where, _ = IDS[question.key]
        perhaps = f'; perhaps the column "{question.proposal}"' if question.proposal else ""
        told = f"the {called}: {where}{perhaps}"
    return f'# TODO {question.key} = ""'.ljust(COMMENT_AT) + f"# {_one_line(told)}"


def _because(question: Question | None) -> str:
    if question is None:
        return ""
    samples = f"such as {', '.join(question.samples[:2])}" if question.samples else ""
    return question.because or samples


def _meaning(column: str) -> str:
    return f"the {IDS[column][0]}" if column in IDS else ""


def _not_used(inspection: Inspection) -> list[str]:
    lines: list[str] = []
    if inspection.similar:
        lines += ["", "# Perhaps, by their names; under [columns]:"]
        lines += [
            f"# {column} = {json.dumps(name, ensure_ascii=False)}"
            for name, column in inspection.similar.items()
        ]
    return lines


def _one_line(text: str) -> str:
    return " ".join(text.split())
