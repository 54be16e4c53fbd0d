"""The job of a run, and what its preset adds: columns, status rules, required key columns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from callconv_kit.job import Job, Source
from callconv_kit.mapping import preset as presets
from callconv_kit.mapping.preset import Corrections, Doubt, NoTalk, Otherwise, Preset
from callconv_kit.model import spec
from callconv_kit.model.errors import InputError
from callconv_kit.model.names import nearest, plain

CALLED = "CalledPhoneNumber"
BY_COLUMN = ("values", "units", "defaults", "constants")


@dataclass(frozen=True)
class Export:
    """What is known of the export beyond the job; without a preset, nothing.

    preset: the one that lies under the job.
    mapped: spec columns whose source the preset names; an export may lack it.
    other_number: names of the number used where the chosen called number is empty.
    otherwise, no_talk, doubts: those of the preset that the job left standing.
    own_rules: how many of the status rules are the job's own; they come first.
    sends_outbound: whether outbound calls are meant to go.
    own_legs: whether the job has its own `[legs]` table.
    own_statuses: texts, without case, of which the job says itself what status they mean.
    """

    preset: Preset | None = None
    mapped: frozenset[str] = frozenset()
    other_number: tuple[str, ...] = ()
    otherwise: tuple[Otherwise, ...] = ()
    no_talk: tuple[NoTalk, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    own_rules: int = 0
    sends_outbound: bool = False
    own_legs: bool = False
    own_statuses: frozenset[str] = frozenset()

    def spellings(self, name: str) -> tuple[str, ...]:
        """The names that a column may have in the header, the likeliest first."""
        return (name,) if self.preset is None else self.preset.spellings(name)

    @cached_property
    def names(self) -> frozenset[str]:
        """The vendor's own names of columns, as `plain` writes them."""
        return frozenset(map(plain, self.preset.names)) if self.preset else frozenset()

    @cached_property
    def _exact_names(self) -> frozenset[str]:
        return frozenset(self.preset.names) if self.preset else frozenset()

    def is_vendors(self, cell: str) -> bool:
        """Whether a header's cell names a column of the vendor's.

        Such a column is not mapped by its name alone: Ringba's campaignId is not
        impact.com's CampaignId.
        """
        added_by_hand = cell in spec.BY_NAME and cell not in self._exact_names
        return plain(cell) in self.names and not added_by_hand

    @property
    def first_keys(self) -> bool:
        """Whether Key1 to Key4 are the first of Keypresses."""
        return self.preset is not None and self.preset.about.first_keys

    @property
    def corrections(self) -> Corrections | None:
        """Which columns say that a row corrects another."""
        return self.preset.about.corrections if self.preset else None

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that the preset needs to find the calls to the advertiser."""
        return () if self.preset is None or self.sends_outbound else self.preset.about.needs

    @property
    def needed_together(self) -> Iterator[tuple[str, str]]:
        """Pairs of columns: where an export has the first, the preset needs the second.

        An export without corrections has the row's id only, and that is enough.
        """
        ids = {self.corrections.id} if self.corrections else set()
        legs = self.preset.settings.get("legs") if self.preset else None
        if legs is not None and not self.own_legs:
            yield legs["parent"], legs["key"]
            if legs["key"] not in ids:
                yield legs["key"], legs["parent"]
        if self.corrections is not None:
            yield self.corrections.corrects, self.corrections.id

    @property
    def headerless(self) -> Mapping[int, tuple[str, ...]]:
        """For files that have no header: the columns, by how many there are."""
        forms = self.preset.about.form if self.preset else ()
        return {len(form.columns): form.columns for form in forms if form.headerless}


def lay_under(job: Job) -> tuple[Job, Export]:
    """The job with its preset under it, and what else the preset says.

    Raises:
        UsageError: the preset is missing or wrong.
    """
    if job.preset is None:
        return job, Export(own_rules=len(job.status))
    preset = presets.load(job.preset)
    about = preset.about
    settings = dict(preset.settings)
    overridden = _overridden(preset, job)
    _drop(settings, overridden)
    columns = dict(settings.get("columns", {}))
    other: tuple[str, ...] = ()
    if CALLED not in overridden:
        numbers = about.called_number
        chosen, other = numbers.destination, numbers.tracking
        if job.called_number == "tracking":
            chosen, other = other, chosen
        if chosen + other:
            columns[CALLED] = [*chosen, *other]
    settings["columns"] = columns
    if job.conversion_rows == "leave_out":
        rules = [
            rule.model_dump(by_alias=True, exclude_none=True) for rule in about.conversion_rows
        ]
        settings["leave_out"] = [*settings.get("leave_out", ()), *rules]
    return job.under(settings, f"The job with the preset {preset.origin}"), Export(
        preset,
        mapped=frozenset(columns) - overridden,
        other_number=other,
        otherwise=tuple(rule for rule in about.otherwise if rule.column not in overridden),
        no_talk=() if "TalkDuration" in overridden else about.no_talk,
        doubts=tuple(
            doubt for doubt in about.doubt if doubt.fed_by or doubt.column not in overridden
        ),
        own_rules=len(job.status),
        sends_outbound=job.outbound == "send",
        own_legs=job.legs is not None,
        own_statuses=frozenset(
            text.strip().casefold() for text in job.values.get("CallStatus", ())
        ),
    )


def _overridden(preset: Preset, job: Job) -> set[str]:
    """Columns that the job maps differently from the preset."""
    columns: Mapping[str, Any] = preset.settings.get("columns", {})
    numbers = preset.about.called_number
    overridden = set(job.constants)
    for column, source in job.columns.items():
        known = [*_names(columns.get(column)), *_names(preset.about.on_request.get(column))]
        if column == CALLED:
            known += [*numbers.destination, *numbers.tracking]
        spelled = {plain(each) for name in known for each in preset.spellings(name)}
        if not {plain(name) for name in source.names} <= spelled:
            overridden.add(column)
    return overridden


def _names(source: Any) -> tuple[str, ...]:
    """The names in a source as a preset file writes it, or as the job holds it."""
    if isinstance(source, Source):
        return source.names
    if isinstance(source, Mapping):
        source = next(iter(source.values()))
    return (source,) if isinstance(source, str) else tuple(source or ())


def _drop(settings: dict[str, Any], overridden: set[str]) -> None:
    """Drop the preset's rules for columns that the job maps differently.

    Status words stay: they mean the same in any column.
    """
    for table in BY_COLUMN:
        if table in settings:
            settings[table] = {
                name: value
                for name, value in settings[table].items()
                if name not in overridden or (table == "values" and name == "CallStatus")
            }
    if "CallStatus" in overridden:
        settings.pop("status", None)
    if "legs" in settings:
        legs = settings["legs"]
        take = {name: v for name, v in legs.get("take", {}).items() if name not in overridden}
        settings["legs"] = {**legs, "take": take}


def require_key_columns(
    name: str, header: Sequence[str], export: Export, places: Callable[[str], Sequence[int]]
) -> None:
    """Refuse an export that lacks a key column of its preset, or has only one of two.

    Without its call, a child leg takes the talk away: an answered call would go as one that was
    never connected. Without its own id, a row that corrects another would be paid as a new call.
    Without a direction, outbound calls would go as calls of customers.

    Args:
        name: of the input, for the error.
        header: of the input.
        export: what the preset says.
        places: where the header has a column, under any of its names.

    Raises:
        InputError: `column_missing`, naming the column and the one that it may be.
    """
    title = export.preset.about.title if export.preset else ""
    for wanted in export.needed:
        if not places(wanted):
            raise _missing(
                f"{name} lacks a column that the preset for {title} needs",
                "",
                f"{_spelled(wanted, export)}, which says which rows are calls to you",
                wanted,
                header,
                export,
                'If every row is a call to you, set outbound = "send".',
            )
    for one, other in export.needed_together:
        if places(one) and not places(other):
            there = repr(header[places(one)[0]])
            raise _missing(
                f"{name} has only one of the two columns that relate the rows of a {title} call",
                f"{there} without {_spelled(other, export)}",
                f"both columns: {there} identifies the rows of a call only together with the other",
                other,
                header,
                export,
            )


def _missing(
    problem: str,
    found: str,
    expected: str,
    wanted: str,
    header: Sequence[str],
    export: Export,
    otherwise: str = "",
) -> InputError:
    strange = [cell for cell in header if not export.is_vendors(cell)]
    likes = (nearest(spelling, strange) for spelling in export.spellings(wanted))
    like = next((near for near in likes if near), None)
    return InputError(
        "column_missing",
        problem,
        found or ", ".join(header[:30]),
        expected,
        f"Export {_spelled(wanted, export)} as well"
        + (f", or rename {like!r} if that is the column." if like else ".")
        + (f" {otherwise}" if otherwise else ""),
    )


def _spelled(name: str, export: Export) -> str:
    return " or ".join(map(repr, export.spellings(name)))
