"""The stored suite: the same each time, whole, and of use to anyone who has Great Expectations."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from callconv_kit import suite
from callconv_kit.model import spec
from callconv_kit.model.errors import UsageError
from callconv_kit.suite import engine, reference

from .rows import frame, right

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STORED = ROOT / "expectations" / "callconv.json"

PLAIN = """
import collections, json, logging, sys, warnings

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"callconv_kit", "mock_server"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Blocked())
import great_expectations as gx
import pandas

stored = json.load(open(sys.argv[1]))
suite = gx.ExpectationSuite(**stored)
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False}
asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
batches = asset.add_batch_definition_whole_dataframe("b")
read = stored["meta"]["read_with"]
told = {"stored": len(stored["expectations"]), "loaded": len(suite.expectations)}
for name in ("good", "spoiled", "durations"):
    frame = eval(read.replace('"ready.csv"', repr(sys.argv[2] + "/" + name + ".csv")))
    result = batches.get_batch({"dataframe": frame}).validate(suite)
    told[name] = [
        (
            one.expectation_config.kwargs.get("column"),
            "raised_exception\\": true" in json.dumps(one.exception_info),
            one.result.get("partial_unexpected_index_list"),
        )
        for one in result.results if not one.success
    ]
assert "callconv_kit" not in sys.modules
print(json.dumps(told))
"""
"""Great Expectations as anyone uses it, by what the file's own meta says, and without the kit."""


DURATIONS = [
    {},
    {"CallDuration": "3:21"},
    {"TalkDuration": "soon"},
    {"IvrDuration": "12.0"},
    {"CallDuration": "0201"},
    {"TalkDuration": "-3"},
    {"IvrDuration": "12345678901234567890"},
    {"CallDuration": "90000"},
    {"TalkDuration": None},
    {"IvrDuration": None, "CallDuration": "1000", "TalkDuration": "999"},
]
"""Cells of the duration columns; only the first row and the last one are right."""


