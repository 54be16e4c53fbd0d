"""A run in a terminal: a progress bar while it works, then its result.

In a pipe there is no bar and no color, and no line is wrapped; a terminal wraps between words. A
cell's text is never taken for markup or for a command to the terminal: what is not visible is
shown as a sign (see `writing.markup`). rich is imported when something is shown.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from callconv_kit.model.codes import Severity
from callconv_kit.writing import output, wording
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import Entry, Summary, many, percent

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from callconv_kit.run.pipeline import Progress

REJECTED, LEFT_OUT, WARNINGS, CHANGES = 4, 3, 3, 4
"""Entries of each kind that are shown; with them a run fills about 40 lines at most."""

NOT_ROWS = 3
"""How many of the lines that are not rows are named."""

BAR = 30
"""The length of the bar for all rows, in characters."""

VALUE = 36
"""Characters of a cell's text."""

FATES = (
    ("rows_ready", "ready", "blue"),
    ("rows_rejected", "rejected", "red"),
    ("rows_left_out", "left out", "bright_black"),
)


def show(
    summary: Summary,
    console: "Console | None" = None,
    *,
    folder: str | Path | None = None,
    commands: wording.Commands | None = None,
) -> None:
    """Print what a run came to: counts, why rows were rejected, what was changed, what next.

    Warnings that may concern every row come first.

    Args:
        summary: the dict of summary.json.
        console: where to; none: standard output.
        folder: where the run's files are; none: it wrote none.
        commands: those that may come next, where the run was a command.
    """
    from rich.console import Console

    console = console or Console()
    wide = not console.is_terminal
    for notice in wording.notices(summary):
        console.print(_text((visible(notice, 600), "yellow")), soft_wrap=wide)
    for line in _lines(summary, folder):
        if wide:
            console.print(line, soft_wrap=True)
        else:
            _print_wrapped(console, line)
    for advice in wording.advice(summary, dry_run=folder is None, commands=commands):
        line = _text(("→ ", "blue"), visible(advice, 600))
        console.print(line, soft_wrap=wide)


_INDENT = re.compile(r" *(?:[0-9,]+  |→ )?")
"""What begins a line; the lines on which it goes on are indented as far."""


def _print_wrapped(console: "Console", line: "Text") -> None:
    """A line in a terminal: wrapped between words, and only a bar is cut at the edge."""
    found = _INDENT.match(line.plain)
    indent = found.end() if found and "━" not in line.plain else 0
    if not indent:
        console.print(
            line, no_wrap="━" in line.plain, overflow="crop" if "━" in line.plain else None
        )
        return
    first, *more = line[indent:].wrap(console, max(console.width - indent, 10))
    console.print(_text(line[:indent], first), overflow="fold")
    for part in more:
        console.print(_text(" " * indent, part), overflow="fold")


def _lines(summary: Summary, folder: str | Path | None) -> Iterator["Text"]:
    read = summary["rows_read"]
    yield _text((visible(wording.headline(summary), 400), "bold"))
    yield _text(
        f"{visible(wording.title(summary), 200)} · {many(read)} read in {summary['seconds']:.1f} s",
        style="bright_black",
    )
    yield from _not_rows(summary)
    yield _text()
    for key, word, color in FATES:
        count = summary[key]
        cells = max(1, round(BAR * count / read)) if count else 0
        share = percent(count, read)
        yield _text(f"{count:>9,}  {word:<9}{share:>8}  ", ("━" * cells, color))
    yield _text()
    yield from _rejected(summary)
    yield from _findings("Left out", summary, Severity.LEFT_OUT, LEFT_OUT)
    yield from _findings("Warnings", summary, Severity.WARNING, WARNINGS)
    yield from _changes(summary)
    yield from _files(summary, folder)


def _not_rows(summary: Summary) -> Iterator["Text"]:
    """Lines that are not rows, such as a total: they are in none of the counts."""
    several = len(summary["inputs"]) > 1
    skipped = [
        (f"{entry['file']} " if several else "") + f"line {line['line']:,} ({line['why']})"
        for entry in summary["inputs"]
        for line in entry["skipped_lines"]
    ]
    if skipped:
        more = f" and {len(skipped) - NOT_ROWS} more" if len(skipped) > NOT_ROWS else ""
        text = f"Not rows, and not counted: {', '.join(skipped[:NOT_ROWS])}{more}"
        yield _text(visible(text, 200), style="bright_black")


