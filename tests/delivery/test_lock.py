"""One run at a time; where that can't be told, nothing is sent."""

import contextlib
import errno
import importlib.util
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from callconv_kit.delivery import lock, upload
from callconv_kit.model.errors import DeliveryError
from mock_server.server import MockImportServer

from .conftest import HASTY, PASSWORD, connection_to

CANNOT = [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EIO, errno.EACCES]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks by msvcrt")
@pytest.mark.parametrize("number", CANNOT, ids=errno.errorcode.get)
def test_a_disk_that_can_not_lock_stops_delivery_before_anything_is_sent(
    server: MockImportServer,
    ready: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    import fcntl

    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(DeliveryError) as caught:
        upload(
            ready,
            connection_to(server),
            password=PASSWORD,
            ledger=tmp_path / "ledger.sqlite",
            patience=HASTY,
        )
    assert (caught.value.code, caught.value.exit_status) == ("ledger_cannot_lock", 4)
    assert os.strerror(number) in caught.value.found
    assert server.submissions() == []


HOLD = """
import sys
from pathlib import Path
from callconv_kit.delivery.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_that_is_held_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(DeliveryError) as caught, lock.locked(path):
        pass
    assert caught.value.code == "busy"
    assert str(holder.pid) in caught.value.found
    holder.kill()
    holder.communicate()
    with lock.locked(path):
        assert path.read_text() == str(os.getpid())


@pytest.mark.parametrize(("wait", "pauses"), [(0.0, 0), (0.2, 1), (0.5, 2), (1.0, 5)])
def test_a_held_lock_is_tried_again_until_the_wait_is_over(
    tmp_path: Path, wait: float, pauses: int
) -> None:
    slept: list[float] = []
    path = tmp_path / "ledger.lock"
    retried = lock.locked(path, wait=wait, sleep=slept.append)
    with lock.locked(path), pytest.raises(DeliveryError), retried:
        pass
    assert slept == [lock.PAUSE] * pauses


def test_a_lock_that_is_given_back_during_the_last_pause_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "ledger.lock"
    with contextlib.ExitStack() as first:
        first.enter_context(lock.locked(path))
        with lock.locked(path, wait=lock.PAUSE, sleep=lambda _: first.close()):
            assert path.read_text() == str(os.getpid())


# -- Windows, simulated ----------------------------------------------------------------------------


class Msvcrt(types.ModuleType):
    """Python's msvcrt as far as the lock uses it: a byte that is locked for every other file."""

    LK_NBLCK = 2

    def __init__(self, error: int = 0) -> None:
        super().__init__("msvcrt")
        self.error = error
        self.holders: dict[int, int] = {}

    def locking(self, file: int, mode: int, length: int) -> None:
        assert (mode, length) == (self.LK_NBLCK, 1)
        at = os.lseek(file, 0, os.SEEK_CUR)
        assert at > 1000, "the process id must stay readable"
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        inode = os.fstat(file).st_ino
        self.holders = {held: by for held, by in self.holders.items() if _is_open(by)}
        if self.holders.setdefault(inode, file) != file:
            raise PermissionError(errno.EACCES, "Permission denied")


def _is_open(file: int) -> bool:
    try:
        os.fstat(file)
    except OSError:
        return False
    return True


@pytest.fixture
def on_windows(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module as Windows imports it: no fcntl, no pread, no pwrite."""

    def load(error: int = 0) -> Any:
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.setitem(sys.modules, "msvcrt", Msvcrt(error))
        monkeypatch.setitem(sys.modules, "fcntl", None)
        for name in ("pread", "pwrite"):
            monkeypatch.delattr(os, name, raising=False)
        spec = importlib.util.spec_from_file_location("lock_of_windows", lock.__file__)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        monkeypatch.setattr(sys, "platform", "linux")  # for what pytest does meanwhile
        return module

    return load


def test_on_windows_a_held_lock_is_busy_and_a_free_one_is_taken(
    on_windows: Any, tmp_path: Path
) -> None:
    module, path = on_windows(), tmp_path / "ledger.lock"
    with module.locked(path):
        assert path.read_text() == str(os.getpid())
        with pytest.raises(DeliveryError) as caught, module.locked(path):
            pass
        assert caught.value.code == "busy"
        assert str(os.getpid()) in caught.value.found
    with module.locked(path):
        pass


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EIO, errno.EINVAL], ids=errno.errorcode.get)
def test_on_windows_a_disk_that_can_not_lock_says_so(
    on_windows: Any, tmp_path: Path, number: int
) -> None:
    module = on_windows(number)
    with pytest.raises(DeliveryError) as caught, module.locked(tmp_path / "ledger.lock"):
        pass
    assert caught.value.code == "ledger_cannot_lock"
