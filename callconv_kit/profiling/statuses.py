"""CallStatus: the column whose words say how each call ended, read word by word.

A column is chosen for what its words are understood to say, not for its name. Labels that agents
choose, and columns without a cell, are declined. Where a mailbox or a menu took the call, rules
say so before the words do.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from callconv_kit.model import texts
from callconv_kit.model.texts import Bools
from callconv_kit.profiling import kinds
from callconv_kit.profiling.directions import meaning
from callconv_kit.profiling.moments import FITS, moment_columns
from callconv_kit.profiling.naming import word_role
from callconv_kit.profiling.proposal import Confidence, Rule, Statuses, StatusWord
from callconv_kit.profiling.sample import Column, Sample, Word, words_in
from callconv_kit.profiling.words import UNKNOWN, Guess, are_causes, guess

Seconds: TypeAlias = npt.NDArray[np.float64]
"""One duration for each row; NaN where there is none."""

UNDERSTOOD = 0.5
"""Of the calls have a word that is understood, for a column to be proposed."""

SPEAKS = 0.75
"""The same where the name of the column says nothing of an outcome."""

FILLED = 0.8
"""Share of the calls with a word, for a column to show how calls ended."""

MOSTLY = 0.95
"""Share of the rows of a word that agree with the proposed status."""

VARIED = 0.1
"""Added for each further status that its words distinguish: such a column says more."""

SPOKEN = ".*[1-9].*"
"""A talk time that is not zero, whether it is a number or written like a clock."""

_BONUS = {
    "status": 0.45,
    "answered": 0.25,
    "cause": 0.3,
    "abandoned": 0.1,
    "direction": 0.1,
    "kind": 0.1,
}
"""What a name adds to the share of words that are understood."""

_MAILBOX = r"(?i).*(voice ?-?mail|\bvmail\b|\bvmu?\d+|mailbox|anrufbeantworter|buz[oó]n de voz).*"
_MENU = r"(?i)(background|ivr|playback|auto ?attendant|digital receptionist).*"
_TAKERS = (
    (_MAILBOX, "INCOMPLETE", "a mailbox took the call"),
    (_MENU, "IVR_DROPOFF", "the call ended in a menu"),
)
"""What a cell says about who took a call, the status of such a call, and that in words."""

_SIDE = {"called", "forward", "type", "cause", "status", "flag", "answer", "end"}
"""What the name of a column may be about that says who took the call."""

_SIDE_NAMES = {"lastapp", "app", "application", "action", "leg", "result", "destination"}


class _Candidate(NamedTuple):
    column: Column
    role: str
    guesses: Mapping[str, Guess]
    understood: float
    score: float


def statuses(
    sample: Sample,
    *,
    talk: str = "",
    taken: Collection[str] = (),
    answers: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    column: str = "",
) -> Statuses:
    """How each row gets its status.

    Args:
        sample: the rows that are calls to the advertiser.
        talk: the column of talk times; "" for none.
        taken: columns that hold something else.
        answers: words whose status somebody has said; they also tell which column is meant.
        values: words whose status a preset or job knows already.
        column: the column, where that is settled.
    """
    given = {word.casefold(): status for word, status in (answers or {}).items()}
    found = [
        each
        for one in sample.named
        if (one.name == column if column else one.name not in taken)
        and (each := _candidate(one, given, values or {}, settled=bool(column))) is not None
    ]
    spoken = _talk(sample, talk)
    settled_share = {each.column.name: _settled(sample, each, spoken, given) for each in found}
    found.sort(
        key=lambda each: (-each.score - settled_share[each.column.name], each.column.position)
    )
    declined = {
        each.column.name: _declined(each)
        for each in found
        if not column and each.role in ("status", "answered", "cause") and not _tells(each, given)
    }
    best = next((each for each in found if column or _tells(each, given)), None)
    if best is None and not _by_connection(sample):
        best = next((each for each in found if _says_which_were_missed(each)), None)
    if best is None:
        rules = _by_connection(sample)
        reason = "no column of words shows it; a connect time does" if rules else ""
        confidence: Confidence = "likely" if rules else "none"
        rules = (*_takers(sample, "", ()), *rules) if rules else ()
        return Statuses("", (), rules, confidence, reason, declined)
    words = _words(sample, best, spoken, given)
    answering = tuple(word.word for word in words if word.status == "ANSWER")
    rules = (*_takers(sample, best.column.name, answering), *_splits(best, words, talk))
    exact = word_role(best.column.name).exact
    sure = best.role == "status" and exact and best.understood >= UNDERSTOOD
    return Statuses(
        best.column.name,
        words,
        rules,
        "sure" if sure else "likely",
        f"{best.understood:.0%} of the calls have a word that is understood",
        declined,
    )


def _settled(
    sample: Sample, each: _Candidate, spoken: Seconds | None, given: Mapping[str, str]
) -> float:
    """The share of the filled cells whose word a status is proposed for."""
    words = _words(sample, each, spoken, given)
    return sum(word.rows for word in words if word.status) / (each.column.filled or 1)


def _candidate(
    column: Column, given: Mapping[str, str], values: Mapping[str, str], *, settled: bool
) -> _Candidate | None:
    if not column.is_vocabulary or column.links >= FITS or _is_about_time(column):
        return None
    named = word_role(column.name).role
    asked = sum(text.casefold() in given for text in column.texts)
    if named in ("leg", "context"):
        return None
    if not named and column.concepts & {"person", "name", "url", "money"}:
        return None
    role = named or "status"
    if column.phones >= FITS and role != "cause":
        return None
    counted = words_in(column)
    known = {word.strip().casefold(): status for word, status in values.items()}
    guesses = {word.text: _guess(word.text, role, known) for word in counted}
    exact_cause = role == "cause" and word_role(column.name).exact
    if role in ("cause", "status") and not are_causes(column.texts, named=exact_cause):
        guesses |= {text: UNKNOWN for text in guesses if text.isdigit() and text not in known}
    filled = column.filled or 1
    understood = sum(
        word.rows for word in counted if guesses[word.text].status or word.text.casefold() in given
    )
    share = understood / filled
    if not (named or settled or asked) and not _speaks(guesses, share):
        return None
    bonus = _BONUS.get(named, 0.0) + (2.0 * asked / len(given) if given else 0.0)
    varied = VARIED * min(3, len({each.status for each in guesses.values() if each.status}) - 1)
    return _Candidate(column, role, guesses, share, share * column.fill + bonus + varied)


def _is_about_time(column: Column) -> bool:
    """Whether it holds moments, dates, clocks, or durations that name their unit."""
    spelled = column.seconds >= FITS and column.integers < FITS
    return spelled or max(column.moments, column.dates, column.clocks) >= FITS


def _speaks(guesses: Mapping[str, Guess], understood: float) -> bool:
    """Whether the words alone say that they are outcomes, though the name does not."""
    return understood >= SPEAKS and len({g.status for g in guesses.values() if g.status}) > 1


def _guess(text: str, role: str, known: Mapping[str, str]) -> Guess:
    status = known.get(text.casefold())
    if status is not None:
        return Guess(status, known=True, because="the preset says so")
    return guess(text, role)


def _tells(each: _Candidate, given: Mapping[str, str]) -> bool:
    if any(text.casefold() in given for text in each.column.texts):
        return True
    if each.role in ("direction", "kind") and each.understood < MOSTLY:
        outcomes = {g.status for g in each.guesses.values() if g.status}
        return len(outcomes) > 1 and each.understood >= UNDERSTOOD / 2
    if each.column.fill < FILLED:
        return False
    if each.role == "status":
        return each.understood >= UNDERSTOOD / 2
    return each.understood >= UNDERSTOOD


def _says_which_were_missed(each: _Candidate) -> bool:
    """Whether some words are outcomes and the others calls to us: `Missed` beside `Incoming`."""
    rest = [text for text, guessed in each.guesses.items() if not guessed.status]
    known = 0 < len(rest) < len(each.guesses)
    return each.column.fill >= FILLED and known and all(meaning(t) == "inbound" for t in rest)


def _declined(each: _Candidate) -> str:
    if each.column.fill < FILLED:
        return f"{1 - each.column.fill:.0%} of the calls have nothing there"
    return "its words are labels, not outcomes"


def _words(
    sample: Sample, best: _Candidate, spoken: Seconds | None, given: Mapping[str, str]
) -> tuple[StatusWord, ...]:
    made = []
    for word in words_in(best.column):
        rows = best.column.is_one_of([word.text])
        times = spoken[rows] if spoken is not None else np.zeros(0)
        times = times[~np.isnan(times)]
        mean = float(times.mean()) if len(times) else (0.0 if spoken is not None else None)
        guessed = best.guesses[word.text]
        settled = given.get(word.text.casefold())
        if settled:
            made.append(StatusWord(word.text, word.rows, mean, settled, "sure", "you said so"))
            continue
        made.append(_word(sample, word, mean, guessed, rows, spoken is not None))
    return tuple(made)


def _word(
    sample: Sample, word: Word, mean: float | None, guessed: Guess, rows: Bools, talks: bool
) -> StatusWord:
    """What is proposed for a word, by what it may mean and by what else its rows hold."""
    text, count = word.text, word.rows
    nothing = StatusWord(text, count, mean, None, "none", guessed.because)
    if guessed.status is None:
        return nothing
    if guessed.status != "ANSWER":
        sure: Confidence = "sure" if guessed.known else "likely"
        return StatusWord(
            text, count, mean, guessed.status, sure, guessed.because, known=guessed.known
        )
    if mean == 0 and talks:
        why = f"{guessed.because}, but nobody talked in these calls"
        return StatusWord(text, count, mean, None, "none", why)
    if guessed.needs == "talk" and talks:
        why = f"{guessed.because}; only with talk time"
        return StatusWord(text, count, mean, "ANSWER", "likely", why, split=True)
    if guessed.needs:
        evidence = _connected(sample, rows)
        if not evidence:
            why = "it often means ANSWER, but nothing here shows that these calls were connected"
            return replace(nothing, because=why)
        return StatusWord(text, count, mean, "ANSWER", "likely", evidence)
    sure = "sure" if guessed.known else "likely"
    return StatusWord(text, count, mean, "ANSWER", sure, guessed.because, known=guessed.known)


def _talk(sample: Sample, talk: str) -> Seconds | None:
    """The talk time of each row in seconds; NaN where there is none."""
    column = sample.column(talk) if talk else None
    if column is None:
        return None
    read: dict[str | None, float] = {}
    for text in column.clean.unique().to_pylist():
        length = kinds.seconds(text) if text else 0.0
        read[text] = np.nan if length is None else length
    encoded = column.clean.dictionary_encode()
    values = np.asarray([read.get(text, np.nan) for text in encoded.dictionary.to_pylist()] + [0.0])
    found: Seconds = values[texts.places(encoded)]
    return found


def _connected(sample: Sample, rows: Bools) -> str:
    """Evidence that the calls of these rows were connected, and hardly any others; "" for none."""
    for column in sample.named:
        role = word_role(column.name).role
        if role == "answered" and column.flags >= FITS:
            yes = column.is_one_of(text for text in column.texts if kinds.FLAGS[text.casefold()])
            if yes[rows].mean() >= MOSTLY:
                return f"{column.name!r} says that these calls were answered"
    for column, named in moment_columns(sample):
        if named.role != "answer_time" or column.fill >= 1:
            continue
        if column.present[rows].mean() >= MOSTLY:
            return f"these calls have a time under {column.name!r}, and others have none"
    return ""


def _by_connection(sample: Sample) -> tuple[Rule, ...]:
    """Rules by a time of connection that only some calls have."""
    for column, named in moment_columns(sample):
        if named.role == "answer_time" and 0 < column.fill < 1:
            why = f"{column.name!r} is when the call was connected"
            return (
                Rule({column.name: {"empty": False}}, "ANSWER", column.filled, why),
                Rule(
                    {column.name: {"empty": True}},
                    "INCOMPLETE",
                    column.rows - column.filled,
                    f"{column.name!r} is empty: the call was not connected",
                ),
            )
    return ()


def _takers(sample: Sample, status: str, answering: Sequence[str]) -> tuple[Rule, ...]:
    """Rules for calls that count as answered, and that a mailbox or a menu took."""
    own = sample.column(status) if status else None
    if own is not None and not answering:
        return ()
    among = own.is_one_of(answering) if own is not None else np.ones(sample.rows, np.bool_)
    rules = []
    for column in sample.named:
        if column is own or not _may_say_who_took_it(column):
            continue
        if "voicemail" in column.name.casefold().replace(" ", "") and column.flags >= FITS:
            yes = [text for text in column.texts if kinds.FLAGS[text.casefold()]]
            rows = int((column.is_one_of(yes) & among).sum())
            if rows:
                when = _when(column.name, {"in": yes}, status, answering)
                rules.append(Rule(when, "INCOMPLETE", rows, "a mailbox took the call"))
            continue
        for pattern, then, why in _TAKERS:
            texts = [text for text in column.texts if re.fullmatch(pattern, text)]
            if not texts or len(texts) == len(column.texts):
                continue
            rows = int((column.is_one_of(texts) & among).sum())
            if rows:
                when = _when(column.name, {"matches": pattern}, status, answering)
                rules.append(Rule(when, then, rows, f"{column.name!r}: {why}"))
    return tuple(rules)


def _when(
    name: str, condition: Mapping[str, object], status: str, answering: Sequence[str]
) -> dict[str, object]:
    """The condition; a mailbox that rang in vain beside it does not make a missed call another."""
    if not status:
        return {name: dict(condition)}
    only = {"equals": answering[0]} if len(answering) == 1 else {"in": list(answering)}
    return {name: dict(condition), status: only}


def _may_say_who_took_it(column: Column) -> bool:
    if column.links >= FITS or column.moments >= FITS or column.concepts & {"url", "person", "id"}:
        return False
    named = set(re.findall(r"[a-z]+", column.name.casefold()))
    return bool(column.concepts & _SIDE or named & _SIDE_NAMES)


def _splits(best: _Candidate, words: Sequence[StatusWord], talk: str) -> tuple[Rule, ...]:
    """A cause that ends answered calls and others alike: talk time distinguishes them."""
    rules = []
    for word in words:
        if word.split:
            spoken = {talk: {"matches": SPOKEN}}
            rules.append(
                Rule({best.column.name: word.word, **spoken}, "ANSWER", word.rows, word.because)
            )
            why = f"{word.word!r} without talk"
            rules.append(Rule({best.column.name: word.word}, "INCOMPLETE", 0, why))
    return tuple(rules)
