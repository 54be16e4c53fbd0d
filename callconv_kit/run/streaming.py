"""Steps of a stream in threads: one reads ahead, one writes behind; and the progress of a run.

pyarrow and hashlib release the interpreter's lock, so reading, coercing and writing overlap.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")
AHEAD = 1


class ReadAhead(Generic[T]):
    """Iterate over the items of an iterator that a separate thread reads.

    An error of the iterator is raised where its item would have come. Leaving the `with` block
    early stops the thread.
    """

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._queue: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(AHEAD)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, name="callconv-reader", daemon=True)

    def _read(self) -> None:
        end: BaseException | None = StopIteration()
        try:
            for item in self._items:
                if not self._put((item, None)):
                    return
                del item  # what is read next has its place
        except BaseException as error:  # noqa: BLE001 # handed to the other thread as it is
            end = error
        self._put((None, end))

    def _put(self, entry: tuple[T | None, BaseException | None]) -> bool:
        while not self._stopped.is_set():
            try:
                self._queue.put(entry, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def __iter__(self) -> Iterator[T]:
        while True:
            item, error = self._queue.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc] # without an error there is an item
            del item


class WriteBehind:
    """Runs tasks in a separate thread, in order.

    An error of a task is raised at the next call, or on leaving the `with` block.
    """

    def __init__(self) -> None:
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue(AHEAD)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="callconv-writer", daemon=True)

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            if self._error is None:
                try:
                    task()
                except BaseException as error:  # noqa: BLE001 # raised in the other thread
                    self._error = error
            del task  # and what it wrote, before the next one comes

    def __call__(self, task: Callable[[], None]) -> None:
        """Run `task` after those before it."""
        if self._error is not None:
            raise self._error
        self._queue.put(task)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.put(None)
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error


PLAIN_TEXT = {".csv", ".tsv", ".txt", ".jsonl"}
SAMPLE = 1 << 18
"""Bytes at a file's beginning from which the length of its lines is taken."""


def expected_rows(inputs: Sequence[object]) -> int | None:
    """About how many rows these inputs hold; None where a look at their beginning can't say.

    It estimates from the length of the file and of its first lines, and only for plain text. It
    never raises: the run itself reports a file that can't be read.
    """
    total = 0.0
    for item in inputs:
        if not isinstance(item, str | Path) or Path(item).suffix.lower() not in PLAIN_TEXT:
            return None
        try:
            with Path(item).open("rb") as file:
                sample = file.read(SAMPLE)
            size = Path(item).stat().st_size
        except OSError:
            return None
        total += size * sample.count(b"\n") / max(len(sample), 1)
    return round(total) or None
