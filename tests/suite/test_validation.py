"""What a validation says: of frames and files, of what is missing, and of what can't be judged."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit import suite
from callconv_kit.cli.main import main
from callconv_kit.model import spec
from callconv_kit.model.errors import InputError, UsageError
from callconv_kit.suite import State, engine

from .rows import frame, right

pytestmark = pytest.mark.slow


def write(path, *rows, **more):
    frame(*rows, **more).to_csv(path, index=False)
    return path


def the_failed(validation):
    (failed,) = validation.failed
    return failed


def test_a_right_file_passes_whole(tmp_path):
    validation = suite.validate(write(tmp_path / "ready.csv", count=3))
    assert (validation.success, validation.exit_status) == (True, 0)
    assert len(validation.passed) == len(validation.outcomes) == len(suite.build().expectations)
    assert validation.row_count == 3


@pytest.mark.parametrize(
    "made", [engine.ephemeral, lambda: engine.gx().get_context(mode="ephemeral")]
)
def test_a_context_of_ones_own_between_two_validations_does_no_harm(made):
    """Older versions of Great Expectations took the context that was made last for everybody's."""
    assert suite.validate(frame(count=2)).success
    made()
    assert suite.validate(frame(count=2)).success


def test_a_frame_by_the_accessor_is_judged_alike():
    rows = frame(right(0), right(1, CallStatus="busy"))
    validation = rows.callconv.validate()
    assert the_failed(validation).columns == ("CallStatus",)
    assert validation.rows().index.tolist() == [1]


def test_what_prepare_writes_passes(tmp_path):
    from callconv_kit.demo import sample

    for write in ("all", "present"):
        out = tmp_path / write
        ck.prepare(sample("export.csv"), sample("callconv.toml"), write=write, out=out)
        validation = suite.validate(out / "ready.csv")
        assert validation.success, validation.as_text()
        assert validation.written == write
        assert suite.validate(out / "ready.csv", write=write).success


# -- columns --------------------------------------------------------------------------------------


def test_a_file_of_the_columns_that_hold_data_is_judged_for_its_columns(tmp_path):
    columns = [*spec.REQUIRED, "City"]
    path = write(tmp_path / "ready.csv", right(0, City=" x"), columns=columns)
    validation = suite.validate(path)
    assert validation.written == "present"
    assert the_failed(validation).columns == ("City",)
    single = {one.columns[0] for one in validation.not_judged if len(one.columns) == 1}
    assert single == set(spec.NAMES) - set(columns)


def test_the_same_file_fails_where_all_columns_are_asked_for(tmp_path):
    path = write(tmp_path / "ready.csv", right(0), columns=spec.REQUIRED)
    validation = suite.validate(path, write="all")
    missing = [one for one in validation.failed if one.kind == "expect_column_to_exist"]
    assert len(missing) == len(spec.NAMES) - len(spec.REQUIRED)
    assert validation.failed[0].detail.startswith("missing: AdId, ")


@pytest.mark.parametrize("column", spec.REQUIRED)
def test_a_missing_required_column_is_a_failed_expectation_in_words(column):
    validation = suite.validate(frame(right(0)).drop(columns=column))
    assert validation.errored == ()
    assert any(one.words == f"{column} must be a column." for one in validation.failed)
    assert f"missing: {column}" in validation.as_text()


def test_a_required_column_is_expected_even_of_a_file_that_holds_what_is_present():
    validation = suite.validate(frame(right(0)).drop(columns="CallerId"), write="present")
    assert the_failed(validation).words == "CallerId must be a column."


def test_an_extra_column_and_a_column_twice_are_failed_expectations_in_words():
    extra = suite.validate(frame(count=1).assign(Notes="x"))
    assert the_failed(extra).detail == "too many: Notes"
    rows = frame(count=1)
    twice = suite.validate(pd.concat([rows, rows[["City"]]], axis=1))
    assert the_failed(twice).detail == "too many: City (2)"


def test_another_order_is_a_failed_expectation_in_words():
    validation = suite.validate(frame(count=1)[list(reversed(spec.NAMES))])
    assert the_failed(validation).detail == "all are there, in another order"


def test_an_empty_frame_is_a_failed_expectation_in_words(tmp_path):
    for source in (frame(count=0), write(tmp_path / "ready.csv", count=0)):
        validation = suite.validate(source)
        failed = the_failed(validation)
        assert (validation.exit_status, validation.success) == (0, True)
        assert failed.words == "There must be at least one row."
        assert failed.severity == "warning"
    assert suite.validate(pd.DataFrame()).errored == ()


