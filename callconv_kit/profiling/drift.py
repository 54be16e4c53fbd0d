"""What changed in an export since its job was written: columns that were renamed, added or lost."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callconv_kit.job.layers import read_toml
from callconv_kit.model.names import nearest, plain
from callconv_kit.profiling.answering import EVERY_ROW
from callconv_kit.profiling.columns import shown, shown_name
from callconv_kit.profiling.ids import IDS
from callconv_kit.profiling.inspection import Inspection
from callconv_kit.profiling.proposal import FILLED

CARRIED = ("timezone", "date_order", "default_country", "talk_time")
"""Settings of the old job that are taken for answers."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How an export differs from what a job expects.

    job: the file's name.
    lost: source columns of the job that the export lacks, and the one that each may be called now.
    new: columns that the export had not when its layout was recorded.
    words: texts of the status column that the job does not map, and no run knows.
    answers: what the job says that holds on, as answers to the questions.
    """

    job: str
    lost: Mapping[str, str] = field(default_factory=dict)
    new: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def lines(self) -> tuple[str, ...]:
        """The differences, a line each."""
        changes = [
            f"{shown_name(name)!r} is gone"
            + (f"; {shown_name(now)!r} may be its new name" if now else "")
            for name, now in self.lost.items()
        ]
        changes += [f"{shown_name(name)!r} is new" for name in self.new]
        changes += [f"{shown(word)!r} is a new word in the status column" for word in self.words]
        kept = f"{len(self.answers)} of its answers are taken over" if self.answers else ""
        return tuple(filter(None, (*(changes or ["its columns are all there"]), kept)))

    def as_dict(self) -> dict[str, Any]:
        """The drift as `callconv init --json` prints it."""
        return {
            "job": self.job,
            "lost": dict(self.lost),
            "new": list(self.new),
            "new_words": list(self.words),
        }


def drift_of(path: Path, seen: Inspection) -> Drift:
    """What changed since a job was written.

    Args:
        path: of the job file.
        seen: the export of today.

    Raises:
        UsageError: the job can't be read.
    """
    given = read_toml(path)
    header = [column.name for column in seen.columns]
    here = {plain(name) for name in header}
    lost = {}
    for column, name in _sources(given):
        if plain(name) in here:
            continue
        proposed = seen.proposals.mapping.get(column)
        now = proposed.sources[0] if proposed is not None and proposed.sources else ""
        lost[name] = now or nearest(name, header, cutoff=0.5) or ""
    known = given.get("values", {}).get("CallStatus", {})
    folded = {word.casefold() for word in known}
    words = tuple(
        word.word
        for word in seen.proposals.statuses.words
        if not word.known and not word.split and word.word.casefold() not in folded
    )
    new = _new(path, given, header)
    return Drift(path.name, lost, new, words if known else (), dict(_answers(given, seen)))


def _new(path: Path, given: Mapping[str, Any], header: Sequence[str]) -> tuple[str, ...]:
    """Columns that the recorded layout of the export does not know; none without a record."""
    recorded = path.parent / str(given.get("export_suite", ""))
    try:
        expectations = json.loads(recorded.read_text(encoding="utf-8"))["expectations"]
    except (OSError, ValueError, KeyError):
        return ()
    columns = (each.get("kwargs", {}).get("column_set") for each in expectations)
    known = {name for names in columns for name in names or ()}
    return tuple(name for name in header if name not in known) if known else ()


def _sources(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The source columns that a job names, with the column of the format of each."""
    for column, source in given.get("columns", {}).items():
        names = next(iter(source.values())) if isinstance(source, Mapping) else source
        for name in [names] if isinstance(names, str) else names:
            if name:
                yield column, name
    for rule in given.get("leave_out", ()):
        if rule.get("source_column"):
            yield "", rule["source_column"]
    for name in given.get("session_id_from", ()):
        yield "CallSessionId", name


def _answers(given: Mapping[str, Any], seen: Inspection) -> Iterator[tuple[str, str]]:
    """What the old job says, as answers; what the export of today contradicts is left out."""
    for key in CARRIED:
        if isinstance(given.get(key), str) and given[key]:
            yield key, given[key]
    constants, lookup = given.get("constants", {}), given.get("lookup", {})
    for key, known_id in IDS.items():
        if str(constants.get(known_id.column, "")).strip():
            yield key, str(constants[known_id.column])
        elif lookup and known_id.column not in given.get("columns", {}):
            on = lookup.get("on_source") or lookup.get("on", "")
            if key != "provider" and (seen.column(on) or not lookup.get("on_source")):
                yield key, f"lookup:{lookup['file']}:{on}"
    for column, source in given.get("columns", {}).items():
        if isinstance(source, str) and seen.column(source) is not None:
            yield f"map.{column}", source
    for word, status in given.get("values", {}).get("CallStatus", {}).items():
        yield f"status.{word}", status
    parts = given.get("session_id_from", ())
    if parts and all(seen.column(name) is not None for name in parts):
        yield "call_id", ",".join(parts)
    direction = _direction(given, seen)
    if direction:
        yield "direction", direction


def _direction(given: Mapping[str, Any], seen: Inspection) -> str:
    """Which values the old job sends, as an answer; empty where it does not say so of each value.

    A value that it does not leave out may be new, so it must mean a call to the advertiser.
    """
    found = [each for each in seen.proposals.direction if each.asked]
    if not found:
        return ""
    if given.get("outbound") == "send":
        return EVERY_ROW[0]
    first = found[0]
    excluded: set[str] = set()
    for rule in given.get("leave_out", ()):
        if rule.get("source_column") == first.column:
            excluded.update([rule["equals"]] if "equals" in rule else rule.get("in", ()))
            excluded.update({True: [""], False: [FILLED]}.get(rule.get("empty"), ()))
    kept = [each for each in first.values if each.value not in excluded]
    if not excluded or not kept or any(each.means != "inbound" for each in kept):
        return ""
    return ",".join(each.value for each in kept)
