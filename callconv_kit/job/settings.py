"""The `Job` itself: its keys, how one is made, and how it is shown."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, PrivateAttr, StrictBool, ValidationError

from callconv_kit.job.faults import (
    THE_JOB,
    complaint,
    faults_of,
    masked_settings,
    printable,
    without_query,
)
from callconv_kit.job.layers import (
    anchored,
    blanks_in,
    faults_in,
    merged,
    read_toml,
    relative,
    secrets_of,
    with_paths,
    without,
)
from callconv_kit.job.tables import (
    Archive,
    ColumnSource,
    Connection,
    Contract,
    LeaveOut,
    Legs,
    Lookup,
    Patterns,
    Results,
    StatusRule,
    Table,
    UnitName,
)
from callconv_kit.job.values import (
    BlankIsNone,
    CountryCode,
    Currency,
    Delimiter,
    DurationColumn,
    Encoding,
    Inputs,
    Moment,
    Preset,
    Share,
    SpecName,
    StrictText,
    Texts,
    ValueText,
    WholeNumber,
    Zone,
    zone_of,
)
from callconv_kit.model.errors import UsageError, as_path, current_folder, wrong_type

DEFAULT_LEDGER = ".callconv/ledger.sqlite"
"""Relative to the job's folder."""

RUNS = "runs"
"""The folder beside a job's file in which its runs are recorded."""


