"""Keys of a whole run: found as they stream by, spilled, settled; small in memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callconv_kit.run import duplicates
from callconv_kit.run.duplicates import KeyStore, KeyTable
from callconv_kit.run.keys import Keys

ROWS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(1, 2)), min_size=1, max_size=60
)
"""Rows as (session, event or 0, payment)."""


def keys_of(rows):
    words = np.asarray(rows, np.uint64).reshape(-1, 3)
    # Spread like hashes, over all files and far over the slots of a table.
    session = np.stack([words[:, 0] << np.uint64(61), words[:, 0] + np.uint64(1)], axis=1)
    event = np.stack([words[:, 1] << np.uint64(58), words[:, 1]], axis=1)
    return Keys(event, session, words[:, 2])


def naive(rows, on_conflict):
    """Place → the place that is kept (None: nobody), for all rows that share a key."""
    groups = {}
    for place, (session, event, payment) in enumerate(rows):
        key = ("event", event) if event else ("session", session)
        groups.setdefault(key, []).append((place, payment))
    kept = {}
    for members in groups.values():
        if len(members) > 1:
            differ = len({payment for _, payment in members}) > 1
            end = {"reject": None, "first": members[0], "last": members[-1]}[on_conflict]
            end = end if differ else members[0]
            for place, payment in members:
                kept[place] = (differ, end and end[0], not differ or (end and end[1]) == payment)
    return kept


def found(store, on_conflict):
    groups = store.settle(on_conflict)
    kept = {}
    for at, (place, group) in enumerate(zip(groups.place, groups.group, strict=True)):
        end = groups.kept[group]
        keeper = None if end == duplicates.NOBODY else int(groups.place[end])
        kept[int(place)] = (bool(groups.conflict[group]), keeper, bool(groups.same[at]))
    return kept


@pytest.mark.parametrize("in_memory", [8, 1 << 22])
@pytest.mark.parametrize("on_conflict", ["reject", "first", "last"])
@settings(max_examples=40)
@given(rows=ROWS, size=st.integers(1, 9), apart=st.booleans())
def test_groups_are_those_of_a_dictionary(in_memory, on_conflict, rows, size, apart):
    limit, duplicates.IN_MEMORY = duplicates.IN_MEMORY, in_memory
    try:
        store = KeyStore()
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            target = KeyStore() if apart else store
            target.add(keys_of(part), np.arange(start, start + len(part)))
            if apart:
                store.merge(target.give())
                target.close()
        assert found(store, on_conflict) == naive(rows, on_conflict)
        sessions = {session: set() for session, _, _ in rows}
        for session, event, _ in rows:
            sessions[session].add(bool(event))
        mixed = [at for at, (session, _, _) in enumerate(rows) if len(sessions[session]) == 2]
        assert store.with_and_without().tolist() == mixed
        assert store.which_are_known(np.arange(len(rows) + 5)).sum() == len(rows)
        store.close()
    finally:
        duplicates.IN_MEMORY = limit


@given(rows=ROWS, size=st.integers(1, 9))
def test_a_row_is_said_to_come_again_where_an_earlier_one_has_its_key(rows, size):
    store = KeyStore()
    again = []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        again += store.add(keys_of(part), np.arange(start, start + len(part))).again.tolist()
    store.close()
    names = [("event", event) if event else ("session", session) for session, event, _ in rows]
    assert again == [name in names[:at] for at, name in enumerate(names)]


def random_records(count, distinct):
    words = np.random.default_rng(1).integers(0, 1 << 62, (distinct, 2), np.uint64)
    records = np.zeros(count, duplicates.RECORD)
    records["call"] = words[np.arange(count) % distinct]
    records["place"] = np.arange(count)
    return records


@pytest.mark.parametrize("count", [5_000, 100_000, 1 << 18])
def test_a_row_in_memory_costs_48_bytes_and_less_when_the_table_is_full(count):
    table = KeyTable()
    for part in np.array_split(random_records(count, count), 50):
        table.add(part)
    # Memory that was never touched is none.
    slots = table._slots.nbytes
    assert (count * duplicates.RECORD.itemsize + slots) / count <= 48
    assert table.records.nbytes == count * duplicates.RECORD.itemsize


@pytest.mark.parametrize("distinct", [1, 3, 50_000])
def test_rows_that_share_a_key_cost_no_more(distinct):
    groups = duplicates.groups_of(random_records(100_000, distinct), "reject")
    size = sum(getattr(groups, name).nbytes for name in groups.__slots__)
    assert len(groups.place) == 100_000
    assert size / 100_000 <= 48
