"""The words in the name of a column, and what each is about.

`data/words.csv` lists what a word is about (its concepts), in English, German and Spanish. A name
is split where people split it (spaces, underscores, capitals), and where they write words as one:
`calleridnumber`, `Zielrufnummer`.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources

from callconv_kit.job.values import nearest_zone

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
_OFFSET = re.compile(r"(?:UTC|GMT)? ?([+-])(\d{1,2})(?::?(\d\d))?\b")


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

    >>> zone_in("Date/Time Start (UTC)"), zone_in("Date [America/New_York]"), zone_in("Start Time")
    ('UTC', 'America/New_York', '')
    """
    place = _PLACE.search(name)
    if place and nearest_zone(place[0]) == place[0]:
        return place[0]
    offset = _OFFSET.search(name)
    if offset:
        return f"{offset[1]}{int(offset[2]):02}:{offset[3] or '00'}"
    words = [word.upper() for word in re.findall(r"[A-Za-z]+", name)]
    return next((ZONES[word] for word in words if word in ZONES), "")
