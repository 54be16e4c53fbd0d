"""Prepare: a run over the whole export, with a bar, the time that is left, and a way to stop it."""

import time
from collections.abc import Callable

import ipywidgets as ipw

from callconv_kit.run.prepared import Prepared
from callconv_kit.run.streaming import expected_rows
from callconv_kit.widgets import parts, python_snippets
from callconv_kit.widgets.parts import tag
from callconv_kit.widgets.session import Session
from callconv_kit.widgets.working import Worker
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import clock

EVERY = 0.2
"""Seconds between two updates of the bar."""


class PrepareStep(ipw.VBox):
    """The third step."""

    def __init__(self, session: Session, worker: Worker, prepared: Callable[[], None]) -> None:
        self._session, self._worker, self._prepared = session, worker, prepared
        self._start = parts.button("Prepare", "prepare", primary=True)
        self._cancel = parts.button("Cancel", "cancel")
        self._cancel.disabled = True
        self._bar = parts.named(
            ipw.FloatProgress(min=0.0, max=1.0, description="", layout=ipw.Layout(width="24em")),
            "bar",
        )
        self._rows_done = parts.named(ipw.HTML(), "rows-done")
        self.notice = parts.Notice()
        self._card = parts.named(ipw.HTML(), "card-of-run")
        self._twin = parts.Twin()
        self._start.on_click(self.notice.guarded(self.begin))
        self._cancel.on_click(lambda _: self._worker.cancel())
        super().__init__(
            [
                parts.row(self._start, self._cancel, self._bar, self._rows_done),
                self.notice,
                self._card,
                self._twin,
            ]
        )

    def begin(self) -> None:
        """Start the run."""
        session = self._session
        expected = expected_rows([session.source]) if session.source is not None else None
        began, last = time.monotonic(), [0.0]
        self._card.value = ""
        self._bar.value = 0.0

        def progress(rows: int) -> None:
            self._worker.check()
            now = time.monotonic()
            if now - last[0] < EVERY:
                return
            last[0] = now
            share = min(rows / expected, 0.99) if expected else 0.0
            self._bar.value = share
            left = round((now - began) * (1 - share) / share) if share else 0
            self._rows_done.value = f"{rows:,} rows" + (
                f", about {clock(left)} left" if share else ""
            )

        def work() -> Prepared:
            self._cancel.disabled = False
            try:
                return session.prepare(progress)
            finally:
                self._cancel.disabled = True

        self._worker.start(work, self._done, self.notice, self._start)

    def _done(self, prepared: Prepared) -> None:
        self._bar.value = 1.0
        self._rows_done.value = f"{prepared.summary['rows_read']:,} rows"
        self.show()
        self._prepared()

    def show(self) -> None:
        """Show what came of the last run."""
        prepared = self._session.prepared
        self._twin.show(python_snippets.prepared(self._session))
        if prepared is None:
            self._card.value, self._rows_done.value, self._bar.value = "", "", 0.0
            return
        self._card.value = parts.in_map(prepared._repr_html_(workbench=True))
        self.notice.say("The files are in ", tag("code", visible(str(prepared.folder))), ".")
