"""`callconv connection`."""

from typing import TYPE_CHECKING

import click

from callconv_kit.cli import shared

if TYPE_CHECKING:
    from callconv_kit.job import Connection


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
