"""Where bytes come from: a path, standard input, an address; decompressed on the way.

A source can be opened again, and by two readers at once, since the duplicates found at the end of
a run are read a second time; standard input and named pipes are therefore kept in a temporary file
first.
"""

import contextlib
import errno
import gzip
import hashlib
import io
import os
import stat
import sys
import tempfile
import unicodedata
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast
from urllib.parse import urlsplit

from callconv_kit.model.errors import InputError, UsageError, not_installed
from callconv_kit.model.names import nearest

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
BUFFER = 1 << 20

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


class Unpacked(io.RawIOBase):
    """A stream that is unpacked on the way; what damage raises becomes a sentence."""

    def __init__(self, name: str, stream: BinaryIO) -> None:
        self._name, self._stream = name, stream

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # io's stub says Buffer
        """Fill `buffer`.

        Raises:
            InputError: `unreadable`: the packed bytes are damaged.
        """
        try:
            data = self._stream.read(len(buffer))
        except InputError:
            raise
        except Exception as error:  # each kind of compression raises its own errors
            raise damaged(self._name, error) from error
        buffer[: len(data)] = data
        return len(data)


class Source:
    """One input file.

    name: how rows name it in `source_file`.
    sha256: of the file as it lies there; known when it has been read to its end. A later reading
        ends where the first one did, and finds another hash if the file has changed: what was
        added behind is not a change.
    shared: whether a copy in another process opens the same bytes, at any place of them.
    """

    def __init__(self, name: str, opening: Opening, *, shared: bool = False) -> None:
        self.name = name
        self.sha256 = ""
        self.shared = shared
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
        with self._errors_in_words(), self._opening() as raw:
            if not hashing:
                yield self._decompressed(io.BufferedReader(cast(io.RawIOBase, raw), BUFFER))
                return
            self.sha256 = ""
            hashed = Hashed(raw, self._size)
            stream = io.BufferedReader(hashed, BUFFER)
            yield self._decompressed(stream)
            if not stream.read(1):
                self.sha256, self._size = hashed.sha256.hexdigest(), hashed.size

    @contextmanager
    def seekable(self) -> Iterator[BinaryIO]:
        """The same, for formats that are read from their end: spooled to disk where need be.

        Raises:
            InputError: `unreadable`.
        """
        with self._errors_in_words(), self._opening() as raw:
            # A file in an archive is not seekable: each step back would unpack from its start.
            if raw.seekable():
                head = raw.read(len(ZSTD_MAGIC))
                raw.seek(0)
                if not head.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
                    yield raw
                    return
        with self.open() as stream, _spool(self.name) as spool:
            _keep(self.name, stream, spool)
            spool.seek(0)
            yield spool

    def plain_size(self) -> int | None:
        """Bytes of a file that can be read from any place on; None where it can't, or is packed.

        Raises:
            InputError: `unreadable`.
        """
        with self._errors_in_words(), self._opening() as raw:
            if not self.shared or not raw.seekable():
                return None
            head = raw.read(len(ZSTD_MAGIC))
            return None if head.startswith((GZIP_MAGIC, ZSTD_MAGIC)) else raw.seek(0, io.SEEK_END)

    def stamp(self) -> tuple[object, ...] | None:
        """The file's identity where it is stored: while it is the same, the file is unchanged.

        None if the storage has none. At an address it is the mark that the storage gives to each
        content; a time alone could be that of another file of the same second.

        Raises:
            InputError: `unreadable`.
        """
        with self._errors_in_words(), self._opening() as raw:
            try:
                about = os.fstat(raw.fileno())
            except (AttributeError, io.UnsupportedOperation):
                return _mark_at_address(raw)
            return about.st_ino, about.st_size, about.st_mtime_ns

    def read_through(self) -> None:
        """Read to the end, so that `sha256` is known."""
        with self._errors_in_words(), self._opening() as raw:
            hashed = Hashed(raw, self._size)
            while hashed.read(BUFFER):
                pass
            self.sha256, self._size = hashed.sha256.hexdigest(), hashed.size

    @contextmanager
    def _errors_in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unreadable(self.name, error) from error

    def _decompressed(self, stream: "io.BufferedReader[Any]") -> BinaryIO:
        head = stream.peek(len(ZSTD_MAGIC))
        if head.startswith(GZIP_MAGIC):
            packed = cast(BinaryIO, gzip.GzipFile(fileobj=stream))
        elif head.startswith(ZSTD_MAGIC):
            import pyarrow as pa

            packed = pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd")
        else:
            return cast(BinaryIO, stream)
        return io.BufferedReader(Unpacked(self.name, packed), BUFFER)


