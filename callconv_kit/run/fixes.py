"""`--fixes`: corrected rows of a rejected.csv take the place of the rows they were made of.

A fix names its file and line, and why the row was rejected, but not what the row looked
like: the cells are corrected in place. So before it takes the row's place, it is held against the
row that is there now. The row must still show what the reasons show; and in columns that affect
payment or attribution, row and fix may differ only where the reasons say that something was
wrong. A fix that fails this was made of another row, or of another state of the file.
"""

import copy
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from callconv_kit.mapping.plan import Plan
from callconv_kit.model import spec, texts
from callconv_kit.model.codes import CODES, Severity
from callconv_kit.model.errors import InputError
from callconv_kit.model.rows import Batch, Ragged
from callconv_kit.model.texts import Ints
from callconv_kit.reading import Account, Table, reimport
from callconv_kit.reading.reimport import FIRST_OWN
from callconv_kit.writing.reasons import shown

IDENTIFYING = ("CallSessionId", "EventDate", "CallerId")
"""Of these, one at least is the same in a fix and in the row that it is for."""

GOES_WITH = {
    "CallerId": ("CallerPhoneNumberCountry",),
    "CalledPhoneNumber": ("CalledPhoneNumberCountry",),
    "CallerPhoneNumberCountry": ("CallerId",),
    "CalledPhoneNumberCountry": ("CalledPhoneNumber",),
    "CallStatus": ("TalkDuration",),
}
"""What is wrong in one column may be corrected in another."""

CORRECTED_IN = {
    "talk_exceeds_call": ("CallDuration", "TalkDuration"),
    "lookup_missing": tuple(spec.NAMES),
    "field_count": tuple(spec.NAMES),
    "conflicting_duplicate": tuple(spec.NAMES),
    "changed_since_sent": tuple(spec.NAMES),
}
"""Codes that are about a row, and the columns in which it may be corrected."""

SHOWN = 10
"""How many refused fixes an error names."""

_ABOUT = re.compile(rf"({'|'.join(spec.NAMES)})(?: \"|: )")


@dataclass(frozen=True, slots=True)
class Fix:
    """A corrected row, and the place of the row that it replaces.

    cells: in the order of the file's own header.
    whole: as many of them as the header has.
    padded: read from a sheet or a frame, where all rows are equally long.
    """

    file: str
    line: int
    codes: frozenset[str]
    reasons: tuple[str, ...]
    cells: list[str]
    whole: bool
    padded: bool


def mend(
    tables: Sequence[Table], plans: Sequence[Plan], fixes: Sequence[Table]
) -> list["CorrectedTable | Table"]:
    """The tables with the rows of `fixes` in place of their own.

    Raises:
        InputError: a fixes file is not a rejected.csv, or an input is one; `fix_refused`, with
            the fixes that fit no row.
    """
    for table in tables:
        if table.reimported:
            raise InputError(
                "fixes_for_fixes",
                f"{table.name} is a rejected.csv itself",
                "--fixes beside it",
                "the original export",
                "Name the export as the input, or prepare the rejected.csv alone.",
            )
    by_name: dict[str, list[int]] = {}
    for number, table in enumerate(tables):
        by_name.setdefault(table.name, []).append(number)
    found: list[dict[int, Fix]] = [{} for _ in tables]
    refused: list[str] = []
    for source in fixes:
        for fix in _read(source, tables, by_name, refused):
            if fix.line in found[by_name[fix.file][0]]:
                refused.append(f"{fix.file} line {fix.line}: two fixes are for it")
            found[by_name[fix.file][0]][fix.line] = fix
    corrected: list[CorrectedTable | Table] = []
    for table, plan, own in zip(tables, plans, found, strict=True):
        refused += _outdated(table, plan, own)
        corrected.append(CorrectedTable(table, own) if own else table)
    if refused:
        more = f", and {len(refused) - SHOWN} more" if len(refused) > SHOWN else ""
        raise InputError(
            "fix_refused",
            f"{len(refused)} fix{'es are' if len(refused) > 1 else ' is'} for a row that is no "
            "longer the same",
            "; ".join(refused[:SHOWN]) + more,
            "rows of the rejected.csv that a run over these very files wrote",
            "Run prepare without --fixes and correct the rejected.csv that it writes, or take "
            "these rows out of the fixes.",
        )
    return corrected


# -- reading fixes ------------------------------------------------------------------------------


