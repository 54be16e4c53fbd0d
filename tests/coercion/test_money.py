import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callconv_kit.coercion import money
from callconv_kit.coercion.cells import note_of, once_per_distinct
from callconv_kit.coercion.money import read
from callconv_kit.model import texts

KEPT = {"usual": "1234.50", "zero": "0.00", "cents": "0.05", "the largest": "999999.99"}
CLEANED = {
    "whole": ("12", "12.00"),
    "one decimal": ("12.5", "12.50"),
    "sign and groups": ("$1,234.50", "1234.50"),
    "sign apart": ("$ 12", "12.00"),
    "sign with its country": ("US$12.50", "12.50"),
    "code before": ("USD 12", "12.00"),
    "code behind": ("12 usd", "12.00"),
    "sign and code": ("$12.50 USD", "12.50"),
    "code and sign": ("USD $12.50", "12.50"),
    "groups": ("1,234", "1234.00"),
    "european": ("1.234,56", "1234.56"),
    "european without groups": ("12,50", "12.50"),
    "european with one decimal": ("12,5", "12.50"),
    "groups by spaces": ("1 234,50", "1234.50"),
    "groups by no-break spaces": ("1\u202f234,50", "1234.50"),
    "swiss groups": ("1'234.50", "1234.50"),
    "no units": (".50", "0.50"),
    "sign and no units": ("$.5", "0.50"),
    "leading zeros": ("007.50", "7.50"),
    "decimals of a database": ("12.5000", "12.50"),
    "three decimals that can be no group": ("1234.500", "1234.50"),
    "three decimals behind a zero": ("0.500", "0.50"),
    "a float that was added up": ("0.30000000000000004", "0.30"),
    "a float that misses from below": ("1234.4999999999998", "1234.50"),
    "a float that misses a whole number": ("11.999999999999998", "12.00"),
    "a float in groups": ("$1,234.5000000000002", "1234.50"),
    "a float close to nothing": ("0.000000000000000055511151231257827", "0.00"),
    "a float just below nothing": ("-0.000000000000000055511151231257827", "0.00"),
    "less than a millionth off": ("12.3400009", "12.34"),
    "a float with a comma": ("0,30000000000000004", "0.30"),
}
WRONG = {
    "a point before three digits": ("1.234", "money_ambiguous"),
    "two digits before it": ("12.345", "money_ambiguous"),
    "two digits before three zeros": ("12.000", "money_ambiguous"),
    "euro": ("€12", "money_currency"),
    "euro by code": ("EUR 12", "money_currency"),
    "euro behind": ("12,50 €", "money_currency"),
    "canadian dollars": ("C$12", "money_currency"),
    "dollars that are said to be canadian": ("$12.00 CAD", "money_currency"),
    "negative": ("-5", "money_out_of_range"),
    "negative behind its sign": ("$-5.00", "money_out_of_range"),
    "negative before its sign": ("-$5.00", "money_out_of_range"),
    "an accountant's negative": ("(5.00)", "money_out_of_range"),
    "an accountant's negative with a sign": ("($5.00)", "money_out_of_range"),
    "a trailing minus": ("5.00-", "money_out_of_range"),
    "a million": ("1000000.00", "money_out_of_range"),
    "a million in groups": ("1,234,567.00", "money_out_of_range"),
    "two commas": ("1,,234", "money_invalid"),
    "imperfect groups": ("12,34.5", "money_invalid"),
    "one group too short": ("1,234,56", "money_invalid"),
    "fractions of a cent": ("1234.567", "money_invalid"),
    "fractions of a cent behind a zero": ("0.123", "money_invalid"),
    "a millionth off": ("12.340001", "money_invalid"),
    "a millionth off, in seven decimals": ("12.3400010", "money_invalid"),
    "many decimals that say something": ("12.345678901", "money_invalid"),
    "half a cent": ("12.3450000000001", "money_invalid"),
    "a float that rounds to too much": ("999999.9999999999", "money_out_of_range"),
    "noise on a negative": ("-5.0000000000000009", "money_out_of_range"),
    "groups of India": ("1,23,456.78", "money_invalid"),
    "a rupee": ("₹12", "money_currency"),
    "a yen of full width": ("￥12", "money_currency"),
    "kroner with a dot": ("12,50 kr.", "money_currency"),
    "a dash and a word": ("none -", "money_invalid"),
    "a dash and digits": ("12 -", "money_out_of_range"),
    "a point without decimals": ("5.", "money_invalid"),
    "two points": ("1.2.3", "money_invalid"),
    "a point that may belong to the mark": ("Fr.12", "money_invalid"),
    "a word": ("free", "money_invalid"),
    "a word and a number": ("about 12", "money_invalid"),
    "a currency that nobody knows": ("XQQ 12", "money_invalid"),
    "a sign alone": ("$", "money_invalid"),
    "scientific": ("1E3", "money_invalid"),
    "a percentage": ("12%", "money_invalid"),
    "two amounts": ("12 / 15", "money_invalid"),
    "an open parenthesis": ("(5.00", "money_invalid"),
    "two minus": ("--5", "money_invalid"),
    "digits of another script": ("١٢", "money_invalid"),
}
EMPTY = {
    "an accountant's zero": "$ -",
    "without a space": "$-",
    "of another currency": "€ -",
    "behind the dash": "- €",
    "with its code": "USD -",
    "a long dash": "$ —",
    "a minus sign": "$ −",
    "two dashes": "$ --",
    "in parentheses": "$ (-)",
    "kroner with a dot": "- kr.",
}
WITH_SETTINGS = {
    "rupees in groups of India": ("₹1,23,456.78", "point", "INR", "123456.78", None),
    "a lakh": ("1,00,000", "point", "INR", "100000.00", None),
    "rupees in groups of three": ("₹ 123,456.78", "point", "INR", "123456.78", None),
    "rupees by their letters": ("Rs. 1,23,456", "point", "INR", "123456.00", None),
    "ten lakhs are too many": ("10,00,000", "point", "INR", None, "money_out_of_range"),
    "groups of India that are wrong": ("1,2,456", "point", "INR", None, "money_invalid"),
    "groups of India with a comma for decimals": ("1,234", "comma", "INR", None, "money_ambiguous"),
    "kroner with a dot": ("12,50 kr.", "point", "DKK", "12.50", None),
    "kroner of Norway before": ("kr. 1.234,50", "point", "NOK", "1234.50", None),
    "a yen of full width": ("￥1,234", "point", "JPY", "1234.00", None),
    "a yuan of full width": ("￥12.50", "point", "CNY", "12.50", None),
    "yen behind": ("1234円", "point", "JPY", "1234.00", None),
    "a comma for decimals": ("1.234", "comma", "USD", "1234.00", None),
    "groups against a comma for decimals": ("1,234", "comma", "USD", None, "money_ambiguous"),
    "a point that has one reading": ("12.50", "comma", "USD", "12.50", None),
    "the job's currency by sign": ("12,50 €", "point", "EUR", "12.50", None),
    "the job's currency by code": ("EUR 12", "point", "EUR", "12.00", None),
    "a sign that currencies share": ("$12", "point", "CAD", "12.00", None),
    "a shared sign of others": ("$12", "point", "EUR", None, "money_currency"),
    "a sign of letters": ("kr 12", "point", "SEK", "12.00", None),
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_is_kept(text):
    assert read(text) == (text, None, (), ())


@pytest.mark.parametrize(("text", "value"), CLEANED.values(), ids=CLEANED)
def test_is_cleaned(text, value):
    assert read(text) == (value, None, ("money_rewritten",), ())


@pytest.mark.parametrize("text", EMPTY.values(), ids=EMPTY)
def test_a_dash_in_an_accounting_format_is_empty(text):
    assert read(text) == (None, None, ("empty_mark",), ())


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_sum_of_floats_is_the_sum_of_its_cents(one, two):
    total = one / 100 + two / 100
    value = read(f"{total:.17g}").value
    assert value == (f"{(one + two) // 100}.{(one + two) % 100:02}")


@pytest.mark.parametrize(("text", "code"), WRONG.values(), ids=WRONG)
def test_is_wrong(text, code):
    assert read(text) == (None, code, (), ())


@pytest.mark.parametrize(
    ("text", "decimal", "currency", "value", "code"), WITH_SETTINGS.values(), ids=WITH_SETTINGS
)
def test_settings_decide(text, decimal, currency, value, code):
    assert read(text, decimal, currency)[:2] == (value, code)


CELLS = (
    st.text(min_size=1)
    | st.text("0123456789.,$€() -'\nUSD", min_size=1)
    | st.floats(0, 10**6).map(repr)
)
SETTINGS = st.tuples(st.sampled_from(["point", "comma"]), st.sampled_from(["USD", "EUR", "INR"]))


@given(CELLS, SETTINGS)
@example("1\n2", ("point", "USD"))
def test_reading_what_was_read_changes_nothing(text, settings):
    value = read(text, *settings).value
    assert value is None or read(value, *settings) == (value, None, (), ())


AMOUNTS = st.decimals(0, 10_000_000, places=2).map(str)


@given(st.lists(st.none() | CELLS | AMOUNTS), SETTINGS)
@example(["012.50", "0012.50", "00.50", "0.50", ".50", "000000.50"], ("point", "USD"))
def test_the_column_is_read_as_its_cells_are(cells, settings):
    text = texts.from_list(cells)
    fast = money.kernel(*settings)(text)
    slow = once_per_distinct(lambda cell: read(cell, *settings))(text)
    assert fast.values.to_pylist() == slow.values.to_pylist()
    assert fast.positions.tolist() == slow.positions.tolist()
    assert [*map(note_of, fast.notes)] == [*map(note_of, slow.notes)]


def test_a_clean_column_is_given_back_itself():
    text = texts.from_list(["12.00", None, "0.50"])
    assert money.kernel()(text).values is text
