"""Errors of a ledger. Each of them stops delivery: exit 4, nothing was sent."""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from callconv_kit.delivery.fault_texts import delivery_error
from callconv_kit.model.errors import DeliveryError


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
            raise _error("ledger_busy", path, text) from error
        if "no such table" in text:
            raise damaged(path, "it lacks a table") from error
        raise _error("ledger_failed", path, text) from error
    except (sqlite3.DatabaseError, ValueError) as error:
        raise damaged(path, str(error)) from error
    except PermissionError as error:
        raise read_only(path, error.strerror or str(error)) from error
    except OSError as error:
        raise _error("ledger_failed", path, error.strerror or str(error)) from error


def missing(path: Path) -> DeliveryError:
    """There is no ledger, and none may be created."""
    return _error("ledger_missing", path, "no such file")


def lost(path: Path) -> DeliveryError:
    """There was one."""
    return _error("ledger_lost", path, "traces of a ledger beside it, but not its file")


def damaged(path: Path, how: str) -> DeliveryError:
    """It can't be read. It stays where it is, untouched."""
    return _error("ledger_damaged", path, how)


def older(path: Path, found: str) -> DeliveryError:
    """Somebody put an older copy, or another ledger, in its place."""
    return _error("ledger_older", path, found)


def newer(path: Path, version: int) -> DeliveryError:
    """A later version of the kit wrote it."""
    return _error("ledger_newer", path, f"format {version}")


def read_only(path: Path, how: str) -> DeliveryError:
    """What is sent could not be remembered."""
    return _error("ledger_read_only", path, how)


def clock_behind(path: Path, last: str, now: datetime) -> DeliveryError:
    """The clock of this machine has gone back."""
    return _error(
        "clock_behind",
        path,
        f"the clock says {now.isoformat(timespec='seconds')}, the last entry {last}",
    )


def _error(code: str, path: Path, found: str) -> DeliveryError:
    return delivery_error(code, f"{path}: {found}")
