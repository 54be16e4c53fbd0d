"""The tables of a job file: where columns come from, rules over rows, the look-up, the server."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    Strict,
    StrictBool,
    model_validator,
)

from callconv_kit.job.faults import masked, printable, wrong
from callconv_kit.job.values import (
    AS_LIST,
    BlankIsNone,
    Number,
    SpecName,
    StrictText,
    Timeout,
    WholeNumber,
    no_password,
    one_line,
    text_of,
)
from callconv_kit.model import spec
from callconv_kit.model.names import is_windows_device, nearest


class Table(BaseModel):
    """A table of the job file: it never changes, and knows no other keys than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


HOW = ("join", "sum", "difference")
"""The ways in which several columns become one, as the job file names them."""


class Source(NamedTuple):
    """Where a spec column comes from: the first of `names` that is not empty, or all of them.

    join: all, as one text with spaces between; total: all, added up; difference: the first less
        the others. Sums and differences are of durations and moments.
    """

    names: tuple[str, ...]
    join: bool = False
    total: bool = False
    difference: bool = False

    def as_written(self) -> "str | list[str] | dict[str, list[str]]":
        """The source as the job file writes it."""
        for how, is_meant in zip(HOW, self[1:], strict=True):
            if is_meant:
                return {how: list(self.names)}
        return self.names[0] if len(self.names) == 1 else list(self.names)


def _source(value: object) -> Source:
    if isinstance(value, Source):
        return value
    how = ""
    if isinstance(value, dict):
        if len(value) != 1 or not set(value) <= set(HOW):
            known = (
                '{join = ["Date", "Time"]}, {sum = ["Ring", "Talk"]} '
                'or {difference = ["Ended", "Started"]}'
            )
            raise wrong("knows one key only", expected=known)
        ((how, value),) = value.items()
    names = [value] if isinstance(value, str) and not how else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise wrong(
            "names no source column", expected='"Name", ["Name", "Other"] or {join = ["D", "T"]}'
        )
    if not names or not all(name.strip() for name in names):
        raise wrong(
            "is blank", expected="the name of a source column, on each line that is marked TODO"
        )
    if how and len(names) < 2:
        raise wrong(f"has one column for a {how}", expected='two or more, or just "Name"')
    if len(set(names)) < len(names):
        raise wrong("names a source column twice")
    return Source(tuple(names), *(how == each for each in HOW))


ColumnSource: TypeAlias = Annotated[
    Source, PlainValidator(_source), PlainSerializer(Source.as_written)
]
UnitName: TypeAlias = Literal["seconds", "milliseconds", "minutes", "days"]


def _word(value: object) -> str:
    """A text that a cell may equal; a blank one would equal none."""
    word = text_of(value)
    if not word.strip():
        raise wrong("is blank", hint="Write empty = true for empty cells.")
    return word


def _several(values: object, of: Callable[[object], str] = text_of) -> tuple[str, ...]:
    if not isinstance(values, list | tuple) or not values:
        raise wrong("is of the wrong type", expected='a list such as ["a", "b"]')
    return tuple(of(value) for value in values)


def _words(values: object) -> tuple[str, ...]:
    return _several(values, _word)


def _pattern(pattern: object) -> str:
    """A regular expression of RE2, whose time grows with the text's length and not faster."""
    if not isinstance(pattern, str):
        raise wrong("is of the wrong type", expected="a regular expression, in quotes")
    import pyarrow as pa  # costs more than all the rest, and few jobs have a pattern
    import pyarrow.compute as pc

    from callconv_kit.model import texts

    try:
        pc.match_substring_regex(texts.scalar(""), pattern)
    except pa.ArrowInvalid as error:
        why = str(error).removeprefix("Invalid regular expression: ")
        raise wrong(
            f"is not a regular expression: {printable(why)}",
            expected="RE2 syntax, which has no lookaround and no backreferences",
        ) from None
    return pattern


