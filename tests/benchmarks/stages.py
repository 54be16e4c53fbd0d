"""Where the processor time of a run in parts goes: `python tests/benchmarks/stages.py FILE… [cluster]`.

All parts are read by this process, one after the other, so the figures hold on a busy machine too.
With `cluster` they are left in a folder and their keys are settled by tasks, as with Dask. What is
not done by workers is the share that more workers do not shorten.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import callconv_kit as ck
from callconv_kit.run.pipeline import Run

SETTINGS = {
    "now": "2026-11-24T12:00:00+00:00",
    "timezone": "America/New_York",
    "date_order": "month-first",
    "max_rejected_share": 1.0,
    "keep_findings": False,
}


class Done:
    """A call that has ended."""

    def __init__(self, result):
        self._result = result

    def cancel(self):
        return False

    def result(self):
        return self._result


class Here:
    """Does what it is given at once, and counts what it took."""

    def __init__(self):
        self.spent = Counter()

    def submit(self, function, *arguments, **_):
        arguments = [one.result() if isinstance(one, Done) else one for one in arguments]
        begun = time.process_time()
        result = function(*arguments)
        self.spent[function.__name__] += time.process_time() - begun
        return Done(result)


def main(*words):
    here = Here()
    merge = Run._merge

    def counted(*arguments):
        begun = time.process_time()
        rows = merge(*arguments)
        here.spent["merge"] += time.process_time() - begun
        return rows

    Run._merge = counted
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        files = [word for word in words if word != "cluster"]
        way = {"client": here} if "cluster" in words else {"executor": here}
        run = ck.prepare(files, out=Path(folder), **way, **SETTINGS)
        here.spent["in all"] = time.process_time() - begun
    rows = run.summary["rows_read"]
    workers = sum(here.spent[name] for name in ("part_of", "_settle"))
    figures = {
        "rows": rows,
        "microseconds a row": {
            name: round(1e6 * spent / rows, 3) for name, spent in here.spent.items()
        },
        "share of workers": round(workers / here.spent["in all"], 3),
        "gigabytes": round(sum(Path(file).stat().st_size for file in files) / 1e9, 3),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
