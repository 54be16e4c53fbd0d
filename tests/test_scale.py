"""Several processes for several files: the outputs are those of one process, to the byte."""

import subprocess
import sys

import pytest

import callconv_kit as ck
from callconv_kit import scale
from callconv_kit.demo import sample

pytestmark = pytest.mark.slow

NOW = "2026-11-24T12:00:00+00:00"
FILES = ("ready.csv", "rejected.csv", "left_out.csv")
TIMES = ("started", "seconds")


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """Four exports that overlap, one with more columns, one of another encoding, one a repeat."""
    folder = tmp_path_factory.mktemp("inbox")
    text = sample("export.csv").read_text(encoding="utf-8-sig")
    lines = text.splitlines(keepends=True)
    start = next(at for at, line in enumerate(lines) if "Caller ID" in line)
    head, header, rows = lines[:start], lines[start], lines[start + 1 :]
    wider = [line.rstrip("\n") + ",more\n" for line in rows[90:120]]
    (folder / "1.csv").write_text("".join([*head, header, *rows[:80]]), encoding="utf-8")
    (folder / "2.csv").write_text(header.rstrip("\n") + ",Note\n" + "".join(wider))
    other = (header + "".join(rows[110:])).replace("Boston", "Montréal")
    (folder / "3.csv").write_bytes(other.encode("cp1252", "ignore"))
    (folder / "4.csv").write_text("".join([*head, header, *rows[70:100]]), encoding="utf-8")
    return sorted(folder.glob("*.csv"))


@pytest.fixture(scope="module")
def alone(months, tmp_path_factory):
    """What one process makes of them."""
    out = tmp_path_factory.mktemp("alone")
    return ck.prepare(months, sample("callconv.toml"), out=out, on_conflict="last")


def same(one, other):
    for name in FILES:
        assert (other.folder / name).read_bytes() == (one.folder / name).read_bytes(), name
    counts = [{k: v for k, v in run.summary.items() if k not in TIMES} for run in (one, other)]
    assert counts[0] == counts[1]
    assert not list(other.folder.glob(".*"))


def test_the_processes_of_this_machine_make_the_same_files(months, alone, tmp_path):
    job = sample("callconv.toml")
    rows = []
    together = scale.prepare(
        months, job, workers=2, out=tmp_path, on_conflict="last", progress=rows.append
    )
    same(alone, together)
    assert rows == sorted(rows)
    assert rows[-1] == together.summary["rows_read"]
    assert len(rows) == len(months)  # one report a file: they were read apart
    assert alone.summary["rows_left_out"] > 20


DASK = """
import sys
from dask.distributed import Client, LocalCluster
from callconv_kit import scale
if __name__ == "__main__":
    out, job, *months = sys.argv[1:]
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            rows = []
            scale.prepare(months, job, client=client, out=out, on_conflict="last",
                          progress=rows.append)
            print(len(rows), "files apart")
"""


def test_a_dask_cluster_makes_the_same_files(months, alone, tmp_path):
    script = tmp_path / "cluster.py"
    script.write_text(DASK)
    out = tmp_path / "out"
    command = [sys.executable, script, out, sample("callconv.toml"), *months]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == f"{len(months)} files apart\n"
    for name in FILES:
        assert (out / name).read_bytes() == (alone.folder / name).read_bytes(), name


APART_IS_NOT_POSSIBLE = {
    "one file": (lambda months: months[:1], {}),
    "a corrected file": (lambda months: months, {"fixes": "fixes"}),
}


@pytest.mark.parametrize(
    ("inputs", "options"), APART_IS_NOT_POSSIBLE.values(), ids=APART_IS_NOT_POSSIBLE
)
def test_what_can_not_be_read_apart_is_read_by_one_process(
    months, alone, tmp_path, inputs, options
):
    if "fixes" in options:
        options = {"fixes": alone.folder / "rejected.csv"}

    class Unused:
        def submit(self, *_):
            raise AssertionError("asked")

    job = sample("callconv.toml")
    together = scale.prepare(inputs(months), job, client=Unused(), out=tmp_path, **options)
    assert together.summary["rows_read"] > 0


def test_an_error_in_another_process_is_told_as_ever(months, tmp_path):
    job = sample("callconv.toml")
    settings = {"workers": 2, "out": tmp_path / "out"}
    (tmp_path / "naive.csv").write_text(months[0].read_text())
    text = job.read_text().replace('timezone = "America/New_York"', "")
    (tmp_path / "callconv.toml").write_text(text)
    with pytest.raises(ck.InputError) as alone:
        ck.prepare(months, tmp_path / "callconv.toml", out=tmp_path / "alone")
    with pytest.raises(ck.InputError) as together:
        scale.prepare(months, tmp_path / "callconv.toml", **settings)
    assert together.value.args == alone.value.args
    assert together.value.code == "needs_timezone"
    assert list((tmp_path / "out").iterdir()) == []
