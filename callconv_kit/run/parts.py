"""One run on several processes: what each of them reads, and what it hands back.

A large text file is cut into stretches of whole records, another input is read by one process.
Each part is read, judged and written with the functions of a run on one core; what it knows of its
rows comes back, and duplicates are settled over all of them. The outputs are the same to the byte.
"""

import concurrent.futures
import contextlib
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, cast
from uuid import uuid4

from callconv_kit.mapping.relations import ChildLegs, Corrected
from callconv_kit.model import interrupts
from callconv_kit.model.errors import InputError, wrong_type
from callconv_kit.model.rows import Batch
from callconv_kit.reading import Account, Input, Table
from callconv_kit.reading.blocks import Span
from callconv_kit.reading.delimited import DelimitedTable
from callconv_kit.reading.inputs import can_be_opened_again
from callconv_kit.run.recording import RecordsPart
from callconv_kit.run.resolving import Resolved
from callconv_kit.run.settling import CallsPart, SentCalls, SharedSentCalls, input_changed
from callconv_kit.writing import summary
from callconv_kit.writing.remote import RemoteFolder
from callconv_kit.writing.tally import Tally

T = TypeVar("T")

STRETCH = 1 << 25
"""Bytes of a large file that one process reads at a time."""

WORTH_A_PROCESS = 1 << 28
"""Bytes of input for each process, where the caller leaves their number open."""


class Future(Protocol):
    """What an executor gives for a call: its result, once it is there."""

    def cancel(self) -> Any:
        """Don't begin the call, if it has not begun."""
        ...

    def result(self) -> Any:
        """Wait for it; raises what the call raised."""
        ...


