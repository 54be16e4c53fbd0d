"""Phone numbers: what is read, what it becomes, and what is said of it."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callconv_kit.coercion import country as countries
from callconv_kit.coercion.phone import PhoneReading, PhoneSettings, has_no_country, read
from callconv_kit.coercion.phone_text import is_withheld

US = PhoneSettings()
CALLED = PhoneSettings(is_caller=False)
REWRITTEN = ("phone_rewritten",)

# text, country of the row -> number, rules of the number, country, rules of the country
READ = {
    "ten digits": ("2125550123", None, "2125550123", (), None, ()),
    "ten digits of the row's country": ("2125550123", "US", "2125550123", (), "US", ()),
    "parentheses": ("(212) 555-0123", None, "2125550123", REWRITTEN, None, ()),
    "dots": ("212.555.0123", None, "2125550123", REWRITTEN, None, ()),
    "slash": ("212/555-0123", None, "2125550123", REWRITTEN, None, ()),
    "unicode dashes": ("212–555—0123", None, "2125550123", REWRITTEN, None, ()),
    "full-width digits": ("２１２５５５０１２３", None, "2125550123", REWRITTEN, None, ()),
    "plus one": ("+12125550123", None, "2125550123", REWRITTEN, None, ()),
    "plus one in parentheses": ("(+1) 212 555 0123", None, "2125550123", REWRITTEN, None, ()),
    "leading one": ("1 212 555 0123", None, "2125550123", REWRITTEN, None, ()),
    "011 and one": ("011 1 212 555 0123", None, "2125550123", REWRITTEN, None, ()),
    "decimal of a spreadsheet": ("2125551234.0", None, "2125551234", REWRITTEN, None, ()),
    "thousands of a spreadsheet": ("2,125,550,123", None, "2125550123", REWRITTEN, None, ()),
    "quotes": ('"2125550123"', None, "2125550123", REWRITTEN, None, ()),
    "tel": ("tel:+1-212-555-0123", None, "2125550123", REWRITTEN, None, ()),
    "tel with context": (
        "tel:2125550123;phone-context=+1", None, "2125550123", REWRITTEN, None, (),
    ),
    "sip": ("sip:+12125551234@pbx.example", None, "2125551234", REWRITTEN, None, ()),
    "sips": ("sips:2125551234@pbx.example:5061", None, "2125551234", REWRITTEN, None, ()),
    "sip with parameters": (
        "sip:%2B12125551234;user=phone@pbx.example", None, "2125551234", REWRITTEN, None, (),
    ),
    "name and brackets": ('"Jane" <2125550123>', None, "2125550123", REWRITTEN, None, ()),
    "number as name": ('"2125550123" <+12125550123>', None, "2125550123", REWRITTEN, None, ()),
    "name and sip": (
        '"Jane" <sip:+12125550123@192.0.2.1>;tag=7', None, "2125550123", REWRITTEN, None, (),
    ),
    "Canadian without country": ("4165550123", None, "4165550123", (), "CA", ("country_filled",)),
    "Canadian of Canada": ("4165550123", "CA", "4165550123", (), "CA", ()),
    "Canadian marked US": ("4165550123", "US", "4165550123", (), "CA", ("country_corrected",)),
    "American marked CA": ("2125550123", "CA", "2125550123", (), "US", ("country_corrected",)),
    "Jamaican": ("876-555-0123", None, "8765550123", REWRITTEN, "JM", ("country_filled",)),
    "Puerto Rican marked US": ("7875550123", "US", "7875550123", (), "PR", ("country_corrected",)),
    "toll-free": ("8005550199", None, "8005550199", (), None, ()),
    "toll-free of Canada": ("8005550199", "CA", "8005550199", (), "CA", ()),
    "toll-free of Jamaica": ("8005550199", "JM", "8005550199", (), "JM", ()),
    "British": ("+44 20 7946 0958", None, "2079460958", REWRITTEN, "GB", ("country_filled",)),
    "British with trunk zero": (
        "+44 (0)20 7946 0958", None, "2079460958", REWRITTEN, "GB", ("country_filled",),
    ),
    "British by 011": ("011442079460958", None, "2079460958", REWRITTEN, "GB", ("country_filled",)),
    "British by 00": ("0044 2079460958", None, "2079460958", REWRITTEN, "GB", ("country_filled",)),
    "British of Britain": ("020 7946 0958", "GB", "2079460958", REWRITTEN, "GB", ()),
    "British as it is written": ("2079460958", "GB", "2079460958", (), "GB", ()),
    "calling code without plus": ("442079460958", "GB", "2079460958", REWRITTEN, "GB", ()),
    "London stays in Jersey": ("+442079460958", "JE", "2079460958", REWRITTEN, "JE", ()),
    "Rome keeps its zero": ("+39 06 6982 1234", "IT", "0669821234", REWRITTEN, "IT", ()),
    "Rome as it is written": ("0669821234", "IT", "0669821234", (), "IT", ()),
    "nationwide in Canada": ("310-1234", "CA", "3101234", REWRITTEN, "CA", ()),
    "extension x": ("2125550123 x12", None, "2125550123", ("extension_dropped",), None, ()),
    "extension x that is not apart": (
        "2125550123x12", None, "2125550123", ("extension_dropped",), None, (),
    ),
    "an address without its scheme": ("2125550123@pbx.example", None, "2125550123", REWRITTEN, None, ()),
    "an address with a plus, without its scheme": (
        "+442079460958@pbx.example", None, "2079460958", REWRITTEN, "GB", ("country_filled",),
    ),
    "extension ext.": ("2125550123 ext. 12", None, "2125550123", ("extension_dropped",), None, ()),
    "extension ;ext=": ("2125550123;ext=12", None, "2125550123", ("extension_dropped",), None, ()),
    "pauses": ("2125550123,,5", None, "2125550123", ("extension_dropped",), None, ()),
    "extension #": ("2125550123#12", None, "2125550123", ("extension_dropped",), None, ()),
    "extension of a punctuated number": (
        "(212) 555-0123 Ext 7", None, "2125550123", (*REWRITTEN, "extension_dropped"), None, (),
    ),
    "extension that is empty": ("2125550123 x", None, "2125550123", ("extension_dropped",), None, ()),
    "ext that is empty": ("6465550111 ext", None, "6465550111", ("extension_dropped",), None, ()),
    "ext. behind a comma": (
        "(646) 555-0111, ext.", None, "6465550111", (*REWRITTEN, "extension_dropped"), None, (),
    ),
    "a comma at the end": ("6465550111,", None, "6465550111", REWRITTEN, None, ()),
    "keypad letters and an x apart": (
        "1-800-FLOWERS X", None, "8003569377",
        (*REWRITTEN, "extension_dropped", "keypad_letters_read"), None, (),
    ),
    "001 and a number": ("001 212 555 0123", None, "2125550123", REWRITTEN, None, ()),
    "one of the row's calling code": ("61491570156", "AU", "491570156", REWRITTEN, "AU", ()),
    "keypad letters": (
        "1-800-FLOWERS", None, "8003569377", (*REWRITTEN, "keypad_letters_read"), None, (),
    ),
    "keypad letters with an X": (
        "1-800-GO-FEDEX", None, "8004633339", (*REWRITTEN, "keypad_letters_read"), None, (),
    ),
    "keypad letters only": ("800flowers", None, "8003569377", ("keypad_letters_read",), None, ()),
}  # fmt: skip

# text, country of the row -> code
REJECTED = {
    "scientific notation": ("2.12556E+09", None, "digits_lost"),
    "scientific notation of Europe": ("2,12556e9", None, "digits_lost"),
    "masked by X": ("212555XXXX", None, "phone_masked"),
    "masked by x": ("(xxx) xxx-0123", None, "phone_masked"),
    "masked by one X": ("212-555-012X", None, "phone_masked"),
    "masked by stars": ("212-555-****", None, "phone_masked"),
    "masked in front": ("***0123", None, "phone_masked"),
    "masked in E.164": ("+1212555XXXX", None, "phone_masked"),
    "masked by #": ("212-555-####", None, "phone_masked"),
    "two by slash": ("2125550123/2125550145", None, "phone_multiple"),
    "two by semicolon": ("212-555-0123; 212-555-0145", None, "phone_multiple"),
    "two by or": ("2125550123 or 2125550145", None, "phone_multiple"),
    "two by and": ("2125550123 AND 2125550145", None, "phone_multiple"),
    "two by comma": ("2125550123, 2125550145", None, "phone_multiple"),
    "two by space": ("2125550123 2125550145", None, "phone_multiple"),
    "two by dash": ("2125550123 - 2125550145", None, "phone_multiple"),
    "two by plus": ("+12125550123+12125550145", None, "phone_multiple"),
    "two, one in brackets": ("2125550123 <2125550145>", None, "phone_multiple"),
    "eight keypad letters": ("1-800-FLOWERSX", None, "phone_invalid"),
    "x that is not apart": ("6465550111x", None, "phone_invalid"),
    "ext that is not apart": ("6465550111ext", None, "phone_invalid"),
    "more letters than digits behind a space": ("1-800-FLOWERS XY", None, "phone_invalid"),
    "two ones behind the plus": ("+1 123 123 12321", None, "phone_invalid"),
    "three ones": ("1112205552637", None, "phone_invalid"),
    "five ones": ("111112125550123", None, "phone_invalid"),
    "a one behind the calling code": ("+1 1 212 555 0123", None, "phone_invalid"),
    "a one behind 00 and the calling code": ("00112125550123", None, "phone_invalid"),
    "a one behind 011 and the calling code": ("01111 212 555 0123", None, "phone_invalid"),
    "a one at home in Canada": ("1 1 416 555 0123", "CA", "phone_invalid"),
    "a one from Britain": ("00 1 1 212 555 0123", "GB", "phone_invalid"),
    "freephone of the world": ("+800 1234 5678", None, "phone_invalid"),
    "a satellite": ("+881 6 1234 5678", None, "phone_invalid"),
    "a network of the world": ("011 882 16 1234 5678", None, "phone_invalid"),
    "short code": ("511", None, "phone_invalid"),
    "extension": ("1001", None, "phone_invalid"),
    "star code": ("*97", None, "phone_invalid"),
    "Asterisk's start": ("s", None, "phone_invalid"),
    "zeros": ("0000000000", None, "phone_invalid"),
    "counted": ("1234567890", None, "phone_invalid"),
    "area code of zero": ("0125550123", None, "phone_invalid"),
    "nine digits": ("212555012", None, "phone_invalid"),
    "fraction": ("212555012.3", None, "phone_invalid"),
    "client": ("client:bob", None, "phone_invalid"),
    "client of enough letters": ("client:jennifer", None, "phone_invalid"),
    "sip user by name": ("sip:bob@pbx.example", None, "phone_invalid"),
    "no brackets' content": ('"Jane" <>', None, "phone_invalid"),
    "too many letters": ("1-800-MATTRESS", None, "phone_invalid"),
    "ten letters": ("conference", None, "phone_invalid"),
    "letter O for zero": ("212-555-O123", None, "phone_invalid"),
    "seven digits": ("555-0123", None, "phone_invalid"),
    "nationwide only in Canada": ("310-1234", "US", "phone_invalid"),
    "American in a British row": ("2125550123", "GB", "phone_invalid"),
    "calling code of eleven digits without plus": ("61491570156", None, "phone_invalid"),
    "number of no country": ("+80012345678", None, "phone_invalid"),
    "row's country has no plan": ("2125550123", "AQ", "phone_invalid"),
    "British marked US": ("+442079460958", "US", "country_contradicts_number"),
    "British by 011 marked US": ("011442079460958", "US", "country_contradicts_number"),
    "American marked British": ("+12125550123", "GB", "country_contradicts_number"),
    "German marked French": ("0049 30 901820", "FR", "country_contradicts_number"),
    "number of no country marked US": ("+80012345678", "US", "country_contradicts_number"),
}

WITHHELD = (
    "anonymous", "Restricted", "PRIVATE", "blocked", "Unknown", "unavailable", "Withheld",
    "Private Number", "No Caller ID", "unknown_caller", "<anonymous>", "Anonymous <anonymous>",
    "sip:anonymous@anonymous.invalid", "+266696687", "+7378742883", "+2562533", "+8656696",
    "+86282452253", "+266 696 687",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "row", "number", "rules", "country", "country_rules"), READ.values(), ids=READ
)
def test_a_number_is_read(
    text: str,
    row: str | None,
    number: str,
    rules: tuple[str, ...],
    country: str | None,
    country_rules: tuple[str, ...],
) -> None:
    reading = read(text, row, US)
    assert reading.number == (number, None, rules, ())
    assert (reading.country.value, reading.country.rules) == (country, country_rules)
    warned = ("country_corrected",) if country_rules == ("country_corrected",) else ()
    assert reading.country.warnings == warned
    assert reading.country.code is None


@pytest.mark.parametrize(("text", "row", "code"), REJECTED.values(), ids=REJECTED)
def test_what_is_no_single_valid_number_is_rejected_and_its_country_left_alone(
    text: str, row: str | None, code: str
) -> None:
    assert read(text, row, US) == PhoneReading((None, code, (), ()), (row, None, (), ()))


@pytest.mark.parametrize("text", WITHHELD)
def test_a_withheld_number_is_an_unknown_caller_or_kept_as_it_stands(text: str) -> None:
    assert read(text, None, US).number.code == "caller_unknown"
    assert read(text, "CA", PhoneSettings(anonymous_callers="leave_out")).number.code == (
        "caller_unknown"
    )
    kept = read(text, "CA", PhoneSettings(anonymous_callers="keep"))
    assert kept == PhoneReading((text, None, (), ()), ("CA", None, (), ()))
    assert read(text, None, CALLED).number.code == "phone_invalid"


def test_the_texan_number_that_spells_restricted_is_kept_with_a_warning() -> None:
    assert read("7378742883", None, US).number.warnings == ("caller_maybe_unknown",)
    assert read("7378742883", None, US).number.value == "7378742883"
    assert read("7378742883", None, CALLED).number.warnings == ()


FORMATS = {
    "national": ("2125550123", "2079460958", "0669821234"),
    "dashes": ("212-555-0123", "2079460958", "0669821234"),
    "parentheses": ("(212) 555 0123", "2079460958", "0669821234"),
    "e164": ("+12125550123", "+442079460958", "+390669821234"),
}


@pytest.mark.parametrize(("phone_format", "written"), FORMATS.items(), ids=FORMATS)
def test_the_format_shapes_north_american_numbers(
    phone_format: str, written: tuple[str, str, str]
) -> None:
    chosen = PhoneSettings(phone_format=phone_format)
    texts = ("1 (212) 555-0123", "+44 20 7946 0958", "+39 06 6982 1234")
    assert tuple(read(text, None, chosen).number.value for text in texts) == written


def test_a_national_number_without_country_is_read_in_the_default_country_and_says_so() -> None:
    british = PhoneSettings(default_country="GB")
    assert read("020 7946 0958", None, british).country == ("GB", None, ("country_filled",), ())
    assert read("+12125550123", None, british).country == (None, None, (), ())
    assert read("2125550123", None, british).number.code == "phone_invalid"
    assert read("2125550123", "US", british).number.value == "2125550123"


def _examples() -> list[tuple[str, str, str]]:
    """Region, E.164 and national digits of the library's examples of every kind of number."""
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in phonenumbers.supported_types_for_region(region):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None and phonenumbers.is_valid_number_for_region(number, region):
                e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                found.append((region, e164, phonenumbers.national_significant_number(number)))
    return found


