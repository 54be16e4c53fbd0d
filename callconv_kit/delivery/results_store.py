"""The server's results for rows that were sent, kept in the ledger."""

from collections.abc import Iterable, Sequence

from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.sent_rows import SentRow, rows_at

_REFUSALS = (
    "SELECT line, reason, status, server_line FROM refusal WHERE submission = ?"
    " ORDER BY server_line, reason"
)


class ResultsStore:
    """The results part of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def remember(self, key: str, value: str) -> None:
        """Keep a setting that was found out, such as the line offset."""
        with self._ledger.writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def remembered(self, key: str) -> str:
        """A setting; empty where there is none."""
        found = self._ledger.read("SELECT value FROM meta WHERE key = ?", key)
        return str(found[0][0]) if found else ""

    def keep_batch(
        self, batch: str, submission: int, status: str, records: int, errors: int
    ) -> None:
        """The server's account of a whole file."""
        with self._ledger.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO batch VALUES (?, ?, ?, ?, ?)",
                (batch, submission, status, records, errors),
            )

    def batch_of(self, submission: int) -> tuple[str, int]:
        """The last status and count of rows; ("", -1) where the results do not show the file."""
        found = self._ledger.read(
            "SELECT status, records FROM batch WHERE submission = ? ORDER BY id DESC LIMIT 1",
            submission,
        )
        return (str(found[0][0]), int(found[0][1])) if found else ("", -1)

    def keep_refusals(self, submission: int, refusals: Iterable[tuple[int, str, str, int]]) -> None:
        """Refused rows: our line (0: unknown), reason, status, the server's line.

        They take the place of those that were kept before: the server forgets errors that were
        mended, and our lines may have become known since.
        """
        with self._ledger.writing() as db:
            db.execute("DELETE FROM refusal WHERE submission = ?", (submission,))
            db.executemany(
                "INSERT OR IGNORE INTO refusal (submission, line, reason, status, server_line)"
                " VALUES (?, ?, ?, ?, ?)",
                [(submission, *refusal) for refusal in refusals],
            )

    def refusals(self, submission: int) -> list[tuple[int, str, str, int]]:
        """The refused rows of a submission, as `keep_refusals` got them."""
        return [
            (int(line), str(reason), str(status), int(server_line))
            for line, reason, status, server_line in self._ledger.read(_REFUSALS, submission)
        ]

    def confirm(self, submission: int, lines: Sequence[int]) -> None:
        """Rows that an export of actions shows."""
        with self._ledger.writing() as db:
            db.executemany(
                "INSERT OR IGNORE INTO confirmation VALUES (?, ?)",
                [(submission, line) for line in lines],
            )

    def confirmed(self, submission: int) -> frozenset[int]:
        """The lines of a submission's file that are confirmed."""
        found = self._ledger.read("SELECT line FROM confirmation WHERE submission = ?", submission)
        return frozenset(int(line) for (line,) in found)

    def rows(self, submission: int, lines: Iterable[int]) -> dict[int, SentRow]:
        """The rows on these lines; none where the archive no longer has them."""
        try:
            return rows_at(self._ledger, self._ledger.submission(submission), set(lines))
        except FileNotFoundError:
            return {}