class Executor(Protocol):
    """Calls functions in other processes: one of `concurrent.futures`, or a Dask client."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future:
        """Begin a call."""
        ...


@dataclass(frozen=True, slots=True)
class Shared:
    """What all parts of a run have in common.

    run: a name that no other run has.
    resolved: the job with all that it names.
    session_key: of derived session ids.
    now: the clock of the age rules.
    work: the run's work folder, which all processes of this machine reach; each part has one of
        its own in it.
    headers, names: of all inputs.
    sent: what was delivered before.
    audit: whether changed cells are written down one by one.
    legs: the child legs of calls split over several rows; as long as they are gathered, none yet.
    corrected: rows that correct others, once they are known.
    store: where a part is left whose worker is on another machine.
    versions: of the packages on which results depend.
    """

    run: str
    resolved: Resolved
    session_key: bytes | None
    now: datetime
    work: Path
    headers: Sequence[Sequence[str]]
    names: Sequence[str]
    sent: SentCalls | None
    audit: bool
    legs: ChildLegs | None
    corrected: Corrected | None = None
    store: RemoteFolder | None = None
    versions: Mapping[str, str] = field(default_factory=summary.versions)


class Handed(NamedTuple):
    """A file in the work folder that holds a `Shared`; a process reads it once."""

    path: Path

    @classmethod
    def of(cls, shared: Shared) -> "Handed":
        """Write it."""
        path = shared.work / f"shared-{uuid4().hex}"
        path.write_bytes(pickle.dumps(shared))
        return cls(path)

    def read(self) -> Shared:
        """What it holds."""
        # The run itself wrote it, into a folder that only its owner can open.
        return cast(Shared, pickle.loads(self.path.read_bytes()))  # noqa: S301


class Lot(NamedTuple):
    """What one process reads: an input, or a stretch of one.

    number: of the input.
    at: counts the parts of a run.
    source: the input itself, or its table, recognized.
    """

    number: int
    at: int
    source: "Input | DelimitedTable"
    span: Span | None

    def batches(self, table: Table) -> Iterator[Batch]:
        """Its rows, of its table."""
        if isinstance(table, DelimitedTable) and self.span is not None:
            return table.batches_of(self.span)
        return table.batches()


@dataclass(frozen=True, slots=True)
class Part:
    """What another process made of a lot."""

    account: Account
    tally: Tally
    calls: CallsPart
    records: RecordsPart

    def moved_to(self, folder: Path) -> "Part":
        """The part, whose files are in another folder now."""

        def here(path: Path) -> Path:
            return folder / path.name

        ready, rejected, left_out, audit = self.records
        held = {
            number: [replace(file, path=here(file.path)) for file in files]
            for number, files in self.calls.held.items()
        }
        records = RecordsPart(
            ready._replace(path=here(ready.path), rows_path=here(ready.rows_path)),
            rejected._replace(path=here(rejected.path)),
            left_out._replace(path=here(left_out.path)),
            audit and (here(audit[0]), here(audit[1])),
        )
        return replace(self, calls=self.calls._replace(held=held), records=records)


def can_ask(executor: Executor, sent: SentCalls | None) -> bool:
    """Whether its processes can ask what was delivered: it lies on this machine."""
    here = isinstance(executor, concurrent.futures.Executor)
    return sent is None or (here and isinstance(sent, SharedSentCalls))


def can_be_parted(inputs: Sequence[Input], tables: Sequence[Table]) -> bool:
    """Whether several processes have something to read each, apart from the others."""
    return (
        len(inputs) == len(tables)  # archives are several tables each
        and all(map(_is_reachable, inputs, tables))
        and (len(tables) > 1 or any(_is_long(table, STRETCH) for table in tables))
    )


def _is_reachable(item: Input, table: Table) -> bool:
    return can_be_opened_again(item) or _is_shared(table)


def _is_shared(table: Table) -> bool:
    return isinstance(table, DelimitedTable) and table.source.shared


def _is_long(table: Table, stretch: int) -> bool:
    size = table.plain_size() if isinstance(table, DelimitedTable) else None
    return size is not None and size >= 2 * stretch


class Parted:
    """The parts of a run, in the order of the rows; an executor's processes read them."""

    def __init__(
        self, executor: Executor, inputs: Sequence[Input], tables: Sequence[Table]
    ) -> None:
        self._executor = executor
        # How a run is handed to its processes, and how large their parts are.
        self._share: Callable[[Shared], Any] = getattr(executor, "share", Handed.of)
        self._stretch = STRETCH * getattr(executor, "stretches", 1)
        self._inputs = inputs
        self._tables = tables
        self._unchanged = [_Unchanged(table) for table in tables]
        self._lots: list[Lot] = []
        self._cut: InputError | Literal[True] | None = None

    def each(
        self, function: Callable[[Handed | Shared, Lot], T], shared: Shared
    ) -> Iterator[tuple[Lot, T]]:
        """What processes make of each lot, in the order of the rows.

        Raises:
            InputError: as a table's `batches`, once the lots before are out; or what the function
                raised.
        """
        handed = self._share(shared)
        begun: deque[tuple[Lot, Future]] = deque()
        try:
            begun.extend((lot, begin(self._executor, function, handed, lot)) for lot in self._all())
            while begun:
                lot, future = begun[0]
                result = future.result()
                begun.popleft()
                del future  # no worker needs to keep it, or to make it again
                yield lot, result
        finally:
            # Nobody writes to the work folder any more when it is removed.
            for _, future in begun:
                future.cancel()
            for _, future in begun:
                with contextlib.suppress(Exception, CancelledError):
                    future.result()
        if isinstance(self._cut, InputError):  # what is wrong with a row before it comes first
            raise self._cut

    def _all(self) -> Iterator[Lot]:
        """The lots; large files are cut when they are asked for the first time."""
        yield from self._lots
        if self._cut is not None:
            return
        try:
            for lot in self._new_lots():
                self._lots.append(lot)
                yield lot
            self._cut = True
        except InputError as error:
            self._cut = error

    def _new_lots(self) -> Iterator[Lot]:
        for number, (item, table) in enumerate(zip(self._inputs, self._tables, strict=True)):
            spans: Iterator[Span | None] = iter([None])
            if isinstance(table, DelimitedTable) and _is_long(table, self._stretch):
                spans = table.spans(self._stretch)
            source = table if isinstance(table, DelimitedTable) and _is_shared(table) else item
            for span in spans:
                yield Lot(number, len(self._lots), source, span)

    def check(self) -> None:
        """Hold the inputs to what they were; to be called when all was read.

        Raises:
            InputError: `input_changed`.
        """
        for watched in self._unchanged:
            watched.check()


