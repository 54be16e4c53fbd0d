"""What reading promises: a table that can be read twice, and an account of its rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from callconv_kit.model.rows import Batch
from callconv_kit.model.texts import Ints

SKIPPED_KEPT = 20
"""How many skipped lines of an input are listed."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that is not a row.

    why: `preamble`, `separator`, `repeated_header`, `total`, or `skip_lines` (the job's setting).
    """

    line: int
    why: str


@dataclass(slots=True)
class Account:
    """What was read of one input, for summary.json; complete when its batches are exhausted.

    surplus_cells: how many empty cells without a name each row ends with.
    """

    file: str
    sha256: str = ""
    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0
    rows: int = 0
    blank_lines: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    guessed_from_line: int = 0
    surplus_cells: int = 0

    def skip(self, line: int, why: str) -> None:
        """List a line that is not a row; the first ones are kept."""
        if len(self.skipped) < SKIPPED_KEPT:
            self.skipped.append(Skipped(line, why))

    def merge(self, other: "Account") -> None:
        """Add what another process counted of the lines behind ours."""
        self.rows += other.rows
        self.blank_lines += other.blank_lines
        self.skipped += other.skipped[: SKIPPED_KEPT - len(self.skipped)]


class Table(Protocol):
    """An input, recognized as a table. It can be read again from its start.

    reimported: it is a rejected.csv, whose rows are those of other files.
    padded: all rows are equally long, as in a sheet or a frame.
    is_frame: it came from Python, and has neither lines nor options of a command.
    """

    name: str
    header: tuple[str, ...]
    reimported: bool
    padded: bool
    is_frame: bool
    account: Account

    def batches(self, wanted: Ints | None = None) -> Iterator[Batch]:
        """Its rows in order; with `wanted`, only those on these ascending lines."""
        ...
