"""The codes for findings about a file, a row or a cell, and the rules of change, with their texts.

`CODES` holds the findings, `RULES` the changes. The names are fixed: people filter by them and
other tools rely on them. The texts are shown in rejected.csv, the report and the terminal.
`examples.toml` has an example of each.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding does. An error in an optional column may become a warning: see `spec`."""

    STOP = "stop"
    ERROR = "error"
    WARNING = "warning"
    LEFT_OUT = "left_out"


_TOP = "At the top of callconv.toml, set"
_DST = (
    "Write the offset in the cell, such as 2026-11-01T01:30:00-04:00. Or, for the whole file: "
    f'{_TOP.lower()} dst = "earlier" or "later", whichever of the two times is meant'
)
_MAP_WORDS = (
    "Say in callconv.toml under [values.CallStatus] what the word means, such as "
    '"Hung up" = "CANCEL"'
)

EFFECTS = {
    Severity.STOP: "the file stops (exit status 3), and there is no ready.csv",
    Severity.ERROR: "the row is rejected",
    Severity.LEFT_OUT: "the row is left out",
    Severity.WARNING: "a warning; the row is sent",
}
"""What a finding of each severity does to a file or a row."""

_EMPTIES = (
    "broken_text digits_lost excel_error too_long identifier_invalid duration_invalid".split()
)
_EFFECT_OF = {
    **dict.fromkeys(
        [*_EMPTIES, "duration_out_of_range"],
        "the row is rejected; an optional cell that affects neither payment nor attribution is "
        "left blank instead, with a warning",
    ),
    "caller_unknown": 'the row is rejected; with anonymous_callers = "leave_out" it is left out',
    "conflicting_duplicate": "all of these rows are rejected; with on_conflict, one is kept and "
    "the others are left out",
}
"""What a code does, where the severity alone does not say it."""


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of finding. `problem` completes "<column> <value>: …"; `remedy` is an instruction."""

    name: str
    severity: Severity
    problem: str
    remedy: str = ""

    @property
    def effect(self) -> str:
        """What it does to a file, a row or a cell."""
        return _EFFECT_OF.get(self.name, EFFECTS[self.severity])

    @property
    def what_to_do(self) -> str:
        """The remedy; where there is none, why nothing has to be done."""
        return self.remedy or _NOTHING_TO_DO[self.severity]

    def remedy_for(self, column: str | None) -> str:
        """What to do about it in this column: more exact for a few than `remedy`."""
        return _REMEDIES.get((self.name, column), self.remedy)


_NOTHING_TO_DO = {
    Severity.LEFT_OUT: "Nothing, if these rows should not be sent; left_out.csv holds them",
    Severity.WARNING: "See the rows in report.html; correct them in the export if they are wrong",
}
# A default is not proposed where it would make up a call: its caller, its time or its talk.
_REMEDIES: dict[tuple[str, str | None], str] = {
    ("required_missing", "TalkDuration"): (
        'Fill in the seconds, or set talk_time = "call_if_answered" in callconv.toml: it '
        "fills empty talk times only, with CallDuration where CallStatus is ANSWER and 0 elsewhere"
    ),
    ("required_missing", "CallerId"): "Fill in the number, or leave the call out",
    ("required_missing", "CallSessionId"): (
        "Fill in the ID, or set session_id_from in callconv.toml: the columns that together "
        "identify a call"
    ),
    ("required_missing", "CallProvider"): (
        "Fill in the cell, or set a value for empty cells in callconv.toml under [defaults]"
    ),
    # These say which partner is paid, and by which terms.
    **{
        ("required_missing", column): (
            "Fill in the cell. Or fill it by the tracking number, with [lookup] in callconv.toml "
            'and on = "CalledPhoneNumber"'
        )
        for column in ("CampaignId", "MediaId", "ActionTrackerId")
    },
}
CELLS_MISSING = (
    "Complete the row. Check whether some of its cells are joined by another character, such as a "
    "semicolon"
)
CELLS_SURPLUS = "Put quotation marks around any cell that contains a comma"
"""What to do about one row whose number of cells differs from the header."""


def _codes(severity: Severity, *rows: tuple[str, str, str]) -> dict[str, Code]:
    return {name: Code(name, severity, problem, remedy) for name, problem, remedy in rows}


CODES: dict[str, Code] = {
    **_codes(
        Severity.STOP,
        ("unreadable", "the file can't be read", "Check its name and your permission to read it"),
        ("empty_file", "the file is empty", "Export it again"),
        ("not_a_table", "the content is not a table of text", "Export it as CSV"),
        (
            "no_header",
            "no line holds known column names",
            "Name the export's columns in callconv.toml under [columns], or set header_line to the "
            "line that holds their names",
        ),
        (
            "ambiguous_header",
            "two source columns map to the same column",
            "Choose one in callconv.toml under [columns]",
        ),
        (
            "column_missing",
            "no source for a required column",
            "Map a column to it, or set a fixed value",
        ),
        ("input_changed", "the input changed while it was read", "Run it again"),
        ("unclosed_quote", "unclosed quotation mark", "Close the quotation mark on that line"),
        ("no_rows", "the file has a header but no rows", "Check the date range of the export"),
        (
            "needs_timezone",
            "times without a time zone",
            f'{_TOP} timezone = "America/New_York", or the zone of the export',
        ),
        (
            "needs_date_order",
            "dates that can be read two ways",
            f'{_TOP} date_order = "month-first" or "day-first", as the export writes its dates',
        ),
        (
            "needs_encoding",
            "the text encoding can't be detected",
            f"{_TOP} encoding to one of those named",
        ),
        ("too_many_rejected", "too many rows were rejected", "See rejected.csv"),
        (
            "output_failed",
            "the output can't be written",
            "Check the folder and the free disk space",
        ),
    ),
    **_codes(
        Severity.LEFT_OUT,
        ("duplicate_row", "duplicate: this call is already in the file", ""),
        (
            "caller_unknown",
            "the caller withheld the number",
            f'{_TOP} anonymous_callers = "leave_out" to leave these calls out, or "keep" to send '
            "them",
        ),
        ("left_out_by_rule", "excluded by a leave_out rule in your job", ""),
        ("not_answered", "the call was not answered, and you send answered calls only", ""),
        ("not_a_call", "the row is not a call", ""),
        ("outbound", "an outbound call is not a call conversion", ""),
        ("child_leg", "the row is part of another call", ""),
        ("superseded", "another row corrects this one", ""),
        (
            "correction_held",
            "this row corrects a call you may already have sent",
            "Correct that call at impact.com, or send this row with --resend",
        ),
        ("call_in_progress", "the call had not ended yet", "Export the call again after it ends"),
        ("already_sent", "this call was already delivered", ""),
        (
            "outcome_unknown",
            "it is unknown whether this call was delivered",
            "Settle that delivery with callconv status --settle",
        ),
    ),
    **_codes(
        Severity.ERROR,
        (
            "field_count",
            "the number of cells differs from the header",
            "Where there are too many cells, put quotation marks around any cell that contains a "
            "comma. Where cells are missing, complete the row",
        ),
        (
            "rows_in_cell",
            "a cell of this row holds the rows below it, because of a stray quotation mark",
            "Remove that quotation mark from the export",
        ),
        ("corrections_differ", "several rows correct the same call", "Keep the correct row"),
        (
            "conflicting_duplicate",
            "two rows for the same call disagree on a field that affects payment",
            f'Keep the correct row. Or: {_TOP.lower()} on_conflict = "first" or "last" to send '
            "that row",
        ),
        (
            "changed_since_sent",
            "this call was already delivered with different values in fields that affect payment",
            "Decide whether to correct it at impact.com, or send it again with --resend",
        ),
        (
            "lookup_missing",
            "the look-up file doesn't have this key",
            "Add the key to the look-up file",
        ),
        ("talk_exceeds_call", "TalkDuration is longer than CallDuration", "Correct one of the two"),
        ("required_missing", "a required cell is empty", "Fill in the cell"),
        ("broken_text", "the text contains broken characters", "Export the file as UTF-8"),
        (
            "digits_lost",
            "a spreadsheet rounded this number",
            "Export it again, and don't save the file in a spreadsheet before you prepare it",
        ),
        ("excel_error", "the cell contains a spreadsheet error", "Fix the formula"),
        ("too_long", "longer than impact.com allows", "Shorten it at its source"),
        (
            "identifier_invalid",
            "not a whole number above zero",
            "Use the ID as impact.com shows it",
        ),
        ("moment_invalid", "not a date with a time", "Write it as 2026-11-20T09:30:00-05:00"),
        ("moment_without_time", "a date without a time", "Write the time too, or export it"),
        (
            "moment_zone_unknown",
            "ambiguous or unknown time zone",
            "Use an offset such as -05:00, or a name such as America/New_York",
        ),
        ("moment_skipped", "the clocks skipped this local time", _DST),
        (
            "moment_repeated",
            "this local time occurred twice when the clocks went back",
            _DST,
        ),
        (
            "moment_against_order",
            "this date contradicts date_order",
            "Fix the date in this row, or change date_order in callconv.toml",
        ),
        ("event_in_future", "more than 24 hours in the future", "Check the date and its time zone"),
        (
            "event_too_old",
            "more than 398 days old: impact.com no longer processes it",
            "Check the date. If it is right, nothing can be done: the row is not sent. Export a "
            "shorter period to see no more of such rows",
        ),
        (
            "phone_invalid",
            "not a valid phone number",
            "Correct it. The form is 2125550123 or +442079460958",
        ),
        ("phone_multiple", "two phone numbers in one cell", "Keep the right one"),
        (
            "phone_masked",
            "some digits of the phone number are hidden",
            "Export it without the mask",
        ),
        (
            "country_contradicts_number",
            "the phone number belongs to a different country than the row says",
            "Correct the number or its country",
        ),
        ("duration_invalid", "not a duration", "Write whole seconds, such as 201"),
        (
            "duration_out_of_range",
            "not between 0 and 86400 seconds",
            "Correct the duration. Only if the whole column has another unit, name the unit in "
            'callconv.toml under [units], such as CallDuration = "milliseconds"',
        ),
        ("status_unknown", "not a known call status", _MAP_WORDS),
        (
            "status_needed",
            "no call status: impact.com would treat it as ANSWER (paid)",
            "Write the status in the cell. Or, only if no call without a status was answered: in "
            'callconv.toml, under [defaults], set CallStatus = "INCOMPLETE"',
        ),
        ("country_unknown", "not a known country", "Write the ISO 3166 alpha-2 code, such as US"),
        ("money_invalid", "not an amount", "Write digits with two decimals, such as 1234.50"),
        (
            "money_ambiguous",
            "the amount can be read two ways",
            "Write it with two decimals, such as 1234.00. Only if every amount of the export has a "
            'decimal comma, set decimal = "comma" in callconv.toml',
        ),
        (
            "money_currency",
            "not in the job's currency",
            "Convert the amount. Only if every amount of the export is in the other currency, set "
            "currency in callconv.toml",
        ),
        ("money_out_of_range", "not between 0 and 999999.99", "Correct the amount"),
    ),
    **_codes(
        Severity.WARNING,
        (
            "surplus_cells",
            "rows end with empty cells that have no column name; the cells were ignored",
            "Check that every cell with a comma is in quotation marks",
        ),
        ("encoding_guessed", "the file is not UTF-8 and was read as cp1252", "Export it as UTF-8"),
        (
            "export_changed",
            "the columns of the export changed since the job was made",
            "Check what the job maps, then run callconv init on this export again",
        ),
        (
            "export_word_new",
            "the column did not contain this word when the job was made",
            "Check what it means and map it, or add it to the job's export suite",
        ),
        ("event_old", "more than 88 days old: impact.com may not process it", "Send calls sooner"),
        ("country_corrected", "the country was changed to match the phone number", ""),
        (
            "caller_maybe_unknown",
            "this number may mean that the caller withheld theirs",
            "Check the call in your call-tracking tool",
        ),
        (
            "status_empty",
            "empty status: impact.com treats it as ANSWER (paid)",
            _MAP_WORDS,
        ),
        ("answer_without_talk", "the status is ANSWER, but talk time is 0", "Check the status"),
        (
            "voicemail_not_answered",
            "voicemail is sent as INCOMPLETE and not paid",
            "To leave these calls out, add a [[leave_out]] rule to callconv.toml",
        ),
        (
            "session_with_and_without_event",
            "the same session appears with and without a VendorEventId",
            "Check that it is not one call twice",
        ),
        (
            "identifier_maybe_rounded",
            "a spreadsheet may have rounded this number",
            "Compare it with your call-tracking tool, and don't save the export in a spreadsheet",
        ),
        (
            "caller_is_called",
            "CallerId and CalledPhoneNumber are the same number",
            "Check which column holds the caller's number",
        ),
        ("ivr_exceeds_call", "IvrDuration is longer than CallDuration", "Check the two durations"),
        (
            "country_from_digits",
            "international number without its plus sign; the country was read from its digits",
            "Check that these are not mistyped national numbers",
        ),
        ("zip_invalid", "not a postal code of digits", ""),
        ("phone_type_unknown", "not a known phone type", "Write Landline or Mobile"),
        ("flag_unknown", "not a known yes or no", ""),
        ("link_invalid", "not an http or https address", ""),
        (
            "direction_unused",
            "these rows are marked outbound and will be sent",
            'Add a [[leave_out]] rule to callconv.toml, or set outbound = "send" there if you mean '
            "to send them",
        ),
        (
            "times_all_midnight",
            "every time in the file is midnight",
            "Check that the export includes the time of day",
        ),
        (
            "value_misspelled",
            "the job maps a word like this one, but not this one",
            "Correct the word under [values] in callconv.toml, if this is what you mean",
        ),
        ("reference_not_a_number", "not a number; impact.com's API expects one", ""),
        ("formula_text", "starts like a spreadsheet formula; sent as it is", ""),
        ("cell_emptied", "invalid value removed; the cell was left blank", ""),
        ("weak_source", "this value is only approximate in the export", "See callconv presets"),
        ("not_ready_form", "prepare would change this cell", "Run callconv prepare"),
    ),
}

SHOWN_FIRST = frozenset({"direction_unused", "surplus_cells", "times_all_midnight"})
"""Findings that may concern every row; they come before others of their severity."""

READY_ONLY = frozenset({"direction_unused"})
"""Findings about what will be sent: rows of another fate don't count."""

