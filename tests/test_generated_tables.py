"""Generated tables give the same ready.csv in every form, in one process and in several.

The long form, by command: python -m pytest -m long tests/test_generated_tables.py
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from .generated_tables import FORMS, as_csv, difference, generate, prepared

pytestmark = pytest.mark.slow

SEEDS = 24
LONG = 800
"""Seeds of the long form: 4,000 tables in five forms, and their halves in two processes."""


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    """Two processes, for all tables."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


def check_forms(seed: int, folder: Path) -> Counter[str]:
    """Hold all forms of a table to its CSV; returns how often each named difference was met."""
    table = generate(seed)
    ends = {
        form: prepared(write(table, folder), table, folder / form) for form, write in FORMS.items()
    }
    met: Counter[str] = Counter()
    for form, end in ends.items():
        assert end.is_whole, (seed, form, end.counts)
        name = difference(form, table, end, ends["csv"])
        assert name is not None, (seed, form, end.counts, ends["csv"].counts, end, ends["csv"])
        met[name or "equal"] += 1
    return met


def check_processes(seed: int, folder: Path, pool: Any) -> None:
    """Hold two halves of a table, in one process and in two, to each other."""
    table = generate(seed)
    half = len(table.rows) // 2
    paths = []
    for name, rows in (("a", table.rows[:half]), ("b", table.rows[half:])):
        (folder / name).mkdir()
        part = replace(table, rows=rows)
        paths.append(as_csv(part, folder / name).rename(folder / f"{name}.csv"))
    alone = prepared(paths, table, folder / "one")
    several = prepared(paths, table, folder / "two", executor=pool)
    assert alone.is_whole, (seed, alone.counts)
    assert several == alone, seed


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_form_of_a_table_gives_the_same_file(seed: int, tmp_path: Path) -> None:
    check_forms(seed, tmp_path)


@pytest.mark.parametrize("seed", range(0, SEEDS, 6))
def test_several_processes_give_the_same_file(seed: int, tmp_path: Path, processes: Any) -> None:
    check_processes(seed, tmp_path, processes)


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, LONG, 50))
def test_four_thousand_tables_give_the_same_files(
    first: int, tmp_path: Path, processes: Any
) -> None:
    met: Counter[str] = Counter()
    for seed in range(1000 + first, 1050 + first):
        folder = tmp_path / str(seed)
        folder.mkdir()
        met += check_forms(seed, folder)
        if seed % 5 == 0:
            check_processes(seed, folder, processes)
    assert met["equal"] > 0.9 * met.total(), met
