"""Check: the results of the Great Expectations suite over ready.csv, and its Data Docs."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import ipywidgets as ipw

from callconv_kit.suite import Validation
from callconv_kit.suite.validation import State
from callconv_kit.widgets import parts, python_snippets
from callconv_kit.widgets.parts import Html, tag
from callconv_kit.widgets.session import Session
from callconv_kit.widgets.working import Worker
from callconv_kit.writing.markup import visible

LONGEST = 300
"""Characters of a rule that are shown."""


class CheckStep(ipw.VBox):
    """The fifth step."""

    def __init__(self, session: Session, worker: Worker, changed: Callable[[], None]) -> None:
        self._session, self._worker, self._changed = session, worker, changed
        self._validate = parts.button("Validate ready.csv", "validate", primary=True)
        self._docs = parts.button("Write the Data Docs", "docs")
        self.notice = parts.Notice()
        self._result = parts.named(ipw.HTML(), "validation")
        self._twin = parts.Twin()
        self._twin.show(python_snippets.checked())
        self._validate.on_click(self.notice.guarded(self._begin))
        self._docs.on_click(self.notice.guarded(self._begin_docs))
        super().__init__(
            [parts.row(self._validate, self._docs), self.notice, self._result, self._twin]
        )

    def show(self) -> None:
        """Show the last validation."""
        done = self._session.validation
        self._result.value = (
            "" if done is None else parts.put([Html(done._repr_html_()), _rules(done)])
        )
        self._docs.disabled = done is None

    def _begin(self) -> None:
        self._session.ready_file  # noqa: B018 # says what is missing before anything begins
        self.notice.say("Great Expectations looks at every row …")

        def done(_: Validation) -> None:
            self.notice.clear()
            self.show()
            self._changed()

        self._worker.start(self._session.validate, done, self.notice, self._validate)

    def _begin_docs(self) -> None:
        self.notice.say("Writing …")

        def done(index: Path) -> None:
            served = _address(index)
            link = tag("a", "Open the Data Docs", href=served, target="_blank") if served else None
            self.notice.say(link, " " if link else None, tag("code", visible(str(index))))

        self._worker.start(self._session.write_docs, done, self.notice, self._docs)


def _rules(done: Validation) -> Html:
    """Every rule by its columns, with the rows that it judged; failed rules come first."""
    outcomes = sorted(done.outcomes, key=lambda one: (one.state is State.PASSED, one.columns))
    return parts.table(
        "Rules by column",
        ["column", "rule", "result", "rows wrong", "rows judged"],
        [
            [
                visible(", ".join(one.columns)) if one.columns else "the whole file",
                visible(one.words, LONGEST),
                str(one.state),
                f"{len(one.rows):,}",
                f"{one.judged:,}" if one.columns else "",
            ]
            for one in outcomes
        ],
        long=["rule"],
    )


def _address(file: Path) -> str:
    """The path under which a Jupyter server here serves a file; empty where none does."""
    try:
        from jupyter_server.serverapp import list_running_servers
    except ModuleNotFoundError:
        return ""
    for server in list_running_servers():
        root = Path(server["root_dir"]).resolve()
        if file.resolve().is_relative_to(root):
            inner = file.resolve().relative_to(root).as_posix()
            return f"{server['base_url']}files/{quote(inner)}"
    return ""
