"""The call conversion file: its 51 columns, in file order, as data.

Source: impact.com's help page "Submit Call Conversion Data via FTP" for names, order, types,
what is required, the list of statuses and the defaults; impact.com's Log Call Data API reference
for the limit of 64 characters, the spellings of PhoneType and the forms of CalledPhoneNumber.
Descriptions are in our own words.

Everything that needs to know about a column asks this table: coercion, the checks, the Great
Expectations suite, the column reference, the mock server. A change of the format is a change of
one row here (and of its second witness, `tests/data/published_columns.csv`).
"""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How the text of a cell is read; each kind has a module in `callconv_kit.coercion`."""

    IDENTIFIER = "identifier"
    MOMENT = "moment"
    PHONE = "phone"
    DURATION = "duration"
    STATUS = "status"
    COUNTRY = "country"
    MONEY = "money"
    ZIP = "zip"
    PHONE_TYPE = "phone type"
    REPEAT_CALLER = "repeat caller"
    FLAG = "flag"
    LINK = "link"
    KEYPRESSES = "keypresses"
    REFERENCE = "reference"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file.

    `kind` says how a cell is read, `published_type` what the page calls it. `limit` is in
    characters. `default` is what the server assumes where the cell is empty.
    """

    name: str
    kind: Kind
    published_type: str
    description: str
    example: str = ""
    required: bool = False
    limit: int | None = None
    allowed: tuple[str, ...] = ()
    default: str | None = None
    affects_payout: bool = False
    """An optional column that affects payment or attribution."""
    personal: bool = False
    """Holds a phone number: masked in every message, log and report."""

    @property
    def rejects_row(self) -> bool:
        """Whether a cell that can't be made right rejects its row, rather than being emptied."""
        return self.required or self.affects_payout


STATUSES = (
    "UNKNOWN_CALLERID",
    "FAILURE",
    "CONGESTION",
    "INCOMPLETE",
    "CANCEL",
    "IVR_DROPOFF",
    "NO_TRANSFER_ATTEMPT",
    "ANSWER",
)

# Seen in the API's description of the same fields; whether the file loader applies it is unknown.
API_TEXT_LIMIT = 64

LONGEST_CALL = 86_400
"""Seconds; a longer call is a unit mistaken."""

LONGEST_IDENTIFIER = 19
"""Digits; impact.com's ids fit a signed 64-bit integer."""

LARGEST_SALE = "999999.99"

OLD_AFTER_DAYS = 88
"""Online conversions older than this are not processed unless attributed by MediaId."""

TOO_OLD_AFTER_DAYS = 398
"""Beyond this impact.com processes no conversion at all."""

FUTURE_TOLERANCE_HOURS = 24


def _custom_event(what: str, part: str, number: int) -> Column:
    """One of the twelve custom columns: `what` is Conversion or Call, `part` Name or Value."""
    holds = "Label" if part == "Name" else "Value"
    return Column(
        f"Custom{what}Event{number}{part}",
        Kind.TEXT,
        "String",
        f"{holds} of your own {what.lower()} event {number}, for reporting.",
        "Upsell" if part == "Name" else "2",
    )


