"""What one word of an outcome may mean as a CallStatus, before the other columns are asked.

ANSWER needs evidence of a connection: a word that says so in every export (`answered`), or one
that says so only together with a connect time, an answered column, or talk under a cause.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from callconv_kit.coercion import cells, status
from callconv_kit.profiling import kinds, words

_CODE = re.compile(r"(?:sip[ :/-]*|q\.?850[ :/-]*)?(\d{1,3})(?:\D.*)?", re.IGNORECASE)
_ANSWERED_CODES = {16, 31, 200}
"""Codes of an answered call; a column of numbers that holds none of them may count anything."""

_TELLING_WORDS = (
    (
        r"voice ?mail|mailbox|answering machine",
        "INCOMPLETE",
        "the text says that a mailbox took the call",
    ),
    (
        r"(?=.*\b(ivr|menu)\b)(?=.*\b(abandon|hang|hung|drop|left))",
        "IVR_DROPOFF",
        "the text says that the call ended in a menu",
    ),
    (
        r"abandon|caller hung up|caller cancel|cancell?ed by caller",
        "CANCEL",
        "the text says that the caller gave up",
    ),
    (
        r"no answer|not answered|unanswered|missed|\bbusy\b",
        "INCOMPLETE",
        "the text says that nobody answered",
    ),
)
"""Words that say how a call ended wherever they are in a text; none of these calls is paid."""

_DIRECTION = re.compile(
    r"(?:inbound|incoming|eingehend|entrante)s?(?: call)?\s*[-–:/|]\s*(.+)", re.IGNORECASE
)


class Guess(NamedTuple):
    """What a word may mean.

    status: one of the eight; None where nothing is known.
    needs: what else must hold: "" nothing, "connection" evidence of one, "talk" talk time.
    known: a run reads the word so without being told.
    because: in words.
    """

    status: str | None
    needs: str = ""
    known: bool = False
    because: str = ""


UNKNOWN = Guess(None)


@cache
def _listed() -> Mapping[str, tuple[str, bool]]:
    return {
        cells.word(words.ascii_of(text)): (row["status"], row["connected"] == "yes")
        for row in words.table("status_words")
        for text in row["words"].split("|")
    }


@cache
def _causes() -> Mapping[int, tuple[str, str]]:
    return {int(row["code"]): (row["status"], row["meaning"]) for row in words.table("causes")}


@lru_cache(maxsize=4096)
def guess(text: str, role: str) -> Guess:
    """What a word of a column may mean.

    Args:
        text: the word.
        role: of the column: `status`, `answered`, `cause`, `kind`, …

    >>> guess("missed", "status").status, guess("486 Busy Here", "cause").status
    ('INCOMPLETE', 'INCOMPLETE')
    >>> guess("Yes", "answered").status, guess("Yes", "status").status
    ('ANSWER', None)
    """
    if role == "answered" and text.casefold() in kinds.FLAGS:
        if kinds.FLAGS[text.casefold()]:
            return Guess("ANSWER", because="the column says that the call was answered")
        return Guess("INCOMPLETE", because="the column says that the call was not answered")
    if role == "abandoned" and text.casefold() in kinds.FLAGS:
        if kinds.FLAGS[text.casefold()]:
            return Guess("CANCEL", because="the column says that the caller gave up")
        return Guess("ANSWER", "talk", because="the column says that the caller did not give up")
    by_code = _by_code(text) if role in ("cause", "status") else None
    if by_code is not None:
        return by_code
    read = status.read(text).value
    if read is not None:
        return Guess(read, known=True, because="the word says so in every export")
    found = _listed().get(cells.word(words.ascii_of(text)))
    if found is None:
        after = _DIRECTION.fullmatch(text)
        if after:
            return guess(after[1].strip(), role)._replace(known=False)
        return _by_telling_word(text)
    meant, needs_connection = found
    if not needs_connection:
        return Guess(meant, because="other exports use the word so")
    needs = "talk" if role == "cause" else "connection"
    return Guess(meant, needs, because="other exports use the word so")


def _by_telling_word(text: str) -> Guess:
    """`dial_no_answer`, `Missed - no agents`: what one word in a longer text says."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words.ascii_of(text))
    plain_text = " ".join(re.findall(r"[a-z]+", spaced.casefold()))
    for pattern, meant, why in _TELLING_WORDS:
        if re.search(pattern, plain_text):
            return Guess(meant, because=why)
    return UNKNOWN


def are_causes(texts: Iterable[str], *, named: bool) -> bool:
    """Whether bare numbers are Q.850 or SIP codes, and not a list that a vendor numbers from 1.

    Args:
        texts: of a column; those that are no bare number do not count.
        named: whether the very name of the column is known for such codes.
    """
    codes = {int(text) for text in texts if text.isdigit() and len(text) <= 3}
    known = codes & set(_causes())
    return bool(known & _ANSWERED_CODES) or (named and any(code > 16 for code in known))


def _by_code(text: str) -> Guess | None:
    match = _CODE.fullmatch(text)
    if match is None or int(match[1]) not in _causes():
        return None
    meant, words_for_it = _causes()[int(match[1])]
    return Guess(
        meant, "talk" if meant == "ANSWER" else "", because=f"cause {match[1]} is {words_for_it}"
    )
