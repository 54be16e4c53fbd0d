"""The one table of what can be said about a file, a row or a cell, and of what was changed.

`CODES` holds the findings, `RULES` the changes. The names are fixed: people filter by them and
other tools rely on them. The texts are shown in rejected.csv, the report and the terminal.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding does. An error in an optional column may become a warning: see `spec`."""

    STOP = "stop"
    ERROR = "error"
    WARNING = "warning"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class Code:
    """One thing that can be said. `problem` completes "<column> <value>: …"."""

    name: str
    severity: Severity
    problem: str
    remedy: str = ""

    def remedy_for(self, column: str | None) -> str:
        """What to do about it in this column: more exact for a few than `remedy`."""
        return _REMEDIES.get((self.name, column), self.remedy)


_DEFAULT = "fill in the cell, or set a value for empty cells under [defaults]"
# A default is not proposed where it would make up a call: its caller, its time or its talk.
_REMEDIES: dict[tuple[str, str | None], str] = {
    ("required_missing", "TalkDuration"): (
        'fill in the seconds, or talk_time = "call_if_answered" to use CallDuration where '
        "CallStatus is ANSWER and 0 elsewhere"
    ),
    ("required_missing", "CallSessionId"): (
        "fill in the id, or session_id_from to derive one from columns that tell calls apart"
    ),
    **{
        ("required_missing", column): _DEFAULT
        for column in ("CampaignId", "MediaId", "ActionTrackerId", "CallProvider")
    },
}


def _codes(severity: Severity, *rows: tuple[str, str, str]) -> dict[str, Code]:
    return {name: Code(name, severity, problem, remedy) for name, problem, remedy in rows}


