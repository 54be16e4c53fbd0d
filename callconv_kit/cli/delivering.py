"""`callconv connection`, `upload`, `status`, `mark-sent`: what a person does with a delivery.

The nightly job and the results are in `following.py`.
"""

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callconv_kit.cli import shared

if TYPE_CHECKING:
    from callconv_kit.delivery import Receipt
    from callconv_kit.delivery.ledger import Ledger
    from callconv_kit.delivery.manual_entries import CaughtUp, Status
    from callconv_kit.job import Connection
    from callconv_kit.writing.private import Readers

SHOWN_APPROVALS = 5
"""The latest approvals that `status` names; `status --json` has all."""


@click.command(
    "upload", epilog="Example: callconv upload callconv-out/ready.csv --job callconv.toml"
)
@click.argument("file")
@click.option("--job", metavar="FILE", help="The job file; else ./callconv.toml.")
@click.option("--ledger", metavar="FILE", help="Another ledger than the job's.")
@click.option(
    "--canary", type=click.IntRange(min=1), metavar="ROWS", help="Send only the first ROWS."
)
@click.option(
    "--resend", is_flag=True, help="Send rows again even though their outcome is unknown."
)
@click.option(
    "--require-approval",
    is_flag=True,
    help="Send only what someone approved with callconv approve.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Show what would be sent, under which name, and which rows would not; send nothing.",
)
@shared.now_option("Use this time for file names and the ledger; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the receipt as JSON, nothing else.")
def upload_command(
    file: str,
    job: str | None,
    ledger: str | None,
    canary: int | None,
    resend: bool,
    require_approval: bool,
    dry_run: bool,
    now: str | None,
    as_json: bool,
) -> int:
    """Upload a ready.csv to the import server, once.

    The password comes from where [connection] password_from says.

    Exit status: 0 delivered, 4 not delivered and safe to run again, 5 it is unknown whether the
    file arrived: see `callconv status`.
    """
    from callconv_kit.delivery import upload
    from callconv_kit.delivery.approval import requiring_approval
    from callconv_kit.delivery.attempt import Patience
    from callconv_kit.delivery.dry_run import plan
    from callconv_kit.delivery.ledger import Ledger

    full_job = shared.job_of(job, **({"now": now} if now else {}))
    connection = shared.connection_of(full_job)
    if require_approval:
        connection = requiring_approval(connection)
    clock = full_job.clock if full_job.now else None
    if dry_run:
        planned = plan(
            shared.existing(file),
            full_job,
            ledger=Path(ledger) if ledger else None,
            resend=resend,
            canary=canary or 0,
            now=clock,
        )
        if as_json:
            shared.print_json(planned.as_dict())
        for line in () if as_json else planned.lines:
            click.echo(line)
        return 0
    with (
        Ledger.open(Path(ledger), now=clock, readers=full_job.readable_by)
        if ledger
        else Ledger.of_job(full_job, now=clock)
    ) as opened:
        receipt = upload(
            shared.existing(file),
            connection,
            ledger=opened,
            resend=resend,
            canary=canary or 0,
            keep_days=full_job.archive.keep_days,
            contract=full_job.contract,
            now=clock,
            patience=Patience(sleep=partial(_wait, f"{connection.host} port {connection.port}")),
        )
    show_receipt(receipt, as_json=as_json)
    return 0


@click.command("approve", epilog="Example: callconv approve callconv-out/ --by 'Ada Lovelace'")
@click.argument("file")
@click.option("--by", default="", metavar="NAME", help="Who approves; the account is added.")
@click.option("--job", metavar="FILE", help="The job file; else ./callconv.toml.")
@click.option("--ledger", metavar="FILE", help="Another ledger than the job's.")
@shared.now_option("The clock that the ledger uses.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def approve_command(
    file: str, by: str, job: str | None, ledger: str | None, now: str | None, as_json: bool
) -> int:
    """Approve the exact bytes of a ready.csv, for teams in which two people look.

    FILE is a ready.csv or its folder. Jobs with require_approval = true under [connection] upload
    only what was approved. The ledger records who approved what, with the sums of each partner.
    """
    from callconv_kit.delivery.approval import approve
    from callconv_kit.delivery.ledger import Ledger
    from callconv_kit.run.prepared import clock_of

    path, runs, readers = _ledger_of(job, ledger)
    ready = Path(file) if Path(file).is_dir() else shared.existing(file)
    clock = clock_of(now) if now else None
    with Ledger.open(path, now=clock, runs=runs, readers=readers) as opened:
        approval = approve(ready, opened, by=by)
    if as_json:
        shared.print_json(approval.as_dict())
    for line in () if as_json else approval.lines:
        click.echo(line)
    return 0


