"""Data Docs as files: the same each time, masked, listed, and nothing of the web in them."""

import re

import pytest

from callconv_kit import suite
from callconv_kit.cli.main import main
from callconv_kit.model.errors import InputError
from callconv_kit.suite import engine

from ..hostile import HOSTILE
from .rows import frame, right

pytestmark = pytest.mark.slow

NOW = "2026-11-24T12:00:00Z"
LOADED = re.compile(r"""(?:src|href)\s*=\s*["']?\s*(?:https?:)?//|url\(\s*["']?https?:""")


def texts(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def spoiled(tmp_path):
    path = tmp_path / "spoiled.csv"
    frame(right(0, CallerId="617.555.0123"), right(1, Zip="x")).to_csv(path, index=False)
    return path


def test_the_same_input_at_the_same_time_gives_the_same_files(tmp_path):
    validation = suite.validate(spoiled(tmp_path))
    for name in ("one", "other"):
        suite.docs(tmp_path / name, validation, now=NOW)
    assert texts(tmp_path / "one") == texts(tmp_path / "other")


def test_no_page_loads_anything_from_elsewhere(tmp_path):
    suite.docs(tmp_path / "out", suite.validate(spoiled(tmp_path)), now=NOW)
    pages = {name: text for name, text in texts(tmp_path / "out").items() if name.endswith(".html")}
    assert len(pages) == 3
    assert [name for name, text in pages.items() if LOADED.search(text)] == []


def test_licenses_stand_beside_the_copies(tmp_path):
    suite.docs(tmp_path / "out", now=NOW)
    static = tmp_path / "out" / "static"
    for package in ("bootstrap", "jquery"):
        assert "Permission is hereby granted" in (static / f"{package}.LICENSE.txt").read_text()
    assert sum(path.stat().st_size for path in static.iterdir()) < 500_000


def test_phone_numbers_are_masked_in_docs_even_where_the_validation_shows_them(tmp_path):
    validation = suite.validate(spoiled(tmp_path), mask=False)
    suite.docs(tmp_path / "out", validation, now=NOW)
    (page,) = (text for name, text in texts(tmp_path / "out").items() if "spoiled.csv.html" in name)
    assert "***.***.0123" in page
    assert "617.555" not in page


def test_validations_of_earlier_calls_stay_and_none_takes_the_place_of_another(tmp_path):
    validation = suite.validate(frame(count=1))
    for _ in range(3):
        index = suite.docs(tmp_path / "out", validation, now=NOW)
    runs = sorted(path.name for path in (tmp_path / "out" / "validations").glob("*.html"))
    stem = "20261124T120000Z-frame"
    assert runs == [f"{stem}-2.html", f"{stem}-3.html", f"{stem}.html"]
    page = index.read_text(encoding="utf-8")
    assert all(f"validations/{run}" in page for run in runs)


def test_a_run_whose_record_was_damaged_is_listed_as_such(tmp_path):
    suite.docs(tmp_path / "out", suite.validate(frame(count=1)), now=NOW)
    (record,) = (tmp_path / "out" / "validations").glob("*.json")
    record.write_text("{")
    assert "unreadable" in suite.docs(tmp_path / "out", now=NOW).read_text(encoding="utf-8")


def test_docs_say_what_could_not_be_judged_and_what_is_wrong_with_the_file_itself(tmp_path):
    path = spoiled(tmp_path)
    path.write_text(path.read_text() + "1,2\n")
    mine = suite.build()
    kwargs = {"column": "City", "regex": "("}
    config = {"type": "expect_column_values_to_match_regex", "kwargs": kwargs}
    broken = engine.gx().ExpectationSuite(name="x", expectations=[config]).expectations[0]
    mine.expectations.append(broken)
    index = suite.docs(tmp_path / "out", suite.validate(path, mine), suite=mine, now=NOW)
    assert "1 of them could not be judged" in index.read_text(encoding="utf-8")
    (page,) = (text for name, text in texts(tmp_path / "out").items() if "spoiled.csv.html" in name)
    assert "The file must be CSV in UTF-8" in page
    assert "another number of cells than the header: line 4" in page


def test_the_command_writes_docs_of_files_and_exits_by_what_they_are(tmp_path, capsys):
    good = tmp_path / "good.csv"
    frame(count=1).to_csv(good, index=False)
    out = str(tmp_path / "out")
    assert main(["docs", "--out", out, "--now", NOW]) == 0
    assert main(["docs", str(good), "--out", out, "--now", NOW]) == 0
    assert main(["docs", str(good), str(spoiled(tmp_path)), "--out", out, "--now", NOW]) == 1
    assert f"Open {tmp_path / 'out' / 'index.html'}" in capsys.readouterr().out
    assert main(["docs", str(tmp_path / "none.csv"), "--out", out]) == 3
    assert main(["docs", "--out", str(good)]) == 3
    assert main(["docs"]) == 2
    assert "Traceback" not in "".join(capsys.readouterr())


def test_a_folder_that_cannot_be_written_is_an_error_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't be written"):
        suite.docs(tmp_path / "file" / "out", now=NOW)


def checkpoint(tmp_path, rows):
    gx = engine.gx()
    context = engine.ephemeral()
    asset = context.data_sources.add_pandas("calls").add_dataframe_asset("ready")
    whole = asset.add_batch_definition_whole_dataframe("all")
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name="calls", data=whole, suite=context.suites.add(suite.build()))
    )
    action = suite.docs_action(tmp_path / "out")
    made = gx.Checkpoint(name="calls", validation_definitions=[definition], actions=[action])
    with engine.quiet():
        return context.checkpoints.add(made).run(batch_parameters={"dataframe": rows})


def test_a_checkpoint_writes_the_same_docs_by_an_action(tmp_path):
    rows = frame(right(0, CallerId="617.555.0123"), right(1, City="NULL"))
    rows = rows.astype(dict.fromkeys(("CallDuration", "TalkDuration", "IvrDuration"), "Int64"))
    result = checkpoint(tmp_path, rows)
    assert not result.success
    pages = texts(tmp_path / "out")
    (run,) = (text for name, text in pages.items() if re.match(r"validations/.*\.html", name))
    assert "***.***.0123" in run
    assert "617.555" not in "".join(pages.values())
    assert "NULL" in run
    assert "City must not be a word for empty" in run
    assert "expectations/callconv.html" in pages["index.html"]
    assert not any(LOADED.search(text) for name, text in pages.items() if name.endswith(".html"))


@pytest.mark.parametrize("by", ["docs", "a checkpoint"])
def test_hostile_cells_and_names_are_text(tmp_path, by):
    rows = frame(*(right(n, City=f" {text}", Zip=text) for n, text in enumerate(HOSTILE.values())))
    if by == "docs":
        rows["<img src=x onerror=alert(1)>"] = "x"
        path = tmp_path / "a&b 'c'.csv"
        rows.to_csv(path, index=False)
        suite.docs(tmp_path / "out", suite.validate(path), now=NOW)
    else:
        rows = rows.astype(dict.fromkeys(("CallDuration", "TalkDuration", "IvrDuration"), "Int64"))
        checkpoint(tmp_path, rows)
    for name, text in texts(tmp_path / "out").items():
        if name.endswith(".html"):
            assert not re.search(
                r"<(?:img|h1>broken)|<script>(?:alert|document)|[^-]\x1b|\u202e", text
            ), name
