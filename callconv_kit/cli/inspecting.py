"""`callconv inspect`, `callconv init` and `callconv presets`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callconv_kit.cli import shared

if TYPE_CHECKING:
    from callconv_kit.mapping.preset import Preset
    from callconv_kit.prepared import Prepared
    from callconv_kit.profiling import Draft, Inspection, Question

WIDTH = 24
"""Characters of a column's name in the table of columns."""

REASONS = 8


@click.command("inspect", epilog="Example: callconv inspect calls.csv")
@click.argument("file")
@click.option("--job", metavar="FILE", help="A job file; what it names counts as known.")
@click.option("--preset", metavar="NAME", help="Look at it as this vendor's export.")
@click.option("--share", is_flag=True, help="Headers and shapes of cells only, without data.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def inspect_command(
    file: str, job: str | None, preset: str | None, share: bool, as_json: bool
) -> int:
    """Look at an export; change nothing.

    Tells how it is laid out and why, which preset fits and by how much, what each column holds,
    which columns nothing uses, and what is missing and how to feed it. With --share the output
    holds no data: for a report of a bug, or for a new preset.
    """
    from callconv_kit.profiling import inspect

    seen = inspect(file, job, **({"preset": preset} if preset else {}))
    if as_json:
        shared.print_json(_shared(seen) if share else seen.as_dict())
        return 0
    _say(_laid_out(seen))
    _say(_whose(seen))
    click.echo()
    _show_columns(seen, share=share)
    if not share:
        _show_open(seen)
    return 0


def _say(line: str) -> None:
    click.echo(line)


def _laid_out(seen: "Inspection") -> str:
    from callconv_kit.profiling.inspection import delimiter_word
    from callconv_kit.writing.visible import visible

    parts = [seen.encoding or "cells"]
    if seen.guessed_from_line:
        parts[0] += f" (a guess: line {seen.guessed_from_line} is not UTF-8)"
    if seen.delimiter:
        parts.append(f"parted by {delimiter_word(seen.delimiter)}s")
        parts.append(f"header on line {seen.header_line}" if seen.header_line else "no header")
    if seen.skipped:
        lines = ", ".join(f"{line} ({why})" for line, why in seen.skipped[:5])
        more = f" and {len(seen.skipped) - 5} more" if len(seen.skipped) > 5 else ""
        parts.append(f"no rows: lines {lines}{more}")
    at_least = "the first " if seen.more else ""
    return (
        f"{visible(seen.file)}: {at_least}{seen.rows:,} rows of {len(seen.columns)} columns; "
        + ", ".join(parts)
        + "."
    )


def _whose(seen: "Inspection") -> str:
    if not seen.fits:
        named = sum(name in seen.feeds for name in seen.feeds)
        own = f"; {named} columns bear names of the format" if named else ""
        return f"No preset fits{own}. `callconv presets` lists them."
    fit = seen.fits[0]
    by = f", recognised by {', '.join(fit.by)}" if fit.by else ""
    rivals = [other for other in seen.fits[1:] if other.preset != fit.preset]
    others = ", ".join(f"{other.preset} {other.share:.0%}" for other in rivals[:2])
    also = f" (next: {others})" if others else ""
    return (
        f"{fit.title}, {fit.form}: {fit.known} of {fit.columns} columns are known "
        f"({fit.share:.0%}){by}{also}: --preset {fit.preset}"
    )


def _show_columns(seen: "Inspection", *, share: bool) -> None:
    from callconv_kit.writing.visible import visible

    goes = {name: column for column, names in seen.feeds.items() for name in names}
    for column in seen.columns:
        held = column.shapes if share else column.samples
        name = visible(column.name, WIDTH) or "(no name)"
        to = f"→ {goes[column.name]}" if column.name in goes else "–"
        click.echo(f"  {name:{WIDTH}}  {column.fill:>5.0%}  {to:26}  {', '.join(held)}".rstrip())


def _show_open(seen: "Inspection") -> None:
    from callconv_kit.writing.visible import visible

    if seen.constants:
        told = ", ".join(f"{name} = {value}" for name, value in seen.constants.items())
        click.echo(f"\nThe preset sets {told}.")
    if seen.times and seen.times.without_offset:
        click.echo(
            f"\n{seen.times.without_offset:,} times carry no offset, such as "
            f'"{visible(seen.times.first_without)}": set timezone.'
        )
    if seen.times and seen.times.two_readings:
        proof = ", ".join(
            f"line {line} can only be {order}" if line else f"nothing can only be {order}"
            for order, line in seen.times.orders.items()
        )
        click.echo(
            f"{seen.times.two_readings:,} dates have two readings, such as "
            f'"{visible(seen.times.first_of_two)}" ({proof}): set date_order.'
        )
    if seen.missing:
        click.echo("\nNothing feeds these required columns yet:")
        for how in seen.missing.values():
            click.echo(f"  {how}")
    for name, column in seen.similar.items():
        click.echo(f'  Perhaps {column} is "{visible(name)}": --column {column}="{visible(name)}"')
    if seen.unused:
        unused = ", ".join(visible(name, 40) for name in seen.unused)
        click.echo(f"\nNot sent: {unused}.")
    if seen.missing:
        click.echo("\n→ `callconv init` asks for what is open and writes the job.")


