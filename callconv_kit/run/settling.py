"""Which of the ready rows are one call: known only when all inputs were read.

Keys are gathered while rows stream by, and rows whose key came before are held. At the end they
are judged once more, and those that do not go move to where they belong. The first row of a
conflict was not held, so an input with one is read a second time.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from callconv_kit.mapping import session
from callconv_kit.mapping.plan import Plan
from callconv_kit.mapping.relations import Corrected
from callconv_kit.model import texts
from callconv_kit.model.codes import Severity
from callconv_kit.model.errors import InputError
from callconv_kit.model.rows import Fate, Finding, Judged
from callconv_kit.model.texts import Ints
from callconv_kit.reading import Table
from callconv_kit.run import duplicates
from callconv_kit.run.duplicate_rows import Differences, DuplicateRows, Origins, rounded_keys
from callconv_kit.run.duplicates import OnConflict
from callconv_kit.run.held_rows import HeldFile, HeldRows
from callconv_kit.run.judge import Judge
from callconv_kit.run.keys import SEPARATOR, Keys, keys_of, murmur3_128
from callconv_kit.run.recording import Records
from callconv_kit.writing.aside import WhyLater
from callconv_kit.writing.tally import EXAMPLES, Tally

NEW, ALREADY_SENT, CHANGED_SINCE, OUTCOME_UNKNOWN = range(4)


class SentCalls(Protocol):
    """What was delivered before; the ledger of `callconv_kit.delivery` is one."""

    def sent_status(self, keys: Keys) -> npt.NDArray[np.uint8]:
        """For each row: new, already sent, sent but changed since, or of unknown outcome."""
        ...


@runtime_checkable
class SharedSentCalls(SentCalls, Protocol):
    """One that other processes of this machine can ask through a copy."""

    def elsewhere(self) -> SentCalls:
        """The copy. It writes nothing down: changed rows are asked about again at the end."""
        ...


class CallsPart(NamedTuple):
    """The ready rows that another process knows.

    changed: keys of the rows that changed since they were sent, batch by batch.
    corrected: the rows that correct others, where the export has such rows.
    """

    keys: duplicates.KeyRows
    held: dict[int, list[HeldFile]]
    origins: Origins
    changed: list[Keys]
    corrected: Corrected | None


_NO_ROWS = np.zeros(0, np.int64)
_LINES = np.asarray([0, (1 << duplicates.LINE_BITS) - 1])
"""The first and the last line that a place can name."""


class Calls:
    """The calls that are ready so far, by their keys."""

    def __init__(
        self,
        judge: Judge,
        on_conflict: OnConflict,
        folder: Path,
        corrected: Corrected | None = None,
        sent: SentCalls | None = None,
    ) -> None:
        """Begin with none.

        Args:
            judge: judges rows once more at the end.
            on_conflict: the treatment of rows of one call that differ where payment is affected.
            folder: for what is kept in files.
            corrected: which rows correct which, where the export has such rows.
            sent: what was delivered before.
        """
        self._judge = judge
        self._on_conflict = on_conflict
        self._folder = folder
        self._corrected = corrected
        self._sent = sent
        self._keys = duplicates.KeyStore(folder)
        self._held = HeldRows(folder)
        self._origins = Origins()
        self._changed: list[Keys] = []

    def keep_keys_in(self, keys: duplicates.KeyStore) -> None:
        """Gather keys there; to be called before the first row."""
        self._keys = keys

    def remember(self, number: int, plan: Plan, judged: Judged) -> tuple[Judged, Ints]:
        """Keep the keys of the ready rows of a batch of an input, and ask the ledger of them.

        Returns:
            The batch; rows that were delivered before are no longer ready. And the ascending
            positions of ready rows that are held, because they will not go in the end.
        """
        judged = self._hold_corrections(number, plan, judged)
        columns = {name: cells.values for name, cells in judged.columns.items()}
        rows = judged.rows(Fate.READY)
        if not len(rows):
            return judged, _NO_ROWS
        keys = keys_of(columns)
        if self._sent is not None:
            status = self._sent_status(self._sent, keys)
            judged = judged.with_more(_sent_before(status, rows))
            rows = judged.rows(Fate.READY)
        places = duplicates.places(number, judged.batch.lines[rows])
        self._origins.add(places, judged.batch, rows)
        content = _with_content(keys.payment, number, plan, judged)
        seen = self._keys.add(Keys(keys.event[rows], keys.session[rows], content[rows]), places)
        # Of rows with one key the first one goes or none, but where the job wants the last.
        if self._on_conflict == "last" or not seen.again.any():
            return judged, _NO_ROWS
        held = rows[seen.again | seen.torn]
        self._held.add(number, judged.batch.take(held))
        return judged, held if self._on_conflict == "reject" else rows[seen.again]

    def _sent_status(self, sent: SentCalls, keys: Keys) -> npt.NDArray[np.uint8]:
        status = sent.sent_status(keys)
        changed = status == CHANGED_SINCE
        if not isinstance(sent, SharedSentCalls) and changed.any():
            self._changed.append(Keys(*(words[changed] for words in keys)))
        return status

    def give(self) -> "CallsPart":
        """What is known of the ready rows; another process takes it in."""
        held = self._held.give()
        return CallsPart(self._keys.give(), held, self._origins, self._changed, self._corrected)

    def merge(self, part: "CallsPart") -> None:
        """Remember the ready rows of other inputs, which come behind ours."""
        self._keys.merge(part.keys)
        self._held.merge(part.held)
        self._origins.merge(part.origins)
        for keys in part.changed:
            assert self._sent is not None  # noqa: S101 # the other process asked in its place
            self._sent.sent_status(keys)  # it writes down which rows have changed
        if self._corrected is not None and part.corrected is not None:
            self._corrected.merge(part.corrected)

    def _hold_corrections(self, number: int, plan: Plan, judged: Judged) -> Judged:
        """Rows that correct a call that was sent already do not go; all of them are remembered."""
        if self._corrected is None:
            return judged
        corrects = self._corrected.corrects(plan, judged.batch)
        # Rows that are left out, such as a corrected signal, do not describe the call.
        rows = np.flatnonzero(texts.present(corrects) & (judged.fates != Fate.LEFT_OUT))
        if not len(rows):
            return judged
        ready = judged.fates[rows] == Fate.READY
        must_be_here = np.ones(len(rows), np.bool_)
        if self._sent is not None:
            columns = {name: cells.values for name, cells in judged.columns.items()}
            keys = keys_of({**columns, "VendorEventId": corrects})
            sent_status = self._sent_status(self._sent, keys)[rows]
            must_be_here = sent_status != NEW
            held = Finding("correction_held", Severity.LEFT_OUT, None, rows[must_be_here & ready])
            judged = judged.with_more((held,)) if len(held.rows) else judged
        places = duplicates.places(number, judged.batch.lines[rows])
        self._corrected.add(plan, judged.batch, rows, places, must_be_here & ready, ready)
        return judged

    def settle(
        self,
        tables: Sequence[Table],
        plans: Sequence[Plan],
        records: Records,
        tally: Tally,
        find: Callable[[Corrected], None] | None = None,
    ) -> tuple[Ints, WhyLater]:
        """Take rows that are one call out of what is ready.

        Args:
            tables: the inputs; where too few rows were held, they are read again.
            plans: the source columns in each of them.
            records: where the rows move.
            tally: gets a warning for each session with and without an event.
            find: finds corrected rows in all inputs; none: they are read again here.

        Returns:
            The ascending places of the rows that moved, and why they did.

        Raises:
            InputError: `input_changed`: an input is not any more what it was.
        """
        _warn_of_sessions(tables, self._keys.with_and_without(), self._origins, tally)
        groups = self._keys.settle(self._on_conflict)
        corrected = self._find_corrected(tables, plans, find)
        names = [table.name for table in tables]
        rows = DuplicateRows(groups, names, corrected, self._origins)
        differences = Differences(groups, self._folder)
        gone, needed = rows.gone, rows.needed
        examples = []
        for number, (table, plan) in enumerate(zip(tables, plans, strict=True)):
            first, last = np.searchsorted(needed, duplicates.places(number, _LINES))
            self._hold(number, table, needed[first:last])
            for batch in self._held.batches(number):
                # A row that was held as the first of its key may be in no conflict after all.
                places = duplicates.places(number, batch.lines)
                wanted = np.isin(places, needed, assume_unique=True)
                judged = self._judge.judge(table, plan, batch.keep(wanted))
                places = places[wanted]
                differences.add(rows.group_of(places), judged)
                at = np.flatnonzero(np.isin(places, gone, assume_unique=True))
                was = _only(judged, at)
                findings = rows.findings(places[at])
                examples += records.move(number, was, was.with_more(findings), findings)
        rows.tell_apart(differences, derived=self._judge.session_key is not None)
        for example, place in examples:
            example["detail"] = rows.details(np.asarray([place]))[0].as_py()
        return gone, rows.why

    def _hold(self, number: int, table: Table, places: Ints) -> None:
        """Read these rows of an input again, unless they are held already."""
        lines = duplicates.lines_of(places)
        if np.isin(lines, self._held.lines(number)).all():
            return
        account, found = table.account, 0
        self._held.drop(number)
        try:
            for batch in table.batches(lines):
                self._held.add(number, batch)
                found += len(batch.lines)
        except InputError as error:
            if getattr(error.__cause__, "errno", None) is not None:
                raise  # the system refuses it; else what could be read before is other data now
            raise input_changed(table.name) from error
        again, table.account = table.account, account
        if found != len(places) or again.sha256 != account.sha256:
            raise input_changed(table.name)

    def close(self) -> None:
        """Remove what was spilled to disk."""
        self._keys.close()
        self._held.close()

    def _find_corrected(
        self,
        tables: Sequence[Table],
        plans: Sequence[Plan],
        find: Callable[[Corrected], None] | None,
    ) -> dict[int, str]:
        """The places of rows that were ready and that another row corrects, and the code for it."""
        if not self._corrected:
            return {}
        (find or partial(_find, tables, plans))(self._corrected)
        gone = self._corrected.gone()
        places = np.sort(np.fromiter(gone, np.int64, len(gone)))
        ready = self._keys.which_are_known(places)
        return {place: gone[place] for place in places[ready].tolist()}


def _find(tables: Sequence[Table], plans: Sequence[Plan], corrected: Corrected) -> None:
    """Read all inputs again for the rows that others correct."""
    for number, (table, plan) in enumerate(zip(tables, plans, strict=True)):
        account = table.account
        for batch in table.batches():
            corrected.find(plan, batch, duplicates.places(number, batch.lines))
        again, table.account = table.account, account
        if again.sha256 != account.sha256:
            raise input_changed(table.name)


def _warn_of_sessions(
    tables: Sequence[Table], places: Ints, origins: Origins, tally: Tally
) -> None:
    first = places[:EXAMPLES]
    names = texts.from_list([tables[number].name for number in duplicates.inputs_of(first)])
    files, lines = origins.of(first, names, duplicates.lines_of(first))
    examples = [
        {"source_file": file, "source_line": line, "value": ""}
        for file, line in zip(files.to_pylist(), lines.tolist(), strict=True)
    ]
    if examples:
        code = "session_with_and_without_event"
        tally.count(code, Severity.WARNING, "CallSessionId", len(places), *examples)


def input_changed(name: str) -> InputError:
    """The error for an input that is read twice and differs."""
    return InputError(
        "input_changed",
        f"The input {name} changed while it was read",
        "other rows in the second reading than in the first",
        "a file that no other program changes; rows may be added at its end",
        "Run it again when the export is complete.",
    )


def _with_content(
    payment: npt.NDArray[np.uint64], number: int, plan: Plan, judged: Judged
) -> npt.NDArray[np.uint64]:
    """`payment`, changed for the rows of which an equal key does not say that they are one call.

    Two calls may share a derived id; so rows that share one are one call only where they are the
    same in every cell, except the recording's link, which each export signs again. And all
    calls of a stretch may share an id that a spreadsheet rounded: no two such rows are the same.
    """
    rounded = rounded_keys(judged)
    if len(rounded):
        payment = payment.copy()
        places = duplicates.places(number, judged.batch.lines[rounded])
        payment[rounded] ^= places.astype(np.uint64)
    rows = session.derived_rows(judged.columns.get("CallSessionId"))
    if not len(rows):
        return payment
    link = plan.feeds.get("CallRecording")
    passed_over = link.positions if link else ()
    cells = [
        texts.take(column, rows)
        for at, column in enumerate(judged.batch.cells)
        if at not in passed_over
    ]
    whole = texts.joined(*cells, between=SEPARATOR, nulls="replace")
    hashes = payment.copy()
    hashes[rows] ^= murmur3_128(whole)[:, 0]
    return hashes


def _sent_before(sent_status: npt.NDArray[np.uint8], rows: Ints) -> tuple[Finding, ...]:
    verdicts = (
        (ALREADY_SENT, "already_sent", Severity.LEFT_OUT),
        (CHANGED_SINCE, "changed_since_sent", Severity.ERROR),
        (OUTCOME_UNKNOWN, "outcome_unknown", Severity.LEFT_OUT),
    )
    return tuple(
        Finding(code, severity, None, rows[sent_status[rows] == number])
        for number, code, severity in verdicts
        if (sent_status[rows] == number).any()
    )


def _only(judged: Judged, at: Ints) -> Judged:
    """These rows of a judged batch."""
    if len(at) == len(judged):
        return judged
    place = np.full(len(judged), -1)
    place[at] = np.arange(len(at))

    def rows(findings: Finding) -> Finding:
        here = place[findings.rows] >= 0
        details = tuple(np.asarray(findings.details, object)[here]) if findings.details else ()
        return Finding(
            findings.code, findings.severity, findings.column, place[findings.rows[here]], details
        )

    columns = {}
    for name, cells in judged.columns.items():
        here = place[cells.positions] >= 0
        columns[name] = type(cells)(
            texts.take(cells.values, at), place[cells.positions[here]], cells.notes[here]
        )
    return Judged(
        judged.file,
        judged.batch.take(at),
        columns,
        {name: texts.take(cells, at) for name, cells in judged.before.items()},
        tuple(rows(findings) for findings in judged.findings),
        judged.fates[at],
    )
