"""What became of the rows that were sent: refused, and why; unconfirmed; confirmed.

No error is not acceptance: a row that the server does not name is unconfirmed until an export of
impact.com's actions shows it. The server names rows by line only, so a refusal is believed to be
of our row only where the ids that it carries agree with ours at one line offset for all errors of
the file, and at no other (or at the offset that a person, or an earlier file, has established).
"""

import csv
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callconv_kit.delivery import forecast_score
from callconv_kit.delivery.forecast_score import Score
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.ledgered_upload import Confirm
from callconv_kit.delivery.receipt import State, Submission
from callconv_kit.delivery.results_api import Batch, ResultsApi, RowError
from callconv_kit.delivery.sent_rows import (
    FileResult,
    Refusal,
    ResultsStore,
    SentRow,
    lines_of_sessions,
)
from callconv_kit.model import spec
from callconv_kit.model.codes import mask_phone
from callconv_kit.model.errors import DeliveryError, InputError
from callconv_kit.model.texts import from_list
from callconv_kit.run.keys import keys_of

if TYPE_CHECKING:
    from callconv_kit.job import Results

log = logging.getLogger(__name__)

OFFSETS = range(-2, 3)
"""Server's line minus ours: 0 where the server counts the header as line 1, as we do."""

IDS = {"campaign": "CampaignId", "tracker": "ActionTrackerId", "media": "MediaId"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results for everything that was sent."""

    files: tuple[FileResult, ...] = ()
    settled: tuple[Submission, ...] = ()
    """Unknown outcomes that the results have settled."""
    reasons: Counter[str] = field(default_factory=Counter)
    forecast: Score = field(default_factory=Score)

    @property
    def refused(self) -> int:
        """Rows, over all files."""
        return sum(len(file.refused_lines) for file in self.files)

    @property
    def unconfirmed(self) -> int:
        """Rows, over all files."""
        return sum(file.unconfirmed for file in self.files)

    @property
    def confirmed(self) -> int:
        """Rows, over all files."""
        return sum(file.confirmed for file in self.files)

    def as_dict(self) -> dict[str, Any]:
        """The outcome as `--json` shows it; phone numbers are masked."""
        return {
            "refused": self.refused,
            "unconfirmed": self.unconfirmed,
            "confirmed": self.confirmed,
            "reasons": dict(self.reasons.most_common()),
            "settled": [submission.name for submission in self.settled],
            "files": [_file_dict(file) for file in self.files],
            "forecast": self.forecast.as_dict(),
        }


def _file_dict(file: FileResult) -> dict[str, Any]:
    return {
        "name": file.submission.name,
        "status": file.status,
        "sent": file.submission.rows,
        "refused": len(file.refused_lines),
        "unconfirmed": file.unconfirmed,
        "confirmed": file.confirmed,
        "line_offset": file.offset,
        "refusals": [
            {
                "reason": refusal.reason,
                "status": refusal.status,
                "server_line": refusal.server_line,
                "line": refusal.line or None,
                "source_file": refusal.row.source_file if refusal.row else "",
                "source_line": refusal.row.source_line if refusal.row else 0,
                "call": shown_call(refusal.row.cells) if refusal.row else {},
            }
            for refusal in file.refusals
        ],
    }


def shown_call(cells: Mapping[str, str]) -> dict[str, str]:
    """The cells by which a person knows a call again, its caller masked."""
    names = ("CallSessionId", "CampaignId", "ActionTrackerId", "MediaId", "EventDate", "CallerId")
    return {
        name: mask_phone(cells[name]) if name in spec.PERSONAL else cells[name]
        for name in names
        if cells.get(name)
    }


# -- reading ---------------------------------------------------------------------------------------


def results(
    ledger: Ledger,
    settings: "Results",
    *,
    token: str | None = None,
    line_offset: int | None = None,
    on_wait: Callable[[str, float], None] | None = None,
    api: ResultsApi | None = None,
) -> Outcome:
    """Ask the results API, and record its answers in the ledger.

    Args:
        ledger: what was sent.
        settings: the job's [results].
        token: wins over its `token_from`.
        line_offset: server's line minus ours, where a person knows it; remembered.
        on_wait: called with the reason and the seconds before each wait.
        api: in place of one made here, for tests.

    Raises:
        DeliveryError: the API can't be read; the ledger is as it was.
        UsageError: no token or account.
    """
    sent = _sent(ledger)
    if not sent:
        return Outcome()
    with ledger.lock(), api or ResultsApi(settings, token=token, on_wait=on_wait) as asked:
        if line_offset is not None:
            ResultsStore(ledger).remember("line_offset", str(line_offset))
        names = {submission.name for submission in sent}
        since = min(submission.started for submission in sent)
        batches = [b for b in asked.batches(since) if b.file_name in names]
        errors = {b.id: asked.errors(b.id) for b in batches if b.errors or b.is_complete}
        return merge(ledger, batches, errors)


def confirmer(api: ResultsApi) -> Confirm:
    """Says of a file whose outcome is unknown whether the results show it whole."""

    def is_there(submission: Submission) -> bool:
        try:
            found = [b for b in api.batches(submission.started) if b.file_name == submission.name]
        except DeliveryError as error:
            log.warning("step=confirm name=%s code=%s", submission.name, error.code)
            return False
        return any(b.is_complete and b.records == submission.rows for b in found)

    return is_there


def results_from(ledger: Ledger, path: Path, *, line_offset: int | None = None) -> Outcome:
    """Take in an export of impact.com's screens, where there is no API.

    A file with `Line` and `Reason` columns holds errors (and, with `FileName`, of which file); one
    with a `CallSessionId` column holds actions, and confirms those calls.

    Raises:
        InputError: `results_unreadable`.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = {_plain(name): name for name in reader.fieldnames or ()}
            rows = [{key: row.get(name) or "" for key, name in columns.items()} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _not_results(path, str(error)) from error
    if columns.keys() >= _OURS or {"codes", "reasons"} <= columns.keys():
        raise InputError(
            "results_unreadable",
            f"{path.name} is a file that the kit wrote, not results from impact.com",
            "the columns of a call file",
            "an export of impact.com's screens",
            "Export the errors of a file, or the list of actions, from impact.com's screens as "
            "CSV.",
        )
    with ledger.lock():
        if line_offset is not None:
            ResultsStore(ledger).remember("line_offset", str(line_offset))
        if {"line", "reason"} <= columns.keys():
            return _errors_from(ledger, path, rows)
        if "callsessionid" in columns:
            _confirm(ledger, {row["callsessionid"] for row in rows})
            return outcome(ledger)
    raise _not_results(path, ", ".join(columns.values()) or "nothing")


def _errors_from(ledger: Ledger, path: Path, rows: Sequence[Mapping[str, str]]) -> Outcome:
    by_name = {submission.name: submission for submission in _sent(ledger)}
    only = next(iter(by_name)) if len(by_name) == 1 else ""
    batches: dict[str, Batch] = {}
    errors: dict[str, list[RowError]] = {}
    for row in rows:
        name = row.get("filename") or only
        if name not in by_name or not row["line"].strip().isdigit():
            raise _not_results(path, f"file {name!r}, line {row['line']!r}")
        batches[name] = Batch(f"export:{name}", name, "Complete", by_name[name].rows, 0)
        errors.setdefault(f"export:{name}", []).append(
            RowError(
                int(row["line"]),
                row["reason"],
                row.get("status", ""),
                row.get("campaignid", ""),
                row.get("actiontrackerid", ""),
                row.get("mediapartnerid", "") or row.get("mediaid", ""),
            )
        )
    return merge(ledger, list(batches.values()), errors)


def _plain(name: str | None) -> str:
    return "".join(char for char in (name or "").lower() if char.isalnum())


_OURS = {_plain(name) for name in spec.REQUIRED}
"""Columns that only a call file has all of: a ready.csv confirms nothing."""


def _not_results(path: Path, found: str) -> InputError:
    return InputError(
        "results_unreadable",
        "This is not an export of results",
        f"{path.name}: {found}",
        "a CSV with the columns Line and Reason (and FileName), or with CallSessionId",
        "Export the errors of a file, or the list of actions, from impact.com's screens as CSV.",
    )


# -- taking in -------------------------------------------------------------------------------------


def merge(
    ledger: Ledger, batches: Iterable[Batch], errors: Mapping[str, Sequence[RowError]]
) -> Outcome:
    """Record the server's results in the ledger."""
    by_name = {submission.name: submission for submission in _sent(ledger)}
    settled = []
    for batch in batches:
        submission = by_name.get(batch.file_name)
        if submission is None:
            continue
        whole = batch.is_complete and batch.records == submission.rows
        if submission.state is State.UNKNOWN and whole:
            ledger.enter(submission.id, State.DELIVERED, note="the results show it, whole")
            settled.append(ledger.submission(submission.id))
        _merge_errors(ledger, submission, errors.get(batch.id, ()))
        ResultsStore(ledger).keep_batch(
            batch.id, submission.id, batch.status, batch.records, batch.errors
        )
    return replace(outcome(ledger), settled=tuple(settled))


def _merge_errors(ledger: Ledger, submission: Submission, errors: Sequence[RowError]) -> None:
    if not errors:
        return
    store = ResultsStore(ledger)
    near = {error.line - offset for error in errors for offset in OFFSETS}
    rows = store.rows(submission.id, near)
    known = store.remembered("line_offset")
    offset = offset_of(errors, rows, int(known) if known else None)
    if offset is None:
        log.warning("step=results name=%s code=line_offset_unknown", submission.name)
    elif not known:
        store.remember("line_offset", str(offset))
    lines = [0 if offset is None else error.line - offset for error in errors]
    store.keep_refusals(
        submission.id,
        [(line, e.reason, e.status, e.line) for line, e in zip(lines, errors, strict=True)],
    )
    refused = [rows[line] for line in sorted({line for line in lines if line in rows})]
    if refused:
        # A row that was refused frees its key: it may be corrected and sent again.
        names = sorted({name for row in refused for name in row.cells})
        columns = {name: from_list([row.cells.get(name) for row in refused]) for name in names}
        ledger.free(submission.id, [row.line for row in refused], keys_of(columns))


def _confirm(ledger: Ledger, sessions: set[str]) -> None:
    for submission in _sent(ledger):
        try:
            lines = lines_of_sessions(ledger, submission, sessions)
        except FileNotFoundError:
            continue  # its time in the archive was up
        ResultsStore(ledger).confirm(submission.id, lines)


def offset_of(
    errors: Sequence[RowError], rows: Mapping[int, SentRow], known: int | None
) -> int | None:
    """Server's line minus ours: where the ids agree for all errors, and at one offset only.

    Args:
        errors: of one file.
        rows: of that file, at the lines that come into question.
        known: an offset established before; kept unless the ids contradict it.
    """
    agreeing = agreeing_offsets(errors, rows)
    if known is not None:
        return known if known in agreeing else None
    return agreeing[0] if len(agreeing) == 1 else None


def agreeing_offsets(errors: Sequence[RowError], rows: Mapping[int, SentRow]) -> list[int]:
    """The offsets at which the ids of every error are those of a row of ours."""
    return [
        offset
        for offset in OFFSETS
        if all(_agrees(error, rows.get(error.line - offset)) for error in errors)
    ]


def _agrees(error: RowError, row: SentRow | None) -> bool:
    if row is None:
        return False
    given = {column: getattr(error, name) for name, column in IDS.items()}
    return all(not value or row.cells.get(column) == value for column, value in given.items())


def outcome(ledger: Ledger, latest: int | None = None) -> Outcome:
    """What the ledger knows of the results so far, of all files or of the latest few."""
    store = ResultsStore(ledger)
    files = []
    reasons: Counter[str] = Counter()
    sent = _sent(ledger)
    for submission in sent if latest is None else sent[-latest:]:
        status, records = store.batch_of(submission.id)
        kept = store.refusals(submission.id)
        rows = store.rows(submission.id, [line for line, *_ in kept if line])
        refusals = tuple(Refusal(submission, *refusal, rows.get(refusal[0])) for refusal in kept)
        reasons.update(refusal.reason for refusal in refusals)
        offset = next((r.server_line - r.line for r in refusals if r.line), None)
        refused = {refusal.line for refusal in refusals}
        confirmed = len(store.confirmed(submission.id) - refused)
        files.append(FileResult(submission, status, records, refusals, offset, confirmed))
    return Outcome(tuple(files), (), reasons, forecast_score.score(ledger, files))


def _sent(ledger: Ledger) -> list[Submission]:
    return ledger.submissions(State.DELIVERED, State.UNKNOWN)