Pattern: TypeAlias = Annotated[str, PlainValidator(_pattern)]


def _patterns(given: object) -> tuple[str, ...]:
    if not isinstance(given, list | tuple):
        raise wrong("is of the wrong type", expected="a list of regular expressions, in quotes")
    return tuple(_pattern(pattern) for pattern in given)


Patterns: TypeAlias = Annotated[tuple[str, ...], PlainValidator(_patterns), AS_LIST]


class Condition(Table):
    """What must hold of a cell; of several words all must hold.

    `below` and `above` are strict and compare numbers. `equals`, `in`, `not_in` (a cell that holds
    another word) and `matches` (a full match in RE2's syntax) are case-sensitive. `empty` is true
    of a cell that is empty, and false of one that is not.
    """

    below: Number | None = None
    above: Number | None = None
    equals: Annotated[str, PlainValidator(_word)] | None = None
    in_: Annotated[tuple[str, ...], PlainValidator(_words), AS_LIST] | None = Field(
        None, alias="in"
    )
    not_in: Annotated[tuple[str, ...], PlainValidator(_words), AS_LIST] | None = None
    matches: Pattern | None = None
    empty: StrictBool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.conditions:
            words = "below, above, equals, in, not_in, matches or empty"
            raise wrong("has no condition", expected=words)
        return self

    @property
    def conditions(self) -> dict[str, Any]:
        """The words that were given, under their names in the job file, with their values."""
        given = {field.alias or name: getattr(self, name) for name, field in _CONDITIONS.items()}
        return {word: value for word, value in given.items() if value is not None}

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        shown = {**self.conditions}
        return [(word, masked(value)) for word, value in shown.items()]


_CONDITIONS = dict(Condition.model_fields)
_NUMERIC = (spec.Kind.IDENTIFIER, spec.Kind.DURATION, spec.Kind.MONEY)
LeftOutCode: TypeAlias = Literal[
    "left_out_by_rule", "not_answered", "not_a_call", "outbound", "child_leg", "call_in_progress"
]


def as_condition(value: object) -> object:
    """A bare value means `equals`, a list means `in`."""
    if isinstance(value, dict | Condition):
        return value
    return {"in": value} if isinstance(value, list | tuple) else {"equals": value}


When: TypeAlias = dict[StrictText, Annotated[Condition, BeforeValidator(as_condition)]]
"""Source column = value, list or table of words; all of them must hold."""


class LeaveOut(Condition):
    """Rows that are not meant for submission: a condition on one column, and the reason.

    `column` is a spec column, seen after coercion; `source_column` a column of the export, as it
    was read, trimmed. `when` names more source columns, of which all must hold as well. `code` says
    more exactly why, as in `code = "outbound"`. `optional`: a source column may be missing, and
    then no row is left out.
    """

    column: SpecName | None = None
    source_column: StrictText | None = Field(None, min_length=1)
    when: When = Field(default_factory=dict)
    reason: StrictText = ""
    code: LeftOutCode = "left_out_by_rule"
    optional: StrictBool = False

    @model_validator(mode="after")
    def _one_column(self) -> Self:
        if (self.column is None) == (self.source_column is None):
            given = "neither" if self.column is None else "both"
            raise wrong(f"names {given} of column and source_column", expected="one of the two")
        if self.column and (self.below is not None or self.above is not None):
            kind = spec.BY_NAME[self.column].kind
            if kind not in _NUMERIC:
                raise wrong(
                    f"compares {self.column} by below or above, which holds no numbers",
                    expected="equals, in, not_in, matches or empty",
                )
        return self

    @property
    def text(self) -> str:
        """The reason for a person: the one given, else what the rule says."""
        if self.reason:
            return self.reason
        asked = {self.column or self.source_column or "": self, **self.when}
        return " and ".join(
            f"{name} {word} {_said(masked(value))}"
            for name, condition in asked.items()
            for word, value in condition.conditions.items()
        )

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        where = "column" if self.column else "source_column"
        more = [("when", self.when)] if self.when else []
        return [(where, self.column or self.source_column), *super().__repr_args__(), *more]


