"""Every page of the documentation does what it says."""

import os
import sys
from pathlib import Path

import pytest

from .pages import Reader, blocks, matches

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (ROOT / "docs").rglob("*.md")
    if any(block.language == "console" for block in blocks(page.read_text(encoding="utf-8")))
)


@pytest.fixture
def reader(tmp_path):
    """Someone who follows a page in an empty folder, with `callconv` on the PATH."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "CALLCONV_PASSWORD": "secret",
    }
    (tmp_path / "home").mkdir()
    (tmp_path / "page").mkdir()
    reader = Reader(tmp_path / "page", environment)
    yield reader
    reader.stop()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT / "docs")))
def test_a_page_does_what_it_says(page, reader):
    assert reader.follow(page.read_text(encoding="utf-8")) > 0


BLOCKS = {
    "a file": ('```csv title="a.csv"\nx\n```\n', [("csv", "a.csv", "x\n", False)]),
    "in a list": (
        "1. do\n\n    ```console\n    $ ls\n    ```\n",
        [("console", None, "$ ls\n", False)],
    ),
    "skipped": (
        "<!-- not run: needs an account -->\n```console\n$ x\n```\n",
        [("console", None, "$ x\n", True)],
    ),
}


@pytest.mark.parametrize(("page", "expected"), BLOCKS.values(), ids=BLOCKS)
def test_blocks_of_a_page(page, expected):
    found = [(block.language, block.file, block.text, block.skipped) for block in blocks(page)]
    assert found == expected


OUTPUTS = {
    "the same": ("a\nb", "a\nb\n", True),
    "another line": ("a", "a\nb\n", False),
    "lines left out": ("a\n...\nd", "a\nb\nc\nd\n", True),
    "no lines left out": ("a\n...\nd", "a\nd\n", True),
    "text left out": ("took … s", "took 3 s\n", True),
    "a wrong word": ("took … s", "took 3 h\n", False),
}


@pytest.mark.parametrize(("expected", "printed", "same"), OUTPUTS.values(), ids=OUTPUTS)
def test_outputs_are_compared(expected, printed, same):
    assert matches(expected, printed) is same


WRONG = {
    "a status": "```console\n$ exit 3\n```\n",
    "an output": "```console\n$ echo a\nb\n```\n",
    "a doctest": "```python\n>>> 1 + 1\n3\n```\n",
}


@pytest.mark.parametrize("page", WRONG.values(), ids=WRONG)
def test_a_wrong_page_fails(page, reader):
    with pytest.raises(AssertionError):
        reader.follow(page)
