"""Digits that a typed input lost: leading zeros, rounded ends, the decimal point."""

import numpy as np
import pyarrow.compute as pc

from callconv_kit.coercion import cells, postal
from callconv_kit.job import Job
from callconv_kit.mapping.plan import Plan
from callconv_kit.model import spec, texts
from callconv_kit.model.notes import Coerced, added, note_id
from callconv_kit.model.rows import Batch
from callconv_kit.model.spec import Kind

ROUND = r"^[1-9][0-9]{0,5}0{4,}$"
"""A number of at most six digits and zeros, as a spreadsheet shows 1.21256E+10."""
LONG = 10
"""Digits of a number that a narrow cell shows so."""

IDS = frozenset(
    column.name for column in spec.COLUMNS if column.kind in {Kind.IDENTIFIER, Kind.PHONE}
) | {"CallSessionId", "VendorEventId", "ClickId", "SubId1", "SubId2", "SubId3"}


def warn_of_round_floats(columns: dict[str, Coerced], plan: Plan, batch: Batch) -> None:
    """Ids and phones that a float holds, and that may have been 1.2E+10 in the file it is from.

    As text such a cell is `digits_lost`; a float no longer shows how it was written.
    """
    if not batch.numbers.floats:
        return
    for name in IDS & columns.keys():
        feed = plan.feeds.get(name)
        for at in batch.numbers.floats.intersection(feed.positions if feed else ()):
            cells = batch.cells[at]
            is_round = pc.and_(
                pc.match_substring_regex(cells, ROUND),
                pc.greater_equal(pc.binary_length(cells), LONG),
            )
            rows = np.flatnonzero(texts.bools(is_round) & texts.present(columns[name].values))
            if len(rows):
                note = note_id(warnings=("identifier_maybe_rounded",))
                columns[name] = added(columns[name], rows, note, columns[name].values)


def keep_points(columns: dict[str, Coerced], plan: Plan, batch: Batch, job: Job) -> None:
    """Amounts that a float holds: its point never parts thousands, whatever `decimal` says."""
    feed, amounts = plan.feeds.get("SaleAmount"), columns.get("SaleAmount")
    if job.decimal != "comma" or feed is None or amounts is None:
        return
    for at in batch.numbers.floats.intersection(feed.positions):
        thousandths = pc.match_substring_regex(batch.cells[at], r"^[0-9]{1,3}\.[0-9]{3}$")
        rows = np.flatnonzero(texts.bools(thousandths) & texts.present(amounts.values))
        if len(rows):
            values = texts.put(amounts.values, rows, texts.nulls(len(rows)))
            columns["SaleAmount"] = amounts = added(amounts, rows, note_id("money_invalid"), values)


def lose_short_zips(columns: dict[str, Coerced], plan: Plan, batch: Batch, job: Job) -> None:
    """Postal codes that were numbers, and that may have begun with a zero.

    Where the row names the US the zero was restored, and another country's codes may be short.
    """
    feed, zips = plan.feeds.get("Zip"), columns.get("Zip")
    if zips is None or feed is None or batch.numbers.all.isdisjoint(feed.positions):
        return
    if job.default_country != "US":
        return
    short = texts.present(zips.values) & (cells.lengths(zips.values) < postal.ZIP)
    for name in ("Country", "CallerPhoneNumberCountry"):
        if name in columns:
            short &= ~texts.present(columns[name].values)
    rows = np.flatnonzero(short)
    if len(rows):
        values = texts.put(zips.values, rows, texts.nulls(len(rows)))
        columns["Zip"] = added(zips, rows, note_id("digits_lost"), values)
