"""What an analyst writes with polars: the same file cleaned, by weaker rules, without the rejects.

No source lines, no reasons, no report; phone numbers are checked by their shape alone; a conflict
keeps its first row.
"""

import sys

import polars as pl

source, target = sys.argv[1:]
LAYOUTS = ("%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%d %H:%M:%S%:z")
LOCAL = ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p")
STATUSES = {
    "ANSWER": "ANSWER", "answered": "ANSWER", "Connected": "ANSWER", "CANCEL": "CANCEL",
    "no-answer": "NO ANSWER",
}  # fmt: skip
COUNTRIES = {"USA": "US", "United States": "US"}

frame = pl.read_csv(source, infer_schema=False)
frame = frame.with_columns(pl.all().fill_null("").str.strip_chars())


def whole(name: str) -> pl.Expr:
    """An id as plain digits."""
    return pl.col(name).str.replace_all(",", "", literal=True).str.replace(r"\.0+$", "")


def moment(name: str) -> pl.Expr:
    """A time in UTC: written with an offset, as an epoch, or local to New York."""
    text = pl.col(name).str.replace(r"Z$", "+00:00")
    offset = [text.str.to_datetime(form, strict=False, time_zone="UTC") for form in LAYOUTS]
    epoch = pl.from_epoch(text.str.to_integer(strict=False)).dt.replace_time_zone("UTC")
    local = [
        text.str.to_datetime(form, strict=False)
        .dt.replace_time_zone("America/New_York", ambiguous="null", non_existent="null")
        .dt.convert_time_zone("UTC")
        for form in LOCAL
    ]
    return pl.coalesce(*offset, epoch, *local)


def phone(name: str) -> pl.Expr:
    """Ten digits."""
    digits = pl.col(name).str.replace_all(r"[^0-9]", "").str.replace(r"^1(\d{10})$", "$1")
    return pl.when(digits.str.contains(r"^[2-9]\d{2}[2-9]\d{6}$")).then(digits)


def seconds(name: str) -> pl.Expr:
    """A duration in whole seconds."""
    text = pl.col(name)
    clock = text.str.extract_groups(r"^(\d+):(\d{2}):(\d{2})$")
    parts = [clock.struct.field(str(at)).cast(pl.Int64, strict=False) for at in (1, 2, 3)]
    plain = text.str.extract(r"^(\d+)(?:\.0+)?(?: sec)?$").cast(pl.Int64, strict=False)
    return pl.coalesce(plain, parts[0] * 3600 + parts[1] * 60 + parts[2])


amount = pl.col("SaleAmount").str.replace_all(r"[$,]", "").cast(pl.Decimal(12, 2), strict=False)
frame = frame.with_columns(
    *(whole(name) for name in ("CampaignId", "MediaId", "ActionTrackerId", "AdId")),
    moment("EventDate"),
    phone("CallerId"),
    phone("CalledPhoneNumber"),
    *(seconds(name) for name in ("CallDuration", "TalkDuration", "IvrDuration")),
    pl.col("CallStatus").replace_strict(STATUSES, default=None),
    *(pl.col(name).replace(COUNTRIES) for name in ("CallerPhoneNumberCountry", "Country")),
    amount,
    pl.col("Zip").str.slice(0, 5).str.zfill(5),
)
required = ["CampaignId", "MediaId", "EventDate", "ActionTrackerId", "CallerId", "CallDuration"]
right = pl.all_horizontal(
    *(pl.col(name).is_not_null() for name in required),
    pl.col("ActionTrackerId") != "",
    pl.col("CallStatus").is_not_null(),
    pl.col("TalkDuration") <= pl.col("CallDuration"),
)
frame = frame.filter(right).unique(
    ["CampaignId", "ActionTrackerId", "VendorEventId"], keep="first", maintain_order=True
)
frame.write_csv(target, datetime_format="%Y-%m-%dT%H:%M:%S%:z")