# -- dtypes ---------------------------------------------------------------------------------------

RIGHT_DTYPES = {
    "str": lambda rows: rows.astype("str"),
    "object": lambda rows: rows.astype(object),
    "category": lambda rows: rows.astype({"CallStatus": "category", "City": "category"}),
    "arrow": lambda rows: rows.convert_dtypes(dtype_backend="pyarrow"),
    "whole durations": lambda rows: rows.astype({"CallDuration": "int64", "IvrDuration": "Int64"}),
}
WRONG_DTYPES = {
    "an id as a number": (lambda rows: rows.astype({"CampaignId": "int64"}), "CampaignId"),
    "a duration as a float": (lambda rows: rows.astype({"TalkDuration": "float64"}), "TalkDuration"),
    "a moment": (lambda rows: rows.assign(EventDate=pd.Timestamp("2026-11-20", tz="UTC")), "EventDate"),
    "a flag": (lambda rows: rows.assign(OptInSms=True), "OptInSms"),
    "a mixture": (lambda rows: rows.astype(object).assign(City=[1, "Boston"]), "City"),
}  # fmt: skip


@pytest.mark.parametrize("change", RIGHT_DTYPES.values(), ids=RIGHT_DTYPES)
def test_text_of_any_dtype_is_judged(change):
    assert suite.validate(change(frame(count=2))).success
    spoiled = frame(right(0), right(1, City=" x"))
    assert the_failed(suite.validate(change(spoiled))).columns == ("City",)


@pytest.mark.parametrize(("change", "column"), WRONG_DTYPES.values(), ids=WRONG_DTYPES)
def test_a_frame_of_other_dtypes_is_an_error_that_names_the_column(change, column):
    with pytest.raises(UsageError, match=column) as told:
        suite.validate(change(frame(count=2)))
    assert told.value.code == "wrong_dtype"
    assert "dtype=str" in told.value.next_step


def test_a_whole_duration_out_of_range_fails():
    rows = frame(right(0, TalkDuration="0", CallDuration="90000")).astype({"CallDuration": "int64"})
    assert the_failed(suite.validate(rows)).columns == ("CallDuration",)


def test_a_frame_is_left_as_it_was():
    rows = frame(right(0, City=" x"), right(1))
    before = rows.copy(deep=True)
    suite.validate(rows)
    pd.testing.assert_frame_equal(rows, before)


# -- rows -----------------------------------------------------------------------------------------


def test_rows_of_a_file_are_named_by_their_physical_lines(tmp_path):
    path = tmp_path / "ready.csv"
    lines = write(path, right(0, City="a\nb"), right(1), right(2, Zip="x")).read_text()
    assert lines.count("\n") == 5
    validation = suite.validate(path)
    by_column = {one.columns[0]: one for one in validation.failed}
    assert by_column["City"].labels == (2,)
    assert by_column["Zip"].labels == (5,)
    rows = validation.rows(by_column["Zip"])
    assert (rows.index.name, rows.index.tolist(), rows["Zip"].tolist()) == (
        "source_line",
        [5],
        ["x"],
    )
    assert validation.rows().index.tolist() == [2, 5]


def test_rows_of_another_validation_are_refused_in_words():
    one, other = (suite.validate(frame(right(0, Zip="x"))) for _ in range(2))
    with pytest.raises(UsageError, match="not one of this validation"):
        one.rows(other.failed[0])


def test_batches_say_the_same_as_the_whole():
    spoiled = {3: {"Zip": "x"}, 7: {"CallStatus": "busy"}, 8: {"Zip": "y"}, 11: {"CallerId": None}}
    twice = {2: {"VendorEventId": "E"}, 10: {"VendorEventId": "E"}}
    rows = frame(*(right(n, **(spoiled | twice).get(n, {})) for n in range(12)))
    told = []
    for batch_rows in (1, 5, 12, 100):
        validation = suite.validate(rows, batch_rows=batch_rows)
        told.append(validation.as_dict())
        shown = [(one.columns, one.rows.tolist(), one.values) for one in validation.failed]
        assert (("CampaignId", "ActionTrackerId", "VendorEventId"), [2, 10]) in [
            one[:2] for one in shown
        ]
    assert all(one == told[0] for one in told)


