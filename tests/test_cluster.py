"""A Dask cluster whose workers have only addresses in common: the files are those of one process.

The cluster is a LocalCluster of two processes, and the addresses are those of an FTP server, so
that nothing passes from process to process but through Dask and through that server.
"""

import json
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pyftpdlib.servers  # noqa: F401 # isort: skip # before its handlers: it silences their warning
import pytest
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer

import callconv_kit as ck
from callconv_kit import scale
from callconv_kit.cli.main import main
from callconv_kit.writing import summary

from .run.test_equal_outputs import outputs
from .run.test_parts import HEADER, plain, row
from .run.test_related_rows_in_parts import (
    IDS,
    calls_with_corrections,
    calls_with_legs,
    legs,
    written,
)

pytestmark = pytest.mark.slow

SETTINGS = {"now": "2026-11-26T06:00:00Z", "max_rejected_share": 1.0}


def lines(rows):
    return HEADER + "\n" + "".join(rows)


def duplicates(path):
    """Calls that come twice or in conflict, far from one another; some are rejected."""
    rows = [row(n % 190, f"city {n % 3}") for n in range(400)]
    rows[50:60] = [row(n).replace("2125550123", "2125550124") for n in range(10)]
    rows[70] = row(70).replace("2125550123", "12")
    path.write_text(lines(rows))


def events(path):
    """Sessions with and without a VendorEventId."""
    rows = [row(n % 300).rstrip("\n") + ("," if n < 250 else f",E{n}") + "\n" for n in range(400)]
    path.write_text(lines(rows).replace(HEADER, HEADER + ",VendorEventId", 1))


KINDS = {
    "duplicates": (duplicates, {}),
    "the first of a conflict": (duplicates, {"on_conflict": "first", "audit": True}),
    "sessions with and without an event": (events, {}),
    "child legs": (lambda path: written(calls_with_legs(random.Random(1)), path), legs("longest")),
    "corrections": (
        lambda path: written(calls_with_corrections(random.Random(1)), path),
        {"preset": "invoca", "constants": IDS},
    ),
    "a worker that is killed": (
        lambda path: path.write_text(lines(plain(n % 380) for n in range(400))),
        {},
    ),
}

SCRIPT = """
import json, os, signal, sys
from dask.distributed import Client, LocalCluster
import callconv_kit as ck
from callconv_kit.cli.main import main
from callconv_kit.reading import delimited
from callconv_kit.run import duplicates, parts

def killed_once(mark, function, *arguments):
    if not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return function(*arguments)

class Killing:
    '''A client that lets the worker of the third part die, once.'''

    def __init__(self, client, mark):
        self.client, self.mark = client, mark

    def submit(self, function, *arguments, **options):
        if len(arguments) > 1 and getattr(arguments[1], "at", None) == 2:
            arguments = (self.mark, function, *arguments)
            function = killed_once
        return self.client.submit(function, *arguments, **options)

if __name__ == "__main__":
    # Small parts, and keys that several tasks settle.
    delimited.BLOCK, delimited.HEADER_ROOM, parts.STRETCH, duplicates.IN_MEMORY = 1000, 500, 1500, 60
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            for run in json.load(sys.stdin):
                if run["command"]:
                    main([*run["command"], "--cluster", cluster.scheduler_address])
                    continue
                seen = []
                chosen = Killing(client, run["mark"]) if run["mark"] else client
                ck.prepare(run["input"], out=run["out"], client=chosen, progress=seen.append, **run["settings"])
                print(len(seen))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The folder of an FTP server, and its address."""
    root = tmp_path_factory.mktemp("ftp")
    authorizer = DummyAuthorizer()
    authorizer.add_user("user", "secret", str(root), perm="elradfmwMT")
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer})
    with ThreadedFTPServer(("127.0.0.1", 0), handler) as ftp:
        thread = threading.Thread(target=ftp.serve_forever)
        thread.start()
        yield root, f"ftp://user:secret@127.0.0.1:{ftp.address[1]}"
        ftp.close_all()
        thread.join()


