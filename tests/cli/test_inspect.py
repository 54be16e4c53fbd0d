"""`callconv inspect` and `callconv presets`: what they print, for people and as JSON."""

import json
from pathlib import Path

import pytest

from callconv_kit.cli.main import main
from callconv_kit.job import PRESETS

from .terminal import Terminal

VENDORS = Path(__file__).parents[1] / "data" / "vendors"
KEYS = """
    file others preset fit fits encoding guessed_from_line delimiter header_line evidence rows more
    skipped columns constants unused missing mapping direction statuses skip_lines times
""".split()
COLUMN_KEYS = "name feeds may_mean fill filled distinct top_share samples shapes".split()
TIMES_KEYS = """
    column without_offset first_without two_readings first_of_two orders offsets by_hour busy_hours
""".split()
FIT_KEYS = "preset title form share known columns by".split()
SHARED_KEYS = "preset fit encoding delimiter header_line rows columns".split()
PRESET_KEYS = "name title about notes sources forms aliases settings".split()


def run(capsys, *arguments):
    status = main(arguments)
    shown = capsys.readouterr()
    return status, shown.out, shown.err


def test_the_whole_story_is_told(capsys):
    status, shown, _ = run(capsys, "inspect", str(VENDORS / "invoca_report.csv"))
    assert status == 0
    for words in (
        "57 rows, 17 columns",
        "encoding   utf-8: no byte-order mark, and its bytes are UTF-8",
        "header     line 4: 17 of its 17 cells are column names that the kit knows",
        "not calls  lines 1 (preamble), 2 (preamble)",
        "invoca (Invoca, names in reports): 100%, 17 of 17 columns are known",
        "carry no offset",
        "set timezone",
        "have two readings",
        "In every row: CallProvider = Invoca",
        "Required columns with no source yet",
        "callconv init",
    ):
        assert words in shown
    assert "***-***-" in shown


def test_columns_are_listed_with_what_they_hold_and_where_they_go(capsys):
    _, shown, _ = run(capsys, "inspect", str(VENDORS / "callrail_list.csv"))
    row = next(line for line in shown.splitlines() if line.startswith("Duration (seconds)"))
    _, filled, different, goes_to = row.replace("Duration (seconds)", "D").split()[:4]
    assert (filled, goes_to) == ("100%", "CallDuration")
    assert int(different) > 1


def test_what_is_only_alike_is_offered_with_the_option_that_takes_it(capsys, tmp_path):
    (tmp_path / "calls.csv").write_text("Customer Phone,City Name\n2125550123,Boston\n")
    _, shown, _ = run(capsys, "inspect", str(tmp_path / "calls.csv"))
    assert "CallerId from Customer Phone (sure): a known name for the caller" in shown
    assert "none fits" in shown


@pytest.mark.parametrize("share", [False, True])
def test_json_has_its_keys_and_nothing_else(capsys, share):
    path = str(VENDORS / "callrail_list.csv")
    status, shown, errors = run(capsys, "inspect", path, "--json", *["--share"] * share)
    told = json.loads(shown)
    assert (status, errors) == (0, "")
    assert list(told) == (SHARED_KEYS if share else KEYS)
    if not share:
        assert list(told["columns"][0]) == COLUMN_KEYS
        assert list(told["times"]) == TIMES_KEYS
        assert list(told["fits"][0]) == FIT_KEYS
        assert set(told["missing"][0]) == {"column", "how"}


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_what_is_shared_shows_headers_and_shapes_and_no_data(capsys, as_json):
    path = VENDORS / "callrail_list.csv"
    _, shown, _ = run(capsys, "inspect", str(path), "--share", *as_json)
    assert "(999) 999-9999" in shown
    assert "Recording Url" in shown
    lines = path.read_bytes().decode("cp1252").splitlines()[1:]
    cells = {cell for line in lines for cell in line.split(",") if len(cell) > 3}
    assert {cell for cell in cells if cell in shown} == set()
    assert path.name not in shown


def test_in_a_narrow_terminal_a_row_is_a_line(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes((VENDORS / "callrail_list.csv").read_bytes())
    with Terminal("inspect", "calls.csv", folder=tmp_path) as terminal:
        shown, status = terminal.end()
    assert status == 0
    table = shown[shown.index("column   ") : shown.index("Times (")].rstrip().splitlines()
    assert len(table) == 20
    assert max(map(len, table)) <= 100


def test_presets_are_listed(capsys):
    status, shown, _ = run(capsys, "presets")
    assert status == 0
    assert [line.split()[0] for line in shown.splitlines()[: len(PRESETS)]] == list(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_explained(capsys, name):
    status, shown, _ = run(capsys, "presets", name)
    assert status == 0
    for words in ("recognized by", "Column mapping:", "EventDate", "CallProvider", "Sources:"):
        assert words in shown
    status, shown, _ = run(capsys, "presets", name, "--json")
    told = json.loads(shown)
    assert list(told) == PRESET_KEYS
    assert told["name"] == name


def test_a_preset_of_ones_own_is_explained_by_its_path(capsys, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        '[preset]\nname = "mine"\ntitle = "Mine"\n'
        '[[preset.form]]\nname = "export"\nneeds = ["Nr"]\ncolumns = ["Nr", "Wann"]\n'
        '[columns]\nEventDate = "Wann"\n'
    )
    status, shown, _ = run(capsys, "presets", str(path))
    assert status == 0
    assert "EventDate                 Wann" in shown


WRONG = {
    "a name that is near one": ("invoka", 'Did you mean "invoca"?'),
    "a name that is none": ("zzzz", "callconv presets"),
    "a path where nothing is": ("nowhere.toml", "There is no preset file"),
}


@pytest.mark.parametrize(("name", "said"), WRONG.values(), ids=WRONG)
def test_a_preset_that_is_none_is_said_in_words(capsys, name, said):
    status, _, errors = run(capsys, "presets", name)
    assert status == 2
    assert said in errors


BAD = {
    "a missing file": (None, "There is no file"),
    "an empty file": (b"", "has no content"),
    "no table": (bytes(range(256)) * 20, "not a table of text"),
    "one column of prose": (b"Dear all,\nplease see below.\n", "No line of"),
}


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD)
def test_a_file_that_cannot_be_inspected_is_3(capsys, tmp_path, content, said):
    path = tmp_path / "calls.csv"
    if content is not None:
        path.write_bytes(content)
    status, shown, errors = run(capsys, "inspect", str(path))
    assert (status, shown) == (3, "")
    assert said in errors
