import pytest
from hypothesis import given
from hypothesis import strategies as st

from callconv_kit.coercion.status import nearest, read
from callconv_kit.model import spec

MAPPED = {
    "lower case": ("answer", "ANSWER"),
    "hyphens": ("no-transfer-attempt", "NO_TRANSFER_ATTEMPT"),
    "spaces": ("Ivr Dropoff", "IVR_DROPOFF"),
    "camel case": ("UnknownCallerId", "UNKNOWN_CALLERID"),
    "answered": ("Answered", "ANSWER"),
    "connected": ("CONNECTED", "ANSWER"),
    "no answer": ("No Answer", "INCOMPLETE"),
    "no-answer": ("no-answer", "INCOMPLETE"),
    "no_answer": ("No_Answer", "INCOMPLETE"),
    "unanswered": ("unanswered", "INCOMPLETE"),
    "missed": ("Missed", "INCOMPLETE"),
    "busy": ("BUSY", "INCOMPLETE"),
    "cancelled": ("cancelled", "CANCEL"),
    "canceled": ("Canceled", "CANCEL"),
    "abandoned": ("Abandoned", "CANCEL"),
    "failed": ("failed", "FAILURE"),
    "error": ("Error", "FAILURE"),
    "congested": ("congested", "CONGESTION"),
}
UNKNOWN = {
    "completed is true of a menu too": "completed",
    "an empty mark": "NULL",
    "a dash": "-",
    "a word": "sold",
    "two statuses": "answered/missed",
}


@pytest.mark.parametrize("status", spec.STATUSES)
def test_the_words_of_the_format_are_themselves(status):
    assert read(status) == (status, None, (), ())


@pytest.mark.parametrize(("text", "status"), MAPPED.values(), ids=MAPPED)
def test_is_mapped(text, status):
    assert read(text) == (status, None, ("status_mapped",), ())


@pytest.mark.parametrize("text", ["voicemail", "Voice Mail", "voice-mail"])
def test_a_voicemail_is_no_answer_and_gets_a_warning(text):
    assert read(text) == ("INCOMPLETE", None, ("status_mapped",), ("voicemail_not_answered",))


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
def test_is_unknown(text):
    assert read(text) == (None, "status_unknown", (), ())


NEAREST = {
    "a slip": ("ANSWRED", "ANSWER"),
    "a letter too many": ("abandonned", "CANCEL"),
    "the opposite of incomplete": ("Completed", None),
    "nothing near": ("sold", None),
}


@pytest.mark.parametrize(("text", "status"), NEAREST.values(), ids=NEAREST)
def test_a_message_names_what_was_probably_meant(text, status):
    assert nearest(text) == status


@given(st.text(min_size=1))
def test_reading_what_was_read_changes_nothing(text):
    value = read(text).value
    assert value is None or read(value) == (value, None, (), ())
    assert nearest(text) in {None, *spec.STATUSES}