CODES: dict[str, Code] = {
    **_codes(
        Severity.STOP,
        ("unreadable", "the file can't be read", "check its name and who may read it"),
        ("empty_file", "the file has no content", "export it again"),
        ("not_a_table", "the content is not a table of text", "export it as CSV"),
        ("no_header", "no line holds known column names", "name the columns under [columns]"),
        ("ambiguous_header", "two columns feed one", "choose one under [columns]"),
        ("column_missing", "a required column is fed by nothing", "feed it, or set a constant"),
        ("input_changed", "the input changed while it was read", "run it again"),
        ("unclosed_quote", "a quote opens and never closes", "close the quote on that line"),
        ("no_rows", "there is a header but not one row", "check the export's date range"),
        ("needs_timezone", "times carry no offset", 'set timezone = "…"'),
        ("needs_date_order", "dates have two readings", 'set date_order = "month-first"'),
        ("needs_encoding", "the encoding of the file can't be recognized", "set encoding"),
        ("too_many_rejected", "too large a share of the rows is wrong", "see rejected.csv"),
        ("output_failed", "the output can't be written", "check the folder and the free space"),
    ),
    **_codes(
        Severity.LEFT_OUT,
        ("duplicate_row", "the same call stands there already", ""),
        (
            "caller_unknown",
            "the caller withheld the number",
            "set anonymous_callers to keep it",
        ),
        ("left_out_by_rule", "a leave_out rule of the job holds", ""),
        ("not_answered", "the call was not answered and only answered ones are sent", ""),
        ("not_a_call", "the row reports something other than a call", ""),
        ("outbound", "an outbound call is no call conversion", ""),
        ("child_leg", "the row is a leg of another call", ""),
        ("superseded", "another row corrects this one", ""),
        (
            "correction_held",
            "it corrects a call that may have been sent already",
            "correct that call at impact.com, or send this one by hand",
        ),
        ("call_in_progress", "the call had not ended", "export again when it has"),
        ("already_sent", "the call was delivered before", ""),
        ("outcome_unknown", "whether the call was delivered is unknown", "settle that delivery"),
    ),
    **_codes(
        Severity.ERROR,
        ("field_count", "the row has another number of cells than the header", "quote the commas"),
        ("corrections_differ", "several rows correct one call", "keep the true one"),
        (
            "conflicting_duplicate",
            "rows of one call differ where payment hangs",
            "keep the true one, or set on_conflict",
        ),
        (
            "changed_since_sent",
            "the call was delivered before, with another value where payment hangs",
            "a person decides",
        ),
        ("lookup_missing", "the look-up file has no such key", "add the key to the look-up file"),
        (
            "talk_exceeds_call",
            "TalkDuration is longer than CallDuration",
            "correct one of the two",
        ),
        ("required_missing", "a required cell is empty", "fill in the cell"),
        ("broken_text", "bytes of the text are broken", "export the file as UTF-8"),
        ("digits_lost", "a spreadsheet rounded the number", "export it as text"),
        (
            "excel_error",
            "a spreadsheet's error stands in the cell",
            "fix the formula, then open the workbook in Excel and save it again",
        ),
        ("too_long", "longer than the format allows", "shorten it at its source"),
        (
            "identifier_invalid",
            "not a whole number above zero",
            "use the id as impact.com shows it",
        ),
        ("moment_invalid", "not a date with a time", "write 2026-11-20T09:30:00-05:00"),
        ("moment_without_time", "a date without a time", "export the time as well"),
        ("moment_zone_unknown", "the zone has no one meaning", "use an offset or an IANA name"),
        ("moment_skipped", "the clocks skipped this local time", "set dst"),
        ("moment_repeated", "the clocks showed this local time twice", "set dst"),
        ("moment_against_order", "contradicts the job's date_order", "mend date_order or the row"),
        ("event_in_future", "more than 24 hours ahead of now", "check the date and its zone"),
        ("event_too_old", "more than 398 days old: no longer processed", "leave it out"),
        ("phone_invalid", "not a valid phone number", "write 2125550123 or +442079460958"),
        ("phone_multiple", "two numbers in one cell", "keep the one that was meant"),
        ("phone_masked", "digits of the number are masked", "export it without the mask"),
        (
            "country_contradicts_number",
            "the number belongs to another country than the row says",
            "correct the number or its country",
        ),
        ("duration_invalid", "not a duration", "write whole seconds, such as 201"),
        ("duration_out_of_range", "not between 0 and 86400 seconds", "check the unit: [units]"),
        ("status_unknown", "not a known call status", "map it under [values.CallStatus]"),
        (
            "status_needed",
            "no call status: impact.com would treat it as ANSWER (paid)",
            "map the words of the export's status column under [values.CallStatus]",
        ),
        ("country_unknown", "not a known country", "write ISO 3166 alpha-2, such as US"),
        ("money_invalid", "not an amount", "write digits with two decimals, such as 1234.50"),
        ("money_ambiguous", "the amount has two readings", "set decimal, or write two decimals"),
        ("money_currency", "another currency than the job's", "convert it, or set currency"),
        ("money_out_of_range", "not between 0 and 999999.99", "correct the amount"),
    ),
    **_codes(
        Severity.WARNING,
        (
            "surplus_cells",
            "rows end with empty cells that have no column name; they were ignored",
            "check that no cell holds a comma without quotation marks",
        ),
        ("encoding_guessed", "the file is not UTF-8 and was read as cp1252", "export it as UTF-8"),
        (
            "export_changed",
            "the columns of the export changed since its job was made",
            "check what the job maps, then run callconv init on this export to record it again",
        ),
        (
            "export_word_new",
            "the column did not hold this word when the job was made",
            "check what it means and map it, or add it to the job's export_suite",
        ),
        ("event_old", "more than 88 days old: may not be processed", "send calls sooner"),
        ("country_corrected", "the country was corrected to the number's own", ""),
        ("caller_maybe_unknown", "may stand for a withheld number", "look at the export"),
        (
            "status_empty",
            "no call status: impact.com treats it as ANSWER",
            "map the words of the export's status column under [values.CallStatus]",
        ),
        ("answer_without_talk", "ANSWER, but nobody talked", "check the status"),
        (
            "voicemail_not_answered",
            "a voicemail is sent as INCOMPLETE and not paid",
            "add a [[leave_out]] rule to leave these calls out",
        ),
        (
            "session_with_and_without_event",
            "the session also stands with another VendorEventId state",
            "check that it is not one call twice",
        ),
        ("identifier_maybe_rounded", "a spreadsheet may have rounded it", "export it as text"),
        (
            "ivr_exceeds_call",
            "IvrDuration is longer than CallDuration",
            "check which column each comes from",
        ),
        (
            "country_from_digits",
            "read as an international number without its +",
            "check that these are calls from abroad: a mistyped number can look like one",
        ),
        ("zip_invalid", "not a postal code of digits", ""),
        ("phone_type_unknown", "not a known phone type", "write Landline or Mobile"),
        ("flag_unknown", "not a known yes or no", ""),
        ("link_invalid", "not an http(s) address", ""),
        (
            "direction_unused",
            "ready rows are outbound calls",
            "leave them out with a [[leave_out]] rule on that column, or set "
            'outbound = "send" if you mean to send them',
        ),
        (
            "times_all_midnight",
            "every row of the file has its time at midnight",
            "check whether the export holds dates whose times were lost",
        ),
        ("reference_not_a_number", "not a number; impact.com's API expects one", ""),
        ("formula_text", "begins like a formula; sent as it is", ""),
        ("cell_emptied", "could not be made right and was emptied", ""),
        ("weak_source", "the export says it only roughly", "see callconv presets"),
        ("not_ready_form", "prepare would change this cell", "run callconv prepare"),
    ),
}

