"""What an analyst writes with pandas and phonenumbers: rules closer to the kit's, cell by cell."""

import sys

import pandas as pd
import phonenumbers

source, target = sys.argv[1:]
STATUSES = {
    "ANSWER": "ANSWER", "answered": "ANSWER", "Connected": "ANSWER", "CANCEL": "CANCEL",
    "no-answer": "NO ANSWER",
}  # fmt: skip

frame = pd.read_csv(source, dtype=str, keep_default_na=False)
for name in frame.columns:
    frame[name] = frame[name].str.strip()


def phone(cell: str) -> str | None:
    """A valid number in its national form."""
    try:
        number = phonenumbers.parse(cell, "US")
    except phonenumbers.NumberParseException:
        return None
    return str(number.national_number) if phonenumbers.is_valid_number(number) else None


def moment(cell: str) -> pd.Timestamp | None:
    """A time with its zone."""
    if cell.isdigit():
        return pd.Timestamp(int(cell), unit="s", tz="UTC")
    try:
        when = pd.Timestamp(cell)
    except ValueError:
        return None
    if len(cell) <= 10:
        return None
    return when if when.tzinfo else when.tz_localize("America/New_York", ambiguous="NaT")


def seconds(cell: str) -> float | None:
    """A duration in seconds."""
    try:
        if ":" in cell:
            hours, minutes, rest = cell.split(":")
            return int(hours) * 3600 + int(minutes) * 60 + int(rest)
        return float(cell.removesuffix(" sec"))
    except ValueError:
        return None


for name in ("CampaignId", "MediaId", "ActionTrackerId", "AdId"):
    frame[name] = frame[name].str.replace(",", "").str.replace(r"\.0+$", "", regex=True)
for name in ("CallerId", "CalledPhoneNumber"):
    frame[name] = frame[name].map(phone)
frame["EventDate"] = frame["EventDate"].map(moment)
for name in ("CallDuration", "TalkDuration", "IvrDuration"):
    frame[name] = frame[name].map(seconds).astype("Int64")
frame["CallStatus"] = frame["CallStatus"].map(STATUSES)
frame["SaleAmount"] = pd.to_numeric(
    frame["SaleAmount"].str.replace(r"[$,]", "", regex=True), errors="coerce"
).map("{:.2f}".format, na_action="ignore")
required = ["EventDate", "CallerId", "CallDuration", "CallStatus"]
right = frame[required].notna().all(axis=1) & (frame["ActionTrackerId"] != "")
right &= (frame["TalkDuration"] <= frame["CallDuration"]).fillna(False)
key = ["CampaignId", "ActionTrackerId", "VendorEventId"]
frame = frame[right].drop_duplicates(key)
frame["EventDate"] = frame["EventDate"].map(lambda when: when.isoformat())
frame.to_csv(target, index=False)
