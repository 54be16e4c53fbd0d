"""A job is laid in layers: a preset, over it the job file, over that the caller's own words.

Here are the plain mappings of those layers, before a `Job` is made of them: how a TOML file becomes
one, how one is laid over another, to which folder their paths belong, and what can be wrong in one
of them alone.
"""

import codecs
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from callconv_kit.job.faults import (
    BAD_VALUE,
    COLUMN_TWICE,
    LISTS,
    SECRET,
    JobFault,
    key_path,
    printable,
    spelled,
)
from callconv_kit.model import spec
from callconv_kit.model.errors import UsageError
from callconv_kit.model.names import is_address, nearest, plain, spec_column

BY_COLUMN = ("columns", "constants", "defaults", "units", "values")
"""Tables whose keys are spec columns."""

BY_KEY = ("lookup", "connection", "results", "archive", "contract", "legs")
"""Tables of settings."""

PATHS = (
    ("input",),
    ("preset",),
    ("ledger",),
    ("export_suite",),
    ("lookup", "file"),
    ("connection", "ca_file"),
    ("connection", "encrypt_to"),
    ("connection", "known_hosts"),
    ("connection", "private_key"),
)
"""Settings that hold a path."""


def merged(preset: Mapping[str, Any], job: Mapping[str, Any]) -> dict[str, Any]:
    """`job` laid over `preset`, column by column; neither is changed.

    - A single setting of the job wins; None and "" count as not given.
    - Tables keyed by spec column are merged by column, `values` by source value within a column.
    - A column that the job maps to the file drops the preset's constant for it, which would
      win over the file otherwise.
    - `connection`, `lookup` and the other tables of settings are merged by key.
    - Lists of rules (`leave_out`, `status`) are joined, the job's first.
    """
    result = {key: value for key, value in preset.items() if not _unset(value)}
    for key, over in job.items():
        if _unset(over):
            continue
        under = result.get(key)
        if key in BY_COLUMN and isinstance(over, Mapping):
            result[key] = _by_column(under if isinstance(under, Mapping) else {}, over)
        elif key in BY_KEY and isinstance(over, Mapping) and isinstance(under, Mapping):
            result[key] = _by_key(under, over)
        elif key in LISTS and isinstance(over, list | tuple) and isinstance(under, list | tuple):
            result[key] = [*over, *(rule for rule in under if rule not in over)]
        else:
            result[key] = over
    constants = result.get("constants")
    dropped = _spelled(job.get("columns")) - _spelled(job.get("constants"))
    if dropped and isinstance(constants, Mapping):
        result["constants"] = {
            name: value for name, value in constants.items() if _column(name) not in dropped
        }
    return result


def _spelled(table: object) -> set[object]:
    """The columns that a table keyed by column names."""
    return {_column(name) for name in table} if isinstance(table, Mapping) else set()


_WHOLE = {"join", "sum", "difference"}
"""Tables under `[columns]` that say one thing, and are not merged key by key."""


def _unset(value: object) -> bool:
    return value is None or (isinstance(value, str) and value == "")


def _column(name: object) -> object:
    """The spec column that a key spells, or the key itself, whose error is raised later."""
    return (spec_column(name) if isinstance(name, str) else None) or name


def _by_column(under: Mapping[Any, Any], over: Mapping[Any, Any]) -> dict[Any, Any]:
    result = {_column(name): value for name, value in under.items()}
    for name, value in over.items():
        column = _column(name)
        below = result.get(column)
        if isinstance(value, Mapping) and isinstance(below, Mapping) and not _WHOLE & set(value):
            result[column] = {**below, **value}
        else:
            result[column] = value
    return result


