"""The group of commands, and how any of them ends: exit statuses and errors in words.

A command's module is imported when the command is called, so that `callconv --help` stays quick.
"""

import importlib
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence

import click

from callconv_kit.model.errors import CallConvError

USAGE, BUG, INTERRUPTED = 2, 70, 130

COMMANDS = {
    "demo": ("demo", "See it all once: a messy export, prepared and uploaded to a mock server."),
    "inspect": ("inspecting", "Look at an export: whose it is, what it holds, what is missing."),
    "init": ("asking", "Ask a few questions, and write the job file for an export."),
    "prepare": ("prepare", "Clean and check an export; write ready.csv and what can't go."),
    "check": ("check", "Judge a file that is meant to be ready; change nothing."),
    "docs": ("docs", "Write Great Expectations Data Docs that open without a network."),
    "upload": ("delivering", "Upload a ready.csv to the import server, once."),
    "run": ("following", "The nightly job: prepare, upload, remember."),
    "status": ("delivering", "Show what was delivered; settle what is unknown."),
    "results": ("following", "Read back which calls the server refused."),
    "trace": ("following", "Follow one call from its source line to its outcome."),
    "mark-sent": ("delivering", "Tell the ledger of a file that was uploaded by hand."),
    "presets": ("presets", "List the vendors whose exports are known, or explain one."),
    "columns": ("reference", "Print the reference of the 51 columns."),
    "template": ("reference", "Write an empty file with the header."),
    "workbench": ("workbench", "Open the workbench in JupyterLab, on this machine alone."),
    "mock-server": ("serving", "Run the mock of the import server."),
}
"""Command → module of this package, and one line of help; in the order of `--help`."""


class LazyGroup(click.Group):
    """Commands that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 # click's signature
        """All commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"callconv_kit.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_") + "_command")
        return super().get_command(ctx, cmd_name) or command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 # click's signature
        """The table, without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Offer the nearest command for one that is unknown."""
        from callconv_kit.model.names import nearest

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            like = nearest(args[0], COMMANDS)
            hint = f" Did you mean {like!r}?" if like else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: callconv prepare calls.csv --constant CampaignId=1001 --out out/",
)
@click.version_option(package_name="callconv-kit", prog_name="callconv")
def group() -> None:
    """Call-tracking exports as call conversions for impact.com's FTP import."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status.

    0 all is well; 1 some rows were rejected; 2 wrong usage or job; 3 the input can't be used or
    the output can't be written; 4 not delivered, safe to run again; 5 whether it was delivered is
    unknown; 130 interrupted; 70 a bug of ours.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = group.main(given, prog_name="callconv", standalone_mode=False)
    except CallConvError as error:
        return _tell(error, given)
    except click.ClickException as error:
        return _tell_usage(error, given)
    except (KeyboardInterrupt, click.Abort):
        click.echo("callconv: interrupted; nothing was left half-written.", err=True)
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has enough of it; click exits with 1 then, which means something
        # else here.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:  # noqa: BLE001 # the last resort: a traceback helps no user
        return _tell_bug()
    return status if isinstance(status, int) else 0


def entry() -> None:
    """The console script."""
    sys.exit(main())


def _tell(error: CallConvError, given: Sequence[str]) -> int:
    if "--json" in given:
        click.echo(json.dumps({"error": error.as_dict()}, ensure_ascii=False, indent=2))
    else:
        click.echo(f"callconv: {error}", err=True)
    return error.exit_status


def _tell_usage(error: click.ClickException, given: Sequence[str]) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "callconv"
    if "--json" in given:
        told = {
            "code": "usage",
            "problem": error.format_message(),
            "found": "",
            "expected": "",
            "next_step": f"See {path} --help.",
        }
        click.echo(json.dumps({"error": told}, ensure_ascii=False, indent=2))
    else:
        click.echo(f"callconv: {error.format_message()} See `{path} --help`.", err=True)
    return USAGE


def _tell_bug() -> int:
    kind = sys.exc_info()[0]
    with tempfile.NamedTemporaryFile(
        "w", prefix="callconv-bug-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    name = kind.__name__ if kind else "error"
    click.echo(
        f"callconv: a bug of ours ({name}); the details are in {file.name}: please report it, "
        "without your data.",
        err=True,
    )
    return BUG
