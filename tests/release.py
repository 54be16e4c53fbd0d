"""Walks the check-list of a release: `python -m tests.release`. Exit status 0: all of it holds.

It writes the wheel and the source archive to dist/, and the site to build/site.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from callconv_kit import __version__

ROOT = Path(__file__).parents[1]


def runs(*command: str) -> bool:
    """Whether a command of this Python ends well; what it printed is shown where it does not."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stdout.write(done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode == 0


def figures() -> list[str]:
    """The commands that measure the published figures."""
    page = (ROOT / "docs/explanation/how_it_was_tested.md").read_text(encoding="utf-8")
    return re.findall(
        r"\| `((?:python(?: -m)?|pytest) tests[./]benchmarks[^`]*)` \|$", page, re.MULTILINE
    )


STEPS: dict[str, Callable[[], bool]] = {
    "CHANGELOG.md has a section for this version": lambda: (
        f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    ),
    "wheel and source archive are built": lambda: runs("build", "--outdir", "dist"),
    "the site is built without a warning": lambda: runs("mkdocs", "build", "--quiet"),
    "wheel, source archive and site pass their tests": lambda: runs(
        *("pytest", "-q", "tests/test_packaging.py", "tests/test_systems.py", "tests/docs")
    ),
    "the published figures have commands": lambda: bool(figures()),
}


def main() -> int:
    """Walk the list; returns the number of steps that do not hold."""
    failed = 0
    for step, holds in STEPS.items():
        held = holds()
        failed += not held
        sys.stdout.write(f"{'ok    ' if held else 'FAILED'}  {step}\n")
    sys.stdout.write("Measure again what changed since the last release:\n")
    sys.stdout.writelines(f"        {command}\n" for command in figures())
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