class _Unchanged:
    """Holds an input to what it was: its stretches are read at different times."""

    def __init__(self, table: Table) -> None:
        self._source = table.source if isinstance(table, DelimitedTable) else None
        self._stamp = self._source.stamp() if self._source else None
        self._name = table.name

    def check(self) -> None:
        """To be called when all was read.

        Raises:
            InputError: `input_changed`; rows that were added behind are no change.
        """
        if self._source is None or (self._stamp and self._source.stamp() == self._stamp):
            return
        before = self._source.sha256
        try:
            self._source.read_through()
        except InputError as error:
            raise input_changed(self._name) from error
        if self._source.sha256 != before:
            raise input_changed(self._name)


def workers_for(inputs: Sequence[object]) -> int:
    """How many processes are worth it: one for each 256 MiB, at most one for every two cores.

    One process keeps nearly two cores busy: it reads, judges and writes at the same time.
    """
    size = 0
    for item in inputs:
        if isinstance(item, str | Path):
            with contextlib.suppress(OSError, ValueError):
                size += Path(item).stat().st_size
    return max(1, min((os.cpu_count() or 1) // 2, size // WORTH_A_PROCESS))


@contextlib.contextmanager
def processes(workers: int, executor: Executor | None = None) -> Iterator[Executor | None]:
    """So many processes on this machine, begun when they are needed; or the given ones.

    None where one process, this one, is enough.
    """
    if executor is not None or workers == 1:
        yield executor
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # A new interpreter for each: forking one that runs threads of pyarrow may lock up.
    start = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=start, initializer=_let_the_first_stop) as pool:
        yield pool


def begin(executor: Executor, function: Callable[..., Any], *arguments: Any) -> Future:
    """Submit a call; an interrupt waits until it is submitted.

    One that came while an executor starts its processes would leave it waiting for ever. The
    processes inherit what waits, so that Ctrl-C in a terminal does not end them while they start.
    """
    with _interrupts_held():
        return executor.submit(function, *arguments)


_INTERRUPTS = {signal.SIGINT, signal.SIGTERM}


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    # The mask is what the processes inherit; here another thread may still take the signal.
    with interrupts.held():
        if hasattr(signal, "pthread_sigmask"):
            before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
            try:
                yield
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        else:  # on Windows
            yield


def _let_the_first_stop() -> None:
    """Ctrl-C reaches all processes of a terminal; the one that began ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTS)


def refuse_wrong_types(
    ledger: object, progress: object, executor: object, workers: object, client: object
) -> None:
    """Raise UsageError for an argument that a run could not use."""
    whole = isinstance(workers, int) and not isinstance(workers, bool) and workers > 0
    if not (whole or workers is None):
        raise wrong_type(
            "workers",
            workers,
            "a number of processes, 1 or more",
            "Correct workers, or leave it out.",
        )
    for name, value, method, expected in (
        ("ledger", ledger, "sent_status", "a path, or an open Ledger"),
        ("progress", progress, "__call__", "a function that takes a number of rows"),
        ("executor", executor, "submit", "an executor of concurrent.futures"),
        ("client", client, "submit", "a dask.distributed.Client"),
    ):
        if value is not None and not hasattr(value, method):
            raise wrong_type(name, value, expected, f"Correct {name}, or leave it out.")
