"""The file's name on the server, and the clock that names and ledger entries use."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from callconv_kit.model.errors import UsageError

if TYPE_CHECKING:
    from callconv_kit.job import Connection

Clock = Callable[[], datetime]


def clock_of(now: datetime | None) -> Clock:
    """The real clock, or one that starts at `now` and goes at the real one's pace.

    A `now` without an offset is taken for UTC.
    """
    if now is None:
        return lambda: datetime.now(UTC)
    start = now if now.tzinfo is not None else now.replace(tzinfo=UTC)
    begun = datetime.now(UTC)
    return lambda: start + (datetime.now(UTC) - begun)


HASH_DIGITS = 12
"""Of the SHA-256 of the content: two files of one day can't have one name by chance."""

RESERVED = ("receipt_", "result_")
"""impact.com ignores files whose names begin so: they are its own."""

ENCRYPTED = (".pgp", ".gpg", ".asc")
"""Endings of encrypted files, behind that of the plain file."""

LONGEST = 200
"""Bytes; file systems allow 255, and a temporary name adds to it."""


def file_name(template: str, *, now: datetime, sha256: str, part: str = "") -> str:
    """The name that a file gets, before the first byte is sent.

    Args:
        template: the job's `file_name`; may hold {date}, {hash} and {part}. The job has judged it.
        now: gives the date, in its own zone.
        sha256: of the content.
        part: `1of3` where a file is split, `canary`, or nothing. A template without {part} gets
            it before its extension.

    Raises:
        UsageError: `file_name_invalid`: the name is one that the server would ignore.
    """
    shown = template
    if part and "{part}" not in template:
        shown = with_suffix(template, "{part}")
    name = shown.format(date=f"{now:%Y-%m-%d}", hash=sha256[:HASH_DIGITS], part=part or "1of1")
    if name.lower().startswith(RESERVED):
        raise _invalid(name, f"impact.com ignores names that begin with {' or '.join(RESERVED)}")
    if len(name.encode()) > LONGEST:
        raise _invalid(name, f"longer than {LONGEST} bytes")
    return name


def sent_name(connection: "Connection", *, now: datetime, sha256: str, part: str = "") -> str:
    """`file_name` of a connection's template, with the ending of an encrypted file if it is one."""
    name = file_name(connection.file_name, now=now, sha256=sha256, part=part)
    return name + (connection.encrypted_suffix if connection.encrypt_to is not None else "")


def with_suffix(name: str, suffix: str) -> str:
    """`calls.csv` -> `calls_suffix.csv`, and `calls.csv.pgp` -> `calls_suffix.csv.pgp`."""
    ending = next((ending for ending in ENCRYPTED if name.endswith(ending)), "")
    stem, dot, extension = name.removesuffix(ending).rpartition(".")
    return f"{stem}_{suffix}{dot}{extension}{ending}" if dot else f"{extension}_{suffix}{ending}"


def temporary(name: str) -> str:
    """A new name for each attempt; it begins with a dot, as uploads in progress do."""
    return f".{name}.{secrets.token_hex(4)}.tmp"


def _invalid(name: str, why: str) -> UsageError:
    return UsageError(
        "file_name_invalid",
        "The file can't have this name on the server",
        f"{name!r} ({why})",
        "for example {date}_CallConversionData_{hash}.csv",
        "Correct `file_name` under [connection].",
    )
