"""What stops the work, as one small tree.

    CallConvError
    ├── UsageError     wrong usage, or a wrong job file                          exit 2
    ├── InputError     the input can't be used, or the output can't be written   exit 3
    └── DeliveryError  the file was not delivered; safe to run again             exit 4
        └── OutcomeUnknown  it is unknown whether the file arrived; a person decides  exit 5

Bad data in a row is a finding, not an exception: see `callconv_kit.model.codes`. Each error says
what is wrong, what was found, what would be right and what to do next. It carries a code, and the
exit status that the command uses.
"""

import os
from pathlib import Path
from typing import ClassVar


class CallConvError(Exception):
    """Something that a person can put right.

    Attributes:
        code: a stable word for programs, such as `no_header`.
        problem: what is wrong, in the words of the person's own data.
        found: the offending value, masked where it is personal; may be empty.
        expected: what would have been right; may be empty.
        next_step: what to do now.
        exit_status: the exit status with which a command ends, from 2 to 5.
    """

    exit_status: ClassVar[int] = 70

    def __init__(self, code: str, problem: str, found: str, expected: str, next_step: str) -> None:
        # All go to args: a worker process can then pickle the error back to its parent.
        super().__init__(code, problem, found, expected, next_step)
        self.code = code
        self.problem = problem
        self.found = found
        self.expected = expected
        self.next_step = next_step

    def __str__(self) -> str:
        found = f" Found: {self.found.removesuffix('.')}." if self.found else ""
        expected = f" Expected: {self.expected.removesuffix('.')}." if self.expected else ""
        # The name that was probably meant comes first: the list of all names may be long.
        if self.next_step.startswith("Did you mean"):
            return f"{self.problem}. {self.next_step}{found}{expected}"
        return f"{self.problem}.{found}{expected} {self.next_step}".strip()

    def as_dict(self) -> dict[str, str]:
        """The error as the `--json` output shows it under `error`."""
        return {
            "code": self.code,
            "problem": self.problem,
            "found": self.found,
            "expected": self.expected,
            "next_step": self.next_step,
        }


class UsageError(CallConvError):
    """Wrong usage or a wrong job: nothing was read and nothing was written."""

    exit_status = 2


class InputError(CallConvError):
    """The input can't be used, or the output can't be written: there is no ready.csv."""

    exit_status = 3


class DeliveryError(CallConvError):
    """The file was not delivered. Running the delivery again is safe."""

    exit_status = 4


class OutcomeUnknown(DeliveryError):
    """Whether the file arrived cannot be known from here. A person decides."""

    exit_status = 5


def wrong_type(name: str, value: object, expected: str, next_step: str) -> UsageError:
    """The error for an argument of a type that a function does not take.

    The value itself is not shown: it may hold calls.
    """
    kind = type(value).__qualname__
    return UsageError("wrong_type", f"{name} has the wrong type", kind, expected, next_step)


def as_path(name: str, value: object) -> Path:
    """An argument that must be a path.

    Raises:
        UsageError: `wrong_type`, or `bad_path` for a text that cannot be a path.
    """
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        raise wrong_type(name, value, "a path", "Pass a text or a pathlib.Path.")
    text = str(os.fspath(value))
    if not text or "\0" in text:
        raise UsageError(
            "bad_path", f"{name} is not a path", repr(text)[:80], "a path", "Correct the path."
        )
    return Path(text)


def not_installed(
    code: str, feature: str, missing: ImportError | str, extra: str, otherwise: str = ""
) -> UsageError:
    """The error for a feature whose packages are in an extra that is not installed.

    Args:
        code: of the error.
        feature: begins the sentence, such as "Reading results".
        missing: the failed import, or what is missing.
        extra: of callconv-kit, which installs it.
        otherwise: what to do instead, such as "use `callconv results --from FILE`".
    """
    name = missing if isinstance(missing, str) else missing.name or str(missing)
    return UsageError(
        code,
        f"{feature} needs packages that are not installed",
        f"{name.partition('.')[0]} is missing",
        f"callconv-kit with its extra {extra}",
        f"Run pip install 'callconv-kit[{extra}]'{', or ' * bool(otherwise)}{otherwise}.",
    )


def current_folder() -> Path:
    """The folder in which the program runs.

    Raises:
        InputError: `no_folder`: it was deleted.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise no_folder() from error


def no_folder() -> InputError:
    """The error for a current folder that was deleted."""
    return InputError(
        "no_folder",
        "The current folder no longer exists",
        "",
        "a folder that exists",
        "Change to another folder (cd), and run it again.",
    )


def system_fault(error: OSError) -> InputError:
    """The error for what the operating system refused, where nothing more is known of it."""
    try:
        Path.cwd()
    except OSError:
        return no_folder()
    place = f"{error.filename}: " if error.filename else ""
    return InputError(
        "system_error",
        "The operating system refused to read or write",
        f"{place}{error.strerror or error}",
        "files and folders that you may use, and free disk space",
        "Correct that, and run it again.",
    )
