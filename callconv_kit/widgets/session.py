"""The state of a workbench: an export, its job, its results. It needs no notebook.

session = Session()
session.open("calls.csv")
session.answer("campaign", "1001")
session.prepare()
session.fix(session.review.page("Rejected").rows[0], {"Zip": "02139"})

Each step is one or two calls of the library: see `callconv_kit.widgets.python_snippets`. A step
that fails raises a `CallConvError` and leaves everything as it was.
"""

import threading
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callconv_kit.job import Job
from callconv_kit.job.layers import anchored, merged, read_toml
from callconv_kit.job.settings import DEFAULT_LEDGER
from callconv_kit.model.codes import mask_phone
from callconv_kit.model.errors import CallConvError, InputError, UsageError
from callconv_kit.profiling import Inspection, Question, draft_of, inspect, questions
from callconv_kit.profiling.columns import shown as shown_sample
from callconv_kit.profiling.job_answers import answer_in, place_of, with_answer, without_answer
from callconv_kit.run.judge import Judge
from callconv_kit.run.prepared import Prepared, clock_of, prepare
from callconv_kit.run.resolving import resolve
from callconv_kit.run.settling import SentCalls
from callconv_kit.widgets import job_text, mapped
from callconv_kit.widgets.corrected import CorrectedFile, Key
from callconv_kit.widgets.fixing import Fixing, refusal
from callconv_kit.widgets.mapped import MappedColumn, Preview
from callconv_kit.widgets.pages import ORIGIN
from callconv_kit.widgets.review import Review, WarningsFile
from callconv_kit.writing.markup import visible
from callconv_kit.writing.output import writing

if TYPE_CHECKING:
    from callconv_kit.suite import Validation

JOB_FILE = "callconv.toml"
OUT = "callconv-out"
KEPT = ".callconv"
"""The folder for what only the workbench needs."""


class Canceled(Exception):
    """The person stopped the run; nothing is half-written."""


