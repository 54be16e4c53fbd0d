"""The same files come out, whichever way the rows went in.

At once, in parts on threads, on processes or on a Dask cluster, or as a frame. `TABLES` in groups go
through all of them, in every run of the tests.
"""

import csv
import io
import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.reading import delimited
from callconv_kit.run import duplicates, parts

from ..right_call import REQUIRED

pytestmark = pytest.mark.slow

CALL = {**REQUIRED, "CallSessionId": "S1", "CallDuration": "10", "TalkDuration": "5"}
ODD = {
    "CampaignId": ["", "x;y; z", "1.5"],
    "EventDate": ["soon", "2020-01-01T00:00:00Z", " 2026-11-20 09:30:00 "],
    "CallerId": ["12345", "anonymous", "+44 20 7946 0958 x", "((555)) 123-45; 67 890 123"],
    "CallDuration": ["3 min?", "-1", "0:10"],
    "TalkDuration": ["99999", "x", "7", "5"],
    "CallStatus": ["ANSWER", "Foo", "", "BUSY"],
    "SaleAmount": ["1,5", "$12", "12.345", "-1"],
    "City": ["Springfield, IL", 'a"b', "=1+2", ""],
    "ClickId": ["a" * 70, "c1", "c2", "é" * 80],
    "SubId1": ["b" * 65, "s", "t"],
    "VendorEventId": ["", "E1", "E2", "E3"],
    "Country": ["US", "Germany", "Narnia"],
}
FILES = ("ready.csv", "rejected.csv", "left_out.csv")
TIMES = ("started", "seconds")


SETTINGS = {
    "timezone": "America/New_York",
    "date_order": "month-first",
    "max_rejected_share": 1.0,
    "now": "2026-11-24T12:00:00+00:00",
    "keep_findings": False,
}
GROUPS, TABLES = 10, 30


def table(picked, counts=(1, 5, 60, 400)):
    """Rows with a header: some wrong, many the same call, some in conflict."""
    columns = [*CALL, *(name for name in ODD if name not in CALL and picked.random() < 0.6)]
    count = picked.choice(counts)
    keys = max(1, int(count * picked.choice([0.05, 0.3, 0.8, 2])))
    rate = picked.choice([0, 0.01, 0.05, 0.3])
    rows = []
    for _ in range(count):
        row = {name: CALL.get(name, "") for name in columns}
        row["CallSessionId"] = f"S{picked.randrange(keys)}"
        for name in columns:
            if name in ODD and picked.random() < rate:
                row[name] = picked.choice(ODD[name])
        if picked.random() < 0.1:
            row["TalkDuration"] = picked.choice(["5", "6"])
        rows.append(list(row.values()))
    return [columns, *rows]


def written(path, rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def outputs(run):
    files = {name: (run.folder / name) for name in FILES}
    read = {name: path.read_bytes() if path.exists() else None for name, path in files.items()}
    return read, {name: value for name, value in run.summary.items() if name not in TIMES}


def check(seed, folder, monkeypatch):
    picked = random.Random(seed)
    tables = [table(picked) for _ in range(picked.choice([1, 2, 3]))]
    paths = [written(folder / f"{at}.csv", rows) for at, rows in enumerate(tables)]
    settings = {
        "on_conflict": picked.choice(["reject", "reject", "first", "last"]),
        "write": picked.choice(["all", "present"]),
        "send": picked.choice(["all", "answered"]),
        **SETTINGS,
    }
    once = outputs(ck.prepare(paths, out=folder / "once", **settings))
    with ThreadPoolExecutor(2) as pool:
        apart = outputs(ck.prepare(paths, out=folder / "parts", executor=pool, **settings))
    assert apart == once
    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(parts, "STRETCH", picked.choice([200, 2000]))
        patch.setattr(delimited, "BLOCK", picked.choice([300, 3000]))
        patch.setattr(delimited, "HEADER_ROOM", 600)
        again = ck.prepare(paths, out=folder / "stretches", executor=pool, **settings)
        assert outputs(again) == once
    with monkeypatch.context() as patch:
        patch.setattr(duplicates, "IN_MEMORY", 16)
        assert outputs(ck.prepare(paths, out=folder / "spilled", **settings)) == once
    frames = [pd.DataFrame(rows, columns=names, dtype=str) for names, *rows in tables]
    frame = ck.prepare(frames, out=folder / "frame", **settings)
    assert outputs(frame)[0]["ready.csv"] == once[0]["ready.csv"]


@pytest.mark.parametrize("seed", range(15))
def test_outputs_are_equal_whichever_way_the_rows_go(seed, tmp_path, monkeypatch):
    check(seed, tmp_path, monkeypatch)


ELSEWHERE = """
import json, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from dask.distributed import Client
import callconv_kit as ck

if __name__ == "__main__":
    groups = json.load(open(sys.argv[1]))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for out, (paths, settings) in groups.items():
            ck.prepare(paths, out=f"{out}/processes", executor=pool, **settings)
    with Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as dask:
        for out, (paths, settings) in groups.items():
            ck.prepare(paths, out=f"{out}/dask", client=dask, **settings)
"""


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    """Tables in groups, which processes and a cluster have prepared: rows and folder of each."""
    made, todo = [], {}
    for group in range(GROUPS):
        picked = random.Random(f"group {group}")
        folder = tmp_path_factory.mktemp("group")
        tables = [table(picked, (20, 60, 200)) for _ in range(TABLES)]
        paths = [written(folder / f"{at}.csv", rows) for at, rows in enumerate(tables)]
        on_conflict = ["reject", "first", "last"][group % 3]
        todo[str(folder)] = [str(path) for path in paths], {**SETTINGS, "on_conflict": on_conflict}
        made.append((folder, tables))
    base = tmp_path_factory.mktemp("elsewhere")
    (base / "script.py").write_text(ELSEWHERE)
    (base / "groups.json").write_text(json.dumps(todo))
    command = [sys.executable, base / "script.py", base / "groups.json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return [(*one, *todo[str(one[0])]) for one in made]


@pytest.mark.parametrize("group", range(GROUPS))
def test_300_tables_come_out_equal_from_processes_a_cluster_and_the_accessor(group, groups):
    folder, tables, paths, settings = groups[group]
    once = ck.prepare(paths, out=folder / "once", **settings)
    summary = json.loads((folder / "once" / "summary.json").read_text())
    for way in ("processes", "dask"):
        for name in FILES:
            ours, theirs = folder / "once" / name, folder / way / name
            assert theirs.read_bytes() == ours.read_bytes(), (way, name)
        other = json.loads((folder / way / "summary.json").read_text())
        assert {**other, **{name: summary[name] for name in TIMES}} == summary, way
    frames = [pd.DataFrame(rows, columns=names, dtype=str) for names, *rows in tables]
    frame = pd.concat(frames, ignore_index=True).fillna("")
    prepared = frame.callconv.prepare(**settings)
    assert once.summary["rows_ready"] > 0
    assert (prepared.folder / "ready.csv").read_bytes() == (once.folder / "ready.csv").read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(15, 300))
def test_outputs_of_many_tables_are_equal(seed, tmp_path, monkeypatch):
    check(seed, tmp_path, monkeypatch)
