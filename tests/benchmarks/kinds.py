"""Files of every kind that was ever slow: `python tests/benchmarks/kinds.py KIND FILE ROWS`.

Each is made of the same calls as `calls.py`, changed in one way.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from calls import BLOCK, NOW, Maker  # a script beside this one

from callconv_kit.model import spec, texts
from callconv_kit.writing.lines import line_of, lines

Columns = dict[str, np.ndarray]
Change = Callable[[Columns, int], Columns]

WRONG = {"EventDate": "soon", "CallerId": "12345", "CallDuration": "3 min?", "ActionTrackerId": ""}


def half_rejected(columns: Columns, _first: int) -> Columns:
    """Every second row lacks an id, or says no date."""
    columns["ActionTrackerId"][::4] = ""
    columns["EventDate"][2::4] = "soon"
    return columns


def all_rejected(columns: Columns, first: int) -> Columns:
    """Four wrong cells in each row, each with a text of its own."""
    numbers = np.arange(first, first + BLOCK)
    for name, word in WRONG.items():
        columns[name] = np.asarray([f"{word} {number}" for number in numbers], object)
    return columns


def clean(columns: Columns, _first: int) -> Columns:
    """Nothing that is wrong, so that duplicates are all that there is."""
    columns["EventDate"] = np.full(BLOCK, "2026-11-20T09:30:00-05:00", object)
    columns["CallerId"] = np.full(BLOCK, "2125550123", object)
    columns["CallDuration"] = np.full(BLOCK, "1600", object)
    columns["ActionTrackerId"] = np.full(BLOCK, "30021", object)
    columns["CampaignId"] = np.full(BLOCK, "1001", object)
    columns["CallStatus"] = np.full(BLOCK, "ANSWER", object)
    columns["TalkDuration"] = np.where(columns["TalkDuration"] == "0", "9", columns["TalkDuration"])
    columns["VendorEventId"] = np.full(BLOCK, "", object)
    return columns


def repeats_in_pairs(_columns: Columns, first: int) -> Columns:
    """Each row of one block comes again in the next."""
    again = clean(Maker(first // BLOCK // 2).block(0), first)
    again["CallSessionId"] = np.asarray(
        [f"P{number}" for number in np.arange(BLOCK) + first // BLOCK // 2 * BLOCK], object
    )
    return again


def repeats_of_one(columns: Columns, first: int) -> Columns:
    """One call, over and over."""
    return {name: np.full(BLOCK, cells[0], object) for name, cells in clean(columns, first).items()}


def conflicts_in_pairs(columns: Columns, first: int) -> Columns:
    """As `repeats_in_pairs`, but the second says another talk time."""
    pairs = repeats_in_pairs(columns, first)
    pairs["TalkDuration"] = np.full(BLOCK, "10" if first // BLOCK % 2 else "11", object)
    return pairs


def conflicts_of_one(columns: Columns, first: int) -> Columns:
    """One call with many talk times."""
    kept = columns["TalkDuration"]
    return {**repeats_of_one(columns, first), "TalkDuration": np.where(kept == "0", "9", kept)}


def all_distinct(columns: Columns, first: int) -> Columns:
    """Each text cell of its own."""
    numbers = np.arange(first, first + BLOCK)
    for column in spec.COLUMNS:
        if column.kind is spec.Kind.TEXT and column.name not in ("CallProvider",):
            columns[column.name] = np.asarray([f"{column.name[:9]}{n:09}" for n in numbers], object)
    return columns


def all_changed(columns: Columns, _first: int) -> Columns:
    """Each cell needs work."""
    return {
        name: np.asarray([f" {cell}" if cell else cell for cell in cells], object)
        for name, cells in columns.items()
    }


def quoted_breaks(columns: Columns, _first: int) -> Columns:
    """A quoted line break in each row."""
    columns["DispositionName"] = np.asarray([f"line one\nline {n}" for n in range(BLOCK)], object)
    return columns


def foreign_phones(columns: Columns, first: int) -> Columns:
    """Numbers of Britain, each of its own."""
    numbers = np.arange(first, first + BLOCK)
    columns["CallerId"] = np.asarray([f"+44 20 79{n % 10**6:06}" for n in numbers], object)
    columns["CallerPhoneNumberCountry"] = np.full(BLOCK, "GB", object)
    return columns


def wide(columns: Columns, _first: int) -> Columns:
    """Five hundred columns that nobody asked for."""
    more = np.asarray([f"more {n % 100}" for n in range(BLOCK)], object)
    return {**columns, **{f"Extra {number}": more for number in range(500)}}


def long_cell(columns: Columns, first: int) -> Columns:
    """One key of five megabytes."""
    if first == 0:
        columns["CallSessionId"][7] = "k" * 5_000_000
        columns["VendorEventId"][7] = ""
    return columns


def typical(columns: Columns, _first: int) -> Columns:
    """As they come."""
    return columns


KINDS: Mapping[str, tuple[Change, str]] = {
    "typical": (typical, "utf-8"),
    "half_rejected": (half_rejected, "utf-8"),
    "all_rejected": (all_rejected, "utf-8"),
    "repeats_in_pairs": (repeats_in_pairs, "utf-8"),
    "repeats_of_one": (repeats_of_one, "utf-8"),
    "conflicts_in_pairs": (conflicts_in_pairs, "utf-8"),
    "conflicts_of_one": (conflicts_of_one, "utf-8"),
    "all_distinct": (all_distinct, "utf-8"),
    "all_changed": (all_changed, "utf-8"),
    "quoted_breaks": (quoted_breaks, "utf-8"),
    "cp1252": (typical, "cp1252"),
    "utf-16": (typical, "utf-16-le"),
    "foreign_phones": (foreign_phones, "utf-8"),
    "wide": (wide, "utf-8"),
    "long_cell": (long_cell, "utf-8"),
}
"""Name → what it does with a block of rows, and its encoding."""


def write(kind: str, path: Path, rows: int) -> None:
    """Write so many rows of a kind."""
    change, encoding = KINDS[kind]
    maker = Maker()
    with path.open("wb") as file:
        if encoding == "utf-16-le":
            file.write(b"\xff\xfe")
        for first in range(0, rows, BLOCK):
            columns = change(maker.block(first), first)
            if first == 0:
                file.write(line_of(list(columns)).encode(encoding))
            text = lines([texts.from_list(list(cells)) for cells in columns.values()])
            data = bytes(texts.used_bytes(text[: rows - first]))
            file.write(data if encoding == "utf-8" else data.decode().encode(encoding))


__all__ = ["KINDS", "NOW", "write"]

if __name__ == "__main__":
    write(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
