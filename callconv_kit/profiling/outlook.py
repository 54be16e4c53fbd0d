"""What `prepare` would say of an export under a drafted job, before anybody has run it.

What the draft leaves open is taken for something that any answer would be like, so that the rows
themselves can be told of; each such assumption is named. Nothing is kept: no output, no ledger,
no key.
"""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from callconv_kit.job import Job
from callconv_kit.job.layers import anchored
from callconv_kit.model import spec
from callconv_kit.model.codes import CODES, Severity
from callconv_kit.model.errors import CallConvError
from callconv_kit.profiling.draft import Draft, settled
from callconv_kit.profiling.inspection import Inspection
from callconv_kit.profiling.questions import IDS, open_points
from callconv_kit.reading import Input
from callconv_kit.run.pipeline import Progress
from callconv_kit.run.prepared import Prepared, prepare
from callconv_kit.writing.visible import visible
from callconv_kit.writing.wording import of_severity

MEND = {
    "caller_unknown": 'anonymous_callers = "leave_out" sets them aside, "keep" sends them',
    "moment_repeated": 'dst = "earlier" or "later"',
    "moment_skipped": 'dst = "earlier" or "later"',
    "moment_against_order": "the other date_order, or mend these dates",
    "conflicting_duplicate": 'on_conflict = "first" or "last", or keep the true row',
    "duration_out_of_range": '[units] {column} = "milliseconds", if that is the unit',
    "money_ambiguous": 'decimal = "comma" or "point"',
    "money_currency": 'currency = "…", or convert the amounts',
    "lookup_missing": "add the keys to the look-up file",
    "field_count": "quote the cells that hold commas, at the source",
    "country_unknown": '[values.{column}] "…" = "US"',
    "phone_invalid": 'default_country = "…" if these are of another country; else correct them',
    "event_too_old": "none: impact.com takes no call that old",
}
"""The setting that would mend the rows of a code, where it is not simply what the code says."""

MEND_EMPTY = {
    "TalkDuration": 'talk_time = "call_if_answered"',
    "CallSessionId": 'session_id_from = ["…"]',
    "CalledPhoneNumber": 'called_number = "tracking", or [defaults] CalledPhoneNumber = "…"',
}
"""The same for required cells that are empty, by column."""

STAND_INS = {
    "timezone": "UTC",
    "date_order": "month-first",
    "called_number": "destination",
    "talk_time": "call_if_answered",
    "session_id_from": "",
}
"""What a blank is taken for where nothing is proposed."""

