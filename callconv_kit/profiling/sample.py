"""The rows that proposals are made from, and facts about their columns.

A `Sample` holds the first rows of an export. Facts that need only the different texts of a column
are taken over some hundred of them; facts about several columns of one row (does the end follow
the start? does the talk fit into the call?) over some hundred rows, spread evenly.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.model import texts
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.profiling import kinds, words

LOOKED_AT = 200
"""Different texts of a column that are read."""

ALIGNED = 400
"""Rows on which columns are compared with one another."""

FEW = 60
"""Different texts up to which a column may be a vocabulary."""

MOST = 20_000
"""Rows of a sample; of more, these are spread evenly."""


@dataclass(frozen=True, slots=True)
class Word:
    """One text of a column of few texts, and in how many rows it occurs."""

    text: str
    rows: int


class Column:
    """One column of the sample.

    name, position: in the header.
    cells: n texts, trimmed; n is the number of rows in the sample.
    country: alpha-2 of phone numbers that carry no country.
    """

    def __init__(
        self, name: str, position: int, cells: pa.StringArray, country: str = "US"
    ) -> None:
        self.name, self.position, self.country = name, position, country
        self.cells = pc.utf8_trim_whitespace(cells)

    @property
    def rows(self) -> int:
        """How many rows the sample has."""
        return len(self.cells)

    @cached_property
    def clean(self) -> pa.StringArray:
        """The cells without a spreadsheet's armour; empty for a mark of nothing, such as NULL."""
        cells = texts.without_nulls(self.cells)
        if pc.any(pc.starts_with(cells, '="')).as_py():
            cells = pc.utf8_trim_whitespace(pc.replace_substring_regex(cells, '^="(.*)"$', "\\1"))
        marks = pc.is_in(cells, texts.from_list(list(kinds.MARKS)))
        return pc.if_else(marks, texts.scalar(""), cells)

    @property
    def marks(self) -> tuple[str, ...]:
        """The words for an empty cell that it holds."""
        found = pc.unique(
            self.cells.filter(pc.is_in(self.cells, texts.from_list(list(kinds.MARKS))))
        )
        return tuple(found.to_pylist())

    @cached_property
    def present(self) -> Bools:
        """The rows that hold a text."""
        return texts.present(self.clean)

    @cached_property
    def texts(self) -> Sequence[str]:
        """The different texts that are not empty, in the order of first appearance."""
        return tuple(text for text in self.clean.unique().to_pylist() if text)

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How often each text occurs; "" for nothing."""
        counted = pc.value_counts(self.clean)
        values, rows = counted.field("values").to_pylist(), counted.field("counts").to_pylist()
        return dict(zip(values, rows, strict=True))

    @cached_property
    def filled(self) -> int:
        """How many rows hold a text."""
        return int(self.present.sum())

    @property
    def fill(self) -> float:
        """The share of rows that hold a text."""
        return self.filled / self.rows if self.rows else 0.0

    @cached_property
    def some(self) -> Sequence[str]:
        """Different texts, spread evenly over all."""
        step = max(1, len(self.texts) // LOOKED_AT)
        return self.texts[::step][:LOOKED_AT]

    @property
    def concepts(self) -> frozenset[str]:
        """What the words of its name are about."""
        return words.concepts_of(self.name)

    def share(self, holds: Callable[[str], object]) -> float:
        """The share of its texts of which something holds; 0 for an empty column."""
        if not self.some:
            return 0.0
        return sum(bool(holds(text)) for text in self.some) / len(self.some)

    @cached_property
    def moments(self) -> float:
        """The share of texts that are dates with a time."""
        return self.share(kinds.is_moment)

    @cached_property
    def dates(self) -> float:
        """The share of texts that are dates alone."""
        return self.share(kinds.is_date)

    @cached_property
    def clocks(self) -> float:
        """The share of texts that are times of day, or durations written like one."""
        return self.share(lambda text: kinds.clock(text) is not None)

    @cached_property
    def seconds(self) -> float:
        """The share of texts that are durations, numbers included."""
        return self.share(lambda text: kinds.seconds(text) is not None)

    @cached_property
    def integers(self) -> float:
        """The share of texts that are whole numbers."""
        return self.share(kinds.is_integer)

    @cached_property
    def phones(self) -> float:
        """The share of texts that are phone numbers, hidden ones included."""
        return self.share(self.phone)

    def phone(self, text: str) -> str | None:
        """A text as a phone number; see `kinds.phone`."""
        return kinds.phone(text, self.country)

    @cached_property
    def links(self) -> float:
        """The share of texts that are web addresses."""
        return self.share(kinds.is_link)

    @cached_property
    def zones(self) -> float:
        """The share of texts that name a time zone."""
        return self.share(kinds.is_zone)

    @cached_property
    def flags(self) -> float:
        """The share of texts that say yes or no."""
        return self.share(lambda text: text.casefold() in kinds.FLAGS)

    @property
    def is_empty(self) -> bool:
        """Whether not one row holds a text; such a column is evidence for nothing."""
        return not self.filled

    @property
    def is_vocabulary(self) -> bool:
        """Whether it holds few different texts, of which some occur in several rows."""
        different = len(self.texts)
        return 0 < different <= FEW and (different <= 12 or different <= self.filled / 2)

    @property
    def is_unique(self) -> bool:
        """Whether no text occurs in two rows."""
        return len(self.texts) == self.filled > 0

    def is_one_of(self, wanted: Iterable[str]) -> Bools:
        """The rows whose text is one of these."""
        return texts.bools(pc.is_in(self.clean, texts.from_list(list(wanted))))


class Sample:
    """The first rows of an export.

    columns: in the order of the header; of two with one name the first is found by it.
    """

    @classmethod
    def spread(
        cls, header: Sequence[str], cells: Sequence[pa.StringArray]
    ) -> "tuple[Sample, Ints]":
        """A sample of at most `MOST` rows, and which of the rows these are."""
        rows = len(cells[0]) if cells else 0
        at = np.arange(rows)
        if rows > MOST:
            at = np.unique(np.linspace(0, rows - 1, MOST).astype(np.int64))
            cells = [texts.take(column, at) for column in cells]
        return cls(header, cells), at

    def __init__(
        self, header: Sequence[str], cells: Sequence[pa.StringArray], country: str = "US"
    ) -> None:
        self.columns = tuple(
            Column(name, at, column, country)
            for at, (name, column) in enumerate(zip(header, cells, strict=True))
        )
        self._by_name: dict[str, Column] = {}
        for column in self.columns:
            if column.name.strip():
                self._by_name.setdefault(column.name, column)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.columns[0].rows if self.columns else 0

    @property
    def named(self) -> Sequence[Column]:
        """The columns that have a name of their own, and hold anything."""
        return [column for column in self._by_name.values() if not column.is_empty]

    def column(self, name: str) -> Column | None:
        """The column of this name."""
        return self._by_name.get(name)

    def only(self, rows: Bools) -> "Sample":
        """The sample without other rows."""
        if rows.all():
            return self
        at = np.flatnonzero(rows)
        return self._like([texts.take(column.cells, at) for column in self.columns])

    def at_home(self, country: str) -> "Sample":
        """The sample, with phone numbers that carry no country read as those of `country`."""
        return self._like([column.cells for column in self.columns], country)

    def _like(self, cells: Sequence[pa.StringArray], country: str = "") -> "Sample":
        names = [column.name for column in self.columns]
        held = self.columns[0].country if self.columns else "US"
        return Sample(names, cells, country or held)

    @cached_property
    def _places(self) -> Ints:
        return np.unique(np.linspace(0, max(self.rows - 1, 0), ALIGNED).astype(np.int64))

    def aligned(self, name: str) -> list[str]:
        """The cells of a column in the rows on which columns are compared, cleaned."""
        found = self._by_name[name]
        if not self.rows:
            return []
        cells: list[str] = texts.take(found.clean, self._places).to_pylist()
        return cells

    def pairs(
        self, first: str, second: str, read: Callable[[str], float | None]
    ) -> list[tuple[float, float]]:
        """Two columns as numbers, in the rows where both hold one."""
        numbers = [
            (read(one), read(other))
            for one, other in zip(self.aligned(first), self.aligned(second), strict=True)
        ]
        return [(one, other) for one, other in numbers if one is not None and other is not None]


def words_in(column: Column, rows: Bools | None = None) -> tuple[Word, ...]:
    """The different texts of a column of few, the most frequent first; "" is not among them.

    Args:
        column: of a sample.
        rows: which rows count; none: all.
    """
    counts = column.counts
    if rows is not None:
        counted = pc.value_counts(column.clean.filter(texts.mask(rows)))
        values = counted.field("values").to_pylist()
        counts = dict(zip(values, counted.field("counts").to_pylist(), strict=True))
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return tuple(Word(text, count) for text, count in ordered if text)
