"""Answers inside the settings of a job: read back, put in, and taken out again."""

from collections.abc import Mapping
from typing import Any

from callconv_kit.profiling.answering import settled
from callconv_kit.profiling.ids import IDS
from callconv_kit.profiling.inspection import Inspection

WHOLE = {"join", "sum", "difference"}
"""Tables under `[columns]` that say one thing, and are not merged key by key."""

_ALSO = {
    "call_id": ("session_id_from", "CallSessionId"),
    "talk_time": ("talk_time", "TalkDuration"),
    "status": ("", "CallStatus"),
}
"""The setting and the column of questions that may be answered by either."""


def merged(settings: Mapping[str, Any], meant: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others laid over them: tables by key, lists of rules one after the other."""
    result = dict(settings)
    for key, value in meant.items():
        held = result.get(key)
        if isinstance(value, Mapping):
            result[key] = _tables(held or {}, value)
        elif isinstance(value, list) and isinstance(held, list):
            result[key] = [*held, *(rule for rule in value if rule not in held)]
        else:
            result[key] = value
    return result


def _tables(held: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(held)
    for name, inner in value.items():
        below = result.get(name)
        if isinstance(inner, Mapping) and isinstance(below, Mapping) and not WHOLE & {*inner}:
            result[name] = {**below, **inner}
        else:
            result[name] = inner
    return result


def with_answer(
    settings: Mapping[str, Any], key: str, answer: str, inspection: Inspection
) -> dict[str, Any]:
    """Settings with the answer to a question in place of an earlier one; blank takes it back.

    Raises:
        UsageError: that question does not accept the answer.
    """
    meant = settled(key, answer, inspection) if answer.strip() else {}
    return merged(without_answer(settings, key, inspection), meant)


def without_answer(settings: Mapping[str, Any], key: str, inspection: Inspection) -> dict[str, Any]:
    """Settings without what the answer to a question says; tables that are empty then go."""
    result = dict(settings)
    setting, column = place_of(key)
    result.pop(setting, None)
    for table in ("columns", "constants"):
        if column in result.get(table, {}):
            result[table] = {name: v for name, v in result[table].items() if name != column}
    if key.startswith("status."):
        words = result.get("values", {}).get("CallStatus", {})
        kept = {word: status for word, status in words.items() if word != key[len("status.") :]}
        result["values"] = {**result.get("values", {}), "CallStatus": kept}
        if not kept:
            result["values"].pop("CallStatus")
    if key == "direction":
        asked = {each.column for each in inspection.proposals.direction}
        rules = result.get("leave_out", ())
        result["leave_out"] = [rule for rule in rules if rule.get("source_column") not in asked]
        result.pop("outbound", None)
    return {name: value for name, value in result.items() if value not in ({}, [], None)}


def answer_in(settings: Mapping[str, Any], key: str) -> str:
    """What a job says already, as the answer to a question; blank for nothing."""
    setting, column = place_of(key)
    if key.startswith("status."):
        return str(settings.get("values", {}).get("CallStatus", {}).get(key[len("status.") :], ""))
    if key == "direction":
        return ", ".join(str(_shown(rule)) for rule in settings.get("leave_out", ()))
    for table in ("constants", "columns"):
        found = settings.get(table, {}).get(column)
        if isinstance(found, str | int):
            return str(found)
        if isinstance(found, Mapping):
            how, names = next(iter(found.items()))
            return {"difference": " - "}.get(how, " + ").join(names)
    found = settings.get(setting, "")
    return ", ".join(found) if isinstance(found, list | tuple) else str(found)


def _shown(rule: Mapping[str, Any]) -> str:
    return f"not {rule.get('equals') or rule.get('in') or rule.get('source_column')}"


def place_of(key: str) -> tuple[str, str]:
    """The setting, and the column of the format, in which the answer to a question is kept."""
    if key in IDS:
        return "", IDS[key].column
    if key.startswith("map."):
        return "", key.removeprefix("map.")
    if key.startswith("status."):
        return "", ""
    return _ALSO.get(key, (key, ""))
