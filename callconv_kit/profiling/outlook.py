"""The result that `prepare` would give for an export under a drafted job, before it is run.

A value stands in for each answer that the draft leaves open, so that the rows can be judged; each
such assumption is named. Nothing is kept: no output, no ledger, no key.
"""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from callconv_kit.job import Job
from callconv_kit.job.layers import anchored
from callconv_kit.model import spec
from callconv_kit.model.codes import CODES, Severity
from callconv_kit.model.errors import CallConvError, current_folder
from callconv_kit.profiling.draft import REJECTED_SHARE, Draft, with_share
from callconv_kit.profiling.ids import IDS
from callconv_kit.profiling.inspection import Inspection
from callconv_kit.profiling.questions import all_questions
from callconv_kit.reading import Input
from callconv_kit.run.pipeline import Progress
from callconv_kit.run.prepared import Prepared, prepare
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import code_of, of_severity, remedy_of

FIX = {
    "country_unknown": '[values.{column}] "…" = "US"',
    "phone_invalid": "At the top of callconv.toml, set default_country if these are "
    "numbers of another country; else correct them",
}
"""What makes the rows of a code ready, where it is not simply what the code says."""

FIX_EMPTY = {
    "TalkDuration": 'talk_time = "call_if_answered"; if it is set, map the empty statuses',
    "CallSessionId": 'session_id_from = ["…"]',
    "CalledPhoneNumber": 'called_number = "tracking", or [defaults] CalledPhoneNumber = "…"',
}
"""The same for required cells that are empty, by column."""

STAND_INS = {
    "timezone": "UTC",
    "default_country": "US",
    "date_order": "month-first",
    "talk_time": "call_if_answered",
    "status": "ANSWER",
    "provider": "to be named",
}
"""What a blank is taken for where nothing is proposed."""

WARNED = {
    *("direction_unused", "answer_without_talk", "voicemail_not_answered", "status_empty"),
    *("event_old", "times_all_midnight", "encoding_guessed", "country_from_digits"),
    *("caller_is_called", "value_misspelled"),
}
"""Warnings that a person should see before the first run."""

WORDS = 4
"""Texts of a cell that are named in a fix."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows are not ready.

    code: of `codes.CODES`; column: the one that it is about, if it is about one.
    rows: how many.
    problem: in words; fix: the lines of a job that would make them ready, or what else does.
    left_out: these rows are not meant to be sent, and need no attention.
    """

    code: str
    column: str | None
    rows: int
    problem: str
    fix: str
    left_out: bool

    def as_dict(self) -> dict[str, Any]:
        """The reason as `callconv init --json` prints it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a run would come to.

    rows, ready, need_you, left_out: how many were read, can go, must be mended, and are no
        matter of this file.
    reasons: the most frequent first, those that need somebody before the others.
    assumed: what was taken for granted of the blanks, in words.
    stopped: why the run would stop altogether, where it would.
    warnings: what the run would warn of; these rows are ready.
    """

    rows: int = 0
    ready: int = 0
    need_you: int = 0
    left_out: int = 0
    reasons: tuple[Reason, ...] = ()
    assumed: tuple[str, ...] = ()
    stopped: CallConvError | None = None
    warnings: tuple[Reason, ...] = ()

    @property
    def rejected_share(self) -> float:
        """The rejected rows' share of those that are judged."""
        judged = self.ready + self.need_you
        return self.need_you / judged if judged else 0.0

    def as_dict(self) -> dict[str, Any]:
        """The outlook as `callconv init --json` prints it."""
        return {
            "rows": self.rows,
            "ready": self.ready,
            "need_you": self.need_you,
            "left_out": self.left_out,
            "reasons": [reason.as_dict() for reason in self.reasons],
            "warnings": [reason.as_dict() for reason in self.warnings],
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
    settings, assumed = _filled_in(draft, inspection, folder or current_folder())
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
        _warnings(summary),
    )


def shared_with(inspection: Inspection, draft: Draft, ahead: Outlook) -> Draft:
    """The draft with a share of rejected rows that its own first run does not pass."""
    share = ahead.rejected_share
    if share <= REJECTED_SHARE:
        return draft
    tenth = min(1.0, (int(share * 10) + 1) / 10)
    why = f"{share:.0%} of today's rows are rejected; lower it once they are corrected"
    return with_share(inspection, draft, tenth, why)


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
    constants: dict[str, Any] = {}
    assumed = []
    for key, known_id in IDS.items():
        looked_up = unfilled and known_id.column in draft.looked_up and known_id.column not in fed
        if key in draft.blanks or looked_up:
            constants[known_id.column] = STAND_INS.get(key, 1)
    if constants:
        assumed.append(f"{', '.join(constants)} filled in")
    for key in draft.blanks:
        if key.startswith("map."):
            column = key.removeprefix("map.")
            constants[column] = spec.BY_NAME[column].example
            assumed.append(f"{column} filled in")
        elif key in ("timezone", "date_order", "default_country", "talk_time"):
            settings[key] = _proposed(inspection, key) or STAND_INS[key]
            assumed.append(f"{key} {settings[key]}")
        elif key == "status":
            constants["CallStatus"] = STAND_INS[key]
            assumed.append(f"CallStatus {STAND_INS[key]}")
        elif key == "call_id":
            settings["session_id_from"] = [column.name for column in inspection.columns]
            assumed.append("a call id")
        elif key == "direction":
            assumed.append("no row left out for its direction")
    settings["constants"] = {**settings.get("constants", {}), **constants}
    return settings, tuple(assumed)


def _proposed(inspection: Inspection, key: str) -> str:
    return next((each.proposal for each in all_questions(inspection) if each.id == key), "")


def _unknown_statuses(prepared: Prepared, inspection: Inspection) -> Sequence[str]:
    """The texts of rows that were rejected for their status, the most frequent first."""
    entries = prepared.summary["findings"]
    if not any(entry["code"] == "status_unknown" for entry in entries):
        return ()
    rejected = prepared.rejected
    rows = rejected[rejected["codes"].str.contains("status_unknown", regex=False)]
    counts: Counter[str] = Counter()
    status = inspection.proposals.statuses.column
    for name in [status] if status else inspection.feeds.get("CallStatus", ()):
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
            "" if severity is Severity.LEFT_OUT else _fix(entry, statuses),
            severity is Severity.LEFT_OUT,
        )
        for severity in (Severity.ERROR, Severity.LEFT_OUT)
        for entry in of_severity(summary, severity)
    )


def _warnings(summary: Mapping[str, Any]) -> tuple[Reason, ...]:
    return tuple(
        Reason(
            entry["code"],
            entry["column"],
            entry["rows"],
            code_of(entry).problem,
            remedy_of(entry),
            False,
        )
        for entry in of_severity(summary, Severity.WARNING)
        if entry["code"] in WARNED
    )


def _fix(entry: Mapping[str, Any], statuses: Sequence[str]) -> str:
    """What would make the rows of a finding ready."""
    code, column = entry["code"], entry["column"] or ""
    if code == "required_missing" and column in FIX_EMPTY:
        return FIX_EMPTY[column]
    if code == "status_unknown" and statuses:
        listed = ", ".join(f'"{visible(text, 40)}" = "…"' for text in statuses[:WORDS])
        more = f" and {len(statuses) - WORDS} more" if len(statuses) > WORDS else ""
        return f"[values.CallStatus] {listed}{more}"
    return FIX[code].format(column=column) if code in FIX else CODES[code].remedy_for(column)
