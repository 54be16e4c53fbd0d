"""A job file's text with some of its settings changed; comments and order stay as they are.

Each setting that differs is changed on its own line. Whether the text then says what was meant is
read back; where it does not (an inline table, a text over several lines), the file is written anew.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, TypeAlias

Path_: TypeAlias = tuple[str, ...]
"""The keys that lead to a setting: `("constants", "CampaignId")`."""

TABLES = ("columns", "constants", "defaults", "units", "values", "lookup", "connection", "results")
"""Settings that stand under a heading of their own."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def updated(text: str, settings: Mapping[str, Any]) -> str:
    """The text of a job file, changed so that it says `settings` and nothing else.

    Args:
        text: of the file; empty for a new one.
        settings: keys of a job file.
    """
    try:
        was = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return written(settings)
    before, after = dict(_leaves(was)), dict(_leaves(settings))
    changed = text
    for path in before.keys() - after.keys():
        changed = _without(changed, path)
    for path, value in after.items():
        if path not in before or before[path] != value:
            changed = _with(changed, path, value)
    try:
        right = dict(_leaves(tomllib.loads(changed))) == after
    except tomllib.TOMLDecodeError:
        right = False
    return changed if right else written(settings)


def written(settings: Mapping[str, Any]) -> str:
    """Settings as the text of a new job file."""
    text = ""
    for path, value in _leaves(settings):
        text = _with(text, path, value)
    return text


def _leaves(settings: Mapping[str, Any], above: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every setting that is written on one line, with the keys that lead to it."""
    for key, value in settings.items():
        path = (*above, str(key))
        headed = path[0] in TABLES and len(path) <= (2 if path[0] == "values" else 1)
        if headed and isinstance(value, Mapping):
            yield from _leaves(value, path)
        else:
            yield path, value


def _with(text: str, path: Path_, value: Any) -> str:
    """`text` with a setting on its line, or on a new one at the end of its table."""
    line = f"{_key(path[-1])} = {_value(value)}"
    lines = text.splitlines()
    first, end = _section(lines, path[:-1])
    if first is None:
        gap = [""] if lines and lines[-1].strip() else []
        return _joined([*lines, *gap, f"[{'.'.join(map(_key, path[:-1]))}]", line])
    for at in range(first, end):
        if _names(lines[at], path[-1]):
            return _joined([*lines[:at], line + _comment(lines[at]), *lines[at + 1 :]])
    while end > first and not lines[end - 1].strip():
        end -= 1
    gap = [""] if not path[:-1] and end < len(lines) and lines[end].strip() else []
    return _joined([*lines[:end], line, *gap, *lines[end:]])


def _without(text: str, path: Path_) -> str:
    lines = text.splitlines()
    first, end = _section(lines, path[:-1])
    if first is None:
        return text
    here = [at for at in range(first, end) if _names(lines[at], path[-1])]
    return _joined([line for at, line in enumerate(lines) if at not in here])


def _section(lines: list[str], table: Path_) -> tuple[int | None, int]:
    """Where the lines of a table begin and end; no beginning where there is no such table."""
    heads = [at for at, line in enumerate(lines) if line.lstrip().startswith("[")]
    ends = [*heads[1:], len(lines)] if heads else []
    if not table:
        return 0, heads[0] if heads else len(lines)
    for at, end in zip(heads, ends, strict=True):
        name = re.match(r"\s*\[([^\[\]]+)\]", lines[at])
        if name and _keys_of(name[1]) == table:
            return at + 1, end
    return None, len(lines)


def _keys_of(text: str) -> Path_:
    try:
        read: Any = tomllib.loads(f"[{text}]")
    except tomllib.TOMLDecodeError:
        return ()
    keys = []
    while isinstance(read, dict) and read:
        ((key, read),) = read.items()
        keys.append(key)
    return tuple(keys)


def _names(line: str, key: str) -> bool:
    """Whether a line sets this key, whole."""
    try:
        return list(tomllib.loads(line)) == [key]
    except tomllib.TOMLDecodeError:
        return False


def _comment(line: str) -> str:
    """The comment at the end of a line that holds a setting."""
    for at in (at for at, char in enumerate(line) if char == "#"):
        try:
            if tomllib.loads(line[:at]):
                gap = len(line[:at]) - len(line[:at].rstrip())
                return " " * gap + line[at:]
        except tomllib.TOMLDecodeError:
            continue
    return ""


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n" if lines else ""


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            inner = ", ".join(f"{_key(str(key))} = {_value(item)}" for key, item in value.items())
            return f"{{{inner}}}"
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return _text(str(value))


def _text(text: str) -> str:
    # JSON's escapes are TOML's, but for the one control character that JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
