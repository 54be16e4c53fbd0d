"""The same files come out, whichever way the rows went in: at once, in parts, or as a frame."""

import csv
import io
import random
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.reading import delimited
from callconv_kit.run import duplicates, parts

from ..right_call import REQUIRED

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


def table(picked):
    """Rows with a header: some wrong, many the same call, some in conflict."""
    columns = [*CALL, *(name for name in ODD if name not in CALL and picked.random() < 0.6)]
    count = picked.choice([1, 5, 60, 400])
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
        "timezone": "America/New_York",
        "date_order": "month-first",
        "max_rejected_share": 1.0,
        "now": "2026-11-24T12:00:00+00:00",
        "keep_findings": False,
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


@pytest.mark.long
@pytest.mark.parametrize("seed", range(15, 300))
def test_outputs_of_many_tables_are_equal(seed, tmp_path, monkeypatch):
    check(seed, tmp_path, monkeypatch)
