"""Refused rows as a rejected.csv, to be corrected and fed back to `prepare`."""

import csv
from pathlib import Path

from callconv_kit.delivery.fault_texts import delivery_error
from callconv_kit.delivery.results import Outcome
from callconv_kit.model import spec
from callconv_kit.writing import private

ORIGIN = ("source_file", "source_line", "codes", "reasons")


def write_fix_file(outcome: Outcome, path: Path) -> int:
    """Write the refused rows in the shape of rejected.csv; how many.

    Args:
        outcome: of `results`.
        path: the file to write; replaced if it is there.

    Raises:
        DeliveryError: `line_offset_unknown`: the rows of some file can't be identified;
            then nothing is written.
    """
    unknown = [f for f in outcome.files if any(r.row is None for r in f.refusals)]
    if unknown:
        raise delivery_error(
            "line_offset_unknown",
            ", ".join(file.submission.name for file in unknown),
            "errors whose ids agree with our rows at one line offset and at no other, and the "
            "sent bytes in the archive",
        )
    count = 0
    with (
        private.replacing(path) as partial,
        partial.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*ORIGIN, *spec.NAMES))
        for result in outcome.files:
            by_line: dict[int, list[str]] = {}
            for refusal in result.refusals:
                by_line.setdefault(refusal.line, []).append(refusal.reason)
            rows = {refusal.line: refusal.row for refusal in result.refusals}
            for line, reasons in sorted(by_line.items()):
                row = rows[line]
                if row is None:
                    continue
                name = row.source_file or result.submission.name
                place = row.source_line if row.source_file else line
                texts = "; ".join(f"{result.submission.name} line {line}: {r}" for r in reasons)
                cells = (row.cells.get(column, "") for column in spec.NAMES)
                writer.writerow((name, place, "; ".join(reasons), texts, *cells))
                count += 1
    return count