def _by_key(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(under)
    if "on" in over or "on_source" in over:  # one look-up has one key
        result.pop("on", None)
        result.pop("on_source", None)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            result[key] = {**below, **value}
        else:
            result[key] = value
    return result


def anchored(layer: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """`layer` with its relative paths made absolute, as seen from `folder`.

    Addresses (`s3://…`), standard input (`-`) and the names of bundled presets stay as they are.
    """
    return with_paths(layer, lambda text: _absolute(text, folder))


def _absolute(text: str, folder: Path) -> str:
    if text in ("", "-") or is_address(text):
        return text
    return str(folder / Path(text).expanduser())


def relative(text: str, folder: Path) -> str:
    """An absolute path as seen from `folder`, with forward slashes; the inverse of `anchored`."""
    if not Path(text).is_absolute():
        return text
    try:
        return Path(os.path.relpath(text, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return Path(text).as_posix()


def with_paths(layer: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """`layer` with every path in it changed by `change`; what is not text is left alone."""
    result = dict(layer)
    for table, *inner in PATHS:
        value = result.get(table)
        if inner:
            if isinstance(value, Mapping) and inner[0] in value:
                result[table] = {**value, inner[0]: _changed(value[inner[0]], change)}
        elif table == "preset" and not is_path(value):
            continue
        elif value is not None:
            result[table] = _changed(value, change)
    return result


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, list | tuple):
        return [_changed(item, change) for item in value]
    if isinstance(value, str | os.PathLike):
        return change(os.fspath(value))
    return value


def is_path(preset: object) -> bool:
    """Whether a `preset` setting is a path rather than the name of a bundled one."""
    if isinstance(preset, os.PathLike):
        return True
    return isinstance(preset, str) and ("/" in preset or "\\" in preset or preset.endswith(".toml"))


_SECRETS = {
    "connection": ("password_from", ("password", "passwd", "passphrase", "pass", "pwd", "secret")),
    "results": ("token_from", ("token", "authtoken", "password", "secret", "apikey")),
}


def secrets_of(layer: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The places of keys that hold a password or a token, which a job must not."""
    places: list[tuple[str, ...]] = []
    for table, (_, words) in _SECRETS.items():
        places.extend((key,) for key in layer if isinstance(key, str) and plain(key) in words)
        inner = layer.get(table)
        if isinstance(inner, Mapping):
            keys = (key for key in inner if isinstance(key, str))
            places.extend((table, key) for key in keys if plain(key) in words)
    return list(dict.fromkeys(places))


def without(layer: Mapping[str, Any], places: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    """`layer` without the keys at `places`."""
    result = dict(layer)
    for place in places:
        if len(place) == 1:
            result.pop(place[0], None)
        else:
            table, key = place
            result[table] = {name: value for name, value in result[table].items() if name != key}
    return result


def faults_in(layer: Mapping[str, Any]) -> list[JobFault]:
    """What is wrong in one layer alone: a password in it, a column given twice."""
    faults = []
    for place in secrets_of(layer):
        home = place[0] if len(place) > 1 else "connection"
        use, _ = _SECRETS[home]
        hint = f'Delete the line and write {use} = "env:NAME" under [{home}].'
        faults.append(JobFault(key_path(place), "is not allowed in a job", hint=hint, code=SECRET))
    legs = layer.get("legs")
    tables = [(name, layer.get(name)) for name in BY_COLUMN]
    if isinstance(legs, Mapping):
        tables.append(("legs.take", legs.get("take")))
    for where, table in tables:
        if isinstance(table, Mapping):
            faults.extend(_twice(where, table))
    faults += [
        JobFault(
            f"[constants] {column}",
            "is given by [columns] as well",
            hint="Keep one of them.",
            code=COLUMN_TWICE,
        )
        for column in sorted(
            str(name) for name in _spelled(layer.get("columns")) & _spelled(layer.get("constants"))
        )
    ]
    return faults


ASKED_FOR = frozenset({*spec.REQUIRED, "CallStatus"})
"""Columns that `init` leaves blank to be filled in: required ones, and CallStatus (it pays)."""


def blanks_in(job: Mapping[str, Any]) -> list[JobFault]:
    """Constants and defaults of required columns, and statuses, that are not filled in yet."""
    faults = []
    for table in ("constants", "defaults"):
        columns = job.get(table)
        for name, value in columns.items() if isinstance(columns, Mapping) else ():
            column = _column(name)
            if column in ASKED_FOR and isinstance(value, str) and not value.strip():
                hint = "Fill it in, or delete the line, and look at every line marked TODO."
                faults.append(JobFault(key_path([table, str(column)]), "is blank", hint=hint))
    return faults


def _twice(table: str, keys: Iterable[object]) -> list[JobFault]:
    spellings: dict[str, list[str]] = {}
    for key in keys:
        column = spec_column(key) if isinstance(key, str) else None
        if column is not None:
            spellings.setdefault(column, []).append(str(key))
    return [
        JobFault(
            f"[{table}] {column}",
            "is given twice",
            " and ".join(f'"{printable(key)}"' for key in given),
            hint="Keep one of them.",
            code=COLUMN_TWICE,
        )
        for column, given in spellings.items()
        if len(given) > 1
    ]


def pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """The table that a repeated option such as `--constant Column=value` spells.

    Raises:
        UsageError: a pair without `=`, or a column given twice; all of them are named.
    """
    table: dict[str, str] = {}
    problems = []
    for pair in given:
        name, equals, value = pair.partition("=")
        name = name.strip()
        column = spec_column(name) or name
        if not equals or not name:
            problems.append((f'"{printable(pair)}" is not Column=value', "job_bad_value"))
        elif column in table:
            twice = f"{printable(column)} is given twice; give each column once"
            problems.append((twice, COLUMN_TWICE))
        else:
            table[column] = value.strip()
    if problems:
        code = problems[0][1] if len({code for _, code in problems}) == 1 else "job_invalid"
        problem = "; ".join(text for text, _ in problems)
        example = "CallerId=From" if option == "--column" else "CampaignId=1001"
        raise UsageError(
            code, f"{option}: {problem}", "", "Column=value", f"Write {option} {example}."
        )
    return table


UNREADABLE = "job_unreadable"
LARGEST_JOB = 4 * 1024 * 1024
"""Bytes; a larger file is surely an export, given as the job by mistake."""


def read_toml(path: Path, what: str = "job") -> dict[str, Any]:
    """The job, or whatever `what` says in an error, at `path`; a byte-order mark is tolerated.

    Raises:
        UsageError: `job_unreadable`, the file is missing, no file, no UTF-8 or no TOML.
    """
    name = printable(str(path), 200)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_JOB + 1)
    except FileNotFoundError:
        raise _missing(path, name, what) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            UNREADABLE,
            f"The {what} file {name} can't be read",
            why,
            "a TOML file",
            "Check its name and who may read it.",
        ) from error
    if len(data) > LARGEST_JOB:
        raise UsageError(
            UNREADABLE,
            f"The {what} file {name} is not a {what}: it has more than {LARGEST_JOB // 1024**2} MB",
            "",
            "a small TOML file",
            "Name the export as the input and the job with --job.",
        )
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            UNREADABLE,
            f"The {what} file {name} is not UTF-8, first on line {line}",
            "",
            "UTF-8",
            "Save it as UTF-8.",
        ) from None
    try:
        given = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _bad_toml(name, text, str(error), what) from None
    with_paths(given, lambda path: _typed_path(path, name, what))
    return given


_BACKSLASH = (
    'In "…" a backslash begins an escape, such as \\t for a tab. Write the text in single quotes, '
    "as in 'C:\\exports\\calls.csv'; a path may have forward slashes instead."
)


def _typed_path(path: str, name: str, what: str) -> str:
    """A path of a file, unless one of its backslashes was read as an escape."""
    if is_address(path) or not re.search(r"[\b\f\n\r\t]", path):
        return path
    raise UsageError(
        BAD_VALUE,
        f"The {what} file {name} has a path with a control character",
        spelled(path),
        "a path in single quotes, or with forward slashes",
        _BACKSLASH,
    )


def _missing(path: Path, name: str, what: str) -> UsageError:
    try:
        beside = [other.name for other in path.parent.glob("*.toml")]
    except OSError:
        beside = []
    near = nearest(path.name, beside)
    other = "let `callconv init FILE` write a job for your export"
    if what != "job":
        other = "name one of those that `callconv presets` lists"
    next_step = f'Did you mean "{printable(near)}"?' if near else f"Check the path, or {other}."
    return UsageError(UNREADABLE, f"There is no {what} file {name}", "", "", next_step)


def _bad_toml(name: str, text: str, message: str, what: str) -> UsageError:
    # tomllib's words never quote a value, so no password can slip out with them.
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    problem = message[: place.start()] if place else message
    where, line = "at its end", ""
    if place and place[1]:
        where = f"on line {place[1]}, column {place[2]}"
        line = text.split("\n")[int(place[1]) - 1]
    if problem.startswith("Cannot overwrite") or problem.endswith("twice"):
        problem, next_step = "the key or table is defined twice", "Keep one of the two."
    elif "“" in line or "”" in line:
        next_step = 'Write straight quotes, "…".'
    elif "\\" in line:
        next_step = _BACKSLASH
    else:
        next_step = 'Put text in quotes, as in timezone = "America/New_York".'
    return UsageError(
        UNREADABLE, f"The {what} file {name} is not TOML {where}", problem, "key = value", next_step
    )
