"""What the server will probably say, before anything is sent.

From the job's [contract]: how many rows of a ready.csv the server would refuse, by reason,
and the SaleAmount at stake. A row counts under its first reason. What the contract
does not say is not forecast.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from callconv_kit.model.texts import Bools, Ints
from callconv_kit.run.keys import murmur3_128

if TYPE_CHECKING:
    from callconv_kit.job import Contract

REASONS = {
    "CAMPAIGN_NOT_FOUND": "the contract has no such program",
    "ACTIONTRACKER_CAMPAIGN_MISMATCH": "the event type belongs to another program",
    "ACTIONTRACKER_NOT_FOUND": "no program in the contract has this event type",
    "TOO_OLD": "older than the contract takes (the server's own word for it is not known)",
    "CALL_DURATION_TOO_SHORT": "shorter than the contract's minimum",
    "CALL_DUPLICATE": "the same caller counted within the contract's days",
}
"""In the order in which a row is judged."""

UNNAMED = ("TOO_OLD",)
"""Our own names: any refusal of such a row is the one that was expected."""

BLOCK = 16 * 1024 * 1024
DAY = 86_400

_TEXTS = ("CampaignId", "ActionTrackerId", "CallerId", "EventDate", "CallDuration", "SaleAmount")
_MONEY = pa.decimal128(12, 2)


@dataclass(frozen=True, slots=True)
class Expected:
    """Rows that would be refused for one reason, and the sum of their SaleAmount."""

    reason: str
    rows: int
    sale_amount: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    """Rows in all, and those that would be refused, by reason."""

    rows: int
    expected: tuple[Expected, ...]

    @property
    def at_risk(self) -> int:
        """Rows that would be refused."""
        return sum(expected.rows for expected in self.expected)

    @property
    def sale_amount(self) -> Decimal:
        """Of the rows that would be refused."""
        return sum((expected.sale_amount for expected in self.expected), Decimal(0))

    @property
    def lines(self) -> list[str]:
        """The forecast, for a person."""
        if not self.expected:
            return [f"None of {self.rows} rows is expected to be refused under the contract."]
        return [
            f"{expected.rows:,} of {self.rows:,} rows will probably be refused: {expected.reason} "
            f"({REASONS[expected.reason]}); sales at stake: {expected.sale_amount:,}"
            for expected in self.expected
        ]

    def as_dict(self) -> dict[str, Any]:
        """The forecast as `--json` shows it."""
        return {
            "rows": self.rows,
            "at_risk": self.at_risk,
            "sale_amount": str(self.sale_amount),
            "expected": [
                {"reason": e.reason, "rows": e.rows, "sale_amount": str(e.sale_amount)}
                for e in self.expected
            ],
        }


def forecast(ready: str | Path, contract: "Contract", *, now: datetime | None = None) -> Forecast:
    """Forecast the server's refusals of a ready.csv from the contract.

    Args:
        ready: as `prepare` writes it.
        contract: the job's [contract].
        now: the clock for age limits; None: the real one.
    """
    verdict, amount = _verdicts(Path(ready), contract, now)
    return Forecast(len(verdict), tuple(_sums(verdict, amount)))


def expected_lines(
    ready: str | Path, contract: "Contract", *, now: datetime | None = None
) -> dict[str, Ints]:
    """The lines of a ready.csv, the header being line 1, that would get each reason.

    Args: as of `forecast`.
    """
    verdict, _ = _verdicts(Path(ready), contract, now)
    found = {reason: np.flatnonzero(verdict == at) + 2 for at, reason in enumerate(REASONS)}
    return {reason: lines for reason, lines in found.items() if len(lines)}


def _verdicts(
    ready: Path, contract: "Contract", now: datetime | None
) -> tuple[npt.NDArray[np.int8], pa.ChunkedArray]:
    """The number of each row's reason in REASONS, -1 for none; and each row's SaleAmount."""
    clock = int((now or datetime.now(UTC)).timestamp())
    verdicts, amounts, calls = [], [], []
    for batch in _batches(ready):
        columns = {name: batch.column(name) for name in _TEXTS}
        when = _seconds(columns["EventDate"])
        verdicts.append(_judged(columns, when, contract, clock))
        amounts.append(pc.cast(_or_zero(columns["SaleAmount"]), _MONEY))
        if contract.repeat_caller_days:
            caller = murmur3_128(_joined(columns))[:, 0]
            calls.append((caller, when))
    if not verdicts:
        return np.empty(0, np.int8), pa.chunked_array([], _MONEY)
    verdict = np.concatenate(verdicts)
    if contract.repeat_caller_days:
        caller, when = (np.concatenate(part) for part in zip(*calls, strict=True))
        again = _repeats(caller, when, verdict < 0, contract.repeat_caller_days * DAY)
        verdict[again] = list(REASONS).index("CALL_DUPLICATE")
    return verdict, pa.chunked_array(amounts, _MONEY)


def _sums(verdict: npt.NDArray[np.int8], amount: pa.ChunkedArray) -> "list[Expected]":
    found = []
    for number, reason in enumerate(REASONS):
        mask = verdict == number
        if mask.any():
            total = pc.sum(amount.filter(pa.array(mask))).as_py()
            found.append(Expected(reason, int(mask.sum()), total))
    return found


def _batches(ready: Path) -> "csv.CSVStreamingReader":
    convert = csv.ConvertOptions(
        include_columns=list(_TEXTS),
        include_missing_columns=True,
        column_types=dict.fromkeys(_TEXTS, pa.string()),
        strings_can_be_null=False,
    )
    return csv.open_csv(ready, csv.ReadOptions(block_size=BLOCK), convert_options=convert)


def _or_zero(text: pa.StringArray) -> pa.StringArray:
    return pc.if_else(pc.equal(pc.fill_null(text, ""), ""), "0", pc.fill_null(text, ""))


def _seconds(text: pa.StringArray) -> Ints:
    """EventDate, as `prepare` writes it, as epoch seconds."""
    return np.asarray(pc.cast(pc.cast(text, pa.timestamp("s", "UTC")), pa.int64()))


def _joined(columns: Mapping[str, pa.StringArray]) -> pa.StringArray:
    return pc.binary_join_element_wise(columns["ActionTrackerId"], columns["CallerId"], "\x1f")


def _judged(
    columns: Mapping[str, pa.StringArray], when: Ints, contract: "Contract", clock: int
) -> npt.NDArray[np.int8]:
    """The number of each row's reason in REASONS; -1 where it has none."""
    tracker = columns["ActionTrackerId"]
    campaign = columns["CampaignId"]
    rows = len(tracker)
    by_reason: dict[str, Bools] = {}
    if contract.trackers:
        owners = {(c, t) for c, trackers in contract.trackers.items() for t in trackers}
        everywhere = {t for _, t in owners}
        pairs = pc.binary_join_element_wise(campaign, tracker, "\x1f")
        known = _is_in(campaign, set(contract.trackers))
        fits = _is_in(pairs, {f"{c}\x1f{t}" for c, t in owners})
        elsewhere = _is_in(tracker, everywhere)
        by_reason["CAMPAIGN_NOT_FOUND"] = ~known
        by_reason["ACTIONTRACKER_CAMPAIGN_MISMATCH"] = ~fits & elsewhere
        by_reason["ACTIONTRACKER_NOT_FOUND"] = ~fits & ~elsewhere
    distinct = pc.dictionary_encode(tracker)
    names = distinct.dictionary.to_pylist()
    codes = np.asarray(distinct.indices)
    ages = _limits([contract.age_limit_of(name) for name in names], codes)
    by_reason["TOO_OLD"] = (ages >= 0) & (clock - when > ages * DAY)
    shortest = _limits([contract.minimum_of(name) for name in names], codes)
    lasted = np.asarray(pc.cast(columns["CallDuration"], pa.int64()))
    by_reason["CALL_DURATION_TOO_SHORT"] = lasted < shortest
    verdict = np.full(rows, -1, np.int8)
    for number, reason in reversed(list(enumerate(REASONS))):
        if reason in by_reason:
            verdict[by_reason[reason]] = number
    return verdict


def _limits(by_name: list[int | None], codes: Ints) -> Ints:
    """A limit a row; -1 where its tracker has none."""
    return np.array([-1 if limit is None else limit for limit in by_name], np.int64)[codes]


def _is_in(text: pa.StringArray, words: set[str]) -> Bools:
    found = pc.is_in(text, pa.array(sorted(words), pa.string()))
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)


def _repeats(
    caller: npt.NDArray[np.uint64], when: Ints, eligible: Bools, days: int
) -> npt.NDArray[np.intp]:
    """Positions of calls whose caller counted, for the same tracker, less than `days` before.

    A call that does not count starts no new period.
    """
    at = np.flatnonzero(eligible)
    at = at[np.lexsort((when[at], caller[at]))]
    same = caller[at][1:] == caller[at][:-1]
    close = same & (when[at][1:] - when[at][:-1] < days)
    # Only callers with two calls close together need a look one by one.
    again, last_caller, counted = [], None, 0
    for position in np.flatnonzero(np.r_[False, close] | np.r_[close, False]).tolist():
        row = int(at[position])
        if caller[row] == last_caller and when[row] - counted < days:
            again.append(row)
        else:
            last_caller, counted = caller[row], int(when[row])
    return np.array(again, np.intp)
