"""`callconv inspect`."""

from typing import TYPE_CHECKING

import click

from callconv_kit.cli import shared

if TYPE_CHECKING:
    from rich.console import Console

    from callconv_kit.profiling import Inspection, Times

NAME = 26
"""Characters of a column's name in the table of columns."""

LISTED = 5
"""Skipped lines, and other tables, that are listed."""


@click.command("inspect", epilog="Example: callconv inspect calls.csv")
@click.argument("file")
@click.option("--job", metavar="FILE", help="A job file; what it names counts as known.")
@click.option("--preset", metavar="NAME", help="Treat FILE as this vendor's export.")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook that has several.")
@click.option("--share", is_flag=True, help="Headers and shapes of cells only, without data.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def inspect_command(
    file: str, job: str | None, preset: str | None, sheet: str | None, share: bool, as_json: bool
) -> int:
    """Look at an export; change nothing.

    Shows how FILE is laid out and why, which preset fits and how well, what each column contains,
    which columns are not used, and what is missing and how to supply it. Samples show at most the
    last four digits of a phone number. With --share the output contains no data at all: for a bug
    report, or for a new preset.
    """
    shared.tune_process()
    from callconv_kit.profiling import inspect

    given = {"preset": preset, "sheet": sheet}
    seen = inspect(file, job, **{name: value for name, value in given.items() if value})
    if as_json:
        shared.print_json(seen.shared() if share else seen.as_dict())
        return 0
    show(seen, share=share)
    return 0


def show(seen: "Inspection", *, share: bool = False) -> None:
    """The whole inspection, for a person."""
    from rich.console import Console

    console = Console(highlight=False)
    show_head(seen, console, share=share)
    _show_columns(seen, console, share=share)
    if not share:
        _show_times(seen.times, console)
        _show_open(seen, console)


def show_head(seen: "Inspection", console: "Console", *, share: bool = False) -> None:
    """What the file is, its layout with the evidence, and its vendor."""
    from callconv_kit.writing.markup import visible
    from callconv_kit.writing.wording import DELIMITERS, many

    rows = f"{'the first ' if seen.more else ''}{many(seen.rows)}, {len(seen.columns)} columns"
    name = "An export" if share else visible(seen.file)
    _say(console, f"{name}: {rows}", style="bold")
    labels = {
        "encoding": seen.encoding,
        "delimiter": DELIMITERS.get(seen.delimiter, seen.delimiter),
        "header_line": f"line {seen.header_line}" if seen.header_line else "none",
    }
    for key, word in (
        ("encoding", "encoding"),
        ("delimiter", "delimiter"),
        ("header_line", "header"),
    ):
        if key in seen.evidence:
            _say(console, f"  {word:10} {labels[key]}: {seen.evidence[key]}")
    if seen.skipped:
        lines = ", ".join(f"{line} ({why})" for line, why in seen.skipped[:LISTED])
        more = len(seen.skipped) - LISTED
        noun = "line" if len(seen.skipped) == 1 else "lines"
        _say(console, f"  {'not calls':10} {noun} {lines}{f' and {more} more' if more > 0 else ''}")
    if seen.others and not share:
        names = ", ".join(visible(name) for name in seen.others[:LISTED])
        _say(console, f"  {'beside it':10} {names}: not looked at")
    _say(console, f"  {'preset':10} {_whose(seen)}")


def _whose(seen: "Inspection") -> str:
    if not seen.fits:
        named = f"; {len(seen.feeds)} columns have names of the format" if seen.feeds else ""
        return f"none fits{named} (`callconv presets` lists them)"
    fit = seen.fits[0]
    by = f", recognized by {', '.join(fit.by)}" if fit.by else ""
    others = ", ".join(f"{other.preset} {other.share:.0%}" for other in seen.fits[1:3])
    also = f"; next: {others}" if others else ""
    form = f", {fit.form}" if fit.form else ""
    return (
        f"{fit.preset} ({fit.title}{form}): {fit.share:.0%}, {fit.known} of {fit.columns} columns "
        f"are known{by}{also}"
    )


