"""What a run came to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from callconv_kit.job import Job
from callconv_kit.model.codes import Severity
from callconv_kit.model.errors import InputError
from callconv_kit.reading import Table
from callconv_kit.writing.tally import Tally


@dataclass(slots=True)
class RunOutcome:
    """What a run came to; the files lie in its folder.

    tally: counts and examples.
    ready_sha256: of ready.csv.
    problem: why there is no ready.csv, where the rows themselves are the reason.
    has_fixes: corrected rows took the place of rejected ones.
    """

    tables: Sequence[Table]
    tally: Tally
    rows_ready: int = 0
    rows_rejected: int = 0
    rows_left_out: int = 0
    ready_sha256: str = ""
    problem: InputError | None = None
    has_fixes: bool = False
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0

    @property
    def rows_read(self) -> int:
        """Rows of all inputs; lines that are not rows do not count."""
        return sum(table.account.rows for table in self.tables)

    @property
    def rows_meant(self) -> int:
        """Rows that are meant to go, and those that went before: what a share is a share of.

        With the latter, a night with few new calls is judged like any other.
        """
        before = [(code, None, Severity.LEFT_OUT) for code in ("already_sent", "outcome_unknown")]
        sent = sum(self.tally.findings[key] for key in before)
        return self.rows_ready + self.rows_rejected + sent

    @property
    def rejected_share(self) -> float:
        """The share of rejected rows; those of calls that changed since they went don't count."""
        changed = self.tally.findings["changed_since_sent", None, Severity.ERROR]
        rejected = self.rows_rejected - changed
        return rejected / self.rows_meant if rejected > 0 else 0.0

    def problem_under(self, job: Job) -> InputError | None:
        """Why there is no ready.csv, where the rows themselves are the reason."""
        if self.rows_read == 0 and job.expect_rows:
            return no_rows(", ".join(table.name for table in self.tables))
        reimported = self.has_fixes or any(table.reimported for table in self.tables)
        if not reimported and self.rejected_share > job.max_rejected_share:
            meant = "" if self.rows_meant == self.rows_read else "that were not left out "
            return InputError(
                "too_many_rejected",
                f"{self.rows_rejected} of {self.rows_meant} rows {meant}were rejected, more than "
                "the job allows",
                f"{self.rejected_share:.0%}",
                f"at most {job.max_rejected_share:.0%} (max_rejected_share)",
                "Look at the most frequent reason: one setting often corrects most of these rows. "
                "There is no ready.csv.",
            )
        return None


def no_rows(names: str) -> InputError:
    """The error for inputs without rows, where the job says `expect_rows`."""
    return InputError(
        "no_rows",
        f"{names} has a header but no rows",
        "0 rows",
        "at least one row, because the job says expect_rows = true",
        "Check the date range of the export.",
    )
