"""The file to send: its identity, and the parts of it that are sent."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from pyarrow import csv

from callconv_kit.delivery.attempt import Outgoing
from callconv_kit.delivery.transport import fingerprint
from callconv_kit.model import spec
from callconv_kit.model.errors import InputError
from callconv_kit.model.texts import Bools
from callconv_kit.run.keys import Keys, Words, keys_of

BLOCK = 4 * 1024 * 1024

READ_BLOCK = 16 * 1024 * 1024

HEADER_LIMIT = 64 * 1024
"""Bytes in which the header must end; the published one has about 800."""


def outgoing(path: Path) -> Outgoing:
    """Size, digest and rows of a ready.csv.

    Raises:
        InputError: `unreadable`, or `not_ready`: no file that `prepare` wrote.
    """
    try:
        with path.open("rb") as file:
            _check_header(path, file.readline(HEADER_LIMIT))
            file.seek(0)
            return measured(path, file)
    except OSError as error:
        raise InputError(
            "unreadable",
            "The file can't be read",
            f"{path}: {error.strerror or error}",
            "a ready.csv",
            "Run `callconv prepare` first; it writes out/ready.csv.",
        ) from error


def nothing_to_send(ready: Path) -> InputError:
    """For a ready.csv without rows."""
    return InputError(
        "no_rows",
        "There is nothing to send",
        f"{ready.name} holds a header and no rows",
        "at least one call",
        "See rejected.csv and left_out.csv beside it for the rows that are not ready.",
    )


def measured(path: Path, file: BinaryIO) -> Outgoing:
    """Size, digest and rows of an open file, read once from its position."""
    stamp = fingerprint(file)
    return replace(_measured(path, iter(partial(file.read, BLOCK), b"")), stamp=stamp)


def measure_rows(source: Path, keep: Bools) -> Outgoing:
    """What `write_rows` would write, without writing it; its path is that of `source`."""
    return _measured(source, _kept(source, keep))


def _measured(path: Path, blocks: Iterable[bytes]) -> Outgoing:
    digest, size, lines, last = hashlib.sha256(), 0, 0, b"\n"
    for block in blocks:
        digest.update(block)
        size += len(block)
        lines += block.count(b"\n")
        last = block[-1:]
    lines += last != b"\n"
    return Outgoing(path, size, digest.hexdigest(), max(lines - 1, 0))


def _check_header(path: Path, line: bytes) -> None:
    names = line.decode("utf-8", "replace").rstrip("\r\n").split(",")
    missing = [name for name in spec.REQUIRED if name not in names]
    strange = [name for name in names if name not in spec.BY_NAME]
    if missing or strange:
        found = f"{path.name} lacks {', '.join(missing)}" if missing else ""
        if strange and not missing:
            found = f"{path.name} has a column {strange[0][:40]!r}"
        raise InputError(
            "not_ready",
            "This is not a file that the import server takes",
            found,
            "the published header, as `callconv prepare` writes it",
            f"Run `callconv prepare {path.name} --out out/` and upload out/ready.csv.",
        )


def write_rows(source: Path, target: Path, keep: Bools) -> Outgoing:
    """The header and the rows of `source` for which `keep` is true, byte for byte, as `target`.

    Args:
        source: a ready.csv, one row a line.
        target: the file to write.
        keep: a flag a row.
    """
    with target.open("wb") as out:
        for line in _kept(source, keep):
            out.write(line)
    with target.open("rb") as file:
        return measured(target, file)


def _kept(source: Path, keep: Bools) -> Iterator[bytes]:
    with source.open("rb") as file:
        yield file.readline()
        for line, wanted in zip(file, keep, strict=True):
            if wanted:
                yield line if line.endswith(b"\n") else line + b"\n"


def parts(rows: int, chosen: Bools, limit: int) -> list[Bools]:
    """`chosen` rows in parts of at most `limit` each; 0 means no limit."""
    positions = np.flatnonzero(chosen)
    step = limit or max(len(positions), 1)
    result = []
    for start in range(0, len(positions), step):
        flags = np.zeros(rows, np.bool_)
        flags[positions[start : start + step]] = True
        result.append(flags)
    return result


def keys_of_file(path: Path, rows: int) -> Keys:
    """The keys of the rows of a ready.csv, read in blocks.

    Args:
        path: the file.
        rows: how many lines it has below the header.

    Raises:
        InputError: `not_ready`: it is not a table, or a cell holds a line break.
    """
    convert = csv.ConvertOptions(
        include_columns=list(_KEY_COLUMNS),
        include_missing_columns=True,
        column_types={name: pa.string() for name in _KEY_COLUMNS},
        strings_can_be_null=False,
    )
    parse = csv.ParseOptions(newlines_in_values=True)
    read = csv.ReadOptions(block_size=READ_BLOCK)
    try:
        with csv.open_csv(path, read, parse, convert) as reader:
            # A column that the file lacks comes as nulls, which keys take for empty.
            found = [keys_of({n: batch.column(n) for n in _KEY_COLUMNS}) for batch in reader]
    except pa.ArrowInvalid as error:
        raise _not_a_table(path, str(error)) from error
    keys = Keys(*(np.concatenate(part) for part in zip(*found, strict=True)))
    if len(keys.session) != rows:
        raise _not_a_table(path, f"{len(keys.session)} rows on {rows} lines")
    return keys


def keys_to_send(path: Path, rows: int) -> Keys:
    """The keys of the rows of a ready.csv that is to be sent; see `keys_of_file`.

    `prepare` leaves no call twice in its ready.csv. A file that a person put together may hold one
    twice, and it would count twice.

    Raises:
        InputError: `not_ready`; `duplicate_in_file`: two rows are one call.
    """
    keys = keys_of_file(path, rows)
    # Different calls practically never share a word, and sorting one word is 20 times as fast as
    # sorting whole keys.
    words = np.sort(keys.call[:, 0])
    if (words[1:] == words[:-1]).any():
        _refuse_duplicates(path, keys.call)
    return keys


def _refuse_duplicates(path: Path, calls: Words) -> None:
    _, row, times = np.unique(calls, axis=0, return_inverse=True, return_counts=True)
    if len(times) < len(calls):
        lines = np.flatnonzero(row.reshape(-1) == np.argmax(times > 1)) + 2
        raise InputError(
            "duplicate_in_file",
            f"{path.name} holds {len(calls) - len(times):,} rows whose call is in a row above them",
            f"lines {lines[0]} and {lines[1]}, for example",
            "each call once, or it would count twice",
            f"Run `callconv prepare {path.name}` and upload the ready.csv that it writes.",
        )


def _not_a_table(path: Path, found: str) -> InputError:
    return InputError(
        "not_ready",
        "This is not a file that `prepare` wrote",
        f"{path.name}: {found}",
        "one line a row, as many cells as the header has",
        "Run `callconv prepare` again and upload the ready.csv that it writes.",
    )


_KEY_COLUMNS = tuple(dict.fromkeys((*spec.EVENT_KEY, *spec.SESSION_KEY, *spec.PAYMENT_COLUMNS)))
