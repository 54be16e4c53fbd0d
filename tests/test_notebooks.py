"""The notebooks as they are stored: clean, and with counts that nbval compares."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
IDS = [path.stem for path in NOTEBOOKS]


def cells_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_a_notebook_is_stored_clean(path):
    cells = cells_of(path)
    assert [cell["id"] for cell in cells] == [f"cell-{at:02}" for at in range(len(cells))]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] for cell in code[:-1])
    assert not re.search(r"/(?:home|root|work|tmp|Users)/", path.read_text(encoding="utf-8"))
    assert json.loads(path.read_text())["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_a_notebook_ends_in_counts_that_are_compared(path):
    last = [cell for cell in cells_of(path) if cell["cell_type"] == "code"][-1]
    assert last["execution_count"]
    assert "nbval-ignore-output" not in last["metadata"].get("tags", [])
    (output,) = last["outputs"]
    assert re.search(r"\d", "".join(output["text"]))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_a_notebook_explains_itself_and_defines_nothing(path):
    cells = cells_of(path)
    assert "".join(cells[0]["source"]).startswith(f"# {path.stem[:2]} ")
    for cell in cells:
        if cell["cell_type"] == "code":
            assert not re.search(r"^(def|class) ", "".join(cell["source"]), re.MULTILINE)


def test_a_count_that_is_another_fails(tmp_path):
    """Without stored outputs nbval compares nothing: ours are compared."""
    notebook = json.loads(NOTEBOOKS[IDS.index("03_map_a_new_vendor")].read_text(encoding="utf-8"))
    (output,) = notebook["cells"][-1]["outputs"]
    text = "".join(output["text"])
    output["text"] = [text.replace("rows_ready 3", "rows_ready 4")]
    assert output["text"] != [text]
    (tmp_path / "changed.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", "."]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "rows_ready 4" in run.stdout
    assert re.search(r"1 failed, \d+ passed", run.stdout)
