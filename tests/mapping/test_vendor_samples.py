"""Each vendor's sample export, its preset, and the files of `prepare`.

`python tests/data/vendors/make_exports.py` makes the exports. What must come of them lies in
tests/data/vendors/expected, reviewed cell by cell; `python tests/mapping/test_vendor_samples.py`
writes it anew after a change that is meant.
"""

import csv
import importlib.util
import io
from pathlib import Path

import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.mapping import preset as presets
from callconv_kit.model import spec
from callconv_kit.profiling import questions

VENDORS = Path(__file__).parents[1] / "data" / "vendors"
EXPECTED = VENDORS / "expected"
NOW = "2026-11-24T12:00:00+00:00"
ZONE = {"timezone": "America/New_York"}
IDS = {"CampaignId": "1001", "MediaId": "20012", "ActionTrackerId": "30021"}
SAMPLES = {
    "invoca_api.csv": ("invoca", {}),
    "invoca_report.csv": ("invoca", {**ZONE, "date_order": "month-first"}),
    "callrail_api.csv": ("callrail", {"called_number": "destination", "talk_time": "call_if_answered"}),
    "callrail_list.csv": (
        "callrail",
        {**ZONE, "session_id_from": "Recording Url", "talk_time": "call_if_answered"},
    ),
    "ringba_api.csv": ("ringba", {"called_number": "destination"}),
    "ringba_labels.csv": (
        "ringba",
        {**ZONE, "date_order": "month-first", "called_number": "destination"},
    ),
    "calltrackingmetrics.jsonl": ("calltrackingmetrics", {"called_number": "destination"}),
    "retreaver.jsonl": ("retreaver", {"called_number": "destination"}),
    "twilio.csv": ("twilio", {}),
    "trackdrive.csv": ("trackdrive", {"called_number": "destination"}),
    "dialogtech.csv": (
        "dialogtech",
        {**ZONE, "called_number": "destination", "talk_time": "call_if_answered"},
    ),
    "asterisk.csv": ("asterisk", ZONE),
    "asterisk_freepbx.csv": ("asterisk", ZONE),
    "freeswitch_fusionpbx.csv": ("freeswitch", ZONE),
    "freeswitch_master.csv": ("freeswitch", ZONE),
    "freeswitch_asterisk.csv": ("freeswitch", ZONE),
    "twilio_titled.csv": ("twilio", {}),
    "aircall.csv": ("aircall", {}),
    "ringcentral_simple.csv": (
        "ringcentral",
        {
            **ZONE,
            "CalledPhoneNumber": "8005550199",
            "session_id_from": "Phone Number, Date, Time",
            "talk_time": "call_if_answered",
        },
    ),
    "3cx.csv": ("3cx", {**ZONE, "CalledPhoneNumber": "8005550199"}),
    "talkdesk.csv": ("talkdesk", {**ZONE, "date_order": "month-first"}),
    "dialpad.csv": ("dialpad", ZONE),
    "ringcentral_detailed.csv": ("ringcentral", {**ZONE, "talk_time": "call_if_answered"}),
}  # fmt: skip
"""Each sample's vendor, and the answers to what init asks of it beside the ids."""
HEADERLESS = ("asterisk.csv", "freeswitch_master.csv", "freeswitch_asterisk.csv")
FILES = ("ready.csv", "rejected.csv", "left_out.csv")
NOT_INBOUND = {"outbound", "not_a_call", "child_leg", "call_in_progress", "duplicate_row", "superseded", "left_out_by_rule"}  # fmt: skip


def settings_of(name):
    """The sample's preset and the answers as the settings of a job."""
    preset, answers = SAMPLES[name]
    constants = {column: value for column, value in answers.items() if column in spec.BY_NAME}
    settings = {key: value for key, value in answers.items() if key not in constants}
    if "session_id_from" in settings:
        settings["session_id_from"] = settings["session_id_from"].split(", ")
    return {"preset": preset, "constants": {**IDS, **constants}, **settings}


def run(name, folder):
    """Prepare the sample with its preset and the answers."""
    # The key of derived session ids lies beside the ledger.
    settings = {**settings_of(name), "ledger": str(folder / "ledger.sqlite")}
    return ck.prepare(VENDORS / name, out=folder / "out", now=NOW, **settings)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """What came of each sample."""
    done = {}

    def of(name):
        if name not in done:
            done[name] = run(name, tmp_path_factory.mktemp("vendor"))
        return done[name]

    return of


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_is_recognized_as_its_own_vendors_and_no_others(name):
    seen = ck.inspect(VENDORS / name)
    assert seen.preset == SAMPLES[name][0]
    assert seen.fit >= 0.9
    assert {fit.preset for fit in seen.fits} == {seen.preset}


QUESTION = {"session_id_from": "call_id", "CampaignId": "campaign", "MediaId": "partner", "ActionTrackerId": "tracker"}  # fmt: skip
"""The ids of init's questions whose settings have other names."""


LEFT_OPEN = {"twilio": ("talk_time",)}
"""What `init` asks of a preset's samples though the job may do without: empty, some rows fail."""


