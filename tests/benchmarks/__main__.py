"""The table of how fast `callconv prepare` is: `python -m tests.benchmarks [ROWS] [--runs N]`.

Each row of the table is one file: ours, the floor (`floor.py`) and, for the typical file, what a
user writes with polars and pandas. All are whole processes, run in turn, several times over; ratios
of one run are evidence, seconds are not. The figures also go to a JSON file.

`python -m tests.benchmarks 10000000 --against 1000000` shows instead what a row costs us in a large
file and in a smaller one of each kind, and the memory of both. A file goes as soon as it is measured.
"""

import argparse
import importlib.util
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from kinds import KINDS, NOW  # noqa: E402 # a script beside this one
from preset_and_lookup import lay_out  # noqa: E402 # the same
from processes import Run, run  # noqa: E402 # the same

SETTINGS = (
    *("--timezone", "America/New_York", "--month-first", "--now", NOW, "--quiet"),
    *("--job", "job.toml"),
)
JOB = "max_rejected_share = 1.0\n"
PANDAS_ROWS = 100_000
"""More would take minutes."""


def interleaved(
    commands: Mapping[str, Sequence[str]], folder: Path, runs: int
) -> dict[str, list[Run]]:
    """So many runs of each command, in turn; the first round warms the caches and is not kept."""
    rounds = [
        {name: run(command, folder) for name, command in commands.items()} for _ in range(runs + 1)
    ]
    return {name: [one[name] for one in rounds[1:]] for name in commands}


def ratio(ours: Sequence[Run], others: Sequence[Run], field: str) -> float:
    """The median of the ratios, pair by pair."""
    return round(
        statistics.median(
            getattr(one, field) / getattr(other, field)
            for one, other in zip(ours, others, strict=True)
        ),
        2,
    )


def entry(name: str, found: Mapping[str, Sequence[Run]], against: str) -> dict[str, Any]:
    """The figures of a file."""
    base = found[against]
    return {
        "file": name,
        **{
            who: {
                "wall": ratio(runs, base, "wall"),
                "processor": ratio(runs, base, "processor"),
                "seconds": round(statistics.median(one.wall for one in runs), 2),
                "peak_mib": round(max(one.peak for one in runs)),
            }
            for who, runs in found.items()
        },
    }


def made(kind: str, rows: int, folder: Path) -> str:
    """A file of a kind, by a process of its own: what a process holds counts for its children."""
    path = folder / f"{kind}-{rows}.csv"
    run([sys.executable, str(HERE / "kinds.py"), kind, str(path), str(rows)], folder)
    return str(path)


def commands(source: str, folder: Path, *, peers: bool, pandas: bool) -> dict[str, Sequence[str]]:
    """What is run over a file."""
    python = sys.executable
    prepare = [python, "-m", "callconv_kit", "prepare", source, "--out", "out", *SETTINGS]
    found = {
        "callconv": [*prepare, "--workers", "1"],
        "floor": [python, str(HERE / "floor.py"), source, str(folder / "floor.csv")],
    }
    if peers:
        found["2 workers"] = [*prepare, "--workers", "2"]
    if peers and importlib.util.find_spec("polars"):
        found["polars"] = [python, str(HERE / "peer_polars.py"), source, str(folder / "peer.csv")]
    if pandas:
        found["pandas"] = [python, str(HERE / "peer_pandas.py"), source, str(folder / "peer.csv")]
    return found


def shown(figures: dict[str, Any]) -> str:
    """One line of the table for each command."""
    lines = []
    for who, one in figures.items():
        if who != "file":
            lines.append(
                f"{figures['file']:32} {who:9} wall {one['wall']:6.2f}  processor "
                f"{one['processor']:6.2f}  {one['seconds']:8.2f} s  {one['peak_mib']:6} MiB"
            )
    return "\n".join(lines)


