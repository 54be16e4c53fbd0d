"""How a delimited file is written: line ends and quotes that `prepare` writes differently."""

import hashlib
import re
from collections.abc import Iterator

from callconv_kit.reading.batches import Table
from callconv_kit.reading.delimited import DelimitedTable
from callconv_kit.reading.sources import BUFFER, Source

QUOTED = re.compile(
    rb"""
    (?<! [^,\n] ) "
    (?: (?P<needless> [^",\r\n]*+ ) " (?= [,\r\n] )
      | (?: [^"] | "" )*+ " (?P<behind> [^",\r\n] ) )
    """,
    re.VERBOSE,
)
"""A cell in quotation marks that it does not need, or with text behind the closing one."""

RETURN = "lines end in \\r\\n or \\r, not in \\n alone"
NEEDLESS = "quotation marks around a cell that needs none"
BEHIND = "text after a closing quotation mark"
UNENDED = "the last line has no line end"
OTHER = "the bytes of the file differ from what prepare writes"


def not_canonical(table: Table, canonical: str) -> list[tuple[int, str]]:
    """What `prepare` would write differently in a file of commas in UTF-8.

    Args:
        table: what was read of the file.
        canonical: the sha256 of the right bytes, where they are known: then a difference of any
            other kind is found too.

    Returns:
        The first line of each kind, and what is there; empty for a table that is not a text file.
    """
    if not isinstance(table, DelimitedTable):
        return []
    found: dict[str, int] = {}
    content = hashlib.sha256()
    for line, what in _oddities(_hashed(_lines(table.source), content)):
        found.setdefault(what, line)
    if not found and canonical not in ("", content.hexdigest()):
        found[OTHER] = 1
    return [(line, what) for what, line in found.items()]


def _hashed(blocks: Iterator[bytes], content: "hashlib._Hash") -> Iterator[bytes]:
    for block in blocks:
        content.update(block)
        yield block


def _oddities(blocks: Iterator[bytes]) -> Iterator[tuple[int, str]]:
    line, quotes, last = 1, 0, b"\n"
    for block in blocks:
        if b"\r" in block:
            yield line + block.count(b"\n", 0, block.index(b"\r")), RETURN
        at = 0
        for match in QUOTED.finditer(block) if b'"' in block else ():
            quotes += block.count(b'"', at, match.start())
            at = match.start()
            if quotes % 2 == 0:  # it opens a cell, and is not part of one
                where = line + block.count(b"\n", 0, at)
                yield where, NEEDLESS if match["behind"] is None else BEHIND
        quotes += block.count(b'"', at)
        line += block.count(b"\n")
        last = block[-1:]
    if last != b"\n":
        yield line, UNENDED


def _lines(source: Source) -> Iterator[bytes]:
    """The bytes of a file, in blocks of whole lines."""
    rest: list[bytes] = []
    with source.open(hashing=False) as stream:
        while chunk := stream.read(BUFFER):
            whole, newline, after = chunk.rpartition(b"\n")
            # Where lines end in \r alone, that is found at once, and no block is a whole line.
            if newline or b"\r" in chunk:
                yield b"".join([*rest, whole, newline] if newline else [*rest, chunk])
                rest = [after] if newline else []
            else:
                rest.append(chunk)
    if any(rest):
        yield b"".join(rest)