def test_progress_is_told_after_each_batch():
    done = []
    suite.validate(frame(count=5), progress=done.append, batch_rows=2)
    assert done == [2, 4, 5]


def test_phone_numbers_are_masked_unless_asked_for():
    rows = frame(right(0, CallerId="617.555.0123"))
    assert the_failed(suite.validate(rows)).values == ("***.***.0123",)
    assert the_failed(suite.validate(rows, mask=False)).values == ("617.555.0123",)
    validation = suite.validate(rows)
    for shown in (validation.as_text(), repr(validation), validation._repr_html_()):
        assert "617" not in shown
    assert "617" not in json.dumps(validation.as_dict())


INDEXES = {
    "filtered": pd.Index([7, 3, 11]),
    "text": pd.Index(["a", "b", "c"]),
    "dates": pd.date_range("2026-11-20", periods=3),
    "repeated labels": pd.Index([5, 5, 5]),
    "several levels": pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]),
    "mixed": pd.Index([1, "b", None], dtype=object),
    "floats": pd.Index([0.5, 1.5, float("nan")]),
    "named": pd.Index([2, 1, 0], name="CallSessionId"),
    "categories": pd.CategoricalIndex(["x", "y", "x"]),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
@pytest.mark.parametrize("batch_rows", [2, 100])
def test_a_frame_of_any_index_is_judged(index, batch_rows):
    rows = frame(
        right(0), right(1, City=" x", TalkDuration=None), right(2, Zip="x", VendorEventId="EV-0")
    )
    rows.index = index
    validation = rows.callconv.validate(batch_rows=batch_rows)
    found = {one.columns: one.rows.tolist() for one in validation.failed}
    assert found.pop(("CampaignId", "ActionTrackerId", "VendorEventId")) == [0, 2]
    assert found == {("City",): [1], ("Zip",): [2], ("TalkDuration",): [1]}
    wrong = validation.rows()
    assert wrong["CallSessionId"].tolist() == ["S-0", "S-1", "S-2"]
    assert list(wrong.index.astype(str)) == list(index.to_flat_index().astype(str))
    for shown in (validation.as_text(), repr(validation), validation._repr_html_()):
        assert shown
    assert json.loads(json.dumps(validation.as_dict()))["rows"] == 3
    assert rows.index is index
    assert len(rows.callconv.check(now="2026-11-24T12:00:00Z")) > 0


@pytest.mark.parametrize("wrong", [5, None, ["ready.csv"], {"City": "x"}, pd.Series(["x"])])
def test_what_is_no_path_and_no_frame_is_an_error_in_words(wrong):
    with pytest.raises(UsageError, match="source has the wrong type"):
        suite.validate(wrong)


# -- errored, not failed --------------------------------------------------------------------------


def with_own(**expectation) -> object:
    mine = suite.build()
    config = {"severity": "critical", **expectation}
    mine.expectations.append(
        engine.gx().ExpectationSuite(name="x", expectations=[config]).expectations[0]
    )
    return mine


def test_an_expectation_that_cannot_be_judged_is_errored_not_failed():
    broken = with_own(
        type="expect_column_values_to_match_regex", kwargs={"column": "City", "regex": "("}
    )
    validation = suite.validate(frame(right(0), right(1, CallStatus="busy")), broken)
    (errored,) = validation.errored
    assert (errored.state, errored.columns, validation.exit_status) == (State.ERRORED, ("City",), 2)
    assert errored.detail
    assert the_failed(validation).columns == ("CallStatus",)
    text = validation.as_text()
    assert "1 could not be judged" in text
    assert text.index("errored") < text.index("failed (")
    assert not validation.success


def test_an_expectation_on_a_column_that_is_not_there_is_told_apart():
    own = with_own(type="expect_column_values_to_be_unique", kwargs={"column": "Notes"})
    validation = suite.validate(frame(count=2), own)
    (unjudged,) = validation.not_judged
    assert (unjudged.columns, unjudged.detail) == (("Notes",), "no column Notes")


def test_rules_on_all_rows_at_once_see_all_batches():
    mean = {"column": "TalkDuration", "min_value": 100.0, "max_value": 110.0}
    own = with_own(type="expect_column_mean_to_be_between", kwargs=mean)
    rows = frame(*(right(n, TalkDuration=str(n)) for n in range(201)))
    assert suite.validate(rows, own, batch_rows=50).success
    failed = the_failed(suite.validate(rows.iloc[:50], own, batch_rows=20))
    assert failed.detail == "found: 24.5"


