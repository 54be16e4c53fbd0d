"""One run on several processes: what each of them reads, and what it hands back.

A large text file is cut into stretches of whole records, another input is read by one process.
Each part is read, judged and written with the functions of a run on one core; what it knows of its
rows comes back, and duplicates are settled over all of them. The outputs are the same to the byte.
"""

import concurrent.futures
import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from callconv_kit.job import Job
from callconv_kit.model import interrupts
from callconv_kit.model.errors import InputError
from callconv_kit.reading import Account, Input, Table
from callconv_kit.reading.blocks import Span
from callconv_kit.reading.delimited import DelimitedTable
from callconv_kit.reading.inputs import can_be_opened_again
from callconv_kit.run.recording import RecordsPart
from callconv_kit.run.settling import CallsPart, SentCalls, SharedSentCalls, input_changed
from callconv_kit.writing.tally import Tally

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
    job: as it was given.
    now: the clock of the age rules.
    work: the run's work folder, which all processes reach; each part has one of its own in it.
    headers, names: of all inputs.
    sent: what was delivered before.
    audit: whether changed cells are written down one by one.
    """

    run: str
    job: Job
    now: datetime
    work: Path
    headers: Sequence[Sequence[str]]
    names: Sequence[str]
    sent: SentCalls | None
    audit: bool


class Lot(NamedTuple):
    """What one process reads: an input, or a stretch of one.

    number: of the input.
    at: counts the parts of a run.
    source: the input itself, or its table, recognised.
    """

    number: int
    at: int
    source: "Input | DelimitedTable"
    span: Span | None


@dataclass(frozen=True, slots=True)
class Part:
    """What another process made of a lot."""

    account: Account
    tally: Tally
    calls: CallsPart
    records: RecordsPart


def can_ask(executor: Executor, sent: SentCalls | None) -> bool:
    """Whether its processes can ask what was delivered: it lies on this machine."""
    here = isinstance(executor, concurrent.futures.Executor)
    return sent is None or (here and isinstance(sent, SharedSentCalls))


def can_be_parted(inputs: Sequence[Input], tables: Sequence[Table]) -> bool:
    """Whether several processes have something to read each, apart from the others."""
    return (
        len(inputs) == len(tables)  # archives are several tables each
        and all(map(_is_reachable, inputs, tables))
        and (len(tables) > 1 or any(map(_is_long, tables)))
    )


def _is_reachable(item: Input, table: Table) -> bool:
    return can_be_opened_again(item) or _is_shared(table)


def _is_shared(table: Table) -> bool:
    return isinstance(table, DelimitedTable) and table.source.shared


def _is_long(table: Table) -> bool:
    size = table.plain_size() if isinstance(table, DelimitedTable) else None
    return size is not None and size >= 2 * STRETCH


def lots(inputs: Sequence[Input], tables: Sequence[Table]) -> Iterator[Lot]:
    """What the processes of a run read, in the order of the rows.

    Raises:
        InputError: as a table's `batches`, once the lots before are out.
    """
    at = 0
    for number, (item, table) in enumerate(zip(inputs, tables, strict=True)):
        spans: Iterator[Span | None] = iter([None])
        if isinstance(table, DelimitedTable) and _is_long(table):
            spans = table.spans(STRETCH)
        source = table if isinstance(table, DelimitedTable) and _is_shared(table) else item
        for span in spans:
            yield Lot(number, at, source, span)
            at += 1


class Unchanged:
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