def table(rows: int, runs: int, kinds: Sequence[str], folder: Path) -> list[dict[str, Any]]:
    """Measure and print."""
    (folder / "job.toml").write_text(JOB)
    figures = []

    def measure(name: str, what: Mapping[str, Sequence[str]], against: str, times: int) -> None:
        figures.append(entry(name, interleaved(what, folder, times), against))
        print(shown(figures[-1]), flush=True)  # noqa: T201 # the figures

    small = made("typical", 200, folder)
    what = {"callconv": commands(small, folder, peers=False, pandas=False)["callconv"]}
    what["pandas"] = [sys.executable, "-c", "import pandas"]
    measure("200 rows, beside import pandas", what, "pandas", max(runs, 5))
    what["callconv"] = [sys.executable, "-m", "callconv_kit", "--help"]
    measure("--help, beside import pandas", what, "pandas", max(runs, 5))
    some = min(rows, PANDAS_ROWS)
    source = made("typical", some, folder)
    measure(f"typical, {some:,}", commands(source, folder, peers=True, pandas=True), "floor", runs)
    vendor = lay_out(folder, Path(source))
    prepare = [sys.executable, "-m", "callconv_kit", "prepare"]
    what = {
        "callconv": [*prepare, str(vendor), *SETTINGS[:-2], "--job", "callconv.toml"],
        "without": [*prepare, source, *SETTINGS],
    }
    measure(f"preset and look-up, {some:,}, beside without", what, "without", runs)
    for kind in kinds:
        source = made(kind, rows, folder)
        what = commands(
            source, folder, peers=kind in ("typical", "half_rejected", "all_changed"), pandas=False
        )
        if KINDS[kind][1] != "utf-8" or kind == "long_cell":  # the floor can't read these
            plain = made("typical", rows, folder)
            what["floor"] = commands(plain, folder, peers=False, pandas=False)["floor"]
        if kind == "quoted_breaks":
            what["floor"] = [*what["floor"], "breaks"]
        measure(f"{kind}, {rows:,}", what, "floor", runs)
        Path(source).unlink()
    return figures


def growth(
    rows: int, fewer: int, runs: int, kinds: Sequence[str], folder: Path
) -> list[dict[str, Any]]:
    """What a row costs in files of two sizes: the best of so many runs of each."""
    (folder / "job.toml").write_text(JOB)
    small = made("typical", 200, folder)
    run(commands(small, folder, peers=False, pandas=False)["callconv"], folder)  # compiles
    figures = []
    for kind in kinds:
        found: dict[str, Any] = {"file": kind}
        for count in (fewer, rows):
            source = made(kind, count, folder)
            size = Path(source).stat().st_size
            command = commands(source, folder, peers=False, pandas=False)["callconv"]
            done = [run(command, folder) for _ in range(runs)]
            Path(source).unlink()
            shutil.rmtree(folder / "out")
            found[f"{count:,}"] = one = {
                "wall_us_a_row": round(min(each.wall for each in done) / count * 1e6, 2),
                "processor_us_a_row": round(min(each.processor for each in done) / count * 1e6, 2),
                "peak_mib": round(max(each.peak for each in done)),
                "bytes_a_row": size // count,
            }
            print(f"{kind:20} {count:12,}", one, flush=True)  # noqa: T201 # the figures
        less, more = found[f"{fewer:,}"], found[f"{rows:,}"]
        found["ratio"] = {
            name: round(more[name] / less[name], 3) for name in less if name.endswith("_a_row")
        }
        print(f"{kind:20} {'ratio':>12}", found["ratio"], flush=True)  # noqa: T201 # the same
        figures.append(found)
    return figures


def main() -> None:
    """Read the arguments, and measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=4, help="interleaved runs (default: 4)")
    parser.add_argument("--kinds", nargs="*", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"))
    parser.add_argument("--against", type=int, help="compare the cost of a row with this many rows")
    parser.add_argument("--folder", type=Path, help="for files (default: the system's temporary)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        if given.against is None:
            figures = table(given.rows, given.runs, given.kinds, Path(name))
        else:
            figures = growth(given.rows, given.against, given.runs, given.kinds, Path(name))
    about = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "rows": given.rows,
        "runs": given.runs,
    }
    given.json.write_text(json.dumps({**about, "figures": figures}, indent=1) + "\n")


if __name__ == "__main__":
    main()
