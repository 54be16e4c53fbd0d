"""`callconv run`, `results`, `trace`: the nightly job, and the results of its calls."""

import json
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callconv_kit.cli import shared

if TYPE_CHECKING:
    from callconv_kit.delivery.job_run import JobRun


@click.command("run", epilog="Example: callconv run jobs/*.toml --json")
@click.argument("jobs", nargs=-1)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON line for each job; the log goes to standard error.",
)
@click.option("--force", is_flag=True, help="Send although far more was rejected than usual.")
@click.option(
    "--require-approval",
    is_flag=True,
    help="Send only what someone approved with callconv approve.",
)
@click.option("--wait", type=float, default=0.0, help="Seconds to wait for another run.")
@shared.now_option("The clock; default: the real one.")
@click.option(
    "--notify-command",
    default="",
    metavar="COMMAND",
    help="Gets the JSON line of each job that did not end with 0 on its standard input. No shell "
    "runs it.",
)
@click.option("--quiet", is_flag=True, help="Log errors only.")
def run_command(
    jobs: tuple[str, ...],
    as_json: bool,
    force: bool,
    require_approval: bool,
    wait: float,
    now: str | None,
    notify_command: str,
    quiet: bool,
) -> int:
    """Run the nightly job: prepare each job's input, upload new rows, and record them.

    JOBS are job files; without one, ./callconv.toml. If it runs twice, it still delivers each row
    once. The exit status is the worst of all jobs.
    """
    shared.tune_process()
    from callconv_kit.delivery.nightly import Night, worst
    from callconv_kit.run.prepared import clock_of, prepare

    logging.basicConfig(
        level=logging.ERROR if quiet else logging.INFO,
        format="%(asctime)s level=%(levelname)s %(message)s",
    )
    night = Night(
        partial(prepare, audit=True, keep_findings=False, workers=None),
        now=clock_of(now) if now else None,
        wait=wait,
        force=force,
        require_approval=require_approval,
        notify=notify_command,
        on_done=_print_json if as_json else _print,
    )
    runs = night.run(Path(job) for job in jobs or (shared.JOB_FILE,))
    return worst(runs)


def _print_json(run: "JobRun") -> None:
    click.echo(json.dumps(run.as_dict(), ensure_ascii=False))


def _print(run: "JobRun") -> None:
    counts = ", ".join(
        f"{number:,} {name.removeprefix('rows_')}" for name, number in run.rows.items()
    )
    click.echo(f"{run.job}: {run.state.replace('_', ' ')}" + (f" ({counts})" if counts else ""))
    for warning in run.warnings:
        click.echo(f"  {warning}")
    if run.error is not None:
        click.echo(f"callconv: the job {run.job}: {run.error}", err=True)
    for line in run.sums.lines if run.sums else ():
        click.echo(f"  {line}")
    if run.folder is not None:
        click.echo(f"  {run.folder}")


@click.command("results", epilog="Example: callconv results --fix-file refused.csv")
@click.option("--job", metavar="FILE", help="The job file; else ./callconv.toml.")
@click.option("--from", "from_file", metavar="FILE", help="An export of impact.com's screens.")
@click.option("--fix-file", metavar="FILE", help="Write the refused calls as a rejected.csv.")
@click.option("--line-offset", type=int, help="The server's line numbers minus ours.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def results_command(
    job: str | None,
    from_file: str | None,
    fix_file: str | None,
    line_offset: int | None,
    as_json: bool,
) -> int:
    """Read back which calls the server refused, and why.

    A call without an error is unconfirmed: the server names refused calls only. That a call was
    accepted shows only in impact.com's actions.
    """
    from callconv_kit.delivery import refused_rows
    from callconv_kit.delivery import results as reading_back
    from callconv_kit.delivery.ledger import Ledger
    from callconv_kit.model.errors import UsageError

    full_job = shared.job_of(job)
    with Ledger.of_job(full_job, create=False) as ledger:
        if from_file is not None:
            outcome = reading_back.results_from(
                ledger, shared.existing(from_file), line_offset=line_offset
            )
        elif full_job.results is not None:
            outcome = reading_back.results(
                ledger, full_job.results, line_offset=line_offset, on_wait=_say_wait
            )
        else:
            raise UsageError(
                "no_results",
                "The job has no [results]",
                "",
                "account_sid and token_from under [results]",
                "Add the table, or name an export of the screens: --from FILE.",
            )
    written = 0
    if fix_file is not None:
        shared.fail_if_exists(Path(fix_file))
        written = refused_rows.write_fix_file(outcome, Path(fix_file))
    if as_json:
        shared.print_json(outcome.as_dict())
        return 0
    click.echo(
        f"{outcome.refused:,} refused, {outcome.unconfirmed:,} unconfirmed, "
        f"{outcome.confirmed:,} confirmed"
    )
    for reason, count in outcome.reasons.most_common():
        click.echo(f"  {count:>7,} × {reason}")
    if fix_file is not None:
        click.echo(f"{written:,} refused calls are in {fix_file}")
    for line in outcome.forecast.lines:
        click.echo(line)
    return 0


def _say_wait(reason: str, seconds: float) -> None:
    """Say that the results API makes us wait, and how long."""
    click.echo(
        f"callconv: the results API answered {reason}; next try in {seconds:.0f} s (Ctrl-C stops)",
        err=True,
    )


@click.command("trace", epilog="Example: callconv trace 00F7-1A2B3C4D5E6F")
@click.argument("session")
@click.option("--job", metavar="FILE", help="The job file; else ./callconv.toml.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def trace_command(session: str, job: str | None, as_json: bool) -> int:
    """Follow one call, by its CallSessionId, from its source line to its outcome.

    Exit status: 0, or 1 when no run and no delivery knows the call.
    """
    from callconv_kit.delivery.ledger import Ledger
    from callconv_kit.delivery.trace import trace

    full_job = shared.job_of(job)
    runs = sorted((full_job.folder / "runs").glob("*/*/"))
    if full_job.ledger_path.exists():
        with Ledger.of_job(full_job, create=False) as ledger:
            found = trace(session, ledger, runs)
    else:
        found = trace(session, None, runs)
    known = 0 if found.sendings or found.asides else 1
    if as_json:
        shared.print_json(found.as_dict())
        return known
    for line in found.lines:
        click.echo(line)
    return known