def shown_name(text: str) -> str:
    r"""A name of a file as text: bytes that are not UTF-8, and control characters, as `\xE9`."""
    return "".join(
        _shown(char) if unicodedata.category(char) in NOT_SHOWN else char for char in text
    )


NOT_SHOWN = {"Cc", "Cs", "Zl", "Zp"}


def _shown(char: str) -> str:
    code = ord(char)
    if code in range(0xDC80, 0xDD00):  # how Python keeps a byte that is not UTF-8 in a path
        code -= 0xDC00
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}"


def damaged(name: str, error: Exception) -> InputError:
    """The error for packed bytes that can't be unpacked."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return InputError(
        "unreadable",
        f"{name} can't be unpacked: it is damaged, or cut short",
        reason,
        "a whole file",
        "Export or copy it again.",
    )


def _nearest_beside(path: object) -> str:
    """The file of the same folder whose name is most like a path's; "" for none."""
    if not isinstance(path, str | bytes | os.PathLike):
        return ""
    missing = Path(os.fsdecode(path))
    try:
        beside = [each.name for each in missing.parent.iterdir() if each.is_file()]
    except OSError:
        return ""
    near = nearest(missing.name, beside, cutoff=0.6)
    return shown_name(str(missing.with_name(near))) if near else ""


def unreadable(name: str, error: Exception) -> InputError:
    """The error for a file that can't be read."""
    if isinstance(error, FileNotFoundError):
        near = _nearest_beside(error.filename)
        next_step = f'Did you mean "{near}"?' if near else "Check the name and the folder."
        return InputError("unreadable", f"There is no file {name}", "", "", next_step)
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
    if isinstance(error, ValueError) or getattr(error, "errno", None) in {
        errno.ENAMETOOLONG,
        errno.EINVAL,
        errno.ELOOP,
        errno.ENOTDIR,
    }:
        shown = name if len(name) <= LONGEST_SHOWN else name[:LONGEST_SHOWN] + "…"
        return InputError(
            "unreadable",
            f"{shown} can't be the name of a file",
            reason,
            "a path",
            "Check the name.",
        )
    return InputError(
        "unreadable", f"{name} can't be read", reason, "a whole file", "Export or copy it again."
    )


LONGEST_SHOWN = 80
"""Characters of a name that can't be one."""


def local(name: str, path: Path) -> Source:
    """A file on this machine; what can be read only once is kept in a temporary file.

    Raises:
        InputError: `unreadable`: it is a device; `output_failed`: the temporary folder is full.
    """
    kind = kind_of(path)
    if stat.S_ISFIFO(kind):
        try:
            with path.open("rb") as pipe:
                return _kept(name, pipe)
        except OSError as error:
            raise unreadable(name, error) from error
    if stat.S_ISBLK(kind) or (stat.S_ISCHR(kind) and path.resolve() != Path(os.devnull)):
        raise InputError(
            "unreadable",
            f"{name} is a device",
            "",
            "a file",
            "Name a file, or - for standard input.",
        )

    return Source(name, partial(_open_path, name, path), shared=True)


@contextmanager
def _open_path(name: str, path: Path) -> Iterator[BinaryIO]:
    try:
        raw = path.open("rb", buffering=0)
    except ValueError as error:  # a NUL in the name
        raise unreadable(shown_name(name), error) from error
    with raw:
        yield cast(BinaryIO, raw)


