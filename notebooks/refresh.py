"""Runs the notebooks and stores what their last cells print, which nbval then compares.

    python notebooks/refresh.py [NOTEBOOK …]

All other outputs are left out: they would vary from machine to machine.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

IGNORED = "nbval-ignore-output"
HERE = Path(__file__).parent


def refresh(path: Path) -> None:
    """Execute one notebook and store it clean."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(HERE)}}).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02}"
        cell.metadata.clear()
        if cell.cell_type == "code":
            cell.execution_count = None
    # nbval takes a cell without a number for one that never ran, and compares nothing there.
    code[-1].execution_count = len(code)
    for cell in code[:-1]:
        cell.outputs = []
        cell.metadata["tags"] = [IGNORED]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(map(str, HERE.glob("*.ipynb"))):
        refresh(Path(name))