def test_every_kind_of_number_of_every_region_is_written_as_the_library_says() -> None:
    wrong = []
    for region, e164, national in _examples():
        reading = read(e164, region, US)
        if (reading.number.value, reading.country.value) != (national, region):
            wrong.append((region, e164, reading))
    assert wrong == []


def test_what_was_written_is_read_again_as_the_same() -> None:
    wrong = []
    for region, e164, _ in _examples():
        for chosen in (US, PhoneSettings(phone_format="e164")):
            once = read(e164, region, chosen)
            if once.number.value is None:
                continue
            again = read(once.number.value, once.country.value, chosen)
            if again != PhoneReading((once.number.value, None, (), ()), (region, None, (), ())):
                wrong.append((region, e164, once.number.value, again))
    assert wrong == []


ROWS = st.sampled_from([None, "US", "CA", "JM", "GB", "IT", "AQ", "XK"])
SETTINGS = st.builds(
    PhoneSettings,
    default_country=st.sampled_from(["US", "CA", "GB", "IT"]),
    phone_format=st.sampled_from(list(FORMATS)),
    anonymous_callers=st.sampled_from(["reject", "leave_out", "keep"]),
    is_caller=st.booleans(),
)
JUNK = st.text(min_size=1) | st.text(
    alphabet='0123456789+-() .xX*#,;/@<>:"eEtlsip=&\n２–', min_size=1, max_size=40
)


