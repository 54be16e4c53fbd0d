"""A job file changed by the workbench: what changed stands there, and all else as it was."""

import tomllib

import pytest

from callconv_kit.widgets.job_text import updated, written

TEXT = """# mine
timezone = "UTC"   # theirs

[constants]
CampaignId = 1001  # the program

[values.CallStatus]
"Left voicemail" = "INCOMPLETE"
"""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"timezone": "Asia/Tokyo"}, TEXT.replace('"UTC"', '"Asia/Tokyo"')),
        ({"mask": False}, TEXT.replace("# theirs\n", "# theirs\nmask = false\n")),
        ({"constants": {"CampaignId": 7}}, TEXT.replace("1001", "7")),
        ({"constants": {}}, TEXT.replace("CampaignId = 1001  # the program\n", "")),
        (
            {"values": {"CallStatus": {"Left voicemail": "INCOMPLETE", 'a "b"\\': "ANSWER"}}},
            TEXT + '"a \\"b\\"\\\\" = "ANSWER"\n',
        ),
        ({"columns": {"Zip": ["A", "B"]}}, TEXT + '\n[columns]\nZip = ["A", "B"]\n'),
    ],
)
def test_one_setting_changes_one_line(change, expected):
    assert updated(TEXT, {**tomllib.loads(TEXT), **change}) == expected


@pytest.mark.parametrize(
    "text",
    [
        "constants = {CampaignId = 1}\n",
        'reasons = """\n[constants]\n"""\n',
        "values.CallStatus.a = 'b'\n",
        "not toml",
        "",
    ],
)
def test_a_file_that_cannot_be_changed_line_by_line_is_written_anew(text):
    settings = {"constants": {"CampaignId": 2}, "values": {"CallStatus": {"x.y": "ANSWER"}},
                "leave_out": [{"column": "CallDuration", "below": 30}]}  # fmt: skip
    assert tomllib.loads(updated(text, settings)) == settings
    assert tomllib.loads(written(settings)) == settings


COMMENTED = """# the nightly job of the Boston office
preset = "invoca"  # since May
input = [
    "inbox/*.csv",  # where the export lands
]
constants = {CampaignId = 1001}  # the program

# calls that last a moment are nobody's
[[leave_out]]
column = "CallDuration"  # in seconds
below = 30

[[leave_out]]
source_column = "Direction"
equals = "outbound"

[columns.EventDate]
join = ["Date", "Time"]  # two cells

[values]
# agreed with the partner in June
CallStatus."Left voicemail" = "INCOMPLETE"
"""


@pytest.mark.parametrize(
    "change",
    [
        {"constants": {"CampaignId": 1001, "MediaId": 7}},
        {"leave_out": [{"column": "CallDuration", "below": 20}]},
        {"leave_out": [*tomllib.loads(COMMENTED)["leave_out"], {"column": "Zip", "empty": True}]},
        {"input": ["inbox/*.csv", "late/*.csv"]},
        {"columns": {"EventDate": {"join": ["Date", "Time"]}, "Zip": "Postcode"}},
        {"values": {"CallStatus": {"Left voicemail": "INCOMPLETE", "Gone": "CANCEL"}}},
        {"timezone": "UTC", "max_rejected_share": 0.2, "mask": True},
    ],
)
def test_comments_stay_where_they_are_whatever_is_changed(change):
    settings = {**tomllib.loads(COMMENTED), **change}
    text = updated(COMMENTED, settings)
    assert tomllib.loads(text) == settings
    kept = [line for line in text.splitlines() if "#" in line]
    lost = {line.partition("#")[2] for line in COMMENTED.splitlines() if "#" in line} - {
        line.partition("#")[2] for line in kept
    }
    assert lost <= ({" where the export lands"} if "input" in change else set())
