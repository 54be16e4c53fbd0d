"""Files and folders that hold calls: readable by their owner alone, whatever the umask says.

Folders that were there before keep their mode. A work folder holds what a run writes until it is
finished; a marker in it says whose it is, so that a later run can remove what a killed one left.
"""

import contextlib
import json
import os
import platform
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

Readers: TypeAlias = Literal["owner", "group"]
"""Who may read, beside the owner: nobody, or the files' group."""

FILE_MODES: dict[Readers, int] = {"owner": 0o600, "group": 0o640}
FOLDER_MODES: dict[Readers, int] = {"owner": 0o700, "group": 0o750}

WORK_PREFIX = ".callconv-"
MARKER = "owner.json"

SKEW = 2.0
"""Seconds by which the system's account of a process's start may differ from the marker's."""


def make_folder(path: Path, readers: Readers = "owner") -> None:
    """Make a folder, and those above it that are missing, with the mode for these readers."""
    missing = [path]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=FOLDER_MODES["owner"])
            _set_mode(folder, FOLDER_MODES[readers])
    path.mkdir(exist_ok=True)  # says so where a file has this name


def set_readers(path: Path, readers: Readers = "owner") -> None:
    """Give a file the mode for these readers."""
    _set_mode(path, FILE_MODES[readers])


def _set_mode(path: Path, mode: int) -> None:
    # Disks without modes (FAT, some network mounts) refuse; who mounted them decides who reads.
    with contextlib.suppress(PermissionError, NotImplementedError):
        path.chmod(mode)


def create(path: Path) -> None:
    """An empty file that only its owner can read; FileExistsError where there is one."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODES["owner"]))
    _set_mode(path, FILE_MODES["owner"])


@contextlib.contextmanager
def replacing(path: Path, readers: Readers = "owner") -> Iterator[Path]:
    """An empty file to write; it takes the place of `path` at the end of a block without errors."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        create(partial)
        yield partial
        set_readers(partial, readers)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str, readers: Readers = "owner") -> None:
    """Write a text file, whole under its name or as it was before."""
    with replacing(path, readers) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


# -- work folders ----------------------------------------------------------------------------------


def work_path(parent: Path) -> Path:
    """A name in `parent` for a work folder that is not made yet."""
    return parent / f"{WORK_PREFIX}{secrets.token_hex(6)}"


def begin_work(path: Path) -> None:
    """Make a work folder with its marker, and remove abandoned ones beside it."""
    remove_abandoned(path.parent)
    path.mkdir(mode=FOLDER_MODES["owner"])
    _set_mode(path, FOLDER_MODES["owner"])
    marker = {"host": _host(), "pid": os.getpid(), "started": time.time()}
    (path / MARKER).write_text(json.dumps(marker), encoding="utf-8")
    set_readers(path / MARKER)


@contextlib.contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """A work folder in `parent` while the block runs."""
    path = work_path(parent)
    begin_work(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def remove_abandoned(parent: Path) -> None:
    """Remove work folders in `parent` that processes of this host left when they were killed.

    The marker decides, never the name: a folder without one, or of another host, stays.
    """
    for path in parent.glob(f"{WORK_PREFIX}*"):
        if path.is_dir() and not path.is_symlink() and _is_abandoned(path / MARKER):
            shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(marker: Path) -> bool:
    try:
        kept = json.loads(marker.read_text(encoding="utf-8"))
        host, pid, started = str(kept["host"]), int(kept["pid"]), float(kept["started"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if host != _host() or pid == os.getpid():
        return False
    import psutil

    try:
        # A process that began after the marker was written is another one with the same number.
        return bool(psutil.Process(pid).create_time() > started + SKEW)
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def _host() -> str:
    """The machine, and on Linux its space of process numbers: containers may share a name."""
    with contextlib.suppress(OSError):
        return f"{platform.node()} {Path('/proc/self/ns/pid').readlink()}"
    return platform.node()
