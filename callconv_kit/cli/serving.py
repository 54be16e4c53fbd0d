"""`callconv mock-server`."""

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
