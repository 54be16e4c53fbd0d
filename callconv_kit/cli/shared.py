"""What several commands share: the options that mirror the job file, and how runs are shown."""

import atexit
import gc
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from callconv_kit.job import Connection, Job
    from callconv_kit.model.errors import CallConvError, UsageError
    from callconv_kit.run.pipeline import Progress
    from callconv_kit.run.prepared import Prepared
    from callconv_kit.run.settling import SentCalls

F = TypeVar("F", bound=Callable[..., Any])

JOB_FILE = "callconv.toml"


PROCESS_SETTINGS = {
    "MIMALLOC_PURGE_DELAY": "-1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
"""Environment variables of the packages below; what the user has set stays."""

LARGE, IDLE = 32 << 20, 256 << 20
"""Bytes up to which memory comes from the heap, and that may be free at its top: for `mallopt`."""


COLLECT_AFTER = 300_000
"""New objects after which Python looks for cycles: by default 700, and imports make 130,000."""


def tune_process() -> None:
    """Set up a process that is all ours; to be called before numpy, pyarrow and pydantic come.

    Memory that blocks of rows took is kept for the next ones: by default the allocators of C and
    Arrow give it back after each block, and the system clears every page of it again, a tenth of a
    long run. No threads wait for linear algebra, no package is searched for plugins of pydantic,
    and Python seldom looks for cycles, at its end not at all: a fifth of a short run.
    """
    gc.set_threshold(COLLECT_AFTER, 50, 50)
    atexit.register(gc.freeze)
    for name, value in PROCESS_SETTINGS.items():
        os.environ.setdefault(name, value)
    if sys.platform == "linux":
        import ctypes

        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc has it, musl does not
        if mallopt is not None:
            trim_threshold, mmap_threshold = -1, -3
            mallopt(mmap_threshold, LARGE)
            mallopt(trim_threshold, IDLE)


def job_options(command: F) -> F:
    """The options that mirror the job file; they win over it."""
    options = (
        click.option("--job", metavar="FILE", help="The job file."),
        click.option("--preset", metavar="NAME", help="A vendor's export; see callconv presets."),
        click.option(
            "--timezone",
            metavar="ZONE",
            help="Time zone of times that name none, such as America/New_York.",
        ),
        click.option(
            "--constant",
            "constants",
            multiple=True,
            metavar="COLUMN=VALUE",
            help="One value for every row; repeatable.",
        ),
        click.option(
            "--column",
            "columns",
            multiple=True,
            metavar='COLUMN="SOURCE"',
            help='Use one of your columns for one of impact.com\'s: CallerId="From"; repeatable.',
        ),
        click.option("--day-first", is_flag=True, help="03/04 is 3 April."),
        click.option("--month-first", is_flag=True, help="03/04 is March 4."),
        now_option("Judge the age of calls as of this time; default: now."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _time(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """The text of an option, which must be a date and a time in ISO 8601."""
    try:
        if value is not None:
            datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is not a time. Write ISO 8601, such as 2026-11-20T09:30:00-05:00."
        ) from None
    return value


def now_option(text: str) -> Callable[[F], F]:
    """The option `--now`, with this help."""
    return click.option("--now", metavar="TIME", callback=_time, help=text)


OPTIONS = {
    "preset": "--preset",
    "timezone": "--timezone",
    "[constants]": "--constant",
    "[columns]": "--column",
    "date_order": "--day-first or --month-first",
    "now": "--now",
}
"""Where a job says what an option says."""


def settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as keywords of a Job; those not given are left to the job file.

    Raises:
        UsageError: an option is wrong; it is named as it was given.
    """
    from callconv_kit.job import Job, pairs

    given = {name: value for name, value in options.items() if value not in (None, (), False)}
    orders = [order for order in ("day_first", "month_first") if given.pop(order, False)]
    if len(orders) > 1:
        raise click.UsageError("--day-first and --month-first exclude each other. Give one.")
    if orders:
        given["date_order"] = orders[0].replace("_", "-")
    for name, option in (("constants", "--constant"), ("columns", "--column")):
        if name in given:
            given[name] = pairs(option, given[name])
    Job.check_options(given, OPTIONS)
    return given


def job_of(path: str | None, **overrides: Any) -> "Job":
    """The job of a file, else of ./callconv.toml.

    Raises:
        UsageError: there is none.
    """
    from callconv_kit.job import Job
    from callconv_kit.model.errors import UsageError

    if path is None and not Path(JOB_FILE).exists():
        raise UsageError(
            "no_job",
            "No job was named",
            f"no {JOB_FILE} in this folder",
            f"--job FILE, or {JOB_FILE} here",
            "Write one with `callconv init FILE`.",
        )
    return Job.load(path or JOB_FILE, **overrides)


def connection_of(job: "Job") -> "Connection":
    """Where the job delivers to.

    Raises:
        UsageError: it does not say.
    """
    from callconv_kit.model.errors import UsageError

    if job.connection is None:
        raise UsageError(
            "no_connection",
            "The job has no [connection]",
            "",
            "the server to upload to",
            'Add it to the job file: [connection], then host = "…", user = "…", directory = "…", '
            'password_from = "env:CALLCONV_PASSWORD".',
        )
    return job.connection


def unknown_name(
    code: str, what: str, name: str, known: Iterable[str], *, expected: str, otherwise: str
) -> "UsageError":
    """The error for a name that a command does not know: the nearest one, else where all are.

    Args:
        code: of the error.
        what: the problem, such as `There is no setting 'x'`.
        name: as it was given.
        known: all names.
        expected: what a name is, where none is near.
        otherwise: the next step, where none is near.
    """
    from callconv_kit.model.errors import UsageError
    from callconv_kit.model.names import nearest

    like = nearest(name, known)
    next_step = f'Did you mean "{like}"?' if like else otherwise
    return UsageError(code, what, "", "" if like else expected, next_step)


def existing(file: str) -> Path:
    """The path of a file that is there.

    Raises:
        InputError: it is not.
    """
    from callconv_kit.model.errors import InputError

    path = Path(file)
    if not path.is_file():
        raise InputError(
            "unreadable", f"There is no file {file}", "", "", "Check the name and the folder."
        )
    return path


@contextmanager
def sent_calls(job: "Job", wanted: bool) -> "Iterator[SentCalls | None]":
    """The job's ledger, where it is wanted."""
    if not wanted:
        yield None
        return
    from callconv_kit.delivery.ledger import Ledger

    with Ledger.if_begun(job) as ledger:
        yield ledger


@contextmanager
def progress(silent: bool, inputs: Sequence[str]) -> "Iterator[Progress | None]":
    """A progress bar where a terminal watches."""
    if silent or not sys.stderr.isatty():
        yield None
        return
    from callconv_kit.cli import terminal
    from callconv_kit.run.streaming import expected_rows

    with terminal.progress(expected=expected_rows(inputs)) as shown:
        yield shown


def show_run(prepared: "Prepared", folder: Path | str | None) -> None:
    """What a run came to, for a person, and the commands that may come next."""
    from callconv_kit.cli import terminal
    from callconv_kit.writing.wording import Commands

    commands = None
    if isinstance(folder, Path):  # no command opens what is at an address
        commands = Commands(_again(folder), _upload(folder))
    terminal.show(prepared.summary, folder=folder, commands=commands)


CORRECTED = "corrected.csv"
"""The copy of rejected.csv that a person corrects."""


def _again(folder: Path) -> str:
    """The command that was given, with the corrected rows."""
    given = click.get_current_context().obj or ("prepare",)
    kept = [
        part for before, part in pairwise(("", *given))
        if "--fixes" not in (before, part) and not part.startswith("--fixes=")
    ]  # fmt: skip
    return shlex.join(["callconv", *kept, "--fixes", str(folder / CORRECTED)])


def _upload(folder: Path) -> str:
    job = click.get_current_context().params.get("job")
    return shlex.join(
        ["callconv", "upload", str(folder / "ready.csv"), *(["--job", job] if job else [])]
    )


def print_json(document: Any, problem: "CallConvError | None" = None) -> None:
    """A JSON document on standard output; `error` first where there is a problem."""
    from callconv_kit.writing.summary import as_json

    printed = {"error": problem.as_dict(), **document} if problem is not None else document
    click.echo(as_json(printed), nl=False)


@contextmanager
def output_of(path: Path) -> Iterator[None]:
    """Turns the system's errors on writing a file into words.

    Raises:
        InputError: `output_failed`.
    """
    from callconv_kit.writing.output import output_failed

    try:
        yield
    except OSError as error:
        raise output_failed(path, error) from error


def fail_if_exists(path: Path) -> None:
    """Raise UsageError rather than overwrite a file."""
    from callconv_kit.model.errors import UsageError

    try:
        exists = path.exists()
    except OSError as error:
        from callconv_kit.writing.output import output_failed

        raise output_failed(path, error) from error
    if exists:
        raise UsageError(
            "file_exists",
            f"{path} exists already",
            "",
            "a new name",
            "Name another file, or move that one away.",
        )
