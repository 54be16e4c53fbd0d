"""`callconv check` and `callconv docs`."""

from typing import Any

import click

from callconv_kit.cli import shared

DEFAULT_SUITE = "-"


@click.command("check", epilog="Example: callconv check callconv-out/ready.csv")
@click.argument("file")
@click.option(
    "--suite",
    is_flag=False,
    flag_value=DEFAULT_SUITE,
    default=None,
    metavar="[SUITE.json]",
    help="Run Great Expectations instead: the stored suite, or one of your own.",
)
@click.option(
    "--job",
    metavar="FILE",
    help="The job file: its anonymous_callers, phone_format and expect_rows apply.",
)
@shared.now_option("Judge the age of calls as of this time; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def check_command(
    file: str, suite: str | None, job: str | None, now: str | None, as_json: bool
) -> int:
    """Validate a file that should be ready; change nothing.

    Whatever `prepare` would change is an error here. Exit status: 0, or 1 when an error is found.
    """
    if suite is not None:
        return _check_by_suite(file, None if suite == DEFAULT_SUITE else suite, job, as_json)
    shared.tune_process()
    from callconv_kit.run.check import check

    checked = check(file, job, now=now)
    if not checked.summary["rows_read"]:
        click.echo("callconv: warning: the file has a header but no rows.", err=True)
    if as_json:
        shared.print_json(checked.summary)
    else:
        _show(checked.summary)
    return checked.exit_status


def _check_by_suite(file: str, suite: str | None, job: str | None, as_json: bool) -> int:
    from callconv_kit.suite import validate

    with shared.progress(as_json, [file]) as progress:
        validation = validate(file, suite, job=job, progress=progress)
    if as_json:
        shared.print_json(validation.as_dict())
    else:
        click.echo(validation.as_text())
    return validation.exit_status


def _show(summary: dict[str, Any]) -> None:
    from callconv_kit.model.codes import SHOWN_FIRST
    from callconv_kit.writing.wording import code_of

    verdict = "not ready" if summary["errors"] else "ready"
    click.echo(
        f"{summary['file']}: {verdict}. {summary['rows_read']:,} rows, "
        f"{summary['errors']:,} errors, {summary['warnings']:,} warnings."
    )
    for finding in sorted(summary["findings"], key=lambda each: each["code"] not in SHOWN_FIRST):
        entry = code_of(finding)
        about = f"{finding['column']}: " if finding["column"] else ""
        click.echo(
            f"  {finding['severity']:7} {finding['rows']:>6,} × {about}{entry.problem} "
            f"({finding['code']})"
        )
        for example in finding["examples"][:3]:
            value = f" {example['value']!r}" if example["value"] else ""
            # A file of an archive is named; the only file of the input is named above.
            of = (
                "" if example["source_file"] == summary["file"] else f" of {example['source_file']}"
            )
            click.echo(f"            line {example['source_line']}{of}{value}")


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

    They show the suite, and its result for each FILE. Validations of earlier calls with the same
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
