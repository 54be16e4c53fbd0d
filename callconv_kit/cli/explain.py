"""`callconv explain`: what a code, a rule or an exit status means, offline."""

import click

from callconv_kit.cli import shared
from callconv_kit.cli.main import EXIT_STATUSES


@click.command("explain", epilog="Example: callconv explain status_needed")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def explain_command(name: str, as_json: bool) -> int:
    """Explain NAME: a code, a rule of change, or an exit status.

    It says what NAME means, gives an example, and says what to do.
    """
    facts = _facts(name)
    if as_json:
        shared.print_json({"name": name, **facts})
        return 0
    click.echo(f"{name}: {facts['meaning']}")
    for label in ("effect", "example", "what_to_do"):
        if facts.get(label):
            click.echo(f"  {label.replace('_', ' ')}: {facts[label]}")
    return 0


def _facts(name: str) -> dict[str, str]:
    from callconv_kit.model.codes import CODES, RULES
    from callconv_kit.model.examples import CODE_EXAMPLES, RULE_EXAMPLES, shown

    if name.isdigit() and int(name) in EXIT_STATUSES:
        return {"meaning": EXIT_STATUSES[int(name)]}
    if name in CODES:
        code = CODES[name]
        return {
            "meaning": code.problem,
            "effect": code.effect,
            "example": CODE_EXAMPLES[name],
            "what_to_do": code.remedy,
        }
    if name in RULES:
        before, after = map(shown, RULE_EXAMPLES[name])
        return {"meaning": RULES[name], "example": f"{before} → {after}"}
    raise shared.unknown_name(
        "unknown_code",
        f"There is no code, rule or exit status {name!r}",
        name,
        (*CODES, *RULES),
        expected="a code from rejected.csv, such as phone_invalid",
        otherwise="docs/reference/codes.md lists them all.",
    )
