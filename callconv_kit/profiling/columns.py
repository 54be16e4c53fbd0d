"""What a column of an export holds: how full it is, samples, and the shapes of its cells."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.findings import mask_phone
from callconv_kit.writing.visible import visible

SAMPLES, SHAPES = 3, 3
DISTINCT = 10_000
"""Distinct texts that are counted apart; a column with more has many."""

_LONG = re.compile(r"(.)\1{12,}")
_PHONE = re.compile(r"(?:\+|\(|\b)[0-9 ().\-–]{9,20}$")


@dataclass(frozen=True, slots=True)
class Profile:
    """What a column holds, in the rows that were looked at.

    rows, filled: how many rows, and how many of them hold text.
    distinct: how many different texts; None for more than `DISTINCT`.
    top_share: the share of the most frequent text among the filled cells.
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

    def profile(self, name: str) -> Profile:
        """What came by."""
        shapes: Counter[str] = Counter()
        for text, count in self.counts.items():
            shapes[shape(text)] += count
        top = max(self.counts.values(), default=0)
        return Profile(
            name,
            self.rows,
            self.filled,
            None if self.many else len(self.counts),
            top / self.filled if self.filled else 0.0,
            tuple(shown(text) for text in list(self.counts)[:SAMPLES]),
            tuple(found for found, _ in shapes.most_common(SHAPES)),
        )


def shape(text: str) -> str:
    """A text without its data: `999-999-9999`; long runs of one sign are shortened.

    >>> shape("212-555-0123"), shape("Ünal"), shape("a" * 40)
    ('999-999-9999', 'Aaaa', 'a…a')
    """
    signs = "".join(
        "9" if char.isdigit() else ("A" if char.isupper() else "a") if char.isalpha() else char
        for char in text[:200]
    )
    return visible(_LONG.sub(r"\1…\1", signs), 60)


def shown(text: str) -> str:
    """A sample: what may be a phone number is masked, and nothing in it is obeyed."""
    return visible(mask_phone(text) if _PHONE.fullmatch(text) else text, 40)


def profiles(header: Sequence[str], gathered: Mapping[int, Gathered]) -> tuple[Profile, ...]:
    """The profiles of all columns, in the header's order."""
    return tuple(gathered[at].profile(name) for at, name in enumerate(header))
