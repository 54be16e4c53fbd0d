"""Session ids for exports that have none: a hash of columns that identify a call.

The columns hold phone numbers as a rule, of which there are too few to hide behind a plain hash:
all of them are tried within hours. So the hash has a key, made at random at its first use and kept
in `session.key` beside the ledger, for its owner only. Who has the ids but not the key learns
nothing; and while the key stays, a call has the same id in every run.
"""

import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callconv_kit.mapping.filling import empty
from callconv_kit.model import notes, texts
from callconv_kit.model.errors import InputError, UsageError
from callconv_kit.model.notes import Coerced, note_id

KEY_NAME = "session.key"
KEY_BYTES = 32
ID_BYTES = 16
"""128 bits: two different calls among 10 million share an id with a chance below 1e-24."""

SEPARATOR = "\x1f"
_COMMENT = (
    "# The key of derived session ids (session_id_from). Keep it secret, and keep it: without it\n"
    "# the same calls get other ids, and would be sent a second time.\n"
)


def key_beside(ledger: Path, *, keep: bool = True) -> bytes:
    """The key in the folder of the ledger; made where there is none.

    Args:
        ledger: its path.
        keep: write down a key that was made. If not, another one is made the next time.

    Raises:
        UsageError: the file does not hold a key.
        InputError: it can't be read or written.
    """
    path = ledger.parent / KEY_NAME
    try:
        if not path.exists():
            if not keep:
                return secrets.token_bytes(KEY_BYTES)
            _make(path)
        lines = path.read_text(encoding="ascii").split("\n")
        key = bytes.fromhex("".join(line for line in lines if not line.startswith("#")))
    except ValueError:
        key = b""
    except OSError as error:
        raise InputError(
            "output_failed",
            f"The key of session ids, {path}, can't be read or made",
            error.strerror or "",
            "a folder that can be written to",
            "Check the folder, or name another with ledger in the job.",
        ) from error
    if len(key) != KEY_BYTES:
        raise UsageError(
            "session_key_unusable",
            f"{path} can't identify a call",
            "",
            f"{KEY_BYTES} bytes in hexadecimal digits",
            "Put the right one back: with a new key, calls that were sent would be sent again.",
        )
    return key


def _make(path: Path) -> None:
    """Make a key, at once whole: another run may be making one, and then its key counts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = path.with_name(f"{KEY_NAME}.{secrets.token_hex(4)}.tmp")
    opened = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "w", encoding="ascii", newline="\n") as file:
            file.write(_COMMENT + secrets.token_hex(KEY_BYTES) + "\n")
        try:
            os.link(mine, path)
        except FileExistsError:
            pass
        except OSError:  # file systems without links
            mine.rename(path)
    finally:
        mine.unlink(missing_ok=True)


def derive(
    held: Coerced | None, sources: Sequence[pa.StringArray], length: int, key: bytes
) -> Coerced:
    """CallSessionId where it is empty, from the trimmed cells of `sources`.

    A row of which all these cells are empty gets none.

    Args:
        held: the column so far; None where it has no source.
        sources: the columns that identify a call.
        length: the number of rows.
        key: of the hash.
    """
    cells = held or Coerced.silent(texts.nulls(length))
    trimmed = [
        pc.utf8_trim_whitespace(pc.fill_null(source, texts.scalar(""))) for source in sources
    ]
    filled = np.logical_or.reduce([texts.present(source) for source in trimmed])
    rows = np.flatnonzero(empty(cells) & filled)
    if not len(rows):
        return cells
    chosen = [texts.take(source, rows) for source in trimmed]
    joined = texts.joined(*chosen, between=SEPARATOR)
    # A keyed hash of the standard library, at about a microsecond a row: a vectorised one of our
    # own would be faster, and nobody would have proved it.
    ids = texts.from_list([_hashed(cell, key) for cell in joined.to_pylist()])
    values = texts.put(cells.values, rows, ids)
    return notes.added(cells, rows, note_id(rules=("session_id_derived",)), values)


def _hashed(text: str, key: bytes) -> str:
    return hashlib.blake2b(text.encode(), key=key, digest_size=ID_BYTES).hexdigest()


def derived_rows(cells: Coerced | None) -> texts.Ints:
    """The rows whose id was derived."""
    return notes.marked(cells, "session_id_derived")
