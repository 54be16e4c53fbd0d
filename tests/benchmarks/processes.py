"""What a whole process costs: the operating system's own account of it, once it has ended."""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Run(NamedTuple):
    """What one process took: seconds on the wall and of processors, and its peak memory in MiB."""

    wall: float
    processor: float
    peak: float


_COMPILED = tempfile.TemporaryDirectory(prefix="compiled-")


def _environment() -> dict[str, str]:
    """That of an installed package: its modules are compiled once, in the round that warms up."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": _COMPILED.name}


def run(command: Sequence[str], folder: Path) -> Run:
    """Run a command to its end."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env=_environment())
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    # Of ours, 1 says that some rows were rejected.
    if process.returncode not in ((0, 1) if "callconv_kit" in command else (0,)):
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
