"""The notebooks as they are stored: clean, and with counts that nbval compares."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = ROOT / "docs" / "notebooks"
IDS = [path.stem for path in NOTEBOOKS]

SILENT = {"lay_out(folder)"}
"""Last lines of cells that only prepare the next one."""


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


def page_of(path):
    return (PAGES / f"{path.stem}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_the_page_of_a_notebook_has_its_cells_in_order(path):
    """`python notebooks/refresh.py` writes the pages."""
    page, at = page_of(path), 0
    for cell in cells_of(path):
        source = "".join(cell["source"])
        shown = f"```python\n{source}\n```"
        if cell["cell_type"] == "markdown":
            shown = source.replace("](../docs/", "](../")  # a picture, as seen from the page
        at = page.index(shown, at) + len(shown)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_the_page_of_a_notebook_shows_the_last_counts(path):
    (output,) = [cell for cell in cells_of(path) if cell["cell_type"] == "code"][-1]["outputs"]
    assert page_of(path).endswith(f'<pre class="output">{"".join(output["text"]).rstrip()}</pre>\n')


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_every_output_of_a_page_is_worth_looking_at(path):
    """No repr, no error, no path of this machine, no table of more than twelve rows or columns."""
    page = page_of(path)
    assert not re.search(r"/(?:home|root|work|tmp|Users)/|Traceback|&lt;[a-z_.]+ object at", page)
    for output in re.findall(r'<pre class="output">(.*?)</pre>', page, re.DOTALL):
        assert not re.match(r"[\[({]|&lt;", output), output
    for table in re.findall(r'<table id="T_.*?</table>', page, re.DOTALL):
        assert "<caption>" in table
        assert table.count("<tr>") <= 13
        assert table.count("<th ") <= 12


def test_every_code_cell_of_a_page_but_a_silent_one_shows_something():
    silent = {
        source
        for path in NOTEBOOKS
        for source, shown in re.findall(
            r"```python\n(.*?)\n```\n\n(<pre|<div|!\[)?", page_of(path), re.DOTALL
        )
        if not shown
    }
    assert {source.splitlines()[-1] for source in silent} == SILENT


def test_every_picture_of_a_page_is_there_and_every_page_is_in_the_menu():
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for path in NOTEBOOKS:
        assert f"notebooks/{path.stem}.md" in menu
        for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page_of(path)):
            assert (PAGES / picture).is_file()
    names = {path.stem for path in NOTEBOOKS}
    assert {page.stem for page in PAGES.glob("*.md")} == names
    assert {picture.stem.rpartition("_")[0] for picture in PAGES.glob("*.png")} <= names


@pytest.mark.notebook
def test_a_count_that_is_another_fails(tmp_path):
    """Without stored outputs nbval compares nothing: ours are compared."""
    notebook = json.loads(NOTEBOOKS[IDS.index("03_map_a_new_vendor")].read_text(encoding="utf-8"))
    (output,) = notebook["cells"][-1]["outputs"]
    text = "".join(output["text"])
    output["text"] = [text.replace("rows ready: 3", "rows ready: 4")]
    assert output["text"] != [text]
    (tmp_path / "changed.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", "."]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert re.search(r"\+ rows ready: 4", run.stdout)
    assert re.search(r"1 failed, \d+ passed", run.stdout)
