"""The group of commands, and how each one ends: exit statuses and error messages.

A command's module is imported when the command is called, so that `callconv --help` stays quick.
"""

import codecs
import contextlib
import importlib
import io
import json
import os
import shutil
import sys
import tempfile
import textwrap
import traceback
from collections.abc import Sequence
from typing import Any, TextIO

import click

from callconv_kit.model.errors import CallConvError, InputError, system_fault
from callconv_kit.model.interrupts import INTERRUPTED, Interrupted, sigterm_as_ctrl_c, stop_message

USAGE, BUG = 2, 70

COMMANDS = {
    "demo": ("demo", "Try it all: prepare a messy export and upload it to a mock server."),
    "inspect": ("inspecting", "Inspect an export: vendor, columns, and what is missing."),
    "init": ("init", "Answer a few questions and write the job file for an export."),
    "workbench": ("workbench", "Open the workbench in JupyterLab on this machine."),
    "prepare": ("prepare", "Clean and validate an export; write ready.csv and rejected.csv."),
    "check": ("check", "Validate a file that should be ready; change nothing."),
    "docs": ("check", "Write Great Expectations Data Docs that open without a network."),
    "connection": ("delivering", "Test the connection to the import server; write nothing."),
    "approve": ("delivering", "Approve the exact bytes of a ready.csv before it is uploaded."),
    "upload": ("delivering", "Upload ready.csv to the import server, once."),
    "run": ("following", "Run the nightly job: prepare, upload, record in the ledger."),
    "status": ("delivering", "Show what was delivered; settle unknown outcomes."),
    "results": ("following", "Read back which calls the server refused, and why."),
    "trace": ("following", "Follow one call from its source line to its outcome."),
    "mark-sent": ("delivering", "Record a file that was uploaded by hand."),
    "columns": ("reference", "Show the 51 columns, or compare them with the published page."),
    "settings": ("reference", "Show the settings of a job file."),
    "explain": ("reference", "Explain a code, a rule or an exit status."),
    "presets": ("presets", "List the known vendors, or show one."),
    "template": ("reference", "Write an empty file with the header."),
    "mock-server": ("demo", "Run the mock import server."),
}
"""Command → module of this package, and one line of help."""

GROUPS = {
    "Start": ("demo", "inspect", "init", "workbench"),
    "Prepare": ("prepare", "check", "docs"),
    "Deliver": (
        "connection",
        "approve",
        "upload",
        "run",
        "status",
        "results",
        "trace",
        "mark-sent",
    ),
    "Look up": ("explain", "columns", "settings", "presets", "template"),
    "Test": ("mock-server",),
}
"""The commands as `callconv --help` groups them."""

EXIT_STATUSES = {
    0: "success: nothing was rejected",
    1: "some rows were rejected",
    2: "wrong usage or wrong job file",
    3: "the input can't be used, or the output can't be written",
    4: "delivery failed; it is safe to run again",
    5: "outcome unknown: the connection broke during the upload",
    70: "internal error (please report it)",
    130: "interrupted by Ctrl-C or SIGTERM while no upload was in progress",
}
"""What each exit status means."""


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

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an interrupt keeps its words, which click would drop."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise Interrupted(str(stop)) from stop
        except EOFError as error:
            # click would take it for Ctrl-D at a prompt, and say that somebody interrupted.
            raise RuntimeError("a file ended too early") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 # click's signature
        """The table, without importing a command."""
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, COMMANDS[name][1]) for name in names])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The exit statuses, and the example."""
        with formatter.section("Exit status"):
            formatter.write_dl([(str(status), text) for status, text in EXIT_STATUSES.items()])
        super().format_epilog(ctx, formatter)

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
    """Turn call-tracking exports into impact.com call-conversion uploads."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status, see `EXIT_STATUSES`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _write_in_any_encoding(given)
    try:
        status = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has enough of it; click exits with 1 then, which means something
        # else here.
        _close_standard_output()
        return 0
    except OSError as error:
        return _tell_system(error, given)
    return status


