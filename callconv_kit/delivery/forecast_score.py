"""The forecast beside what the server did: hits, misses and surprises, by the server's reason.

Before a file is sent, the lines that its job's [contract] expects to be refused are kept in the
ledger. Once the results API calls the file complete, each of its rows is one of these:

- a hit: expected to be refused, and refused for that reason;
- a miss: refused for a reason that was not expected;
- a surprise: expected to be refused for a reason that the server did not give.

A reason with three misses or more comes with the setting that would have caught them. A file
whose contract said nothing expected nothing, so that each of its refusals is a miss.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from callconv_kit.delivery.forecast import UNNAMED
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.sent_rows import FileResult, Refusal
from callconv_kit.model.texts import Ints

Foresee = Callable[[Path], Mapping[str, Ints]]
"""The lines of a file that its job's contract expects to be refused, by reason."""

ENOUGH = 3
"""Misses of one reason after which a setting is proposed."""

SHOWN = 5
"""Values of refused calls that a proposal names."""


class Remedy(NamedTuple):
    """What would have caught a reason: the setting, what to do, and the column that shows it."""

    setting: str
    step: str
    column: str = ""


_TRACKERS = "List your programs and their event types under [contract]: trackers."
REMEDIES = {
    "CALL_DURATION_TOO_SHORT": Remedy(
        "contract.minimum_duration",
        "Set minimum_duration under [contract], for each event type if they differ.",
        "CallDuration",
    ),
    "CALL_DUPLICATE": Remedy(
        "contract.repeat_caller_days",
        "Set repeat_caller_days under [contract] to the days of your contract.",
    ),
    "CAMPAIGN_NOT_FOUND": Remedy("contract.trackers", _TRACKERS, "CampaignId"),
    "ACTIONTRACKER_NOT_FOUND": Remedy("contract.trackers", _TRACKERS, "ActionTrackerId"),
    "ACTIONTRACKER_CAMPAIGN_MISMATCH": Remedy("contract.trackers", _TRACKERS, "ActionTrackerId"),
    "ACTIONTRACKER_NOT_ACTIVE": Remedy(
        "contract.trackers",
        "Remove the event type from trackers under [contract], or activate it at impact.com.",
        "ActionTrackerId",
    ),
    "CALL_INCOMPLETE": Remedy(
        "send", 'Set send = "answered", which leaves out calls that were not answered.',
        "CallStatus",
    ),
    "CALL_OUTSIDE_DAILY_RANGE": Remedy(
        "leave_out",
        'Add a [[leave_out]] rule for the hours outside your contract: column = "EventDate", '
        'matches = ".*T0[0-7]:.*" is midnight to 8 a.m.',
        "EventDate",
    ),
    "CALL_FOR_CALL_PER_CONV_AT": Remedy(
        "leave_out",
        'Add a [[leave_out]] rule for this event type, which counts conversions: column = '
        '"ActionTrackerId".',
        "ActionTrackerId",
    ),
    "CONTRACT_NOT_FOUND": Remedy(
        "leave_out",
        'Add a [[leave_out]] rule for partners without a contract: column = "MediaId".',
        "MediaId",
    ),
    "PARTNER_NOT_ACTIVE": Remedy(
        "leave_out",
        'Add a [[leave_out]] rule for partners that are not active: column = "MediaId".',
        "MediaId",
    ),
}  # fmt: skip
NO_REMEDY = Remedy(
    "",
    "No setting forecasts this reason. Look at the calls: callconv results --fix-file FILE.",
)


@dataclass(frozen=True, slots=True)
class ReasonScore:
    """How the forecast did for one reason. All are numbers of rows."""

    reason: str
    hits: int
    misses: int
    surprises: int
    evidence: str = ""
    """What the missed calls show of the column that the remedy is about; empty if unknown."""

    @property
    def expected(self) -> int:
        """Rows that were expected to be refused for this reason."""
        return self.hits + self.surprises

    @property
    def line(self) -> str:
        """The score, for a person."""
        if not self.expected:
            return f"{self.reason}: {self.misses:,} refused, not expected"
        return (
            f"{self.reason}: {self.expected:,} expected, {self.hits:,} of them refused; "
            f"{self.misses:,} refused that were not expected"
        )

    @property
    def proposal(self) -> str:
        """What would have caught the misses; empty while there are too few."""
        if self.misses < ENOUGH:
            return ""
        shown = f" ({self.evidence})" if self.evidence else ""
        return f"{self.misses:,} misses{shown}. {self._remedy.step}"

    @property
    def _remedy(self) -> Remedy:
        return REMEDIES.get(self.reason, NO_REMEDY)

    def as_dict(self) -> dict[str, Any]:
        """The score as `--json` shows it."""
        return {
            "reason": self.reason,
            "expected": self.expected,
            "hits": self.hits,
            "misses": self.misses,
            "surprises": self.surprises,
            "setting": self._remedy.setting if self.proposal else "",
            "proposal": self.proposal,
        }


