"""Makes export.csv: 200 calls in the style of a vendor's report, with the mess of real ones.

    python -m callconv_kit.demo.make_export

All of it is made up: numbers of the 555-01xx range, example addresses. The same at every run. A
call's row is right to begin with; `MESS` then spoils some rows, each in one way, and `LINES` adds
what is not a row at all.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path

from callconv_kit.writing.lines import line_of

SEED = 20261124
CALLS = 200
FIRST_CALL = datetime(2026, 11, 2, 8, 0)  # noqa: DTZ001 # the export states no zone

HEADER = (
    "Call Record ID",
    "Transaction ID",
    "Call Start Time",
    "Caller ID",
    "Destination Phone Number",
    "Total Duration",
    "Connected Duration",
    "IVR Duration",
    "Call Result",
    "Repeat Caller",
    "Phone Type",
    "City",
    "Region",
    "Country",
    "Verified Zip Code",
    "Keypresses",
    "Recording",
    "Source",
    "Promo Number Description",
    "Opt In Sms",
    "Sale Amount",
    "Reason Code",
    "Disposition",
    "Program ID",
    "Partner ID",
    "Event Type ID",
    "Click ID",
    "Agent",
)

PLACES = (
    ("Boston", "MA", "02139", "617"),
    ("New York", "NY", "10001", "212"),
    ("Chicago", "IL", "60601", "312"),
    ("Austin", "TX", "78701", "512"),
    ("Seattle", "WA", "98101", "206"),
    ("Miami", "FL", "33101", "305"),
)
PARTNERS = (("20012", "30021"), ("20077", "30021"), ("20135", "30022"))
SOURCES = ("Google Organic", "Radio", "Partner site", "Direct mail")
RESULTS = (
    "Answered",
    "Answered",
    "Answered",
    "Answered",
    "No Answer",
    "Abandoned",
    "Hung up in IVR",
)

Row = dict[str, str]


def calls() -> list[Row]:
    """The calls as they should have been exported."""
    dice = random.Random(SEED)  # noqa: S311 # example data
    rows = []
    moment = FIRST_CALL
    for number in range(CALLS):
        moment += timedelta(minutes=dice.randrange(20, 240), seconds=dice.randrange(60))
        city, region, zip_code, area = dice.choice(PLACES)
        media, tracker = dice.choice(PARTNERS)
        result = dice.choice(RESULTS)
        ivr = dice.randrange(4, 30)
        talk = dice.randrange(20, 900) if result == "Answered" else 0
        key = dice.choice("1234")
        sold = talk > 400
        rows.append(
            dict(
                zip(
                    HEADER,
                    (
                        f"00F7-{dice.randrange(16**8):08X}{number:04X}",
                        f"TX-{number + 1:06}",
                        f"{moment:%m/%d/%Y %I:%M:%S %p}",
                        f"{area}-555-01{dice.randrange(100):02}",
                        f"800-555-01{dice.randrange(10, 30):02}",
                        str(talk + ivr + dice.randrange(0, 20)),
                        str(talk),
                        str(ivr),
                        result,
                        dice.choice(("Yes", "No", "No")),
                        dice.choice(("Mobile", "Landline", "")),
                        city,
                        region,
                        "United States",
                        zip_code,
                        key,
                        f"https://recordings.example.com/{number + 1:06}.mp3",
                        dice.choice(SOURCES),
                        dice.choice(("Spring TV spot", "Web banner", "Catalogue")),
                        dice.choice(("1", "0", "")),
                        f"{dice.randrange(5_000, 90_000) / 100:.2f}" if sold else "",
                        str(4700 + dice.randrange(20)) if sold else "",
                        "Sale" if sold else "",
                        "1001",
                        media,
                        tracker,
                        f"wXyZ{dice.randrange(16**10):010x}" if dice.random() < 0.6 else "",
                        dice.choice(("Ann", "Bo", "Cy")),
                    ),
                    strict=True,
                )
            )
        )
    return rows


def _set(column: str, text: str) -> Callable[[Row], None]:
    def spoil(row: Row) -> None:
        row[column] = text

    return spoil


def _with(column: str, change: Callable[[str], str]) -> Callable[[Row], None]:
    def spoil(row: Row) -> None:
        row[column] = change(row[column])

    return spoil


def _clock(seconds: str) -> str:
    return f"{int(seconds) // 3600:02}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"


def _answered(row: Row) -> None:
    row["Call Result"], row["Connected Duration"], row["Total Duration"] = "Answered", "95", "130"


def _both(*spoils: Callable[[Row], None]) -> Callable[[Row], None]:
    def spoil(row: Row) -> None:
        for one in spoils:
            one(row)

    return spoil


START, CALLER, CALLED = "Call Start Time", "Caller ID", "Destination Phone Number"
TOTAL, TALK, RESULT = "Total Duration", "Connected Duration", "Call Result"
AMOUNT, ZIP, CITY = "Sale Amount", "Verified Zip Code", "City"

MESS: tuple[tuple[str, int, Callable[[Row], None]], ...] = (
    # What is cleaned.
    ("spaces around an id", 3, _with("Program ID", lambda text: f" {text} ")),
    ("a no-break space", 2, _with(CITY, lambda text: text + "\u00a0")),
    ("a zero-width space", 2, _with("Partner ID", lambda text: "\u200b" + text)),
    ("an id with grouping", 2, _set("Program ID", "1,001")),
    ("an id read as a float", 3, _with("Event Type ID", lambda text: text + ".0")),
    ("text armour", 3, _with(ZIP, lambda text: f'="{text}"')),
    ("an apostrophe before digits", 2, _with(CALLER, lambda text: "'" + text)),
    ("a phone in parentheses", 8, _with(CALLER, lambda text: f"({text[:3]}) {text[4:]}")),
    ("a phone with its country", 8, _with(CALLER, lambda text: "+1" + text.replace("-", ""))),
    ("a phone read as a float", 3, _with(CALLED, lambda text: text.replace("-", "") + ".0")),
    ("an extension", 2, _with(CALLED, lambda text: text + " x12")),
    ("letters of a keypad", 1, _set(CALLED, "1-800-FLOWERS")),
    ("a Canadian caller", 2, _set(CALLER, "416-555-0123")),
    ("a British caller", 2, _set(CALLER, "+44 20 7946 0958")),
    ("a clock for seconds", 6, _with(TALK, _clock)),
    ("seconds with a unit", 2, _with(TOTAL, lambda text: f"{text} sec")),
    ("half a second", 2, _with("IVR Duration", lambda text: f"{text}.5")),
    ("an ISO time", 4, _set(START, "2026-11-09T14:05:09-08:00")),
    ("milliseconds of a second", 2, _set(START, "2026-11-09T14:05:09.250-08:00")),
    ("an epoch", 2, _set(START, "1794500000")),
    ("a spreadsheet's day", 1, _set(START, "46346.65625")),
    ("an amount with a symbol", 4, _set(AMOUNT, "$1,234.50")),
    ("an amount without cents", 2, _set(AMOUNT, "80")),
    ("ZIP+4", 3, _set(ZIP, "02139-4307")),
    ("a zip without its zero", 3, _set(ZIP, "2139")),
    ("a word for empty", 4, _set("Promo Number Description", "N/A")),
    ("a line break in a cell", 2, _set(CITY, "Cambridge\nMA")),
    ("an accent in two characters", 1, _set(CITY, "Montre\u0301al")),
    ("a control character", 1, _set("Source", "Rad\x07io")),
    ("keys in brackets", 2, _set("Keypresses", '["1","2"]')),
    ("a phone type by another name", 3, _set("Phone Type", "cell")),
    # What is kept, with a warning.
    ("a voicemail", 2, _both(_set(RESULT, "Voicemail"), _set(TALK, "0"))),
    ("text like a formula", 1, _set("Source", "=SUM(A1:A9)")),
    ("a reference that is no number", 2, _set("Reason Code", "SALE-A")),
    ("an answer without talk", 1, _both(_set(RESULT, "Answered"), _set(TALK, "0"))),
    ("a recording without its scheme", 1, _set("Recording", "recordings.example.com/1.mp3")),
    ("an unknown phone type", 1, _set("Phone Type", "Satellite")),
    ("a postal code of letters", 1, _set(ZIP, "K1A 0B1")),
    ("an unknown yes or no", 1, _set("Opt In Sms", "perhaps")),
    # What can't go.
    ("a withheld number", 3, _set(CALLER, "anonymous")),
    ("a masked number", 2, _set(CALLER, "617555XXXX")),
    ("an invalid number", 2, _set(CALLER, "000-000-0000")),
    ("two numbers in a cell", 1, _set(CALLED, "8005550110/8005550111")),
    ("a number that was rounded", 2, _set(CALLER, "2.12556E+09")),
    ("a date without a time", 2, _set(START, "11/12/2026")),
    ("a date that is none", 1, _set(START, "13/45/2026 10:00 AM")),
    ("a zone of two meanings", 1, _set(START, "11/12/2026 10:00 IST")),
    ("a status that is unknown", 2, _set(RESULT, "Escalated")),
    ("an empty status", 1, _both(_set(RESULT, ""), _set(TALK, "0"))),
    ("more talk than call", 1, _both(_answered, _set(TALK, "900"))),
    ("a duration that is none", 1, _set(TOTAL, "soon")),
    ("milliseconds for seconds", 1, _set(TOTAL, "201000")),
    ("a missing id", 2, _set("Partner ID", "")),
    ("a spreadsheet's error", 1, _set("Event Type ID", "#REF!")),
    ("another currency", 1, _set(AMOUNT, "€120.00")),
    ("an amount of two readings", 1, _set(AMOUNT, "1.234")),
    ("a negative amount", 1, _set(AMOUNT, "-20.00")),
    ("a call of the future", 1, _set(START, "12/24/2026 10:00:00 AM")),
    ("a call of two years ago", 1, _set(START, "11/12/2024 10:00:00 AM")),
)
"""What is done to rows, and to how many."""

TEST_CALL = "Test call"


def export() -> str:
    """The export as text."""
    rows = calls()
    dice = random.Random(SEED + 1)  # noqa: S311 # example data
    order = dice.sample(range(len(rows)), len(rows))
    for _, count, spoil in MESS:
        for _ in range(count):
            spoil(rows[order.pop()])
    lines = [line_of([row[name] for name in HEADER]) for row in rows]
    # Test calls that the job leaves out, the same call twice, and one that contradicts itself.
    for number in (21, 93):
        rows[number]["Agent"] = TEST_CALL
        lines[number] = line_of([rows[number][name] for name in HEADER])
    again = order[:3]
    changed = {**rows[order[3]], TALK: "1", TOTAL: "2"}
    lines += [lines[number] for number in again]
    lines.append(line_of([changed[name] for name in HEADER]))
    lines[60] = lines[60].replace(",", ";", 3)
    lines[140] = lines[140][:-1] + ",overflow\n"
    lines.insert(100, line_of(HEADER))
    lines.insert(50, "\n")
    title = ["Calls by partner\n", 'Date range:,"Nov 2, 2026 - Nov 24, 2026"\n', "\n"]
    return "".join([*title, line_of(HEADER), *lines, f"Total,,,,,{len(rows)}\n"])


def write(path: Path) -> None:
    """Write the export as the vendor does: UTF-8 with a byte-order mark."""
    path.write_text(export(), encoding="utf-8-sig", newline="\n")


if __name__ == "__main__":
    write(Path(str(resources.files("callconv_kit.demo") / "export.csv")))
