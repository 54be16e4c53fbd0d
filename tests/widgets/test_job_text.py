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