COLUMNS: tuple[Column, ...] = (
    Column(
        "CampaignId",
        Kind.IDENTIFIER,
        "Integer",
        "The program (campaign) that the call belongs to.",
        "1001",
        required=True,
    ),
    Column(
        "MediaId",
        Kind.IDENTIFIER,
        "Integer",
        "The media partner to whom the call is attributed.",
        "20012",
        required=True,
    ),
    Column(
        "EventDate",
        Kind.MOMENT,
        "datetime (ISO 8601)",
        "When the call took place, with its offset from UTC.",
        "2026-09-10T22:55:32-08:00",
        required=True,
    ),
    Column(
        "ActionTrackerId",
        Kind.IDENTIFIER,
        "Integer",
        "The action tracker (event type) that counts phone calls.",
        "30021",
        required=True,
    ),
    Column(
        "CallProvider",
        Kind.TEXT,
        "String",
        "The call-tracking vendor, or the client, that sends the call data.",
        "Invoca",
        required=True,
        limit=API_TEXT_LIMIT,
    ),
    Column(
        "CallSessionId",
        Kind.TEXT,
        "String",
        "The vendor's own unique id of the call; its case matters.",
        "00F7-1A2B3C4D5E6F",
        required=True,
    ),
    Column(
        "CallerId",
        Kind.PHONE,
        "String",
        "The number that called; the conversion is matched by it.",
        "2125550123",
        required=True,
        limit=API_TEXT_LIMIT,
        personal=True,
    ),
    Column(
        "CalledPhoneNumber",
        Kind.PHONE,
        "String",
        "The number that received the call.",
        "8005550199",
        required=True,
        personal=True,
    ),
    Column(
        "CallDuration",
        Kind.DURATION,
        "String",
        "Length of the whole call, in whole seconds.",
        "201",
        required=True,
    ),
    Column(
        "TalkDuration",
        Kind.DURATION,
        "String",
        "How long the two parties talked, in whole seconds; never longer than CallDuration.",
        "187",
        required=True,
    ),
    Column(
        "AdId", Kind.IDENTIFIER, "Integer", "The ad that the call conversion came from.", "40031"
    ),
    Column(
        "CallStatus",
        Kind.STATUS,
        "String",
        "How the call ended. The server takes an empty cell for ANSWER, which is paid.",
        "ANSWER",
        allowed=STATUSES,
        default="ANSWER",
        affects_payout=True,
    ),
    Column(
        "CallerPhoneNumberCountry",
        Kind.COUNTRY,
        "String",
        "Country of the calling number, as ISO 3166 alpha-2.",
        "US",
        limit=API_TEXT_LIMIT,
        default="US",
        affects_payout=True,
    ),
    Column(
        "CalledPhoneNumberCountry",
        Kind.COUNTRY,
        "String",
        "Country of the called number, as ISO 3166 alpha-2.",
        "US",
        limit=API_TEXT_LIMIT,
        default="US",
        affects_payout=True,
    ),
    *(
        Column(
            f"SubId{number}",
            Kind.TEXT,
            "String",
            f"Value {number} that the media partner wants reported back; only the partner sees it.",
            "summer-promo",
            limit=API_TEXT_LIMIT,
            affects_payout=True,
        )
        for number in (1, 2, 3)
    ),
    Column(
        "ClickId",
        Kind.TEXT,
        "String",
        "impact.com's id of the click that led to the call; its case matters.",
        "wXyZ0aBcD3xyUTJ",
        affects_payout=True,
    ),
    Column("Country", Kind.TEXT, "String", "Caller's country, in the vendor's words.", "US"),
    Column("City", Kind.TEXT, "String", "Caller's city, in the vendor's words.", "Boston"),
    Column("Region", Kind.TEXT, "String", "Caller's region, in the vendor's words.", "MA"),
    # The page says Integer, but 02139 would lose its zero: the digits go as they are.
    Column("Zip", Kind.ZIP, "Integer", "Caller's postal code: digits, zeros kept.", "02139"),
    Column(
        "RepeatCaller",
        Kind.REPEAT_CALLER,
        "String",
        "Whether the vendor has seen this caller before.",
        "New",
        allowed=("Repeat", "New"),
    ),
    Column(
        "PhoneType",
        Kind.PHONE_TYPE,
        "String",
        "The kind of phone that called.",
        "Mobile",
        allowed=("Landline", "Mobile"),
    ),
    Column(
        "CallRecording",
        Kind.LINK,
        "String",
        "Web address of the recording, kept byte for byte.",
        "https://recordings.example.com/c/1a2b3c",
    ),
    Column("IvrDuration", Kind.DURATION, "String", "Seconds spent in the voice menu.", "14"),
    Column("Keypresses", Kind.KEYPRESSES, "String", "All keys pressed, joined by commas.", "1,2"),
    *(
        Column(f"Key{number}", Kind.TEXT, "String", f"Name of key press number {number}.", "Sales")
        for number in (1, 2, 3, 4)
    ),
    Column("TrafficSource", Kind.TEXT, "String", "Where the traffic came from.", "Google Organic"),
    Column(
        "OptInSms",
        Kind.FLAG,
        "String",
        "Whether the caller agreed to receive an SMS promotion.",
        "true",
        allowed=("true", "false"),
    ),
    Column("UserAgent", Kind.TEXT, "String", "User agent of the conversion.", "Mozilla/5.0 (X11)"),
    Column("DispositionName", Kind.TEXT, "String", "Name of the conversion event.", "Sale"),
    Column(
        "SaleAmount",
        Kind.MONEY,
        "Currency",
        "Amount of the sale, with two decimals and no symbol.",
        "1234.50",
        affects_payout=True,
    ),
    Column("ReferenceId", Kind.REFERENCE, "String", "The customer's own disposition code.", "4711"),
    *(_custom_event("Conversion", "Name", number) for number in (1, 2, 3)),
    *(_custom_event("Conversion", "Value", number) for number in (1, 2, 3)),
    Column(
        "VendorEventId",
        Kind.TEXT,
        "String",
        "The vendor's id, unique for the call event and for the conversion event.",
        "EV-000123",
        affects_payout=True,
    ),
    Column(
        "PromoNumberDescription",
        Kind.TEXT,
        "String",
        "Describes the number that was called.",
        "Spring TV spot",
    ),
    *(_custom_event("Call", "Name", number) for number in (1, 2, 3)),
    *(_custom_event("Call", "Value", number) for number in (1, 2, 3)),
)

NAMES = tuple(column.name for column in COLUMNS)
BY_NAME = {column.name: column for column in COLUMNS}
REQUIRED = tuple(column.name for column in COLUMNS if column.required)
PERSONAL = frozenset(column.name for column in COLUMNS if column.personal)
PHONE_COUNTRY = {
    "CallerId": "CallerPhoneNumberCountry",
    "CalledPhoneNumber": "CalledPhoneNumberCountry",
}
"""Each phone column, and the column that says its country."""

EVENT_KEY = ("CampaignId", "ActionTrackerId", "VendorEventId")
"""Names a call for the duplicate rule where VendorEventId is not empty."""

SESSION_KEY = ("CampaignId", "ActionTrackerId", "CallProvider", "CallSessionId")
"""Names a call for the duplicate rule otherwise."""

PAYMENT_COLUMNS = tuple(
    column.name for column in COLUMNS if column.rejects_row and column.name != "VendorEventId"
)
"""Two rows of one key that are the same in all of these are one call, sent twice."""
