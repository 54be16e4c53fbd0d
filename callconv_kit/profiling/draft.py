"""A job for an export: what was proposed, answered and left open, as a commented callconv.toml."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from callconv_kit.model import spec
from callconv_kit.profiling import answering, written
from callconv_kit.profiling.answering import Answers, Passed, leave_out, settled
from callconv_kit.profiling.ids import IDS, ONE_KEY, one_key
from callconv_kit.profiling.inspection import Inspection
from callconv_kit.profiling.job_answers import merged
from callconv_kit.profiling.proposal import Confidence, Proposal
from callconv_kit.profiling.questions import MAPPED, Question, by_id

REJECTED_SHARE = 0.5
"""The share of rejected rows over which there is no ready.csv, as a job begins with it."""

How = Literal["answered", "sure", "likely"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A job file.

    text: of the file.
    settings: the same as keywords of a Job.
    blanks: ids of the questions that are open; in the text they are marked TODO.
    taken: id of each question that is not, how it was answered, and with what.
    looked_up: the ids that the look-up file is to give.
    warnings: what to note of the answers.
    passed: answers to questions that this export does not raise.
    """

    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    blanks: tuple[str, ...] = ()
    taken: Mapping[str, tuple[How, str]] = field(default_factory=dict)
    looked_up: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    passed: tuple[Passed, ...] = ()


def draft_of(
    inspection: Inspection, answers: Answers | None = None, *, accept: Confidence = "sure"
) -> Draft:
    """The job for an export.

    Args:
        inspection: of the export; `answering.refined` by the same answers.
        answers: by the id of the question; what is blank or missing is taken from the proposals.
        accept: `sure` takes the proposals that are sure, `likely` the likely ones too, `none`
            takes none.

    Raises:
        UsageError: an answer is not one.
    """
    given = {key: text.strip() for key, text in (answers or {}).items() if text.strip()}
    return _Drafting(inspection, given, accept).draft()


def with_share(inspection: Inspection, draft: Draft, share: float, why: str) -> Draft:
    """The draft with another share of rows that may be rejected, and why that is it."""
    settings = {**draft.settings, "max_rejected_share": share}
    text = written.text_of(inspection, settings, draft.blanks, by_id(inspection), share_why=why)
    return replace(draft, settings=settings, text=text)


def with_export_suite(inspection: Inspection, draft: Draft, name: str) -> Draft:
    """The draft with the file in which the layout of the export is recorded."""
    settings = {**draft.settings, "export_suite": name}
    text = written.text_of(inspection, settings, draft.blanks, by_id(inspection))
    return replace(draft, settings=settings, text=text)