def _wait(server: str, seconds: float) -> None:
    """Wait, and say so: a server that is silent may be tried for many minutes."""
    again = f"next try in {seconds:.0f} s (Ctrl-C stops)"
    click.echo(f"callconv: {server} did not take the connection or the file yet; {again}", err=True)
    time.sleep(seconds)


def show_receipt(receipt: "Receipt", *, as_json: bool) -> None:
    """A receipt, for a person or a program."""
    if as_json:
        shared.print_json(receipt.as_dict())
        return
    if receipt.attempts or receipt.rows:
        click.echo(
            f"{receipt.name}: {receipt.state.value.replace('_', ' ')}. {receipt.rows:,} rows, "
            f"{receipt.bytes:,} bytes, sha256 {receipt.sha256[:12]}…"
        )
    if receipt.message:
        click.echo(receipt.message)
    for code, rows in receipt.left_out.items():
        click.echo(f"  {rows:,} rows were not sent: {code}")
    for warning in receipt.warnings:
        click.echo(f"callconv: warning: {warning}", err=True)


@click.command("status", epilog="Example: callconv status --settle delivered NAME")
@click.argument("name", required=False, default="")
@click.option("--job", metavar="FILE", help="The job file; else ./callconv.toml.")
@click.option("--ledger", metavar="FILE", help="Another ledger than the job's.")
@click.option(
    "--settle",
    type=click.Choice(["delivered", "not-delivered", "partial"]),
    help="You have checked: the file NAME arrived, did not arrive, or only its first --rows did.",
)
@click.option("--rows", type=int, metavar="N", help="With --settle partial: how many arrived.")
@click.option(
    "--accept-changed",
    is_flag=True,
    help="Stop reporting calls that changed since they were sent, until they change again.",
)
@click.option(
    "--catch-up",
    is_flag=True,
    help="After restoring a ledger from a backup: add the uploads recorded since.",
)
@click.option("--new-ledger", is_flag=True, help="Begin a new ledger; the old one is kept aside.")
@click.option("--html", metavar="FILE", help="Write the status as one HTML page to FILE.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def status_command(
    name: str,
    job: str | None,
    ledger: str | None,
    settle: str | None,
    rows: int | None,
    accept_changed: bool,
    catch_up: bool,
    new_ledger: bool,
    html: str | None,
    as_json: bool,
) -> int:
    """Show what was delivered; settle unknown outcomes."""
    from callconv_kit.delivery import manual_entries
    from callconv_kit.delivery.ledger import Ledger

    if (settle == "partial") != (rows is not None):
        raise click.UsageError("--settle partial and --rows N belong together.")
    path, runs, readers = _ledger_of(job, ledger)
    if new_ledger:
        kept = Ledger.renew(path, readers=readers)
        click.echo(f"New ledger: {path}." + (f" The old one is {kept}." if kept else ""))
        return 0
    if catch_up:
        show_caught_up(manual_entries.catch_up(path, runs, readers=readers))
    with Ledger.open(path, create=False, runs=runs, readers=readers) as opened:
        if rows is not None:
            manual_entries.settle_partly(opened, rows, name)
        elif settle is not None:
            manual_entries.settle(opened, settle == "delivered", name)
        if accept_changed:
            count = opened.accept_changed()
            click.echo(f"{count:,} changed calls are not reported again.", err=as_json)
        status = manual_entries.status(opened)
        if html is not None:
            _write_page(Path(html), opened, status)
    if as_json:
        shared.print_json(status.as_dict())
    else:
        show_status(status)
    return 0


def _write_page(path: Path, ledger: "Ledger", status: "Status") -> None:
    from callconv_kit.delivery import status_page
    from callconv_kit.delivery.results import outcome

    text = status_page.page(status, outcome(ledger), now=ledger.now())
    status_page.write(path, text, ledger.readers)
    click.echo(f"The page is {path}.", err=True)


