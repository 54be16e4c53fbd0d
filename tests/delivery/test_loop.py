"""Hundreds of nights under signals and faults; see `loop.py`.

The long one prints its counts: `pytest tests/delivery/test_loop.py -m long -s`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .forked import Zygote
from .loop import KINDS, Counts, Loop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no fork and no kill -9"),
]


@pytest.fixture
def zygotes() -> Iterator[tuple[Zygote, Zygote]]:
    pair = (Zygote(), Zygote())
    yield pair
    for zygote in pair:
        zygote.close()


def assert_nothing_went_wrong(counts: Counts) -> None:
    assert (counts.twice, counts.lost, counts.false_deliveries) == (0, 0, 0), str(counts)
    assert counts.once + counts.unknown == counts.calls, str(counts)


def test_some_nights_under_signals_and_faults(
    zygotes: tuple[Zygote, Zygote], tmp_path: Path
) -> None:
    counts = Loop(tmp_path, zygotes, 20261126).run(len(KINDS) * 7, a_world=4)
    assert_nothing_went_wrong(counts)


@pytest.mark.long
def test_five_hundred_nights(zygotes: tuple[Zygote, Zygote], tmp_path: Path) -> None:
    loop = Loop(tmp_path, zygotes, 7)
    counts = loop.run(500, say=lambda line: print(line, flush=True))  # noqa: T201 - the figures
    assert_nothing_went_wrong(counts)
    sent = sum(count for name, count in counts.signals.items() if name != "no signal")
    assert counts.in_upload * 2 >= sent