class _Drafting:
    """Gathers the settings of a job."""

    def __init__(
        self, inspection: Inspection, answers: Mapping[str, str], accept: Confidence
    ) -> None:
        self._seen, self._answers, self._accept = inspection, answers, accept
        self._raised = by_id(inspection)
        self._settings: dict[str, Any] = {
            "max_rejected_share": REJECTED_SHARE,
            **inspection.settings,
        }
        self._blanks: list[str] = []
        self._taken: dict[str, tuple[How, str]] = {}
        self._looked_up: list[str] = []
        self._passed: list[Passed] = []

    def draft(self) -> Draft:
        self._preset()
        if self._seen.skip_lines:
            self._settings["skip_lines"] = list(self._seen.skip_lines)
        for key in ("timezone", "date_order", "default_country", "direction"):
            self._single(key)
        for proposal in self._seen.proposals.mapping.values():
            self._column(proposal)
        self._statuses()
        for key in IDS:
            self._id(key)
        self._talk_time()
        self._rest()
        settings = {key: value for key, value in self._settings.items() if value not in ({}, None)}
        if not settings.get("preset"):
            settings.pop("preset", None)
        by = self._seen.column(settings.get("lookup", {}).get("on_source", ""))
        blanks = tuple(dict.fromkeys(self._blanks))
        return Draft(
            written.text_of(self._seen, settings, blanks, self._raised),
            settings,
            blanks,
            self._taken,
            tuple(self._looked_up),
            (one_key(by),) if by and by.top_share >= ONE_KEY else (),
            tuple(self._passed),
        )

    def _preset(self) -> None:
        if self._seen.preset and self._settings.get("preset") != "":
            self._settings["preset"] = self._seen.preset

    def _accepts(self, confidence: Confidence) -> bool:
        order = ("none", "likely", "sure")
        wanted = {"sure": 2, "likely": 1, "none": 3}[self._accept]
        return order.index(confidence) >= wanted

    def _merge(self, meant: Mapping[str, Any]) -> None:
        self._settings = merged(self._settings, meant)

    def _answer(self, key: str, how: How, text: str) -> None:
        """Take an answer over, whoever gave it."""
        meant = settled(key, text, self._seen)
        held = self._settings.get("lookup")
        if "lookup" in meant:
            if held and held != meant["lookup"]:
                expected = "the look-up file and the key that were named before"
                raise answering.no_answer(key, text, expected, None)
            self._looked_up.append(IDS[key].column)
        self._merge(meant)
        self._taken[key] = (how, text)

    def _single(self, key: str) -> None:
        """A question that is one setting: its answer, else its proposal."""
        question, answer = self._raised.get(key), self._answers.get(key, "")
        # While no column holds the times, nobody knows whether they need a zone.
        unused = question is None and key != "default_country"
        unused &= self._seen.times is not None or key not in ("timezone", "date_order")
        if answer and (unused or self._is_stated(key)):
            self._passed.append(Passed(key, self._why_passed(key)))
        elif answer:
            self._answer(key, "answered", answer)
            return
        if question is None:
            return
        if question.proposal and self._accepts(question.confidence):
            self._answer(key, _how(question.confidence), question.proposal)
        elif key == "direction" and self._accepts(question.confidence):
            self._take_direction(question)
        else:
            self._blanks.append(key)

    def _is_stated(self, key: str) -> bool:
        """Whether the header itself names the zone: it wins over what somebody remembers."""
        _, because, confidence = self._seen.proposals.zone
        return key == "timezone" and confidence == "sure" and because.startswith("the header")

    def _why_passed(self, key: str) -> str:
        if self._is_stated(key):
            return self._seen.proposals.zone[1]
        return {
            "timezone": "every time carries an offset from UTC",
            "date_order": "no date has two readings",
            "default_country": "phone numbers that carry no country are North American",
            "direction": "no column shows which rows are not calls to you",
        }.get(key, "this export does not raise it")

    def _take_direction(self, question: Question) -> None:
        found = [each for each in self._seen.proposals.direction if each.left_out]
        self._merge({"leave_out": [rule for each in found for rule in leave_out(each)]})
        answer = f"{found[0].column}: {question.proposal}"
        self._taken["direction"] = (_how(question.confidence), answer)

    def _column(self, proposal: Proposal) -> None:
        key = question_of(proposal.column)
        answer = self._answers.get(key) or self._answers.get(f"map.{proposal.column}", "")
        if key == "call_id" and proposal.how == "nothing" and not proposal.settled and not answer:
            self._call_id()
            return
        if key in IDS or key == "status":
            return
        if answer in answering.DECLINED and proposal.column not in spec.REQUIRED:
            return
        if answer and key != "talk_time":
            self._answer(
                key if key in self._answers else f"map.{proposal.column}", "answered", answer
            )
            return
        if answer:
            return  # by _talk_time
        if proposal.settled or (key == "talk_time" and proposal.how == "nothing"):
            return
        if proposal.sources and self._accepts(proposal.confidence):
            self._take_column(proposal, key)
        elif proposal.column in MAPPED or key in ("talk_time", "call_id"):
            self._blanks.append(key)

    def _take_column(self, proposal: Proposal, key: str) -> None:
        self._merge({"columns": {proposal.column: proposal.source}})
        if proposal.unit:
            self._merge({"units": {proposal.column: proposal.unit}})
        self._taken[key] = (_how(proposal.confidence), proposal.text)

    def _call_id(self) -> None:
        question = self._raised.get("call_id")
        if question is None:
            return
        if question.proposal and self._accepts(question.confidence):
            self._answer("call_id", _how(question.confidence), question.proposal)
        else:
            self._blanks.append("call_id")

    def _statuses(self) -> None:
        found = self._seen.proposals.statuses
        status = self._seen.proposals.mapping["CallStatus"]
        answer = self._answers.get("status", "")
        known = bool(found.column or found.rules or status.settled)
        understood = known and all(word.status for word in found.words)
        if answer and understood and self._seen.column(answer) is None:
            self._passed.append(Passed("status", "the export says how each call ended"))
            answer = ""
        if answer:
            self._answer("status", "answered", answer)
            if "CallStatus" in self._settings.get("constants", {}):
                return
        if not known:
            if "CallStatus" not in self._settings.get("columns", {}) and not answer:
                self._blanks.append("status")
            return
        if not status.settled and not self._take_status():
            return
        self._words()

    def _take_status(self) -> bool:
        """Take the column over, or the rules; False where that is left open."""
        found = self._seen.proposals.statuses
        named = self._answers.get("map.CallStatus", "")
        if not named and not self._accepts(found.confidence):
            self._blanks.append("map.CallStatus" if found.column else "status")
            return False
        if found.column:
            self._merge({"columns": {"CallStatus": found.column}})
        how: How = "answered" if named else _how(found.confidence)
        self._taken["map.CallStatus"] = (how, found.column or "rules")
        return True

    def _words(self) -> None:
        found = self._seen.proposals.statuses
        answered = {key.casefold() for key in self._answers if key.startswith("status.")}
        rules = [rule for rule in found.rules if not self._is_answered(rule.when, answered)]
        if rules:
            self._merge(
                {"status": [{"when": dict(rule.when), "then": rule.then} for rule in rules]}
            )
        for word in found.words:
            key = f"status.{word.word}"
            if key.casefold() in answered:
                answer = next(t for k, t in self._answers.items() if k.casefold() == key.casefold())
                self._answer(key, "answered", answer)
            elif word.known or word.split:
                continue
            elif word.status and self._accepts(word.confidence):
                self._answer(key, _how(word.confidence), word.status)
            else:
                self._blanks.append(key)
        raised = {f"status.{text}".casefold() for text in self._status_texts()}
        for key in self._answers:
            if key.startswith("status.") and key.casefold() not in raised:
                self._passed.append(Passed(key, "no such word in the status column"))

    def _status_texts(self) -> tuple[str, ...]:
        column = self._seen.sample.column(self._seen.proposals.statuses.column)
        return tuple(column.texts) if column is not None else ()

    def _is_answered(self, when: Mapping[str, Any], answered: set[str]) -> bool:
        """Whether a rule is about a word whose status somebody has said."""
        column = self._seen.proposals.statuses.column
        word = when.get(column)
        return isinstance(word, str) and f"status.{word}".casefold() in answered

    def _id(self, key: str) -> None:
        column, answer = IDS[key].column, self._answers.get(key, "")
        if answer:
            self._answer(key, "answered", answer)
            return
        question = self._raised.get(key)
        if question is None or f"map.{column}" in self._answers:
            return
        if question.proposal and self._accepts(question.confidence):
            self._answer(key, _how(question.confidence), question.proposal)
        else:
            self._blanks.append(key)

    def _talk_time(self) -> None:
        talk = self._seen.proposals.mapping["TalkDuration"]
        answer = self._answers.get("talk_time", "") or self._answers.get("map.TalkDuration", "")
        columns = self._settings.get("columns", {})
        if answer:
            own = talk.how == "column" and talk.confidence == "sure" and not talk.settled
            if own and answer == "call_if_answered":
                why = f"{talk.sources[0]!r} holds the talk times"
                self._passed.append(Passed("talk_time", why))
                self._take_column(talk, "talk_time")
            else:
                self._answer("talk_time", "answered", answer)
        elif talk.how == "nothing" and "talk_time" in self._raised:
            question = self._raised.get("talk_time")
            if question and question.proposal and self._accepts(question.confidence):
                self._answer("talk_time", _how(question.confidence), question.proposal)
            else:
                self._blanks.append("talk_time")
        columns = self._settings.get("columns", {})
        ours = "TalkDuration" in columns or (talk.settled and talk.how != "nothing")
        if ours and "talk_time" not in self._settings and self._clears_talk(talk):
            self._settings["talk_time"] = "column_if_answered"

    def _clears_talk(self, talk: Proposal) -> bool:
        """Whether calls that nobody answered have a talk time, or none at all."""
        found = self._seen.proposals.statuses
        rules = self._settings.get("status", ())
        if talk.settled:
            return bool(rules)
        column = self._seen.sample.column(talk.sources[0]) if talk.sources else None
        unanswered = any(word.talk and word.status not in (None, "ANSWER") for word in found.words)
        gaps = talk.how == "difference" or (column is not None and column.fill < 1)
        return unanswered or gaps or any(rule["then"] != "ANSWER" for rule in rules)

    def _rest(self) -> None:
        """Answers to map.COLUMN of columns for which nothing was proposed."""
        for key, answer in self._answers.items():
            if (
                key.startswith("map.")
                and key not in self._taken
                and answer not in answering.DECLINED
            ):
                self._answer(key, "answered", answer)
        constants = self._settings.get("constants", {})
        columns = self._settings.get("columns", {})
        for name in constants.keys() & columns.keys():
            del columns[name]


def question_of(column: str) -> str:
    """The id of the question that asks for a column of the format."""
    for key, known_id in IDS.items():
        if known_id.column == column:
            return key
    ids = {"CallSessionId": "call_id", "TalkDuration": "talk_time", "CallStatus": "status"}
    return ids.get(column, f"map.{column}")


def _how(confidence: Confidence) -> How:
    return "likely" if confidence == "likely" else "sure"
