"""The plan of an input: the source column of each column of the format."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from callconv_kit.job import Job, Source
from callconv_kit.mapping import direction
from callconv_kit.mapping.export import Export, require_key_columns
from callconv_kit.model import spec
from callconv_kit.model.errors import InputError
from callconv_kit.model.names import nearest, plain

SPEC_BY_PLAIN = {plain(name): name for name in spec.NAMES}
CHILD = "child."
"""Before the name of a column: that of the child leg, in a plan of calls with legs."""

NO_PRESET = Export()


@dataclass(frozen=True, slots=True)
class Feed:
    """The source columns of one column.

    positions: in the header; all joined, all added up, the first less the
        others, or the first that holds text.
    other: those of the positions that hold the other of two phone numbers.
    """

    positions: tuple[int, ...]
    join: bool = False
    total: bool = False
    difference: bool = False
    other: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """How one input is mapped.

    header: the input's, and after it the columns that a call takes from its child leg.
    feeds: by spec column; a column that is missing here has no source column.
    unused: names of the input's columns that go nowhere.
    spellings: gives the names that a column may have.
    directions: positions of direction columns.
    """

    header: tuple[str, ...]
    feeds: Mapping[str, Feed]
    unused: tuple[str, ...] = field(default=())
    spellings: Callable[[str], tuple[str, ...]] = NO_PRESET.spellings
    directions: tuple[int, ...] = ()

    def position(self, name: str) -> int | None:
        """Where the header holds a source column of this name; None if it does not."""
        for spelling in self.spellings(name):
            found = _find(self.header, spelling)
            if found:
                return found[0]
        return None

    def is_fed_by(self, column: str, name: str) -> bool:
        """Whether the source column of this name is mapped to a column of the format."""
        feed = self.feeds.get(column)
        return feed is not None and self.position(name) in feed.positions


class KnownNames:
    """Whether the cell of a header is the name of a column that a job can use."""

    def __init__(self, job: Job, export: Export = NO_PRESET) -> None:
        self.names = set(SPEC_BY_PLAIN) | export.names
        for source in job.columns.values():
            self.names.update(plain(name) for name in source.names)
        self.names.update(plain(name) for name in job.session_id_from)

    def __call__(self, cell: str) -> bool:
        """Whether `cell` names such a column."""
        return plain(cell) in self.names


def make(
    name: str,
    header: Sequence[str],
    job: Job,
    *,
    reimported: bool = False,
    export: Export = NO_PRESET,
    looked_up: Collection[str] = (),
    frame: bool = False,
) -> Plan:
    """Choose the source of each column.

    Args:
        name: of the input, for errors.
        header: of the input.
        job: its `columns` win over the names in the header.
        reimported: the input is a rejected.csv, whose header may be the union of several: of two
            columns for one, each row holds its own.
        export: the job and its preset.
        looked_up: the columns that the look-up fills.
        frame: the input is a frame: an error proposes keywords of Python, and no options.

    Raises:
        InputError: `ambiguous_header` or `column_missing`, naming all of them at once.
    """
    require_key_columns(name, header, export, lambda wanted: _found(header, wanted, export))
    header = (*header, *_child_columns(header, job, export))
    sought = _Sought(header, job, export, reimported)
    feeds = {column: feed for column in spec.NAMES if (feed := sought.feed(column))}
    if sought.twice:
        raise _ambiguous(name, sought.twice, frame=frame)
    missing = dict(sought.missing)
    for column in spec.REQUIRED:
        if column not in feeds and not _fed_otherwise(column, job, looked_up):
            missing.setdefault(column, "")
    if missing.get("TalkDuration") == "" and job.talk_time == "call_if_answered":
        asked = (name for rule in job.status for name in rule.when)
        by_rule = any(_found(header, name, export) for name in asked)
        if by_rule or "CallStatus" in feeds or _fed_otherwise("CallStatus", job, looked_up):
            del missing["TalkDuration"]
        else:
            missing["TalkDuration"] = NO_STATUS
    if "CallSessionId" not in feeds:
        for wanted in job.session_id_from:
            if not _found(header, wanted, export):
                missing["CallSessionId"] = wanted
    if missing:
        raise _missing(name, header, missing, export, frame=frame)
    used = {at for feed in feeds.values() for at in feed.positions}
    unused = tuple(
        cell for at, cell in enumerate(header) if at not in used and not cell.startswith(CHILD)
    )
    return Plan(header, feeds, unused, export.spellings, direction.columns(header))


class _Sought:
    """Finds the source columns; gathers the missing and the repeated ones."""

    def __init__(self, header: tuple[str, ...], job: Job, export: Export, reimported: bool) -> None:
        self._header, self._job, self._export = header, job, export
        self._fed_back = reimported
        self.missing: dict[str, str] = {}
        self.twice: dict[str, list[str]] = {}

    def feed(self, column: str) -> Feed | None:
        """The sources of a column; None if it has none."""
        source = self._job.columns.get(column)
        positions = self._by_source(column, source) if source else []
        taken = self._taken(column)
        if not positions and not taken and (source is None or column in self._export.mapped):
            return self._by_name(column)
        if not positions and not taken:
            return None
        other = {
            at
            for name in (self._export.other_number if column == "CalledPhoneNumber" else ())
            for at in _found(self._header, name, self._export)
        }
        return Feed(
            tuple(dict.fromkeys([*taken, *positions])),
            join=bool(source and source.join),
            total=bool(source and source.total),
            difference=bool(source and source.difference),
            other=frozenset(other),
        )

    def _taken(self, column: str) -> list[int]:
        """The column of the child leg from which a call takes its own."""
        legs = self._job.legs
        if legs is None or column not in legs.take:
            return []
        return _find(self._header, CHILD + legs.take[column])

    def _by_name(self, column: str) -> Feed | None:
        found = [
            at
            for at, cell in enumerate(self._header)
            if plain(cell) == plain(column) and not self._export.is_vendors(cell)
        ]
        if len(found) > 1 and not self._fed_back:
            self.twice[column] = [self._header[at] for at in found]
        return Feed(tuple(found)) if found else None

    def _by_source(self, column: str, source: Source) -> list[int]:
        positions: list[int] = []
        absent: list[str] = []
        for wanted in source.names:
            found: list[int] = []
            for spelling in self._export.spellings(wanted):
                here = _find(self._header, spelling, however=self._fed_back)
                if len(here) > 1 and not self._fed_back:
                    self.twice[column] = [self._header[at] for at in here]
                found += here
            if not found:
                absent.append(wanted)
            positions += found
        whole = source.join or source.total or source.difference
        if absent and column in self._export.mapped:
            return [] if whole else positions
        if absent and (whole or not positions) and column not in self._job.constants:
            self.missing[column] = absent[0]
        return positions


def _child_columns(header: Sequence[str], job: Job, export: Export) -> list[str]:
    """Names for the columns that calls take from their child legs, or that rules look at."""
    legs = job.legs
    if legs is None or not _found(header, legs.parent, export):
        return []
    asked = [name for rule in job.status for name in rule.when]
    asked += [name for doubt in export.doubts for name in doubt.when]
    wanted = [*legs.take.values(), *(name[len(CHILD) :] for name in asked if _is_child(name))]
    return [CHILD + name for name in dict.fromkeys(wanted) if _found(header, name, export)]


def _is_child(name: str) -> bool:
    return name.startswith(CHILD)


def _found(header: Sequence[str], name: str, export: Export) -> list[int]:
    return [at for spelling in export.spellings(name) for at in _find(header, spelling)]


def _find(header: Sequence[str], wanted: str, *, however: bool = False) -> list[int]:
    """Positions of a source column: spelled exactly so, else spelled alike; or however spelled."""
    exact = [at for at, cell in enumerate(header) if cell == wanted.strip()]
    return (not however and exact) or [
        at for at, cell in enumerate(header) if plain(cell) == plain(wanted)
    ]


def _fed_otherwise(column: str, job: Job, looked_up: Collection[str]) -> bool:
    derived = column == "CallSessionId" and bool(job.session_id_from)
    return derived or any(column in table for table in (job.constants, job.defaults, looked_up))


def _ambiguous(name: str, twice: Mapping[str, Sequence[str]], *, frame: bool) -> InputError:
    pairs = ", ".join(
        f"{column} by {' and '.join(map(repr, cells))}" for column, cells in twice.items()
    )
    column, cells = next(iter(twice.items()))
    return InputError(
        "ambiguous_header",
        f"In {name}, two source columns map to the same column",
        pairs,
        "one column for each",
        f"Choose one: {_columns(column, cells[0], frame=frame)} (rename the other if they are "
        "spelled alike).",
    )


NO_STATUS = (
    'talk_time = "call_if_answered" needs a call status, and no column is mapped to CallStatus. '
    "Map the column that shows whether the call was answered, or the talk time itself; only if "
    'every row is an answered call, set [constants] CallStatus = "ANSWER"'
)
"""Why a talk time can't be derived, in place of a source column that is missing."""

