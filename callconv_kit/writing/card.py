"""What a notebook shows of a run: a fragment of HTML with its own style, and no script.

It takes its colors of text from the notebook, so it is legible in light and dark themes, and its
style names nothing outside itself. Where a notebook drops the style, as it does for outputs that
are not trusted, the words are all still there.
"""

import secrets
from collections.abc import Mapping, Sequence
from decimal import Decimal

from callconv_kit.model.codes import Severity
from callconv_kit.writing import pieces, wording
from callconv_kit.writing.markup import Child, Html, tag, visible
from callconv_kit.writing.wording import Entry, Summary, many

ENTRIES = {Severity.ERROR: 6, Severity.LEFT_OUT: 3, Severity.WARNING: 4}
"""Findings of each severity that the card shows."""

HEADS = {
    Severity.ERROR: "Rejected",
    Severity.LEFT_OUT: "Left out",
    Severity.WARNING: "Warnings",
}
PARTNERS = 20
CHANGES = 5
EXAMPLES = 2


def fragment(
    summary: Summary, known: Mapping[str, Html] | None = None, *, workbench: bool = False
) -> str:
    """The card of a run.

    Args:
        summary: the dict of summary.json.
        known: the sections Open, Forecast and Last results, as far as there are any.
        workbench: it is shown there, and says what is done there next.
    """
    ahead = known or {}
    advice = wording.advice(summary, workbench=workbench)
    return tag(
        "div",
        tag("style", Html(pieces.style("card.css"))),
        tag("p", visible(wording.title(summary)), class_="callconv-files"),
        [tag("p", pieces.text(notice)) for notice in wording.notices(summary)],
        tag("p", pieces.text(wording.headline(summary)), class_="callconv-headline"),
        pieces.funnel(summary),
        tag("ul", [tag("li", pieces.text(line)) for line in advice]),
        _days(summary),
        _section("Open", ahead, unfolded=True),
        [_findings(summary, severity) for severity in ENTRIES],
        _changes(summary),
        _partners(summary),
        _section("Forecast", ahead),
        _section("Last results", ahead),
        class_="callconv-card",
    )


def _days(summary: Summary) -> Html | None:
    days = wording.every_day(summary["calls"]["by_day"])
    if not days:
        return None
    most = max(count for _, count in days)
    label = f"Calls by day, {days[0][0]} to {days[-1][0]}, at most {most:,}"
    return tag("div", tag("small", label), pieces.columns(days, label, "columns"))


def _section(head: str, known: Mapping[str, Html], *, unfolded: bool = False) -> Html | None:
    if head not in known:
        return None
    return tag("details", tag("summary", head), known[head], open=unfolded, class_="callconv-known")


def _partners(summary: Summary) -> Html | None:
    partners = sorted(summary["by_partner"], key=lambda partner: -partner["read"])
    shown = partners[:PARTNERS]
    if not shown:
        return None
    currency = summary["settings"]["currency"]
    heads = ["Media partner", "Event type", "Read", "Ready", "Rejected", "Left out",
             f"Sales, {currency}"]  # fmt: skip
    counted = ("read", "ready", "rejected", "left_out")
    rows: list[list[Child]] = [
        [
            pieces.partner(partner),
            pieces.text(partner["ActionTrackerId"]),
            *(f"{partner[name]:,}" for name in counted),
            f"{Decimal(partner['sale_amount']):,.2f}",
        ]
        for partner in shown
    ]
    keys = {
        at: [-Decimal(partner[name]) for partner in shown]
        for at, name in enumerate((*counted, "sale_amount"), 2)
    }
    # A notebook shows many cards; each has its own buttons.
    group = f"callconv-{secrets.token_hex(4)}"
    table = pieces.sortable("callconv-partners", heads, rows, keys, right_from=2, group=group)
    note = pieces.more(len(partners) - PARTNERS, "partner", "report.html")
    return tag("details", tag("summary", "Partners"), table, note)


def _findings(summary: Summary, severity: Severity) -> Html | None:
    entries = wording.of_severity(summary, severity)
    several = wording.several_files(summary)
    rows = []
    for entry in entries[: ENTRIES[severity]]:
        remedy = wording.remedy_of(entry)
        problem = [wording.code_of(entry).problem, tag("small", f" → {remedy}") if remedy else None]
        rows.append(_row(entry, problem, pieces.found(entry, several=several)))
    name = severity.value.replace("_", "-")
    return _part(HEADS[severity], name, rows, len(entries) - len(rows), "reason",
                 unfolded=severity is not Severity.WARNING)  # fmt: skip


def _changes(summary: Summary) -> Html | None:
    entries = summary["changes"]
    several = wording.several_files(summary)
    rows = [
        _row(entry, wording.rule_of(entry), pieces.changed(entry, several=several))
        for entry in entries[:CHANGES]
    ]
    return _part("Changed", "changed", rows, len(entries) - len(rows), "rule", unfolded=False)


def _row(entry: Entry, problem: Child, examples: Sequence[Html]) -> Html:
    return tag(
        "tr",
        tag("td", f"{entry['rows']:,}", class_="callconv-number"),
        tag("td", tag("b", visible(entry["column"])) if entry["column"] else "the row"),
        tag("td", problem),
        tag("td", tag("ul", examples[:EXAMPLES])),
    )


def _part(
    head: str, name: str, rows: list[Html], more: int, noun: str, *, unfolded: bool
) -> Html | None:
    if not rows:
        return None
    note = tag("p", tag("small", f"{many(more, f'more {noun}')} in .summary")) if more > 0 else None
    return tag("details", tag("summary", head), tag("table", tag("tbody", rows)), note,
               open=unfolded, class_=f"callconv-{name}")  # fmt: skip
