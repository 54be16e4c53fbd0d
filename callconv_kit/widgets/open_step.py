"""Open: a file, what was seen of it, and whose export it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as ipw

from callconv_kit.job import PRESETS
from callconv_kit.model.errors import CallConvError, UsageError
from callconv_kit.profiling import Inspection
from callconv_kit.profiling.inspection import delimiter_word
from callconv_kit.widgets import parts, python_snippets
from callconv_kit.widgets.parts import Child, tag
from callconv_kit.widgets.session import Session
from callconv_kit.widgets.working import CanBeDisabled, Worker
from callconv_kit.writing.markup import visible
from callconv_kit.writing.wording import many

ACCEPTED = ".csv,.tsv,.txt,.gz,.zip,.zst,.xlsx,.jsonl,.parquet"
SKIPPED = 5
UNFIT = frozenset({"column_missing", "ambiguous_header", "no_header"})
"""Codes of errors that another job may not have."""

NOBODYS = ("none: map columns by their names", "")


class OpenStep(ipw.VBox):
    """The first step.

    Args:
        opened: called when an export is open, or its preset was changed.
        go_on: called when the person has accepted what was seen.
        settings: the page whose fields another export or preset replaces.
    """

    def __init__(
        self,
        session: Session,
        worker: Worker,
        opened: Callable[[], None],
        go_on: Callable[[], None],
        settings: CanBeDisabled,
    ) -> None:
        self._session, self._worker, self._settings = session, worker, settings
        self._opened, self._go_on = opened, go_on
        self._upload = parts.named(
            ipw.FileUpload(
                accept=ACCEPTED,
                multiple=False,
                description="Upload an export",
                layout=ipw.Layout(width="auto"),
            ),
            "upload",
        )
        self._path = parts.field(
            ipw.Text, "or its path", "path", width="32em", placeholder="calls.csv"
        )
        self._open = parts.button("Open", "open")
        self._new_job = parts.button(
            "Begin a new job for it", "new-job", hint="The job file that is there stays"
        )
        self._new_job.layout.display = "none"
        self.notice = parts.Notice()
        self._seen = parts.named(ipw.HTML(), "seen")
        self._preset = parts.field(
            ipw.Dropdown, "It is the export of", "preset", options=[NOBODYS], width="30em"
        )
        self._accept = parts.button("Use this preset", "accept", primary=True)
        self._choice = parts.row(self._preset, self._accept)
        self._choice.layout.display = "none"
        self._twin = parts.Twin()
        self._last: Path | None = None
        self._upload.observe(self._uploaded, names="value")
        self._open.on_click(
            self.notice.guarded(lambda: self.look_at(Path(self._path.value.strip())))
        )
        self._new_job.on_click(self.notice.guarded(self._begin_anew))
        self._accept.on_click(self.notice.guarded(self._accepted))
        hint = tag("small", "Files of more than 10 MB: give the path, a browser is slow with them.")
        super().__init__(
            [
                parts.row(self._upload, self._path, self._open),
                ipw.HTML(hint),
                self.notice,
                parts.row(self._new_job),
                self._seen,
                self._choice,
                self._twin,
            ]
        )

    def _uploaded(self, change: dict[str, Any]) -> None:
        if not change["new"]:
            return
        (file,) = change["new"]
        name, content = file["name"], bytes(file["content"])
        # What a widget holds would be saved with the notebook.
        self._upload.value = ()
        self.notice.guarded(lambda: self.look_at(self._session.upload(name, content)))()

    def look_at(self, path: Path, *, with_job: bool = True) -> None:
        """Look at a file."""
        if path == Path():
            raise UsageError(
                "no_input", "No file was named", "", "a path", "Upload a file or type its path."
            )
        self._last = path
        self._new_job.layout.display = "none"
        self.notice.say("Looking at ", visible(path.name), " …")

        def work() -> Inspection:
            try:
                return self._session.open(path, with_job=with_job)
            except CallConvError as error:
                fits = error.code not in UNFIT and not isinstance(error, UsageError)
                if with_job and self._session.job_file.exists() and not fits:
                    self._new_job.layout.display = ""
                raise

        def done(seen: Inspection) -> None:
            self.notice.clear()
            self.show(seen)
            self._opened()

        self._worker.start(work, done, self.notice, self._open, self._settings)

    def _begin_anew(self) -> None:
        if self._last is not None:
            self.look_at(self._last, with_job=False)

    def _accepted(self) -> None:
        chosen = self._preset.value

        def done(seen: Inspection) -> None:
            self.show(seen)
            self._opened()
            self._go_on()

        self._worker.start(
            lambda: self._session.accept(chosen), done, self.notice, self._accept, self._settings
        )

    def show(self, seen: Inspection) -> None:
        """Show what was seen."""
        session = self._session
        fits = {fit.preset: fit for fit in seen.fits}
        options = [
            (f"{fit.title}: knows {fit.known} of {fit.columns} columns ({fit.share:.0%})", name)
            for name, fit in fits.items()
        ]
        options += [(name, name) for name in PRESETS if name not in fits]
        chosen = session.settings.get("preset", "")
        if chosen and chosen not in [name for _, name in options]:
            options.append((visible(chosen), chosen))
        self._preset.options = [*options, NOBODYS]
        self._preset.value = chosen
        self._choice.layout.display = ""
        self._seen.value = parts.put([*self._facts(seen), self._preview()])
        self._twin.show(python_snippets.opened(session))

    def _facts(self, seen: Inspection) -> list[Child]:
        items = [seen.encoding or "cells"]
        if seen.guessed_from_line:
            items.append(f"a guess: line {seen.guessed_from_line} is not UTF-8")
        if seen.delimiter:
            items.append(f"{delimiter_word(seen.delimiter)} between cells")
        items.append(f"header on line {seen.header_line}" if seen.header_line else "no header")
        items.append(many(seen.rows) + (" looked at, there are more" if seen.more else ""))
        facts: list[Child] = [
            tag("h3", visible(seen.file)),
            tag("p", "; ".join(items), "."),
        ]
        job = self._session.job_file
        if job.exists():
            facts.append(tag("p", "The job ", tag("code", visible(str(job))), " is used."))
        if seen.fits:
            by = ", ".join(map(visible, seen.fits[0].by))
            facts.append(
                tag(
                    "p",
                    f"Recognized as an export of {seen.fits[0].title}: its columns include {by}.",
                )
            )
        else:
            facts.append(
                tag("p", "Not the export of a known vendor: columns are mapped by their names.")
            )
        skipped = [f"line {line} ({why})" for line, why in seen.skipped[:SKIPPED]]
        more = len(seen.skipped) - len(skipped)
        if skipped:
            facts.append(
                tag(
                    "p",
                    "Skipped lines: ",
                    ", ".join(skipped),
                    f", {more} more" if more > 0 else "",
                    ".",
                )
            )
        return facts

    def _preview(self) -> Child:
        first = self._session.preview
        if first is None or not first.rows:
            return tag("p", "The file has no rows.")
        rows = [
            [
                str(line),
                *(
                    parts.cell(self._session.shown(name, text))
                    for name, text in zip(first.header, cells, strict=True)
                ),
            ]
            for line, cells in zip(first.lines, first.rows, strict=True)
        ]
        return parts.table("The first rows, by their lines", ["line", *first.header], rows)
