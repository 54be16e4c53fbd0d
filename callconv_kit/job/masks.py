"""How a job is shown: no phone number, no key of an address, nothing that a terminal obeys."""

import re
from collections.abc import Mapping
from typing import Any

from callconv_kit.model import spec
from callconv_kit.model.codes import mask_phone

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
