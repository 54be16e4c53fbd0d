"""What a proposal is: a source for a column of the format, a reading of directions and statuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from callconv_kit.profiling.columns import shown

Confidence: TypeAlias = Literal["sure", "likely", "none"]
"""sure: a vendor's own layout, or an exact known name whose cells fit. likely: good evidence, but
a person should look. none: nothing is proposed."""

How: TypeAlias = Literal["column", "first", "join", "sum", "difference", "constant", "nothing"]

CODES = {
    "outbound": "outbound",
    "internal": "not_a_call",
    "message": "not_a_call",
    "form": "not_a_call",
    "fax": "not_a_call",
    "leg": "child_leg",
    "progress": "call_in_progress",
    "test": "not_a_call",
    "unknown": "not_a_call",
}
"""What a row may be instead of a call to the advertiser, and the code that it is left out under."""

REASONS = {
    "outbound": "an outgoing call",
    "internal": "an internal call",
    "message": "a message, not a call",
    "form": "a form, not a call",
    "test": "a test call",
    "fax": "a fax, not a call",
    "leg": "a part of another call",
    "progress": "the call was still in progress",
    "unknown": "neither incoming nor outgoing",
}
"""The reason that left_out.csv gives for each."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another source that a column could have, and what speaks for it."""

    sources: tuple[str, ...]
    because: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where a column of the format may come from.

    column: of the format.
    how: how the sources are combined.
    sources: columns of the export; value: a constant.
    confidence: how well the evidence holds; because: the evidence.
    alternatives: what else there is.
    settled: a preset, a job or the very name of the column says so; nothing needs to be written.
    unit: what a bare number counts, where that is not seconds.
    """

    column: str
    how: How = "nothing"
    sources: tuple[str, ...] = ()
    value: str = ""
    confidence: Confidence = "none"
    because: str = ""
    alternatives: tuple[Alternative, ...] = ()
    settled: bool = False
    unit: str = ""

    @property
    def source(self) -> Any:
        """The source as `[columns]` writes it; None for a constant and for nothing."""
        match self.how:
            case "column":
                return self.sources[0]
            case "first":
                return list(self.sources)
            case "join" | "sum" | "difference":
                return {self.how: list(self.sources)}
        return None

    @property
    def text(self) -> str:
        """The source for a person: `Date + Time`, `Ended - Started`."""
        if self.how == "constant":
            return self.value
        between = {"join": " and ", "sum": " + ", "difference": " - ", "first": ", else "}
        return between.get(self.how, "").join(self.sources)

    def as_dict(self) -> dict[str, Any]:
        """The proposal as `callconv inspect --json` prints it."""
        return {
            "source": self.source,
            "constant": self.value or None,
            "how": self.how,
            "confidence": self.confidence,
            "why": self.because,
            "alternatives": [
                {"source": list(other.sources), "why": other.because} for other in self.alternatives
            ],
        }


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one value of a column means for its rows.

    means: inbound, outbound, internal, message, form, fax, leg, progress; call for a call whose
        direction it does not tell; "" for what is not known.
    """

    value: str
    rows: int
    means: str


@dataclass(frozen=True, slots=True)
class Direction:
    """A column that shows which rows are calls to the advertiser.

    values: each text with the number of its rows; "" stands for empty cells, `FILLED` for all
        others.
    marks: words for an empty cell that the column holds, such as NULL; a rule names them.
    """

    column: str
    values: tuple[Meaning, ...]
    confidence: Confidence
    because: str
    marks: tuple[str, ...] = ()

    @property
    def calls(self) -> tuple[str, ...]:
        """The values that are taken for calls to the advertiser."""
        return tuple(each.value for each in self.values if each.means not in CODES)

    @property
    def left_out(self) -> tuple[Meaning, ...]:
        """The values whose rows are left out."""
        return tuple(each for each in self.values if each.means in CODES)

    @property
    def asked(self) -> bool:
        """Whether a person is asked: rows are left out, or it is unclear which ones."""
        return bool(self.left_out) or self.confidence == "none"

    def as_dict(self) -> dict[str, Any]:
        """The column and its values as `callconv inspect --json` prints them."""
        return {
            "column": self.column,
            "values": {
                shown(each.value): {"rows": each.rows, "means": each.means or None}
                for each in self.values
            },
            "confidence": self.confidence,
            "why": self.because,
        }


FILLED = "*"
"""Any text, where only empty or not empty matters."""


@dataclass(frozen=True, slots=True)
class StatusWord:
    """One text of the status column.

    talk: the mean talk time of its rows in seconds; None where the export has none.
    status: the one proposed; None for none.
    known: a run reads the word so by itself; nothing needs to be written.
    split: ANSWER only of rows with talk time; the others are `otherwise`.
    """

    word: str
    rows: int
    talk: float | None
    status: str | None
    confidence: Confidence
    because: str
    known: bool = False
    split: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The word as `callconv inspect --json` prints it."""
        return {
            "word": self.word,
            "rows": self.rows,
            "mean_talk": None if self.talk is None else round(self.talk, 1),
            "status": self.status,
            "confidence": self.confidence,
            "why": self.because,
        }


@dataclass(frozen=True, slots=True)
class Rule:
    """A `[[status]]` rule: where `when` holds of the source columns, the status is `then`."""

    when: Mapping[str, Any]
    then: str
    rows: int
    because: str

    def as_dict(self) -> dict[str, Any]:
        """The rule as `callconv inspect --json` prints it."""
        return {
            "when": dict(self.when),
            "then": self.then,
            "rows": self.rows,
            "why": self.because,
        }


@dataclass(frozen=True, slots=True)
class Statuses:
    """How each row gets its CallStatus.

    column: the one whose words tell; "" where only rules do, or nothing.
    words: of the rows that are meant to go.
    rules: of which the first that holds comes before the words.
    declined: columns that look like a status and hold labels or nothing, and why.
    """

    column: str = ""
    words: tuple[StatusWord, ...] = ()
    rules: tuple[Rule, ...] = ()
    confidence: Confidence = "none"
    because: str = ""
    declined: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The same as `callconv inspect --json` prints it."""
        return {
            "column": self.column or None,
            "words": [word.as_dict() for word in self.words],
            "rules": [rule.as_dict() for rule in self.rules],
            "confidence": self.confidence,
            "why": self.because,
            "declined": dict(self.declined),
        }


@dataclass(frozen=True, slots=True)
class Proposals:
    """All that is proposed for an export.

    mapping: by column of the format, in its order.
    direction: the columns that tell which rows go, the one about the direction first.
    call_id: source columns whose hash stands in for a call id; empty where there is a call id.
    talk_time: the setting of that name that fits; "" for none.
    zone: the time zone of times without an offset, and the evidence; blanks for none.
    country: the country of phone numbers that carry none, and the evidence; blanks for the US.
    """

    mapping: Mapping[str, Proposal]
    direction: Sequence[Direction] = ()
    statuses: Statuses = field(default_factory=Statuses)
    call_id: tuple[str, ...] = ()
    talk_time: str = ""
    zone: tuple[str, str, Confidence] = ("", "", "none")
    country: tuple[str, str, Confidence] = ("", "", "none")


def direction_as_dict(found: Sequence[Direction]) -> dict[str, Any] | None:
    """The columns that decide which rows are sent, as `callconv inspect --json` prints them."""
    if not found:
        return None
    first, *more = found
    return {**first.as_dict(), "also": [each.as_dict() for each in more]}
