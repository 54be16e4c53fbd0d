"""`status --html`: one self-contained page over the ledger, in the looks of the report.

Nights, files and their states, refusals by reason, and what waits for a person with the command
that settles it. No network and no script; all text of servers and files is escaped. A run's report
and its card in a notebook show the same: `report_sections`.
"""

import contextlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from callconv_kit.delivery.approval import Approval
from callconv_kit.delivery.forecast import REASONS, Forecast
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.manual_entries import Status
from callconv_kit.delivery.manual_entries import status as status_of
from callconv_kit.delivery.receipt import State, Submission
from callconv_kit.delivery.results import Outcome
from callconv_kit.delivery.results import outcome as outcome_of
from callconv_kit.delivery.sent_rows import FileResult
from callconv_kit.model.errors import DeliveryError
from callconv_kit.writing import pieces, private
from callconv_kit.writing.markup import Child, Html, tag
from callconv_kit.writing.private import Readers
from callconv_kit.writing.report import document
from callconv_kit.writing.wording import many, percent

if TYPE_CHECKING:
    from callconv_kit.job import Job

NIGHTS, FILES, APPROVALS = 400, 1000, 100
"""How many of each the page shows, the latest first; `status --json` holds them all."""

JSON = "callconv status --json"

LATEST = 10
"""Files whose results a run's report shows."""

COLORS = {State.DELIVERED: "ready", State.NOT_DELIVERED: "left-out", State.RESENT: "left-out"}
"""The class of a state; the others wait for a person."""


def write(path: Path, page: str, readers: Readers = "owner") -> None:
    """Write the page, whole or not at all, readable by its owner alone."""
    private.make_folder(path.parent, readers)
    private.write_text(path, page, readers)


def page(status: Status, outcome: Outcome, *, now: datetime) -> str:
    """The page of a ledger.

    Args:
        status: its submissions and approvals.
        outcome: their results.
        now: when the page is made.
    """
    by_id = {file.submission.id: file for file in outcome.files}
    sections = [
        ("Open", _open(status)),
        ("Nights", _nights(status.submissions, by_id)),
        ("Refusals", _refusals(outcome)),
        ("Files", _files(status.submissions, by_id)),
        ("Approvals", _approvals(status.approvals)),
    ]
    footer = tag(
        "footer",
        pieces.text(f"{status.path}, as of {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"),
    )
    return document(
        "callconv status", _header(status, outcome), [(n, c) for n, c in sections if c], footer
    )


def _rows(submissions: Sequence[Submission], *colors: str) -> int:
    return sum(s.rows for s in submissions if _color(s) in colors)


def _color(submission: Submission) -> str:
    return COLORS.get(submission.state, "rejected")


def _header(status: Status, outcome: Outcome) -> Html:
    waiting = len(status.unknown) + bool(status.changed)
    headline = f"{many(waiting, 'thing')} to settle" if waiting else "Nothing is open"
    if not status.submissions:
        headline = "Nothing was delivered yet"
    tiles = [
        ("ready", _rows(status.submissions, "ready"), "delivered"),
        ("rejected", _rows(status.submissions, "rejected"), "unknown"),
        ("left-out", _rows(status.submissions, "left-out"), "not delivered"),
        ("rejected", outcome.refused, "refused by the server"),
    ]
    return tag(
        "header",
        tag("p", "callconv · what was sent, and what became of it", class_="kicker"),
        tag("h1", pieces.text(str(status.path))),
        tag("p", headline, class_="headline"),
        tag("ul", [tag("li", tag("b", f"{rows:,}"), f" rows {word}", class_=name)
                   for name, rows, word in tiles], class_="tiles"),
    )  # fmt: skip


def _command(*words: str) -> Html:
    return tag("li", tag("code", pieces.text(" ".join(words))))


