"""What a ledger holds: submissions, their history, the archive's folder; and its transactions."""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from callconv_kit.delivery import ledger_faults, ledger_file
from callconv_kit.delivery.receipt import COLUMNS, Event, State, Submission, submission_of
from callconv_kit.model.errors import UsageError


class LedgerReading:
    """The part of a ledger that reads it. `path` is its file; `_db` the open connection."""

    path: Path
    _db: sqlite3.Connection

    @property
    def archive(self) -> Path:
        """The folder of the bytes that were sent."""
        return ledger_file.archive_of(self.path)

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