HOW_TO_FEED = {
    "TalkDuration": '{column}; only if the export has no talk time, talk_time = "call_if_answered"',
    "CallSessionId": 'session_id_from = ["Column", …] derives one from columns that together '
    "identify a call",
    "CalledPhoneNumber": "{column}, or {constant} for one number",
}
"""Columns that some exports lack by nature, and the setting that replaces each."""


SAME_NAME = 0.9
"""Likeness: "EventDat" is a slip for EventDate; "Event Type ID" is another field, and so is
"Total Duration" beside TalkDuration."""


def _columns(column: str, source: str, *, frame: bool) -> str:
    """What maps a source column, in the job file or in Python."""
    return f'columns={{"{column}": "{source}"}}' if frame else f'[columns] {column} = "{source}"'


def how_to_feed(
    column: str, header: Sequence[str], export: Export, wanted: str = "", *, frame: bool = False
) -> str:
    """One sentence on how to map a column that has no source.

    Args:
        column: of the format.
        header: of the input.
        export: what the preset says.
        wanted: `NO_STATUS`, where that is why.
        frame: propose keywords of Python rather than options.
    """
    free = [
        cell for cell in header if not export.is_vendors(cell) and plain(cell) not in SPEC_BY_PLAIN
    ]
    if wanted == NO_STATUS:
        return f"{column}: {NO_STATUS}"
    like = nearest(column, free, SAME_NAME)
    # "utm_campaign" is spelled like CampaignId, and is not an ID of impact.com.
    if like and column not in IDS_OF_IMPACT:
        how = _columns(column, like, frame=True) if frame else f'--column {column}="{like}"'
        return f"{column}: {how}, if that is it"
    source = "the column that holds it"
    how = _columns(column, source, frame=True) if frame else f'--column {column}="{source}"'
    fixed = f'constants={{"{column}": …}}' if frame else f"--constant {column}=…"
    if column in HOW_TO_FEED:
        return f"{column}: {HOW_TO_FEED[column].format(column=how, constant=fixed)}"
    if column in IDS_OF_IMPACT or column == "CallProvider":
        also = "" if column == "CallProvider" else ", or a [lookup] by tracking number"
        return f"{column}: {fixed} for one value in all rows{also}"
    return f"{column}: {how}"