class Session:
    """The state of a workbench.

    folder: where uploads, the job file, the fixes and the output go.
    source, inspection, preview: the export that is open, and what was seen of it.
    settings: the job, as keys of a job file; `job_file` is where it is kept.
    prepared, review, validation: of the last run.
    changing: held while the job or the fixes change, from what is read to what is kept.
    """

    def __init__(
        self,
        folder: str | Path = ".",
        *,
        job: str | Path | None = None,
        now: datetime | str | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.now = now
        self.show_phones = False
        self.source: Path | None = None
        self.inspection: Inspection | None = None
        self.preview: Preview | None = None
        self.questions: tuple[Question, ...] = ()
        self.answers: dict[str, str] = {}
        self.settings: dict[str, Any] = {}
        self.job_file = Path(job) if job is not None else self.folder / JOB_FILE
        self.prepared: Prepared | None = None
        self.review: Review | None = None
        self.validation: Validation | None = None
        self._personal: frozenset[str] = frozenset()
        # JupyterLab may send what a person does in two fields to two threads of the kernel.
        self.changing = threading.RLock()
        self.fixing = Fixing(self)
        self.begun: Path | None = None
        self._corrected: CorrectedFile | None = None
        self._prepared_with: tuple[Mapping[str, Any], Mapping[Key, list[str]]] = ({}, {})
        self._feeds: tuple[Mapping[str, Any] | None, Mapping[str, list[str]]] = (None, {})

    # -- open --------------------------------------------------------------------------------------

    def upload(self, name: str, content: bytes | memoryview) -> Path:
        """Keep an uploaded file in the folder; a file that is there already is never replaced."""
        kept = Path(name.replace("\\", "/")).name.strip() or "upload.csv"
        kept = "".join(char for char in kept if char.isprintable())
        target = self.folder / kept
        number = 1
        while target.exists() and target.read_bytes() != bytes(content):
            number += 1
            target = self.folder / f"{Path(kept).stem}-{number}{Path(kept).suffix}"
        if not target.exists():
            with writing(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        return target

    def open(self, source: str | Path, *, with_job: bool = True) -> Inspection:
        """Look at an export, with the job file where there is one.

        Args:
            source: a path.
            with_job: False begins a new job beside one that does not fit.

        Raises:
            InputError, UsageError: it can't be read, or the job does not fit.
        """
        source = Path(source)
        job_file = self.job_file if with_job else self._free_name(source)
        settings = read_toml(job_file) if job_file.exists() else {}
        preview, seen, settings = self._look(source, settings, job_file.parent)
        self.source, self.job_file, self.settings = source, job_file, settings
        self.preview, self.answers = preview, {}
        self.prepared = self.review = self.validation = None
        self.fixing = Fixing(self)
        self._know(seen)
        return seen

    def _look(
        self, source: Path, settings: Mapping[str, Any], folder: Path
    ) -> tuple[Preview, Inspection, dict[str, Any]]:
        """The first rows, what was seen, and the settings: those of a draft where there are none.

        A layout that no preset knows may be read only with what the draft says about its header.
        """
        if not str(source) or source == Path():
            raise UsageError("no_input", "No file was named", "", "a path", "Choose a file.")
        seen = inspect(source, _job_of(settings, folder))
        known = dict(settings) or dict(draft_of(seen, {}).settings)
        job = _job_of(known, folder)
        chosen = job if job.preset or not seen.preset else _job_of({"preset": seen.preset}, folder)
        return mapped.preview(source, chosen), seen, known

    def _know(self, seen: Inspection) -> None:
        self.inspection = seen
        self.questions = questions(seen)
        self._personal = mapped.personal_columns(seen)

    def _free_name(self, source: Path) -> Path:
        number, name = 1, f"{source.stem}.toml"
        while (self.folder / name).exists():
            number += 1
            name = f"{source.stem}-{number}.toml"
        return self.folder / name

    def accept(self, preset: str) -> Inspection:
        """Take the export for a vendor's; an empty name for nobody's: columns by their names."""
        given = self._with_preset(preset)
        preview, seen, known = self._look(self._opened(), given, self.job_file.parent)
        with self.changing:
            # A setting that was changed meanwhile stays.
            self.settings, self.preview = self._with_preset(preset) or known, preview
            self.answers.pop("preset", None)
            self._know(seen)
        return seen

    def _with_preset(self, preset: str) -> dict[str, Any]:
        settings = {key: value for key, value in self.settings.items() if key != "preset"}
        return settings | ({"preset": preset} if preset else {})

    def _opened(self) -> Path:
        if self.source is None:
            raise UsageError(
                "no_input", "No export is open", "", "an export", "Open a file in the first step."
            )
        return self.source

    # -- map ---------------------------------------------------------------------------------------

    @property
    def job(self) -> Job:
        """The current job, saved or not.

        Raises:
            UsageError: it is wrong.
        """
        return _job_of(self.settings, self.job_file.parent)

    def answer(self, key: str, text: str) -> None:
        """Answer one of the questions; a blank takes the answer back.

        A look-up file that is not there yet is begun beside the job: `begun` names it.

        Raises:
            UsageError: the question does not accept it; says what it accepts.
        """
        seen = self._seen()
        with self.changing:
            settings = with_answer(self.settings, key, text, seen)
            self.begun = None
            if "lookup" in settings:
                folder = self.job_file.parent
                self.begun = mapped.begin_lookup(self._opened(), seen, settings, folder, text)
            self.change(settings)
            self.answers[key] = text.strip()

    def feed(self, column: str, source: str = "", constant: str = "") -> None:
        """Set the source of a column of the format: a column of the export, or a fixed value.

        Neither: what the preset and the names of the columns say.

        Raises:
            UsageError: the value is wrong.
        """
        seen, fixed = self._seen(), constant.strip()
        with self.changing:
            settings = without_answer(self.settings, f"map.{column}", seen)
            if source:
                settings["columns"] = {**settings.get("columns", {}), column: source}
            if fixed:
                settings["constants"] = {**settings.get("constants", {}), column: fixed}
            self.change(settings)

    def add(self, lines: str) -> None:
        """Add lines of a job file, such as `decimal = "comma"`, to the job.

        A setting that it has already is replaced, a rule such as `[[leave_out]]` is added.

        Raises:
            UsageError: they are not settings, or the job would be wrong.
        """
        try:
            given = tomllib.loads(lines)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(
                "job_unreadable",
                "These are not settings",
                str(error),
                'lines such as decimal = "comma"',
                "Write each setting as name = value, with text in quotation marks.",
            ) from None
        with self.changing:
            self.change(merged(self.settings, given))

    def change(self, settings: dict[str, Any]) -> None:
        """Take settings over if they are a job, and its values fit their columns."""
        resolved = resolve(_job_of(settings, self.job_file.parent))
        Judge(resolved.job, clock_of(self.now), resolved=resolved).check_job()
        self.settings = settings

    def _seen(self) -> Inspection:
        self._opened()
        assert self.inspection is not None  # noqa: S101 # an export is open
        return self.inspection

    def mapping(self) -> tuple[MappedColumn, ...]:
        """The source of each column of the format, with cells before and after."""
        assert self.preview is not None or self._opened()  # noqa: S101 # an export is open
        return mapped.mapping(self.job, self._seen(), self.preview, self.now)

    def open_points(self) -> list[str]:
        """What is still open in the job: questions without an answer, columns without a source."""
        seen = self._seen()
        asked = [
            one.id for one in self.questions
            if one.id != "preset"
            and not (answer_in(self.settings, one.id) or self.answers.get(one.id))
        ]  # fmt: skip
        covered = {place_of(key)[1] for key in asked}
        columns = mapped.mapping(self.job, seen, None, self.now)
        missing = [one.column for one in columns if one.missing and one.column not in covered]
        return [visible(key.replace("_", " "), 60) for key in (*asked, *missing)]

    def save(self) -> Path:
        """Write the job file; comments of an existing one stay.

        Raises:
            UsageError: the job is wrong. InputError: it can't be written.
        """
        self.job  # noqa: B018 # says what is wrong before anything is written
        if self.job_file.exists():
            text = self.job_file.read_text(encoding="utf-8-sig")
        else:
            text = self._draft_text()
        with writing(self.job_file.parent):
            self.job_file.parent.mkdir(parents=True, exist_ok=True)
            new = self.job_file.with_name(f".{self.job_file.name}.new")
            new.write_text(job_text.updated(text, self.settings), encoding="utf-8", newline="\n")
            new.replace(self.job_file)
        return self.job_file

    def _draft_text(self) -> str:
        """A commented job file to begin with."""
        try:
            return draft_of(self._seen(), self.answers).text
        except CallConvError:
            return ""  # two answers that the draft can't hold together

    # -- prepare -----------------------------------------------------------------------------------

    @property
    def out(self) -> Path:
        """The folder of the run's files."""
        return self.folder / OUT

    @property
    def corrected(self) -> CorrectedFile:
        """The corrected rejected.csv of this export."""
        path = self.folder / f"{self._opened().name}.fixes.csv"
        if self._corrected is None or self._corrected.path != path:
            self._corrected = CorrectedFile(path)
        return self._corrected

    def prepare(
        self,
        progress: Callable[[int], None] | None = None,
        ledger: SentCalls | None = None,
    ) -> Prepared:
        """Run the job over the export, with the fixes that were made.

        Raises:
            CallConvError: as `callconv_kit.prepare`; the fixes stay.
            Canceled: raised by `progress`, to stop.
        """
        source, fixes = self._opened(), self.corrected
        with self.changing:
            # What changes during the run counts in the next one only.
            prepared_with = (self.settings, fixes.read().rows)
            job_file = self.save()
        kept = self.folder / KEPT
        with writing(kept):
            kept.mkdir(exist_ok=True)
            log = WarningsFile(kept / "warnings.csv")
        self.prepared = self.review = self.validation = None
        try:
            prepared = prepare(
                source, job_file, out=self.out, now=self.now, audit=True, ledger=ledger,
                fixes=fixes.path if prepared_with[1] else None,
                progress=progress, keep_findings=log,
            )  # fmt: skip
        finally:
            log.close()
        self._prepared_with = prepared_with
        self.review = Review(prepared, kept / "warnings.csv")
        self.review.mark()
        self.prepared = prepared
        return prepared

    @property
    def is_current(self) -> bool:
        """Whether the last run knew the job and the fixes as they are now."""
        return self._prepared_with == (self.settings, self.corrected.read().rows)

    @property
    def rejected_open(self) -> int:
        """Rejected rows of the last run that were not corrected since."""
        known = self._prepared_with[1]
        fixes = self.corrected.read().rows.items()
        corrected = sum(1 for key, row in fixes if known.get(key) != row)
        return max(self.reviewed.rejected.count - corrected, 0)

    # -- review ------------------------------------------------------------------------------------

    def fix(self, row: Sequence[str], cells: Mapping[str, str]) -> None:
        """Correct cells of a rejected row; kept in the corrected rejected.csv at once.

        Args:
            row: of the rejected list.
            cells: the new text by the export's column.

        Raises:
            UsageError: there is no such column, or a cell can't be right.
        """
        refused = self.fixing.fix([(row, cells)])
        if refused:
            raise refusal(refused)

    def export_rejected(self) -> int:
        """Put all rejected rows into the corrected file, for who goes on in a spreadsheet."""
        rejected = self.reviewed.rejected
        return self.corrected.merge(rejected.header, rejected.page(0, rejected.count))

    @property
    def reviewed(self) -> Review:
        """The lists of the last run.

        Raises:
            UsageError: there is none.
        """
        if self.review is None:
            raise UsageError(
                "not_prepared",
                "Nothing was prepared yet",
                "",
                "a run",
                "Run the step Prepare first.",
            )
        return self.review

    def place(self, name: str) -> int:
        """Where a column of the export is in a row of rejected.csv.

        Raises:
            UsageError: there is no such column.
        """
        header = self.reviewed.own_header
        if name not in header:
            raise UsageError(
                "no_column", "The export has no such column", name,
                ", ".join(header[:5]) + " …", "Choose one of the export's columns.",
            )  # fmt: skip
        return ORIGIN + header.index(name)

    def fed_by(self, name: str) -> list[str]:
        """The columns of the format that use a column of the export."""
        known, feeds = self._feeds
        if known is not self.settings:
            feeds = mapped.feeds(self.job, self._seen())
            self._feeds = (self.settings, feeds)
        return feeds.get(name, [])

    def shown(self, name: str, text: str) -> str:
        """A cell as pages show it: nothing in it is obeyed, phone numbers are masked."""
        if self.show_phones:
            return visible(text)
        return visible(mask_phone(text)) if name in self._personal else shown_sample(text)

    # -- check -------------------------------------------------------------------------------------

    def validate(self) -> "Validation":
        """Run the Great Expectations suite over ready.csv.

        Raises:
            InputError: there is no ready.csv. UsageError: Great Expectations is missing.
        """
        from callconv_kit import suite

        self.validation = suite.validate(self.ready_file)
        return self.validation

    def write_docs(self) -> Path:
        """Write the Data Docs of the last validation; returns their first page."""
        from callconv_kit import suite

        if self.validation is None:
            self.validate()
        assert self.validation is not None  # noqa: S101 # it was made just now
        return Path(suite.docs(self.folder / "callconv-docs", self.validation))

    @property
    def ready_file(self) -> Path:
        """The file that will be uploaded.

        Raises:
            InputError: there is none, and why.
        """
        self.reviewed  # noqa: B018 # says what is missing
        assert self.prepared is not None  # noqa: S101 # a run came before
        path = self.prepared.ready_file
        if not path.exists():
            raise InputError(
                "unreadable", f"{path} is gone", "", "ready.csv", "Run the step Prepare again."
            )
        return path


def _job_of(settings: Mapping[str, Any], folder: Path) -> Job:
    """Settings of a job file in that folder, as a job; its ledger is beside the file."""
    folder = folder.absolute()
    return Job.from_keywords(
        None, **{"ledger": folder / DEFAULT_LEDGER, **anchored(settings, folder)}
    )
