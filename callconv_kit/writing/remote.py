"""A folder at an address that fsspec opens, such as `s3://bucket/out`: outputs, and parts of a run.

Who may read what lies there is decided where it lies: fsspec has no modes of files.
"""

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callconv_kit.model.errors import InputError
from callconv_kit.writing import output
from callconv_kit.writing.private import WORK_PREFIX, Readers


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A folder at an address; other processes get a copy, and each opens it by itself.

    address: as it was given; it may hold a password.
    name: the address as it may be shown.
    """

    address: str
    name: str

    @classmethod
    def on_this_machine(cls, path: Path) -> "RemoteFolder":
        """One that others reach under the same path."""
        return cls(str(path.absolute()), str(path))

    def within(self) -> "RemoteFolder":
        """A folder in it under a name that no other run has."""
        name = f"{WORK_PREFIX}{secrets.token_hex(6)}"
        return RemoteFolder(f"{self.address.rstrip('/')}/{name}", f"{self.name}/{name}")

    def refuse_inputs_within(self, inputs: Sequence[str | Path]) -> None:
        """Raise UsageError where an input lies under a name that the run will write."""
        places = {f"{self.address.rstrip('/')}/{name}": name for name in output.NAMES}
        for item in inputs:
            if str(item) in places:
                name = places[str(item)]
                raise output.input_is_output(f"{self.name}/{name}", f"{self.name}/{name}")

    def begin(self) -> None:
        """Make the folder, and remove the ready.csv of an earlier run.

        Raises:
            InputError: `output_failed`.
        """
        with self._opened() as (files, path):
            files.makedirs(path, exist_ok=True)
            _remove(files, f"{path}/{output.READY}")

    def publish(self, folder: Path) -> None:
        """Copy a run's files here, ready.csv last; those of an earlier run go.

        Each is written under another name first: not all storages write a file at once or not at
        all.

        Raises:
            InputError: `output_failed`.
        """
        work = f"{WORK_PREFIX}{secrets.token_hex(6)}"
        with self._opened() as (files, path):
            for name in output.NAMES:
                written = folder / name
                if written.exists():
                    files.put_file(str(written), f"{path}/{work}-{name}")
                _remove(files, f"{path}/{name}")
                if written.exists():
                    files.mv(f"{path}/{work}-{name}", f"{path}/{name}")

    def make(self) -> None:
        """Make the folder.

        Raises:
            InputError: `output_failed`.
        """
        with self._opened() as (files, path):
            files.makedirs(path, exist_ok=True)

    def put(self, paths: Sequence[Path], folder: str) -> None:
        """Copy files into a new folder of this one, which must be there.

        Raises:
            InputError: `output_failed`.
        """
        with self._opened() as (files, path):
            # Without those above it: a late worker does not bring a removed one back.
            files.mkdir(f"{path}/{folder}", create_parents=False)
            for each in paths:
                files.put_file(str(each), f"{path}/{folder}/{each.name}")

    def get(self, folder: str, names: Sequence[str], into: Path) -> None:
        """Fetch files of a folder from here.

        Raises:
            InputError: `output_failed`.
        """
        with self._opened() as (files, path):
            for name in names:
                files.get_file(f"{path}/{folder}/{name}", str(into / name))

    def read(self, ranges: Sequence[tuple[str, int, int]]) -> list[bytes]:
        """Bytes of files that are here, each from one position to another.

        Raises:
            InputError: `output_failed`.
        """
        wanted = [one for one in ranges if one[2] > one[1]]
        if not wanted:
            return []
        names, starts, ends = zip(*wanted, strict=True)
        with self._opened() as (files, path):
            found = files.cat_ranges(
                [f"{path}/{name}" for name in names], list(starts), list(ends), on_error="raise"
            )
            return [bytes(data) for data in found]

    def remove(self) -> None:
        """Remove the folder; whatever can't be removed stays."""
        with contextlib.suppress(InputError), self._opened() as (files, path):
            files.rm(path, recursive=True)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[Any, str]]:
        """The file system, and the folder's path in it; its errors come in words."""
        try:
            import fsspec

            # A thread has a connection of its own: fsspec keeps one for each.
            yield fsspec.core.url_to_fs(self.address)
        except InputError:
            raise
        except ImportError as error:
            raise InputError(
                "output_failed",
                f"Writing to {self.name} needs a package that is not installed",
                str(error),
                "fsspec, and its package for this kind of address",
                "pip install 'callconv-kit[remote]', or name a folder on this machine.",
            ) from error
        except Exception as error:  # noqa: BLE001 # every kind of storage raises errors of its own
            # The error's text may hold the address with its keys, so only its kind is shown.
            raise InputError(
                "output_failed",
                f"The output can't be written to {self.name}",
                type(error).__name__,
                "an address that you may read and write",
                "Check the address, your access and its free space, and run it again.",
            ) from None


class PublishedFolder(output.OutputFolder):
    """An output folder on this machine whose files go to an address when they are finished."""

    def __init__(self, path: Path, remote: RemoteFolder, readers: Readers = "owner") -> None:
        super().__init__(path, readers)
        self.remote = remote

    def refuse_inputs_within(self, inputs: Sequence[str | Path]) -> None:
        """Raise UsageError where an input is under a name that the run will write."""
        self.remote.refuse_inputs_within(inputs)

    def begin(self) -> None:
        """Make both folders, and remove the ready.csv of an earlier run.

        Raises:
            InputError: `output_failed`.
        """
        super().begin()
        self.remote.begin()

    def finish(self, *, with_ready: bool) -> None:
        """Give the written files their final names, there too; those of an earlier run go."""
        super().finish(with_ready=with_ready)
        self.remote.publish(self.path)


def _remove(files: Any, path: str) -> None:
    files.invalidate_cache()
    if files.exists(path):
        files.rm_file(path)
