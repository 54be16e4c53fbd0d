"""Generated messy files: hypothesis strategies that know what they wrote, cell by cell."""

import csv
import io
from dataclasses import dataclass

from hypothesis import strategies as st

from callconv_kit.model import spec

NOW = "2026-11-24T12:00:00+00:00"
SETTINGS = {
    "now": NOW,
    "timezone": "America/New_York",
    "date_order": "month-first",
    "max_rejected_share": 1.0,
}

GOOD = {
    "CampaignId": ["1001", " 1,001 ", "1002.0"],
    "MediaId": ["20012", "20013"],
    "EventDate": [
        "2026-11-20T09:30:00-05:00",
        "11/20/2026 2:05 PM",
        "1795183200",
        "Fri, 20 Nov 2026 14:03:02 +0000",
        "46346.5",
        "2026-08-01 09:30:15.25Z",
    ],
    "ActionTrackerId": ["30021"],
    "CallProvider": ["Invoca", "Ringba\u200b"],
    "CallSessionId": [],
    "CallerId": ["2125550123", "+44 20 7946 0958", "(416) 555-0123", "tel:+1-212-555-0125"],
    "CalledPhoneNumber": ["8005550199", "1-800-FLOWERS", "2125550150.0"],
    "CallDuration": ["201", "0:04:00", "3.35 min", "86400"],
    "TalkDuration": ["187", "0", "3m 7s", "12.5"],
    "AdId": ["", "40031", "N/A"],
    "CallStatus": ["ANSWER", "answered", "no-answer", "voicemail", "ivr dropoff"],
    "SaleAmount": ["", "12.00", "$1,234.50", "1.234,56"],
    "ClickId": ["", "wXyZ0aBcD3"],
    "VendorEventId": ["", "", "EV-1", "EV-2"],
    "City": ["", "Boston", "São\nPaulo", 'the "Hub"', "a, b; c"],
    "Zip": ["", "02139", "K1A 0B1"],
    "RepeatCaller": ["", "yes", "dunno"],
    "CallRecording": ["", "https://rec.example.com/c/1", "nowhere"],
}
BAD = {
    "CampaignId": ["", "1000.5", "1.2E+10", "#REF!", "-3"],
    "EventDate": [
        "",
        "2026-11-20",
        "soon",
        "2026-11-01 01:30",
        "2027-01-01T00:00:00Z",
        "13/04/2026 1:00",
    ],
    "CallerId": ["", "anonymous", "212555XXXX", "511", "2.12556E+09", "2125550123 / 2125550124"],
    "CalledPhoneNumber": ["0000000000", "\ufffd"],
    "CallDuration": ["-1", "201000", "long"],
    "TalkDuration": ["", "99999", "4000"],
    "CallStatus": ["completed", "N/A", ""],
    "SaleAmount": ["1.234", "-5", "€12.00", "12.345"],
    "CallProvider": ["", "x" * 65],
}
OPTIONAL = [name for name in GOOD if name not in spec.REQUIRED]
# A file with a byte of zero is no table.
NOTES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5)
ANY_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12
)


@dataclass(frozen=True)
class MessyFile:
    """A file, and what was put into it.

    rows: (physical line, cells as written) of each row that is one.
    """

    data: bytes
    header: list[str]
    rows: list[tuple[int, list[str]]]


def spelled(name: str) -> st.SearchStrategy[str]:
    """A spelling of a published name."""
    words = "".join(f" {char}" if char.isupper() else char for char in name).strip()
    return st.sampled_from([name, name.upper(), words, words.lower().replace(" ", "_")])


def cell(name: str, number: int) -> st.SearchStrategy[str]:
    """A cell of a column: mostly good, now and then bad, now and then anything."""
    if name == "CallSessionId":
        return st.sampled_from([f"S{number}", f"S{number}", f" s-{number}\xa0", "S0", "Total"])
    good = st.sampled_from(GOOD[name])
    bad = st.sampled_from(BAD.get(name, ["#N/A"])) | ANY_TEXT
    return st.integers(0, 19).flatmap(lambda dice: good if dice < 18 else bad)


@st.composite
def messy_files(draw: st.DrawFn, *, max_rows: int = 12) -> MessyFile:
    """A file of rows of all kinds, in some layout and encoding."""
    chosen = draw(st.lists(st.sampled_from(OPTIONAL), unique=True))
    names = draw(st.permutations([*spec.REQUIRED, *chosen]))
    header = [draw(spelled(name)) for name in names]
    if draw(st.booleans()):
        names, header = [*names, "Notes"], [*header, "Notes"]
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    text = "".join(draw(st.lists(st.sampled_from(["Report of calls", ""]), max_size=2)).__iter__())
    text = text + newline if text else ""
    rows: list[tuple[int, list[str]]] = []

    def write(cells: list[str]) -> int:
        nonlocal text
        line = text.count("\n") + 1
        file = io.StringIO()
        quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        csv.writer(file, delimiter=delimiter, lineterminator=newline, quoting=quoting).writerow(
            cells
        )
        text += file.getvalue()
        return line

    write(header)
    for number in range(draw(st.integers(0, max_rows))):
        kind = draw(st.sampled_from(["row"] * 12 + ["again", "short", "long", "blank", "header"]))
        if kind == "blank":
            text += newline
            continue
        if kind == "header":
            write(header)
            continue
        if kind == "again" and rows:
            cells = draw(st.sampled_from(rows))[1]
        else:
            cells = [draw(NOTES) if name == "Notes" else draw(cell(name, number)) for name in names]
        if kind == "short":
            cells = cells[: draw(st.integers(2, len(cells) - 1))]
        elif kind == "long":
            cells = [*cells, "more", draw(st.sampled_from(["", "and more"]))]
        rows.append((write(cells), cells))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"]))
    return MessyFile(text.encode(encoding, "replace"), header, rows)
