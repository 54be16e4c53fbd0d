"""The ledger: what was sent, how far it got, and the keys of every row that went with it.

One SQLite file (write-ahead log, synced at every commit), in a folder with its archive. What is
written there is never in doubt: a submission, with all its row keys, is on the disk before its
first byte is sent, and each later state before the step that it announces.

A ledger is the only memory of what was paid for. One that is lost, damaged, older than the last
run or not writable stops delivery; `renew` begins a new one when a person says so.
"""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from callconv_kit.delivery import archive, ledger_faults, ledger_file
from callconv_kit.delivery.attempt import Outgoing
from callconv_kit.delivery.ledger_file import LedgerReading
from callconv_kit.delivery.lock import locked
from callconv_kit.delivery.naming import clock_of
from callconv_kit.delivery.receipt import State, Submission, stamp
from callconv_kit.delivery.row_keys import RowKeys, RowsElsewhere
from callconv_kit.delivery.sent_status import Found, SentStatus
from callconv_kit.job.settings import DEFAULT_LEDGER, RUNS
from callconv_kit.model.errors import DeliveryError, UsageError
from callconv_kit.writing import private
from callconv_kit.writing.private import Readers

if TYPE_CHECKING:
    from callconv_kit.job import Job
    from callconv_kit.run.keys import Keys


SKEW = timedelta(hours=24)
"""How far behind its last entry a clock may be before the ledger refuses to go on."""