RULES: dict[str, str] = {
    "trimmed": "spaces at the edges removed",
    "invisible_removed": "invisible characters removed",
    "armour_removed": "a spreadsheet's text marks removed",
    "empty_mark": "placeholder for an empty cell removed",
    "grouping_removed": "thousands separators removed",
    "decimal_zero_removed": "a decimal part of zero removed",
    "leading_zero_removed": "leading zeros removed from a number",
    "moment_rewritten": "time reformatted as ISO 8601",
    "zone_applied": "the job's time zone applied",
    "fraction_dropped": "fractions of a second dropped",
    "epoch_read": "Unix time converted",
    "serial_day_read": "Excel date number converted",
    "phone_rewritten": "phone number reformatted",
    "plus_restored": "international number read without its plus sign",
    "extension_dropped": "extension dropped",
    "keypad_letters_read": "keypad letters converted to digits",
    "country_filled": "country filled in from the phone number",
    "country_corrected": "country changed to match the phone number",
    "country_mapped": "country changed to ISO 3166 alpha-2",
    "duration_read": "duration converted to seconds",
    "duration_rounded": "duration rounded to whole seconds",
    "unit_converted": "duration converted to seconds from its unit",
    "status_mapped": "status changed to impact.com's wording",
    "value_mapped": "value replaced as the job says",
    "flag_mapped": "value changed to impact.com's wording",
    "money_rewritten": "amount reformatted with two decimals",
    "zip_cut": "ZIP+4 shortened to five digits",
    "zip_zero_restored": "missing leading zero restored",
    "line_break_replaced": "line breaks replaced by spaces",
    "control_removed": "control characters removed",
    "unicode_composed": "accented letters written in their standard form (Unicode NFC)",
    "columns_subtracted": "one column subtracted from another",
    "columns_added": "columns added up",
    "parameter_name_removed": "name of the query parameter removed",
    "keys_parted": "first keys taken from all keys pressed",
    "other_number_used": "the other of the two phone numbers used",
    "talk_time_derived": "talk time derived as the job says",
    "session_id_derived": "session ID derived as the job says",
    "constant_set": "fixed value set",
    "lookup_filled": "value filled in from the look-up file",
    "default_filled": "default filled in",
    "emptied": "invalid value removed",
}

PHONE_MASK_KEEPS = 4
"""The last digits of a phone number that a masked text still shows."""


SCIENTIFIC = r"^\s*[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]{1,2}\s*$"
"""A number as a spreadsheet shows it that is too long for its cell, such as 6.17556E+09."""


def mask_phone(text: str) -> str:
    """`text` with every digit but the last four hidden: `+1 212 555 0123` -> `+* *** *** 0123`.

    Letters beside digits are hidden as well, since keypad letters are digits. A text without a
    digit is not a number and is not masked. Of a number in scientific notation the exponent is
    shown, and no digit: they are not the last ones of the phone number.
    """
    if re.search(SCIENTIFIC, text):
        digits, mark, exponent = re.split("([eE])", text)
        return re.sub("[0-9]", "*", digits) + mark + exponent
    if not any(char.isdigit() for char in text):
        return text
    hide = sum(char.isalnum() for char in text) - PHONE_MASK_KEEPS
    masked = []
    for char in text:
        if char.isalnum() and hide > 0:
            hide -= 1
            masked.append("*")
        else:
            masked.append(char)
    return "".join(masked)
