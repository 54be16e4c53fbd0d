"""A word that nobody knows gets the nearest known one: in the error, and never applied."""

import pytest

import callconv_kit as ck

from ..right_call import CALL as RIGHT_CALL

NOW = "2026-11-24T12:00:00+00:00"
CALL = {**RIGHT_CALL, "CallerPhoneNumberCountry": "US"}


@pytest.fixture
def prepare(tmp_path):
    """Prepares one call with some cells changed, or with a column under another name."""

    def prepare(cells=(), renamed=(), **settings):
        row = {dict(renamed).get(name, name): cell for name, cell in (CALL | dict(cells)).items()}
        file = tmp_path / "calls.csv"
        file.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")
        return ck.prepare(file, now=NOW, max_rejected_share=1.0, **settings)

    return prepare


CELLS = {
    "a status": ({"CallStatus": "Anwsered"}, "status_unknown", "perhaps ANSWER is meant"),
    "a status of the format": ({"CallStatus": "IVR_DROPOF"}, "status_unknown", "perhaps IVR_DROPOFF is meant"),
    "a country": ({"CallerPhoneNumberCountry": "Untied States"}, "country_unknown", "perhaps US is meant"),
    "a zone": ({"EventDate": "2026-11-20 09:30 America/NewYork"}, "moment_zone_unknown", "perhaps America/New_York is meant"),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "code", "told"), CELLS.values(), ids=CELLS)
def test_an_unknown_word_in_a_cell_gets_the_nearest(prepare, cells, code, told):
    prepared = prepare(cells)
    assert prepared.rejected["codes"].tolist() == [code]
    assert told in prepared.rejected["reasons"][0]
    (finding,) = [f for f in prepared.summary["findings"] if f["code"] == code]
    assert finding["examples"][0]["detail"] == told


LIKE_NOTHING = {
    "completed is the opposite of what it looks like": {"CallStatus": "completed"},
    "an id in the wrong column": {"CallStatus": "ANSWER2"},
    "a country of fiction": {"CallerPhoneNumberCountry": "Freedonia"},
    "IST is three zones": {"EventDate": "2026-11-20 09:30 IST"},
}


@pytest.mark.parametrize("cells", LIKE_NOTHING.values(), ids=LIKE_NOTHING)
def test_a_word_that_is_like_nothing_gets_no_proposal(prepare, cells):
    assert "perhaps" not in prepare(cells).rejected["reasons"][0]


def test_only_the_row_with_a_near_miss_gets_the_proposal(tmp_path):
    rows = [CALL | {"CallSessionId": f"S-{n}", "CallStatus": word} for n, word in enumerate(["Meteor", "Anwsered"])]  # fmt: skip
    lines = [",".join(CALL), *(",".join(row.values()) for row in rows)]
    (tmp_path / "calls.csv").write_text("\n".join(lines) + "\n")
    prepared = ck.prepare(tmp_path / "calls.csv", now=NOW, max_rejected_share=1.0)
    told = ["perhaps ANSWER is meant" in text for text in prepared.rejected["reasons"]]
    assert told == [False, True]


HEADERS = {
    "a header": ({"renamed": {"CallerId": "Caller Idd"}}, '--column CallerId="Caller Idd"'),
    "a source that the job names": ({"columns": {"CallerId": "CalerId"}}, "did you mean 'CallerId'?"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "told"), HEADERS.values(), ids=HEADERS)
def test_a_header_that_is_nearly_right_is_proposed(prepare, given, told):
    with pytest.raises(ck.InputError) as stopped:
        prepare(**given)
    assert stopped.value.code == "column_missing"
    assert told in str(stopped.value)


def test_a_column_of_the_format_is_proposed_for_no_other(prepare):
    with pytest.raises(ck.InputError) as stopped:
        prepare(renamed={"CallerId": "Customer"})
    assert "CallProvider" not in stopped.value.next_step


SETTINGS = {
    "a job key": ({"timezon": "UTC"}, "timezone"),
    "a key of a table": (
        {"lookup": {"file": "a.csv", "on": "CallerId", "overwrit": True}},
        "overwrite",
    ),
    "a column of the format": ({"constants": {"CampaingId": 3}}, "CampaignId"),
    "a zone": ({"timezone": "America/NewYork"}, "America/New_York"),
    "a zone by its city": ({"timezone": "US/New_York"}, "America/New_York"),
    "a country": ({"default_country": "Germny"}, "DE"),
    "a country by its name": ({"default_country": "Canada"}, "CA"),
    "a preset": ({"preset": "twillio"}, "twilio"),
    "a status": ({"status": [{"when": {"A": "b"}, "then": "ANSWR"}]}, "ANSWER"),
}


@pytest.mark.parametrize(("given", "near"), SETTINGS.values(), ids=SETTINGS)
def test_an_unknown_word_in_a_job_gets_the_nearest(prepare, given, near):
    with pytest.raises(ck.UsageError) as refused:
        prepare(**given)
    assert f'Did you mean "{near}"?' in refused.value.next_step


PRESET = '[preset]\nname = "x"\ntitle = "X"\n[[preset.form]]\nname = "a"\ncolumns = ["a"]\n'
PRESET_KEYS = {
    "of the job file": ("colums = {}\n" + PRESET, "columns"),
    "of [preset]": (PRESET.replace("title =", 'notse = ["a"]\ntitle ='), "notes"),
    "of a form": (PRESET + "headerles = true\n", "headerless"),
}


@pytest.mark.parametrize(("text", "near"), PRESET_KEYS.values(), ids=PRESET_KEYS)
def test_an_unknown_key_of_a_preset_gets_the_nearest(prepare, tmp_path, text, near):
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(ck.UsageError) as refused:
        prepare(preset=str(tmp_path / "own.toml"))
    assert f'Did you mean "{near}"?' in refused.value.next_step


def test_a_job_for_another_export_is_said_to_be_one(tmp_path):
    (tmp_path / "calls.csv").write_text("Alpha,Beta,Gamma\n1,2,3\n", encoding="utf-8")
    with pytest.raises(ck.InputError) as stopped:
        ck.prepare(tmp_path / "calls.csv", now=NOW, columns={"CallerId": "Their Number"})
    assert stopped.value.found == 'a first line with "Alpha", "Beta", "Gamma"'
    assert stopped.value.expected == 'the columns that the job names: "Their Number"'
    assert "made for another export" in stopped.value.next_step


@pytest.mark.parametrize(
    ("count", "more"), [(1, ""), (6, ""), (7, " and 1 more"), (9, " and 3 more")]
)
def test_some_of_the_columns_that_a_job_names_are_shown(tmp_path, count, more):
    (tmp_path / "calls.csv").write_text("Alpha,Beta,Gamma\n1,2,3\n", encoding="utf-8")
    names = [f"Their {number}" for number in range(count)]
    with pytest.raises(ck.InputError) as stopped:
        ck.prepare(tmp_path / "calls.csv", now=NOW, columns={"CallerId": names})
    shown = ", ".join(f'"{name}"' for name in names[:6])
    assert stopped.value.expected == f"the columns that the job names: {shown}{more}"
