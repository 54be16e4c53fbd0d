"""The reference pages say what the code says."""

import importlib.util
from pathlib import Path

import pytest

from callconv_kit.cli.main import COMMANDS, GROUPS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def reference():
    """The generator, which is a script of the docs."""
    found = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name", ["commands.md", "codes.md", "exit_statuses.md", "presets.md", "python.md"]
)
def test_a_generated_page_is_up_to_date(reference, name):
    assert (DOCS / "reference" / name).read_text(encoding="utf-8") == reference.pages()[name]


def test_every_command_stands_in_one_group():
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(COMMANDS)
