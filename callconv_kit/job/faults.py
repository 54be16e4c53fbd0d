"""Errors in a job: pydantic's and our own, gathered in one `UsageError`, with secrets masked.

All faults are gathered before one is raised. Each names the key as in the file
(`[connection] protocl`), the value, what is allowed and the nearest known word. The values of
unknown keys, and of keys that might hold a password by mistake, are never shown.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from callconv_kit.model import codes, spec
from callconv_kit.model.codes import mask_phone
from callconv_kit.model.errors import UsageError
from callconv_kit.model.names import nearest, spec_column

BAD_VALUE = "job_bad_value"
UNKNOWN_KEY = "job_unknown_key"
UNKNOWN_COLUMN = "job_unknown_column"
COLUMN_TWICE = "job_column_twice"
SECRET = "job_secret_in_file"  # noqa: S105 - the name of an error
ZONE_UNKNOWN = "zone_unknown"

THE_JOB = "The job"
"""Where a job comes from that has no file."""


@dataclass(frozen=True, slots=True)
class JobFault:
    """One thing wrong with a job. `problem` completes "<where> …"."""

    where: str
    problem: str
    found: str = ""
    expected: str = ""
    hint: str = ""
    code: str = BAD_VALUE

    def __str__(self) -> str:
        found = f"found {self.found}" if self.found else ""
        expected = f"expected: {self.expected}" if self.expected else ""
        hint = self.hint[:1].lower() + self.hint[1:].rstrip(".")
        details = (
            (hint, found, expected) if hint.startswith("did you mean") else (found, expected, hint)
        )
        more = "; ".join(part for part in details if part)
        return f"{self.where} {self.problem}" + (f" ({more})" if more else "")


def wrong(
    problem: str, *, expected: str = "", near: str | None = None, hint: str = "", code: str = ""
) -> PydanticCustomError:
    """An error for a validator to raise; `near` is the word that was probably meant."""
    if near is not None:
        hint = f'Did you mean "{near}"?'
    words = {"problem": problem, "expected": expected, "hint": hint}
    return PydanticCustomError("job", "{problem}", {**words, "code": code or BAD_VALUE})


def complaint(
    faults: Sequence[JobFault], origin: str, options: Mapping[str, str] | None = None
) -> UsageError:
    """One error with all `faults` of the job that `origin` names.

    options: where the faults are those of a command's options: key or [table] → option.
    """
    codes = {fault.code for fault in faults}
    code = codes.pop() if len(codes) == 1 else "job_invalid"
    where_to = "Correct the job."
    if options is not None:
        where_to = "Correct the option."
        faults = [replace(fault, where=_option(fault.where, options)) for fault in faults]
    if len(faults) == 1:
        (fault,) = faults
        problem = f"{fault.where} {fault.problem}"
        return UsageError(
            code,
            problem if options is not None else f"{origin}: {problem}",
            fault.found,
            fault.expected,
            fault.hint or where_to,
        )
    have = "have" if origin.endswith("s") and options is not None else "has"
    listed = "; ".join(f"({number}) {fault}" for number, fault in enumerate(faults, 1))
    return UsageError(code, f"{origin} {have} {len(faults)} faults: {listed}", "", "", where_to)


def _option(where: str, options: Mapping[str, str]) -> str:
    """The option that sets what the job file calls `where`.

    >>> _option("[columns] CallerId", {"[columns]": "--column"})
    '--column CallerId'
    """
    table, space, rest = where.partition(" ")
    return f"{options.get(table, table)}{space}{rest}"


def faults_of(error: ValidationError, model: type[BaseModel]) -> list[JobFault]:
    """Every finding of pydantic as a fault; a finding names what it is about by its place."""
    found = error.errors(include_url=False)
    # A list of which every entry is wrong is not also too short.
    return [_fault(details, model) for details in found if not _follows(details, found)]


def _follows(details: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    place = details["loc"]
    inner = (other["loc"] for other in found if len(other["loc"]) > len(place))
    return details["type"] == "too_short" and any(loc[: len(place)] == place for loc in inner)


_TYPES = {
    "bool_type": "true or false, without quotes",
    "int_type": "a whole number, without quotes",
    "int_from_float": "a whole number",
    "float_type": "a number, without quotes",
    "finite_number": "a finite number",
    "string_type": "text in quotes",
    "path_type": "a path in quotes",
    "tuple_type": "a list in square brackets",
}

_BOUNDS = {
    "greater_than_equal": ("ge", "at least {}"),
    "less_than_equal": ("le", "at most {}"),
}

_TABLES = ("dict_type", "model_type", "model_attributes_type")


def _fault(details: ErrorDetails, model: type[BaseModel]) -> JobFault:
    about_key = details["loc"][-1] == "[key]"
    place = [part for part in details["loc"] if part != "[key]"]
    where = key_path(place)
    found = "" if about_key else _shown(place, details["input"])
    if details["type"] == "job" and isinstance(details["input"], Mapping):
        found = ""  # a fault of the table as a whole
        where = f"[{where}]" if len(place) == 1 else where
    context: Mapping[str, Any] = details.get("ctx", {})
    kind = details["type"]
    if kind == "job":
        hint = context["hint"]
        if context["code"] == UNKNOWN_COLUMN and place[-1] in model.model_fields:
            hint = _ABOVE
        return JobFault(
            where, context["problem"], found, context["expected"], hint, context["code"]
        )
    if kind == "extra_forbidden":
        return _unknown_key(place, model)
    if kind == "missing":
        return JobFault(where, "is missing")
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", context["expected"])
        near = nearest(str(details["input"]), words)
        hint = f'Did you mean "{near}"?' if near else ""
        allowed = " or ".join(spelled(word) for word in words)
        return JobFault(where, "is not an allowed word", found, allowed, hint)
    return _wrong_form(where, found, kind, place, context)


def _wrong_form(
    where: str, found: str, kind: str, place: Sequence[str | int], context: Mapping[str, Any]
) -> JobFault:
    """A fault of type or range."""
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return JobFault(where, "is out of range", found, words.format(context[bound]))
    if kind in ("string_too_short", "too_short"):
        return JobFault(where, "is blank", expected="at least one", hint="Fill it in.")
    expected = _TYPES.get(kind, "another kind of value")
    if kind in _TABLES:
        name = ".".join(printable(str(part)) for part in place)
        expected = "a table" if any(isinstance(part, int) for part in place) else f"[{name}]"
    elif kind == "tuple_type" and place[-1] in LISTS:
        expected = f"[[{place[-1]}]], with two brackets"
    return JobFault(where, "is of the wrong type", found, expected)


_ABOVE = "Move it to the top of the file, above the first line in [brackets]."


def _unknown_key(place: Sequence[str | int], model: type[BaseModel]) -> JobFault:
    key = str(place[-1])
    known = keys_at(place[:-1], model)
    near = nearest(key, known)
    tables = [name for name in model.model_fields if key in keys_at((name,), model)]
    if len(place) == 1 and spec_column(key):
        hint = "A column belongs to [columns], [constants] or [defaults]."
    elif len(place) > 1 and key in model.model_fields:
        hint = _ABOVE
    elif near is not None:
        hint = f'Did you mean "{near}"?'
    else:
        hint = f"It belongs to [{tables[0]}]." if tables else ""
    expected = "" if hint else "one of " + ", ".join(known)
    return JobFault(key_path(place), "is an unknown setting", "", expected, hint, UNKNOWN_KEY)


def keys_at(place: Sequence[str | int], model: type[BaseModel]) -> list[str]:
    """The keys that the table at `place` may hold, as they are written in the file."""
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            inner = _model_in(model.model_fields[part].annotation)
            if inner is None:
                return []
            model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as `Connection | None` or `tuple[LeaveOut, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)


def key_path(place: Iterable[str | int]) -> str:
    """The place of a key, as the file shows it.

    >>> key_path(["timezone"]), key_path(["connection", "port"])
    ('timezone', '[connection] port')
    >>> key_path(["leave_out", 0, "below"])
    '[[leave_out]] (number 1) below'
    >>> key_path(["values", "CallStatus", "Voicemail"])
    '[values.CallStatus] Voicemail'
    """
    parts = [part if isinstance(part, int) else printable(part) for part in place]
    if len(parts) == 1:
        return str(parts[0])
    table, *rest = parts
    if table == "values" and rest[0] in spec.PERSONAL:
        rest[1:] = [codes.mask_phone(str(part)) for part in rest[1:]]
    if isinstance(rest[0], int) and table in LISTS:
        inner = ".".join(str(part) for part in rest[1:])
        return f"[[{table}]] (number {rest[0] + 1}) {inner}".rstrip()
    keys = [part for part in rest if isinstance(part, str)]
    if len(keys) > 1 and table in ("values", "legs", "contract"):
        table, keys = f"{table}.{keys[0]}", keys[1:]
    return f"[{table}] {'.'.join(keys)}".rstrip()


LISTS = ("leave_out", "status")
"""Lists of rules, asked in order."""

_NEVER_SHOWN = {"password_from", "token_from", "host", "input", "base_url"}
"""Keys into which a password might slip: their values appear in no message."""


def _shown(place: Sequence[str | int], value: object) -> str:
    about_a_table = tuple(place) in (("connection",), ("results",))
    if about_a_table or _NEVER_SHOWN.intersection(place):
        return ""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if spec.PERSONAL.intersection(spec_column(str(part)) or "" for part in place):
        text = codes.mask_phone(text)
    return spelled(text) if isinstance(value, str) else printable(text)


_PHONE_LIKE = re.compile(r"(?<![\w.])\+?\(?\d[\d\s().-]{7,18}\d(?!\w)")


def masked(value: Any) -> Any:
    """`value` with every text in it masked that might be a phone number."""
    if isinstance(value, str):
        return _PHONE_LIKE.sub(lambda found: mask_phone(found[0]), value)
    if isinstance(value, list | tuple):
        return type(value)(masked(item) for item in value)
    if isinstance(value, Mapping):
        return {masked(key): masked(item) for key, item in value.items()}
    return value


def masked_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` with the phone numbers of constants, defaults, value maps and rules masked."""
    result = dict(settings)
    for table in ("constants", "defaults", "values"):
        result[table] = {
            column: masked(value) if column in spec.PERSONAL else value
            for column, value in result.get(table, {}).items()
        }
    for rules in ("leave_out", "status"):
        result[rules] = [masked(rule) for rule in result.get(rules, ())]
    return result


def without_query(address: str) -> str:
    """An address without its query, in which storage services carry keys (`?X-Amz-Signature=`)."""
    return address.partition("?")[0] if "://" in address else address


def spelled(text: str, limit: int = 60) -> str:
    """`text` in quotes for a message: on one line, nothing unprintable, not longer than `limit`."""
    return f'"{printable(text, limit)}"'


def printable(text: str, limit: int = 60) -> str:
    """`text` for a message, with everything that a terminal might obey written as an escape."""
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in shown
    )