@dataclass(frozen=True, slots=True)
class Score:
    """How the forecast did over all files that the server has judged completely.

    files: how many there are; 0 leaves nothing to score.
    reasons: those that were expected or given, the most misses first.
    """

    files: int = 0
    reasons: tuple[ReasonScore, ...] = ()

    @property
    def hits(self) -> int:
        """Rows, over all reasons."""
        return sum(reason.hits for reason in self.reasons)

    @property
    def misses(self) -> int:
        """Rows, over all reasons."""
        return sum(reason.misses for reason in self.reasons)

    @property
    def surprises(self) -> int:
        """Rows, over all reasons."""
        return sum(reason.surprises for reason in self.reasons)

    @property
    def lines(self) -> list[str]:
        """The score, for a person."""
        if not self.files:
            return []
        if not self.reasons:
            return ["Forecast: no refusals were expected, and there were none."]
        counts = (
            _counted(self.hits, "hit"), _counted(self.misses, "miss", "misses"),
            _counted(self.surprises, "surprise"),
        )  # fmt: skip
        lines = [f"Forecast: {', '.join(counts)}"]
        for reason in self.reasons:
            lines.append(f"  {reason.line}")
            if reason.proposal:
                lines.append(f"    {reason.proposal}")
        return lines

    def as_dict(self) -> dict[str, Any]:
        """The score as `--json` shows it."""
        return {
            "files": self.files,
            "hits": self.hits,
            "misses": self.misses,
            "surprises": self.surprises,
            "reasons": [reason.as_dict() for reason in self.reasons],
        }


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


# -- kept in the ledger ----------------------------------------------------------------------------


def keep(ledger: Ledger, submission: int, expected: Mapping[str, Ints]) -> None:
    """Remember which lines of a submission's file are expected to be refused, by reason."""
    with ledger.writing() as db:
        db.execute("DELETE FROM forecast WHERE submission = ?", (submission,))
        db.executemany(
            "INSERT INTO forecast VALUES (?, ?, ?)",
            [(submission, reason, _packed(lines)) for reason, lines in expected.items()],
        )


def kept(ledger: Ledger, submission: int) -> dict[str, frozenset[int]]:
    """What `keep` got."""
    found = ledger.read("SELECT reason, lines FROM forecast WHERE submission = ?", submission)
    return {str(reason): _unpacked(lines) for reason, lines in found}


def _packed(lines: Ints) -> bytes:
    # Differences of neighbors are small, and compress well.
    return zlib.compress(np.diff(lines, prepend=0).astype("<i8").tobytes())


def _unpacked(data: bytes) -> frozenset[int]:
    return frozenset(np.cumsum(np.frombuffer(zlib.decompress(data), "<i8")).tolist())


# -- scoring ---------------------------------------------------------------------------------------


def score(ledger: Ledger, files: Iterable[FileResult]) -> Score:
    """The score over those files that the server has judged completely."""
    judged = [file for file in files if file.is_complete]
    hits, misses, surprises = Counter[str](), Counter[str](), Counter[str]()
    missed: dict[str, list[Refusal]] = {}
    for file in judged:
        last = file.submission.rows + 1  # fewer lines than were sent, where only a part arrived
        expected = {
            reason: {line for line in lines if line <= last}
            for reason, lines in kept(ledger, file.submission.id).items()
        }
        found = _missed(file.refusals, expected)
        right = _hits(file.refusals, expected, found)
        for reason, lines in expected.items():
            hits[reason] += right[reason]
            surprises[reason] += len(lines) - right[reason]
        for refusal in found:
            missed.setdefault(refusal.reason, []).append(refusal)
            misses[refusal.reason] += 1
    reasons = sorted({*hits, *misses}, key=lambda reason: (-misses[reason], reason))
    return Score(
        len(judged),
        tuple(
            ReasonScore(r, hits[r], misses[r], surprises[r], _evidence(r, missed.get(r, ())))
            for r in reasons
        ),
    )


def _missed(refusals: Iterable[Refusal], expected: Mapping[str, set[int]]) -> list[Refusal]:
    """The refusals that nothing foresaw.

    A row whose line is not known takes the place of an expected one for the same reason, as long
    as there are any: which one it is cannot be seen.
    """
    lines = list(refusals)
    known = {
        reason: {r.line for r in lines if r.line and r.reason == reason} for reason in expected
    }
    open_lines = {reason: len(of - known[reason]) for reason, of in expected.items()}
    found = []
    for refusal in lines:
        if refusal.line:
            foreseen = refusal.line in expected.get(refusal.reason, ()) or any(
                refusal.line in expected.get(reason, ()) for reason in UNNAMED
            )
        else:
            foreseen = open_lines.get(refusal.reason, 0) > 0
            open_lines[refusal.reason] = open_lines.get(refusal.reason, 0) - 1
        if not foreseen:
            found.append(refusal)
    return found


def _hits(
    refusals: Iterable[Refusal], expected: Mapping[str, set[int]], missed: list[Refusal]
) -> Counter[str]:
    """Rows that were refused as expected, by the reason that was expected."""
    unforeseen = {id(refusal) for refusal in missed}
    seen: dict[str, set[int]] = {}
    for refusal in refusals:
        if id(refusal) in unforeseen:
            continue
        row = refusal.line or -refusal.server_line
        reason = refusal.reason
        if refusal.line and refusal.line not in expected.get(reason, ()):
            reason = next(r for r in UNNAMED if refusal.line in expected.get(r, ()))
        seen.setdefault(reason, set()).add(row)
    return Counter({reason: len(rows) for reason, rows in seen.items()})


def _evidence(reason: str, missed: Iterable[Refusal]) -> str:
    column = REMEDIES.get(reason, NO_REMEDY).column
    values = {r.row.cells.get(column, "") for r in missed if r.row is not None} - {""}
    if not column or not values:
        return ""
    if column == "CallDuration":
        return f"the longest of these calls lasted {max(map(int, values)):,} seconds"
    shown = sorted(values)
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return f"{column} {', '.join(shown[:SHOWN])}{more}"
