"""The workbench's Review on a million rows, measured in the browser: `python workbench_review.py`.

    python tests/benchmarks/workbench_review.py [ROWS] [FOLDER]

Prints, in milliseconds, how long it takes until Review shows its first page, and until each of 50
page turns shows the next one: from the key press to the new rows in the page. Also the memory of
the kernel. Every tenth row is rejected, so that the lists are long.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.browser.lab import Person, chromium, notebook, serving

NOW = "2026-11-24T12:00:00-05:00"
TURNS = 50
HEADER = ("CampaignId,MediaId,EventDate,ActionTrackerId,CallProvider,CallSessionId,CallerId,"
          "CalledPhoneNumber,CallDuration,TalkDuration,CallStatus,City,Zip")  # fmt: skip

CELL = """
from callconv_kit.widgets import Workbench
workbench = Workbench("calls.csv", now={now!r})
workbench.session.prepare()
workbench.reviewing.show()
workbench
"""
MEMORY = """
import os, pathlib
from IPython.display import HTML
status = pathlib.Path("/proc/self/status").read_text()
peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
HTML(f"<b class='memory'>{int(peak) // 1024}</b>")
"""

TIMED = """
const [start, watched, done] = arguments;
const begun = performance.now();
new MutationObserver((_, observer) => {
  if (!watched.querySelector("[role=grid] td")) return;
  observer.disconnect();
  requestAnimationFrame(() => done(performance.now() - begun));
}).observe(watched, {childList: true, subtree: true});
if (start.matches("button")) start.click();
else start.dispatchEvent(new KeyboardEvent("keydown", {key: "PageDown", bubbles: true}));
"""
"""Milliseconds from a click, or from Page Down, to the frame that shows what it changed."""


def write_export(path: Path, rows: int) -> None:
    """A made-up export."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        for at in range(rows):
            status = "no such word" if at % 10 == 0 else "answered"
            file.write(
                f"1001,20012,2026-11-{at % 20 + 1:02}T{at % 24:02}:{at % 60:02}:00-05:00,30021,"
                f"Invoca,S-{at:08},212555{at % 100 + 100:04},8005550199,{at % 900 + 60},"
                f"{at % 60},{status},Boston,02139\n"
            )


def percentile(times: list[float], share: float) -> float:
    """The time that this share of all does not exceed."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def measure(rows: int, folder: Path) -> dict[str, float]:
    """Open Review and turn pages."""
    export = folder / "calls.csv"
    if not export.exists():
        write_export(export, rows)
    (folder / "callconv.toml").write_text("max_rejected_share = 1.0\n")
    notebook(folder / "work.ipynb", CELL.format(now=NOW), MEMORY)
    scratch = folder / "lab"
    scratch.mkdir(exist_ok=True)
    driver = chromium(scratch / "chromium")
    driver.set_script_timeout(60)
    try:
        with serving(folder, scratch) as (address, token):
            person = Person(driver, scratch / "pictures", patience=900)
            person.visit(f"{address}/lab/tree/work.ipynb?reset&token={token}")
            steps = person.all(".callconv-steps button")
            page = person.first(".callconv-workbench")
            opening = driver.execute_async_script(TIMED, steps[3], page)
            grid = person.first(".callconv-rejected-grid [role=grid]")
            turns = [driver.execute_async_script(TIMED, grid, page) for _ in range(TURNS)]
            person.reads("where", f"{TURNS * 50 + 1:,} to")
            memory = float(person.first("b.memory").text)
    finally:
        driver.quit()
    return {
        "rows": rows,
        "opening_ms": round(opening),
        "turn_median_ms": round(statistics.median(turns)),
        "turn_p95_ms": round(percentile(turns, 0.95)),
        "turn_worst_ms": round(max(turns)),
        "kernel_peak_mb": memory,
    }


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as temporary:
        where = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary)
        print(json.dumps(measure(count, where), indent=2))  # noqa: T201 # its result