@settings(max_examples=400)
@given(JUNK, ROWS, SETTINGS)
def test_no_text_raises_and_each_cell_has_a_value_or_a_code(
    text: str, row: str | None, chosen: PhoneSettings
) -> None:
    number, country = read(text, row, chosen)
    assert (number.value is None) == (number.code is not None)
    assert country.code is None
    assert country.value is None or countries.is_known(country.value)
    changed = number.value is not None and number.value != text
    assert changed == bool(number.rules)
    assert (country.value != row) == bool(country.rules)


@settings(max_examples=300)
@given(st.from_regex(r"[0-9]{5,11}", fullmatch=True), ROWS)
def test_a_number_is_valid_exactly_where_the_library_says_so(digits: str, row: str | None) -> None:
    reading = read(digits, row, US)
    # What begins with 0 may carry a dialled international prefix, which we read everywhere; seven
    # digits are the nationwide numbers of Canada: the tables above say what becomes of both.
    if digits.startswith("0") or len(digits) == 7 or is_withheld(digits):
        return
    try:
        valid = phonenumbers.is_valid_number(phonenumbers.parse(digits, row or "US"))
    except phonenumbers.NumberParseException:
        valid = False
    assert reading.number.code == (None if valid else "phone_invalid")


GB, CODED = PhoneSettings("GB"), PhoneSettings(coded=True)
RESTORED = ("plus_restored",)