def _show_columns(seen: "Inspection", console: "Console", *, share: bool) -> None:
    from rich.text import Text

    from callconv_kit.profiling.columns import shared_name, shown_name

    named = shared_name if share else shown_name
    goes = [_goes_to(seen, column.name) for column in seen.columns]
    to_width = max([len(text) for text in goes if len(text) <= NAME] or [1])
    head = f"{'column':{NAME}}  filled  different  {'goes to':{to_width}}  "
    lines = [Text(head + ("shapes" if share else "such as"), style="bright_black")]
    for column, to in zip(seen.columns, goes, strict=True):
        held = "   ".join(column.shapes if share else column.samples)
        different = "many" if column.distinct is None else f"{column.distinct:,}"
        name = named(column.name, NAME) or "(no name)"
        line = f"{name:{NAME}}  {column.fill:>6.0%}  {different:>9}  {to:{to_width}}  "
        lines.append(Text.assemble(line, (held, "cyan")))
    console.print()
    for row in lines:
        if console.is_terminal:
            console.print(row, no_wrap=True, overflow="ellipsis")
        else:
            console.print(row, soft_wrap=True)


def _goes_to(seen: "Inspection", name: str) -> str:
    fed = seen.goes_to(name)
    if fed:
        return ", ".join(fed)
    if name in seen.similar:
        return f"{seen.similar[name]}?"
    return "-" if name in seen.unused else "(used by rules)"


def _show_times(times: "Times | None", console: "Console") -> None:
    from callconv_kit.writing.markup import visible

    if times is None:
        return
    _say(console, f"\nTimes ({visible(times.column)})", style="bold")
    if times.offsets:
        listed = ", ".join(f"{offset} in {count:,}" for offset, count in times.offsets.items())
        _say(console, f"  offsets from UTC: {listed}")
    if times.without_offset:
        hours = times.busy_hours
        busy = f"; most are between {hours[0]}:00 and {hours[1]}:00" if hours else ""
        first = visible(times.first_without)
        _say(
            console,
            f'  {times.without_offset:,} carry no offset, such as "{first}"{busy}: set timezone',
        )
    if times.two_readings:
        proof = ", ".join(
            f"line {line} can only be {order}" for order, line in times.orders.items() if line
        )
        proof = proof or "no other date shows which is meant"
        first = visible(times.first_of_two)
        have = "date has" if times.two_readings == 1 else "dates have"
        listed = f'{times.two_readings:,} {have} two readings, such as "{first}" ({proof})'
        _say(console, f"  {listed}: set date_order")


def _show_open(seen: "Inspection", console: "Console") -> None:
    from callconv_kit.profiling.columns import shown_name

    if seen.constants:
        listed = ", ".join(f"{name} = {value}" for name, value in seen.constants.items())
        _say(console, f"\nIn every row: {listed}")
    _show_proposals(seen, console)
    proposed = {each.column for each in seen.proposed}
    lacking = [how for column, how in seen.missing.items() if column not in proposed]
    if lacking:
        _say(console, "\nRequired columns with no source yet", style="bold")
        for how in lacking:
            _say(console, f"  {how}")
    used = {name for each in seen.proposed for name in each.sources}
    used |= {each.column for each in seen.proposals.direction}
    unused = [shown_name(name, 40) for name in seen.unused if name not in used]
    if unused:
        _say(console, f"\nNot used: {', '.join(unused)}")
    if seen.missing or (seen.times and (seen.times.without_offset or seen.times.two_readings)):
        _say(console, "\n→ `callconv init` asks for what is open, and writes the job.")


def _show_proposals(seen: "Inspection", console: "Console") -> None:
    """What the evidence says, with how well it holds; nothing of it is applied."""
    from callconv_kit.profiling.columns import shown, shown_name
    from callconv_kit.profiling.questions import shown_value

    if seen.proposed:
        _say(console, "\nProposed; `callconv init` asks for what is only likely", style="bold")
        for each in seen.proposed:
            named = shown_name(each.text, 60)
            _say(console, f"  {each.column} from {named} ({each.confidence}): {each.because}")
            for other in each.alternatives[:LISTED]:
                _say(console, f"    or {shown_name(' + '.join(other.sources), 60)}")
    for found in seen.proposals.direction:
        meanings = ", ".join(
            f"{shown_value(each.value)} {each.means or 'not known'} ({each.rows:,})"
            for each in found.values[:LISTED]
        )
        _say(console, f"\nWhich rows are calls to you: {shown_name(found.column, 40)}: {meanings}")
    words = [word for word in seen.proposals.statuses.words if not word.known]
    if words:
        _say(
            console, f"\nStatuses ({shown_name(seen.proposals.statuses.column, 40)})", style="bold"
        )
        for word in words[:LISTED]:
            _say(console, f"  {shown(word.word)} ({word.rows:,}): {word.status or 'not known'}")
    for rule in seen.proposals.statuses.rules:
        _say(console, f"  {rule.then} in {rule.rows:,}: {rule.because}")


def _say(console: "Console", line: str, style: str = "") -> None:
    """A separate line, printed without markup."""
    console.print(line, style=style or None, markup=False, soft_wrap=not console.is_terminal)
