"""A run on a Dask cluster whose workers share no disk with one another, nor with this machine.

A worker reads its part of an input, and puts what it wrote into a folder at an address. Keys never
pass through this machine: each part leaves them sorted by their first bits, and other tasks gather
those with the same bits from all parts. This machine joins the parts' files, in order.

A task that is run again, because its worker was lost, writes to a folder of its own: what a worker
leaves that was only believed lost is never read.
"""

import concurrent.futures
import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np

from callconv_kit.model.errors import InputError, UsageError, as_path
from callconv_kit.model.names import is_address, without_file_scheme
from callconv_kit.model.texts import Bools, Ints
from callconv_kit.reading.sources import shown_address, shown_name
from callconv_kit.run import duplicates, parts
from callconv_kit.run.duplicates import RECORD, SESSION, Groups, KeyRows, KeyStore, OnConflict
from callconv_kit.run.parts import Executor, Future, Part, Shared
from callconv_kit.writing import summary
from callconv_kit.writing.output import OutputFolder
from callconv_kit.writing.private import Readers
from callconv_kit.writing.remote import PublishedFolder, RemoteFolder

KEYS = "keys"
BINS = 256
"""The kinds of first bits by which keys are sorted: at most so many tasks settle them."""


class Cluster:
    """The workers of a Dask client, as the processes of a run."""

    stretches = 4
    """A part is so many times as large as on one machine: it costs several files at the address."""

    def __init__(self, client: Any, store: RemoteFolder) -> None:
        """Name them.

        Args:
            client: a `dask.distributed.Client`.
            store: where the workers put what they write.
        """
        self._client = client
        self.store = store

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Begin a call; one whose worker is lost is begun again elsewhere."""
        return _Awaited(self._client.submit(function, *arguments, pure=False))

    def share(self, shared: Shared) -> Any:
        """What is sent to each worker once; as the result of a task it survives any of them."""
        self.store.make()
        return self._client.submit(_same, replace(shared, store=self.store), pure=False)


def folder_at(out: object) -> RemoteFolder | None:
    """The output folder at an address; None: `out` is a path on this machine."""
    if not isinstance(out, str) or not is_address(out) or out.startswith("file://"):
        return None
    return RemoteFolder(out, shown_name(shown_address(out)))


def output_folder(
    out: str | Path | None, dry_run: bool, readers: Readers
) -> tuple[OutputFolder, bool]:
    """The folder of a run's files on this machine, and whether it is a temporary one.

    Raises:
        UsageError: `output_name`, `wrong_type`, `bad_path`.
    """
    if out is not None and not str(out).strip():
        raise UsageError(
            "output_name",
            "The output folder has no name",
            "an empty text",
            "a folder, such as out",
            'Name a folder; the current one is ".".',
        )
    if isinstance(out, str):
        out = without_file_scheme(out)
    remote = folder_at(out)
    if out is not None and remote is None and not dry_run:
        return OutputFolder(as_path("out", out), readers), False
    path = Path(tempfile.mkdtemp(prefix="callconv-"))
    if remote is None or dry_run:
        return OutputFolder(path, readers), True
    return PublishedFolder(path, remote, readers), True


def shown_folder(out: str) -> str | Path:
    """An output folder as it may be shown: a path, or an address without what may be secret."""
    remote = folder_at(out)
    return remote.name if remote else Path(without_file_scheme(out))


@contextlib.contextmanager
def processes(
    workers: int, executor: Executor | None, client: Any, folder: OutputFolder
) -> Iterator[Executor | None]:
    """The workers of a Dask client, if there is one; else as `parts.processes`."""
    if client is None or isinstance(client, concurrent.futures.Executor):
        with parts.processes(workers, client or executor) as chosen:
            yield chosen
        return
    if isinstance(folder, PublishedFolder):
        store = folder.remote.within()
    else:
        store = RemoteFolder.on_this_machine(folder.work).within()
    try:
        yield Cluster(client, store)
    finally:
        store.remove()


def _same(shared: Shared) -> Shared:
    return shared


@dataclass(slots=True)
class _Awaited:
    """A future of Dask; what is wrong with the cluster itself comes in words."""

    future: Any

    def cancel(self) -> None:
        self.future.cancel()

    def result(self) -> Any:
        """Wait for it.

        Raises:
            InputError: `cluster_failed`; or what the call raised.
        """
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        try:
            return self.future.result()
        except (KilledWorker, CommClosedError, concurrent.futures.CancelledError, OSError) as error:
            raise InputError(
                "cluster_failed",
                "The cluster lost a part of the run",
                f"{type(error).__name__}: {error}"[:300],
                "workers that stay, with enough memory",
                "Look at the workers' logs, and run it again: nothing was written to the output.",
            ) from error


def refuse_other_versions(shared: Shared) -> None:
    """Raise UsageError on a worker whose packages are not those of the machine that began."""
    here = summary.versions()
    if here != shared.versions:
        raise UsageError(
            "cluster_versions",
            "A worker of the cluster has other packages than this machine",
            _listed(here),
            _listed(shared.versions),
            "Install the same versions on both.",
        )


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


# -- parts -----------------------------------------------------------------------------------------


class StoredKeys(NamedTuple):
    """The keys of a part's rows, in a file in the store.

    name: of the file.
    records, sessions: BINS + 1 positions each, in bytes: where keys with such first bits begin.
    """

    name: str
    records: Ints
    sessions: Ints

    def of(self, first: int, last: int) -> list[tuple[str, int, int]]:
        """Where the records and the sessions of some bins are."""
        return [
            (self.name, int(bounds[first]), int(bounds[last]))
            for bounds in (self.records, self.sessions)
        ]


class StoredPart(NamedTuple):
    """What another machine made of a lot: its files are in a folder of the store.

    part: all else that is known of it.
    keys: of its rows.
    """

    folder: str
    files: list[str]
    part: Part
    keys: StoredKeys


def stored(part: Part, folder: Path, store: RemoteFolder) -> StoredPart:
    """Put the files of a part that lie in a folder of this machine into the store."""
    name = f"part-{uuid4().hex}"
    keys = _write(part.calls.keys, folder / KEYS, f"{name}/{KEYS}")
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    store.put(files, name)
    part = replace(part, calls=part.calls._replace(keys=duplicates.NO_KEYS))
    return StoredPart(name, [path.name for path in files if path.name != KEYS], part, keys)


def _write(keys: KeyRows, path: Path, name: str) -> StoredKeys:
    bounds, start = [], 0
    with path.open("wb") as file:
        for rows, by in ((keys.records, "call"), (keys.sessions, "session")):
            bins = (rows[by][:, 0] >> np.uint64(56)).astype(np.int64)
            rows[np.argsort(bins, kind="stable")].tofile(file)
            counts = np.bincount(bins, minlength=BINS)
            bounds.append(start + np.concatenate([[0], np.cumsum(counts)]) * rows.itemsize)
            start += len(rows) * rows.itemsize
    return StoredKeys(name, *bounds)


# -- keys ------------------------------------------------------------------------------------------


class ShuffledKeys(KeyStore):
    """The keys of all rows that are ready, which stay in the store: tasks settle them."""

    def __init__(self, cluster: Cluster, on_conflict: OnConflict) -> None:
        super().__init__()
        self._cluster = cluster
        self._on_conflict = on_conflict
        self._stored: list[StoredKeys] = []
        self._settled: list[tuple[Groups, Ints]] | None = None

    def fetched(self, part: StoredPart, work: Path) -> Part:
        """A part with its files in a folder of `work`; its keys are remembered where they are."""
        self._stored.append(part.keys)
        folder = work / part.folder
        folder.mkdir()
        self._cluster.store.get(part.folder, part.files, folder)
        return part.part.moved_to(folder)

    def settle(self, on_conflict: OnConflict) -> Groups:  # noqa: ARG002 # it was given at first
        """Find the rows that share a key."""
        return Groups.joined(groups for groups, _ in self._all_settled())

    def with_and_without(self) -> Ints:
        """Ascending places of rows whose session comes with and without a VendorEventId."""
        return np.sort(np.concatenate([mixed for _, mixed in self._all_settled()]))

    def which_are_known(self, places: Ints) -> Bools:
        """Which of these ascending places are those of rows that were added."""
        known = np.zeros(len(places), np.bool_)
        for found in self._each(_known_of, places):
            known |= found
        return known

    def _all_settled(self) -> list[tuple[Groups, Ints]]:
        if self._settled is None:
            self._settled = self._each(_settle, self._on_conflict)
        return self._settled

    def _each(self, function: Callable[..., Any], argument: Any) -> list[Any]:
        """The results of tasks, each of which gathers keys with the same first bits."""
        rows = sum(int(keys.records[-1] - keys.records[0]) for keys in self._stored)
        tasks = min(BINS, 1 + rows // (RECORD.itemsize * duplicates.IN_MEMORY))
        edges = (np.arange(tasks + 1) * BINS // tasks).tolist()
        begun = []
        for first, last in pairwise(edges):
            where = [keys.of(first, last) for keys in self._stored]
            arguments = self._cluster.store, [one for one, _ in where], [two for _, two in where]
            begun.append(self._cluster.submit(function, *arguments, argument))
        return [future.result() for future in begun]


Where = Sequence[tuple[str, int, int]]


def _gathered(store: RemoteFolder, records: Where, sessions: Where) -> KeyRows:
    return KeyRows(
        np.frombuffer(b"".join(store.read(records)), RECORD),
        np.frombuffer(b"".join(store.read(sessions)), SESSION),
    )


def _settle(
    store: RemoteFolder, records: Where, sessions: Where, on_conflict: OnConflict
) -> tuple[Groups, Ints]:
    """The rows that share a key, of these; and those whose session comes with and without one."""
    keys = _gathered(store, records, sessions)
    return duplicates.groups_of(keys.records, on_conflict), duplicates.mixed_of(keys)


def _known_of(store: RemoteFolder, records: Where, sessions: Where, places: Ints) -> Bools:
    """Which of these places are those of these records."""
    return duplicates.known_of(_gathered(store, records, sessions[:0]).records, places)
