"""Steps of a stream side by side: one thread reads ahead, one writes behind.

pyarrow and hashlib release the interpreter's lock, so reading, coercing and writing overlap.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")
AHEAD = 1


class ReadAhead(Generic[T]):
    """Iterate over what a thread of its own takes from an iterator.

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


class WriteBehind:
    """Runs what it is given in a thread of its own, in order.

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
