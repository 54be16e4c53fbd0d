"""The ledger's file: created, opened, checked and read; a small file beside it witnesses it."""

import contextlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from callconv_kit.delivery import ledger_faults
from callconv_kit.delivery.receipt import COLUMNS, Event, State, Submission, submission_of
from callconv_kit.model.errors import UsageError
from callconv_kit.writing import private
from callconv_kit.writing.private import Readers

VERSION = 3
"""2: a file that the server accepted and did not show is `delivered` (`accepted_unverified`).

3: forecasts, encrypted files and approvals have tables.
"""

APPLICATION = 0x43434B31
"""Marks the file as ours in its SQLite header."""

CHECKED_WHOLE = 64 * 1024 * 1024
"""Bytes up to which a ledger is checked page by page when it is opened."""

SPARE_PAGES = 512
"""Unused pages, of 16 KiB, that a ledger may keep for its next entries."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE submission (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL, name TEXT NOT NULL, temporary TEXT NOT NULL DEFAULT '',
    sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, rows INTEGER NOT NULL,
    state TEXT NOT NULL, code TEXT NOT NULL DEFAULT '', said TEXT NOT NULL DEFAULT '',
    refused INTEGER NOT NULL DEFAULT 0,
    origin TEXT NOT NULL, archived TEXT NOT NULL DEFAULT '',
    started TEXT NOT NULL, changed TEXT NOT NULL
);
CREATE INDEX submission_sha256 ON submission (sha256);
CREATE INDEX submission_name ON submission (name);
CREATE TABLE history (
    submission INTEGER NOT NULL REFERENCES submission (id),
    at TEXT NOT NULL, state TEXT NOT NULL, name TEXT NOT NULL, note TEXT NOT NULL
);
CREATE INDEX history_submission ON history (submission);
CREATE TABLE segment (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, rows INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE TABLE freed (
    submission INTEGER NOT NULL, line INTEGER NOT NULL,
    event BLOB NOT NULL, session BLOB NOT NULL,
    PRIMARY KEY (submission, line)
) WITHOUT ROWID;
CREATE TABLE batch (
    id TEXT PRIMARY KEY, submission INTEGER NOT NULL, status TEXT NOT NULL,
    records INTEGER NOT NULL, errors INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE refusal (
    submission INTEGER NOT NULL, server_line INTEGER NOT NULL, reason TEXT NOT NULL,
    status TEXT NOT NULL, line INTEGER NOT NULL,
    PRIMARY KEY (submission, server_line, reason)
) WITHOUT ROWID;
CREATE TABLE confirmation (
    submission INTEGER NOT NULL, line INTEGER NOT NULL, PRIMARY KEY (submission, line)
) WITHOUT ROWID;
"""

_SINCE_3 = """
CREATE TABLE IF NOT EXISTS forecast (
    submission INTEGER NOT NULL, reason TEXT NOT NULL, lines BLOB NOT NULL,
    PRIMARY KEY (submission, reason)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS encryption (
    submission INTEGER PRIMARY KEY, bytes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS approval (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL, rows INTEGER NOT NULL, partners TEXT NOT NULL,
    approver TEXT NOT NULL, preparer TEXT NOT NULL, origin TEXT NOT NULL, at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS approval_sha256 ON approval (sha256);
"""


def lock_of(path: Path) -> Path:
    """The lock file of a ledger."""
    return path.with_name(path.name + ".lock")


def archive_of(path: Path) -> Path:
    """The folder of the bytes that were sent."""
    return path.with_name(path.stem + "-archive")


def _witness_path(path: Path) -> Path:
    return path.with_name(path.name + ".witness")


def was_here(path: Path) -> bool:
    """Whether there are traces of a ledger that is gone."""
    return witness_of(path) is not None or any(archive_of(path).glob("*.zst"))


