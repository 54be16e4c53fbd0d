"""One run at a time: a lock that dies with its process."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

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
        DeliveryError: `busy`: another run holds it; or the file can't be written.
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
        while not _take(file):
            tries -= 1
            if not tries:
                raise DeliveryError(
                    "busy",
                    "Another run is delivering with this ledger",
                    f"{path} is held by process {_holder(file)}",
                    "one run at a time",
                    "Wait until it has ended, then run the same command again.",
                )
            sleep(PAUSE)
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(file)  # the system gives the lock back, after a kill as well


def _holder(file: int) -> str:
    return os.pread(file, 20, 0).decode("ascii", "replace") or "unknown"


if sys.platform == "win32":
    import msvcrt

    def _take(file: int) -> bool:
        # Far behind the process id, which others may read.
        os.lseek(file, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
