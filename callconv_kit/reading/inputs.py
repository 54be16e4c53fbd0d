"""The files that inputs name: a path, one file of an archive, an address, standard input."""

import stat
from collections.abc import Sequence
from pathlib import Path

from callconv_kit.reading import archives, sources
from callconv_kit.reading.sources import Source


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


class _Place:
    """Where an input lies, and what it may be called."""

    def __init__(self, item: str | Path) -> None:
        self._text = str(item)
        self.is_address = isinstance(item, str) and sources.is_address(item)
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
