"""What a notebook shows of a run: a fragment of HTML with its own style, and no script.

It takes its colours of text from the notebook, so it is legible in light and dark themes, and its
style names nothing outside itself. Where a notebook drops the style, as it does for outputs that
are not trusted, the words are all still there.
"""

from collections.abc import Sequence

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
CHANGES = 5
EXAMPLES = 2


def fragment(summary: Summary) -> str:
    """The card of a run, from the dict of summary.json."""
    return tag(
        "div",
        tag("style", Html(pieces.style("card.css"))),
        tag("p", visible(wording.title(summary)), class_="callconv-files"),
        [tag("p", pieces.text(notice)) for notice in wording.notices(summary)],
        tag("p", pieces.text(wording.headline(summary)), class_="callconv-headline"),
        pieces.funnel(summary),
        tag("ul", [tag("li", pieces.text(line)) for line in wording.advice(summary)]),
        _days(summary),
        [_findings(summary, severity) for severity in ENTRIES],
        _changes(summary),
        class_="callconv-card",
    )


def _days(summary: Summary) -> Html | None:
    days = wording.every_day(summary["calls"]["by_day"])
    if not days:
        return None
    most = max(count for _, count in days)
    said = f"Calls by day, {days[0][0]} to {days[-1][0]}, at most {most:,}"
    return tag("div", tag("small", said), pieces.columns(days, said, "columns"))


def _findings(summary: Summary, severity: Severity) -> Html | None:
    entries = wording.of_severity(summary, severity)
    several = wording.several_files(summary)
    rows = []
    for entry in entries[: ENTRIES[severity]]:
        remedy = wording.remedy_of(entry)
        said = [wording.code_of(entry).problem, tag("small", f" → {remedy}") if remedy else None]
        rows.append(_row(entry, said, pieces.found(entry, several=several)))
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


def _row(entry: Entry, said: Child, examples: Sequence[Html]) -> Html:
    return tag(
        "tr",
        tag("td", f"{entry['rows']:,}", class_="callconv-number"),
        tag("td", tag("b", visible(entry["column"])) if entry["column"] else "the row"),
        tag("td", said),
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
