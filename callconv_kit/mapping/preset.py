"""Presets: a vendor's export described as data.

A preset file is a job file with one table more, `[preset]`. The keys of the job file say which
source goes to which column, in which unit and zone, what a status means and what is left out;
`[preset]` says how the export is recognized, and what a job has no words for. The bundled ones lie
in `presets/`; a user's own is the same kind of file, given by its path.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from callconv_kit.job import PRESETS, Job, LeaveOut, nearest_preset
from callconv_kit.job.faults import UNKNOWN_KEY, JobFault, complaint, faults_of
from callconv_kit.job.layers import BY_COLUMN, anchored, is_path, read_toml
from callconv_kit.job.tables import ColumnSource, Pattern, Table, When
from callconv_kit.job.values import SpecName, StrictText, Texts, ValueText
from callconv_kit.model.errors import UsageError
from callconv_kit.model.names import plain, spec_column


class Form(Table):
    """One form in which the vendor's export occurs.

    seen: what was seen of it: documentation, client code, a file.
    needs: the columns by which it is recognized; all must be there.
    columns: all columns that are known of it, in their order where it is known.
    cells: what the filled cells of a column say, as a regular expression that most of them match
        in full: distinguishes a form from another vendor's with the same names, or no header.
    headerless: its files have no header: `columns` is their exact order.
    """

    name: StrictText
    seen: StrictText = ""
    needs: Texts = ()
    columns: Texts
    cells: dict[StrictText, Pattern] = Field(default_factory=dict)
    headerless: bool = False

    def says(self, sample: Mapping[str, Sequence[str]]) -> bool:
        """Whether the cells say what they say in this form; true where there are none.

        Args:
            sample: column of the export, as `plain` writes it, to some of its cells.
        """
        for name, pattern in self.cells.items():
            filled = [cell.strip() for cell in sample.get(plain(name), ()) if cell.strip()]
            hits = sum(re.fullmatch(pattern, cell) is not None for cell in filled)
            if 2 * hits < len(filled):
                return False
        return True


class CalledNumbers(Table):
    """The two numbers that may be the called one; the job's `called_number` says which."""

    destination: Texts = ()
    tracking: Texts = ()


class Otherwise(Table):
    """A value for the cells of a column that are empty where `when` holds."""

    column: SpecName
    value: ValueText
    when: When


class NoTalk(Table):
    """Calls without talk, though the export counts the seconds of a menu or mailbox."""

    when: When = Field(min_length=1)


class Doubt(Table):
    """A warning for the cells of a column: where `when` holds, and where `fed_by` feeds them.

    value: only cells that come out as this value are doubted; "": all that hold one.
    """

    column: SpecName
    text: StrictText
    value: ValueText = ""
    when: When = Field(default_factory=dict)
    fed_by: StrictText = ""
    code: Literal["weak_source", "voicemail_not_answered"] = "weak_source"


class Corrections(Table):
    """Rows that replace an earlier one: the columns of a row's id, and of the one it corrects."""

    id: StrictText
    corrects: StrictText


class About(Table):
    """The table `[preset]`.

    name, title: of the preset, and of the vendor.
    about, notes, sources: for a person: what it is, what to know, where the facts are from.
    form: the forms in which the export occurs.
    needs: columns that every form has, without which it is not known which rows are calls to the
        advertiser: an export that lacks one is refused.
    aliases: a column's name and the others that the same datum has; the rest of the file speaks of
        the first.
    on_request: sources that are used only if the job names them under `[columns]`.
    conversion_rows: rows that report a conversion of an earlier call.
    first_keys: Key1 to Key4 are the first of Keypresses.
    """

    name: StrictText
    title: StrictText
    about: StrictText = ""
    notes: Texts = ()
    sources: Texts = ()
    form: tuple[Form, ...] = Field(min_length=1)
    needs: Texts = ()
    aliases: dict[StrictText, Texts] = Field(default_factory=dict)
    called_number: CalledNumbers = CalledNumbers()
    on_request: dict[SpecName, ColumnSource] = Field(default_factory=dict)
    otherwise: tuple[Otherwise, ...] = ()
    no_talk: tuple[NoTalk, ...] = ()
    doubt: tuple[Doubt, ...] = ()
    conversion_rows: tuple[LeaveOut, ...] = ()
    corrections: Corrections | None = None
    first_keys: bool = False


class _File(Table):
    preset: About


SETTINGS = (
    *("timezone", "dst", "date_order", "decimal", "currency", "default_country", "empty_status"),
    *("anonymous_callers", "talk_time", "encoding", "delimiter", "sheet", "header_line"),
    *("columns", "constants", "defaults", "units", "values", "lookup", "leave_out", "status"),
    "legs",
)
"""The keys of a job file that a preset may set: how an export is read, not where it is sent."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset, read and checked.

    origin: its name, or the path that was given.
    about: the table `[preset]`.
    settings: the rest, with the keys of a job file; its paths are absolute.
    """

    origin: str
    about: About
    settings: Mapping[str, Any]

    @property
    def names(self) -> Iterator[str]:
        """Every name that a column of the export is known to have."""
        for form in self.about.form:
            yield from form.columns
        for name, others in self.about.aliases.items():
            yield name
            yield from others

    def spellings(self, name: str) -> tuple[str, ...]:
        """The names of a datum: `name` itself first."""
        return (name, *self.about.aliases.get(name, ()))


def load(origin: str) -> Preset:
    """The preset of that name, or at that path.

    Raises:
        UsageError: the preset does not exist or has errors; all are named.
    """
    if is_path(origin):
        return _read(Path(origin).expanduser(), origin)
    return _bundled(origin)


def bundled() -> tuple[Preset, ...]:
    """All bundled presets, in the order in which they are listed."""
    return tuple(_bundled(name) for name in PRESETS)


@cache
def _bundled(name: str) -> Preset:
    if name not in PRESETS:
        near = nearest_preset(name)
        raise UsageError(
            "job_bad_value",
            "There is no such preset",
            f'"{name}"',
            f"{', '.join(PRESETS)}, or the path of one",
            f'Did you mean "{near}"?' if near else "`callconv presets` lists them.",
        )
    path = resources.files(__package__) / "presets" / f"{name}.toml"
    with resources.as_file(path) as file:
        return _read(file, name)


def _read(path: Path, origin: str) -> Preset:
    given = read_toml(path, "preset")
    name = f"The preset {origin}"
    table = given.pop("preset", None)
    if table is None:
        raise UsageError(
            "preset_invalid",
            f"{name} has no table [preset]",
            "",
            "[preset] with name, title and at least one [[preset.form]]",
            "See `callconv presets` for one to begin with.",
        )
    faults = [
        JobFault(key, "is not for a preset", expected="in the job", code=UNKNOWN_KEY)
        for key in given
        if key in Job.model_fields and key not in SETTINGS
    ]
    if faults:
        raise complaint(faults, name)
    try:
        about = _File.model_validate({"preset": table}).preset
    except ValidationError as error:
        raise complaint(faults_of(error, _File), name) from None
    settings = _published(anchored(given, path.absolute().parent))
    Job.from_keywords().under(settings, name)  # names the errors in the rest
    return Preset(origin, about, settings)


def _published(settings: dict[str, Any]) -> dict[str, Any]:
    """`settings` with the columns of the format under their published names."""
    for table in BY_COLUMN:
        if isinstance(settings.get(table), Mapping):
            settings[table] = {spec_column(key) or key: v for key, v in settings[table].items()}
    return settings