def _shared(seen: "Inspection") -> dict[str, Any]:
    """The inspection without a cell of the data."""
    return {
        "preset": seen.preset,
        "fit": round(seen.fit, 3),
        "encoding": seen.encoding,
        "delimiter": seen.delimiter,
        "header_line": seen.header_line,
        "rows": seen.rows,
        "columns": [
            {"name": column.name, "fill": round(column.fill, 3), "shapes": list(column.shapes)}
            for column in seen.columns
        ],
    }


@click.command("init", epilog="Example: callconv init calls.csv")
@click.argument("file")
@click.option(
    "--out", "out", default=shared.JOB_FILE, show_default=True, help="The job file to write."
)
@click.option("--preset", metavar="NAME", help="Take it for this vendor's export.")
@click.option("--yes", is_flag=True, help="Ask nothing; what is open is marked in the file.")
@click.option("--now", metavar="TIME", help="The clock of the age rules.")
def init_command(file: str, out: str, preset: str | None, yes: bool, now: str | None) -> int:
    """Write a commented job file for an export.

    Asks at most seven questions, each with cells from the export and, where the data tell, with an
    answer to take over; a blank is left for later and marked. Ends with what `prepare` would say.
    An existing file is never overwritten.
    """
    from callconv_kit.profiling import draft_of, inspect, questions

    path = Path(out)
    shared.fail_if_exists(path)
    seen = inspect(file, **({"preset": preset} if preset else {}))
    _say(_laid_out(seen))
    _say(_whose(seen))
    asked = questions(seen)
    answers = None if yes else _ask(asked, seen)
    draft = draft_of(seen, answers)
    with shared.output_of(path):
        path.write_text(draft.text, encoding="utf-8", newline="\n")
    click.echo(f"\nWrote {path}.")
    return _outlook(file, path, draft, now)


def _ask(asked: "tuple[Question, ...]", seen: "Inspection") -> dict[str, str]:
    from callconv_kit.errors import CallConvError, UsageError
    from callconv_kit.profiling.draft import settled

    answers: dict[str, str] = {}
    for number, question in enumerate(asked, 1):
        click.echo(f"\n{number} of {len(asked)}: {question.text}")
        if question.samples:
            click.echo(f"   such as {', '.join(question.samples)}")
        if question.hint:
            click.echo(f"   {question.hint}")
        if question.choices:
            click.echo(f"   one of: {', '.join(question.choices)}")
        if question.warning:
            click.echo(f"   mind: {question.warning}")
        if question.because:
            click.echo(f"   proposed: {question.proposal} ({question.because})")
        while True:
            try:
                answer = click.prompt(
                    "   answer", default=question.proposal, show_default=bool(question.proposal)
                )
            except click.Abort:
                if sys.stdin.isatty():
                    raise
                raise UsageError(
                    "no_terminal",
                    "The questions of init need a terminal",
                    "no answer came",
                    "a person who answers, or --yes",
                    "Run `callconv init FILE --yes`, and fill in what it marks.",
                ) from None
            try:
                if answer.strip():
                    settled(question, answer, seen)
            except CallConvError as error:
                click.echo(f"   {error}")
                continue
            answers[question.key] = answer
            break
    return answers


def _outlook(file: str, path: Path, draft: "Draft", now: str | None) -> int:
    """What `prepare` would say of the file under the new job."""
    from callconv_kit.errors import CallConvError
    from callconv_kit.prepared import prepare

    if draft.blanks:
        click.echo(f"Still to be filled in, marked TODO there: {', '.join(draft.blanks)}.")
    try:
        prepared = prepare(file, path, now=now, keep_findings=False)
    except CallConvError as error:
        click.echo(f"`callconv prepare` would stop: {error}")
        return 0
    _show_outlook(prepared)
    return 0


def _show_outlook(prepared: "Prepared") -> None:
    from callconv_kit.findings import Severity
    from callconv_kit.writing import wording

    summary = prepared.summary
    rejected, left_out = summary["rows_rejected"], summary["rows_left_out"]
    aside = f", {left_out:,} left out" if left_out else ""
    need = f", {rejected:,} need you" if rejected else ""
    click.echo(
        f"`callconv prepare` would say: {summary['rows_ready']:,} of {summary['rows_read']:,} "
        f"ready{need}{aside}."
    )
    for severity in (Severity.ERROR, Severity.LEFT_OUT):
        for entry in wording.of_severity(summary, severity)[:REASONS]:
            remedy = wording.code_of(entry).remedy
            helps = f" → {remedy}" if remedy else ""
            click.echo(
                f"  {entry['rows']:>6,}  {wording.subject(entry)}"
                f"{wording.code_of(entry).problem}{helps}"
            )


