"""Which of the ready rows are one call: known only when all inputs were read.

Keys are gathered while rows stream by. At the end the rows that share one are read and judged a
second time, and those that do not go move from ready.csv to where they belong.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from callconv_kit.mapping import session
from callconv_kit.mapping.plan import Plan
from callconv_kit.mapping.relations import Corrected
from callconv_kit.model import notes, spec, texts
from callconv_kit.model.codes import CODES, Severity
from callconv_kit.model.rows import Batch, Fate, Judged, Said
from callconv_kit.model.texts import Ints
from callconv_kit.reading import Table
from callconv_kit.run import duplicates
from callconv_kit.run.duplicates import OnConflict
from callconv_kit.run.judge import Judge
from callconv_kit.run.keys import SEPARATOR, Keys, keys_of, murmur3_128
from callconv_kit.run.recording import Records
from callconv_kit.run.streaming import ReadAhead
from callconv_kit.writing.reasons import joined
from callconv_kit.writing.tally import Tally

READ_AGAIN_ROWS = 1 << 13
"""Rows that are judged at once when duplicates are read again."""

ONE_DERIVED_ID = "other cells than those of session_id_from, which don't tell calls apart here,"
"""Where rows of one derived session id differ that may be two calls."""

ONE_ROUNDED_ID = "has the same id, which a spreadsheet may have rounded, as"
"""Where rows share an id that may be the ids of several calls."""

NAMED = 5
"""Rows of a conflict that a reason names; of more, their number."""

NEW, ALREADY_SENT, CHANGED_SINCE, OUTCOME_UNKNOWN = range(4)


class SentCalls(Protocol):
    """What was delivered before; the ledger of `callconv_kit.delivery` is one."""

    def standing(self, keys: Keys) -> npt.NDArray[np.uint8]:
        """For each row: new, already sent, sent but changed since, or of unknown outcome."""
        ...


class CallsPart(NamedTuple):
    """The ready rows that another process knows."""

    keys: duplicates.KeyRows
    ready_places: Ints


_NO_PLACES = np.zeros(0, np.int64)


class Calls:
    """The calls that are ready so far, by their keys."""

    def __init__(
        self,
        judge: Judge,
        on_conflict: OnConflict,
        corrected: Corrected | None = None,
        sent: SentCalls | None = None,
    ) -> None:
        """Begin with none.

        Args:
            judge: judges rows that are read again.
            on_conflict: what becomes of rows of one call that differ where payment hangs.
            corrected: which rows correct which, where the export has such rows.
            sent: what was delivered before.
        """
        self._judge = judge
        self._on_conflict = on_conflict
        self._corrected = corrected
        self._sent = sent
        self._keys = duplicates.KeyStore()
        self._ready_places: list[Ints] = []

    def remember(self, number: int, plan: Plan, judged: Judged) -> Judged:
        """Keep the keys of the ready rows of a batch of an input, and ask the ledger of them.

        Returns:
            The batch; rows that were delivered before are no longer ready.
        """
        judged = self._hold_corrections(number, plan, judged)
        columns = {name: cells.values for name, cells in judged.columns.items()}
        rows = judged.rows(Fate.READY)
        if not len(rows):
            return judged
        keys = keys_of(columns)
        if self._sent is not None:
            judged = judged.with_more(_sent_before(self._sent.standing(keys), rows))
            rows = judged.rows(Fate.READY)
        places = duplicates.places(number, judged.batch.lines[rows])
        content = _told_apart(keys.payment, number, plan, judged)
        self._keys.add(Keys(keys.event[rows], keys.session[rows], content[rows]), places)
        self._ready_places.append(places)
        return judged

    def give(self) -> "CallsPart":
        """What is known of the ready rows; another process takes it in."""
        return CallsPart(self._keys.give(), np.concatenate([_NO_PLACES, *self._ready_places]))

    def take_in(self, part: "CallsPart") -> None:
        """Remember the ready rows of other inputs, which come behind ours."""
        self._keys.take_in(part.keys)
        self._ready_places.append(part.ready_places)

    def _hold_corrections(self, number: int, plan: Plan, judged: Judged) -> Judged:
        """Rows that correct a call that was sent already do not go; all of them are remembered."""
        if self._corrected is None:
            return judged
        corrects = self._corrected.corrects(plan, judged.batch)
        # What is left out tells nothing of the call, such as a signal that was corrected.
        rows = np.flatnonzero(texts.present(corrects) & (judged.fates != Fate.LEFT_OUT))
        if not len(rows):
            return judged
        ready = judged.fates[rows] == Fate.READY
        must_be_here = np.ones(len(rows), np.bool_)
        if self._sent is not None:
            columns = {name: cells.values for name, cells in judged.columns.items()}
            standing = self._sent.standing(keys_of({**columns, "VendorEventId": corrects}))[rows]
            must_be_here = standing != NEW
            held = Said("correction_held", Severity.LEFT_OUT, None, rows[must_be_here & ready])
            judged = judged.with_more((held,)) if len(held.rows) else judged
        places = duplicates.places(number, judged.batch.lines[rows])
        self._corrected.add(plan, judged.batch, rows, places, must_be_here & ready, ready)
        return judged

    def settle(
        self, tables: Sequence[Table], plans: Sequence[Plan], records: Records, tally: Tally
    ) -> Ints:
        """Take rows that are one call out of what is ready.

        Args:
            tables: the inputs; their rows are read again.
            plans: what feeds what in each of them.
            records: where the rows move.
            tally: gets a warning for each session with and without an event.

        Returns:
            The ascending numbers of the rows that moved, among the ready rows.
        """
        settled = self._keys.settle(self._on_conflict)
        _warn_of_sessions(tables, settled, tally)
        members = {place for group in settled.conflicts for place in group}
        gone = set(settled.repeats) | set(settled.losers)
        if self._on_conflict == "reject":
            gone |= members
        corrected = self._find_corrected(tables, plans)
        gone |= corrected.keys()
        if not gone:
            return np.zeros(0, np.int64)
        moving = np.sort(np.fromiter(gone, np.int64, len(gone)))
        # What differs in a conflict is known when all its rows were seen: these few wait.
        waiting: list[tuple[int, Judged]] = []
        for number, judged in self._read_again(tables, plans, sorted(gone | members)):
            at_odds = np.isin(_places(number, judged), np.fromiter(members, np.int64))
            waiting.append((number, _only(judged, np.flatnonzero(at_odds))))
            agreeing = _only(judged, np.flatnonzero(~at_odds))
            said = _duplicates_said(tables, _places(number, agreeing), settled, {}, corrected)
            records.move(number, agreeing, agreeing.with_more(said))
        differing = _differences(tables, waiting, settled)
        for number, judged in waiting:
            at = np.flatnonzero(np.isin(_places(number, judged), moving))
            losing = _only(judged, at)
            said = _duplicates_said(tables, _places(number, losing), settled, differing, corrected)
            records.move(number, losing, losing.with_more(said))
        return np.searchsorted(np.concatenate(self._ready_places), moving)

    def close(self) -> None:
        """Remove what was spilled to disk."""
        self._keys.close()

    def _find_corrected(self, tables: Sequence[Table], plans: Sequence[Plan]) -> dict[int, str]:
        """The places of rows that were ready and that another row corrects, and the code for it."""
        if not self._corrected:
            return {}
        for number, (table, plan) in enumerate(zip(tables, plans, strict=True)):
            account = table.account
            for batch in table.batches():
                self._corrected.find(plan, batch, duplicates.places(number, batch.lines))
            table.account = account
        gone = self._corrected.gone()
        ready = set(np.concatenate(self._ready_places).tolist()) & gone.keys()
        return {place: gone[place] for place in ready}

    def _read_again(
        self, tables: Sequence[Table], plans: Sequence[Plan], places: Sequence[int]
    ) -> Iterator[tuple[int, Judged]]:
        """Read and judge single rows once more, gathered into batches worth judging."""
        everywhere = np.asarray(places, np.int64)
        for number, (table, plan) in enumerate(zip(tables, plans, strict=True)):
            here = everywhere[everywhere >> duplicates.LINE_BITS == number]
            if not len(here):
                continue
            lines = here & ((1 << duplicates.LINE_BITS) - 1)
            account = table.account
            gathered: list[Batch] = []
            with ReadAhead(table.batches(lines)) as ahead:
                for batch in ahead:
                    gathered.append(batch)
                    if sum(len(one.lines) for one in gathered) > READ_AGAIN_ROWS:
                        yield number, self._judge.judge(table, plan, Batch.of(gathered))
                        gathered = []
            if gathered:
                yield number, self._judge.judge(table, plan, Batch.of(gathered))
            table.account = account


def _warn_of_sessions(tables: Sequence[Table], settled: duplicates.Settled, tally: Tally) -> None:
    for place in settled.with_and_without.tolist():
        tally.count(
            "session_with_and_without_event",
            Severity.WARNING,
            "CallSessionId",
            1,
            {
                "source_file": tables[duplicates.input_of(place)].name,
                "source_line": duplicates.line_of(place),
                "value": "",
            },
        )


def _places(number: int, judged: Judged) -> Ints:
    return duplicates.places(number, judged.batch.lines)


def _differences(
    tables: Sequence[Table],
    waiting: Sequence[tuple[int, Judged]],
    settled: duplicates.Settled,
) -> dict[int, str]:
    """For each row of a conflict: which others it conflicts with, and in which columns."""
    hashes: dict[int, npt.NDArray[np.uint64]] = {}
    rounded: set[int] = set()
    for number, judged in waiting:
        contents = [murmur3_128(judged.values(name))[:, 0] for name in spec.PAYMENT_COLUMNS]
        places = _places(number, judged).tolist()
        hashes.update(zip(places, np.stack(contents, axis=1), strict=True))
        rounded.update(places[row] for row in _rounded_keys(judged).tolist())
    told = {}
    for group in settled.conflicts:
        stacked = np.stack([hashes[place] for place in group])
        differs = (stacked != stacked[0]).any(axis=0)
        names = [name for name, differ in zip(spec.PAYMENT_COLUMNS, differs, strict=True) if differ]
        apart = f"differs in {joined(names) if names else ONE_DERIVED_ID} from"
        if not names and group[0] in rounded:
            apart = ONE_ROUNDED_ID
        for place in group:
            others = [_where(tables, other) for other in group if other != place]
            more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
            told[place] = f"{apart} {', '.join(others[:NAMED])}{more}"
    return told


def _rounded_keys(judged: Judged) -> Ints:
    """The rows whose key holds an id that a spreadsheet may have rounded."""
    by_event = texts.present(judged.values("VendorEventId"))
    events, sessions = (
        notes.marked(judged.columns.get(name), "identifier_maybe_rounded")
        for name in ("VendorEventId", "CallSessionId")
    )
    return np.union1d(events[by_event[events]], sessions[~by_event[sessions]])


def _told_apart(
    payment: npt.NDArray[np.uint64], number: int, plan: Plan, judged: Judged
) -> npt.NDArray[np.uint64]:
    """`payment`, changed for the rows of which an equal key does not say that they are one call.

    Two calls may share a derived id; so rows that share one are one call only where they are the
    same in every cell, but for the recording's link, which is signed anew in each export. And all
    calls of a stretch may share an id that a spreadsheet rounded: no two such rows are the same.
    """
    rounded = _rounded_keys(judged)
    if len(rounded):
        payment = payment.copy()
        payment[rounded] ^= _places(number, judged)[rounded].astype(np.uint64)
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
    whole = pc.binary_join_element_wise(*cells, SEPARATOR, null_handling="replace")
    told = payment.copy()
    told[rows] ^= murmur3_128(whole)[:, 0]
    return told


def _sent_before(standing: npt.NDArray[np.uint8], rows: Ints) -> tuple[Said, ...]:
    verdicts = (
        (ALREADY_SENT, "already_sent", Severity.LEFT_OUT),
        (CHANGED_SINCE, "changed_since_sent", Severity.ERROR),
        (OUTCOME_UNKNOWN, "outcome_unknown", Severity.LEFT_OUT),
    )
    return tuple(
        Said(code, severity, None, rows[standing[rows] == number])
        for number, code, severity in verdicts
        if (standing[rows] == number).any()
    )


def _only(judged: Judged, at: Ints) -> Judged:
    """These rows of a judged batch."""
    if len(at) == len(judged):
        return judged
    place = np.full(len(judged), -1)
    place[at] = np.arange(len(at))

    def rows(said: Said) -> Said:
        here = place[said.rows] >= 0
        details = tuple(np.asarray(said.details, object)[here]) if said.details else ()
        return Said(said.code, said.severity, said.column, place[said.rows[here]], details)

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
        tuple(rows(said) for said in judged.said),
        judged.fates[at],
    )


def _where(tables: Sequence[Table], place: int) -> str:
    return f"{tables[duplicates.input_of(place)].name} line {duplicates.line_of(place)}"


def _duplicates_said(
    tables: Sequence[Table],
    places: Ints,
    settled: duplicates.Settled,
    differing: dict[int, str],
    corrected: dict[int, str],
) -> tuple[Said, ...]:
    said = []
    for row, place in enumerate(places.tolist()):
        code, severity = "conflicting_duplicate", Severity.ERROR
        if place in corrected:
            code = corrected[place]
            said.append(Said(code, CODES[code].severity, None, np.asarray([row])))
            continue
        if place in settled.repeats:
            detail = f"the same as {_where(tables, settled.repeats[place])}, which is kept"
            code, severity = "duplicate_row", Severity.LEFT_OUT
        else:
            detail = differing[place]
            if place in settled.losers:
                detail += f", {_where(tables, settled.losers[place])} is kept"
                severity = Severity.LEFT_OUT
        said.append(Said(code, severity, None, np.asarray([row]), (detail,)))
    return tuple(said)