def _open(status: Status) -> Html | None:
    """What waits for a person, and the commands that settle it."""
    parts = [
        tag(
            "div",
            tag("p", tag("b", pieces.text(s.name)), f": {many(s.rows)}, since "
                f"{s.changed:%Y-%m-%d %H:%M} UTC. ", pieces.text(s.said)),
            tag("p", "Check on the server, or in impact.com's File Submissions. Then run one of:"),
            tag("ul",
                _command("callconv status --settle delivered", s.name),
                _command("callconv status --settle not-delivered", s.name),
                _command("callconv status --settle partial --rows N", s.name)),
            class_="problem",
        )
        for s in status.unknown
    ]  # fmt: skip
    if status.changed:
        changed = f"{status.changed:,} calls changed since they were sent."
        parts.append(
            tag(
                "div",
                tag("p", changed, " Correct them at impact.com, or run one of:"),
                tag("ul", _command("callconv upload --resend FILE"),
                    _command("callconv status --accept-changed")),
                class_="problem",
            )
        )  # fmt: skip
    return Html("".join(parts)) if parts else None


def _nights(submissions: Sequence[Submission], by_id: dict[int, FileResult]) -> Html | None:
    nights: dict[str, list[Submission]] = defaultdict(list)
    for submission in submissions:
        nights[f"{submission.started.astimezone(UTC):%Y-%m-%d}"].append(submission)
    rows: list[list[Child]] = []
    for day, files in sorted(nights.items(), reverse=True)[:NIGHTS]:
        counts = {name: _rows(files, name) for name in ("ready", "rejected", "left-out")}
        refused = sum(len(by_id[s.id].refused_lines) for s in files if s.id in by_id)
        numbers = [f"{number:,}" for number in (len(files), *counts.values(), refused)]
        rows.append([tag("b", day), pieces.stacked(list(counts.items()), ""), *numbers])
    if not rows:
        return None
    heads = ["Night", "", "Files", "Delivered", "Unknown", "Not delivered", "Refused"]
    return Html(
        tag("p", "Calls by the day (UTC) on which their upload began.", class_="hint")
        + pieces.folded("partners", heads, rows, right_from=2)
        + pieces.more(len(nights) - NIGHTS, "night", JSON)
    )


def _refusals(outcome: Outcome) -> Html | None:
    scores = {score.reason: score for score in outcome.forecast.reasons}
    names = list(dict.fromkeys([*dict(outcome.reasons.most_common()), *scores]))
    rows: list[list[Child]] = []
    for reason in names:
        score = scores.get(reason)
        rows.append(
            [
                pieces.text(reason),
                pieces.text(score.proposal) if score else "",
                f"{outcome.reasons[reason]:,}",
                f"{score.expected:,}" if score else "",
                f"{score.hits:,}" if score else "",
                f"{score.misses:,}" if score else "",
            ]
        )
    if not rows:
        return None
    heads = ["Reason", "What would have caught it", "Refused", "Expected", "Hits", "Misses"]
    return pieces.table("refusals", heads, rows, right_from=2)


def _files(submissions: Sequence[Submission], by_id: dict[int, FileResult]) -> Html | None:
    rows: list[list[Child]] = []
    for s in sorted(submissions, key=lambda each: -each.id)[:FILES]:
        file = by_id.get(s.id)
        failure = f"{s.code}: {s.said}" if s.code else ""
        where = [pieces.text(s.account), " · ", tag("span", s.sha256[:12], title=s.sha256)]
        state = str(s.state).replace("_", " ")
        counts = (len(file.refused_lines), file.unconfirmed, file.confirmed) if file else ()
        rows.append(
            [
                [tag("b", pieces.text(s.name)), tag("div", where, class_="where")],
                [tag("span", state), tag("div", pieces.text(failure), class_="where")],
                f"{s.started.astimezone(UTC):%Y-%m-%d %H:%M}",
                f"{s.rows:,}",
                *([f"{count:,}" for count in counts] or ["", "", ""]),
            ]
        )
    if not rows:
        return None
    heads = ["File", "State", "Started", "Rows", "Refused", "Unconfirmed", "Confirmed"]
    shown = pieces.folded("files", heads, rows, right_from=2)
    return Html(shown + pieces.more(len(submissions) - FILES, "file", JSON))


