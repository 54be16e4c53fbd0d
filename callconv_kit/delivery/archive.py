"""The exact bytes that were sent, compressed, kept beside the ledger."""

import contextlib
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from callconv_kit.writing import private
from callconv_kit.writing.private import Readers

BLOCK = 1 << 20


def keep(source: Path, folder: Path, number: int, name: str, readers: Readers = "owner") -> str:
    """Compress `source` into the archive; the name of its file there.

    Raises:
        OSError: the archive can't be written.
    """
    private.make_folder(folder, readers)
    target = folder / f"{number:06d}_{_plain(name)}.zst"
    partial = target.with_suffix(".tmp")
    partial.unlink(missing_ok=True)
    try:
        private.create(partial)
        with source.open("rb") as file, pa.CompressedOutputStream(str(partial), "zstd") as out:
            shutil.copyfileobj(file, out, BLOCK)
        private.set_readers(partial, readers)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target.name


@contextlib.contextmanager
def opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    """The archived bytes, as they were sent.

    Raises:
        FileNotFoundError: it was not kept, or its time was up.
    """
    if not (folder / name).is_file():
        raise FileNotFoundError(name)
    with pa.CompressedInputStream(str(folder / name), "zstd") as stream:
        yield stream


def expired(ended: datetime, now: datetime, keep_days: int) -> bool:
    """Whether the time of a file is up; 0 days is for ever."""
    return keep_days > 0 and now - ended > timedelta(days=keep_days)


def discard(folder: Path, name: str) -> None:
    """Remove one file of the archive."""
    (folder / name).unlink(missing_ok=True)


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)[:150]
