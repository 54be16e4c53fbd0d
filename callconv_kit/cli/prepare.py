"""`callconv prepare`."""

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callconv_kit.cli import shared

if TYPE_CHECKING:
    from callconv_kit.job import Job
    from callconv_kit.run.prepared import Prepared


@click.command(
    "prepare", epilog="Example: callconv prepare calls.csv --job callconv.toml --out out/"
)
@click.argument("inputs", nargs=-1)
@shared.job_options
@click.option(
    "--out",
    "out",
    default="callconv-out",
    show_default=True,
    help="Folder to write to, or an address such as s3://bucket/out.",
)
@click.option(
    "--fixes", metavar="FILE", help="A corrected rejected.csv; its rows replace the originals."
)
@click.option(
    "--audit",
    is_flag=True,
    help="Also write changes.parquet (every changed cell) and ready_lines.parquet (where ready "
    "rows came from).",
)
@click.option(
    "--rejected-as",
    type=click.Choice(["csv", "xlsx"]),
    default="csv",
    help="xlsx: rejected.xlsx as well, all cells as text.",
)
@click.option("--ledger", is_flag=True, help="Leave out calls that were already uploaded.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that read the inputs, large files in stretches. Default: one for each 256 MiB "
    "of input, at most one for every two cores. The files come out the same.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Dask scheduler whose workers read the inputs, such as tcp://10.0.0.5:8786. The files "
    "come out the same.",
)
@click.option("--dry-run", is_flag=True, help="Report only; write no file.")
@click.option("--json", "as_json", is_flag=True, help="Print summary.json, nothing else.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def prepare_command(
    inputs: tuple[str, ...],
    job: str | None,
    out: str,
    fixes: str | None,
    audit: bool,
    rejected_as: str,
    ledger: bool,
    workers: int | None,
    cluster: str | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> int:
    """Clean and check an export.

    Writes ready.csv (what can be uploaded), rejected.csv (rows to correct), left_out.csv,
    summary.json and report.html. INPUTS are files, or - for standard input. If you name none, the
    job's input is read.

    Exit status: 0 nothing was rejected, 1 some rows were, 2 wrong usage or job, 3 the input can't
    be used.
    """
    shared.tune_process()
    from callconv_kit import scale
    from callconv_kit.job import Job
    from callconv_kit.run.cluster import shown_folder
    from callconv_kit.run.prepared import prepare

    settings = shared.settings(options)
    full_job = Job.from_keywords(job, **settings)
    if not (as_json or quiet):
        _name_job(job)
    if not (as_json or quiet or fixes):
        _name_preset(full_job, inputs)
    with (
        shared.sent_calls(full_job, ledger) as sent,
        shared.progress(as_json or quiet, inputs) as progress,
        scale.connected(cluster) as client,
    ):
        if client is not None and not client.nthreads():
            click.echo("callconv: the cluster has no workers yet; waiting for one.", err=True)
        prepared = prepare(
            list(inputs) or None,
            full_job,
            out=out,
            dry_run=dry_run,
            ledger=sent,
            fixes=fixes,
            audit=audit,
            rejected_as=rejected_as,
            progress=progress,
            workers=workers,
            client=client,
            keep_findings=False,
        )
    if as_json:
        shared.print_json(prepared.summary, prepared.problem)
    elif not quiet:
        shared.show_run(prepared, None if dry_run else shown_folder(out))
        _foretell(prepared)
    if not prepared.summary["rows_read"] and prepared.problem is None:
        click.echo("callconv: warning: the input holds a header but not one row.", err=True)
    if prepared.problem is not None and not as_json:
        click.echo(f"callconv: {prepared.problem}", err=True)
    return prepared.exit_status


WORKBOOK_LIMIT = 5_000_000
"""Bytes; opening a larger workbook a second time would take seconds."""


def _name_job(job: str | None) -> None:
    """Say that a job is here but was not named: its settings do not apply."""
    if job is None and Path(shared.JOB_FILE).is_file():
        click.echo(
            f"callconv: {shared.JOB_FILE} in this folder is not used. To use it, add "
            f"--job {shared.JOB_FILE}",
            err=True,
        )


def _name_preset(job: "Job", inputs: tuple[str, ...]) -> None:
    """Say which preset knows the export, where the job names none."""
    first = Path(inputs[0]) if inputs else None
    if job.preset is not None or first is None:
        return
    from callconv_kit.reading.sources import kind_of, shown_name

    # Standard input and pipes can be read only once.
    if not stat.S_ISREG(kind_of(first)):
        return
    if first.suffix.lower() in (".xlsx", ".xlsm") and first.stat().st_size > WORKBOOK_LIMIT:
        return
    from callconv_kit.profiling.opening import recognized

    fit = recognized(first, job)
    if fit is not None:
        click.echo(
            f"{shown_name(first.name)} looks like an export of {fit.title} ({fit.form}): "
            f'add --preset {fit.preset}, or preset = "{fit.preset}" to the job.\n'
        )


def _foretell(prepared: "Prepared") -> None:
    """The forecast for the ready rows under the job's [contract], before anything is sent."""
    if prepared.forecast is None:
        return
    click.echo("\nUnder the contract")
    for line in prepared.forecast.lines:
        click.echo(f"  {line}")