# text, country of the row, settings -> number, rules, country
WITHOUT_PLUS = {
    "twelve digits": ("442079460123", None, US, "2079460123", RESTORED, "GB"),
    "twelve digits with spaces": (
        "44 20 7946 0123", None, US, "2079460123", (*RESTORED, *REWRITTEN), "GB",
    ),
    "thirteen digits": ("8613800138000", None, US, "13800138000", RESTORED, "CN"),
    "twelve digits of Italy": ("390612345678", None, US, "0612345678", RESTORED, "IT"),
    "eleven in a column of codes": ("61491570156", None, CODED, "491570156", RESTORED, "AU"),
    "eleven that the row names, not the default": (
        "61491570156", "AU", CODED, "491570156", REWRITTEN, "AU",
    ),
    "an American from Britain": (
        "16175550123", None, PhoneSettings("GB", coded=True), "6175550123", RESTORED, None,
    ),
    "an American that the row names": ("16175550123", "US", GB, "6175550123", REWRITTEN, "US"),
}  # fmt: skip
STAYS_WRONG = {
    "eleven in a column of national numbers": ("61491570156", None, US, "phone_invalid"),
    "ten in a column of codes": ("4930123456", None, CODED, "phone_invalid"),
    "an American from Britain": ("16175550123", None, GB, "phone_invalid"),
    "twelve that another country's row holds": (
        "442079460123", "US", US, "country_contradicts_number",
    ),
    "twelve that no country has": ("999000000123", None, US, "phone_invalid"),
    "a number of no country": ("80012345678", None, CODED, "phone_invalid"),
    "a number of no country in a row of Britain": ("80012345678", "GB", CODED, "phone_invalid"),
    "a repeated one": ("112125550123", None, CODED, "phone_invalid"),
    "sixteen digits": ("4420794601234567", None, CODED, "phone_invalid"),
    "letters of a keypad": ("4420FLOWERS1", None, CODED, "phone_invalid"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "country", "given_settings", "value", "rules", "region"),
    WITHOUT_PLUS.values(),
    ids=WITHOUT_PLUS,
)
def test_an_international_number_is_read_without_its_plus(
    text, country, given_settings, value, rules, region
):
    reading = read(text, country, given_settings)
    warnings = ("country_from_digits",) if "plus_restored" in rules else ()
    assert reading.number == (value, None, rules, warnings)
    assert reading.country.value == region


