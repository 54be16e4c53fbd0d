"""Where bytes come from: a path, a compressed path, standard input.

A source can be opened again, since the duplicates found at the end of a run are read a second time;
standard input is therefore kept in a temporary file first.
"""

import gzip
import hashlib
import io
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from callconv_kit.errors import InputError

GZIP_MAGIC = b"\x1f\x8b"


class Hashed(io.RawIOBase):
    """A stream that hashes what passes through it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # io's stub says Buffer
        """Fill `buffer`, and hash what came."""
        count = self._stream.readinto(buffer)  # type: ignore[attr-defined] # every file has it
        self.sha256.update(buffer[:count])
        return int(count)


@dataclass(slots=True)
class Source:
    """One input file.

    name: how rows name it in `source_file`.
    path: where its bytes are.
    sha256: of the file as it lies there; known when a stream has been read to its end.
    """

    name: str
    path: Path
    sha256: str = ""
    _spool: BinaryIO | None = field(default=None, repr=False)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The bytes from their start, decompressed.

        Raises:
            InputError: `unreadable`: it is missing, a folder, or not allowed; or a damaged archive.
        """
        try:
            with self._raw() as raw:
                hashed = Hashed(raw)
                stream = io.BufferedReader(hashed, 1 << 20)
                if stream.peek(2)[:2] == GZIP_MAGIC:
                    yield gzip.GzipFile(fileobj=stream)  # type: ignore[misc] # reads like one
                else:
                    yield stream
                if not stream.read(1):
                    self.sha256 = hashed.sha256.hexdigest()
        except (OSError, EOFError, zlib.error) as error:
            raise unreadable(self.name, error) from error

    @contextmanager
    def _raw(self) -> Iterator[BinaryIO]:
        if self._spool is not None:
            self._spool.seek(0)
            yield self._spool
            return
        with self.path.open("rb", buffering=0) as raw:
            yield raw


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


def find(inputs: Sequence[str | Path]) -> list[Source]:
    """One source for each input; `-` is standard input.

    A source is named by its file name alone where that tells the inputs apart, so that outputs
    are the same on every machine.
    """
    paths = [Path(item) for item in inputs]
    base_names = [path.name for path in paths]
    sources = []
    for path in paths:
        if str(path) == "-":
            sources.append(_standard_input())
        else:
            unique = base_names.count(path.name) == 1
            sources.append(Source(path.name if unique else str(path), path))
    return sources


def _standard_input() -> Source:
    # Closed by the garbage collector with its source: it lives as long as rows may be read again.
    spool = tempfile.TemporaryFile()  # noqa: SIM115 # outlives this function on purpose
    shutil.copyfileobj(sys.stdin.buffer, spool)
    return Source("-", Path("-"), _spool=spool)