def _read(
    source: Table, tables: Sequence[Table], by_name: Mapping[str, list[int]], refused: list[str]
) -> Iterator[Fix]:
    """The fixes of one file, each in the columns of the file that it is for."""
    if not reimport.is_reimport(source.header):
        raise InputError(
            "fixes_not_rejected",
            f"{source.name} is not a rejected.csv",
            ", ".join(source.header[:FIRST_OWN]),
            "source_file, source_line, codes, reasons, and the columns of the export",
            "Name the corrected rejected.csv with --fixes.",
        )
    header = reimport.own_columns(source.header)
    seats = {name: _seats(header, tables[at[0]]) for name, at in by_name.items()}
    for batch in source.batches():
        for own_line, cells, _ in _rows(batch):
            file, line, codes, reasons = (cells[:FIRST_OWN] + [""] * FIRST_OWN)[:FIRST_OWN]
            here = f"{file} line {line}"
            if len(by_name.get(file, ())) != 1 or not line.strip().isdecimal():
                refused.append(f"line {own_line} of {source.name}: there is no {here}")
                continue
            places = seats[file]
            if places is None:
                refused.append(f"{here}: the fixes lack columns of {file}")
                continue
            given = cells[FIRST_OWN : FIRST_OWN + len(header)]
            if any(given[at].strip() for at in set(range(len(given))) - set(places)):
                refused.append(f"{here}: it has text in columns that {file} has not")
                continue
            own = [given[at] for at in places if at < len(given)]
            own += _trimmed(cells[FIRST_OWN + len(header) :])
            yield Fix(
                file,
                int(line),
                frozenset(filter(None, codes.split("; "))),
                tuple(filter(None, reasons.split("; "))),
                own,
                len(own) == len(places),
                source.padded,
            )


def _seats(header: Sequence[str], table: Table) -> list[int] | None:
    """The position of each column of a table in the union of headers; None if one is missing."""
    places: dict[tuple[str, int], int] = {}
    counted: Counter[str] = Counter()
    for at, name in enumerate(header):
        places[name, counted[name]] = at
        counted[name] += 1
    counted.clear()
    found = []
    for name in table.header:
        if (name, counted[name]) not in places:
            return None
        found.append(places[name, counted[name]])
        counted[name] += 1
    return found


# -- holding them against the rows --------------------------------------------------------------


def _outdated(table: Table, plan: Plan, fixes: dict[int, Fix]) -> list[str]:
    """Why fixes fit no row; those that change nothing are taken out."""
    if not fixes:
        return []
    refused = []
    missing = set(fixes)
    for batch in table.batches(np.asarray(sorted(fixes), np.int64)):
        for line, now, whole in _rows(batch):
            missing.discard(line)
            fix = fixes[line]
            if _unchanged(fix, now, whole):
                del fixes[line]
                continue
            trouble = _trouble(fix, now, whole, plan)
            if trouble:
                refused.append(f"{fix.file} line {line}: {trouble}")
    return refused + [
        f"{fixes[line].file} line {line}: no row starts there" for line in sorted(missing)
    ]


def _rows(batch: Batch) -> Iterator[tuple[int, list[str], bool]]:
    """Each row with its line, its cells, and whether it has as many as the header."""
    columns = [column.to_pylist() for column in batch.cells]
    for at, line in enumerate(batch.lines.tolist()):
        yield line, [column[at] for column in columns], True
    for row in batch.ragged:
        yield row.line, row.cells, False


def _unchanged(fix: Fix, now: list[str], whole: bool) -> bool:
    if fix.cells == now:
        return True
    # In a sheet, a short row looks like one whose last cells are empty.
    return not whole and fix.padded and _trimmed(fix.cells) == _trimmed(now)


def _trimmed(cells: Sequence[str]) -> list[str]:
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return list(cells[:end])


def _trouble(fix: Fix, now: list[str], whole: bool, plan: Plan) -> str:
    """Why a fix does not belong to the row now at its place; empty where it does."""
    if whole != ("field_count" not in fix.codes) and fix.codes:
        count = f"it has {len(now)} cells, and the header {len(plan.header)}"
        return f"{count}, which it had not when it was rejected"
    if not whole or not fix.whole:
        return "" if _overlap(fix, now) else "that line now holds a different row"
    for reason in fix.reasons:
        column = _named_in(reason)
        if column and not _still_shows(reason, column, now, plan):
            return f"{column} does not hold any more what was rejected"
    differing = {
        column
        for column, feed in plan.feeds.items()
        if any(fix.cells[at] != now[at] for at in feed.positions)
    }
    if all(column in differing for column in IDENTIFYING if column in plan.feeds):
        return "that line now holds a different row"
    free = correctable(fix.codes, fix.reasons)
    hanging = [
        column
        for column in spec.NAMES
        if column in differing and column not in free and spec.BY_NAME[column].rejects_row
    ]
    if hanging:
        return f"{' and '.join(hanging)} was changed too, but it was not rejected; undo that change"
    return ""


