"""Which column of the format a header may mean: by its words, and by what its cells hold.

Only proposed, never applied: "Duration" is the whole call to one vendor and the talk to another.
`data/headers.csv` lists what people call the columns; the names that the presets know count too.
"""

import csv
import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

from callconv_kit.coercion.columns import CoercionSettings, Kernels
from callconv_kit.mapping import preset as presets
from callconv_kit.mapping.export import CALLED
from callconv_kit.model import spec, texts
from callconv_kit.model.names import plain
from callconv_kit.model.notes import note_of
from callconv_kit.model.spec import Kind

ALIKE = 0.8
"""Of the letters of two names must match, for one to be taken for the other."""

READABLE = 0.6
"""Of a column's cells must be readable as what it may mean."""

LOOKED_AT = 200
"""Different texts of a column that are read."""

TOLD_BY_CELLS = ("EventDate", "CallerId", "CalledPhoneNumber")
"""Columns that are proposed for their cells alone, where just one column has such cells."""

ALL_BUT_FEW = 0.9
"""Of the cells fit, where they alone are to tell."""

CHECKED = {Kind.IDENTIFIER, Kind.MOMENT, Kind.PHONE, Kind.DURATION, Kind.MONEY, Kind.ZIP, Kind.LINK}
"""Kinds whose cells tell themselves."""

NO_OBJECTION = {
    *("needs_timezone", "needs_date_order", "event_in_future", "event_too_old"),
    *("moment_skipped", "moment_repeated", "moment_zone_unknown", "caller_unknown"),
    "phone_masked",
}
"""Codes of cells that are of the kind, and only lack a setting or came at a bad time."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A column of an export that may be meant for one of the format.

    source, column: its name there, and the column of the format.
    like: the name that it resembles; the same as `source` where it is just that, and blank where
        only the cells tell.
    share: of the letters that match, from 0 to 1.
    readable: the share of its cells that can be read as that column; None where cells don't tell.
    """

    source: str
    column: str
    like: str
    share: float
    readable: float | None

    @property
    def because(self) -> str:
        """Why, in a few words."""
        if not self.like:
            return f"{self.readable:.0%} of its cells fit, and those of no other column"
        if self.share == 1:
            why = "it is often called so"
        else:
            why = f'it is named nearly like "{self.like}"'
        return why if self.readable is None else f"{why}, and {self.readable:.0%} of its cells fit"


def propose(
    headers: Sequence[str], free: Collection[str], cells: Mapping[str, Sequence[str]]
) -> tuple[Likeness, ...]:
    """For columns that go nowhere, the columns of the format that they may mean.

    Each column of the format is proposed once at most, and so is each of the export.

    Args:
        headers: of the columns that nothing uses.
        free: columns of the format that nothing feeds yet.
        cells: different texts of each column.

    Returns:
        In the order of the format's columns.
    """
    found = [
        likeness
        for header in headers
        for column, like, share in _named_like(header)
        if column in free and (likeness := _checked(header, column, like, share, cells)) is not None
    ]
    # A name that is surely meant comes before one that only resembles another.
    found.sort(key=lambda each: (-each.share, spec.REQUIRED.count(each.column) == 0))
    sources: set[str] = set()
    chosen: dict[str, Likeness] = {}
    for each in found:
        if each.source not in sources and each.column not in chosen:
            sources.add(each.source)
            chosen[each.column] = each
    for column in TOLD_BY_CELLS:
        if column in free and column not in chosen:
            alone = [
                header
                for header in headers
                if header not in sources and _share(column, cells.get(header, ())) >= ALL_BUT_FEW
            ]
            if len(alone) == 1:
                share = _share(column, cells[alone[0]])
                chosen[column] = Likeness(alone[0], column, "", 0.0, share)
                sources.add(alone[0])
    return tuple(chosen[name] for name in spec.NAMES if name in chosen)


def _named_like(header: str) -> Iterator[tuple[str, str, float]]:
    """Columns that the header's words may mean: the column, the name that is like it, how like."""
    known, word = _known_names(), _letters(header)
    if word in known:
        yield from ((column, header, 1.0) for column in known[word])
        return
    for close in difflib.get_close_matches(word, known, n=3, cutoff=ALIKE):
        share = round(difflib.SequenceMatcher(None, word, close).ratio(), 3)
        yield from ((column, name, share) for column, name in known[close].items())


def _letters(name: str) -> str:
    """A name's letters and digits alone: `Duration (sec)` and `duration_sec` are the same."""
    return "".join(char for char in plain(name) if char.isalnum())


@cache
def _known_names() -> Mapping[str, Mapping[str, str]]:
    """Letters of a name → the columns of the format that it may mean, and the name as written."""
    known: dict[str, dict[str, str]] = {_letters(name): {name: name} for name in spec.NAMES}
    listed = resources.files(__package__) / "data" / "headers.csv"
    for row in csv.DictReader(listed.read_text(encoding="utf-8").splitlines()):
        for header in row["headers"].split("|"):
            known.setdefault(_letters(header), {}).setdefault(row["column"], header)
    vendors: dict[str, dict[str, str]] = {}
    for preset in presets.bundled():
        for column, name in _fed(preset):
            vendors.setdefault(_letters(name), {}).setdefault(column, name)
    for word, meant in vendors.items():
        if len(meant) == 1:  # what one vendor calls so may be another thing to the next
            known.setdefault(word, meant)
    return known


def _fed(preset: presets.Preset) -> Iterator[tuple[str, str]]:
    """What a preset says: column of the format, and each name of what feeds it."""
    numbers = preset.about.called_number
    sources: dict[str, Any] = {
        **preset.settings.get("columns", {}),
        CALLED: [*numbers.destination, *numbers.tracking],
    }
    for column, source in sources.items():
        if isinstance(source, Mapping):
            continue  # parts of a whole mean nothing by themselves
        for name in [source] if isinstance(source, str) else source:
            for spelling in preset.spellings(name):
                yield column, spelling


def _checked(
    header: str, column: str, like: str, share: float, cells: Mapping[str, Sequence[str]]
) -> Likeness | None:
    """The likeness, unless the cells speak against it."""
    held = cells.get(header, ())
    if spec.BY_NAME[column].kind not in CHECKED or not held:
        return Likeness(header, column, like, share, None)
    readable = _share(column, held)
    return Likeness(header, column, like, share, readable) if readable >= READABLE else None


def _share(column: str, cells: Sequence[str]) -> float:
    """The share of the first of these texts that can be read as a column of the format."""
    some = cells[:LOOKED_AT]
    if not some:
        return 0.0
    kernels = _kernels()
    clean = kernels.clean(column, texts.from_list(some))
    read = kernels.read({column: clean}, len(some))[column]
    codes = (note_of(note).code for note in read.notes.tolist())
    wrong = sum(code is not None and code not in NO_OBJECTION for code in codes)
    return 1 - wrong / len(some)


@cache
def _kernels() -> Kernels:
    # Ages play no part, and nothing is decided that a setting should decide.
    return Kernels(CoercionSettings(datetime(2000, 1, 1, tzinfo=UTC)))