_SIGNS = {"→": "->", "…": "...", "–": "-", "␣": "_", "━": "=", "·": "-", "×": "x", "✓": "ok"}
"""Our own signs, as every command writes them where the encoding of an output lacks them."""


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """What an output's encoding lacks, as JSON escapes it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _plain(error: UnicodeError) -> tuple[str, int]:
    """The same, our own signs in plain characters."""
    if isinstance(error, UnicodeEncodeError) and error.object[error.start] in _SIGNS:
        return _SIGNS[error.object[error.start]], error.start + 1
    return _escaped(error)


def _write_in_any_encoding(given: Sequence[str]) -> None:
    """Prepare the outputs for text that their encoding lacks, such as a code page of Windows."""
    name, write = ("callconv.json", _escaped) if "--json" in given else ("callconv.plain", _plain)
    codecs.register_error(name, write)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() != "utf-8":
            stream.reconfigure(errors=name)


def _run(given: Sequence[str]) -> int:
    try:
        with sigterm_as_ctrl_c():
            status = group.main(
                list(given), prog_name="callconv", standalone_mode=False, obj=tuple(given)
            )
    except CallConvError as error:
        return _tell(error, given)
    except click.ClickException as error:
        return _tell_usage(error, given)
    except (Interrupted, KeyboardInterrupt, click.Abort) as stop:
        _say(stop_message(stop))
        return INTERRUPTED
    except SystemExit as error:
        raise BrokenPipeError from error
    except OSError:
        raise
    except Exception:  # noqa: BLE001 # the last resort: a traceback helps no user
        return _tell_bug()
    return status if isinstance(status, int) else 0


def _close_standard_output() -> None:
    """Discard the text that is still to be written: Python would try to write it at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell_system(error: OSError, given: Sequence[str]) -> int:
    """What the operating system refused, where no other module could say it better."""
    fault, where = system_fault(error), given
    if _is_of_standard_output(error):
        _close_standard_output()
        fault, where = output_failed(error), ()
    with contextlib.suppress(OSError):
        return _tell(fault, where)
    return fault.exit_status


def _is_of_standard_output(error: OSError) -> bool:
    """Whether it was raised by the modules that print."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    name = step.tb_frame.f_globals.get("__name__", "") if step is not None else ""
    return name in {__name__, "click.utils", "rich.console"}


def output_failed(error: OSError) -> InputError:
    """The error for standard output that takes nothing more."""
    return InputError(
        "output_failed",
        "Standard output can't be written",
        error.strerror or str(error),
        "a file or a terminal with free space",
        "Free some space, or redirect the output elsewhere. Files that the command wrote are "
        "complete.",
    )


def entry() -> None:
    """The console script of earlier installations; see `callconv_kit.__main__`."""
    sys.exit(main())


def _tell(error: CallConvError, given: Sequence[str]) -> int:
    if "--json" in given:
        click.echo(json.dumps({"error": error.as_dict()}, ensure_ascii=False, indent=2))
    else:
        _say(f"callconv: {error}")
    return error.exit_status


def _tell_usage(error: click.ClickException, given: Sequence[str]) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "callconv"
    if "--json" in given:
        problem = {
            "code": "usage",
            "problem": error.format_message(),
            "found": "",
            "expected": "",
            "next_step": f"See {path} --help.",
        }
        click.echo(json.dumps({"error": problem}, ensure_ascii=False, indent=2))
    else:
        _say(f"callconv: {error.format_message()} See `{path} --help`.")
    return USAGE


def _say(text: str) -> None:
    click.echo(wrapped(text, sys.stderr), err=True)


def wrapped(text: str, stream: TextIO, indent: str = "") -> str:
    """The text as it is for a pipe; for a terminal, wrapped between words.

    Args:
        text: one or several lines.
        stream: where it will be written.
        indent: begins each further line of a wrapped one.
    """
    if not stream.isatty():
        return text
    wrap = textwrap.TextWrapper(
        shutil.get_terminal_size().columns,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(wrap.fill(line) for line in text.splitlines())


def _tell_bug() -> int:
    kind = sys.exc_info()[0]
    name = kind.__name__ if kind else "error"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="callconv-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            traceback.print_exc(file=file)
        where = f"the details are in {file.name}"
    except OSError as error:
        where = f"the details could not be written ({error.strerror or error})"
    _say(f"callconv: internal error ({name}); {where}. Please report it, without your data.")
    return BUG