def _said(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ", ".join(str(item) for item in value)
    return str(value)


def _status(word: object) -> str:
    text = re.sub(r"[\s-]+", "_", word.strip().upper()) if isinstance(word, str) else ""
    if text not in spec.STATUSES:
        raise wrong(
            "is not a call status",
            expected=", ".join(spec.STATUSES),
            near=nearest(str(word), spec.STATUSES),
        )
    return text


class StatusRule(Table):
    """The CallStatus of rows of which all of `when` hold: source column = value, list or table.

    `optional`: a source column may be missing, and then the rule holds for no row.
    """

    when: When = Field(min_length=1)
    then: Annotated[str, PlainValidator(_status)]
    optional: StrictBool = False


class Legs(Table):
    """Calls split over several rows: source columns of a leg's own ID and of its parent's.

    `take` says which spec columns the call takes from which source column of its child leg, and
    `child` from which one where there are several.
    """

    key: StrictText = Field(min_length=1)
    parent: StrictText = Field(min_length=1)
    take: dict[SpecName, StrictText] = Field(default_factory=dict)
    child: Literal["first", "last", "longest"] = "longest"


class Lookup(Table):
    """A file that fills columns by a key: a spec column (`on`) or a source column."""

    file: Path
    on: SpecName | None = None
    on_source: StrictText | None = Field(None, min_length=1)
    overwrite: StrictBool = False

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.on is None) == (self.on_source is None):
            given = "neither" if self.on is None else "both"
            raise wrong(f"names {given} of on and on_source", expected="one of the two")
        return self


_PLACEHOLDERS = ("{date}", "{hash}", "{part}")
_LONGEST_NAME = 200
"""Characters; servers take 255 bytes, and a part, a hash and a temporary ending are added."""


def _file_name(name: str) -> str:
    rest = name
    for placeholder in _PLACEHOLDERS:
        rest = rest.replace(placeholder, "")
    if "{" in rest or "}" in rest:
        found = re.search(r"\{\w*\}?|\}", rest)
        near = nearest(found[0], _PLACEHOLDERS) if found else None
        raise wrong(
            "holds an unknown placeholder", expected=", ".join(_PLACEHOLDERS) + " only", near=near
        )
    one_line(name)
    if re.search(r'[/\\:*?"<>|]', rest):
        raise wrong("holds a path or a wildcard", expected="a plain name; see directory")
    if name.casefold().startswith(("receipt_", "result_")):
        raise wrong("begins with receipt_ or result_, which the import server ignores")
    refused = name.startswith((".", " ", "-")) or name.endswith((".", " "))
    if not rest.strip() or refused or is_windows_device(name):
        raise wrong(
            "is not a file name that every server accepts", expected="such as {date}_Calls.csv"
        )
    if len(name) > _LONGEST_NAME:
        raise wrong("is too long", expected=f"at most {_LONGEST_NAME} characters")
    return name


def _host(host: str) -> str:
    if not re.fullmatch(r"[^\s/@?#\[\]]*", host) or (host.count(":") == 1):
        raise wrong(
            "is not a host name",
            expected="such as import.impact.com; port and user have their keys",
        )
    return one_line(host)


def _secret_from(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"netrc|keyring|env:[A-Za-z_][A-Za-z0-9_]*", value):
        return value
    raise wrong(
        "does not say where to find the password (the text is not shown)",
        expected='"env:NAME", "netrc" or "keyring"',
        hint="Never write the password itself into the job.",
    )


SecretFrom: TypeAlias = Annotated[str, PlainValidator(_secret_from)]
SentText: TypeAlias = Annotated[str, Strict(), AfterValidator(one_line)]
"""Text that becomes part of a command to the server."""
OwnFile: TypeAlias = Annotated[Path | None, BlankIsNone]