def _rejected(summary: Summary) -> Iterator["Text"]:
    entries = wording.of_severity(summary, Severity.ERROR)
    yield from _head("Rejected", entries, REJECTED)
    several = wording.several_files(summary)
    for entry in entries[:REJECTED]:
        yield _finding(entry, several=several)
        remedy = wording.remedy_of(entry)
        if remedy:
            yield _text(" " * 11, ("→ ", "blue"), remedy)
    yield from _several_reasons(entries, summary["rows_rejected"])
    yield from _after(entries)


def _findings(head: str, summary: Summary, severity: Severity, most: int) -> Iterator["Text"]:
    entries = wording.of_severity(summary, severity)
    several = wording.several_files(summary)
    yield from _head(head, entries, most)
    for entry in entries[:most]:
        yield _finding(entry, several=several)
    if severity is Severity.LEFT_OUT:
        yield from _several_reasons(entries, summary["rows_left_out"])
    yield from _after(entries)


def _several_reasons(entries: Sequence[Entry], rows: int) -> Iterator["Text"]:
    """A line where the counts of the reasons add up to more than there are rows."""
    if sum(entry["rows"] for entry in entries) > rows:
        yield _text(
            " " * 11,
            f"Some rows have several reasons, so these numbers add up to more than {rows:,}.",
            style="bright_black",
        )


def _changes(summary: Summary) -> Iterator["Text"]:
    entries = summary["changes"]
    yield from _head("Changed", entries, CHANGES)
    for entry in entries[:CHANGES]:
        line = _text(f"{entry['rows']:>9,}  ", (entry["column"], "bold"))
        line.append(f"  {wording.rule_of(entry)}")
        for example in entry["examples"][:1]:
            before, after = (visible(example[key], VALUE) or "empty" for key in ("before", "after"))
            line.append(f": {before} → {after}", "cyan")
        yield line
    yield from _after(entries)


def _finding(entry: Entry, *, several: bool) -> "Text":
    line = _text(f"{entry['rows']:>9,}  ", (visible(entry["column"] or ""), "bold"))
    line.append(f"{'  ' if entry['column'] else ''}{wording.code_of(entry).problem}")
    for (value, detail), places in wording.alike(entry, "value", "detail")[:1]:
        cell = f'"{visible(value, VALUE)}"' if value else ""
        shown = ", ".join(filter(None, [cell, visible(detail, VALUE * 2)]))
        line.append(f": {shown}" if shown else "", "cyan")
        place = wording.where(places[:1], several=several)
        line.append(f"  ({visible(place)})", "bright_black")
    return line


def _head(name: str, entries: Sequence[Entry], most: int) -> Iterator["Text"]:
    if entries:
        rest = f"  {most} of {len(entries)} kinds, most rows first" if len(entries) > most else ""
        yield _text((name, "bold"), (rest, "bright_black"))


def _after(entries: Sequence[Entry]) -> Iterator["Text"]:
    if entries:
        yield _text()


def _files(summary: Summary, folder: str | Path | None) -> Iterator["Text"]:
    if folder is None:
        yield _text("No file was written.", style="bright_black")
        return
    contents = {
        output.READY: "" if summary["problem"] else f"{many(summary['rows_ready'])} to upload",
        output.REJECTED: many(summary["rows_rejected"]) if summary["rows_rejected"] else "",
        output.LEFT_OUT: many(summary["rows_left_out"]) if summary["rows_left_out"] else "",
        output.REPORT: "all of this and more, with charts",
    }
    yield _text(("Files", "bold"))
    for name, what in contents.items():
        if what:
            place = (
                f"{folder.rstrip('/')}/{name}" if isinstance(folder, str) else str(folder / name)
            )
            yield _text(f"  {visible(place, 200)}", (f"  {what}", "bright_black"))
    yield _text()


def _text(*parts: "str | Text | tuple[str, str]", style: str = "") -> "Text":
    """A line of parts, given as text or as (text, style); nothing in them is markup."""
    from rich.text import Text

    return Text.assemble(*parts, style=style)


@contextmanager
def progress(
    console: "Console | None" = None, expected: int | None = None
) -> "Iterator[Progress | None]":
    """A bar that shows the rows done, where a terminal watches; None in a pipe.

    Args:
        console: where to; none: standard error.
        expected: about how many rows there will be, such as `expected_rows` says.
    """
    from rich.console import Console

    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("Preparing"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} rows"),
        TimeRemainingColumn() if expected else TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=expected)

        def advance(rows: int) -> None:
            # The estimate is only an estimate: the bar is full when the run is done.
            total = None if expected is None else max(expected, rows + 1)
            bar.update(task, completed=rows, total=total)

        yield advance
