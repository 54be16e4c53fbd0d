"""How far a run is: an estimate of its rows, for a progress bar."""

from collections.abc import Sequence
from pathlib import Path

PLAIN_TEXT = {".csv", ".tsv", ".txt", ".jsonl"}
SAMPLE = 1 << 18
"""Bytes at a file's beginning from which the length of its lines is taken."""


def expected_rows(inputs: Sequence[object]) -> int | None:
    """About how many rows these inputs hold; None where a look at their beginning can't say.

    It estimates from the length of the file and of its first lines, and only for plain text. It
    never raises: the run itself reports a file that can't be read.
    """
    total = 0.0
    for item in inputs:
        if not isinstance(item, str | Path) or Path(item).suffix.lower() not in PLAIN_TEXT:
            return None
        try:
            with Path(item).open("rb") as file:
                sample = file.read(SAMPLE)
            size = Path(item).stat().st_size
        except OSError:
            return None
        total += size * sample.count(b"\n") / max(len(sample), 1)
    return round(total) or None
