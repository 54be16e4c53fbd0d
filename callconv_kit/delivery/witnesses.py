"""What else remembers deliveries: the archive beside the ledger, and the records of runs.

A ledger that was restored from a backup has forgotten what was sent since. Each submission leaves
a note beside its archived bytes, and each run names its submissions in its run.json. Where a note
is newer than the ledger's own entry, the ledger is older than the last run; `catch_up` enters what
the notes say.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from callconv_kit.delivery.submission import Submission, submission_of
from callconv_kit.writing import private
from callconv_kit.writing.private import Readers

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
    """The notes of a file; what can't be read is no witness."""
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