SHOWN_FIRST = frozenset({"direction_unused", "surplus_cells", "times_all_midnight"})
"""Findings that may concern every row; they come before others of their severity."""

READY_ONLY = frozenset({"direction_unused"})
"""Findings about what will be sent: rows of another fate don't count."""

RULES: dict[str, str] = {
    "trimmed": "spaces at the edges were removed",
    "invisible_removed": "invisible characters were removed",
    "armour_removed": "a spreadsheet's text armour was removed",
    "empty_mark": "a word that stands for empty was emptied",
    "grouping_removed": "thousands separators were removed",
    "decimal_zero_removed": "a decimal part of zero was removed",
    "leading_zero_removed": "leading zeros of a number were removed",
    "moment_rewritten": "the time was written as ISO 8601",
    "zone_applied": "the job's time zone was applied",
    "fraction_dropped": "fractions of a second were dropped",
    "epoch_read": "an epoch time was read",
    "serial_day_read": "a spreadsheet's serial day was read",
    "phone_rewritten": "the number was written in the format's form",
    "plus_restored": "the number was read as international, without its +",
    "extension_dropped": "an extension was dropped",
    "keypad_letters_read": "letters were read as a keypad's digits",
    "country_filled": "the country was filled in from the number",
    "country_corrected": "the country was corrected to the number's own",
    "country_mapped": "the country was written as ISO 3166 alpha-2",
    "duration_read": "the duration was written as seconds",
    "duration_rounded": "the duration was rounded to whole seconds",
    "unit_converted": "the duration was converted to seconds",
    "status_mapped": "the status was written in the format's words",
    "value_mapped": "the value was replaced as the job says",
    "flag_mapped": "the value was written in the format's words",
    "money_rewritten": "the amount was written with two decimals",
    "zip_cut": "ZIP+4 was cut to five digits",
    "zip_zero_restored": "a lost leading zero was restored",
    "line_break_replaced": "line breaks became spaces",
    "control_removed": "control characters were removed",
    "unicode_composed": "accents were composed (Unicode NFC)",
    "columns_subtracted": "columns were subtracted",
    "columns_added": "columns were added up",
    "parameter_name_removed": "the name of the query parameter was removed",
    "keys_parted": "the first keys were taken from all keys pressed",
    "other_number_used": "the other of the two numbers was used",
    "talk_time_derived": "the talk time was derived as the job says",
    "session_id_derived": "the session id was derived as the job says",
    "constant_set": "the job's constant was set",
    "lookup_filled": "the value was filled in from the look-up",
    "default_filled": "the job's default was filled in",
    "emptied": "the cell was emptied",
}

PHONE_MASK_KEEPS = 4
"""The last digits of a phone number that a masked text still shows."""


def mask_phone(text: str) -> str:
    """`text` with every digit but the last four hidden: `+1 212 555 0123` -> `+* *** *** 0123`.

    Letters beside digits are hidden as well, since keypad letters are digits; a text of at most
    four digits is hidden whole. A text without a digit is no number and stands as it is.
    """
    if not any(char.isdigit() for char in text):
        return text
    count = sum(char.isalnum() for char in text)
    hide = count if count <= PHONE_MASK_KEEPS else count - PHONE_MASK_KEEPS
    masked = []
    for char in text:
        if char.isalnum() and hide > 0:
            hide -= 1
            masked.append("*")
        else:
            masked.append(char)
    return "".join(masked)