WORDS = 4
"""Texts of a cell that are named in a mend."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows are not ready.

    code: of `findings.CODES`; column: the one that it is about, if it is about one.
    rows: how many.
    problem: in words; mend: the setting that would mend them, or what else does.
    left_out: these rows were not meant to go, and need nobody.
    """

    code: str
    column: str | None
    rows: int
    problem: str
    mend: str
    left_out: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a run would come to.

    rows, ready, need_you, left_out: how many were read, can go, must be mended, and are no
        matter of this file.
    reasons: the most frequent first, those that need somebody before the others.
    assumed: what was taken for granted of the blanks, in words.
    stopped: why the run would stop altogether, where it would.
    """

    rows: int = 0
    ready: int = 0
    need_you: int = 0
    left_out: int = 0
    reasons: tuple[Reason, ...] = ()
    assumed: tuple[str, ...] = ()
    stopped: CallConvError | None = None

    def as_dict(self) -> dict[str, Any]:
        """The outlook as `callconv init --json` prints it."""
        return {
            "rows": self.rows,
            "ready": self.ready,
            "need_you": self.need_you,
            "left_out": self.left_out,
            "reasons": [
                {
                    "code": reason.code,
                    "column": reason.column,
                    "rows": reason.rows,
                    "problem": reason.problem,
                    "mend": reason.mend,
                    "left_out": reason.left_out,
                }
                for reason in self.reasons
            ],
            "assumed": list(self.assumed),
            "stopped": None if self.stopped is None else self.stopped.as_dict(),
        }


def outlook(
    source: Input,
    draft: Draft,
    inspection: Inspection,
    *,
    folder: Path | None = None,
    now: datetime | str | None = None,
    progress: Progress | None = None,
) -> Outlook:
    """Run `prepare` over the export as if the blanks of the draft were filled in.

    Args:
        source: the export.
        draft: the job for it.
        inspection: of the export.
        folder: of the job file, to which its paths are relative; none: the working folder.
        now: the clock of the age rules; none: the real one.
        progress: called with the number of rows done so far.
    """
    settings, assumed = _filled_in(draft, inspection, folder or Path.cwd())
    with tempfile.TemporaryDirectory(prefix="callconv-") as spare:
        # The key of session ids is made beside the ledger: this one is thrown away.
        settings |= {"ledger": str(Path(spare) / "ledger.sqlite"), "max_rejected_share": 1.0}
        if now is not None:
            settings["now"] = now
        try:
            prepared = prepare(
                source,
                Job.from_keywords(**settings),
                out=Path(spare) / "out",
                progress=progress,
                keep_findings=False,
            )
        except CallConvError as error:
            return Outlook(assumed=assumed, stopped=error)
        summary = prepared.summary
        statuses = _unknown_statuses(prepared, inspection)
    return Outlook(
        summary["rows_read"],
        summary["rows_ready"],
        summary["rows_rejected"],
        summary["rows_left_out"],
        _reasons(summary, statuses),
        assumed,
        prepared.problem,
    )


def _filled_in(
    draft: Draft, inspection: Inspection, folder: Path
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The draft's settings with something in each blank, and what that was in words."""
    settings = anchored(draft.settings, folder)
    fed = {*settings.get("constants", {}), *settings.get("columns", {})}
    lookup = settings.get("lookup")
    unfilled = lookup is not None and not Path(lookup["file"]).exists()
    if unfilled:
        del settings["lookup"]
    lacking = [name for name in IDS if name in draft.blanks or (unfilled and name not in fed)]
    similar = {each.column: each.source for each in inspection.likely}
    assumed = []
    if lacking:
        settings["constants"] = {**settings.get("constants", {}), **dict.fromkeys(lacking, 1)}
        assumed.append(f"{', '.join(lacking)} filled in")
    for column in draft.blanks:
        if column == "CallProvider":
            settings["constants"] = {"CallProvider": "to be named", **settings.get("constants", {})}
            assumed.append("CallProvider filled in")
        elif column in spec.REQUIRED and column not in IDS and column in similar:
            settings["columns"] = {**settings.get("columns", {}), column: similar[column]}
            assumed.append(f"{column} from {similar[column]!r}")
    for question in open_points(inspection):
        if question.key in draft.blanks and question.key in STAND_INS:
            value = question.proposal or STAND_INS[question.key]
            settings |= settled(question, value, inspection) if value else {}
            assumed += [f"{question.key} {value}"] if value else []
    return settings, tuple(assumed)


def _unknown_statuses(prepared: Prepared, inspection: Inspection) -> Sequence[str]:
    """The texts of rows that were rejected for their status, the most frequent first."""
    entries = prepared.summary["findings"]
    if not any(entry["code"] == "status_unknown" for entry in entries):
        return ()
    rejected = prepared.rejected
    rows = rejected[rejected["codes"].str.contains("status_unknown", regex=False)]
    counts: Counter[str] = Counter()
    for name in inspection.feeds.get("CallStatus", ())[:1]:
        if name in rows:
            counts.update(rows[name])
    return [text for text, _ in counts.most_common()]


def _reasons(summary: Mapping[str, Any], statuses: Sequence[str]) -> tuple[Reason, ...]:
    return tuple(
        Reason(
            entry["code"],
            entry["column"],
            entry["rows"],
            CODES[entry["code"]].problem,
            "" if severity is Severity.LEFT_OUT else _mend(entry, statuses),
            severity is Severity.LEFT_OUT,
        )
        for severity in (Severity.ERROR, Severity.LEFT_OUT)
        for entry in of_severity(summary, severity)
    )


def _mend(entry: Mapping[str, Any], statuses: Sequence[str]) -> str:
    """The setting that would mend the rows of a finding."""
    code, column = entry["code"], entry["column"] or ""
    if code == "required_missing" and column in MEND_EMPTY:
        return MEND_EMPTY[column]
    if code == "required_missing" and column in IDS:
        return f"[defaults] {column} = …, or a row for each key in the look-up file"
    if code == "status_unknown" and statuses:
        listed = ", ".join(f'"{visible(text, 40)}" = "…"' for text in statuses[:WORDS])
        more = f" and {len(statuses) - WORDS} more" if len(statuses) > WORDS else ""
        return f"[values.CallStatus] {listed}{more}"
    return MEND[code].format(column=column) if code in MEND else CODES[code].remedy_for(column)
