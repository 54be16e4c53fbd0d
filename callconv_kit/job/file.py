"""Reads callconv.toml into a plain mapping, and says in words what is wrong with a bad one."""

import codecs
import re
import tomllib
from pathlib import Path
from typing import Any

from callconv_kit.job.faults import printable
from callconv_kit.model.errors import UsageError
from callconv_kit.model.names import nearest

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
            f"The {what} file {name} is no {what}: it has more than {LARGEST_JOB // 1024**2} MB",
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
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _bad_toml(name, text, str(error), what) from None


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
        next_step = "In \"…\" a backslash is written twice; in '…' it stands for itself."
    else:
        next_step = 'Put text in quotes, as in timezone = "America/New_York".'
    return UsageError(
        UNREADABLE, f"The {what} file {name} is not TOML {where}", problem, "key = value", next_step
    )
