"""Runs the notebooks, stores what their last cells print, and writes them as pages of the site.

    python notebooks/refresh.py [NOTEBOOK …]

nbval compares the last outputs. All other outputs are left out of the notebooks, as they would
vary from machine to machine; they are shown in the pages, which no build has to run again.
"""

import base64
import re
import sys
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

IGNORED = "nbval-ignore-output"
HERE = Path(__file__).parent
PAGES = HERE.parent / "docs" / "notebooks"

PICTURES = {"Workbench": "workbench_review.png", "Explore": "explore.png"}
"""What a page shows in the place of a widget, which needs a kernel."""

RANDOM = re.compile(r"\b(T_(?=[0-9a-f]{5}[_\" ])|callconv-(?=[0-9a-f]{8}\"))[0-9a-f]+")
"""Names in the HTML of tables that are others in each run."""


def refresh(path: Path) -> None:
    """Execute one notebook, write its page, and store it clean."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(HERE)}}).execute()
    write_page(notebook, path.stem)
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


def write_page(notebook: Any, name: str) -> None:
    """Write an executed notebook as a page of Markdown, its pictures beside it."""
    PAGES.mkdir(exist_ok=True)
    for old in PAGES.glob(f"{name}_*.png"):
        old.unlink()
    title, *cells = notebook.cells
    origin = f"*This page is `notebooks/{name}.ipynb`, run from top to bottom.*"
    parts = [title.source, origin]
    heading = title.source.partition("\n")[0].lstrip("# ")
    pictured: set[str] = set()
    for number, cell in enumerate(cells, 1):
        if cell.cell_type == "markdown":
            parts.append(cell.source.replace("](../docs/", "](../"))
            if cell.source.startswith("#"):
                heading = cell.source.partition("\n")[0].lstrip("# ")
            continue
        parts.append(f"```python\n{cell.source}\n```")
        parts += [
            _shown(output, f"{name}_{number:02}", heading, pictured) for output in cell.outputs
        ]
    parts = [part for part in parts if part]
    (PAGES / f"{name}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _shown(output: Any, name: str, heading: str, pictured: set[str]) -> str:
    """One output as Markdown; empty for what only a notebook shows."""
    if output.output_type == "stream":
        return "" if output.name == "stderr" else _text(output.text)
    data = output.data
    if "application/vnd.jupyter.widget-view+json" in data:
        kind = data["text/plain"].partition("(")[0]
        if kind in pictured:  # its picture is of other data
            return ""
        pictured.add(kind)
        return f"![{kind}: {heading}](../images/{PICTURES[kind]})" if kind in PICTURES else ""
    if "image/png" in data:
        (PAGES / f"{name}.png").write_bytes(base64.b64decode(data["image/png"]))
        return f"![Chart: {heading}]({name}.png)"
    if "text/html" in data:
        html = RANDOM.sub(rf"\g<1>{name}", "".join(data["text/html"]))
        return f'<div class="output">\n{html.strip()}\n</div>'
    return _text(data["text/plain"])


def _text(text: str) -> str:
    return f'<pre class="output">{escape(text.rstrip())}</pre>'


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(map(str, HERE.glob("*.ipynb"))):
        refresh(Path(name))
