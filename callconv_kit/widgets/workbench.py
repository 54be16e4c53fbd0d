"""`Workbench()`: the steps from an export to a delivered file, one page each."""

from datetime import datetime
from pathlib import Path

import ipywidgets as ipw

from callconv_kit.model.errors import CallConvError
from callconv_kit.widgets import parts
from callconv_kit.widgets.check_step import CheckStep
from callconv_kit.widgets.deliver_step import DeliverStep
from callconv_kit.widgets.delivering import Deliveries
from callconv_kit.widgets.map_step import MapStep
from callconv_kit.widgets.open_step import OpenStep
from callconv_kit.widgets.prepare_step import PrepareStep
from callconv_kit.widgets.review_step import ReviewStep
from callconv_kit.widgets.session import Session
from callconv_kit.widgets.steps import STEPS, StepBar, standings
from callconv_kit.widgets.working import Worker


class Workbench(ipw.VBox):
    """From an export to a delivered file, in a notebook.

    >>> Workbench("calls.csv")  # doctest: +SKIP

    Args:
        source: the export to begin with; none: chosen in the first step.
        job: a job file; none: `callconv.toml` in the folder, where there is one.
        folder: where uploads, the job, the fixes and the output go.
        now: the clock of the age rules; none: the real one.
    """

    def __init__(
        self,
        source: str | Path | None = None,
        *,
        job: str | Path | None = None,
        folder: str | Path = ".",
        now: datetime | str | None = None,
    ) -> None:
        self.session = Session(folder, job=job, now=now)
        self.deliveries = Deliveries(self.session)
        self._worker = Worker()
        self.mapping = MapStep(self.session, self._refresh)
        self.opening = OpenStep(
            self.session, self._worker, self._opened, self._go_to_map, self.mapping
        )
        self.preparing = PrepareStep(self.session, self._worker, self._prepared)
        self.reviewing = ReviewStep(self.session, self._refresh, self._prepare_again)
        self.checking = CheckStep(self.session, self._worker, self._refresh)
        self.delivering = DeliverStep(self.session, self._worker, self.deliveries, self._refresh)
        self._views = dict(
            zip(
                STEPS,
                (self.opening, self.mapping, self.preparing,
                 self.reviewing, self.checking, self.delivering),
                strict=True,
            )
        )  # fmt: skip
        self.steps = StepBar(self.go_to, self._leave)
        self._page = ipw.VBox([self.opening])
        self._frame = parts.Frame()
        super().__init__([self._frame, self.steps, self._page])
        self.add_class("callconv-workbench")
        if source is not None:
            self.opening.notice.guarded(lambda: self.opening.look_at(Path(source)))()
        self._worker.join()
        self._refresh()

    def go_to(self, step: str) -> None:
        """Show a step."""
        self._page.children = [self._views[step]]
        self._frame.step = step
        self._refresh(step)

    def _leave(self, step: str) -> None:
        """Go to the next step, unless a field of this one is wrong."""
        if self.steps.value == "Map":
            try:
                self.mapping.check()
            except CallConvError as error:
                self.mapping.notice.fail(error)
                return
        self.go_to(step)

    def _refresh(self, step: str = "") -> None:
        """Show where the steps are."""
        sent = self.deliveries.is_sent
        found = standings(self.session, self.mapping.wrong, sent=sent)
        self.steps.show(step or self.steps.value, found)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until nothing is being done; for scripts and tests."""
        self._worker.join(timeout)

    def close_all(self) -> None:
        """Stop the mock server, where it runs."""
        self.deliveries.stop_mock()

    def _opened(self) -> None:
        """Another export or preset was opened: all pages start again."""
        try:
            self.mapping.show()
            self.mapping.notice.clear()
        except CallConvError as error:
            self.mapping.notice.fail(error)
        self.preparing.show()
        self.preparing.notice.clear()
        self.reviewing.show()
        self.checking.show()
        self.delivering.show()
        self._refresh()

    def _go_to_map(self) -> None:
        self.go_to("Map")

    def _prepared(self) -> None:
        self.reviewing.show()
        self.checking.show()
        self.delivering.show()
        self._refresh()

    def _prepare_again(self) -> None:
        self.go_to("Prepare")
        self.preparing.begin()
