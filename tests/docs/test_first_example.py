"""README's first example comes out as it is shown, by the command that it names."""

import csv
import re
import shlex
from pathlib import Path

import pytest

from callconv_kit.cli.main import main

pytestmark = pytest.mark.slow

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def row_of(mark: str) -> dict[str, str]:
    """The row of README's first tables that begins with this word, by the names above it."""
    header, _, cells = re.findall(r"((?:\|[^\n]*\n)+)(?=\n|\Z)", README[: README.index("```")])[
        0 if mark == "in" else 1
    ].splitlines()
    names = [name.strip() for name in header.split("|")[2:-1]]
    row = [cell.strip().strip("`") for cell in cells.split("|")[1:-1]]
    assert row[0] == mark
    return dict(zip(names, row[1:], strict=True))


def test_the_first_example_comes_out_as_it_is_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    call = row_of("in") | {"Call Record ID": "7-A", "Destination Phone Number": "8005550199"}
    with Path("calls.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(call))
        writer.writeheader()
        writer.writerow(call)
    command = re.search(r"`callconv (prepare calls\.csv --preset invoca[^`]*)`", README)
    assert command is not None
    given = [*shlex.split(command[1]), "--out", "out", "--now", "2026-11-26T06:00:00Z"]
    assert main(given) == 0, capsys.readouterr()
    with Path("out/ready.csv").open(newline="") as file:
        (ready,) = csv.DictReader(file)
    shown = row_of("out")
    assert {name: ready[name] for name in shown} == shown
