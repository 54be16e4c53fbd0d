"""A call that is right in every cell, for tests that change some of them."""

CALL = {
    "CampaignId": "1001",
    "MediaId": "20012",
    "EventDate": "2026-11-20T09:30:00-05:00",
    "ActionTrackerId": "30021",
    "CallProvider": "Invoca",
    "CallSessionId": "S-1",
    "CallerId": "2125550123",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": "300",
    "TalkDuration": "187",
    "CallStatus": "ANSWER",
}
"""In the order of the format: the header of a file is made of its keys."""

REQUIRED = {name: text for name, text in CALL.items() if name != "CallStatus"}
"""The same without a status: the required columns alone."""
