"""The demo: the bundled export, prepared and uploaded to the mock, against stored outputs.

`python -m callconv_kit.demo.make_export` makes the export; after a change that is meant, the files
in tests/data/demo are those that `callconv demo` leaves in `callconv-demo/out`.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from callconv_kit.demo import make_export, sample

pytestmark = pytest.mark.slow

STORED = Path(__file__).parents[1] / "data" / "demo"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder in which `callconv demo` ran, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    run = subprocess.run(
        [sys.executable, "-m", "callconv_kit", "demo"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    return folder / "callconv-demo", run.stdout


@pytest.mark.parametrize("name", ["ready.csv", "rejected.csv", "left_out.csv"])
def test_each_output_is_the_one_that_was_reviewed(demo, name):
    folder, _ = demo
    assert (folder / "out" / name).read_bytes() == (STORED / name).read_bytes()


def test_most_rows_are_ready_and_at_least_25_kinds_of_mess_are_named(demo):
    folder, _ = demo
    summary = json.loads((folder / "out" / "summary.json").read_text())
    assert 200 <= summary["rows_read"] <= 210
    assert summary["rows_ready"] >= 150
    assert len({finding["code"] for finding in summary["findings"]}) >= 25
    assert len({change["rule"] for change in summary["changes"]}) >= 25


def test_every_ready_row_stands_as_a_pending_action(demo):
    folder, shown = demo
    ready = len((folder / "out" / "ready.csv").read_text().splitlines()) - 1
    assert f"{ready} pending actions on the mock server" in shown
    assert "refused by the server: 0." in shown
    assert re.search(r"Uploaded \d+ rows as \S+_CallConversionData_\w+\.csv: delivered\.", shown)


def test_it_runs_again_in_its_own_folder_and_in_nobody_elses(demo, tmp_path):
    folder, _ = demo
    again = [sys.executable, "-m", "callconv_kit", "demo"]
    assert subprocess.run([*again, folder], capture_output=True, check=False).returncode == 0
    (tmp_path / "thesis.txt").write_text("of somebody")
    run = subprocess.run([*again, tmp_path], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "holds other files" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_script_makes_the_bundled_export():
    assert make_export.export().encode("utf-8-sig") == sample("export.csv").read_bytes()