def _overlap(fix: Fix, now: Sequence[str]) -> bool:
    """Whether a row of another length is that of the fix: at least half of its cells are there."""
    there = Counter(cell.strip() for cell in now if cell.strip())
    fixed = Counter(cell.strip() for cell in fix.cells if cell.strip())
    return 2 * (there & fixed).total() >= there.total()


def _named_in(reason: str) -> str | None:
    """The column that a reason is about."""
    found = _ABOUT.match(reason)
    return found[1] if found else None


def _still_shows(reason: str, column: str, now: Sequence[str], plan: Plan) -> bool:
    """Whether the row shows the value that a reason shows."""
    feed = plan.feeds.get(column)
    if feed is None or not reason.startswith(f'{column} "'):
        return True
    cells = [now[at] for at in feed.positions]
    texts_now = [*cells, " ".join(cell for cell in cells if cell)]
    return any(
        reason.startswith(f'{column} "{shown(column, text, mask=True)}": '.replace("; ", ", "))
        for text in texts_now
    )


def correctable(codes: Iterable[str], reasons: Iterable[str]) -> set[str]:
    """The columns in which a rejected row may be corrected.

    Args:
        codes: of the row.
        reasons: of the row, one by one.
    """
    codes = frozenset(codes)
    free: set[str] = set()
    for reason in reasons:
        column = _named_in(reason)
        if column:
            free |= {column, *GOES_WITH.get(column, ())}
    for code in codes:
        free.update(CORRECTED_IN.get(code, ()))
    # A withheld number is rejected or left out, as the job says: it is about its own cell.
    of_cells = {"caller_unknown"} if "CallerId" in free else set()
    about_rows = not codes or any(
        code not in CODES or CODES[code].severity is Severity.LEFT_OUT
        for code in set(codes) - of_cells
    )
    return set(spec.NAMES) if about_rows else free


# -- putting them in ----------------------------------------------------------------------------


class CorrectedTable:
    """A table with some of its rows replaced; see `reading.Table`."""

    reimported = False

    def __init__(self, table: Table, fixes: Mapping[int, Fix]) -> None:
        self._table = table
        self._fixes = fixes
        self.name, self.header, self.padded = table.name, table.header, table.padded
        self.is_frame = table.is_frame

    def __copy__(self) -> "CorrectedTable":
        """The same rows, with an account of its own."""
        return CorrectedTable(copy.copy(self._table), self._fixes)

    @property
    def account(self) -> Account:
        """That of the table: a fix adds no row."""
        return self._table.account

    @account.setter
    def account(self, account: Account) -> None:
        self._table.account = account

    def batches(self, wanted: Ints | None = None) -> Iterator[Batch]:
        """The rows in order; with `wanted`, only those on these ascending lines."""
        for batch in self._table.batches(wanted):
            here = [line for line in _places(batch) if line in self._fixes]
            yield self._mended(batch, here) if here else batch

    def _mended(self, batch: Batch, here: Sequence[int]) -> Batch:
        kept = batch.keep(~np.isin(batch.lines, here))
        fixes = [self._fixes[line] for line in here]
        whole = [fix for fix in fixes if fix.whole]
        lines = np.concatenate([kept.lines, [fix.line for fix in whole]]).astype(np.int64)
        order = np.argsort(lines, kind="stable")
        more = [texts.from_list([fix.cells[at] for fix in whole]) for at in range(len(self.header))]
        cells = [
            texts.take(pa.concat_arrays(pair), order) for pair in zip(kept.cells, more, strict=True)
        ]
        ragged = [row for row in batch.ragged if row.line not in self._fixes]
        ragged += [
            Ragged(fix.line, fix.cells, self.name, fix.line) for fix in fixes if not fix.whole
        ]
        return Batch(lines[order], tuple(cells), tuple(sorted(ragged)))


def _places(batch: Batch) -> list[int]:
    """The lines of all rows."""
    return [*batch.lines.tolist(), *(row.line for row in batch.ragged)]
