"""report.html: one self-contained page for a person.

It is made of summary.json, and of what the job's ledger and contract say about the delivery, so it
is as small for a million rows as for ten. It needs no network and no script, and its
Content-Security-Policy forbids both; all text of cells is escaped.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from callconv_kit.model import spec
from callconv_kit.model.codes import Severity
from callconv_kit.writing import pieces, wording
from callconv_kit.writing.markup import Child, Html, tag
from callconv_kit.writing.wording import Entry, Summary, many, percent

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

PARTNERS, FINDINGS, CHANGES, INPUTS, DAYS = 100, 200, 200, 100, 1000
"""How many of each the page shows; summary.json holds them all."""


def page(
    summary: Summary,
    delivery: Mapping[str, Any] | None = None,
    known: Mapping[str, Html] | None = None,
) -> str:
    """The page of a run.

    Args:
        summary: the dict of summary.json.
        delivery: what became of ready.csv, a line each; None: it was not uploaded yet.
        known: the sections Open, Forecast and Last results, as far as there are any.
    """
    ahead = known or {}
    sections = [
        ("Open", ahead.get("Open")),
        ("Partners", _partners(summary)),
        ("Rejected", _findings(summary, Severity.ERROR)),
        ("Left out", _findings(summary, Severity.LEFT_OUT)),
        ("Warnings", _findings(summary, Severity.WARNING)),
        ("Forecast", ahead.get("Forecast")),
        ("Last results", ahead.get("Last results")),
        ("Changed", _changes(summary)),
        ("Calls", _calls(summary)),
        ("Columns", _fill(summary)),
        ("Delivery", pieces.facts(delivery) if delivery else None),
        ("Inputs", _inputs(summary)),
        ("Settings", _settings(summary)),
    ]
    title = f"{pieces.text(wording.title(summary))} · callconv report"
    return document(title, _header(summary), sections, _footer(summary))


def document(
    title: str, header: Html, sections: Sequence[tuple[str, Html | None]], footer: Html
) -> str:
    """A page in the looks of the report, without network and script.

    Args:
        title: of the window.
        header: shown above the links to the sections.
        sections: a heading and content each; those without content are not shown.
        footer: shown below them.
    """
    shown = [(name, content) for name, content in sections if content]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Html(pieces.style("report.css"))),
    )
    body = tag(
        "body",
        header,
        tag("nav", [tag("a", name, href=f"#{_anchor(name)}") for name, _ in shown],
            aria_label="Sections"),
        tag("main", [
            tag("section", tag("h2", name), content, id=_anchor(name)) for name, content in shown
        ]),
        footer,
    )  # fmt: skip
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _header(summary: Summary) -> Html:
    return tag(
        "header",
        tag("p", "callconv · what was read, what is ready, what is not", class_="kicker"),
        tag("h1", pieces.text(wording.title(summary))),
        [tag("p", pieces.text(notice), class_="notice") for notice in wording.notices(summary)],
        tag("p", pieces.text(wording.headline(summary)), class_="headline"),
        _problem(summary),
        tag(
            "ul",
            [tag("li", pieces.text(line)) for line in wording.advice(summary)],
            class_="advice",
        ),
        pieces.funnel(summary),
    )


def _problem(summary: Summary) -> Html | None:
    problem = summary["problem"]
    if not problem:
        return None
    facts = {"Found": problem["found"], "Expected": problem["expected"], "Code": problem["code"]}
    return tag("div", pieces.facts({name: said for name, said in facts.items() if said}),
               class_="problem")  # fmt: skip


# -- by partner -----------------------------------------------------------------------------------


def _partners(summary: Summary) -> Html | None:
    partners = sorted(summary["by_partner"], key=lambda partner: -partner["read"])
    if not partners:
        return None
    shown = partners[:PARTNERS]
    heads = ["Media partner", "Event type", "", "Read", "Ready", "Rejected", "Left out",
             "Answered", "Talk time", f"Sales, {summary['settings']['currency']}"]  # fmt: skip
    rows = [_partner(partner) for partner in shown]
    counted = ("read", "ready", "rejected", "left_out", "answered", "talk_seconds", "sale_amount")
    keys = {
        at: [-Decimal(partner[name]) for partner in shown] for at, name in enumerate(counted, 3)
    }
    names = {at: [_by_name(partner[name]) for partner in shown]
             for at, name in enumerate(("MediaId", "ActionTrackerId"))}  # fmt: skip
    if len(partners) == 1:
        table = pieces.table("partners", heads, rows, right_from=3)
    else:
        table = pieces.sortable(
            "partners", heads, rows, {**keys, **names},
            right_from=3, group="sort-partners", last=_partner(_together(partners)),
        )  # fmt: skip
    return Html(
        tag(
            "p", "Answered calls, talk time and sales count the rows that are ready.", class_="hint"
        )
        + table
        + pieces.more(len(partners) - PARTNERS, "partner")
    )


def _by_name(name: str) -> tuple[int, str]:
    """Ids by size, as they are of many lengths."""
    return len(name), name


def _partner(partner: Entry) -> list[Child]:
    split = pieces.stacked(
        [("ready", partner["ready"]), ("rejected", partner["rejected"]),
         ("left-out", partner["left_out"])], "",
    )  # fmt: skip
    return [
        pieces.partner(partner),
        pieces.text(partner["ActionTrackerId"]),
        split,
        f"{partner['read']:,}",
        f"{partner['ready']:,}",
        _counted(partner["rejected"], "rejected"),
        _counted(partner["left_out"], "left-out"),
        f"{partner['answered']:,}",
        wording.clock(partner["talk_seconds"]),
        f"{Decimal(partner['sale_amount']):,.2f}",
    ]


def _together(partners: Sequence[Entry]) -> dict[str, Any]:
    counts = ("read", "ready", "rejected", "left_out", "answered", "talk_seconds")
    return {
        "MediaId": "All",
        "ActionTrackerId": "",
        **{name: sum(partner[name] for partner in partners) for name in counts},
        "sale_amount": sum(Decimal(partner["sale_amount"]) for partner in partners),
    }


def _counted(number: int, name: str) -> Html | str:
    return tag("span", f"{number:,}", class_=name) if number else "0"


# -- findings and changes --------------------------------------------------------------------------

HINTS = {
    Severity.ERROR: "A row can have several reasons. rejected.csv holds each of these rows with "
    "its reasons and its own cells: correct them in place and give the file back.",
    Severity.LEFT_OUT: "These rows were not meant to go; left_out.csv holds each with its reason.",
    Severity.WARNING: "These rows are sent. Check that this is what you want.",
}


def _findings(summary: Summary, severity: Severity) -> Html | None:
    entries = wording.of_severity(summary, severity)
    if not entries:
        return None
    several = wording.several_files(summary)
    rows = [_finding(entry, several=several) for entry in entries[:FINDINGS]]
    heads = ["Rows", "Column", "Reason and remedy", "First examples"]
    return Html(
        tag("p", HINTS[severity], class_="hint")
        + pieces.folded("findings", heads, rows)
        + pieces.more(len(entries) - FINDINGS, "reason")
    )


def _finding(entry: Entry, *, several: bool) -> list[Child]:
    code, remedy = wording.code_of(entry), wording.remedy_of(entry)
    return [
        f"{entry['rows']:,}",
        tag("b", pieces.text(entry["column"])) if entry["column"] else "the row",
        [
            code.problem,
            tag("div", remedy, class_="remedy") if remedy else None,
            tag("div", pieces.text(code.name), class_="code"),
        ],
        tag("ul", pieces.found(entry, several=several), class_="examples"),
    ]


def _changes(summary: Summary) -> Html | None:
    entries = summary["changes"]
    if not entries:
        return None
    several = wording.several_files(summary)
    rows = [_change(entry, several=several) for entry in entries[:CHANGES]]
    heads = ["Rows", "Column", "What was done", "Before → after"]
    return Html(
        tag("p", "Every cell that differs from the export is counted here, under the rule that "
            "changed it. A sign such as ␣ or ⟨U+00A0⟩ shows an invisible character.",
            class_="hint")
        + pieces.folded("changes", heads, rows)
        + pieces.more(len(entries) - CHANGES, "rule")
    )  # fmt: skip


def _change(entry: Entry, *, several: bool) -> list[Child]:
    return [
        f"{entry['rows']:,}",
        tag("b", pieces.text(entry["column"])),
        [wording.rule_of(entry), tag("div", pieces.text(entry["rule"]), class_="code")],
        tag("ul", pieces.changed(entry, several=several), class_="examples"),
    ]


# -- charts ---------------------------------------------------------------------------------------


def _calls(summary: Summary) -> Html | None:
    calls = summary["calls"]
    if not summary["rows_ready"]:
        return None
    statuses = [
        (wording.status_label(entry["status"]), entry["calls"]) for entry in calls["by_status"]
    ]
    durations = [
        (wording.duration_label(entry["from"], entry["below"]), entry["calls"])
        for entry in calls["by_duration"]
    ]
    return Html(
        tag("p", "Of the rows that are ready.", class_="hint")
        + _days(wording.every_day(calls["by_day"]))
        + tag("div", _bars("Calls by status", "Status", statuses),
              _bars("Calls by duration", "Duration", durations), class_="pair")
    )  # fmt: skip


def _days(days: Sequence[tuple[str, int]]) -> Html:
    if not days:
        return Html()
    most = max(count for _, count in days)
    without = sum(not count for _, count in days)
    quiet = f"; no calls on {many(without, 'day')}" if without else ""
    names = [day for day, _ in days]
    ticks = dict.fromkeys([names[0], names[len(names) // 2], names[-1]])
    return tag(
        "figure",
        tag("figcaption", "Calls by day", tag("small", f"at most {most:,} a day{quiet}")),
        pieces.columns(
            days, f"Calls by day, {names[0]} to {names[-1]}, at most {most:,} a day{quiet}"
        ),
        tag("div", [tag("span", day) for day in ticks], class_="ticks", aria_hidden="true"),
        tag(
            "details",
            tag("summary", "The numbers"),
            pieces.table(
                "days", ["Day", "Calls"], [[d, f"{n:,}"] for d, n in days[:DAYS]], right_from=1
            ),
        ),
    )


def _bars(caption: str, head: str, points: Sequence[tuple[str, int]]) -> Html:
    """A table whose rows are the bars of a chart."""
    most = max((count for _, count in points), default=0)
    whole = sum(count for _, count in points)
    rows = [
        [pieces.text(word), pieces.bar(count, most), f"{count:,}", percent(count, whole)]
        for word, count in points
    ]
    heads = [head, "", "Calls", "Share"]
    return tag(
        "figure", tag("figcaption", caption), pieces.table("bars", heads, rows, right_from=2)
    )


def _fill(summary: Summary) -> Html | None:
    ready = summary["rows_ready"]
    if not ready:
        return None
    filled = summary["calls"]["filled"]
    items = [
        tag(
            "li",
            tag("span", entry["column"], tag("abbr", " *", title="required") if required else None),
            pieces.bar(entry["cells"], ready),
            tag("span", percent(entry["cells"], ready), title=many(entry["cells"], "cell")),
        )
        for entry, required in ((entry, _required(entry["column"])) for entry in filled)
        if entry["cells"] or required
    ]
    empty = [
        entry["column"] for entry in filled if not entry["cells"] and not _required(entry["column"])
    ]
    hint = f"How many of the {many(ready, 'ready row')} fill each column; * is required."
    return Html(
        tag("p", hint, class_="hint")
        + tag("ul", items, class_="fill")
        + (
            tag("p", "Empty in all of them: ", ", ".join(empty), ".", class_="hint")
            if empty
            else ""
        )
    )


def _required(name: str) -> bool:
    column = spec.BY_NAME.get(name)
    return column is not None and column.required


# -- what it was made of --------------------------------------------------------------------------


def _inputs(summary: Summary) -> Html | None:
    inputs = summary["inputs"]
    heads = ["File", "Rows", "Read as", "Header", "Skipped lines", "SHA-256"]
    rows = [_input(entry) for entry in inputs[:INPUTS]]
    return Html(pieces.table("inputs", heads, rows) + pieces.more(len(inputs) - INPUTS, "file"))


def _input(entry: Entry) -> list[Child]:
    delimiter = wording.DELIMITERS.get(entry["delimiter"], entry["delimiter"])
    read_as = ", ".join(filter(None, [entry["encoding"], delimiter]))
    skipped = [
        tag("li", f"line {line['line']:,}: {pieces.text(str(line['why']))}")
        for line in entry["skipped_lines"]
    ]
    blank = many(entry["blank_lines"], "blank line") if entry["blank_lines"] else ""
    digest = entry["sha256"] or ""
    return [
        tag("b", pieces.text(entry["file"])),
        f"{entry['rows']:,}",
        pieces.text(read_as) or "–",
        f"line {entry['header_line']:,}" if entry["header_line"] else "–",
        [blank, tag("ul", skipped, class_="examples")] if blank or skipped else "–",
        tag("code", digest[:12], title=digest) if digest else "–",
    ]


def _settings(summary: Summary) -> Html:
    given = {name: value for name, value in summary["settings"].items() if value not in UNSET}
    return Html(
        tag("p", "The job that this run followed, without secrets.", class_="hint")
        + tag("details", tag("summary", "The settings"), pieces.facts(given))
    )


UNSET: tuple[object, ...] = (None, "", [], {})


def _footer(summary: Summary) -> Html:
    versions = ", ".join(f"{name} {number}" for name, number in summary["versions"].items())
    lines = {
        "Started": summary["started"],
        "Took": f"{summary['seconds']:,.1f} s",
        "Ages judged as of": summary["now"],
        "Versions": versions,
        "SHA-256 of ready.csv": summary["ready_sha256"] or "there is none",
        "SHA-256 of the settings": summary["settings_sha256"],
    }
    return tag("footer", pieces.facts(lines))


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
