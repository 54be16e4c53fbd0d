"""The accessor beside a file's run: `python tests/benchmarks/accessor.py [ROWS …]`, by default 1000000.

A typical file is prepared from disk and as a frame, each in a process of its own. The processor
time of each thread is taken apart: reading, judging, writing. What the frame should cost is the
judging and writing of the file: the frame needs no reading. The last column says how many of the
frame's columns reach the kernels on the frame's own bytes.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__)
sys.path.insert(0, str(HERE.parent))
import kinds  # noqa: E402 # a script beside this one

SETTINGS = {
    "timezone": "America/New_York",
    "date_order": "month-first",
    "now": kinds.NOW,
    "max_rejected_share": 1.0,
    "keep_findings": False,
}


def timed(spent: Counter[str], owner: Any, name: str, label: str) -> None:
    """Count the processor time of a method's thread while it runs."""
    method = getattr(owner, name)

    def counted(*arguments: Any) -> Any:
        begun = time.thread_time()
        try:
            return method(*arguments)
        finally:
            spent[label] += time.thread_time() - begun

    setattr(owner, name, counted)


def measured(way: str, path: str) -> dict[str, float]:
    """Prepare a file in this process, from disk or as a frame."""
    import pandas as pd

    import callconv_kit as ck
    from callconv_kit.coercion.columns import Kernels
    from callconv_kit.model import texts
    from callconv_kit.run import streaming

    spent: Counter[str] = Counter()
    timed(spent, streaming.ReadAhead, "_read", "reading")
    timed(spent, streaming.WriteBehind, "_run", "writing")
    source: Any = path
    shared: set[int] = set()
    if way == "frame":
        source = pd.read_csv(path, dtype="str", keep_default_na=False, low_memory=False)
        owned = [column.array.__arrow_array__() for _, column in source.items()]
        places = []
        for one in owned:
            chunks = one.chunks if hasattr(one, "chunks") else [one]
            places += [(b.address, b.size) for b in (chunk.buffers()[2] for chunk in chunks) if b]
        clean = Kernels.clean

        def looked_at(self: Kernels, column: str, cells: Any) -> Any:
            data = texts.view(cells).data
            at = data.ctypes.data
            if len(data) and any(start <= at < start + size for start, size in places):
                shared.add(hash(column))
            return clean(self, column, cells)

        Kernels.clean = looked_at  # type: ignore[method-assign] # to see what it gets
    begun, clock = time.process_time(), time.perf_counter()
    ck.prepare(source, **SETTINGS)
    spent["in all"] = time.process_time() - begun
    spent["judging"] = spent["in all"] - spent["reading"] - spent["writing"]
    spent["wall"] = time.perf_counter() - clock
    return {**{name: round(value, 2) for name, value in spent.items()}, "shared": len(shared)}


def main(counts: list[int]) -> None:
    """Measure each size, and print a table."""
    line = "| {:>9} | {:5} | {:>7} | {:>7} | {:>7} | {:>6} | {:>6} | {:>6} |\n"
    names = ("reading", "judging", "writing", "in all", "wall", "shared")
    sys.stdout.write(line.format("rows", "from", *names))
    with tempfile.TemporaryDirectory() as folder:
        for rows in counts:
            path = Path(folder) / "calls.csv"
            kinds.write("typical", path, rows)
            for way in ("file", "frame"):
                command = [sys.executable, str(HERE), "--way", way, str(path)]
                told = subprocess.run(command, capture_output=True, text=True, check=True)
                found = json.loads(told.stdout)
                sys.stdout.write(line.format(rows, way, *(found[name] for name in names)))
                sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        sys.stdout.write(json.dumps(measured(*sys.argv[2:4])))
    else:
        main([int(count) for count in sys.argv[1:]] or [1_000_000])