@pytest.mark.parametrize("name", SAMPLES)
def test_init_asks_what_the_sample_leaves_open_and_at_most_eight_questions(name):
    asked = {question.id for question in questions(ck.inspect(VENDORS / name))}
    wanted = {*SAMPLES[name][1], *IDS, *LEFT_OPEN.get(SAMPLES[name][0], ())} - {"called_number"}
    columns = {key: f"map.{key}" for key in spec.NAMES}
    ids = {QUESTION.get(key, columns.get(key, key)) for key in wanted}
    assert {key for key in asked if not key.startswith("status.")} == ids
    assert len(asked) <= 8


@pytest.mark.parametrize("name", SAMPLES)
def test_nearly_every_inbound_call_is_ready_and_every_other_row_explained(prepared, name):
    done = prepared(name)
    inbound = done.summary["rows_read"] - sum(
        codes in NOT_INBOUND for codes in done.left_out["codes"]
    )
    assert inbound >= 45
    assert done.summary["rows_ready"] >= 0.9 * inbound
    for aside in (done.rejected, done.left_out):
        assert (aside["codes"].str.len() > 0).all()
        assert (aside["reasons"].str.len() > 0).all()


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", SAMPLES)
def test_what_comes_of_each_sample_is_what_was_reviewed(prepared, name, file):
    stored = EXPECTED / f"{Path(name).stem}_{file}"
    done = (prepared(name).folder / file).read_text(encoding="utf-8")
    if file == "ready.csv":
        done = without_empty_columns(done)
    elif SAMPLES[name][1].get("session_id_from"):
        assert "session" not in done
    assert masked(done, name) == stored.read_text(encoding="utf-8")


def without_empty_columns(text):
    """A ready.csv with the columns that hold something, as a person reviews it."""
    header, *rows = csv.reader(io.StringIO(text))
    kept = [at for at in range(len(header)) if any(row[at] for row in rows)]
    shown = io.StringIO()
    writer = csv.writer(shown, lineterminator="\n")
    writer.writerows([row[at] for at in kept] for row in [header, *rows])
    return shown.getvalue()


def masked(text, name):
    """Derived session ids hang on a key of the machine; they are told apart, not compared."""
    if "session_id_from" not in SAMPLES[name][1] or not text.startswith("CampaignId"):
        return text
    header, *rows = csv.reader(io.StringIO(text))
    at = header.index("CallSessionId")
    assert len({row[at] for row in rows}) == len(rows)
    for row in rows:
        row[at] = "derived"
    shown = io.StringIO()
    csv.writer(shown, lineterminator="\n").writerows([header, *rows])
    return shown.getvalue()


@pytest.mark.parametrize("name", SAMPLES)
def test_the_script_makes_the_stored_samples(name):
    spec = importlib.util.spec_from_file_location("make_exports", VENDORS / "make_exports.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert maker.export(name) == (VENDORS / name).read_bytes()


@pytest.mark.parametrize("preset", presets.PRESETS)
def test_each_preset_has_a_sample(preset):
    assert preset in {vendor for vendor, _ in SAMPLES.values()}


@pytest.mark.parametrize(
    "name", [name for name in SAMPLES if name.endswith(".csv") and name not in HEADERLESS]
)
def test_a_frame_that_pandas_read_gives_the_same_rows_or_says_what_pandas_lost(name, tmp_path):
    """`pd.read_csv` guesses types: digits may be lost, but nothing else may differ."""
    text = (VENDORS / name).read_text(encoding="cp1252" if "list" in name else "utf-8")
    if name == "invoca_report.csv":
        text = "".join(text.splitlines(keepends=True)[3:-1])
    (tmp_path / "calls.csv").write_text(text, encoding="utf-8")
    # One folder, and so one key of derived session ids.
    settings = {**settings_of(name), "now": NOW, "ledger": str(tmp_path / "ledger.sqlite")}
    from_file = ck.prepare(tmp_path / "calls.csv", **settings)
    frame = pd.read_csv(tmp_path / "calls.csv")
    from_frame = ck.prepare(frame, **settings)
    file_rows, frame_rows = (
        {row["CallSessionId"]: row for row in done.ready.to_dict("records")}
        for done in (from_file, from_frame)
    )
    # +7378742883 spells "private"; the number that pandas made of it may be a Texan's, and is
    # warned of.
    more = set(frame_rows) - set(file_rows)
    warned = [f for f in from_frame.summary["findings"] if f["code"] == "caller_maybe_unknown"]
    assert len(more) == sum(finding["rows"] for finding in warned)
    assert set(file_rows) <= set(frame_rows)
    differing = []
    for session, row in file_rows.items():
        differing += [name for name in row if row[name] != frame_rows[session][name]]
    lost = [f for f in from_frame.summary["findings"] if f["code"] == "digits_lost"]
    # A number holds no leading zeros; without a country nobody can tell that one is missing.
    assert [(f["column"], f["rows"]) for f in lost] == (
        [("Zip", len(differing))] if differing else []
    )
    assert set(differing) <= {"Zip"}


if __name__ == "__main__":
    import tempfile

    EXPECTED.mkdir(exist_ok=True)
    for sample in SAMPLES:
        with tempfile.TemporaryDirectory() as folder:
            made = run(sample, Path(folder))
            for output in FILES:
                written = (made.folder / output).read_text(encoding="utf-8")
                if output == "ready.csv":
                    written = without_empty_columns(written)
                stored_as = EXPECTED / f"{Path(sample).stem}_{output}"
                stored_as.write_text(masked(written, sample), encoding="utf-8")
