"""A job file's text with some of its settings changed; comments and order stay as they are."""

import tomllib
from collections.abc import Mapping, MutableMapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Item

TABLES = ("columns", "constants", "defaults", "units", "values", "lookup", "connection", "results")
"""Settings that are written under a heading of their own."""


def updated(text: str, settings: Mapping[str, Any]) -> str:
    """The text of a job file, changed so that it holds `settings` and nothing else.

    Args:
        text: of the file; empty for a new one.
        settings: keys of a job file.
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError:
        return written(settings)
    _change(document, settings)
    changed = tomlkit.dumps(document)
    try:
        right = _filled(tomllib.loads(changed)) == _filled(settings)
    except tomllib.TOMLDecodeError:
        right = False
    return changed if right else written(settings)


def written(settings: Mapping[str, Any]) -> str:
    """Settings as the text of a new job file."""
    document = tomlkit.document()
    _change(document, settings)
    return tomlkit.dumps(document)


def _change(table: MutableMapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Change a table of a file so that it holds these settings."""
    for key in [key for key in table if key not in settings]:
        del table[key]
    for key, value in settings.items():
        held = table.get(key)
        if isinstance(held, MutableMapping) and isinstance(value, Mapping):
            _change(held, value)
        elif isinstance(held, AoT) and _are_tables(value):
            _change_all(held, value)
        elif held is None or _plain(held) != value or isinstance(value, bool):
            table[key] = _values(value) if key == "values" else _item(value, headed=key in TABLES)


def _change_all(tables: AoT, rules: list[Mapping[str, Any]]) -> None:
    """Change tables such as `[[leave_out]]`, one for each rule."""
    del tables[len(rules) :]
    for at, rule in enumerate(rules):
        if at < len(tables):
            _change(tables[at], rule)
        else:
            tables.append(_item(rule, headed=True))


def _are_tables(value: Any) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)
    )


def _item(value: Any, *, headed: bool) -> Item:
    """A value as it is written: under a heading, or on its line."""
    if isinstance(value, Mapping):
        made = tomlkit.table() if headed else tomlkit.inline_table()
        for key, inner in value.items():
            made[key] = _item(inner, headed=False)
        return made
    if _are_tables(value):
        rules = tomlkit.aot()
        for rule in value:
            rules.append(_item(rule, headed=True))
        return rules
    if isinstance(value, list | tuple):
        listed = tomlkit.array()
        listed.extend([_item(one, headed=False) for one in value])
        return listed
    plain: Item = tomlkit.item(value)
    return plain


def _values(value: Mapping[str, Mapping[str, str]]) -> Item:
    """`[values]`: a heading for each column, such as `[values.CallStatus]`."""
    made = tomlkit.table(is_super_table=True)
    for column, words in value.items():
        made[column] = _item(words, headed=True)
    return made


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value


def _filled(settings: Any) -> Any:
    """Settings without the tables that hold nothing, lists as lists."""
    if isinstance(settings, Mapping):
        found = {str(key): _filled(value) for key, value in settings.items()}
        return {key: value for key, value in found.items() if value != {}}
    if isinstance(settings, list | tuple):
        return [_filled(value) for value in settings]
    return settings
