"""`callconv demo` and `callconv mock-server`: the commands that start the mock."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from callconv_kit.demo import Demo

SHOWN_ACTIONS = 5


@click.command("demo", epilog="Example: callconv demo")
@click.argument("folder", default="callconv-demo")
def demo_command(folder: str) -> int:
    """Try everything once on this machine; nothing leaves it.

    Prepares a bundled, messy export and uploads it over FTP to a mock of the import server. Prints
    the counts, what was changed, what was rejected and why, and the pending actions on the server.
    The files stay in FOLDER.
    """
    from rich.console import Console

    from callconv_kit.demo import run

    show(run(Path(folder)), Console())
    return 0


def show(demo: "Demo", console: "Console") -> None:
    """The rows read, what became of them, and the pending actions on the server."""
    from rich.table import Table
    from rich.text import Text

    from callconv_kit.cli import terminal

    terminal.show(demo.prepared.summary, console, folder=demo.folder / "out")
    receipt = demo.receipt
    console.print()
    console.print(
        f"Uploaded {receipt.rows:,} rows as {receipt.name}: {receipt.state.value}.", highlight=False
    )
    partners = Counter(action.cells["MediaId"] for action in demo.pending_actions)
    table = Table(
        title=f"{len(demo.pending_actions):,} pending actions on the mock server",
        title_justify="left",
        title_style="bold",
    )
    for heading in ("Line", "Partner", "Event date", "Session", "Talk (s)"):
        table.add_column(heading)
    for action in demo.pending_actions[:SHOWN_ACTIONS]:
        cells = action.cells
        names = ("MediaId", "EventDate", "CallSessionId", "TalkDuration")
        table.add_row(str(action.line), *(Text(cells[name]) for name in names))
    console.print(table)
    counts = ", ".join(f"partner {name}: {count}" for name, count in sorted(partners.items()))
    refused = f"In all, {counts}; refused by the server: {len(demo.errors)}."
    for line in (refused, f"Look at {demo.folder / 'out' / 'report.html'}"):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


@click.command(
    "mock-server",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def mock_server_command(arguments: tuple[str, ...]) -> int:
    """Run the mock of the import server; takes the options of `python -m mock_server`."""
    from mock_server.__main__ import main

    return main(list(arguments))