IDS_OF_IMPACT = frozenset(
    column.name for column in spec.COLUMNS if column.kind is spec.Kind.IDENTIFIER
)
"""Stand in no vendor's export."""


def _missing(
    name: str,
    header: Sequence[str],
    missing: Mapping[str, str],
    export: Export,
    *,
    frame: bool,
) -> InputError:
    named = {column: source for column, source in missing.items() if source not in ("", NO_STATUS)}
    lacking = [
        f"The job takes {column} from the column {source!r}, and there is no column of that name"
        + (f": did you mean {like!r}?" if (like := nearest(source, header)) else "")
        for column, source in named.items()
    ]
    steps = [
        how_to_feed(column, header, export, wanted, frame=frame)
        for column, wanted in missing.items()
        if column not in named
    ]
    shown = ", ".join(header[:SHOWN_NAMES]) + (", …" if len(header) > SHOWN_NAMES else "")
    sentences = [
        f"In {name}, there is no source for {len(missing)} "
        f"column{'s' if len(missing) > 1 else ''}: {', '.join(missing)}",
        *lacking,
    ]
    advice = []
    if named:
        where = "in columns" if frame else "under [columns] in the job, or in --column"
        advice.append(f"Correct the name {where}.")
    if steps:
        advice.append(f"How to add them: {'; '.join(_grouped(steps))}.")
    if not frame:
        advice.append("`callconv inspect FILE` proposes a source for each.")
    return InputError(
        "column_missing",
        ". ".join(sentences) + _other_vendor(header, export),
        shown,
        "a source for each required column: a column, a fixed value or a default"
        if steps
        else "the columns that the job names",
        " ".join(advice),
    )


SHOWN_NAMES = 12
"""Names of a header that an error shows."""


def _grouped(steps: Iterable[str]) -> Iterator[str]:
    """The steps; those that differ in their column alone become one."""
    groups: dict[str, list[str]] = {}
    for step in steps:
        column, _, how = step.partition(": ")
        groups.setdefault(how.replace(column, "NAME"), []).append(column)
    for how, columns in groups.items():
        alone = how.replace("NAME", columns[0])
        yield f"{', '.join(columns)}: {how if len(columns) > 1 else alone}"


def _other_vendor(header: Sequence[str], export: Export) -> str:
    """A hint where the header has few of the names that the job's preset knows."""
    if export.preset is None or 2 * sum(map(export.is_vendors, header)) > len(header):
        return ""
    return f". Most of these columns are unknown to the preset {export.preset.origin}"
