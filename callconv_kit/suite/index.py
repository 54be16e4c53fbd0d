"""index.html of the Data Docs: all runs and suites of a folder, to be searched and filtered."""

from collections.abc import Sequence
from typing import NamedTuple

from callconv_kit.writing.markup import Html, tag

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Data Docs: call conversions</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="static/bootstrap.min.css">
<link rel="stylesheet" href="static/docs.css">
</head>
<body class="index">
{body}
<script src="static/index.js"></script>
</body>
</html>
"""

STATES = ("passed", "failed", "unreadable")
_BADGES = {"passed": "badge-success", "failed": "badge-danger", "unreadable": "badge-secondary"}


class RunEntry(NamedTuple):
    """A validation, as the index lists it.

    page: its address, from the index.
    name: of what was judged.
    time: when, in UTC.
    suite: by which suite: the stem of its page.
    state: one of `STATES`.
    expectations, unmet, errored: how many were judged, how many of them do not hold, and how many
        of those could not be judged.
    """

    page: str
    name: str
    time: str
    suite: str
    state: str
    expectations: int
    unmet: int
    errored: int


def index_page(suites: Sequence[str], runs: Sequence[RunEntry]) -> str:
    """The page.

    Args:
        suites: stems of the suites' pages.
        runs: in any order; the latest is listed first.
    """
    latest = sorted(runs, key=lambda run: (run.time, run.page), reverse=True)
    body = tag(
        "main",
        tag("h1", "Data Docs"),
        tag("p", "Call conversion files, judged by their Great Expectations suite.", class_="lead"),
        tag("h2", "Validations"),
        _filters(latest) if latest else None,
        _runs(latest) if latest else tag("p", "None yet: callconv docs out/ready.csv"),
        tag("h2", "Suites"),
        tag("ul", [_suite(name) for name in suites], class_="suites"),
        class_="container py-4",
    )
    return _PAGE.format(body=body)


def _filters(runs: Sequence[RunEntry]) -> Html:
    counts = {state: sum(run.state == state for run in runs) for state in STATES}
    options = [
        tag("option", f"{state} ({count})", value=state) for state, count in counts.items() if count
    ]
    return tag(
        "form",
        tag(
            "input",
            id="search",
            type="search",
            class_="form-control",
            placeholder="Search: file, suite, time",
            aria_label="Search the validations",
        ),
        tag(
            "select",
            tag("option", f"all ({len(runs)})", value=""),
            options,
            id="state",
            class_="custom-select",
            aria_label="Show only",
        ),
        tag("output", id="shown", aria_live="polite"),
        class_="filters",
    )


def _runs(runs: Sequence[RunEntry]) -> Html:
    headings = ("State", "File", "When", "Suite", "Expectations")
    return tag(
        "table",
        tag("thead", tag("tr", [tag("th", heading, scope="col") for heading in headings])),
        tag("tbody", [_row(run) for run in runs]),
        id="runs",
        class_="table table-hover",
    )


def _row(run: RunEntry) -> Html:
    summary = f"{run.expectations:,}, all hold"
    if run.unmet:
        summary = f"{run.expectations:,}, {run.unmet:,} do not hold"
    if run.errored:
        summary += f", {run.errored:,} of them could not be judged"
    badge = tag("span", run.state, class_=f"badge {_BADGES.get(run.state, _BADGES['failed'])}")
    suite = tag("a", run.suite, href=f"expectations/{run.suite}.html") if run.suite else ""
    return tag(
        "tr",
        tag("td", badge),
        tag("td", tag("a", run.name, href=run.page)),
        tag("td", run.time),
        tag("td", suite),
        tag("td", summary),
        data_state=run.state,
    )


def _suite(name: str) -> Html:
    return tag("li", tag("a", name, href=f"expectations/{name}.html"))
