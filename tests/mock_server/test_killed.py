"""kill -9 at any moment of an upload or of processing: no half submission, no lost finished one.

The figures of the long test are printed; run it with
`pytest tests/mock_server/test_killed.py -m long -s`.
"""

import datetime as dt
import ftplib
import io
import json
import os
import random
import select
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server.intake import PART

from .clients import PASSWORD, USER, serving
from .uploading import NOW, call_file

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no fork and no kill -9"),
]

NOW_AT = dt.datetime.fromisoformat(NOW)
LARGE = PART + 1000
"""Rows of a file that is processed in two transactions."""


class Zygote:
    """Servers that can be killed, see zygote.py."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("zygote.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()

    def start(self, root: Path) -> tuple[int, int]:
        """The process id and the port of a new server."""
        asked = {"root": str(root), "user": USER, "password": PASSWORD, "now": NOW}
        child, port = self._ask(json.dumps(asked)).split()
        return int(child), int(port)

    def kill(self, child: int) -> None:
        """Kill -9, and wait until it is gone."""
        os.kill(child, signal.SIGKILL)
        assert self._ask(f"wait {child}").strip() == "-9"

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    running = Zygote()
    yield running
    running.close()


def _file(name: str, rows: int) -> bytes:
    return call_file(*({"CallSessionId": f"{name}-{row}"} for row in range(rows)))


class _Fatal(io.BytesIO):
    """A file in whose middle the server is killed."""

    def __init__(self, content: bytes, at: int, kill) -> None:
        super().__init__(content)
        self._at, self._kill = at, kill

    def read(self, size=-1):
        if self._kill and self.tell() >= self._at:
            self._kill()
            self._kill = None
        return super().read(min(size, 8192))


def _upload(ftp: ftplib.FTP, name: str, source: io.BytesIO, by_rename: bool) -> bool:
    """Whether the server has confirmed the file."""
    try:
        if by_rename:
            ftp.storbinary("STOR .part", source)
            ftp.rename(".part", name)
        else:
            ftp.storbinary(f"STOR {name}", source)
    except (OSError, EOFError, ftplib.Error):
        return False
    return True


def _killed_once(zygote: Zygote, root: Path, seed: int) -> str:
    """Uploads, a kill, a restart; returns what was under way at the kill."""
    chance = random.Random(seed)
    child, port = zygote.start(root)
    sent = {f"{n}.csv": chance.choice([1, 20, 400]) for n in range(chance.randint(1, 4))}
    sent["last.csv"] = chance.choice([400, LARGE])
    contents = {name: _file(name, rows) for name, rows in sent.items()}
    confirmed = []
    in_upload = chance.random() < 0.5
    with ftplib.FTP(timeout=30) as ftp:
        ftp.connect("127.0.0.1", port)
        ftp.login(USER, PASSWORD)
        for name, content in contents.items():
            source = io.BytesIO(content)
            if in_upload and name == "last.csv":
                at = chance.randrange(len(content) + 8192)
                source = _Fatal(content, at, lambda: zygote.kill(child))
            if _upload(ftp, name, source, by_rename=chance.random() < 0.5):
                confirmed.append(name)
        # Where the upload did not end it: some time later, while rows are judged.
        if not in_upload:
            select.select([], [], [], chance.random() * 0.4)
        if not (in_upload and source._kill is None):  # type: ignore[attr-defined]
            zygote.kill(child)
        ftp.close()
    with serving(root, now=NOW_AT) as server:
        left = Counter(s.status for s in server.store.submissions())
        submissions = server.submissions()
        assert {s.status for s in submissions} <= {"Complete"}
        assert set(confirmed) <= {s.file_name for s in submissions} <= set(sent)
        assert len(submissions) == len({s.file_name for s in submissions})
        for submission in submissions:
            name = submission.file_name
            actions = server.store.pending_actions(batch_id=submission.batch_id)
            assert submission.total_records == sent[name] == len(actions)
            assert [a.cells["CallSessionId"] for a in actions] == [f"{name}-{r}" for r in range(sent[name])]  # fmt: skip
            assert (server.root / ".mock" / "spool" / submission.spool).read_bytes() == contents[
                name
            ]
        spooled = {path.name for path in (server.root / ".mock" / "spool").iterdir()}
        assert spooled == {s.spool for s in submissions}
        assert server.errors() == []
    if len(confirmed) < len(sent):
        return "upload"
    return "processing" if left["Complete"] < len(submissions) else "nothing"


@pytest.mark.parametrize("seed", range(15))
def test_a_killed_server_has_lost_nothing_that_it_confirmed(zygote, tmp_path, seed):
    assert _killed_once(zygote, tmp_path, seed)


@pytest.mark.long
def test_killed_fifty_times_in_one_root_each(zygote, tmp_path):
    moments = Counter(_killed_once(zygote, tmp_path / str(seed), seed) for seed in range(100, 150))
    print(f"\nkilled during: {dict(moments)}")  # noqa: T201 - the figures
    assert moments["upload"] >= 5
    assert moments["processing"] >= 5
