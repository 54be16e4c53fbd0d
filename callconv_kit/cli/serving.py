"""`callconv mock-server` and `callconv workbench`."""

import click


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


@click.command("workbench", epilog="Example: callconv workbench calls.csv")
@click.argument("file", required=False)
@click.option("--no-browser", is_flag=True, help="Print the address; open nothing.")
@click.option("--port", default=0, help="The port; 0: a free one.")
def workbench_command(file: str | None, no_browser: bool, port: int) -> int:
    """Open the workbench notebook in JupyterLab, on a copy of its own."""
    from callconv_kit.widgets.lab import serve

    return serve(file, open_browser=not no_browser, port=port)
