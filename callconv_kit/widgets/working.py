"""Long work in a separate thread, so that the notebook stays responsive."""

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from callconv_kit.model.errors import UsageError
from callconv_kit.widgets.parts import Notice
from callconv_kit.widgets.session import Canceled

T = TypeVar("T")


class CanBeDisabled(Protocol):
    """A button, or a part of a page, that a person can't use while it is disabled."""

    disabled: bool


class Worker:
    """Does one piece of work at a time for all steps of a workbench."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._worked = threading.Event()

    @property
    def is_busy(self) -> bool:
        """Whether something is being done."""
        return self._thread is not None and self._thread.is_alive()

    def start(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        notice: Notice,
        *blocked: CanBeDisabled,
    ) -> None:
        """Do `work`, then `done` with what it gave; errors are said in `notice`.

        Args:
            work: in the thread; it asks `check` whether it is to stop.
            done: in the thread too.
            notice: of the step.
            *blocked: what can't be used meanwhile.

        Raises:
            UsageError: `still_working`.
        """
        if self._worked.is_set() and threading.current_thread() is not self._thread:
            # A person sees a result, and goes on, before all pages show what follows from it.
            self.join()
        if self.is_busy:
            raise UsageError(
                "still_working",
                "Another step is at work",
                "",
                "",
                "Wait for it, or cancel it there.",
            )
        self._stop.clear()
        self._worked.clear()
        for one in blocked:
            one.disabled = True

        def run() -> None:
            try:
                try:
                    result = work()
                finally:
                    self._worked.set()
                done(result)
            except Canceled:
                notice.say("Canceled. Nothing is half-written, and your fixes are kept.")
            except Exception as error:  # noqa: BLE001 # a thread's traceback reaches nobody
                notice.fail(error)
            finally:
                for one in blocked:
                    one.disabled = False

        self._thread = threading.Thread(target=run, name="callconv-workbench", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Ask the work to stop."""
        self._stop.set()

    def check(self) -> None:
        """Raise Canceled where the work is to stop."""
        if self._stop.is_set():
            raise Canceled

    def pause(self, seconds: float) -> None:
        """Wait, unless the work is to stop; then raise Canceled."""
        self._stop.wait(seconds)
        self.check()

    def join(self, timeout: float | None = None) -> None:
        """Wait until nothing is being done."""
        if self._thread is not None:
            self._thread.join(timeout)
