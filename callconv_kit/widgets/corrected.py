"""The corrected rejected.csv: a person's corrections, in a file that a spreadsheet can open.

The file is the memory: every fix is written to it at once, and it is read again before each use, so
that a colleague can go on in it, with the workbench or without.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from callconv_kit.model.errors import UsageError
from callconv_kit.model.rows import ORIGIN_COLUMNS
from callconv_kit.reading import open_tables
from callconv_kit.widgets.pages import ORIGIN, columns_named
from callconv_kit.writing.lines import line_of
from callconv_kit.writing.output import writing

Key: TypeAlias = tuple[str, str]
"""A row's source file and line."""


@dataclass(slots=True)
class Corrected:
    """The rows of the file, by where they come from."""

    header: list[str] = field(default_factory=lambda: list(ORIGIN_COLUMNS))
    rows: dict[Key, list[str]] = field(default_factory=dict)


class CorrectedFile:
    """A corrected rejected.csv at `path`; it begins with the first fix."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[tuple[int, int, int], Corrected] | None = None

    def read(self) -> Corrected:
        """What is in it; nothing where there is no such file.

        It is read again when the file has changed: someone may edit it in a spreadsheet meanwhile.

        Raises:
            InputError: it can't be read.
            UsageError: `fixes_not_rejected`, it is not a rejected.csv.
        """
        if not self.path.exists() or not self.path.stat().st_size:
            return Corrected()
        status = self.path.stat()
        version = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._read is None or self._read[0] != version:
            self._read = (version, self._read_anew())
        known = self._read[1]
        return Corrected(list(known.header), dict(known.rows))

    def _read_anew(self) -> Corrected:
        names = set(ORIGIN_COLUMNS)
        (table,) = open_tables([self.path], names.__contains__, as_written=True)
        if tuple(table.header[:ORIGIN]) != ORIGIN_COLUMNS:
            raise UsageError(
                "fixes_not_rejected",
                f"{self.path.name} is not a corrected rejected.csv",
                ", ".join(table.header[:ORIGIN]),
                ", ".join(ORIGIN_COLUMNS),
                "Move that file away; the workbench then begins a new one.",
            )
        found = Corrected(list(table.header))
        placed: list[tuple[int, list[str]]] = []
        for batch in table.batches():
            columns = [column.to_pylist() for column in batch.cells]
            placed += zip(batch.lines.tolist(), map(list, zip(*columns, strict=True)), strict=True)
            placed += [(row.line, list(row.cells)) for row in batch.ragged]
        for _, row in sorted(placed):
            if len(row) >= ORIGIN:
                found.rows[row[0], row[1]] = row
        return found

    def fix_all(
        self, header: Sequence[str], edits: Iterable[tuple[Sequence[str], Mapping[int, str]]]
    ) -> dict[Key, list[str] | None]:
        """Write some cells of rejected rows into the file; returns the rows as they were in it.

        A row that was corrected before and was rejected again keeps its first reasons: `--fixes`
        knows the row by them.

        Args:
            header: of the rejected.csv.
            edits: rows of the rejected.csv, and the new text by the place in the row.
        """
        known = self.read()
        before: dict[Key, list[str] | None] = {}
        corrected: dict[Key, list[str]] = {}
        for row, cells in edits:
            key = (row[0], row[1])
            first = known.rows.get(key)
            before.setdefault(key, first)
            new = corrected.get(key) or list(row if first is None else first)
            for at, text in cells.items():
                new += [""] * (at + 1 - len(new))
                new[at] = text
            if first is not None:
                new[2], new[3] = _both(first, row)
            corrected[key] = new
        self._keep(known, header, list(corrected.values()))
        return before

    def restore(self, header: Sequence[str], rows: Mapping[Key, list[str] | None]) -> None:
        """Put rows back as they were in the file; None takes a row out."""
        known = self.read()
        for key in [key for key, row in rows.items() if row is None]:
            known.rows.pop(key, None)
        self._keep(known, header, [row for row in rows.values() if row is not None])

    def merge(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
        """Put rejected rows into the file as they are, for who goes on in a spreadsheet.

        Rows that are already in it stay. Returns how many were added.
        """
        known = self.read()
        new = [list(row) for row in rows if (row[0], row[1]) not in known.rows]
        self._keep(known, header, new)
        return len(new)

    def _keep(self, known: Corrected, header: Sequence[str], rows: list[list[str]]) -> None:
        shared = min(len(known.header), len(header))
        if known.rows and list(known.header[:shared]) != list(header[:shared]):
            raise UsageError(
                "fixes_of_another",
                f"{self.path.name} holds fixes for rows of another export",
                ", ".join(known.header[ORIGIN : ORIGIN + 5]),
                ", ".join(header[ORIGIN : ORIGIN + 5]),
                "Move that file away; the workbench then begins a new one.",
            )
        if not known.rows or len(header) > len(known.header):
            known.header = list(header)
        known.rows |= {(row[0], row[1]): row for row in rows}
        self._write(known)

    def _write(self, known: Corrected) -> None:
        """Under a temporary name first, so that no fix is lost to a full disk."""
        temporary = self.path.with_name(f".{self.path.name}.new")
        with writing(self.path.parent):
            with temporary.open("w", encoding="utf-8", newline="") as file:
                file.write(line_of(known.header))
                file.writelines(map(line_of, known.rows.values()))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)


def _both(first: Sequence[str], again: Sequence[str]) -> tuple[str, str]:
    """Codes and reasons of a row that was rejected twice: the first ones, and what is new.

    A new reason for a column that already had one is about the corrected text, which was never in
    the export; it adds nothing.
    """
    first_columns = columns_named(first[3])
    reasons = [part for part in first[3].split("; ") if part]
    codes = [part for part in first[2].split("; ") if part]
    for part in again[3].split("; "):
        if part and not set(columns_named(part)) & set(first_columns) and part not in reasons:
            reasons.append(part)
    codes += [code for code in again[2].split("; ") if code and code not in codes]
    return "; ".join(codes), "; ".join(reasons)
