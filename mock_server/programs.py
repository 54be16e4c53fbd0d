"""What an account has agreed with its partners, and the business reasons that follow from it.

An account without programs takes every well-formed row.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from mock_server.judge import Refusal, moment


@dataclass(frozen=True, slots=True)
class Tracker:
    """An action tracker (event type). `counts` is "calls" or "conversions"."""

    id: str
    active: bool = True
    counts: str = "calls"


@dataclass(frozen=True, slots=True)
class Program:
    """A campaign with its action trackers, media partners and the terms of its contracts."""

    campaign: str
    trackers: tuple[Tracker, ...] = ()
    media: frozenset[str] = frozenset()
    """Partners with a contract; none named: all."""
    inactive_media: frozenset[str] = frozenset()
    active: bool = True
    minimum_duration: int = 0
    answered_only: bool = False
    daily_range: tuple[time, time] | None = None
    duplicate_days: int = 0


@dataclass(frozen=True, slots=True)
class Refuse:
    """Rows with this text in this column are refused for this reason, by wish of the tester."""

    column: str
    equals: str
    reason: str


@dataclass(frozen=True, slots=True)
class Call:
    """A well-formed row, and what the rules below need to know about it."""

    row: Mapping[str, str]
    programs: tuple[Program, ...]
    seen: Callable[[str, str, datetime, timedelta], bool]
    """`seen(tracker, caller, when, within)`: did the caller produce an action so near in time?"""

    @property
    def program(self) -> Program | None:
        """The program that CampaignId names."""
        campaign = number(self.row["CampaignId"])
        return next((p for p in self.programs if p.campaign == campaign and p.active), None)

    @property
    def terms(self) -> Program:
        """The same, where a rule above has made sure of it."""
        return self.program or Program("")

    @property
    def tracker(self) -> Tracker | None:
        """The action tracker, if it is of that program."""
        tracker = number(self.row["ActionTrackerId"])
        return next((t for t in self.terms.trackers if t.id == tracker), None)

    @property
    def when(self) -> datetime:
        """The time of the call, with the offset that the row gives."""
        when = moment(self.row["EventDate"])
        if when is None:
            raise ValueError("business rules are asked of well-formed rows only")
        return when


def number(text: str) -> str:
    """An identifier without leading zeros."""
    return text.lstrip("0")


def caller_key(text: str) -> str:
    """The caller's digits, the same in each way of writing; words as they are, in lower case."""
    digits = re.sub(r"\D", "", text)
    if text.startswith("+1") and len(digits) == 11:
        return digits[1:]
    return digits or text.lower()


def _tracker_elsewhere(call: Call) -> bool:
    tracker = number(call.row["ActionTrackerId"])
    return any(t.id == tracker for p in call.programs for t in p.trackers)


def _outside_range(call: Call) -> bool:
    if call.terms.daily_range is None:
        return False
    opens, closes = call.terms.daily_range
    at = call.when.time()
    return not (opens <= at < closes if opens <= closes else at >= opens or at < closes)


def _duplicate(call: Call) -> bool:
    days = call.terms.duplicate_days
    return days > 0 and call.seen(
        number(call.row["ActionTrackerId"]),
        caller_key(call.row["CallerId"]),
        call.when,
        timedelta(days=days),
    )


@dataclass(frozen=True, slots=True)
class BusinessRule:
    """A reason, the column it points at, and when it strikes."""

    reason: str
    column: str
    strikes: Callable[[Call], bool]


BUSINESS_RULES = (
    BusinessRule("CAMPAIGN_NOT_FOUND", "CampaignId", lambda call: call.program is None),
    BusinessRule(
        "ACTIONTRACKER_NOT_FOUND",
        "ActionTrackerId",
        lambda call: call.tracker is None and not _tracker_elsewhere(call),
    ),
    BusinessRule(
        "ACTIONTRACKER_CAMPAIGN_MISMATCH", "ActionTrackerId", lambda call: call.tracker is None
    ),
    BusinessRule(
        "ACTIONTRACKER_NOT_ACTIVE",
        "ActionTrackerId",
        lambda call: call.tracker is not None and not call.tracker.active,
    ),
    BusinessRule(
        "PARTNER_NOT_ACTIVE",
        "MediaId",
        lambda call: number(call.row["MediaId"]) in call.terms.inactive_media,
    ),
    BusinessRule(
        "CONTRACT_NOT_FOUND",
        "MediaId",
        lambda call: bool(call.terms.media) and number(call.row["MediaId"]) not in call.terms.media,
    ),
    BusinessRule(
        "CALL_FOR_CALL_PER_CONV_AT",
        "ActionTrackerId",
        lambda call: (
            call.tracker is not None
            and call.tracker.counts == "conversions"
            and not call.row.get("DispositionName")
        ),
    ),
    BusinessRule(
        "CALL_INCOMPLETE",
        "CallStatus",
        lambda call: (
            call.terms.answered_only and (call.row.get("CallStatus") or "ANSWER") != "ANSWER"
        ),
    ),
    BusinessRule(
        "CALL_DURATION_TOO_SHORT",
        "CallDuration",
        lambda call: int(call.row["CallDuration"]) < call.terms.minimum_duration,
    ),
    BusinessRule("CALL_OUTSIDE_DAILY_RANGE", "EventDate", _outside_range),
    BusinessRule("CALL_DUPLICATE", "CallerId", _duplicate),
)
"""In this order; the first that strikes is the row's error."""


def business_refusal(
    call: Call,
    refuse: Iterable[Refuse],
    reasons: Mapping[str, str],
    rules: Iterable[BusinessRule] = BUSINESS_RULES,
) -> Refusal | None:
    """Why the account's contracts do not take this call, if they don't."""
    for wish in refuse:
        if call.row.get(wish.column) == wish.equals:
            return Refusal(wish.reason, wish.column, "as this account's refuse table asks")
    if not call.programs:
        return None
    for rule in rules:
        if rule.strikes(call):
            return Refusal(rule.reason, rule.column, reasons[rule.reason])
    return None
