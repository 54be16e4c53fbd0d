"""`callconv upload`, `status`, `mark-sent`: what a person does with a delivery.

The nightly job and the results have a module of their own: `following.py`.
"""

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callconv_kit.cli import shared

if TYPE_CHECKING:
    from callconv_kit.delivery import Receipt


@click.command(
    "upload", epilog="Example: callconv upload callconv-out/ready.csv --job callconv.toml"
)
@click.argument("file")
@click.option("--job", metavar="FILE", help="The job file; else ./callconv.toml.")
@click.option("--ledger", metavar="FILE", help="Another ledger than the job's.")
@click.option(
    "--canary", type=click.IntRange(min=1), metavar="ROWS", help="Send only the first ROWS."
)
@click.option("--resend", is_flag=True, help="Send rows again whose outcome is unknown.")
@shared.now_option("The clock that names and the ledger use.")
@click.option("--json", "as_json", is_flag=True, help="Print the receipt as JSON, nothing else.")
def upload_command(
    file: str,
    job: str | None,
    ledger: str | None,
    canary: int | None,
    resend: bool,
    now: str | None,
    as_json: bool,
) -> int:
    """Upload a ready.csv to the import server, once.

    The password comes from where [connection] password_from says. Exit status: 0 delivered, 4 not
    delivered and safe to run again, 5 nobody can say: `callconv status` helps a person to decide.
    """
    from callconv_kit.delivery import upload
    from callconv_kit.delivery.attempt import Patience
    from callconv_kit.delivery.ledger import Ledger

    full_job = shared.job_of(job, **({"now": now} if now else {}))
    connection = shared.connection_of(full_job)
    clock = full_job.clock if full_job.now else None
    path = Path(ledger) if ledger else full_job.ledger_path
    with Ledger.open(path, now=clock) as opened:
        receipt = upload(
            shared.existing(file),
            connection,
            ledger=opened,
            resend=resend,
            canary=canary or 0,
            keep_days=full_job.archive.keep_days,
            now=clock,
            patience=Patience(sleep=partial(_wait, f"{connection.host} port {connection.port}")),
        )
    show_receipt(receipt, as_json=as_json)
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
    type=click.Choice(["delivered", "not-delivered"]),
    help="A person has looked: the file NAME arrived whole, or it did not.",
)
@click.option("--new-ledger", is_flag=True, help="Begin a new ledger; the old one is kept aside.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def status_command(
    name: str,
    job: str | None,
    ledger: str | None,
    settle: str | None,
    new_ledger: bool,
    as_json: bool,
) -> int:
    """Show what was delivered; settle what is unknown."""
    from callconv_kit.delivery import manual_entries
    from callconv_kit.delivery.ledger import Ledger

    path = Path(ledger) if ledger else shared.job_of(job).ledger_path
    if new_ledger:
        kept = Ledger.renew(path)
        click.echo(f"A new ledger stands at {path}" + (f"; the old one is {kept}" if kept else ""))
        return 0
    with Ledger.open(path, create=False) as opened:
        if settle is not None:
            manual_entries.settle(opened, settle == "delivered", name)
        status = manual_entries.status(opened)
    if as_json:
        shared.print_json(status.as_dict())
        return 0
    for submission in status.submissions:
        click.echo(
            f"{submission.id:>5}  {submission.started:%Y-%m-%d %H:%M}  "
            f"{submission.state.value:20} {submission.rows:>9,} rows  {submission.name}"
        )
    if not status.submissions:
        click.echo("Nothing was delivered yet.")
    for submission in status.unknown:
        click.echo(
            f"{submission.name}: unknown. Look on the server or on impact.com's side, then say "
            f"callconv status --settle delivered {submission.name}  (or not-delivered)."
        )
    return 0


@click.command("mark-sent", epilog="Example: callconv mark-sent callconv-out/ready.csv")
@click.argument("file")
@click.option("--job", metavar="FILE", help="The job file; else ./callconv.toml.")
@click.option("--ledger", metavar="FILE", help="Another ledger than the job's.")
@click.option("--name", default="", help="The name that the file got on the server.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing else.")
def mark_sent_command(
    file: str, job: str | None, ledger: str | None, name: str, as_json: bool
) -> int:
    """Tell the ledger of a file that was uploaded by hand: its rows never go again."""
    from callconv_kit.delivery import manual_entries
    from callconv_kit.delivery.ledger import Ledger

    path = Path(ledger) if ledger else shared.job_of(job).ledger_path
    with Ledger.open(path) as opened:
        receipt = manual_entries.mark_sent(shared.existing(file), opened, name=name)
    show_receipt(receipt, as_json=as_json)
    return 0
