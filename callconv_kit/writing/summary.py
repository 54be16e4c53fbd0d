"""summary.json: what a run came to, for programs."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from callconv_kit.findings import Severity
from callconv_kit.writing.tally import Tally

SEVERITIES = tuple(Severity)


def findings(tally: Tally) -> list[dict[str, Any]]:
    """The findings: errors first, the most frequent first."""
    entries = [
        {
            "code": code,
            "column": column,
            "severity": severity.value,
            "rows": rows,
            "examples": tally.finding_examples.get((code, column, severity), []),
        }
        for (code, column, severity), rows in tally.findings.items()
        if rows
    ]
    order = {severity.value: at for at, severity in enumerate(SEVERITIES)}
    return sorted(entries, key=lambda entry: (order[entry["severity"]], -entry["rows"]))


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
    return sorted(entries, key=lambda entry: -entry["rows"])


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


def settings_sha256(settings: Mapping[str, Any]) -> str:
    """A hash of the settings by which two runs can be told apart."""
    canonical = json.dumps(settings, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def as_json(summary: Mapping[str, Any] | Sequence[Any]) -> str:
    """JSON as all our outputs write it."""
    return json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
