"""`callconv presets`."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from callconv_kit.cli import shared

if TYPE_CHECKING:
    from callconv_kit.job import Condition
    from callconv_kit.mapping.preset import Preset


@click.command("presets", epilog="Example: callconv presets invoca")
@click.argument("name", required=False)
@click.option(
    "--check",
    is_flag=True,
    help="Check a preset file of your own: every column that it names, and what a job must add.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def presets_command(name: str | None, check: bool, as_json: bool) -> int:
    """List the vendors whose exports are known, explain one, or check one of your own.

    NAME is one of the list, or the path of a preset file of your own.

    Exit status: 0; 1 with --check where the preset has problems; 2 where it cannot be read as one.
    """
    from callconv_kit.mapping import preset as presets

    if check and name is None:
        raise click.UsageError("--check needs the path of a preset: presets --check mine.toml")
    if name is not None and check:
        return _check(presets.load(name), as_json=as_json)
    if name is None:
        known = presets.bundled()
        if as_json:
            shared.print_json([_preset_as_dict(preset) for preset in known])
            return 0
        for preset in known:
            click.echo(f"{preset.origin:20}  {preset.about.title:20}  {preset.about.about}")
        click.echo(
            "\nYou can write a preset of your own: the same kind of file, given by its path. "
            "`callconv presets --check FILE` checks it."
        )
        return 0
    preset = presets.load(name)
    if as_json:
        shared.print_json(_preset_as_dict(preset))
    else:
        _explain(preset)
    return 0


def _check(preset: "Preset", *, as_json: bool) -> int:
    from callconv_kit.mapping import preset_check

    checked = preset_check.check(preset)
    status = 1 if checked.problems else 0
    if as_json:
        problems = [
            {name: getattr(fault, name) for name in ("where", "problem", "found", "hint")}
            for fault in checked.problems
        ]
        needs = [{"column": column, "how": how} for column, how in checked.needs.items()]
        notes = list(checked.notes)
        shared.print_json({"problems": problems, "needs": needs, "notes": notes})
        return status
    count = len(checked.problems)
    outcome = "no problems" if not count else "1 problem" if count == 1 else f"{count} problems"
    click.echo(f"{preset.origin}: {outcome}.")
    for fault in checked.problems:
        click.echo(f"  {fault}")
    _show_needs(checked.needs)
    for note in checked.notes:
        click.echo(f"\n{note}")
    return status


def _show_needs(needs: "Mapping[str, str]") -> None:
    click.echo("\nWhat a job with this preset adds:")
    for column, how in needs.items():
        click.echo(f"  {column:24}  {how}")


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
    from callconv_kit.mapping import preset_check

    about, settings = preset.about, preset.settings
    click.echo(f"{about.title}: {about.about}\n")
    for form in about.form:
        by = "by the number of its columns" if form.headerless else f"by {', '.join(form.needs)}"
        by += f", and what {' and '.join(form.cells)} holds" if form.cells else ""
        seen = f" (seen in: {form.seen})" if form.seen else ""
        click.echo(f"Form {form.name!r}, recognized {by}{seen}.")
    if about.needs:
        click.echo(f"Every export needs {' and '.join(about.needs)}.")
    click.echo("\nColumn mapping:")
    for column, source in _feeds(preset):
        click.echo(f"  {column:24}  {source}")
    for column, unit in settings.get("units", {}).items():
        click.echo(f"  {column:24}  counted in {unit}")
    if about.aliases:
        click.echo("\nOther names of the same columns:")
    for name, others in about.aliases.items():
        click.echo(f"  {name:24}  {', '.join(others)}")
    _explain_rules(preset)
    _show_needs(preset_check.check(preset).needs)
    for note in about.notes:
        click.echo(f"\n{note}")
    if about.sources:
        click.echo(f"\nSources: {'; '.join(about.sources)}.")


def _feeds(preset: "Preset") -> "Iterator[tuple[str, str]]":
    """Each column of the format, and its source in words."""
    about, settings = preset.about, preset.settings
    for column, source in settings.get("columns", {}).items():
        yield column, _source(source)
    numbers = about.called_number
    for word, names in (("destination", numbers.destination), ("tracking", numbers.tracking)):
        if names:
            yield "CalledPhoneNumber", f"{', else '.join(names)} ({word})"
    legs = settings.get("legs", {})
    for column, name in legs.get("take", {}).items():
        yield column, f"{name} of the child leg, the {legs.get('child', 'longest')} of several"
    for column, value in settings.get("constants", {}).items():
        yield column, f'always "{value}"'
    for rule in about.otherwise:
        yield rule.column, f'else "{rule.value}" where {_all_of(rule.when)}'
    for silent in about.no_talk:
        yield "TalkDuration", f'"0" where {_all_of(silent.when)}'
    for column, wanted in about.on_request.items():
        yield column, f"{_source(wanted)}, only if the job names it"


def _all_of(when: "Mapping[str, Condition]") -> str:
    return " and ".join(
        f"{name} {_condition(dict(condition.conditions))}" for name, condition in when.items()
    )


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
    for column, values in settings.get("values", {}).items():
        if column != "CallStatus":
            meanings = ", ".join(f'"{text}" is "{value}"' for text, value in values.items())
            click.echo(f"\n{column}: {meanings}")
    left = [*settings.get("leave_out", ()), *_conversions(preset)]
    if left:
        click.echo("\nLeft out:")
    for rule in left:
        column = rule.get("source_column") or rule.get("column")
        kept = ("source_column", "column", "reason", "code", "when", "optional")
        of = {word: value for word, value in rule.items() if word not in kept}
        more = "".join(f" and {name} {_condition(of)}" for name, of in rule.get("when", {}).items())
        why = rule.get("reason") or rule.get("code", "")
        click.echo(f"  {column} {_condition(of)}{more}: {why}")


def _conversions(preset: "Preset") -> list[dict[str, Any]]:
    return [
        rule.model_dump(by_alias=True, exclude_none=True) for rule in preset.about.conversion_rows
    ]


def _condition(condition: Any) -> str:
    """The condition on a cell in words; a bare value or list means equality."""
    if not isinstance(condition, dict):
        return f"is {_shown(condition)}"
    clauses = []
    for word, value in condition.items():
        if word == "empty":
            clauses.append("is empty" if value else "is not empty")
        else:
            clauses.append(f"{'is' if word in ('in', 'equals') else word} {_shown(value)}")
    return " and ".join(clauses)


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
