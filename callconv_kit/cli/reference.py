"""`callconv columns`, `settings`, `template` and `explain`: what the kit knows, offline."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callconv_kit.cli import shared
from callconv_kit.model import spec

if TYPE_CHECKING:
    from callconv_kit.job.reference import Setting
from callconv_kit.cli.main import EXIT_STATUSES, wrapped


@click.command("columns", epilog="Example: callconv columns CallStatus")
@click.argument("names", nargs=-1)
@click.option(
    "--compare",
    "page",
    metavar="PAGE",
    help="List what differs between a saved copy of impact.com's help page and this table.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def columns_command(names: tuple[str, ...], page: str | None, as_json: bool) -> int:
    """Print the reference of the columns: all 51, or those NAMED.

    With --compare, the exit status is 1 if the published format changed.
    """
    if page is not None:
        return _compare(Path(page), as_json)
    columns = [spec.BY_NAME[_known(name)] for name in names] or list(spec.COLUMNS)
    if as_json:
        shared.print_json([_as_dict(column) for column in columns])
        return 0
    width = max(len(column.name) for column in columns)
    for column in columns:
        need = "required" if column.required else "optional"
        click.echo(f"{column.name:{width}}  {need}  {column.published_type}")
        click.echo(f"{'':{width}}  {column.description}")
        for label, text in _details(column):
            click.echo(f"{'':{width}}  {label}: {text}")
    return 0


def _compare(page: Path, as_json: bool) -> int:
    from callconv_kit.model.errors import InputError
    from callconv_kit.model.published_page import differences

    try:
        text = page.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(
            "unreadable",
            f"The saved page {page} can't be read",
            str(error.strerror),
            "a saved copy of the help page, as text or HTML",
            "Check its name and your permission to read it.",
        ) from None
    found = differences(text)
    if as_json:
        shared.print_json([difference._asdict() for difference in found])
        return 1 if found else 0
    if not found:
        click.echo("The page describes the same 51 columns.")
    for column, what, ours, theirs in found:
        sides = f"here: {ours or '(nothing)'}; on the page: {theirs or '(nothing)'}"
        click.echo(f"{column}: {what} {sides}")
    return 1 if found else 0


def _details(column: spec.Column) -> list[tuple[str, str]]:
    details = [("example", column.example)]
    if column.allowed:
        details.append(("one of", ", ".join(column.allowed)))
    if column.limit is not None:
        details.append(("at most", f"{column.limit} characters"))
    if column.default is not None:
        details.append(("empty is taken for", column.default))
    wrong = "the row is rejected" if column.rejects_row else "the cell is emptied, with a warning"
    details.append(("a wrong cell", wrong))
    return details


def _as_dict(column: spec.Column) -> dict[str, object]:
    return {
        "name": column.name,
        "kind": column.kind.value,
        "published_type": column.published_type,
        "required": column.required,
        "default": column.default,
        "allowed": list(column.allowed),
        "limit": column.limit,
        "rejects_row": column.rejects_row,
        "description": column.description,
        "example": column.example,
    }


def _known(name: str) -> str:
    from callconv_kit.model.names import spec_column

    column = spec_column(name)
    if column is None:
        raise shared.unknown_name(
            "unknown_column",
            f"There is no column {name!r} in the format",
            name,
            spec.NAMES,
            expected="one of the 51 published names",
            otherwise="`callconv columns` lists them all.",
        )
    return column


@click.command("settings", epilog="Example: callconv settings timezone connection.host")
@click.argument("names", nargs=-1)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a job, for editors.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def settings_command(names: tuple[str, ...], schema: bool, as_json: bool) -> int:
    """Show what the settings of a job file mean: all of them, or those NAMED.

    A table, such as connection, shows its settings too.
    """
    from callconv_kit.job import reference

    if schema:
        shared.print_json(reference.schema())
        return 0
    chosen = [setting for name in names for setting in _settings(name)]
    chosen = chosen or list(reference.settings().values())
    if as_json:
        keys = ("name", "text", "values", "default", "example")
        shared.print_json([{key: getattr(setting, key) for key in keys} for setting in chosen])
    else:
        click.echo("\n\n".join(reference.as_text(setting) for setting in chosen))
    return 0


def _settings(name: str) -> "list[Setting]":
    from callconv_kit.job.reference import settings

    known = settings()
    found = [entry for key, entry in known.items() if key == name or key.startswith(f"{name}.")]
    if not found:
        raise shared.unknown_name(
            "unknown_setting",
            f"There is no setting {name!r}",
            name,
            known,
            expected="a key of callconv.toml",
            otherwise="`callconv settings` lists them all.",
        )
    return found


@click.command("template", epilog="Example: callconv template calls.csv")
@click.argument("file", required=False)
@click.option("--example", is_flag=True, help="With two rows of example data.")
@shared.now_option("The examples' calls took place the day before.")
def template_command(file: str | None, example: bool, now: str | None) -> int:
    """Write an empty file with the published header, to FILE or to standard output."""
    from callconv_kit.run.typed import template

    text = template(example=example, now=now)
    if file is None:
        click.echo(text, nl=False)
        return 0
    path = Path(file)
    shared.fail_if_exists(path)
    with shared.output_of(path):
        path.write_text(text, encoding="utf-8", newline="\n")
    click.echo(f"Wrote {path}")
    return 0


@click.command("explain", epilog="Example: callconv explain status_needed")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def explain_command(name: str, as_json: bool) -> int:
    """Explain NAME: a code of a finding or an error, a rule of change, or an exit status.

    It says what NAME means, gives an example, and says what to do.
    """
    facts = _facts(name)
    if as_json:
        shared.print_json({"name": name, **facts})
        return 0
    lines = [f"{name}: {facts['meaning']}"]
    lines += [
        f"  {label.replace('_', ' ')}: {facts[label]}"
        for label in ("effect", "example", "what_to_do")
        if facts.get(label)
    ]
    click.echo(wrapped("\n".join(lines), sys.stdout, indent="    "))
    return 0


def _facts(name: str) -> dict[str, str]:
    from callconv_kit.model.codes import CODES, RULES
    from callconv_kit.model.examples import (
        CODE_EXAMPLES,
        ERROR_CODES,
        RULE_EXAMPLES,
        STATUS_EXAMPLES,
        shown,
    )

    if name.isdigit() and int(name) in EXIT_STATUSES:
        example, what_to_do = STATUS_EXAMPLES[int(name)]
        return {"meaning": EXIT_STATUSES[int(name)], "example": example, "what_to_do": what_to_do}
    if name in CODES:
        code = CODES[name]
        return {
            "meaning": code.problem,
            "effect": code.effect,
            "example": CODE_EXAMPLES[name],
            "what_to_do": code.what_to_do,
        }
    if name in RULES:
        before, after = map(shown, RULE_EXAMPLES[name])
        return {
            "meaning": RULES[name],
            "example": f"{before} → {after}",
            "what_to_do": "Nothing, if the new value is right. `callconv prepare --audit` writes "
            "every changed cell to changes.parquet.",
        }
    from callconv_kit.delivery.fault_texts import explained

    if name in (errors := ERROR_CODES | explained()):
        meaning, statuses, what_to_do = errors[name]
        return {"meaning": meaning, "effect": _ends(statuses), "what_to_do": what_to_do}
    raise shared.unknown_name(
        "unknown_code",
        f"There is no code, rule or exit status {name!r}",
        name,
        (*CODES, *RULES, *errors),
        expected="a code from rejected.csv or an error, such as phone_invalid",
        otherwise="docs/reference/codes.md lists them all.",
    )


def _ends(statuses: str) -> str:
    """What `4 or 5` means."""
    ends = "; or ".join(EXIT_STATUSES[int(status)] for status in statuses.split(" or "))
    return f"exit status {statuses}: {ends}"
