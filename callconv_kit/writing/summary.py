"""summary.json: what a run came to, for programs."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from callconv_kit.model import spec
from callconv_kit.model.codes import SHOWN_FIRST, Severity
from callconv_kit.writing.tally import DURATION_BINS, FindingKey, Tally

# JSON itself escapes only the C0 controls. These are C1 controls, direction marks, invisible ones.
_OBEYED = re.compile(r"[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

SEVERITIES = tuple(Severity)


def findings(tally: Tally) -> list[dict[str, Any]]:
    """The findings: errors first, the most frequent first."""
    entries = [
        {
            "code": code,
            "column": column,
            "severity": severity.value,
            "rows": rows,
            **_by_value(tally, (code, column, severity)),
            "examples": tally.finding_examples.get((code, column, severity), []),
        }
        for (code, column, severity), rows in tally.findings.items()
        if rows
    ]
    order = {severity.value: at for at, severity in enumerate(SEVERITIES)}
    return sorted(
        entries,
        key=lambda entry: (
            order[entry["severity"]],
            entry["code"] not in SHOWN_FIRST,
            -entry["rows"],
            _place(entry["column"]),
            entry["code"],
        ),
    )


def _by_value(tally: Tally, key: FindingKey) -> dict[str, Any]:
    """How many of the rows of a finding there are of each kind, where it tells kinds apart."""
    counts = tally.by_detail.get(key)
    if counts is None:
        return {}
    kinds = sorted(counts.items(), key=lambda kind: (-kind[1], kind[0]))
    return {"by_value": {kind: rows for kind, rows in kinds if rows}}


def changes(tally: Tally) -> list[dict[str, Any]]:
    """The changes, the most frequent first."""
    entries = [
        {
            "column": column,
            "rule": rule,
            "rows": rows,
            "examples": tally.change_examples.get((column, rule), []),
        }
        for (column, rule), rows in tally.changes.items()
        if rows
    ]
    return sorted(
        entries, key=lambda entry: (-entry["rows"], _place(entry["column"]), entry["rule"])
    )


def _place(column: str | None) -> int:
    """The place of a column in the format; rows as a whole come first."""
    return spec.NAMES.index(column) if column else -1


def by_partner(tally: Tally) -> list[dict[str, Any]]:
    """What each media partner's calls came to, by action tracker."""
    return [
        {
            "MediaId": media,
            "ActionTrackerId": tracker,
            "read": partner.read,
            "ready": partner.ready,
            "rejected": partner.rejected,
            "left_out": partner.left_out,
            "answered": partner.answered,
            "talk_seconds": partner.talk_seconds,
            "sale_amount": str(partner.sale_amount),
        }
        for (media, tracker), partner in sorted(tally.partners.items())
        if partner.read
    ]


def calls(tally: Tally) -> dict[str, list[dict[str, Any]]]:
    """What the charts draw: the ready rows by day, status and duration, and the filled cells.

    A day is that of the EventDate as it is written, in its own offset. An empty status is "".
    Durations are counted from `from` up to, but not including, `below` seconds. Days are those
    that have calls; columns are all of the format.
    """
    ends = (*DURATION_BINS[1:], None)
    return {
        "by_day": [
            {"day": day, "calls": count} for day, count in sorted(tally.days.items()) if count
        ],
        "by_status": [
            {"status": status, "calls": count}
            for status, count in tally.statuses.most_common()
            if count
        ],
        "by_duration": [
            {"from": start, "below": end, "calls": tally.durations[start]}
            for start, end in zip(DURATION_BINS, ends, strict=True)
        ],
        "filled": [{"column": name, "cells": tally.fill[name]} for name in spec.NAMES],
    }


def settings_sha256(settings: Mapping[str, Any]) -> str:
    """A hash of the settings, to compare those of two runs."""
    canonical = json.dumps(settings, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def as_json(summary: Mapping[str, Any] | Sequence[Any]) -> str:
    """JSON as all our outputs write it; what a terminal might obey is written as an escape."""
    text = json.dumps(summary, indent=2, ensure_ascii=False)
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def versions() -> dict[str, Any]:
    """What the outcome may depend on."""
    from importlib import metadata

    names = {"kit": "callconv-kit", "phonenumbers": "phonenumbers", "tzdata": "tzdata"}
    return {word: metadata.version(package) for word, package in names.items()}


def of_input(account: Any) -> dict[str, Any]:
    """How a file was read, from its `reading.Account`."""
    return {
        "file": account.file,
        "sha256": account.sha256,
        "encoding": account.encoding,
        "delimiter": account.delimiter,
        "header_line": account.header_line,
        "rows": account.rows,
        "blank_lines": account.blank_lines,
        "skipped_lines": [{"line": line.line, "why": line.why} for line in account.skipped],
    }
