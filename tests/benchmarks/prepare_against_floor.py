"""`callconv prepare` beside the floor, and `callconv --help` beside `import pandas`.

    python tests/benchmarks/prepare_against_floor.py [ROWS] [PAIRS]

The floor is pyarrow reading the same file as text and writing it back (`floor.py`). Whole processes
in interleaved pairs; ratios of one run are evidence, seconds are not.
"""

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from processes import run

HERE = Path(__file__).parent
NOW = "2026-11-24T12:00:00+00:00"
SETTINGS = ("--timezone", "America/New_York", "--month-first", "--now", NOW, "--quiet")
HELPS = 15


def pairs(ours: Sequence[str], theirs: Sequence[str], folder: Path, count: int) -> str:
    """Interleaved runs of both, in words."""
    run(ours, folder), run(theirs, folder)
    both = [(run(ours, folder), run(theirs, folder)) for _ in range(count)]

    def ratio(field: str) -> str:
        ratios = [getattr(one, field) / getattr(other, field) for one, other in both]
        return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"

    mine = [one for one, _ in both]
    return (
        f"wall {ratio('wall')}, processor {ratio('processor')}; "
        f"{statistics.median(one.wall for one in mine):.2f} s against "
        f"{statistics.median(other.wall for _, other in both):.2f} s, "
        f"peak {max(one.peak for one in mine):.0f} MiB"
    )


def main(rows: int, count: int) -> None:
    """Measure and print."""
    python = sys.executable
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = str(folder / "calls.csv")
        # By a process of its own: what a process holds counts as its children's memory too.
        run([python, str(HERE / "calls.py"), source, str(rows)], folder)
        prepare = [python, "-m", "callconv_kit", "prepare", source, "--out", "out", *SETTINGS]
        floor = [python, str(HERE / "floor.py"), source, str(folder / "floor.csv")]
        print(f"{rows:,} rows, {count} pairs: {pairs(prepare, floor, folder, count)}")  # noqa: T201 # the figures
        shown = [python, "-m", "callconv_kit", "--help"]
        pandas = [python, "-c", "import pandas"]
        print(f"--help against import pandas: {pairs(shown, pandas, folder, HELPS)}")  # noqa: T201 # the figures


if __name__ == "__main__":
    given = [int(word.replace(",", "").replace("_", "")) for word in sys.argv[1:]]
    main(*(given + [1_000_000, 5][len(given) :]))