class Job(Table):
    """Every setting of a run; attributes are named as the keys of the job file.

    `Job(...)`, `Job.load` and `Job.from_keywords` raise `UsageError` for whatever is wrong.
    Relative paths are resolved on the way in; attributes hold absolute ones. Tables keyed by
    column are keyed by the published names, however they were spelled.
    """

    input: Annotated[Inputs | None, BlankIsNone] = None
    preset: Annotated[Preset | None, BlankIsNone] = None
    timezone: Annotated[Zone | None, BlankIsNone] = None
    dst: Literal["reject", "earlier", "later"] = "reject"
    date_order: Annotated[Literal["month-first", "day-first"] | None, BlankIsNone] = None
    decimal: Literal["point", "comma"] = "point"
    currency: Currency = "USD"
    default_country: CountryCode = "US"
    phone_format: Literal["national", "dashes", "parentheses", "e164"] = "national"
    anonymous_callers: Literal["reject", "leave_out", "keep"] = "reject"
    called_number: Literal["destination", "tracking"] = "destination"
    talk_time: Literal["column", "call_if_answered", "column_if_answered"] = "column"
    empty_status: Literal["if_talked", "keep", "reject"] = "if_talked"
    outbound: Literal["warn", "send"] = "warn"
    send: Literal["all", "answered"] = "all"
    conversion_rows: Literal["leave_out", "own_row"] = "leave_out"
    session_id_from: Texts = ()
    optional_cells: Literal["empty", "reject"] = "empty"
    on_conflict: Literal["reject", "first", "last"] = "reject"
    write: Literal["all", "present"] = "all"
    warn_share: Share = 0.0
    max_rejected_share: Share = 0.5
    expect_rows: StrictBool = False
    mask: StrictBool = True
    readable_by: Literal["owner", "group"] = "owner"
    encoding: Encoding = ""
    delimiter: Delimiter = ""
    sheet: StrictText = ""
    header_line: WholeNumber = 0
    skip_lines: Patterns = ()
    export_suite: Annotated[Path | None, BlankIsNone] = None
    ledger: Annotated[Path | None, BlankIsNone] = None
    now: Annotated[Moment | None, BlankIsNone] = None
    columns: dict[SpecName, ColumnSource] = Field(default_factory=dict)
    constants: dict[SpecName, ValueText] = Field(default_factory=dict)
    defaults: dict[SpecName, ValueText] = Field(default_factory=dict)
    units: dict[DurationColumn, UnitName] = Field(default_factory=dict)
    values: dict[SpecName, dict[StrictText, ValueText]] = Field(default_factory=dict)
    lookup: Lookup | None = None
    leave_out: tuple[LeaveOut, ...] = ()
    status: tuple[StatusRule, ...] = ()
    legs: Legs | None = None
    connection: Connection | None = None
    results: Results | None = None
    archive: Archive = Archive()
    contract: Contract | None = None

    _folder: Path = PrivateAttr(default_factory=current_folder)
    _given: dict[str, Any] = PrivateAttr(default_factory=dict)
    _own: "Job | None" = PrivateAttr(None)

    def __init__(self, /, **settings: Any) -> None:
        self._check([settings], current_folder(), THE_JOB)

    @classmethod
    def load(cls, path: "str | os.PathLike[str]", **overrides: Any) -> Self:
        """The job of the file at `path`; `overrides` win over it, column by column."""
        return cls.from_keywords(as_path("job", path), **overrides)

    @classmethod
    def from_keywords(
        cls, job: "str | os.PathLike[str] | Job | None" = None, **keywords: Any
    ) -> Self:
        """A job from `keywords`, laid over `job` where one is given.

        Paths in a file are relative to that file, paths in keywords to the working folder. None
        counts as not given.
        """
        origin, folder = THE_JOB, current_folder()
        layers: list[Mapping[str, Any]] = [anchored(keywords, folder)]
        checked = None
        if isinstance(job, Job):
            folder, checked = job.folder, job.own._given
            layers.insert(0, checked)
        elif isinstance(job, Mapping):
            raise wrong_type(
                "job",
                job,
                "a job file or a Job",
                "Pass the settings as keywords instead: **settings.",
            )
        elif job is not None:
            path = as_path("job", job).expanduser()
            given = read_toml(path)
            folder = current_folder() / path.parent
            origin = f"The job {printable(str(job), 200)}"
            layers.insert(0, anchored(given, folder))
        built = cls.__new__(cls)
        try:
            built._check(layers, folder, origin, checked=checked)
        except UsageError as error:
            if isinstance(job, Job) or not keywords or built._fails(layers[0], folder, error):
                raise
            both = error.problem.replace(origin, f"{origin} with the options given beside it", 1)
            words = (error.found, error.expected, error.next_step)
            raise UsageError(error.code, both, *words) from None
        return built

    def _fails(self, layer: Mapping[str, Any], folder: Path, error: UsageError) -> bool:
        """Whether one layer has the same fault alone."""
        try:
            self._check([layer], folder, error.problem.partition(": ")[0])
        except UsageError as alone:
            return (alone.code, alone.found) == (error.code, error.found)
        return False

    @classmethod
    def check_options(cls, options: Mapping[str, Any], names: Mapping[str, str]) -> None:
        """Raise for what is wrong with the options of a command, before a job is read.

        Args:
            options: keywords of a Job.
            names: the key or [table] of the job file → the option that sets it.

        Raises:
            UsageError: names the options that are wrong.
        """
        built = cls.__new__(cls)
        built._check([options], current_folder(), "The options", names)

    def under(self, preset: Mapping[str, Any], origin: str = THE_JOB) -> Self:
        """The job with `preset` laid under it: what the job says wins, column by column.

        `preset` has the keys of a job file; its paths must be absolute. `origin` names it in an
        error.
        """
        built = type(self).__new__(type(self))
        built._check([preset, self._given], self._folder, origin, checked=self._given)
        built._own = self.own
        return built

    @property
    def own(self) -> "Job":
        """What the job says itself, without the preset that was laid under it."""
        return self._own or self

    def _check(
        self,
        layers: Sequence[Mapping[str, Any]],
        folder: Path,
        origin: str,
        options: Mapping[str, str] | None = None,
        checked: Mapping[str, Any] | None = None,
    ) -> None:
        """Become the job of `layers`, the later over the earlier; or raise all their faults.

        `checked`: the layer that is a job built before. It may have a constant over a source
        column, which no other layer may.
        """
        faults = [fault for layer in layers if layer is not checked for fault in faults_in(layer)]
        given: dict[str, Any] = {}
        for layer in layers:
            given = merged(given, without(layer, secrets_of(layer)))
        given = anchored(given, folder)
        faults += blanks_in(given)
        try:
            BaseModel.__init__(self, **given)
        except ValidationError as error:
            faults += faults_of(error, type(self))
        if faults:
            raise complaint(faults, origin, options)
        self._folder, self._given = folder, given

    @property
    def folder(self) -> Path:
        """The folder of the job file, else the folder in which the job was made."""
        return self._folder

    @property
    def ledger_path(self) -> Path:
        """The ledger that a delivery uses: the job's own, else the one beside the job."""
        return self.ledger or self._folder / DEFAULT_LEDGER

    @property
    def clock(self) -> datetime:
        """The time that age rules use, with an offset: `now`, else the real one.

        A `now` without an offset is read in the job's time zone, else in UTC.
        """
        if self.now is None:
            return datetime.now(UTC)
        if self.now.tzinfo is not None:
            return self.now
        return self.now.replace(tzinfo=zone_of(self.timezone) if self.timezone else UTC)

    def settings(self, *, masked: bool | None = None) -> dict[str, Any]:
        """The effective job for summary.json: no secrets, paths relative to the job's folder.

        Phone numbers in rules and tables are masked where `mask` says so, or as `masked` says;
        unmasked, the same settings make the same job again.
        """
        shown = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        if self.ledger is None:
            shown["ledger"] = DEFAULT_LEDGER
        # Of a lower layer; a constant wins over it.
        for column in self.constants:
            shown["columns"].pop(column, None)
        shown = with_paths(shown, lambda text: without_query(relative(text, self._folder)))
        if self.mask if masked is None else masked:
            shown = masked_settings(shown)
        return {name: shown.get(name) for name in type(self).model_fields}

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        shown = self.settings(masked=True)
        return [
            (name, shown[name]) for name in sorted(self.model_fields_set, key=list(shown).index)
        ]
