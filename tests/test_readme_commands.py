"""README's own command lines, in environments that hold no more than they install.

By command: python -m pytest -m long tests/test_readme_commands.py
"""

import os
import re
import subprocess
import venv
from pathlib import Path

import pytest

from callconv_kit.demo import sample

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.long


def line(pattern: str) -> str:
    """The first command line of README that matches."""
    found = re.search(rf"^{pattern}.*$", README, re.MULTILINE)
    assert found is not None, pattern
    return found[0].partition("  #")[0].strip()


def run(command: str, bin_folder: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command line in a shell, as in an activated environment; nothing of ours is on its path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    kept["PATH"] = f"{bin_folder}{os.pathsep}{kept['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


@pytest.fixture
def binaries(tmp_path: Path) -> Path:
    """The bin folder of a new environment."""
    venv.create(tmp_path / "environment", with_pip=True)
    return tmp_path / "environment" / "bin"


def test_the_demo_runs_where_only_its_extra_is_installed(binaries: Path, tmp_path: Path) -> None:
    install, demo = line(r"pip install '\.\[mock\]' && callconv demo").split(" && ")
    done = run(install, binaries, ROOT)
    assert done.returncode == 0, done.stderr
    done = run(demo, binaries, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "pending actions on the mock server" in done.stdout
    assert (tmp_path / "callconv-demo" / "out" / "ready.csv").is_file()


def test_prepare_runs_where_no_extra_is_installed(binaries: Path, tmp_path: Path) -> None:
    done = run("pip install .", binaries, ROOT)
    assert done.returncode == 0, done.stderr
    (tmp_path / "calls.csv").write_bytes(sample("export.csv").read_bytes())
    (tmp_path / "callconv.toml").write_bytes(sample("callconv.toml").read_bytes())
    done = run(line("callconv prepare calls.csv"), binaries, tmp_path)
    assert done.returncode == 1, done.stderr  # some rows of the demo's export are rejected
    assert (tmp_path / "out" / "ready.csv").is_file()