def run_plainly(python: str, folder: Path) -> dict:
    frame(right(0), right(1)).to_csv(folder / "good.csv", index=False)
    spoiled = right(0, CallerId="anonymous", TalkDuration="86401", CallDuration="9", City="NULL")
    frame(spoiled, right(1, CallStatus="busy")).to_csv(folder / "spoiled.csv", index=False)
    frame(*(right(n, **cells) for n, cells in enumerate(DURATIONS))).to_csv(
        folder / "durations.csv", index=False
    )
    script = folder / "plain.py"
    script.write_text(PLAIN, encoding="utf-8")
    done = subprocess.run(
        [python, "-W", "ignore", script, STORED, folder],
        capture_output=True, text=True, check=False, cwd=folder, timeout=300,
        env=os.environ | {"GX_ANALYTICS_ENABLED": "false"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def judged_plainly(told: dict) -> None:
    assert told["loaded"] == told["stored"] == len(suite.build().expectations)
    assert told["good"] == []
    assert {column for column, _, _ in told["spoiled"]} == {
        None, "CallerId", "TalkDuration", "City", "CallStatus",
    }  # fmt: skip
    assert not any(raised for _, raised, _ in [*told["spoiled"], *told["durations"]])
    reported = {(column, row) for column, _, rows in told["durations"] for row in rows}
    assert {row for _, row in reported} == set(range(1, 9))
    for number, cells in enumerate(DURATIONS[1:-1], 1):
        assert set(reported) >= {(column, number) for column in cells}


def test_plain_great_expectations_loads_and_runs_it_without_the_kit(tmp_path):
    judged_plainly(run_plainly(sys.executable, tmp_path))


@pytest.mark.long
def test_a_clean_environment_with_great_expectations_alone_runs_it(tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "great-expectations"]
    subprocess.run(install, check=True, timeout=600)
    judged_plainly(run_plainly(python, tmp_path))


def test_the_generated_files_are_what_the_code_generates():
    """If this fails: python -m callconv_kit.suite."""
    for name, text in reference.files().items():
        assert (ROOT / "expectations" / name).read_text(encoding="utf-8") == text


def test_a_refresh_without_a_change_writes_nothing(tmp_path):
    assert len(suite.refresh(tmp_path)) == 2
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert suite.refresh(tmp_path) == []
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    done = subprocess.run(
        [sys.executable, "-m", "callconv_kit.suite", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "Nothing changed.\n")


def test_both_files_name_the_command_that_refreshes_them():
    for text in reference.files().values():
        assert "python -m callconv_kit.suite" in text


def test_as_many_expectations_are_loaded_as_the_file_holds():
    held = json.loads(STORED.read_text(encoding="utf-8"))["expectations"]
    assert len(suite.load(STORED).expectations) == len(held)


def test_only_types_that_great_expectations_brings_are_used():
    built_in = engine.part("expectations")
    types = {one["type"] for one in json.loads(STORED.read_text(encoding="utf-8"))["expectations"]}
    brought = {built_in.__dict__[name] for name in dir(built_in) if name.startswith("Expect")}
    assert types <= {getattr(one, "expectation_type", None) for one in brought}


def test_each_column_has_a_note_that_says_what_it_is_its_default_an_example_and_the_source():
    stored = json.loads(STORED.read_text(encoding="utf-8"))["expectations"]
    documented = {
        one["kwargs"]["column"]: " ".join(one["notes"])
        for one in stored
        if one["type"] == "expect_column_to_exist"
    }
    assert list(documented) == list(spec.NAMES)
    for column in spec.COLUMNS:
        for part in (column.description, column.default or "", column.example, "Source: "):
            assert part in documented[column.name]
    assert all("Source: " in " ".join(one["notes"]) for one in stored)


def test_a_suite_that_is_saved_is_the_same_when_read_again(tmp_path):
    path = suite.save(suite.build(), tmp_path / "mine.json")
    assert path.read_text(encoding="utf-8") == STORED.read_text(encoding="utf-8")
    again = suite.save(suite.load(path), tmp_path / "again.json")
    assert again.read_bytes() == path.read_bytes()


def test_an_expectation_of_ones_own_is_saved_and_judged(tmp_path):
    mine = suite.build()
    mine.expectations.append(
        engine.part("expectations").ExpectColumnValuesToBeInSet(
            column="CampaignId", value_set=["1001"], notes="CampaignId must be ours."
        )
    )
    path = suite.save(mine, tmp_path / "mine.json")
    assert suite.validate(frame(count=1), path).success
    (failed,) = suite.validate(frame(right(CampaignId="1002")), path).failed
    assert (failed.words, failed.values) == ("CampaignId must be ours.", ("1002",))


def stored_with(**changes) -> str:
    return json.dumps(json.loads(STORED.read_text(encoding="utf-8")) | changes)


NONSENSE = {"type": "expect_nonsense", "kwargs": {}}
MISSPELLED = {"type": "expect_column_to_exist", "kwargs": {"colum": "City"}}
DAMAGED = {
    "cut off": (STORED.read_text(encoding="utf-8")[:5000], "suite_damaged", "damaged"),
    "empty": ("", "suite_damaged", "is damaged"),
    "a list": ("[]", "suite_damaged", "no list of expectations"),
    "no expectations": ('{"name": "x"}', "suite_damaged", "no list of expectations"),
    "an unknown type": (stored_with(expectations=[NONSENSE]), "suite_damaged", "expect_nonsense"),
    "a wrong argument": (stored_with(expectations=[MISSPELLED]), "suite_damaged", "colum"),
    "text for an expectation": (stored_with(expectations=["x"]), "suite_damaged", "damaged"),
    "of another version": (stored_with(meta={"callconv_suite": 99}), "suite_version", "version 99"),
    "of no version": (stored_with(meta={}), "suite_version", "no version"),
    "bytes": (b"\xff\xfe\x00", "suite_damaged", "damaged"),
}


@pytest.mark.parametrize(("content", "code", "words"), DAMAGED.values(), ids=DAMAGED)
def test_a_suite_that_cannot_be_used_is_an_error_in_words(tmp_path, content, code, words):
    path = tmp_path / "mine.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError) as told:
        suite.validate(frame(count=1), path)
    assert (told.value.code, told.value.exit_status) == (code, 2)
    assert words in str(told.value)
    assert "mine.json" in str(told.value)
    assert told.value.next_step


def test_a_suite_that_is_not_there_is_an_error_in_words(tmp_path):
    with pytest.raises(UsageError, match=r"none\.json"):
        suite.load(tmp_path / "none.json")


RIGHT_META = {"callconv_suite": 1}
DAMAGED = {
    "expectations as strings": {"expectations": ["expect_column_to_exist"], "meta": RIGHT_META},
    "an expectation without a type": {"expectations": [{"kwargs": {}}], "meta": RIGHT_META},
    "a type that is a number": {"expectations": [{"type": 5, "kwargs": {}}], "meta": RIGHT_META},
    "kwargs as a list": {"expectations": [{"type": "expect_column_to_exist", "kwargs": ["City"]}], "meta": RIGHT_META},
    "kwargs as a string": {"expectations": [{"type": "expect_column_to_exist", "kwargs": "City"}], "meta": RIGHT_META},
    "an expectation that is empty": {"expectations": [None], "meta": RIGHT_META},
    "expectations as a table": {"expectations": {}, "meta": RIGHT_META},
    "no table at all": [],
    "a text": "suite",
    "a name that is a number": {"name": 5, "expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": 5}, "severity": "loud"}], "meta": RIGHT_META},
    "a row condition of a strange kind": {"name": "x", "expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "City", "row_condition": {"a": 1}}}], "meta": RIGHT_META},
}  # fmt: skip


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_suite_is_an_error_in_words(tmp_path, content, capsys):
    from callconv_kit.cli.main import main

    frame(count=1).to_csv(tmp_path / "ready.csv", index=False)
    (tmp_path / "suite.json").write_text(json.dumps(content))
    assert (
        main(["check", str(tmp_path / "ready.csv"), "--suite", str(tmp_path / "suite.json")]) == 2
    )
    assert "suite.json is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("meta", [None, [], "x", {"callconv_suite": "1"}, {"callconv_suite": [1]}])
def test_a_suite_of_another_version_is_an_error_in_words(tmp_path, meta):
    (tmp_path / "suite.json").write_text(json.dumps({"expectations": [], "meta": meta}))
    with pytest.raises(UsageError, match="another version"):
        suite.load(tmp_path / "suite.json")


def test_a_suite_of_endless_brackets_is_damaged(tmp_path):
    (tmp_path / "suite.json").write_text("[" * 100_000)
    with pytest.raises(UsageError, match="is damaged"):
        suite.load(tmp_path / "suite.json")