class Ledger(LedgerReading):
    """See the module. Use it in a `with` block; `lock` it while delivering."""

    def __init__(
        self,
        path: Path,
        db: sqlite3.Connection,
        now: datetime | None,
        readers: Readers = "owner",
    ) -> None:
        self.path = path
        self.readers = readers
        self._db = db
        self.row_keys = RowKeys(db)
        self._clock = clock_of(now)
        self._is_real = now is None
        self._locks = 0

    # -- opening -------------------------------------------------------------------------------

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        create: bool = True,
        now: datetime | None = None,
        runs: Path | None = None,
        readers: Readers = "owner",
    ) -> Self:
        """Open the ledger, or begin it where there never was one.

        Args:
            path: its file.
            create: begin it where it is missing, and nothing says that there was one.
            now: the clock that its entries are stamped with; None: the real one.
            runs: the folder of the runs that use it, whose records are witnesses; none: the one
                beside a ledger that lies where a job's does.
            readers: who may read what is written with it.

        Raises:
            DeliveryError: `ledger_missing`, `ledger_lost`, `ledger_damaged`, `ledger_older`,
                `ledger_read_only`, `ledger_newer`.
        """
        path = Path(path)
        if runs is None and path.absolute().parent.name == Path(DEFAULT_LEDGER).parent.name:
            runs = path.absolute().parent.parent / RUNS
        with ledger_faults.in_words(path):
            if not path.exists() and not path.is_symlink():
                if ledger_file.was_here(path) or any(
                    note.path == str(path)
                    for note in archive.notes(ledger_file.archive_of(path), runs)
                ):
                    raise ledger_faults.lost(path)
                if not create:
                    raise ledger_faults.missing(path)
                private.make_folder(path.parent, readers)
                ledger_file.begin(path, readers)
        ledger = cls._opened(path, now, readers)
        try:
            ledger.check_age(runs)
        except BaseException:
            ledger.close()
            raise
        return ledger

    @classmethod
    def _opened(cls, path: Path, now: datetime | None, readers: Readers) -> Self:
        with ledger_faults.in_words(path):
            db = ledger_file.connect(path)
            try:
                ledger_file.check(path, db)
            except BaseException:
                db.close()
                raise
        return cls(path, db, now, readers)

    @classmethod
    def of_job(cls, job: "Job", *, create: bool = True, now: datetime | None = None) -> Self:
        """The ledger of a job, checked against the records of the runs in the job's folder."""
        return cls.open(
            job.ledger_path,
            create=create,
            now=now,
            runs=job.folder / RUNS,
            readers=job.readable_by,
        )

    @classmethod
    @contextlib.contextmanager
    def if_begun(cls, job: "Job", path: Path | None = None) -> Iterator[Self | None]:
        """The ledger of a job, or at another path; None where there never was one.

        Raises:
            DeliveryError: as `open`, but for `ledger_missing`.
        """
        try:
            ledger = cls.open(path, create=False) if path else cls.of_job(job, create=False)
        except DeliveryError as error:
            if error.code != "ledger_missing":
                raise
            yield None
            return
        with ledger:
            yield ledger

    @classmethod
    def to_catch_up(
        cls, path: Path, *, now: datetime | None = None, readers: Readers = "owner"
    ) -> Self:
        """The ledger as it is, however old, or a new one where it is gone; see `catch_up`."""
        path = Path(path)
        with ledger_faults.in_words(path):
            if not path.exists():
                private.make_folder(path.parent, readers)
                kept = ledger_file.witness_of(path)
                ledger_file.begin(path, readers)
                if kept is not None:
                    ledger_file.write_witness(path, *kept, readers)
        return cls._opened(path, now, readers)

    def check_age(self, runs: Path | None) -> None:
        """Raise `ledger_older` where a witness knows of deliveries that the ledger does not."""
        with ledger_faults.in_words(self.path):
            count, witness = self._count(), ledger_file.witness_of(self.path)
            if witness is not None:
                other = witness[0] not in ("", self.identity)
                if other or count < witness[1]:
                    raise ledger_faults.older(
                        self.path, f"{count} submissions, where the last run had {witness[1]}"
                    )
            news = [n for n in self.news(runs) if n.ledger == self.identity]
            if news:
                raise ledger_faults.older(
                    self.path,
                    f"{news[0].source} knows of {len(news)} submissions that the ledger does not, "
                    f"such as {news[0].submission.name}",
                )

    def news(self, runs: Path | None) -> list[archive.Note]:
        """What the witnesses know and the ledger does not."""
        return archive.missing_from(self.submissions(), archive.notes(self.archive, runs))

    @classmethod
    def renew(
        cls, path: Path, *, now: datetime | None = None, readers: Readers = "owner"
    ) -> Path | None:
        """Rename the present ledger, so that its name says so, and begin an empty one.

        What was sent before is then unknown to the kit. Only a person should ask for this.

        Returns:
            The old ledger, where there was one.
        """
        path = Path(path)
        aside = path.with_name(f"{path.name}.aside-{clock_of(now)():%Y%m%dT%H%M%S}")
        with ledger_faults.in_words(path), locked(ledger_file.lock_of(path)):
            for suffix in ("", "-wal", "-shm", ".witness"):
                old = path.with_name(path.name + suffix)
                if old.exists():
                    old.rename(aside.with_name(aside.name + suffix))
            kept = ledger_file.archive_of(path)
            if kept.exists():
                kept.rename(aside.with_name(f"{aside.name}-archive"))
            ledger_file.begin(path, readers)
        return aside if aside.exists() else None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def lock(self, wait: float = 0.0) -> Iterator[None]:
        """Keep every other run from delivering with this ledger; may be nested.

        Raises:
            DeliveryError: `busy`, or `clock_behind`: this machine's clock has gone back.
        """
        if self._locks:
            self._locks += 1
            try:
                yield
            finally:
                self._locks -= 1
            return
        with locked(ledger_file.lock_of(self.path), wait=wait):
            self._locks = 1
            try:
                self._check_clock()
                yield
            finally:
                self._locks = 0

    def _check_clock(self) -> None:
        if not self._is_real:
            return  # a person chose it
        row = self._db.execute("SELECT max(changed) FROM submission").fetchone()
        if row[0] is not None and self._clock() < datetime.fromisoformat(row[0]) - SKEW:
            raise ledger_faults.clock_behind(self.path, row[0], self._clock())

    # -- what was sent -------------------------------------------------------------------------

    def sent_status(self, keys: "Keys") -> npt.NDArray[np.uint8]:
        """The `SentStatus` of each row.

        Both keys of each row are looked up, so that a call is known again when its export has
        gained, or lost, a VendorEventId.
        """
        return self.look_up(keys).sent_status

    def elsewhere(self) -> RowsElsewhere:
        """What another process of this machine asks in its place."""
        return RowsElsewhere(self.path)

    def look_up(self, keys: "Keys") -> Found:
        """The sent status of each row, and the submission that it went with."""
        with ledger_faults.in_words(self.path):
            found = self.row_keys.look_up(keys)
        if (found.sent_status == SentStatus.CHANGED).any():
            with self.writing():
                self.row_keys.note_changed(keys, found)
        return found

    def accept_changed(self) -> int:
        """A person has decided about the calls that have changed since they were sent.

        They are not reported again until they change again.

        Returns:
            How many there were.
        """
        with self.writing():
            count = self.row_keys.changed()
            self.row_keys.accept_changed()
        return count

    # -- a submission's life -------------------------------------------------------------------

    def now(self) -> datetime:
        """The time with which an entry of this moment is stamped."""
        return self._clock()

    def begin(
        self, file: Outgoing, keys: "Keys", *, account: str, name: str, origin: str, note: str = ""
    ) -> int:
        """Write down that `file` is about to be sent, with the keys of its rows; its number.

        The bytes go into the archive first. A file that was not delivered before keeps its number.
        """
        with self.writing():
            row = self._db.execute(
                "SELECT id, archived FROM submission WHERE sha256 = ? AND account = ? AND state = ?"
                " AND id NOT IN (SELECT submission FROM freed) ORDER BY id DESC",
                (file.sha256, account, State.NOT_DELIVERED),
            ).fetchone()
            number = row[0] if row else self._insert(file, keys, account, name, origin)
            if not (row and row[1] and (self.archive / row[1]).is_file()):
                archived = archive.keep(file.path, self.archive, number, name, self.readers)
                self._set(number, archived=archived)
            self._enter(number, State.INTENT, name, note, code="", said="", refused=0)
        self.write_witness()
        self._leave_note(number)
        self._give_back()
        return number

    def _insert(
        self, file: "Outgoing", keys: "Keys | None", account: str, name: str, origin: str
    ) -> int:
        now = stamp(self._clock())
        cursor = self._db.execute(
            "INSERT INTO submission (account, name, sha256, bytes, rows, state, origin, started,"
            " changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (account, name, file.sha256, file.size, file.rows, State.INTENT, origin, now, now),
        )
        number = int(cursor.lastrowid or 0)
        if keys is not None:
            self.row_keys.add(keys, number)
        return number

    def _give_back(self) -> None:
        """Return the pages of merged segments to the system, once they are many."""
        with ledger_faults.in_words(self.path):
            (free,) = self._db.execute("PRAGMA freelist_count").fetchone()
            (pages,) = self._db.execute("PRAGMA page_count").fetchone()
            if free > ledger_file.SPARE_PAGES and free * 10 > pages:
                self._db.execute("PRAGMA incremental_vacuum").fetchall()

    def enter(
        self, number: int, state: State, *, name: str = "", note: str = "", **more: Any
    ) -> None:
        """Give a submission another state; on the disk when this returns.

        Args:
            number: of the submission.
            state: the new one.
            name: its name on the server, where that has changed.
            note: for the history.
            more: other columns of the submission.
        """
        with self.writing():
            self._enter(number, state, name, note, **more)
        if not state.is_open:
            self._leave_note(number)

    def _leave_note(self, number: int) -> None:
        with ledger_faults.in_words(self.path):
            found = self.submission(number)
            archive.write_note(self.archive, found.archived, self.note(found), self.readers)

    def note(self, submission: Submission) -> dict[str, Any]:
        """A submission as witnesses outside the ledger keep it."""
        return archive.as_note(self.identity, self.path, submission)

    def write_witness(self) -> None:
        """Leave word beside the ledger of how many submissions it has."""
        ledger_file.write_witness(self.path, self.identity, self._count(), self.readers)

    def _enter(self, number: int, state: State, name: str, note: str, **more: Any) -> None:
        known = self.submission(number)
        # Never back: the witness is how an older copy of the ledger is recognized.
        now = stamp(max(self._clock(), known.changed))
        self._set(number, state=state, changed=now, **({"name": name} if name else {}), **more)
        self._db.execute(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?)",
            (number, now, state, name or known.name, note),
        )

    def _set(self, number: int, **columns: Any) -> None:
        names = ", ".join(f"{column} = ?" for column in columns)
        # The column names are those of this module, never of a file.
        self._db.execute(
            f"UPDATE submission SET {names} WHERE id = ?",  # noqa: S608
            (*columns.values(), number),
        )

    def settle_partly(self, number: int, rows: int, keys: "Keys") -> None:
        """A person's word that only the first rows of a file arrived; the others may go again.

        Args:
            number: of the submission.
            rows: how many arrived.
            keys: of all rows of the file.
        """
        rest = type(keys)(*(column[rows:] for column in keys))
        lines = range(rows + 2, rows + 2 + len(rest.session))  # the header is line 1
        with self.writing():
            self.row_keys.free(number, lines, rest)
            note = f"settled by a person: the first {rows} rows arrived"
            self._enter(number, State.DELIVERED, "", note, rows=rows)
        self._leave_note(number)

    def settle(self, number: int, state: State, note: str = "settled by a person") -> None:
        """A person's word about a delivery whose outcome is unknown.

        Raises:
            UsageError: `not_unknown`: only unknown outcomes can be settled.
        """
        found = self.submission(number)
        if found.state is not State.UNKNOWN:
            raise not_unknown(found)
        self.enter(number, state, note=note)

    def adopt(self, noted: Submission, keys: "Keys | None") -> None:
        """Enter what a witness knows of a submission that this ledger has forgotten.

        Args:
            noted: what it knows. Of one that was under way the outcome is unknown.
            keys: of its rows; None where its bytes are gone, and its rows can't be recognized.
        """
        state = State.UNKNOWN if noted.state.is_open else noted.state
        file = Outgoing(Path(noted.origin), noted.bytes, noted.sha256, noted.rows)
        with self.writing():
            known = self.submissions(sha256=noted.sha256)
            number = known[-1].id if known else None
            if number is None:
                number = self._insert(file, keys, noted.account, noted.name, noted.origin)
            self._enter(
                number,
                state,
                noted.name,
                "caught up",
                temporary=noted.temporary,
                rows=noted.rows,
                code=noted.code,
                said=noted.said,
                refused=int(noted.refused),
                archived=noted.archived if (self.archive / noted.archived).is_file() else "",
            )
            self._set(number, changed=stamp(max(noted.changed, self._clock())))
        self._leave_note(number)

    def free(self, number: int, lines: Sequence[int], keys: "Keys") -> None:
        """Let rows go again that the server refused.

        Args:
            number: the submission they went with.
            lines: their lines in its file.
            keys: of the same rows.
        """
        with self.writing():
            self.row_keys.free(number, lines, keys)

    def prune(self, keep_days: int) -> int:
        """Remove archived bytes whose time is up; how many. Open and unknown ones stay."""
        removed = 0
        for found in self.submissions(State.DELIVERED, State.NOT_DELIVERED):
            if found.archived and archive.expired(found.changed, self._clock(), keep_days):
                archive.discard(self.archive, found.archived)
                archive.discard_note(self.archive, found.archived)
                with self.writing():
                    self._set(found.id, archived="")
                removed += 1
        return removed


def not_unknown(found: Submission) -> UsageError:
    """For a submission that can't be settled."""
    return UsageError(
        "not_unknown",
        f"The outcome of {found.name} is not in doubt",
        f"it is {found.state}",
        "a submission whose outcome is unknown",
        "`callconv status` lists those.",
    )
