"""What a word that nobody knows was probably meant to be: said beside it, never applied."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

import pyarrow as pa

from callconv_kit.coercion import country, status
from callconv_kit.job.values import nearest_zone
from callconv_kit.model.rows import Said

Nearest: TypeAlias = Callable[[str], str | None]

_LONGEST = 60
"""Characters; what is longer was never one of these words."""
_PLACE = re.compile(r"[A-Za-z_]+(?:/[A-Za-z_-]+)+\Z")


def _nearest_place(moment: str) -> str | None:
    """For a zone that is spelled like a place; what `IST` means is not for us to propose."""
    place = _PLACE.search(moment)
    return nearest_zone(place[0]) if place else None


def _of_letters(nearest: Nearest) -> Nearest:
    """`nearest` for words; ids and numbers in the wrong column are spared the search."""
    return lambda text: None if any(char.isdigit() for char in text) else nearest(text)


_NEAREST: Mapping[str, Nearest] = {
    "status_unknown": lru_cache(maxsize=1024)(_of_letters(status.nearest)),
    "country_unknown": lru_cache(maxsize=1024)(_of_letters(country.nearest)),
    "moment_zone_unknown": lru_cache(maxsize=1024)(_nearest_place),
}


def nearest(code: str, text: str) -> str | None:
    """The word that a text with this code was probably meant to be."""
    near = _NEAREST.get(code)
    return near(text) if near and len(text) <= _LONGEST else None


def told(said: Iterable[Said], before: Mapping[str, pa.StringArray]) -> list[Said]:
    """The same findings; those of unknown words with the nearest known one as their detail.

    Args:
        said: findings of one batch.
        before: spec column to the text as it stood.
    """
    return [_told(item, before) for item in said]


def _told(said: Said, before: Mapping[str, pa.StringArray]) -> Said:
    nearest, column = _NEAREST.get(said.code), said.column or ""
    if nearest is None or said.details or column not in before:
        return said
    cells = before[column].take(pa.array(said.rows)).to_pylist()
    details = tuple(_said(nearest, cell or "") for cell in cells)
    return replace(said, details=details) if any(details) else said


def _said(nearest: Nearest, cell: str) -> str:
    text = cell.strip()
    word = nearest(text) if len(text) <= _LONGEST else None
    return f"perhaps {word} is meant" if word else ""
