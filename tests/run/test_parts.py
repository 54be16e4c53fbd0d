"""One file on several workers: stretches of it are read apart, and the same files come out."""

import random
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from pyarrow import parquet

import callconv_kit as ck
from callconv_kit.cli.main import main
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.ready_file import keys_of_file, outgoing
from callconv_kit.delivery.receipt import State
from callconv_kit.reading import delimited
from callconv_kit.run import parts

from ..right_call import REQUIRED
from .test_equal_outputs import outputs

pytestmark = pytest.mark.slow

HEADER = ",".join([*REQUIRED, "City", "DispositionName"])
SETTINGS = {"now": "2026-11-24T00:00:00Z", "max_rejected_share": 1.0, "keep_findings": False}


def row(number, city="Boston", disposition="", end="\n"):
    call = {**REQUIRED, "CallSessionId": f"S{number}"}
    return ",".join([*call.values(), city, disposition]) + end


def plain(number):
    return row(number, ["Boston", "São Paulo", '"Springfield, IL"'][number % 3])


ODD_ROWS = {
    "quoted line breaks": lambda n: row(n, '"a\nb\n\nc"') if n % 7 == 0 else row(n),
    "doubled quotes": lambda n: row(n, '"the ""X"" place"'),
    "spaces behind quotes": lambda n: row(n, '"Boston"  ') if n % 50 == 3 else row(n),
    "stray quotes": lambda n: row(n, '5" pipe') if n % 40 == 1 else row(n),
    "blank lines": lambda n: row(n) + "\n" * (n % 3),
    "long and short rows": lambda n: row(n, "a,b") if n % 5 == 0 else row(n),
    "line ends of Windows": lambda n: row(n, end="\r\n"),
    "repeated headers": lambda n: row(n) + (HEADER + "\n" if n % 20 == 9 else ""),
    "totals": lambda n: row(n) + ("Total" + "," * 10 + "\n" if n % 30 == 9 else ""),
    "few keys": lambda n: row(n % 9, f"city {n % 2}"),
    "conflicts": lambda n: row(n % 50).replace("2125550123", f"212555{n % 2}123"),
    "anything": lambda n: list(ODD_ROWS.values())[n % 11](n),
}


@pytest.fixture
def cut(monkeypatch):
    """Sets how many bytes are read at a time, and how many a stretch has at least."""

    def sizes(block, stretch):
        monkeypatch.setattr(delimited, "BLOCK", block)
        monkeypatch.setattr(delimited, "HEADER_ROOM", 200)
        monkeypatch.setattr(parts, "STRETCH", stretch)

    return sizes


def both(path, folder, cut, block, stretch):
    """What one worker makes of a file, and what several do; how many parts they read."""
    cut(block, stretch)
    once = outputs(ck.prepare(path, out=folder / "once", **SETTINGS))
    seen = []
    with ThreadPoolExecutor(3) as pool:
        apart = ck.prepare(
            path, out=folder / "apart", executor=pool, progress=seen.append, **SETTINGS
        )
    return once, outputs(apart), len(seen)


def after_a_delivery(ready, path, folder, **settings):
    """What one worker and several make of a file, some of whose calls were delivered before.

    Returns the outputs and the number of changed calls of each; how many parts the several read.
    """
    file, found, seen = outgoing(ready), {}, []
    for name in ("once", "apart"):
        with (
            Ledger.open(folder / name / "ledger.sqlite") as ledger,
            ThreadPoolExecutor(2) as pool,
        ):
            sent = keys_of_file(file.path, file.rows)
            number = ledger.begin(file, sent, account="a", name="m.csv", origin="here")
            ledger.enter(number, State.DELIVERED)
            seen = []
            run = ck.prepare(
                path,
                out=folder / name / "out",
                ledger=ledger,
                executor=pool if name == "apart" else None,
                progress=seen.append,
                **settings,
            )
            found[name] = *outputs(run), ledger.row_keys.changed()
    return found, len(seen)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ODD_ROWS)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_stretches_of_a_file_make_the_same_files(kind, encoding, seed, tmp_path, cut):
    picked = random.Random(f"{kind}{seed}")
    odd = ODD_ROWS[kind]
    rows = [(odd if picked.random() < 0.8 else plain)(n) for n in range(picked.choice([40, 300]))]
    path = tmp_path / "calls.csv"
    path.write_bytes((HEADER + "\n" + "".join(rows)).encode(encoding))
    stretch, block = picked.choice([900, 3000]), picked.choice([250, 1000, 7000])
    once, apart, _ = both(path, tmp_path, cut, block, stretch)
    assert apart == once


def test_a_large_file_is_read_in_stretches(tmp_path, cut):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + "\n" + "".join(row(n) for n in range(300)))
    once, apart, count = both(path, tmp_path, cut, 1000, 5000)
    assert apart == once
    assert count > 5


def test_a_habit_of_the_whole_file_decides_in_each_stretch(tmp_path, cut):
    # Only one number has no plus; whether it lacks one is told by the others.
    numbers = ["442079460123"] + ["+442079460958"] * 200
    rows = [row(n).replace("2125550123", number) for n, number in enumerate(numbers)]
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + "\n" + "".join(rows[::-1]))
    once, apart, count = both(path, tmp_path, cut, 1000, 3000)
    assert apart == once
    assert count > 3


