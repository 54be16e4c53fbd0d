"""Warnings of a run as a file of rows, so that they can be turned over like the rejected ones."""

import csv
from pathlib import Path

from callconv_kit.model import spec
from callconv_kit.model.codes import Severity, mask_phone
from callconv_kit.model.rows import Judged
from callconv_kit.widgets.pages import long_cells
from callconv_kit.writing.aside import ORIGIN_COLUMNS
from callconv_kit.writing.audit import FindingsLog
from callconv_kit.writing.lines import line_of
from callconv_kit.writing.reasons import reason

HEADER = (*ORIGIN_COLUMNS, "column", "value")


class WarningsFile(FindingsLog):
    """Takes the findings of a run, and writes down those that are warnings."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._written = 0
        self._outdated: dict[tuple[str, str], int] = {}
        self._file = path.open("w", encoding="utf-8", newline="")
        self._file.write(line_of(HEADER))

    def say(
        self,
        file: str,
        line: int,
        column: str | None,
        code: str,
        severity: Severity,
        value: str,
        detail: str = "",
    ) -> None:
        """Write a warning; nothing is kept in memory."""
        if severity is Severity.WARNING:
            shown = mask_phone(value) if column in spec.PERSONAL else value
            told = reason(code, column, value, detail)
            self._file.write(line_of([file, str(line), code, told, column or "", shown]))
            self._written += 1

    def forget(self, judged: Judged) -> None:
        """What was said of these rows up to now does not hold any more."""
        for row in range(len(judged)):
            key = (judged.source_file(row), str(judged.source_line(row)))
            self._outdated[key] = self._written

    def close(self) -> None:
        """Finish the file, without what does not hold any more."""
        self._file.close()
        if not self._outdated:
            return
        kept = self._path.with_name(self._path.name + ".kept")
        with (
            self._path.open(encoding="utf-8", newline="") as old,
            kept.open("w", encoding="utf-8", newline="") as new,
            long_cells(),
        ):
            for number, row in enumerate(csv.reader(old)):
                if number > self._outdated.get((row[0], row[1]), 0) or number == 0:
                    new.write(line_of(row))
        kept.replace(self._path)
