"""The workbench on a million rows, measured in the browser: `python workbench_review.py`.

    python tests/benchmarks/workbench_review.py [ROWS] [FOLDER]

Prints, in milliseconds, how long it takes from a click or a key to the frame that shows what it
changed: Review's first page, 50 page turns, 20 sorts (each column once in either direction), 20
filters, and 20 filters of Explore. Also the memory of the kernel, and the processor time (cpu) that
the browser, the server and the kernel spend on each: on a busy machine that is what to compare.
Every tenth row is rejected, so that the lists are long.
"""

import contextlib
import json
import statistics
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import psutil
from selenium.webdriver.common.by import By

from tests.browser.lab import Person, chromium, notebook, serving

NOW = "2026-11-24T12:00:00-05:00"
TURNS, TIMES = 50, 20
HEADER = ("CampaignId,MediaId,EventDate,ActionTrackerId,CallProvider,CallSessionId,CallerId,"
          "CalledPhoneNumber,CallDuration,TalkDuration,CallStatus,City,Zip")  # fmt: skip

CELL = """
import os, pathlib
from callconv_kit.widgets import Workbench
pathlib.Path("kernel").write_text(str(os.getpid()))
workbench = Workbench("calls.csv", now={now!r})
workbench.session.prepare()
workbench.reviewing.show()
workbench
"""

TIMED = """
const [start, kind, watched, done] = arguments;
const begun = performance.now();
new MutationObserver((_, observer) => {
  observer.disconnect();
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
}).observe(watched, {childList: true, subtree: kind === "open"});
if (kind === "key") {
  start.dispatchEvent(new KeyboardEvent("keydown", {key: "PageDown", bubbles: true}));
} else if (kind === "select") {
  start.selectedIndex = (start.selectedIndex + 1) % start.options.length;
  start.dispatchEvent(new Event("change", {bubbles: true}));
} else start.click();
"""
"""Milliseconds from what is done to the frame that shows what it changed."""


def write_export(path: Path, rows: int) -> None:
    """A made-up export."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        for at in range(rows):
            status = "no such word" if at % 20 == 0 else "answered"
            duration = "long" if at % 20 == 10 else at % 900 + 60
            file.write(
                f"1001,{20012 + at % 3},2026-11-{at % 20 + 1:02}T{at % 24:02}:{at % 60:02}:00-05:00,"
                f"30021,Invoca,S-{at:08},212555{at % 100 + 100:04},8005550199,{duration},"
                f"{at % 60},{status},Boston,02139\n"
            )


def percentile(times: list[float], share: float) -> float:
    """The time that this share of all does not exceed."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def spent() -> float:
    """Milliseconds of processor time of everything that this process has started and still runs."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += 1000 * (times.user + times.system)
    return total


def measured(person: Person) -> dict[str, list[tuple[float, float]]]:
    """The times of each thing that is done, and the processor time, in milliseconds."""
    driver = person.driver

    def timed(start, kind, watched):
        before = spent()
        lasted = driver.execute_async_script(TIMED, start, kind, watched)
        return lasted, spent() - before

    steps = person.all(".callconv-steps button")
    page = person.first(".callconv-workbench")
    found = {"opening": [timed(steps[3], "open", page)]}
    grid = person.first(".callconv-rejected-grid [role=grid]")
    found["turn"] = [timed(grid, "key", grid) for _ in range(TURNS)]
    person.reads("where", f"{TURNS * 50 + 1:,} to")
    heads = range(2, 2 + TIMES // 2)
    found["sort"] = []
    for at in [at for at in heads for _ in range(2)]:
        head = grid.find_elements(By.CSS_SELECTOR, "thead button")[at]
        found["sort"].append(timed(head, "click", grid))
    select = person.widget("code").find_element(By.CSS_SELECTOR, "select")
    found["filter"] = [timed(select, "select", grid) for _ in range(TIMES)]
    person.turn_to("Explore")
    explorer = person.widget("explorer")
    person.reads("explorer", "talk time")
    names = ("Media partner", "Status", "Duration", "Hour", "Day")
    found["explore"] = []
    for name in islice(cycle(names), TIMES):
        bar = person.first(f"section[aria-label^='{name}'] button:enabled")
        found["explore"].append(timed(bar, "click", explorer))
    return found


def measure(rows: int, folder: Path) -> dict[str, float]:
    """Open Review and Explore, and use them."""
    export = folder / "calls.csv"
    if not export.exists():
        write_export(export, rows)
    (folder / "callconv.toml").write_text("max_rejected_share = 1.0\n")
    notebook(folder / "work.ipynb", CELL.format(now=NOW))
    scratch = folder / "lab"
    scratch.mkdir(exist_ok=True)
    driver = chromium(scratch / "chromium")
    driver.set_script_timeout(60)
    try:
        with serving(folder, scratch) as (address, token):
            person = Person(driver, scratch / "pictures", patience=900)
            person.visit(f"{address}/lab/tree/work.ipynb?reset&token={token}")
            found = measured(person)
            status = Path("/proc", (folder / "kernel").read_text(), "status").read_text()
    finally:
        driver.quit()
    memory = dict(line.split(":", 1) for line in status.splitlines())
    result: dict[str, float] = {"rows": rows}
    for name, pairs in found.items():
        for kind, times in zip(("", "_cpu"), zip(*pairs, strict=True), strict=True):
            result[f"{name}{kind}_median_ms"] = round(statistics.median(times))
            result[f"{name}{kind}_p95_ms"] = round(percentile(list(times), 0.95))
    result["kernel_mb"] = int(memory["VmRSS"].split()[0]) // 1024
    result["kernel_peak_mb"] = int(memory["VmHWM"].split()[0]) // 1024
    return result


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as temporary:
        where = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary)
        print(json.dumps(measure(count, where), indent=2))  # noqa: T201 # its result
