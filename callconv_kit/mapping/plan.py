"""Which column of an input feeds which column of the format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from callconv_kit import spec
from callconv_kit.errors import InputError
from callconv_kit.job import Job, Source
from callconv_kit.names import nearest, plain

SPEC_BY_PLAIN = {plain(name): name for name in spec.NAMES}


@dataclass(frozen=True, slots=True)
class Feed:
    """The columns that feed one: positions in the header; joined, or the first that holds text."""

    positions: tuple[int, ...]
    join: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How one input is mapped.

    feeds: by spec column; a column that is not among them is fed by no column of the input.
    unused: names of the input's columns that go nowhere.
    """

    header: tuple[str, ...]
    feeds: Mapping[str, Feed]
    unused: tuple[str, ...] = field(default=())

    def position(self, name: str) -> int | None:
        """Where the header holds a source column of this name; None if it does not."""
        found = _find(self.header, name)
        return found[0] if found else None


class Known:
    """Tells whether the cell of a header is the name of a column that a job can use."""

    def __init__(self, job: Job) -> None:
        self.names = set(SPEC_BY_PLAIN)
        for source in job.columns.values():
            self.names.update(plain(name) for name in source.names)

    def __call__(self, cell: str) -> bool:
        """Whether `cell` names such a column."""
        return plain(cell) in self.names


def make(name: str, header: Sequence[str], job: Job, *, fed_back: bool = False) -> Plan:
    """Decide what feeds what.

    Args:
        name: of the input, for errors.
        header: of the input.
        job: its `columns` win over the names in the header.
        fed_back: the input is a rejected.csv, whose header may be the union of several: of two
            columns for one, each row holds its own.

    Raises:
        InputError: `ambiguous_header` or `column_missing`, naming all of them at once.
    """
    feeds: dict[str, Feed] = {}
    missing: dict[str, str] = {}
    twice: dict[str, list[str]] = {}
    for column in spec.NAMES:
        source = job.columns.get(column)
        if source is None:
            found = [at for at, cell in enumerate(header) if plain(cell) == plain(column)]
        else:
            found = _feeding(header, source, column, missing, twice, fed_back)
        if len(found) > 1 and source is None and not fed_back:
            twice[column] = [header[at] for at in found]
        if found:
            feeds[column] = Feed(tuple(found), join=bool(source and source.join))
    if twice:
        raise _ambiguous(name, twice)
    for column in spec.REQUIRED:
        if column not in feeds and not _fed_otherwise(column, job):
            missing.setdefault(column, "")
    if missing:
        raise _missing(name, header, missing)
    used = {at for feed in feeds.values() for at in feed.positions}
    unused = tuple(cell for at, cell in enumerate(header) if at not in used)
    return Plan(tuple(header), feeds, unused)


def _feeding(
    header: Sequence[str],
    source: Source,
    column: str,
    missing: dict[str, str],
    twice: dict[str, list[str]],
    fed_back: bool,
) -> list[int]:
    positions: list[int] = []
    absent: list[str] = []
    for wanted in source.names:
        found = _find(header, wanted)
        if len(found) > 1 and not fed_back:
            twice[column] = [header[at] for at in found]
        if not found:
            absent.append(wanted)
        positions += found
    if absent and (source.join or not positions):
        missing[column] = absent[0]
    return positions


def _find(header: Sequence[str], wanted: str) -> list[int]:
    """Positions of a source column: spelled exactly so, else spelled alike."""
    exact = [at for at, cell in enumerate(header) if cell == wanted.strip()]
    return exact or [at for at, cell in enumerate(header) if plain(cell) == plain(wanted)]


def _fed_otherwise(column: str, job: Job) -> bool:
    derived = column == "TalkDuration" and job.talk_time == "call_if_answered"
    return column in job.constants or column in job.defaults or derived


def _ambiguous(name: str, twice: Mapping[str, Sequence[str]]) -> InputError:
    pairs = ", ".join(
        f"{column} by {' and '.join(map(repr, cells))}" for column, cells in twice.items()
    )
    column, cells = next(iter(twice.items()))
    return InputError(
        "ambiguous_header",
        f"In {name}, two columns feed one",
        pairs,
        "one column for each",
        f'Choose one: [columns] {column} = "{cells[0]}" (rename the other if they are spelled '
        "alike).",
    )


def _missing(name: str, header: Sequence[str], missing: Mapping[str, str]) -> InputError:
    steps = []
    for column, wanted in missing.items():
        like = nearest(wanted or column, header)
        if wanted:
            hint = f" (did you mean {like!r}?)" if like else ""
            steps.append(f"{column}: the file has no column {wanted!r}{hint}")
        elif like:
            steps.append(f'{column}: --column {column}="{like}", if that is it')
        elif column.endswith("Id") or column == "CallProvider":
            steps.append(f"{column}: --constant {column}=… for one value in all rows")
        else:
            steps.append(f'{column}: --column {column}="the column that holds it"')
    shown = ", ".join(header[:30]) + (", …" if len(header) > 30 else "")
    return InputError(
        "column_missing",
        f"In {name}, nothing feeds {len(missing)} "
        f"column{'s' if len(missing) > 1 else ''}: {', '.join(missing)}",
        shown,
        "each required column fed by a column, a constant or a default",
        "How to feed each: " + "; ".join(steps) + ".",
    )
