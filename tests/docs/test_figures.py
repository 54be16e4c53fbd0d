"""Each measured figure in the documents has the command that measures it in its section."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GENERATED = {"job.md", "delivery_faults.md"}
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(
        page
        for page in sorted((ROOT / "docs").rglob("*.md"))
        if page.parent.name not in {"reference", "notebooks"} and page.name not in GENERATED
    ),
]

FIGURE = re.compile(r"\d[\d.,]* ?(?:µs|ms|[KMGT]i?B|×|core-hours)(?!\w)|\d\.\d+ s\b")
"""A size, a ratio or a time. A limit or an example that is none of these needs no command."""

COMMAND = re.compile(
    r"`(?:python -|python tests|pytest tests)[^`]*`|how_it_was_tested\.md#how-fast"
)


def without_command(text: str) -> list[str]:
    """Lines with a figure, in sections that name no command; what is in a code block is output."""
    prose = re.sub(r"^( *)```.*?^\1```", "", text, flags=re.MULTILINE | re.DOTALL)
    sections = re.split(r"^(?=#)", prose, flags=re.MULTILINE)
    return [
        line
        for section in sections
        if not COMMAND.search(section)
        for line in section.splitlines()
        if FIGURE.search(line)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_figure_has_its_command(page: Path) -> None:
    assert without_command(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line", ["480 MB", "1.4 × the floor", "13.1 µs a row", "0.8 s", "3.7 core-hours", "113 ms"]
)
def test_a_figure_without_a_command_is_found(line: str) -> None:
    assert without_command(f"# One\n`python -m tests.benchmarks`\n\n## Two\n{line}\n") == [line]
    assert without_command(f"# One\n{line} (`python -m tests.benchmarks`)\n") == []
    assert without_command(f"# One\n```text\n{line}\n```\n") == []


def test_what_is_no_figure_needs_no_command() -> None:
    assert without_command("At least 30 seconds, 51 columns, 204 rows, Python 3.11, 2 calls.") == []
