"""Files in zip archives: `archive.zip/member.csv` names one."""

import stat
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, cast

from callconv_kit.model.errors import InputError
from callconv_kit.model.names import nearest
from callconv_kit.reading.sources import Source, Unpacked, damaged, shown_name

ENCRYPTED = 0x1
"""The bit of a member's flags that says so."""

# What macOS and Windows put into archives beside one's own files.
NO_FILES = ("__MACOSX/",)
NO_NAMES = (".DS_Store", "Thumbs.db", "desktop.ini")


class Member(NamedTuple):
    """A file in an archive: its name there, how it is shown, and its place in the directory."""

    name: str
    shown: str
    at: int


def _members(archive: Source) -> list[Member]:
    """All files in a zip, but for what an operating system adds.

    Files of the same name get a number.
    """
    with _opened(archive) as bundle:
        entries = bundle.infolist()
    found: list[Member] = []
    times: Counter[str] = Counter()
    for at, entry in enumerate(entries):
        if _is_file(entry):
            shown = shown_name(entry.filename)
            times[shown] += 1
            again = f" ({times[shown]})" if times[shown] > 1 else ""
            found.append(Member(entry.filename, shown + again, at))
    return found


@contextmanager
def _opened(archive: Source) -> Iterator[zipfile.ZipFile]:
    """An archive with its directory read.

    Raises:
        InputError: `unreadable`: it is damaged, or its names are.
    """
    with archive.seekable() as file:
        try:
            bundle = zipfile.ZipFile(file)
        except UnicodeDecodeError as error:
            raise InputError(
                "unreadable",
                f"A file in {archive.name} has a name that can't be decoded",
                repr(error.object),
                "names of files in UTF-8",
                "Unpack the archive, and name the unpacked files.",
            ) from error
        except Exception as error:  # zipfile stumbles over damage in many ways
            raise damaged(archive.name, error) from error
        with bundle:
            yield bundle


def _is_file(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename
    own = not name.startswith(NO_FILES) and not name.endswith((*NO_NAMES, "/"))
    return own and not stat.S_ISLNK(entry.external_attr >> 16)


def names(archive: Source) -> frozenset[str]:
    """The names of all files in a zip.

    Raises:
        InputError: `unreadable`: it is damaged.
    """
    with _opened(archive) as bundle:
        return frozenset(bundle.namelist())


def members(archive: Source) -> Sequence[Source]:
    """Every file of a zip, in its order.

    Raises:
        InputError: `unreadable`: it is damaged; `empty_file`: it holds no file.
    """
    found = _members(archive)
    if not found:
        raise InputError(
            "empty_file", f"{archive.name} holds no file", "", "at least one", "Export it again."
        )
    return [_source(archive, one) for one in found]


def member(archive: Source, name: str) -> Source:
    """One file of a zip.

    Raises:
        InputError: `unreadable`: it is damaged, or holds no such file.
    """
    found = _members(archive)
    for one in found:
        if name in {one.name, one.shown}:
            return _source(archive, one)
    listed = [one.shown for one in found]
    like = nearest(name, listed)
    raise InputError(
        "unreadable",
        f"There is no file {shown_name(name)} in {archive.name}",
        ", ".join(listed[:10]) + (", …" if len(listed) > 10 else ""),
        f"perhaps {like}" if like else "one of these",
        f"Name {archive.name} alone to take all of its files.",
    )


def _source(archive: Source, one: Member) -> Source:
    @contextmanager
    def opening() -> Iterator[BinaryIO]:
        with _opened(archive) as bundle:
            entry = bundle.infolist()[one.at]
            if entry.flag_bits & ENCRYPTED:
                raise InputError(
                    "unreadable",
                    f"{one.shown} in {archive.name} is protected by a password",
                    "",
                    "an archive without a password",
                    "Unpack it with its password, and name the unpacked file.",
                )
            try:
                opened = bundle.open(entry)
            except NotImplementedError as error:
                raise InputError(
                    "unreadable",
                    f"{one.shown} in {archive.name} is compressed in a way that is not understood",
                    str(error),
                    "a zip made with the usual method",
                    "Unpack it, and name the unpacked file.",
                ) from error
            except Exception as error:  # as in _opened
                raise damaged(f"{archive.name}/{one.shown}", error) from error
            with opened:
                yield cast(
                    BinaryIO, Unpacked(f"{archive.name}/{one.shown}", cast(BinaryIO, opened))
                )

    return Source(f"{archive.name}/{one.shown}", opening)
