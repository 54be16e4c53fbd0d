"""`callconv docs`."""

import click

from callconv_kit.cli import shared


@click.command("docs", epilog="Example: callconv docs callconv-out/ready.csv --out docs-out")
@click.argument("files", nargs=-1, metavar="[FILE]…")
@click.option("--out", required=True, metavar="DIR", help="Made if missing.")
@click.option("--suite", metavar="SUITE.json", help="A suite of your own; none: the kit's.")
@shared.now_option("When the files were judged.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
def docs_command(
    files: tuple[str, ...], out: str, suite: str | None, now: str | None, quiet: bool
) -> int:
    """Write Data Docs of Great Expectations, which open without a network.

    They show the suite, and what it says of each FILE. Validations of earlier calls with the same
    DIR stay in it, and its index.html lists them all; phone numbers are masked. Exit status: 0; 1
    when a file fails; 2 when the suite can't be judged.
    """
    from callconv_kit import suite as suites

    validations = []
    for file in files:
        with shared.progress(quiet, [file]) as progress:
            validations.append(suites.validate(file, suite, progress=progress))
    index = suites.docs(out, *validations, suite=suite, now=now)
    if not quiet:
        for validation in validations:
            click.echo(validation.headline)
        click.echo(f"Open {index}")
    return max((validation.exit_status for validation in validations), default=0)
