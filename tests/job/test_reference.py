"""Every setting explains itself: in the terminal, in docs/job.md, and to an editor."""

import json
import tomllib
from pathlib import Path

import pytest

from callconv_kit.cli.main import main
from callconv_kit.job import Job, reference

ROOT = Path(__file__).parents[2]
SETTINGS = reference.settings()


def test_every_setting_is_described_and_nothing_else_is():
    text = (ROOT / "callconv_kit/job/descriptions.toml").read_text(encoding="utf-8")
    assert sorted(tomllib.loads(text)) == sorted(reference.keys())


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_has_a_sentence_values_and_an_example(name):
    setting = SETTINGS[name]
    assert setting.text[0].isupper()
    assert setting.text.endswith(".")
    assert setting.values
    assert bool(setting.example) != any(key.startswith(f"{name}.") for key in SETTINGS)


NEEDED = {
    "leave_out": 'column = "CallDuration"\nbelow = 30\n',
    "status": 'when = {Direction = "Out"}\nthen = "CANCEL"\n',
    "legs": 'key = "A"\nparent = "B"\n',
    "lookup": 'file = "x.csv"\non = "CalledPhoneNumber"\n',
}
"""What a table must hold beside the setting that an example shows."""

ONLY_FOR = {
    "connection.known_hosts": 'protocol = "sftp"\n',
    "connection.private_key": 'protocol = "sftp"\n',
    "leave_out.column": "below = 30\n",
    "leave_out.source_column": "empty = true\n",
    "lookup.on_source": 'file = "x.csv"\n',
}
"""What an example needs in place of that."""


@pytest.mark.parametrize("name", [name for name in SETTINGS if not SETTINGS[name].is_table])
def test_an_example_is_taken_by_a_job(name):
    table, _, key = name.rpartition(".")
    example = SETTINGS[name].example
    beside = ONLY_FOR.get(name, NEEDED.get(table, ""))
    lines = [line for line in beside.splitlines() if line.split(" = ")[0] != key]
    head = f"[[{table}]]\n" if table in reference.SETTING_OF_RULES else f"[{table}]\n"
    text = (head if table else "") + "\n".join([example, *lines])
    given = tomllib.loads(text)
    Job.from_keywords(**given)
    inner = given[table][0] if table in reference.SETTING_OF_RULES else given.get(table, given)
    assert key in inner


def test_the_reference_in_docs_is_up_to_date():
    assert (ROOT / "docs/job.md").read_text(encoding="utf-8") == reference.as_markdown()


def test_the_schema_knows_every_setting():
    schema = reference.schema()
    for name in SETTINGS:
        table, _, key = name.rpartition(".")
        place = schema["properties"][table] if table else schema
        assert key in place.get("items", place)["properties"]
    assert schema["properties"]["dst"]["enum"] == ["reject", "earlier", "later"]


def test_the_command_shows_a_setting_or_a_table(capsys):
    assert main(["settings", "timezone"]) == 0
    assert 'timezone = "America/New_York"' in capsys.readouterr().out
    assert main(["settings", "connection", "--json"]) == 0
    shown = [entry["name"] for entry in json.loads(capsys.readouterr().out)]
    assert shown == [name for name in SETTINGS if name.split(".")[0] == "connection"]
    assert main(["settings", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == reference.schema()


def test_an_unknown_setting_is_answered_with_the_nearest_one(capsys):
    assert main(["settings", "timezome"]) == 2
    assert 'Did you mean "timezone"?' in capsys.readouterr().err


def test_the_installed_schema_is_that_of_the_settings():
    """`python -m callconv_kit.job` writes it anew."""
    assert json.loads(reference.SCHEMA_FILE.read_text(encoding="utf-8")) == reference.schema()