class Connection(Table):
    """Where and how the file is delivered. It holds no password, only where to find one."""

    protocol: Literal["ftp", "ftps", "sftp"] = "ftps"
    host: Annotated[str, Strict(), AfterValidator(_host)] = "import.impact.com"
    port: Annotated[int, Strict(), Field(ge=1, le=65_535)] = 21
    directory: SentText = ""
    user: SentText = ""
    password_from: SecretFrom = "env:CALLCONV_PASSWORD"  # noqa: S105 - the name of a variable
    file_name: Annotated[str, Strict(), AfterValidator(_file_name)] = (
        "{date}_CallConversionData_{hash}.csv"
    )
    method: Literal["direct", "rename"] = "direct"
    verify: Literal["if_possible", "required"] = "if_possible"
    settle_by_size: StrictBool = False
    max_rows_per_file: WholeNumber = 0
    require_approval: StrictBool = False
    encrypt_to: OwnFile = None
    encrypted_suffix: Literal[".pgp", ".gpg", ".asc", ""] = ".pgp"
    ca_file: OwnFile = None
    known_hosts: OwnFile = None
    private_key: OwnFile = None
    timeout: Timeout = 30

    @model_validator(mode="before")
    @classmethod
    def _port_of_the_protocol(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("protocol") == "sftp":
            return {"port": 22, **given}
        return given

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for key, protocol in _ONLY_FOR.items():
            if getattr(self, key) is not None and self.protocol != protocol:
                raise wrong(f'has {key}, which only protocol = "{protocol}" uses')
        if self.max_rows_per_file and not re.search(r"\{(hash|part)\}", self.file_name):
            raise wrong("gives all parts one file_name", expected="{part} or {hash} in it")
        return self


_ONLY_FOR = {"ca_file": "ftps", "known_hosts": "sftp", "private_key": "sftp"}


def _base_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        good = good and url.isprintable() and " " not in url and parts.port != 0
    except ValueError:  # a bracket that is not closed, or a port that is not a number
        good = False
    if not good:
        raise wrong("is not a web address", expected="such as https://api.impact.com")
    return no_password(url)


class Results(Table):
    """Where the outcome is read back. It holds no token, only where to find one."""

    account_sid: SentText = ""
    token_from: SecretFrom = "env:CALLCONV_TOKEN"  # noqa: S105 - the name of a variable
    base_url: Annotated[str, Strict(), AfterValidator(_base_url)] = "https://api.impact.com"


class Archive(Table):
    """How long the delivered bytes are kept beside the ledger, in days; 0: for ever."""

    keep_days: WholeNumber = 400


def _per_tracker(value: object) -> object:
    """One number for every action tracker has the key "*"."""
    return (
        {"*": value} if not isinstance(value, dict) else {text_of(k): v for k, v in value.items()}
    )


PerTracker: TypeAlias = Annotated[dict[str, WholeNumber], BeforeValidator(_per_tracker)]


def _trackers(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {text_of(key): _several(trackers) for key, trackers in value.items()}


class Contract(Table):
    """What the contract pays, as far as a forecast needs it.

    minimum_duration: seconds, for every action tracker or by tracker.
    trackers: campaign = its action trackers.
    repeat_caller_days: days until a caller counts again; 0: always.
    age_limit_days: how old a call may be, for every action tracker or by tracker.
    """

    minimum_duration: PerTracker = {}
    trackers: Annotated[dict[str, tuple[str, ...]], BeforeValidator(_trackers)] = {}
    repeat_caller_days: WholeNumber = 0
    age_limit_days: PerTracker = {}

    def minimum_of(self, tracker: str) -> int | None:
        """The shortest call, in seconds, that pays under this action tracker."""
        return self.minimum_duration.get(tracker, self.minimum_duration.get("*"))

    def age_limit_of(self, tracker: str) -> int | None:
        """The age, in days, up to which a call counts under this action tracker."""
        return self.age_limit_days.get(tracker, self.age_limit_days.get("*"))
