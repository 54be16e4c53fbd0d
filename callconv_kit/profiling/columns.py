"""What a column of an export holds: how full it is, samples, and the shapes of its cells."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.coercion import moment_text
from callconv_kit.job.faults import masked
from callconv_kit.model.codes import mask_phone
from callconv_kit.writing.markup import visible

SAMPLES, SHAPES = 3, 3
DISTINCT = 10_000
"""Distinct texts that are counted apart; a column with more has many."""

SHAPED = 1_000
"""Distinct texts whose shape is looked at; the frequent shapes show among them."""

LONGEST = 200
"""Characters of a text whose shape is looked at."""

NATIONAL = 10
"""Digits of a number in North America; the last ones, whatever stands before."""

DIGITS_OF_DATA = 5
"""A header with so many digits is probably no header."""

_LONG = re.compile(r"(.)\1{19,}")
_WORD = re.compile(r"([Aa])\1+")
_PHONE = re.compile(r"(?:\+|\(|\b)[0-9 ().\-–]{9,20}$")


class Holds(Enum):
    """What a column is known to hold, as far as it matters to what may be shown of it."""

    PHONES = auto()
    TIMES = auto()
    ANYTHING = auto()


@dataclass(frozen=True, slots=True)
class Profile:
    """What a column holds, in the rows that were looked at.

    rows, filled: how many rows, and how many of them hold text.
    distinct: how many different texts; None for more than `DISTINCT`.
    top_share: the share of the most frequent text among the filled cells; of phones, the number
        counts, not its spelling.
    samples: the first different texts, phone numbers masked.
    shapes: the most frequent shapes: digits as 9, letters as A and a.
    """

    name: str
    rows: int
    filled: int
    distinct: int | None
    top_share: float
    samples: tuple[str, ...]
    shapes: tuple[str, ...]

    @property
    def fill(self) -> float:
        """The share of filled cells."""
        return self.filled / self.rows if self.rows else 0.0


@dataclass(slots=True)
class Gathered:
    """The texts of a column as batches come by."""

    rows: int = 0
    filled: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    many: bool = False

    def add(self, cells: pa.StringArray) -> None:
        """Count the cells of a batch, each different text once."""
        self.rows += len(cells)
        for item in pc.value_counts(pc.utf8_trim_whitespace(cells)).to_pylist():
            text = item["values"]
            if not text:
                continue
            self.filled += item["counts"]
            if text in self.counts or len(self.counts) < DISTINCT:
                self.counts[text] += item["counts"]
            else:
                self.many = True

    @property
    def texts(self) -> Sequence[str]:
        """Different texts, in the order in which they came."""
        return tuple(self.counts)

    def profile(self, name: str, holds: Holds = Holds.ANYTHING) -> Profile:
        """What came by."""
        shapes: Counter[str] = Counter()
        for text, count in islice(self.counts.items(), SHAPED):
            shapes[shape(text)] += count
        alike: Counter[str] = Counter()
        for text, count in self.counts.items():
            alike[_as_number(text, holds)] += count
        top = max(alike.values(), default=0)
        return Profile(
            name,
            self.rows,
            self.filled,
            None if self.many else len(self.counts),
            top / self.filled if self.filled else 0.0,
            tuple(shown(text, holds) for text in list(self.counts)[:SAMPLES]),
            tuple(found for found, _ in shapes.most_common(SHAPES)),
        )


def _as_number(text: str, holds: Holds) -> str:
    """A phone number whatever its spelling; any other text unchanged."""
    if holds is Holds.PHONES or _PHONE.fullmatch(text):
        return "".join(filter(str.isdigit, text))[-NATIONAL:] or text
    return text


def shape(text: str) -> str:
    """A text without its data: `999-999-9999`; a word of any length is one letter.

    >>> shape("212-555-0123"), shape("Answered Call"), shape("2026-11-20T09:30:05Z")
    ('999-999-9999', 'Aa Aa', '9999-99-99A99:99:99A')
    """
    signs = "".join(
        "9" if char.isnumeric() else ("A" if char.isupper() else "a") if char.isalpha() else char
        for char in text[:LONGEST]
    )
    return visible(_WORD.sub(r"\1", _LONG.sub(r"\1…\1", signs)), 60)


def shown(text: str, holds: Holds = Holds.ANYTHING) -> str:
    """A sample: what may be a phone number is masked, and nothing in it is obeyed."""
    if holds is Holds.PHONES or (holds is Holds.ANYTHING and _PHONE.fullmatch(text)):
        text = mask_phone(text)
    elif holds is Holds.ANYTHING and not _is_time(text):
        text = masked(text)
    return visible(text, 40)


def _is_time(text: str) -> bool:
    stamp = moment_text.parse(moment_text.tidy(text))
    return stamp is not None and stamp.seconds is not None


def shown_name(name: str, limit: int = 80) -> str:
    """The name of a column: of one that is data by mistake, what may be a phone is masked."""
    return visible(masked(name), limit)


def shared_name(name: str, limit: int = 80) -> str:
    """The same for others: a name that looks like data is shown by its shape alone."""
    return shape(name) if looks_like_data(name) else visible(name, limit)


def looks_like_data(name: str) -> bool:
    """Whether the cell of a header is more likely one of a row: a number, a time, an address."""
    digits = sum(char.isdigit() for char in name)
    return digits >= DIGITS_OF_DATA or "@" in name or name.replace(".", "").isdigit()