@click.command("presets", epilog="Example: callconv presets invoca")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def presets_command(name: str | None, as_json: bool) -> int:
    """List the vendors whose exports are known, or explain one.

    NAME is one of the list, or the path of a preset file of your own.
    """
    from callconv_kit.mapping import preset as presets

    if name is None:
        known = presets.bundled()
        if as_json:
            shared.print_json([_preset_as_dict(preset) for preset in known])
            return 0
        for preset in known:
            click.echo(f"{preset.origin:20}  {preset.about.title:20}  {preset.about.about}")
        click.echo("\nOne of your own is the same kind of file, given by its path.")
        return 0
    preset = presets.load(name)
    if as_json:
        shared.print_json(_preset_as_dict(preset))
    else:
        _explain(preset)
    return 0


def _preset_as_dict(preset: "Preset") -> dict[str, Any]:
    about = preset.about
    return {
        "name": preset.origin,
        "title": about.title,
        "about": about.about,
        "notes": list(about.notes),
        "sources": list(about.sources),
        "forms": [
            {
                "name": form.name,
                "seen": form.seen,
                "needs": list(form.needs),
                "columns": list(form.columns),
                "headerless": form.headerless,
            }
            for form in about.form
        ],
        "aliases": {name: list(others) for name, others in about.aliases.items()},
        "settings": dict(preset.settings),
    }


def _explain(preset: "Preset") -> None:
    about, settings = preset.about, preset.settings
    click.echo(f"{about.title}: {about.about}\n")
    for form in about.form:
        by = "by the number of its columns" if form.headerless else f"by {', '.join(form.needs)}"
        seen = f" (seen in: {form.seen})" if form.seen else ""
        click.echo(f"Form {form.name!r}, recognised {by}{seen}.")
    click.echo("\nWhat feeds what:")
    for column, source in settings.get("columns", {}).items():
        click.echo(f"  {column:24}  {_source(source)}")
    numbers = about.called_number
    for word, names in (("destination", numbers.destination), ("tracking", numbers.tracking)):
        if names:
            click.echo(f"  {'CalledPhoneNumber':24}  {', else '.join(names)} ({word})")
    for column, value in settings.get("constants", {}).items():
        click.echo(f'  {column:24}  always "{value}"')
    for column, unit in settings.get("units", {}).items():
        click.echo(f"  {column:24}  counted in {unit}")
    for column, wanted in about.on_request.items():
        click.echo(f"  {column:24}  {_source(wanted)}, only if the job names it")
    _explain_rules(preset)
    for note in about.notes:
        click.echo(f"\n{note}")
    if about.sources:
        click.echo(f"\nSources: {'; '.join(about.sources)}.")


def _explain_rules(preset: "Preset") -> None:
    settings = preset.settings
    rules = settings.get("status", ())
    words = settings.get("values", {}).get("CallStatus", {})
    if rules or words:
        click.echo("\nCallStatus:")
    for rule in rules:
        when = " and ".join(f"{name} {_condition(of)}" for name, of in rule["when"].items())
        click.echo(f"  {rule['then']:20}  {when}")
    for text, status in words.items():
        click.echo(f'  {status:20}  "{text}"')
    left = [*settings.get("leave_out", ()), *_conversions(preset)]
    if left:
        click.echo("\nLeft out:")
    for rule in left:
        column = rule.get("source_column") or rule.get("column")
        kept = ("source_column", "column", "reason", "code")
        of = {word: value for word, value in rule.items() if word not in kept}
        click.echo(f"  {column} {_condition(of)}: {rule.get('reason') or rule.get('code', '')}")


def _conversions(preset: "Preset") -> list[dict[str, Any]]:
    return [
        rule.model_dump(by_alias=True, exclude_none=True) for rule in preset.about.conversion_rows
    ]


def _condition(condition: Any) -> str:
    if isinstance(condition, dict):
        return " and ".join(f"{word} {_shown(value)}" for word, value in condition.items())
    return f"is {_shown(condition)}"


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " or ".join(map(_shown, value))
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _source(source: Any) -> str:
    names = getattr(source, "names", None)
    if names is not None:
        source = source.as_written()
    if isinstance(source, dict):
        ((how, parts),) = source.items()
        return f" {'+' if how == 'sum' else 'and'} ".join(parts)
    return source if isinstance(source, str) else ", else ".join(source)