def _ledger_of(job: str | None, ledger: str | None) -> "tuple[Path, Path | None, Readers]":
    """The path of a ledger, the folder of the runs that use it, and who may read it."""
    from callconv_kit.job.settings import RUNS

    if ledger is not None:
        return Path(ledger), None, "owner"
    full_job = shared.job_of(job)
    return full_job.ledger_path, full_job.folder / RUNS, full_job.readable_by


def show_status(status: "Status") -> None:
    """What a ledger holds, and what waits for a person."""
    for submission in status.submissions:
        click.echo(
            f"{submission.id:>5}  {submission.started:%Y-%m-%d %H:%M}  "
            f"{submission.state.value:20} {submission.rows:>9,} rows  {submission.name}"
        )
    if not status.submissions:
        click.echo("Nothing was delivered yet.")
    for approval in status.approvals[-SHOWN_APPROVALS:]:
        click.echo(f"{approval.origin}: {approval.note}, {approval.rows:,} rows")
    for submission in status.unknown:
        click.echo(
            f"{submission.name}: unknown. Check on the server, or in impact.com's File "
            f"Submissions. Then run callconv status --settle delivered {submission.name}  "
            "(or not-delivered, or partial --rows N)."
        )
    if status.changed:
        click.echo(
            f"{status.changed:,} calls changed since they were sent. Correct them at impact.com or "
            "send them again with callconv upload --resend, or run callconv status "
            "--accept-changed to stop reporting them."
        )


def show_caught_up(found: "CaughtUp") -> None:
    """What a restored ledger has learned."""
    for submission in found.entered:
        click.echo(f"Entered {submission.name}: {submission.state.value.replace('_', ' ')}.")
    click.echo(f"{len(found.entered):,} submissions entered.")
    for name in found.without_keys:
        click.echo(
            f"callconv: warning: the rows of {name} can't be recognized, because neither the "
            "archive nor its run has its bytes. If you have the file, run callconv mark-sent FILE.",
            err=True,
        )
    if found.forgotten:
        click.echo(
            f"callconv: warning: {found.forgotten:,} submissions of the lost ledger left no trace; "
            "their calls may be sent again.",
            err=True,
        )


@click.command("mark-sent", epilog="Example: callconv mark-sent callconv-out/ready.csv")
@click.argument("file")
@click.option("--job", metavar="FILE", help="The job file; else ./callconv.toml.")
@click.option("--ledger", metavar="FILE", help="Another ledger than the job's.")
@click.option("--name", default="", help="The name that the file got on the server.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def mark_sent_command(
    file: str, job: str | None, ledger: str | None, name: str, as_json: bool
) -> int:
    """Record a file that you uploaded by hand, so that its calls are not sent again."""
    from callconv_kit.delivery import manual_entries
    from callconv_kit.delivery.ledger import Ledger

    path, runs, readers = _ledger_of(job, ledger)
    with Ledger.open(path, runs=runs, readers=readers) as opened:
        receipt = manual_entries.mark_sent(shared.existing(file), opened, name=name)
    show_receipt(receipt, as_json=as_json)
    return 0


@click.command("connection", epilog="Example: callconv connection --test --job callconv.toml")
@click.option("--job", metavar="FILE", help="The job file; else ./callconv.toml.")
@click.option("--test", is_flag=True, help="Connect, log in and look around; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def connection_command(job: str | None, test: bool, as_json: bool) -> int:
    """Show where the job uploads to, or test that connection.

    The test resolves the host, connects, starts TLS or SSH, logs in, changes the directory, lists
    it, and asks what the server can do. Exit status: 0 all steps worked, 4 one failed.
    """
    connection = shared.connection_of(shared.job_of(job))
    if test:
        return _test(connection, as_json)
    shown = connection.model_dump(mode="json", exclude_none=True)
    if as_json:
        shared.print_json(shown)
        return 0
    for name, value in shown.items():
        click.echo(f"{name:18} {value}")
    return 0


def _test(connection: "Connection", as_json: bool) -> int:
    from callconv_kit.delivery.connection_check import check_connection

    tested = check_connection(connection)
    status = 0 if tested.error is None else tested.error.exit_status
    if as_json:
        shared.print_json(tested.as_dict())
        return status
    for step in tested.steps:
        click.echo(f"{'ok' if step.ok else 'failed':7} {step.step:10} {step.detail}")
    if tested.error is not None:
        raise tested.error
    click.echo("The connection works. Nothing was written.")
    return 0
