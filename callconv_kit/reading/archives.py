"""Files in zip archives: `archive.zip/member.csv` names one."""

import stat
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, cast

from callconv_kit.model.errors import InputError
from callconv_kit.model.names import nearest
from callconv_kit.reading.sources import Source

ENCRYPTED = 0x1
"""The bit of a member's flags that says so."""

# What macOS and Windows put into archives beside one's own files.
NO_FILES = ("__MACOSX/",)
NO_NAMES = (".DS_Store", "Thumbs.db", "desktop.ini")


def names(archive: Source) -> list[str]:
    """The names of all files in a zip, but for what an operating system adds.

    Raises:
        InputError: `unreadable`: it is damaged.
    """
    with archive.seekable() as file, zipfile.ZipFile(file) as bundle:
        return [entry.filename for entry in bundle.infolist() if _is_file(entry)]


def _is_file(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename
    own = not name.startswith(NO_FILES) and not name.endswith(NO_NAMES)
    return own and not entry.is_dir() and not stat.S_ISLNK(entry.external_attr >> 16)


def members(archive: Source) -> Sequence[Source]:
    """Every file of a zip, in its order.

    Raises:
        InputError: `unreadable`: it is damaged; `empty_file`: it holds no file.
    """
    found = names(archive)
    if not found:
        raise InputError(
            "empty_file", f"{archive.name} holds no file", "", "at least one", "Export it again."
        )
    return [_member(archive, name) for name in found]


def member(archive: Source, name: str) -> Source:
    """One file of a zip.

    Raises:
        InputError: `unreadable`: it is damaged, or holds no such file.
    """
    found = names(archive)
    if name not in found:
        like = nearest(name, found)
        raise InputError(
            "unreadable",
            f"There is no file {name} in {archive.name}",
            ", ".join(found[:10]) + (", …" if len(found) > 10 else ""),
            f"perhaps {like}" if like else "one of these",
            f"Name {archive.name} alone to take all of its files.",
        )
    return _member(archive, name)


def _member(archive: Source, name: str) -> Source:
    @contextmanager
    def opening() -> Iterator[BinaryIO]:
        with archive.seekable() as file, zipfile.ZipFile(file) as bundle:
            entry = bundle.getinfo(name)
            if entry.flag_bits & ENCRYPTED:
                raise InputError(
                    "unreadable",
                    f"{name} in {archive.name} is protected by a password",
                    "",
                    "an archive without a password",
                    "Unpack it with its password, and name the unpacked file.",
                )
            try:
                opened = bundle.open(entry)
            except NotImplementedError as error:
                raise InputError(
                    "unreadable",
                    f"{name} in {archive.name} is compressed in a way that is not understood",
                    str(error),
                    "a zip made with the usual method",
                    "Unpack it, and name the unpacked file.",
                ) from error
            with opened as unpacked:
                yield cast(BinaryIO, unpacked)

    return Source(f"{archive.name}/{name}", opening)