def _approvals(approvals: Sequence[Approval]) -> Html | None:
    rows: list[list[Child]] = [
        [
            pieces.text(a.approver),
            pieces.text(a.origin),
            f"{a.at.astimezone(UTC):%Y-%m-%d %H:%M}",
            f"{a.rows:,}",
            tag("span", a.sha256[:12], class_="code", title=a.sha256),
        ]
        for a in reversed(approvals[-APPROVALS:])
    ]
    if not rows:
        return None
    return pieces.folded("approvals", ["Approved by", "File", "When", "Rows", "SHA-256"], rows)


# -- what a run's report shows of it --------------------------------------------------------------


def report_sections(
    job: "Job", forecast: Forecast | None, path: Path, ledger: object = None
) -> dict[str, Html]:
    """What waits for a person, the forecast, and the last results; and what is not known yet.

    Args:
        job: of the run.
        forecast: of its ready.csv; None: there is none.
        path: where the ledger is. It is read if it was begun.
        ledger: the same one where it is open already; anything else is passed over.
    """
    foreseen = {"Forecast": _forecast(job, forecast)}
    try:
        with contextlib.ExitStack() as stack:
            if not isinstance(ledger, Ledger):
                elsewhere = None if path == job.ledger_path else path
                ledger = stack.enter_context(Ledger.if_begun(job, elsewhere))
            return foreseen | _of_ledger(ledger)
    except DeliveryError as error:
        return foreseen | {"Last results": pieces.hint(f"{error.problem}. {error.next_step}")}


def _of_ledger(ledger: Ledger | None) -> dict[str, Html]:
    if ledger is None:
        return {"Last results": pieces.hint(pieces.NOT_SENT)}
    waiting = _open(status_of(ledger))
    results = {"Last results": _last_results(outcome_of(ledger, LATEST))}
    return {"Open": waiting, **results} if waiting else results


def _forecast(job: "Job", forecast: Forecast | None) -> Html:
    if job.contract is None:
        return pieces.hint(pieces.NO_CONTRACT)
    if forecast is None or not forecast.rows:
        return pieces.hint("No row is ready, so nothing is forecast.")
    if not forecast.expected:
        return pieces.hint(
            f"The job's [contract] gives no reason to expect a refusal among the "
            f"{many(forecast.rows, 'ready row')}."
        )
    rows: list[list[Child]] = [
        [
            tag("b", f"{expected.rows:,}"),
            [REASONS[expected.reason], tag("div", expected.reason, class_="code")],
            percent(expected.rows, forecast.rows),
            f"{expected.sale_amount:,.2f}",
        ]
        for expected in forecast.expected
    ]
    heads = ["Rows", "Why impact.com would refuse them", "Share", f"Sales, {job.currency}"]
    sentence = (
        f"Under the job's [contract], {forecast.at_risk:,} of "
        f"{many(forecast.rows, 'ready row')} will probably be refused."
    )
    return Html(pieces.hint(sentence) + pieces.table("forecast", heads, rows, right_from=2))


def _last_results(seen: Outcome) -> Html:
    judged = sum(file.is_complete for file in seen.files)
    sent = sum(file.submission.rows for file in seen.files)
    if not seen.files:
        return pieces.hint("Not known yet: no file was delivered with this ledger.")
    if not judged and not seen.confirmed and not seen.refused:
        return pieces.hint(
            f"Not known yet: {many(sent)} in {many(len(seen.files), 'file')} were sent, and no "
            "results were read. Read them with callconv results."
        )
    counts = (
        f"The last {many(len(seen.files), 'file')}: {many(sent)} sent, {seen.refused:,} refused, "
        f"{seen.confirmed:,} confirmed, {seen.unconfirmed:,} not yet confirmed. "
    )
    score = seen.forecast
    scored = (
        f"impact.com has judged {many(judged, 'file')} completely. The forecast expected "
        f"{score.hits + score.surprises:,} refusals: {score.hits:,} came as expected; "
        f"{score.misses:,} others were not expected."
        if judged
        else "impact.com has not judged any of them completely, so the forecast has no score yet."
    )
    return Html(pieces.hint(counts + scored) + (_refusals(seen) or ""))
