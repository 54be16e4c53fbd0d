"""The real system's words for a row that is not taken, and how each comes about here.

Source: impact.com's Submissions API (the list of reasons) and its Error Codes Reference. Most
depend on contracts and clicks that a call file doesn't show: those are given only where an
account's `refuse` table asks for them. The descriptions are ours.
"""

VALIDATION = "Validation"
CONTRACT_ERROR = "Contract Error"

CALL_REASONS = {
    "CALL_DUPLICATE": "the same caller produced an action within the program's duplicate_days",
    "CALL_DURATION_TOO_SHORT": "CallDuration is below the program's minimum_duration",
    "CALL_FOR_CALL_PER_CONV_AT": "a plain call for an action tracker that counts conversions",
    "CALL_INCOMPLETE": "CallStatus is not ANSWER but the program is answered_only",
    "CALL_OUTSIDE_DAILY_RANGE": "the call's local time is outside the program's daily_range",
}
DATA_REASONS = {
    "CAMPAIGN_NOT_FOUND": "CampaignId is not an active program of the account",
    "ACTIONTRACKER_NOT_FOUND": "ActionTrackerId is not in any program of the account",
    "ACTIONTRACKER_NOT_ACTIVE": "the action tracker is switched off",
    "ACTIONTRACKER_CAMPAIGN_MISMATCH": "the event type belongs to another program",
    "MALFORMED": "the file or the row is not in the published format",
    "OID_MISSING": "no order id",
}
CONTRACT_REASONS = {
    "CONTRACT_NOT_FOUND": "MediaId has no contract with the program",
    "PARTNER_NOT_ACTIVE": "the media partner's contract is switched off",
    "ACTION_REF_NOT_FOUND": "no action that the row refers to",
    "ACTIONTERMS_NOT_FOUND": "the contract has no terms for this action tracker",
    "BLACKLISTED_SOURCE_IP": "the source address is blocked",
    "BLOCKED_BY_PROMOCODE": "blocked by a promo code",
    "CONV_DUPLICATE": "the conversion is there already",
    "CREDITING_RULE_MISMATCH": "the crediting rule does not match",
    "MAX_RECURRENCES_REACHED": "no more recurrences are paid",
    "NO_ITEM": "no item",
    "NO_VALID_ACTION_REF": "no valid reference to an action",
    "OTHER_REF_PRIORITIZED": "another referral came first",
    "OUTSIDE_ASSOCIATION_WINDOW": "too long after the referral",
    "REFTYPE_NOT_ACCEPTED": "the kind of referral is not accepted",
    "RESTRICTED_PROMOCODE": "the promo code is restricted",
    "UNCLAIMED": "no media partner claims the action",
}
REASONS = CALL_REASONS | DATA_REASONS | CONTRACT_REASONS


def status_of(reason: str) -> str:
    """The status under which the Results API lists a reason."""
    return CONTRACT_ERROR if reason in CONTRACT_REASONS else VALIDATION