@pytest.mark.parametrize(
    ("text", "country", "given_settings", "code"), STAYS_WRONG.values(), ids=STAYS_WRONG
)
def test_digits_that_may_be_anything_are_no_number(text, country, given_settings, code):
    assert read(text, country, given_settings).number == (None, code, (), ())


def test_a_number_that_is_valid_at_home_keeps_that_reading():
    assert read("2125550123", None, CODED).number == ("2125550123", None, (), ())
    assert read("16175550123", None, CODED).number == ("6175550123", None, REWRITTEN, ())


@pytest.mark.parametrize(
    "spelling", ["266696687", "2562533", "8656696", "86282452253", "266 696 687"]
)
def test_keypad_spellings_are_known_without_their_plus(spelling):
    assert read(spelling, None, US).number.code == "caller_unknown"
    assert read(spelling, None, CALLED).number.code == "phone_invalid"


@given(st.integers(2, 9).flatmap(lambda ones: st.tuples(st.just("1" * ones), st.booleans())))
def test_no_number_is_found_behind_several_ones(prefix):
    ones, plus = prefix
    assert read(f"{'+' if plus else ''}{ones}2125550123", None, US).number.value is None


def test_numbers_that_belong_to_no_country_are_told_apart():
    assert has_no_country("+800 1234 5678")
    assert has_no_country("011 882 16 1234 5678")
    assert not has_no_country("800 555 0199")
    assert not has_no_country("+44 20 7946 0958")
    assert not has_no_country("+800")
