"""The store: submissions, their pending actions and their errors, in one SQLite file.

Rows of a submission are written in parts while it is In Progress and are shown only once it is
Complete, so a submission is all there or not at all, whatever moment the process is killed at;
`recover` takes back the parts of those that were under way.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

QUEUED, IN_PROGRESS, COMPLETE = "Queued", "In Progress", "Complete"

SCHEMA = """
CREATE TABLE IF NOT EXISTS submission (
    seq INTEGER PRIMARY KEY,
    batch_id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    file_name TEXT NOT NULL,
    spool TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    received TEXT NOT NULL,
    status TEXT NOT NULL,
    completed TEXT,
    rows_done INTEGER NOT NULL DEFAULT 0,
    total_records INTEGER NOT NULL DEFAULT 0,
    total_errors INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS pending_action (
    seq INTEGER NOT NULL REFERENCES submission (seq),
    line INTEGER NOT NULL,
    tracker TEXT NOT NULL,
    caller TEXT NOT NULL,
    event REAL NOT NULL,
    session TEXT NOT NULL,
    cells TEXT NOT NULL,
    PRIMARY KEY (seq, line)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS action_by_session ON pending_action (session);
CREATE INDEX IF NOT EXISTS action_by_caller ON pending_action (caller, tracker, event);
CREATE TABLE IF NOT EXISTS row_error (
    seq INTEGER NOT NULL REFERENCES submission (seq),
    line INTEGER NOT NULL,
    reason TEXT NOT NULL,
    status TEXT NOT NULL,
    column_name TEXT NOT NULL,
    wants TEXT NOT NULL,
    session TEXT NOT NULL,
    cells TEXT NOT NULL,
    PRIMARY KEY (seq, line)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS error_by_session ON row_error (session);
CREATE TABLE IF NOT EXISTS credential (
    account TEXT PRIMARY KEY,
    password TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Submission:
    """One uploaded file."""

    batch_id: str
    account: str
    file_name: str
    bytes: int
    received: datetime
    status: str
    completed: datetime | None
    rows_done: int
    total_records: int
    total_errors: int
    spool: str


@dataclass(frozen=True, slots=True)
class PendingAction:
    """One row that was taken: the columns that hold text are in `cells`."""

    batch_id: str
    account: str
    file_name: str
    line: int
    cells: Mapping[str, str]

    @property
    def action_id(self) -> str:
        """Its id, unique in the store."""
        return f"{self.batch_id}.{self.line}"


@dataclass(frozen=True, slots=True)
class RowError:
    """One row, or a whole file (at its header's line), that was not taken."""

    batch_id: str
    account: str
    file_name: str
    line: int
    reason: str
    status: str
    column: str
    wants: str
    cells: Mapping[str, str]

    @property
    def detail(self) -> str:
        """What is wrong in our words, with what was found."""
        # A rule of the format says what it wants, one of the contracts what is the case.
        problem = f"expected {self.wants}" if self.reason == "MALFORMED" else self.wants
        if not self.column:
            return problem
        return f"{self.column}: found {self.cells.get(self.column, '')!r}; {problem}"


class Store:
    """All of the server's memory. One connection, one lock: any thread may ask."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # NORMAL loses nothing when the process is killed; it may when the power fails.
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)

    def close(self) -> None:
        """Close the file; nothing may be asked afterwards."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    # --- a submission's way

    def add(
        self, batch_id: str, account: str, file_name: str, spool: str, size: int, now: datetime
    ) -> None:
        """A finished upload becomes a Queued submission."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO submission (batch_id, account, file_name, spool, bytes, received,"
                " status) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (batch_id, account, file_name, spool, size, _stamp(now), QUEUED),
            )

    def start(self, batch_id: str) -> None:
        """The submission is In Progress, with nothing done yet: what a failure left is gone."""
        with self._transaction() as db:
            for table in ("pending_action", "row_error"):
                db.execute(
                    f"DELETE FROM {table} WHERE seq ="  # noqa: S608 - two fixed names
                    " (SELECT seq FROM submission WHERE batch_id = ?)",
                    (batch_id,),
                )
            db.execute(
                "UPDATE submission SET status = ?, rows_done = 0 WHERE batch_id = ?",
                (IN_PROGRESS, batch_id),
            )

    def add_rows(
        self, batch_id: str, actions: Iterable[tuple[Any, ...]], errors: Iterable[tuple[Any, ...]]
    ) -> None:
        """A part of an In Progress submission's rows: the columns of the tables, without seq."""
        actions, errors = list(actions), list(errors)
        with self._transaction() as db:
            (seq,) = db.execute(
                "SELECT seq FROM submission WHERE batch_id = ?", (batch_id,)
            ).fetchone()
            db.executemany(
                "INSERT INTO pending_action VALUES (?, ?, ?, ?, ?, ?, ?)",
                ((seq, *row) for row in actions),
            )
            db.executemany(
                "INSERT INTO row_error VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                ((seq, *row) for row in errors),
            )
            db.execute(
                "UPDATE submission SET rows_done = rows_done + ? WHERE seq = ?",
                (len(actions) + len(errors), seq),
            )

    def complete(self, batch_id: str, records: int, errors: int, now: datetime) -> None:
        """The submission is Complete; from now on its rows are shown."""
        with self._transaction() as db:
            db.execute(
                "UPDATE submission SET status = ?, completed = ?, total_records = ?,"
                " total_errors = ? WHERE batch_id = ?",
                (COMPLETE, _stamp(now), records, errors, batch_id),
            )

    def recover(self) -> list[str]:
        """After a crash: what was under way is Queued again. Returns the spool names in use."""
        with self._transaction() as db:
            for table in ("pending_action", "row_error"):
                db.execute(
                    f"DELETE FROM {table} WHERE seq IN"  # noqa: S608 - two fixed names
                    " (SELECT seq FROM submission WHERE status != ?)",
                    (COMPLETE,),
                )
            db.execute(
                "UPDATE submission SET status = ?, rows_done = 0 WHERE status != ?",
                (QUEUED, COMPLETE),
            )
        return [row["spool"] for row in self._all("SELECT spool FROM submission")]

    def waiting(self) -> list[Submission]:
        """Submissions that are not Complete, in the order in which they came."""
        rows = self._all("SELECT * FROM submission WHERE status != ? ORDER BY seq", COMPLETE)
        return [_submission(row) for row in rows]

    def caller_seen(
        self, account: str, tracker: str, caller: str, when: datetime, within: timedelta
    ) -> bool:
        """Whether a Complete submission of the account has such an action near in time."""
        return bool(
            self._all(
                "SELECT 1 FROM pending_action JOIN submission USING (seq) WHERE caller = ?"
                " AND tracker = ? AND event > ? AND event < ? AND account = ? AND status = ?"
                " LIMIT 1",
                caller,
                tracker,
                (when - within).timestamp(),
                (when + within).timestamp(),
                account,
                COMPLETE,
            )
        )

    # --- what is there

    def submissions(
        self, account: str | None = None, *, limit: int = -1, offset: int = 0
    ) -> list[Submission]:
        """Submissions in the order in which they came."""
        rows = self._all(
            "SELECT * FROM submission WHERE account = coalesce(?, account) ORDER BY seq"
            " LIMIT ? OFFSET ?",
            account,
            limit,
            offset,
        )
        return [_submission(row) for row in rows]

    def submission(self, batch_id: str) -> Submission | None:
        """One submission by its BatchId."""
        rows = self._all("SELECT * FROM submission WHERE batch_id = ?", batch_id)
        return _submission(rows[0]) if rows else None

    def pending_actions(
        self,
        account: str | None = None,
        batch_id: str | None = None,
        session: str | None = None,
        *,
        limit: int = -1,
        offset: int = 0,
    ) -> list[PendingAction]:
        """Rows taken by Complete submissions, in order of submission and line."""
        rows = self._rows("pending_action", account, batch_id, session, limit, offset)
        return [
            PendingAction(
                row["batch_id"],
                row["account"],
                row["file_name"],
                row["line"],
                json.loads(row["cells"]),
            )
            for row in rows
        ]

    def errors(
        self,
        account: str | None = None,
        batch_id: str | None = None,
        session: str | None = None,
        *,
        limit: int = -1,
        offset: int = 0,
    ) -> list[RowError]:
        """Rows refused by Complete submissions, in order of submission and line."""
        rows = self._rows("row_error", account, batch_id, session, limit, offset)
        return [
            RowError(
                row["batch_id"],
                row["account"],
                row["file_name"],
                row["line"],
                row["reason"],
                row["error_status"],
                row["column_name"],
                row["wants"],
                json.loads(row["cells"]),
            )
            for row in rows
        ]

    def _rows(
        self,
        table: str,
        account: str | None,
        batch_id: str | None,
        session: str | None,
        limit: int,
        offset: int,
    ) -> list[sqlite3.Row]:
        wanted = {"account": account, "batch_id": batch_id, "session": session}
        asked = {column: value for column, value in wanted.items() if value is not None}
        extra = ", reason, row_error.status AS error_status, column_name, wants"
        sql = (
            f"SELECT batch_id, account, file_name, line, cells{extra * (table == 'row_error')}"  # noqa: S608 - fixed names, values are bound
            f" FROM {table} JOIN submission USING (seq) WHERE submission.status = ?"
            + "".join(f" AND {column} = ?" for column in asked)
            + " ORDER BY seq, line LIMIT ? OFFSET ?"
        )
        return self._all(sql, COMPLETE, *asked.values(), limit, offset)

    def reasons(self, batch_id: str) -> dict[str, int]:
        """How many errors a Complete submission has for each reason, the most frequent first."""
        rows = self._all(
            "SELECT reason, count(*) AS times FROM row_error JOIN submission USING (seq)"
            " WHERE batch_id = ? AND submission.status = ? GROUP BY reason"
            " ORDER BY times DESC, reason",
            batch_id,
            COMPLETE,
        )
        return {row["reason"]: row["times"] for row in rows}

    # --- generated credentials

    def credential(self, account: str) -> str | None:
        """The hash of the password that was generated for an account in an earlier run."""
        rows = self._all("SELECT password FROM credential WHERE account = ?", account)
        return rows[0]["password"] if rows else None

    def keep_credential(self, account: str, stored: str) -> None:
        """Remember the hash of a generated password."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO credential VALUES (?, ?)", (account, stored))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _submission(row: sqlite3.Row) -> Submission:
    return Submission(
        row["batch_id"],
        row["account"],
        row["file_name"],
        row["bytes"],
        datetime.fromisoformat(row["received"]),
        row["status"],
        datetime.fromisoformat(row["completed"]) if row["completed"] else None,
        row["rows_done"],
        row["total_records"],
        row["total_errors"],
        row["spool"],
    )
