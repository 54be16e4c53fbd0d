"""The ledger with ten million rows: its size, and the look-up of a file of a million.

    pytest tests/benchmarks/delivery_ledger.py -m benchmark -s

Every row has both keys, which is the worst case: 20 million records.
"""

import sqlite3
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from callconv_kit.delivery.attempt import Outgoing
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.receipt import State
from callconv_kit.run.keys import Keys

ROWS = 10_000_000
A_FILE = 1_000_000

LARGEST_LEDGER = 600_000_000
LONGEST_LOOK_UP = 3.0


def some_keys(chance: np.random.Generator, rows: int) -> Keys:
    words = chance.integers(1, 2**64, (rows, 5), dtype=np.uint64)
    return Keys(words[:, :2].copy(), words[:, 2:4].copy(), words[:, 4].copy())


@pytest.mark.benchmark
@pytest.mark.parametrize("each", [A_FILE, 50_000], ids=["10 large files", "200 small files"])
def test_ten_million_rows(tmp_path: Path, each: int) -> None:
    chance = np.random.default_rng(7)
    tiny = tmp_path / "x.csv"
    tiny.write_text("a\n1\n")
    some: list[Keys] = []
    begun = time.perf_counter()
    with Ledger.open(tmp_path / "l" / "ledger.sqlite") as ledger:
        for number in range(ROWS // each):
            keys = some_keys(chance, each)
            some.append(Keys(*(column[: A_FILE * each // ROWS // 2] for column in keys)))
            file = Outgoing(tiny, 4, f"{number:064}", each)
            begin = ledger.begin(file, keys, account="a", name=f"{number}.csv", origin="")
            ledger.enter(begin, State.DELIVERED)
    written = time.perf_counter() - begun
    size = sum(path.stat().st_size for path in (tmp_path / "l").glob("ledger.sqlite*"))
    known = Keys(*(np.concatenate(part) for part in zip(*some, strict=True)))
    fresh = some_keys(chance, A_FILE - len(known.session))
    asked = Keys(*(np.concatenate(pair) for pair in zip(known, fresh, strict=True)))
    process = psutil.Process()
    before = process.memory_info().rss
    with Ledger.open(tmp_path / "l" / "ledger.sqlite") as ledger:
        begun = time.perf_counter()
        sent_status = ledger.sent_status(asked)
        looked = time.perf_counter() - begun
    grown = process.memory_info().rss - before
    print(  # noqa: T201 - the figures
        f"\n{ROWS // each} files: written in {written:.1f} s, ledger {size / 1e6:.0f} MB, "
        f"look-up of {A_FILE:,} rows {looked:.2f} s, memory +{grown / 1e6:.0f} MB"
    )
    assert int((sent_status == 1).sum()) == len(known.session)
    assert int((sent_status == 0).sum()) == len(fresh.session)
    assert size <= LARGEST_LEDGER
    assert looked <= LONGEST_LOOK_UP


NIGHT = 100_000


@pytest.mark.benchmark
def test_a_night_is_looked_up_faster_than_in_a_sqlite_table(tmp_path: Path) -> None:
    """The same ten million keys as sorted segments, and as an indexed table."""
    chance = np.random.default_rng(7)
    sent = [some_keys(chance, NIGHT) for _ in range(ROWS // NIGHT)]
    tiny = tmp_path / "x.csv"
    tiny.write_text("a\n1\n")
    with Ledger.open(tmp_path / "l" / "ledger.sqlite") as ledger:
        for number, keys in enumerate(sent):
            file = Outgoing(tiny, 4, f"{number:064}", NIGHT)
            begin = ledger.begin(file, keys, account="a", name=f"{number}.csv", origin="")
            ledger.enter(begin, State.DELIVERED)
        begun = time.perf_counter()
        found = int((ledger.sent_status(sent[-1]) == 1).sum())
        segments = time.perf_counter() - begun
    table = sqlite3.connect(tmp_path / "table.sqlite")
    table.execute("CREATE TABLE sent (key BLOB PRIMARY KEY, submission INT) WITHOUT ROWID")
    every = np.concatenate([keys.session for keys in sent]).astype(">u8")
    packed = every[np.argsort(every[:, 0])].tobytes()
    table.executemany(
        "INSERT INTO sent VALUES (?, 1)",
        ((packed[at : at + 16],) for at in range(0, ROWS * 16, 16)),
    )
    table.commit()
    asked = sent[-1].session.astype(">u8").tobytes()
    begun = time.perf_counter()
    table.execute("CREATE TEMP TABLE asked (key BLOB)")
    table.executemany(
        "INSERT INTO asked VALUES (?)", ((asked[at : at + 16],) for at in range(0, NIGHT * 16, 16))
    )
    (joined,) = table.execute("SELECT count(*) FROM asked JOIN sent USING (key)").fetchone()
    looked = time.perf_counter() - begun
    table.close()
    print(f"\n{NIGHT:,} rows: segments {segments:.2f} s, a table {looked:.2f} s")  # noqa: T201
    assert found == joined == NIGHT
    assert segments < looked
