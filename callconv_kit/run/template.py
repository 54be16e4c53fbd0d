"""An empty file with the published header, or one with example rows."""

from datetime import datetime, timedelta

from callconv_kit.model import spec
from callconv_kit.run.prepared import clock_of
from callconv_kit.writing.lines import line_of

OTHER_CALL = {
    "CallSessionId": "00F7-1A2B3C4D5E70",
    "CallerId": "2125550145",
    "CallDuration": "14",
    "TalkDuration": "0",
    "CallStatus": "CANCEL",
    "SaleAmount": "",
    "DispositionName": "",
    "VendorEventId": "EV-000124",
}
"""Where the second example differs: a call that was given up."""


def template(*, example: bool = False, now: datetime | str | None = None) -> str:
    """The header, and on wish two calls of the day before `now`.

    Args:
        example: with rows.
        now: the clock; none: the real one.
    """
    text = line_of(spec.NAMES)
    if not example:
        return text
    took_place = (clock_of(now) - timedelta(days=1)).replace(microsecond=0).isoformat()
    first = {column.name: column.example for column in spec.COLUMNS} | {"EventDate": took_place}
    for call in (first, first | OTHER_CALL):
        text += line_of([call[name] for name in spec.NAMES])
    return text