# -- views ----------------------------------------------------------------------------------------


def test_the_notebook_shows_what_failed_first_in_words_with_rows_and_values():
    rows = frame(
        right(0), right(1, City=" <b>x</b>", CallStatus="busy"), right(2, CallStatus="Nope")
    )
    page = suite.validate(rows)._repr_html_()
    assert page.index("CallStatus must be one of") < page.index("City must be")
    assert "row 1: busy; row 2: Nope" in page
    assert "<b>" not in page
    assert "✓" in suite.validate(frame(count=1))._repr_html_()


def test_the_json_says_the_same(tmp_path, capsys):
    path = write(tmp_path / "ready.csv", right(0, CallStatus="busy"))
    assert main(["check", str(path), "--json", "--suite"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["success"], told["rows"], told["errored"]) == (False, 1, [])
    (failed,) = told["failed"]
    assert failed["columns"] == ["CallStatus"]
    assert failed["examples"] == [{"row": 2, "value": "busy"}]


# -- the command ----------------------------------------------------------------------------------


def test_the_exit_statuses_of_check_with_a_suite(tmp_path, capsys):
    good = str(write(tmp_path / "good.csv", count=1))
    bad = str(write(tmp_path / "bad.csv", right(0, Zip="x")))
    mine = str(suite.save(suite.build(), tmp_path / "mine.json"))
    damaged = tmp_path / "damaged.json"
    damaged.write_text("{")
    cases = {
        (good, "--suite"): 0,
        (good, "--suite", mine): 0,
        (bad, "--suite"): 1,
        (good, "--suite", str(damaged)): 2,
        (str(tmp_path / "none.csv"), "--suite"): 3,
    }
    for arguments, status in cases.items():
        assert main(["check", *arguments]) == status, arguments
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        assert bool(told.out) == (status in (0, 1)), arguments
        assert told.err.startswith("callconv: ") == (status in (2, 3)), arguments


def test_a_file_of_another_form_fails_in_words(tmp_path):
    path = tmp_path / "ready.csv"
    text = write(path, count=2).read_text()
    for content, words in (
        (text.replace(",", ";").encode(), "';'"),
        (text.encode("utf-16"), "utf-16"),
        ((text + "1001,2\n").encode(), "line 4"),
        (text.replace("\n", "\n\n", 1).encode(), "blank lines: 1"),
    ):
        path.write_bytes(content)
        validation = suite.validate(path)
        assert words in " ".join(one.detail for one in validation.failed), words


def test_a_file_that_cannot_be_read_is_an_input_error(tmp_path):
    (tmp_path / "ready.csv").write_bytes(b"")
    with pytest.raises(InputError):
        suite.validate(tmp_path / "ready.csv")


# -- quiet ----------------------------------------------------------------------------------------

QUIET = """
import sys, warnings
warnings.simplefilter("error")
from callconv_kit import suite
validation = suite.validate(sys.argv[1])
suite.docs("docs-out", validation, now="2026-11-24T12:00:00Z")
assert validation.success
"""


def test_no_files_appear_elsewhere_nothing_is_sent_and_nothing_is_warned_of(tmp_path):
    """Every connection ends the process, and each folder is looked into."""
    home, temporary, work = (tmp_path / name for name in ("home", "tmp", "work"))
    for folder in (home, temporary, work):
        folder.mkdir()
    write(work / "ready.csv", count=2)
    hook = "import socket\ndef no(*_, **__): raise SystemExit('a connection')\nsocket.socket.connect = no\nsocket.getaddrinfo = no\n"
    (tmp_path / "sitecustomize.py").write_text(hook)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GX_", "XDG_"))}
    environment |= {
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "PYTHONPATH": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", QUIET, "ready.csv"],
        capture_output=True, text=True, cwd=work, env=environment, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in work.iterdir()) == ["docs-out", "ready.csv"]
    assert list(home.iterdir()) == []
    assert list(temporary.iterdir()) == []


def test_the_suite_is_not_imported_before_it_is_asked_for():
    code = "import sys, callconv_kit; assert 'great_expectations' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_analytics_are_off():
    engine.gx()
    assert os.environ["GX_ANALYTICS_ENABLED"].lower() == "false"
