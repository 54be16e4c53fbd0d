"""The exact bytes that were sent, kept beside the ledger, and what they prove about it."""

import contextlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from callconv_kit.delivery.receipt import Submission, submission_of
from callconv_kit.writing import private
from callconv_kit.writing.private import Readers

BLOCK = 1 << 20


def keep(source: Path, folder: Path, number: int, name: str, readers: Readers = "owner") -> str:
    """Compress `source` into the archive; the name of its file there.

    Raises:
        OSError: the archive can't be written.
    """
    private.make_folder(folder, readers)
    target = folder / f"{number:06d}_{_plain(name)}.zst"
    with (
        private.replacing(target, readers) as partial,
        source.open("rb") as file,
        pa.CompressedOutputStream(str(partial), "zstd") as out,
    ):
        shutil.copyfileobj(file, out, BLOCK)
    return target.name


@contextlib.contextmanager
def opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    """The archived bytes, as they were sent.

    Raises:
        FileNotFoundError: it was not kept, or its time was up.
    """
    if not (folder / name).is_file():
        raise FileNotFoundError(name)
    with pa.CompressedInputStream(str(folder / name), "zstd") as stream:
        yield stream


def expired(ended: datetime, now: datetime, keep_days: int) -> bool:
    """Whether the time of a file is up; 0 days is for ever."""
    return keep_days > 0 and now - ended > timedelta(days=keep_days)


def discard(folder: Path, name: str) -> None:
    """Remove one file of the archive."""
    (folder / name).unlink(missing_ok=True)


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name)[:150]


RECORDS = "*/*/run.json"
"""Below a job's folder of runs."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a witness knows of a submission.

    ledger: the id of the ledger that it belongs to.
    path: of that ledger.
    source: the witness, for a person.
    """

    ledger: str
    path: str
    submission: Submission
    source: Path


def as_note(ledger: str, path: Path, submission: Submission) -> dict[str, Any]:
    """A submission as its witnesses keep it."""
    shown = {
        key: value.isoformat() if isinstance(value, datetime) else value
        for key, value in asdict(submission).items()
    }
    return {"ledger": ledger, "path": str(path), **shown}


def write_note(folder: Path, archived: str, note: Mapping[str, Any], readers: Readers) -> None:
    """Leave a note beside the archived bytes of a submission."""
    if archived and folder.is_dir():
        private.write_text(_note_path(folder, archived), json.dumps(note), readers)


def discard_note(folder: Path, archived: str) -> None:
    """Remove the note with its bytes."""
    _note_path(folder, archived).unlink(missing_ok=True)


def _note_path(folder: Path, archived: str) -> Path:
    return folder / f"{Path(archived).stem}.json"


def notes(archive: Path, runs: Path | None) -> Iterator[Note]:
    """All notes: of the archive, and of the runs of a job."""
    for path in sorted(archive.glob("*.json")):
        yield from _read(path, [_parsed(path)])
    for path in sorted(runs.glob(RECORDS)) if runs is not None else ():
        kept = _parsed(path)
        submissions = kept.get("submissions") if isinstance(kept, dict) else None
        yield from _read(path, submissions if isinstance(submissions, list) else [])


def _parsed(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _read(path: Path, kept: Iterable[Any]) -> Iterator[Note]:
    """The notes of a file; unreadable notes are skipped."""
    for note in kept:
        with contextlib.suppress(KeyError, ValueError, TypeError):
            row = [note[field.name] for field in fields(Submission)]
            yield Note(str(note["ledger"]), str(note["path"]), submission_of(row), path)


def missing_from(known: Iterable[Submission], found: Iterable[Note]) -> list[Note]:
    """The latest note of each submission that the ledger does not know, or knows less of."""
    latest: dict[tuple[str, int, str], Note] = {}
    for note in found:
        key = (note.ledger, note.submission.id, note.submission.sha256)
        if key not in latest or latest[key].submission.changed < note.submission.changed:
            latest[key] = note
    changed: dict[str, datetime] = {}
    for submission in known:
        before = changed.get(submission.sha256)
        changed[submission.sha256] = max(before or submission.changed, submission.changed)
    return [note for note in latest.values() if _is_news(note.submission, changed)]


def _is_news(noted: Submission, changed: Mapping[str, datetime]) -> bool:
    known = changed.get(noted.sha256)
    if known is None:
        return noted.state.may_have_arrived
    return noted.changed > known
