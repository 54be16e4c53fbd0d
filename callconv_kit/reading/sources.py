"""Where bytes come from: a path, standard input, an address; decompressed on the way.

A source can be opened again, and by two readers at once, since the duplicates found at the end of
a run are read a second time; standard input is therefore kept in a temporary file first.
"""

import gzip
import hashlib
import io
import os
import re
import shutil
import sys
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast
from urllib.parse import urlsplit

from callconv_kit.model.errors import InputError

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
BUFFER = 1 << 20

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|[a-z0-9]+::")

Opening: TypeAlias = Callable[[], AbstractContextManager[BinaryIO]]
"""Opens the bytes of a source as they lie, from their start."""


class Hashed(io.RawIOBase):
    """A stream that hashes what passes through it, and ends after so many bytes."""

    def __init__(self, stream: BinaryIO, limit: int | None = None) -> None:
        self._stream = stream
        self._left = limit
        self.sha256 = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # io's stub says Buffer
        """Fill `buffer`, and hash what came."""
        if self._left is not None:
            buffer = buffer[: self._left - self.size]
        count = self._stream.readinto(buffer)  # type: ignore[attr-defined] # every file has it
        self.sha256.update(buffer[:count])
        self.size += count
        return int(count)


class Source:
    """One input file.

    name: how rows name it in `source_file`.
    sha256: of the file as it lies there; known when it has been read to its end. A later reading
        ends where the first one did, and finds another hash if the file has changed: what was
        added behind is no change.
    """

    def __init__(self, name: str, opening: Opening) -> None:
        self.name = name
        self.sha256 = ""
        self._size: int | None = None
        self._opening = opening

    @contextmanager
    def open(self, *, hashing: bool = True) -> Iterator[BinaryIO]:
        """The bytes from their start, decompressed.

        Args:
            hashing: whether `sha256` is wanted of this reading; a first look can do without.

        Raises:
            InputError: `unreadable`: it is missing, a folder, not allowed, or damaged.
        """
        with self._told_in_words(), self._opening() as raw:
            if not hashing:
                yield _decompressed(io.BufferedReader(cast(io.RawIOBase, raw), BUFFER))
                return
            self.sha256 = ""
            hashed = Hashed(raw, self._size)
            stream = io.BufferedReader(hashed, BUFFER)
            yield _decompressed(stream)
            if not stream.read(1):
                self.sha256, self._size = hashed.sha256.hexdigest(), hashed.size

    @contextmanager
    def seekable(self) -> Iterator[BinaryIO]:
        """The same, for formats that are read from their end: spooled to disk where need be.

        Raises:
            InputError: `unreadable`.
        """
        with self._told_in_words(), self._opening() as raw:
            # Within an archive, each step back would unpack from the start again.
            if raw.seekable() and not isinstance(raw, zipfile.ZipExtFile):
                head = raw.read(len(ZSTD_MAGIC))
                raw.seek(0)
                if not head.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
                    yield raw
                    return
        with self.open() as stream, tempfile.TemporaryFile() as spool:
            shutil.copyfileobj(stream, spool, BUFFER)
            spool.seek(0)
            yield cast(BinaryIO, spool)

    def read_through(self) -> None:
        """Read to the end, so that `sha256` is known."""
        with self._told_in_words(), self._opening() as raw:
            hashed = Hashed(raw, self._size)
            while hashed.read(BUFFER):
                pass
            self.sha256, self._size = hashed.sha256.hexdigest(), hashed.size

    @contextmanager
    def _told_in_words(self) -> Iterator[None]:
        try:
            yield
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            raise unreadable(self.name, error) from error


def _decompressed(stream: "io.BufferedReader[Any]") -> BinaryIO:
    head = stream.peek(4)
    if head.startswith(GZIP_MAGIC):
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream))
    if head.startswith(ZSTD_MAGIC):
        import pyarrow as pa

        unpacked = pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd")
        return io.BufferedReader(unpacked, BUFFER)
    return cast(BinaryIO, stream)


def unreadable(name: str, error: Exception) -> InputError:
    """The error for a file that can't be read, in words."""
    if isinstance(error, FileNotFoundError):
        return InputError(
            "unreadable", f"There is no file {name}", "", "", "Check the name and the folder."
        )
    if isinstance(error, IsADirectoryError):
        return InputError(
            "unreadable",
            f"{name} is a folder",
            "",
            "a file",
            f"Name the files in it, such as {name}/*.csv.",
        )
    if isinstance(error, PermissionError):
        return InputError(
            "unreadable", f"{name} may not be read by you", "", "", "Ask for read access."
        )
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return InputError(
        "unreadable", f"{name} can't be read", reason, "a whole file", "Export or copy it again."
    )


def local(name: str, path: Path) -> Source:
    """A file on this machine."""

    @contextmanager
    def opening() -> Iterator[BinaryIO]:
        with path.open("rb", buffering=0) as raw:
            yield cast(BinaryIO, raw)

    return Source(name, opening)


def standard_input() -> Source:
    """What comes in, kept in a temporary file as long as the source lives."""
    handle, path = tempfile.mkstemp(prefix="callconv-stdin-")
    with os.fdopen(handle, "wb") as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool, BUFFER)
    source = local("-", Path(path))
    weakref.finalize(source, Path(path).unlink, missing_ok=True)
    return source


def is_address(text: str) -> bool:
    """Whether an input is an address that fsspec opens, such as `s3://bucket/calls.csv`."""
    return ADDRESS.match(text) is not None


def shown_address(address: str) -> str:
    """An address without what may be secret in it: its user and its query."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def remote(name: str, address: str) -> Source:
    """A file at an address that fsspec knows to open."""

    @contextmanager
    def opening() -> Iterator[BinaryIO]:
        with _opened(name, address) as file:
            yield file

    return Source(name, opening)


def _opened(name: str, address: str) -> BinaryIO:
    try:
        import fsspec
    except ImportError as error:
        raise _not_installed(name, "fsspec") from error
    try:
        return cast(BinaryIO, fsspec.open(address, "rb").open())
    except ImportError as error:
        raise _not_installed(name, str(error)) from error
    except FileNotFoundError as error:
        raise unreadable(name, error) from None
    except Exception as error:  # noqa: BLE001 # every kind of storage raises errors of its own
        # The error's text may hold the address with its keys, so only its kind is told.
        raise InputError(
            "unreadable",
            f"{name} can't be opened",
            type(error).__name__,
            "an address that you may read",
            "Check the address and your access, or copy the file here first.",
        ) from None


def _not_installed(name: str, found: str) -> InputError:
    return InputError(
        "unreadable",
        f"{name} needs a package that is not installed",
        found,
        "fsspec, and its package for this kind of address",
        "pip install 'callconv-kit[remote]', or copy the file here first.",
    )
