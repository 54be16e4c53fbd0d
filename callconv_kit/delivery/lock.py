"""One run at a time: a lock that dies with its process.

Not the package filelock: on a disk that can't lock it goes on with a file that outlives a killed
run, and it takes a refusal (EACCES) for another holder and waits.
"""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from callconv_kit.delivery.fault_texts import delivery_error
from callconv_kit.model.errors import DeliveryError
from callconv_kit.writing import private
from callconv_kit.writing.private import Readers

PAUSE = 0.2
"""Seconds between two tries."""


@contextlib.contextmanager
def locked(
    path: Path,
    *,
    wait: float = 0.0,
    readers: Readers = "owner",
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Hold the lock file while the block runs.

    Args:
        path: the lock file; made if missing, never removed, so that no two runs lock two files.
        wait: seconds to wait for another run to end.
        readers: who may read the folder, where it is made here.
        sleep: handed in by tests.

    Raises:
        DeliveryError: `busy`: another run holds it; `ledger_read_only`: the file can't be
            written; `ledger_cannot_lock`: its disk can't lock files.
    """
    try:
        private.make_folder(path.parent, readers)
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise DeliveryError(
            "ledger_read_only",
            "The ledger's folder can't be written, so what is sent could not be remembered",
            f"{path.parent}: {error.strerror}",
            "a folder that this user may write",
            "Correct the folder's owner or mode, or set `ledger` in the job.",
        ) from error
    try:
        tries = 1 + int(wait / PAUSE)
        while not _taken(file, path):
            tries -= 1
            if not tries:
                raise delivery_error(
                    "busy",
                    f"{path} is held by process {_holder(file)}",
                    "one run at a time",
                )
            sleep(PAUSE)
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, str(os.getpid()).encode())
        yield
    finally:
        os.close(file)  # the system gives the lock back, after a kill as well


def _taken(file: int, path: Path) -> bool:
    """Take the lock; False where another process holds it."""
    try:
        _take(file)
    except OSError as error:
        if error.errno in HELD:
            return False
        # ENOLCK, ENOSYS, EOPNOTSUPP, EIO, EACCES: network and FUSE mounts, mostly.
        raise delivery_error(
            "ledger_cannot_lock",
            f"{path}: {error.strerror or error} (errno {error.errno})",
            "a disk that locks files, such as a local one",
        ) from error
    return True


def _holder(file: int) -> str:
    try:
        os.lseek(file, 0, os.SEEK_SET)
        return os.read(file, 20).decode("ascii", "replace") or "unknown"
    except OSError:
        return "unknown"


if sys.platform == "win32":
    import msvcrt

    HELD = frozenset({errno.EACCES, errno.EDEADLK, 36})
    """How Windows says that another process holds the byte (36: EDEADLOCK there)."""

    def _take(file: int) -> None:
        # Far behind the process id, which others may read.
        os.lseek(file, 1 << 20, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    HELD = frozenset({errno.EAGAIN, errno.EWOULDBLOCK})
    """How a Unix says that another process holds the lock."""

    def _take(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
