"""The files that inputs name, and what kind of file each is: its content decides."""

import glob
import os
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import Any

from callconv_kit.model.errors import InputError, UsageError, as_path, wrong_type
from callconv_kit.model.names import is_address
from callconv_kit.reading import archives, encoding, sources
from callconv_kit.reading.sources import BUFFER, Source


def several(items: Any) -> list[Any]:
    """What a caller gave as one input or several: paths as texts or `Path`s, and DataFrames.

    Raises:
        UsageError: `wrong_type`: one of them is neither.
    """
    listed = not (isinstance(items, str | bytes | os.PathLike | Mapping) or _is_of_pandas(items))
    given = list(items) if listed and isinstance(items, Iterable) else [items]
    return [one(item) for item in given]


def one(item: Any) -> Any:
    """What a caller gave as an input; see `several`."""
    if _is_of_pandas(item, "DataFrame"):
        return item
    if isinstance(item, str | os.PathLike):
        path = as_path("The input", item)
        return item if isinstance(item, str) else path
    raise wrong_type(
        "The input",
        item,
        "a path, `-` for standard input, or a pandas DataFrame",
        "Pass a path, or pandas.DataFrame(…) of your rows.",
    )


def _is_of_pandas(item: Any, *names: str) -> bool:
    """Whether it is a DataFrame or a Series; pandas is not imported to know that."""
    pandas = sys.modules.get("pandas")
    kinds = tuple(getattr(pandas, name) for name in names or ("DataFrame", "Series") if pandas)
    return isinstance(item, kinds)


def find(inputs: Sequence[str | Path]) -> list[Source]:
    """One source for each input; an archive is one still.

    A source is named by its file name alone where that tells the inputs apart, so that outputs
    are the same on every machine.

    Raises:
        InputError: `unreadable`: an archive is damaged or holds no such file.
    """
    places = [_Place(item) for item in inputs]
    short = [place.short for place in places]
    return [
        place.source(place.short if short.count(place.short) == 1 else place.long)
        for place in places
    ]


def can_be_opened_again(item: object) -> bool:
    """Whether an input is a file at a path: neither standard input nor a pipe, nor a frame."""
    return (
        isinstance(item, str | Path)
        and str(item) != "-"
        and not stat.S_ISFIFO(sources.kind_of(Path(item)))
    )


def matching(pattern: str) -> list[str]:
    """The files that a text of the job's input names; an address names itself.

    Raises:
        UsageError: `address_pattern`.
    """
    if not is_address(pattern):
        if os.path.exists(pattern):  # noqa: PTH110 # a name may hold brackets, as calls[1].csv
            return [pattern]
        return glob.glob(pattern)  # noqa: PTH207 # it may be absolute, which Path.glob refuses
    if "*" in pattern:
        raise UsageError(
            "address_pattern",
            "An address in the job's input is a pattern, and patterns are for files here only",
            sources.shown_address(pattern),
            "the address of one file",
            "List each file's address, or fetch the files first and name their folder here, such "
            'as input = "inbox/*.csv".',
        )
    return [pattern]


class _Place:
    """Where an input lies, and what it may be called."""

    def __init__(self, item: str | Path) -> None:
        self._text = str(item)
        self.is_address = isinstance(item, str) and is_address(item)
        if self.is_address:
            self.long = sources.shown_name(sources.shown_address(self._text))
            self.short = self.long.rstrip("/").rpartition("/")[2]
            return
        self._path, self._member = _split(Path(item))
        inside = f"/{self._member}" if self._member else ""
        self.short = sources.shown_name((self._path.name or self._text or ".") + inside)
        self.long = sources.shown_name(str(self._path) + inside)

    def source(self, name: str) -> Source:
        """The source, under this name."""
        if self._text == "-":
            return sources.standard_input()
        if self.is_address:
            return sources.remote(name, self._text)
        if self._member:
            inside = sources.shown_name(f"/{self._member}")
            archive = sources.local(name.removesuffix(inside), self._path)
            return archives.member(archive, self._member)
        return sources.local(name, self._path)


def _split(path: Path) -> tuple[Path, str]:
    """`calls.zip/july.csv` as the archive and the name of the file in it."""
    if not sources.kind_of(path):
        for parent in path.parents:
            if stat.S_ISREG(sources.kind_of(parent)):
                return parent, path.relative_to(parent).as_posix()
    return path, ""


ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
PARQUET_MAGIC = b"PAR1"
OLE_MAGIC = b"\xd0\xcf\x11\xe0"
"""Old Excel workbooks, and new ones that are encrypted, lie in this container."""
ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
HEAD = 1 << 12


class Content(Enum):
    """What a file holds."""

    TEXT = auto()
    ARCHIVE = auto()
    WORKBOOK = auto()
    JSON_LINES = auto()
    PARQUET = auto()


def look(source: Source) -> Content:
    """What a file holds, by its first bytes.

    Raises:
        InputError: `unreadable`; `not_a_table` for kinds that are known and not taken.
    """
    with source.open() as stream:
        head = stream.read(HEAD)
    if head.startswith(ZIP_MAGIC):
        return _of_zip(source)
    if head.startswith(PARQUET_MAGIC):
        return Content.PARQUET
    if head.startswith(OLE_MAGIC):
        raise _old_or_encrypted(source)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return Content.JSON_LINES
    if text.startswith(b"[") and text[1:].lstrip().startswith(b"{"):
        raise encoding.not_a_table(source.name, "one JSON array; JSON is read one object a line")
    return Content.TEXT


def _of_zip(source: Source) -> Content:
    names = archives.names(source)
    if "xl/workbook.xml" in names:
        return Content.WORKBOOK
    if "xl/workbook.bin" in names:
        raise encoding.not_a_table(source.name, "a binary Excel workbook (.xlsb)")
    if {"mimetype", "content.xml"} <= names:
        raise encoding.not_a_table(source.name, "an OpenDocument file")
    if "word/document.xml" in names or "ppt/presentation.xml" in names:
        raise encoding.not_a_table(source.name, "a Word or PowerPoint file")
    return Content.ARCHIVE


def _old_or_encrypted(source: Source) -> InputError:
    with source.open() as stream:
        before = b""
        while chunk := stream.read(BUFFER):
            if ENCRYPTED_STREAM in before + chunk:
                return InputError(
                    "unreadable",
                    f"{source.name} is a workbook that is protected by a password",
                    "",
                    "a workbook without a password",
                    "Open it with its password and save it without one, or export it as CSV.",
                )
            before = chunk[-len(ENCRYPTED_STREAM) :]
    return encoding.not_a_table(source.name, "an old Excel workbook (.xls)")
