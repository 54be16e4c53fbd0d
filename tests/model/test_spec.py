"""The format table against its second witness, transcribed by hand from the published page."""

import csv
from pathlib import Path

import pytest

from callconv_kit.model import spec

PUBLISHED = Path(__file__).parents[1] / "data" / "published_columns.csv"

with PUBLISHED.open(newline="") as file:
    WITNESS = list(csv.DictReader(file))

# The page writes "(i.e., landline, mobile)" and lists no values for OptInSms; these spellings are
# those of the API's description of the same fields.
SPELLED_BY_THE_API = {"PhoneType": ("Landline", "Mobile"), "OptInSms": ("true", "false")}

# Columns on which payment or attribution hangs, though they are optional: design, "When a cell
# can't be made right".
HANGS_PAYMENT = (
    "CallStatus",
    "CallerPhoneNumberCountry",
    "CalledPhoneNumberCountry",
    "SubId1",
    "SubId2",
    "SubId3",
    "ClickId",
    "SaleAmount",
    "VendorEventId",
)
AT_MOST_64 = (
    "CallProvider",
    "CallerId",
    "CallerPhoneNumberCountry",
    "CalledPhoneNumberCountry",
    "SubId1",
    "SubId2",
    "SubId3",
)


def test_the_51_columns_stand_in_the_published_order():
    assert [row["name"] for row in WITNESS] == list(spec.NAMES)
    assert len(spec.NAMES) == 51


@pytest.mark.parametrize("row", WITNESS, ids=[row["name"] for row in WITNESS])
def test_each_cell_of_the_page_stands_in_the_table(row):
    column = spec.BY_NAME[row["name"]]
    published = tuple(row["allowed_values"].split())
    allowed = SPELLED_BY_THE_API.get(column.name, column.allowed)
    if column.name in SPELLED_BY_THE_API:
        assert column.allowed == allowed
        assert tuple(word.lower() for word in allowed[: len(published)]) == published
    else:
        assert column.allowed == published
    assert column.published_type == row["type"]
    assert column.required == (row["requirement"] == "Required")
    assert (column.default or "") == row["default"]


def test_the_table_says_where_a_wrong_cell_rejects_its_row():
    rejecting = [column.name for column in spec.COLUMNS if column.affects_payout]
    assert rejecting == list(HANGS_PAYMENT)
    assert {column.name for column in spec.COLUMNS if column.rejects_row} == {
        *spec.REQUIRED,
        *HANGS_PAYMENT,
    }


def test_the_table_says_what_is_64_characters_at_most():
    limits = {column.name: column.limit for column in spec.COLUMNS if column.limit}
    assert limits == dict.fromkeys(AT_MOST_64, 64)


def test_each_column_is_described_with_an_example_that_it_takes():
    for column in spec.COLUMNS:
        assert column.description.endswith("."), column.name
        assert column.example, column.name
        assert not column.allowed or column.example in column.allowed, column.name
        assert not column.limit or len(column.example) <= column.limit, column.name


def test_only_phone_numbers_are_personal():
    assert frozenset({"CallerId", "CalledPhoneNumber"}) == spec.PERSONAL