@pytest.mark.parametrize("at", [5, 290])
def test_an_error_is_that_of_one_process(at, tmp_path, cut):
    rows = [row(n) for n in range(300)]
    rows[at] = row(at, '"never closed')
    rows[100] = row(100).replace("-05:00", "")  # needs a time zone
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + "\n" + "".join(rows))
    with pytest.raises(ck.InputError) as once:
        ck.prepare(path, out=tmp_path / "once", **SETTINGS)
    cut(1000, 3000)
    with ThreadPoolExecutor(2) as pool, pytest.raises(ck.InputError) as apart:
        ck.prepare(path, out=tmp_path / "apart", executor=pool, **SETTINGS)
    assert apart.value.code == ("unclosed_quote" if at == 5 else "needs_timezone")
    assert not list((tmp_path / "apart").iterdir())
    assert once.value.code in ("unclosed_quote", "needs_timezone")


class ChangedAfter:
    """A pool that changes the file when the last stretch was handed out."""

    def __init__(self, pool, path, change):
        self.pool, self.path, self.change = pool, path, change

    def submit(self, function, *arguments):
        lot = arguments[1]
        if lot.span.last:
            self.change(self.path)
        return self.pool.submit(function, *arguments)


def overwritten(path):
    text = path.read_text()
    path.write_text(text[:-20] + "x" * 19 + "\n")


def appended(path):
    with path.open("a") as file:
        file.write(row(9999))


def test_rows_added_behind_are_no_change(tmp_path, cut):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + "\n" + "".join(row(n) for n in range(300)))
    cut(1000, 5000)
    once = outputs(ck.prepare(path, out=tmp_path / "once", **SETTINGS))
    with ThreadPoolExecutor(2) as threads:
        pool = ChangedAfter(threads, path, appended)
        apart = outputs(ck.prepare(path, out=tmp_path / "out", executor=pool, **SETTINGS))
    assert apart == once


def test_a_file_that_changes_while_it_is_read_stops_the_run(tmp_path, cut):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + "\n" + "".join(row(n) for n in range(300)))
    cut(1000, 5000)
    with ThreadPoolExecutor(2) as threads:
        pool = ChangedAfter(threads, path, overwritten)
        with pytest.raises(ck.InputError) as raised:
            ck.prepare(path, out=tmp_path / "out", executor=pool, **SETTINGS)
    assert raised.value.code == "input_changed"


def test_workers_ask_the_ledger_in_its_place(tmp_path, cut):
    path, month = tmp_path / "calls.csv", tmp_path / "month.csv"
    month.write_text(HEADER + "\n" + "".join(row(n) for n in range(120)))
    rows = [row(n).replace("2125550123", "2125550124") if n % 3 else row(n) for n in range(300)]
    path.write_text(HEADER + "\n" + "".join(rows))
    ready = ck.prepare(month, out=tmp_path / "month", **SETTINGS).ready_file
    cut(1000, 5000)
    found, seen = after_a_delivery(ready, path, tmp_path, **SETTINGS)
    assert seen > 5
    assert found["apart"] == found["once"]
    assert found["apart"][2] == 80
    assert found["apart"][1]["rows_left_out"] == 40


def test_an_audit_is_the_same(tmp_path, cut):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + "\n" + "".join(row(n % 250, " Boston ") for n in range(300)))
    cut(1000, 5000)
    tables = {}
    with ThreadPoolExecutor(3) as pool:
        for name, executor in (("once", None), ("apart", pool)):
            out = tmp_path / name
            ck.prepare(path, out=out, audit=True, executor=executor, **SETTINGS)
            tables[name] = [
                parquet.read_table(out / f"{file}.parquet") for file in ("changes", "ready_lines")
            ]
    assert tables["apart"] == tables["once"]
    assert [len(table) for table in tables["once"]] == [300, 250]


@pytest.mark.parametrize("workers", ["0", "-1", "two"])
def test_a_number_of_workers_that_is_none_is_wrong_usage(workers, tmp_path, capsys):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + "\n" + row(1))
    assert main(["prepare", str(path), "--out", str(tmp_path / "out"), "--workers", workers]) == 2
    assert "--workers" in capsys.readouterr().err


def test_the_processes_are_as_many_as_the_size_is_worth(tmp_path, monkeypatch):
    path = tmp_path / "calls.csv"
    path.write_bytes(b"x" * 1000)
    monkeypatch.setattr(parts.os, "cpu_count", lambda: 16)
    assert parts.workers_for([path, "-", tmp_path / "missing.csv"]) == 1
    monkeypatch.setattr(parts, "WORTH_A_PROCESS", 300)
    assert parts.workers_for([path]) == 3
    monkeypatch.setattr(parts, "WORTH_A_PROCESS", 10)
    assert parts.workers_for([path]) == 8


def test_workers_of_the_command_make_the_same_files(tmp_path, cut):
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + "\n" + "".join(row(n % 280) for n in range(300)))
    cut(1000, 5000)
    options = ["--now", SETTINGS["now"], "--quiet"]
    for workers in ("1", "2"):
        out = str(tmp_path / workers)
        assert main(["prepare", str(path), "--out", out, "--workers", workers, *options]) == 0
    for name in ("ready.csv", "left_out.csv", "rejected.csv"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_an_interrupt_waits_until_a_part_is_handed_out():
    class Interrupted:
        done = False

        def submit(self, *_):
            # To this thread: another one might take a signal to the process after the call's end.
            signal.raise_signal(signal.SIGINT)
            self.done = True

    executor = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        parts.begin(executor, print)
    assert executor.done