@pytest.fixture(scope="module")
def ran(server, tmp_path_factory):
    """All kinds of files, each prepared by the cluster: how many parts each had."""
    root, address = server
    folder = tmp_path_factory.mktemp("script")
    script = folder / "cluster.py"
    script.write_text(SCRIPT)
    runs = []
    for kind, (write, settings) in KINDS.items():
        name = kind.replace(" ", "_")
        write(root / f"{name}.csv")
        runs.append(
            {
                "input": f"{address}/{name}.csv",
                "out": f"{address}/out/{name}",
                "command": None,
                "mark": str(folder / "killed") if "killed" in kind else "",
                "settings": {**SETTINGS, **settings},
            }
        )
    copied = [
        "prepare",
        runs[0]["input"],
        "--out",
        f"{address}/out/command",
        "--now",
        SETTINGS["now"],
    ]
    runs.append({"command": copied})
    run = subprocess.run(
        [sys.executable, script],
        input=json.dumps(runs),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert (folder / "killed").exists()
    *counts, said = run.stdout.split("\n", len(KINDS))
    return dict(zip(KINDS, map(int, counts), strict=True)), said


@pytest.mark.parametrize("kind", KINDS)
def test_workers_without_a_common_disk_make_the_same_files(kind, ran, server, tmp_path):
    root, _ = server
    name, (_, settings) = kind.replace(" ", "_"), KINDS[kind]
    alone = ck.prepare(
        root / f"{name}.csv", out=tmp_path, keep_findings=False, **SETTINGS, **settings
    )
    expected, counts = outputs(alone)
    out = root / "out" / name
    assert sorted(path.name for path in out.iterdir()) == sorted(
        path.name for path in tmp_path.iterdir()
    )
    assert {file: (out / file).read_bytes() for file in expected} == expected
    found = json.loads((out / "summary.json").read_text())
    assert {key: found[key] for key in counts} == json.loads(json.dumps(counts))
    parts, _ = ran
    assert parts[kind] > 3
    assert counts["findings"]


def test_the_command_uses_a_cluster_and_shows_no_password(ran, server):
    root, address = server
    _, said = ran
    shown = address.replace("user:secret@", "")
    assert f"{shown}/out/command/ready.csv" in said
    assert "secret" not in said
    made = [
        (root / "out" / folder / "ready.csv").read_bytes() for folder in ("command", "duplicates")
    ]
    assert made[0] == made[1]


def test_an_address_takes_the_files_of_a_run_without_a_cluster(server, tmp_path):
    root, address = server
    out, export = root / "plain", tmp_path / "calls.csv"
    out.mkdir()
    for name in ("ready.csv", "changes.parquet", "of mine.txt"):
        (out / name).write_text("old")
    duplicates(export)
    prepared = ck.prepare(export, out=f"{address}/plain", **SETTINGS)
    made = sorted(path.name for path in prepared.folder.iterdir())
    assert sorted(path.name for path in out.iterdir()) == sorted([*made, "of mine.txt"])
    for name in made:
        assert (out / name).read_bytes() == (prepared.folder / name).read_bytes()


def test_a_run_that_fails_leaves_no_ready_file_at_its_address(server, tmp_path):
    root, address = server
    out, export = root / "failing", tmp_path / "calls.csv"
    out.mkdir()
    (out / "ready.csv").write_text("of yesterday")
    export.write_text(HEADER + "\n" + row(1, '"never closed'))
    with pytest.raises(ck.InputError):
        ck.prepare(export, out=f"{address}/failing", **SETTINGS)
    assert list(out.iterdir()) == []


def test_an_input_at_the_place_of_an_output_is_refused(server):
    root, address = server
    (root / "same").mkdir()
    (root / "same" / "rejected.csv").write_text(lines([row(1)]))
    with pytest.raises(ck.UsageError) as raised:
        ck.prepare(f"{address}/same/rejected.csv", out=f"{address}/same", **SETTINGS)
    assert raised.value.code == "input_is_output"
    assert "secret" not in str(raised.value)
    assert (root / "same" / "rejected.csv").exists()


UNUSABLE = {
    "no server": "ftp://user:secret@127.0.0.1:1/out",
    "an unknown kind of address": "nosuch://secret@host/out",
}


@pytest.mark.parametrize("out", UNUSABLE.values(), ids=UNUSABLE)
def test_an_address_that_cannot_be_written_is_named_without_its_password(out, tmp_path):
    export = tmp_path / "calls.csv"
    duplicates(export)
    with pytest.raises(ck.InputError) as raised:
        ck.prepare(export, out=out, **SETTINGS)
    assert raised.value.code == "output_failed"
    assert "secret" not in str(raised.value)


def test_a_folder_may_be_named_by_its_address(tmp_path):
    export, out = tmp_path / "calls.csv", tmp_path / "out"
    duplicates(export)
    prepared = ck.prepare(export, out=f"file://{out}", **SETTINGS)
    assert prepared.folder == out
    assert (out / "ready.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nosuch://x", "words"])
def test_a_cluster_that_cannot_be_reached_is_wrong_usage(address, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(scale, "SECONDS_TO_CONNECT", 0.5)
    export = tmp_path / "calls.csv"
    duplicates(export)
    command = ["prepare", str(export), "--out", str(tmp_path / "out"), "--cluster", address]
    assert main(command) == 2
    assert address in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_worker_with_other_packages_refuses_its_part(tmp_path, monkeypatch):
    export = tmp_path / "calls.csv"
    duplicates(export)
    versions = dict(summary.versions())

    class Elsewhere(ThreadPoolExecutor):
        """Its processes have another version of the kit."""

        def submit(self, function, *arguments):
            monkeypatch.setattr(summary, "versions", lambda: {**versions, "kit": "0.0.1"})
            return super().submit(function, *arguments)

    with Elsewhere(1) as pool, pytest.raises(ck.UsageError) as raised:
        ck.prepare(
            [export, export], out=tmp_path / "out", executor=pool, keep_findings=False, **SETTINGS
        )
    assert raised.value.code == "cluster_versions"
    assert "kit 0.0.1" in raised.value.found
