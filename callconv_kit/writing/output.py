"""The folder of a run's files: temporary names while it runs, final names at its end.

A killed run leaves nothing half-written under a final name; `ready.csv` is renamed last, so where
it is, all other files are complete.
"""

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from callconv_kit.model.errors import InputError, UsageError
from callconv_kit.model.names import is_windows_device, without_file_scheme
from callconv_kit.writing import private
from callconv_kit.writing.private import Readers

READY, REJECTED, LEFT_OUT = "ready.csv", "rejected.csv", "left_out.csv"
SUMMARY, REPORT, CHANGES = "summary.json", "report.html", "changes.parquet"
REJECTED_XLSX, READY_LINES = "rejected.xlsx", "ready_lines.parquet"
NAMES = (REJECTED, REJECTED_XLSX, LEFT_OUT, SUMMARY, REPORT, CHANGES, READY_LINES, READY)
"""Every name that a run writes, in the order of the renames."""


class OutputFolder:
    """The folder that a run writes to."""

    def __init__(self, path: Path, readers: Readers = "owner") -> None:
        """Name the folder.

        Raises:
            UsageError: no folder can have this name.
        """
        device = sys.platform == "win32" and any(map(is_windows_device, path.parts))
        if "\0" in str(path) or device:
            raise UsageError(
                "output_name",
                "The output folder has a name that no folder can have",
                repr(str(path)),
                "a path",
                "Name another output folder.",
            )
        self.path = path
        self.work = private.work_path(path)
        self._readers = readers

    def refuse_inputs_within(self, inputs: Sequence[str | Path]) -> None:
        """Raise UsageError where an input lies under a name that the run will write."""
        for item in inputs:
            source = Path(without_file_scheme(str(item)))
            clash = [
                name for name in NAMES if source.absolute() == (self.path / name).absolute()
            ] or [name for name in NAMES if _are_one_file(source, self.path / name)]
            if clash:
                named = "on standard input" if str(item) == "-" else str(source)
                raise input_is_output(named, str(self.path / clash[0]))

    def begin(self) -> None:
        """Make the folder, and remove the ready.csv of an earlier run.

        Raises:
            InputError: `output_failed`.
        """
        with writing(self.path):
            private.make_folder(self.path, self._readers)
            (self.path / READY).unlink(missing_ok=True)
            private.begin_work(self.work)

    def finish(self, *, with_ready: bool) -> None:
        """Give the written files their final names; those of an earlier run go."""
        with writing(self.path):
            for name in NAMES:
                written = self.work / name
                if written.exists() and (with_ready or name != READY):
                    private.set_readers(written, self._readers)
                    written.replace(self.path / name)
                else:
                    (self.path / name).unlink(missing_ok=True)

    def clean_up(self) -> None:
        """Remove temporary files, whatever happened."""
        with contextlib.suppress(OSError):
            shutil.rmtree(self.work)


def input_is_output(named: str, place: str) -> UsageError:
    """The error for an input at the place of an output."""
    return UsageError(
        "input_is_output",
        f"The input {named} is the file that this run would write",
        place,
        "an input elsewhere, or another output folder",
        "Move or rename the input, or name another output folder.",
    )


class writing:  # noqa: N801 # reads as a word: with writing(path): …
    """Turns the system's errors on writing into InputError `output_failed`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise output_failed(self._path, error) from error


def output_failed(path: Path, error: OSError) -> InputError:
    """The error for output that can't be written, in words."""
    blocking = next((each for each in (path, *path.parents) if _is_file(each)), None)
    if error.errno == errno.ENAMETOOLONG:
        return InputError(
            "output_failed",
            f"The output can't be written to {str(path)[:80]}…",
            os.strerror(errno.ENAMETOOLONG),
            "a shorter name",
            "Name another output folder.",
        )
    if blocking is not None:
        return InputError(
            "output_failed",
            f"The output can't be written to {path}",
            f"{blocking} is a file",
            "a folder, which is made if it is missing",
            "Name another output folder; the file was left as it is.",
        )
    return InputError(
        "output_failed",
        f"The output can't be written to {path}",
        error.strerror or str(error),
        "a folder that you may write to, with free space",
        "Free some space or name another output folder, and run it again; nothing was left "
        "half-written.",
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, or a folder that may not be looked into
        return False


def _are_one_file(one: Path, other: Path) -> bool:
    try:
        if str(one) == "-":
            return os.path.samestat(os.fstat(sys.stdin.fileno()), other.stat())
        return one.samefile(other)
    except (OSError, ValueError):  # one is missing, or can't be the name of a file
        return False
