"""The words in column names and in outcomes, and what each of them means.

`data/words.csv` lists what a word is about (its concepts), in English, German and Spanish. A name
is split where people split it (spaces, underscores, capitals), and where they write words as one:
`calleridnumber`, `Zielrufnummer`.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

from callconv_kit.coercion import cells, status
from callconv_kit.job.values import nearest_zone
from callconv_kit.profiling import kinds

ZONES = {
    **dict.fromkeys(("ET", "EST", "EDT", "EASTERN"), "America/New_York"),
    **dict.fromkeys(("CT", "CST", "CDT", "CENTRAL"), "America/Chicago"),
    **dict.fromkeys(("MT", "MST", "MDT", "MOUNTAIN"), "America/Denver"),
    **dict.fromkeys(("PT", "PST", "PDT", "PACIFIC"), "America/Los_Angeles"),
    **dict.fromkeys(("UTC", "GMT", "ZULU"), "UTC"),
}
"""Words for a zone in a header, and the zone that they mean in North America."""

LONGEST_PHRASE = 3
"""Words of the longest phrase that is one entry of the list."""

SHORTEST_PART = 2
"""Letters of the shortest word that may be part of a longer one."""

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PLACE = re.compile(r"[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_+-]+)+")
_OFFSET = re.compile(r"(?:(?:UTC|GMT) ?|[(\[] ?)([+-])(\d{1,2})(?::?(\d\d))?\b")
LONGEST_CODE = 3
"""Letters of EST and UTC; a longer word at the end of a name may mean something else."""

_IN_BRACKETS = re.compile(r"[(\[]([^)\]]*)")
_CODE_OF_ZONE = re.compile(r"\b(?:UTC|GMT|[ECMP][SD]T)\b")


def table(name: str) -> list[dict[str, str]]:
    """The lines of `data/<name>.csv`, by column name."""
    source = resources.files(__package__) / "data" / f"{name}.csv"
    return list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))


def ascii_of(text: str) -> str:
    """A text without accents: `Duración` and `Duracion` are one word; its capitals stay."""
    parts = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(char for char in parts if not unicodedata.combining(char))


def letters(name: str) -> str:
    """A name's letters and digits alone: `Duration (sec)` and `duration_sec` are the same."""
    return "".join(char for char in ascii_of(name).casefold() if char.isalnum())


@cache
def _concepts() -> Mapping[str, frozenset[str]]:
    known: dict[str, set[str]] = {}
    for row in table("words"):
        for word in row["words"].split("|"):
            known.setdefault(ascii_of(word).casefold(), set()).add(row["concept"])
    return {word: frozenset(concepts) for word, concepts in known.items()}


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case and without accents.

    >>> words_of("callerIdNumber"), words_of("didnumber"), words_of("Date/Time Start (UTC)")
    (('caller', 'id', 'number'), ('did', 'number'), ('date', 'time', 'start', 'utc'))
    """
    parts = [part.casefold() for part in _PARTS.findall(ascii_of(name))]
    return tuple(piece for part in parts for piece in _split(part))


def _split(word: str) -> tuple[str, ...]:
    """A word that is several known ones, as these; any other as it is."""
    known = _concepts()
    if word in known:
        return (word,)
    best: dict[int, tuple[str, ...]] = {0: ()}
    for end in range(SHORTEST_PART, len(word) + 1):
        for start in [at for at in best if end - at >= SHORTEST_PART]:
            if word[start:end] in known:
                pieces = (*best[start], word[start:end])
                if end not in best or len(pieces) < len(best[end]):
                    best[end] = pieces
    return best.get(len(word), (word,))


@lru_cache(maxsize=4096)
def concepts_of(name: str) -> frozenset[str]:
    """What the words of a name are about; phrases before single words."""
    return frozenset(concept for found in _phrases(words_of(name)) for concept in found)


def _phrases(words: tuple[str, ...]) -> Iterator[frozenset[str]]:
    known, at = _concepts(), 0
    while at < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            found = known.get(" ".join(words[at : at + length]))
            if found is not None:
                yield found
                break
        at += length


@lru_cache(maxsize=4096)
def zone_in(name: str) -> str:
    """The time zone that a header names: `Start (UTC)`, `Date [America/New_York]`; "" for none.

    A word that may be another one elsewhere (French `et`, Spanish `central`) is a zone only at the
    end of the name or in brackets.

    >>> zone_in("Date/Time Start (UTC)"), zone_in("Date [America/New_York]"), zone_in("Start Time")
    ('UTC', 'America/New_York', '')
    >>> zone_in("Start Time ET"), zone_in("Date et heure"), zone_in("Start UTC+2")
    ('America/New_York', '', '+02:00')
    """
    place = _PLACE.search(name)
    if place and nearest_zone(place[0]) == place[0]:
        return place[0]
    offset = _OFFSET.search(name)
    if offset:
        return f"{offset[1]}{int(offset[2]):02}:{offset[3] or '00'}"
    code = _CODE_OF_ZONE.search(name)
    if code:
        return ZONES[code[0]]
    bracketed = [word for part in _IN_BRACKETS.findall(name) for word in words_of(part)]
    last = [word for word in words_of(name)[-1:] if len(word) <= LONGEST_CODE]
    found = [word.upper() for word in (*bracketed, *last)]
    return next((ZONES[word] for word in found if word in ZONES), "")


_CODE = re.compile(r"(?:sip[ :/-]*|q\.?850[ :/-]*)?(\d{1,3})(?:\W*[a-z(].*)?", re.IGNORECASE)
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
    known: a run reads the word so without a setting.
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
        cells.word(ascii_of(text)): (row["status"], row["connected"] == "yes")
        for row in table("status_words")
        for text in row["words"].split("|")
    }


@cache
def _causes() -> Mapping[int, tuple[str, str]]:
    return {int(row["code"]): (row["status"], row["meaning"]) for row in table("causes")}


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
    found = _listed().get(cells.word(ascii_of(text)))
    if found is None:
        after = _DIRECTION.fullmatch(text)
        if after:
            return guess(after[1].strip(), role)._replace(known=False)
        return _by_telling_word(text)
    meant, needs_connection = found
    if not needs_connection:
        return Guess(meant, because="other exports use the word this way")
    needs = "talk" if role == "cause" else "connection"
    return Guess(meant, needs, because="other exports use the word this way")


def _by_telling_word(text: str) -> Guess:
    """`dial_no_answer`, `Missed - no agents`: what one word in a longer text says."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", ascii_of(text))
    plain_text = " ".join(re.findall(r"[a-z]+", spaced.casefold()))
    for pattern, meant, why in _TELLING_WORDS:
        if re.search(pattern, plain_text):
            return Guess(meant, because=why)
    return UNKNOWN


def are_causes(texts: Iterable[str], *, named: bool) -> bool:
    """Whether bare numbers are Q.850 or SIP codes, and not a list that a vendor numbers from 1.

    Args:
        texts: of a column; those that are not a bare number do not count.
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