def kind_of(path: Path) -> int:
    """What lies at a path, as `stat.S_ISREG` and its kin read it; 0 where nothing can be seen."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0


def standard_input() -> Source:
    """What comes in, kept in a temporary file as long as the source lives.

    Raises:
        InputError: `unreadable`: it is closed; `output_failed`: the temporary folder is full.
    """
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None or stream.closed:
        raise InputError(
            "unreadable",
            "There is no standard input",
            "",
            "data that is piped in",
            "Pipe the export in, or name its file.",
        )
    try:
        return _kept("-", stream)
    except OSError as error:
        raise unreadable("Standard input", error) from error


def _kept(name: str, stream: BinaryIO) -> Source:
    """A source of what a stream holds: its file lives as long as the source."""
    with contextlib.ExitStack() as stack:
        try:
            handle, path = tempfile.mkstemp(prefix="callconv-input-")
        except OSError as error:
            raise _no_room(name, error) from error
        stack.callback(Path(path).unlink, missing_ok=True)
        with os.fdopen(handle, "wb", buffering=0) as spool:
            _keep(name, stream, cast(BinaryIO, spool))
        source = local(name, Path(path))
        weakref.finalize(source, stack.pop_all().close)
    return source


@contextmanager
def _spool(name: str) -> Iterator[BinaryIO]:
    try:
        spool = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 # closed below
    except OSError as error:
        raise _no_room(name, error) from error
    with spool:
        yield cast(BinaryIO, spool)


def _keep(name: str, stream: BinaryIO, spool: BinaryIO) -> None:
    """Write what a stream holds into a file without a buffer."""
    while data := stream.read(BUFFER):
        try:
            while data:
                data = data[spool.write(data) :]
        except OSError as error:
            raise _no_room(name, error) from error


def _no_room(name: str, error: OSError) -> InputError:
    what = "Standard input" if name == "-" else name
    return InputError(
        "output_failed",
        f"{what} can't be kept in the temporary folder",
        error.strerror or str(error),
        "a temporary folder that you may write to, with free space",
        "Free some space there, or name another folder in TMPDIR.",
    )


def shown_address(address: str) -> str:
    """An address without what may be secret in it: its user and its query."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def remote(name: str, address: str) -> Source:
    """A file at an address that fsspec knows to open."""
    return Source(name, partial(_open_address, name, address), shared=True)


@contextmanager
def _open_address(name: str, address: str) -> Iterator[BinaryIO]:
    with _opened(name, address) as file:
        yield file


def _opened(name: str, address: str) -> BinaryIO:
    try:
        import fsspec
    except ImportError as error:
        raise _not_installed(name, error) from error
    try:
        return cast(BinaryIO, fsspec.open(address, "rb").open())
    except ImportError as error:
        raise _not_installed(name, error) from error
    except FileNotFoundError as error:
        raise unreadable(name, error) from None
    except Exception as error:  # noqa: BLE001 # every kind of storage raises its own errors
        # The error's text may hold the address with its keys, so only its kind is shown.
        raise InputError(
            "unreadable",
            f"{name} can't be opened",
            type(error).__name__,
            "an address that you may read",
            "Check the address and your access, or copy the file here first.",
        ) from None


CONTENT_MARKS = ("ETag", "etag", "generation")
"""What storages call the mark of a content: S3 and HTTP, Azure, Google."""


def _mark_at_address(file: Any) -> tuple[object, ...] | None:
    files, path = getattr(file, "fs", None), getattr(file, "path", None)
    if files is None or path is None:
        return None
    files.invalidate_cache()
    about = files.info(path)
    marks = [about[name] for name in CONTENT_MARKS if about.get(name)]
    return (*marks, about.get("size")) if marks else None


def _not_installed(name: str, error: ImportError) -> UsageError:
    otherwise = "copy the file here first"
    if error.name == "fsspec":
        return not_installed("not_installed", f"Opening {name}", error, "remote", otherwise)
    return UsageError(
        "not_installed",
        f"Opening {name} needs a package that is not installed",
        str(error),  # fsspec says which one
        "fsspec's package for this kind of address",
        f"Install that package, or {otherwise}.",
    )
