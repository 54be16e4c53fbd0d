"""Errors of a ledger. Each of them stops delivery: exit 4, nothing was sent."""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from callconv_kit.model.errors import DeliveryError

_RENEW = (
    "Restore it from a backup, then run `callconv status --catch-up`, which enters what the "
    "archive and the records of the runs know. If there is no backup, `callconv status "
    "--new-ledger` sets it aside and begins an empty one: calls that were sent before may then be "
    "sent again."
)


@contextlib.contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Say in our words what SQLite or the system says about the ledger."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "readonly" in text or "unable to open" in text:
            raise read_only(path, text) from error
        if "locked" in text or "busy" in text:
            raise _error("ledger_busy", "The ledger is busy", path, text, "Try again.") from error
        if "no such table" in text:
            raise damaged(path, "it lacks a table") from error
        raise _error(
            "ledger_failed",
            "The ledger can't be written",
            path,
            text,
            "Check the free space of its disk; nothing more is sent until it works.",
        ) from error
    except (sqlite3.DatabaseError, ValueError) as error:
        raise damaged(path, str(error)) from error
    except PermissionError as error:
        raise read_only(path, error.strerror or str(error)) from error
    except OSError as error:
        raise _error(
            "ledger_failed",
            "The ledger can't be used",
            path,
            error.strerror or str(error),
            "Check its folder and the free space of its disk.",
        ) from error


def missing(path: Path) -> DeliveryError:
    """There is no ledger, and none may be created."""
    return _error(
        "ledger_missing",
        "Nothing has been uploaded from here yet: there is no ledger",
        path,
        "no such file",
        "Upload a file with `callconv upload`, or check `ledger` in the job.",
    )


def lost(path: Path) -> DeliveryError:
    """There was one."""
    return _error(
        "ledger_lost",
        "The ledger is gone, and with it the memory of what was sent",
        path,
        "traces of a ledger beside it, but not its file",
        _RENEW,
    )


def damaged(path: Path, how: str) -> DeliveryError:
    """It can't be read. It stays where it is, untouched."""
    return _error("ledger_damaged", "The ledger is damaged", path, how, _RENEW)


def older(path: Path, found: str) -> DeliveryError:
    """Somebody put an older copy, or another ledger, in its place."""
    return _error(
        "ledger_older",
        "The ledger does not know of everything that was sent: it is an older copy, or another one",
        path,
        found,
        "Run `callconv status --catch-up`: it enters what the archive and the records of the runs "
        "know. Nothing was sent.",
    )


def newer(path: Path, version: int) -> DeliveryError:
    """A later version of the kit wrote it."""
    return _error(
        "ledger_newer",
        "The ledger was written by a later version of callconv-kit",
        path,
        f"format {version}",
        "Upgrade callconv-kit.",
    )


def read_only(path: Path, how: str) -> DeliveryError:
    """What is sent could not be remembered."""
    return _error(
        "ledger_read_only",
        "The ledger can't be written, so what is sent could not be remembered",
        path,
        how,
        "Correct the owner or mode of the ledger and its folder. Nothing was sent.",
    )


def clock_behind(path: Path, last: str, now: datetime) -> DeliveryError:
    """The clock of this machine has gone back."""
    return _error(
        "clock_behind",
        "This machine's clock is behind the ledger's last entry",
        path,
        f"the clock says {now.isoformat(timespec='seconds')}, the last entry {last}",
        "Set the clock right (or `--now`); the dates in the ledger would be wrong otherwise.",
    )


def _error(code: str, problem: str, path: Path, found: str, next_step: str) -> DeliveryError:
    return DeliveryError(code, problem, f"{path}: {found}", "", next_step)