def witness_of(path: Path) -> tuple[str, int] | None:
    """What the file beside the ledger says: the ledger's id, and how many submissions it has."""
    try:
        witness = json.loads(_witness_path(path).read_text(encoding="utf-8"))
        return str(witness["ledger"]), int(witness["submissions"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return "", 0


def write_witness(path: Path, ledger: str, submissions: int, readers: Readers = "owner") -> None:
    """Leave word beside the ledger, so that its loss, or an old copy in its place, is noticed."""
    witness = {"ledger": ledger, "submissions": submissions}
    with ledger_faults.in_words(path):
        private.write_text(_witness_path(path), json.dumps(witness), readers)


def begin(path: Path, readers: Readers = "owner") -> None:
    """An empty ledger, whole under its name or not there at all."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    private.create(partial)  # SQLite gives its log files the mode of the database
    db = sqlite3.connect(partial, isolation_level=None)
    try:
        db.execute("PRAGMA page_size = 16384")
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # Set while nobody else has the file: a later switch fails where another run reads it.
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(_SCHEMA + _SINCE_3)
        identity = secrets.token_hex(16)
        db.execute("INSERT INTO meta VALUES ('id', ?)", (identity,))
    finally:
        db.close()
    private.set_readers(partial, readers)
    try:
        os.link(partial, path)  # not a rename: two first runs at once must not replace each other
    except FileExistsError:
        return
    except OSError:
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    write_witness(path, identity, 0, readers)


def connect(path: Path) -> sqlite3.Connection:
    """The database, once its header says that it is a ledger."""
    db = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        # The header is read first: a strange file must not get a write-ahead log beside it.
        (application,) = db.execute("PRAGMA application_id").fetchone()
        if application != APPLICATION:
            raise ledger_faults.damaged(path, "it is not a ledger")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
    except BaseException:
        db.close()
        raise
    return db


def _upgrade(db: sqlite3.Connection) -> None:
    # Each statement may be repeated: of two runs that upgrade at once, the second changes nothing.
    db.executescript(_SINCE_3)
    db.execute("BEGIN IMMEDIATE")
    for table in ("submission", "history"):
        db.execute(
            f"UPDATE {table} SET state = 'delivered' WHERE state = 'accepted_unverified'"  # noqa: S608 - two fixed names
        )
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def check(path: Path, db: sqlite3.Connection) -> None:
    """Raise where the ledger is damaged, or of a later version."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise ledger_faults.newer(path, version)
    if version < VERSION:
        _upgrade(db)
    if path.stat().st_size <= CHECKED_WHOLE:
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise ledger_faults.damaged(path, "its pages do not fit together")


class LedgerReading:
    """The part of a ledger that reads it. `path` is its file; `_db` the open connection."""

    path: Path
    _db: sqlite3.Connection

    @property
    def archive(self) -> Path:
        """The folder of the bytes that were sent."""
        return archive_of(self.path)

    def submission(self, number: int) -> Submission:
        """One submission; UsageError where there is none of this number."""
        found = self._select("WHERE id = ?", number)
        if not found:
            raise UsageError(
                "no_such_submission",
                "The ledger has no such submission",
                str(number),
                "the number or the name of one",
                "`callconv status` lists them.",
            )
        return found[0]

    def submissions(self, *states: State, sha256: str = "", name: str = "") -> list[Submission]:
        """All submissions, oldest first; those of some states, a content or a name."""
        clauses, values = [], list[str]()
        if states:
            clauses.append(f"state IN ({', '.join('?' * len(states))})")
            values += [str(state) for state in states]
        if sha256:
            clauses.append("sha256 = ?")
            values.append(sha256)
        if name:
            clauses.append("name = ?")
            values.append(name)
        return self._select(f"WHERE {' AND '.join(clauses)}" if clauses else "", *values)

    def _select(self, where: str, *values: Any) -> list[Submission]:
        with ledger_faults.in_words(self.path):
            columns = ", ".join(COLUMNS)
            # `where` and the columns are this module's own; values are bound.
            query = f"SELECT {columns} FROM submission {where} ORDER BY id"  # noqa: S608
            cursor = self._db.execute(query, values)
            return [submission_of(row) for row in cursor]

    def names_used(self) -> frozenset[str]:
        """Names under which bytes ever went, whatever came of it: something may still lie there."""
        rows = self.read(
            "SELECT DISTINCT name FROM history WHERE state NOT IN (?, ?)",
            State.INTENT,
            State.NOT_DELIVERED,
        )
        return frozenset(str(name) for (name,) in rows)

    def history(self, number: int) -> list[Event]:
        """What happened to a submission, oldest first."""
        rows = self._db.execute(
            "SELECT at, state, name, note FROM history WHERE submission = ? ORDER BY rowid",
            (number,),
        )
        return [
            Event(datetime.fromisoformat(at), State(s), name, note) for at, s, name, note in rows
        ]

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; all of it is on the disk at the end, or none."""
        with ledger_faults.in_words(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def read(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with ledger_faults.in_words(self.path):
            return self._db.execute(query, values).fetchall()

    @property
    def identity(self) -> str:
        """A random ID from the ledger's creation; unique."""
        (value,) = self._db.execute("SELECT value FROM meta WHERE key = 'id'").fetchone()
        return str(value)

    def _count(self) -> int:
        (count,) = self._db.execute("SELECT count(*) FROM submission").fetchone()
        return int(count)
