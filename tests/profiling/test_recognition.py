"""Whose export it is: each vendor's own, a stranger's nobody's; and what its columns may mean."""

import csv
import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

import callconv_kit as ck
from callconv_kit.mapping import preset as presets
from callconv_kit.model import spec
from callconv_kit.model.names import plain
from callconv_kit.profiling import recognize

VENDORS = Path(__file__).parents[1] / "data" / "vendors"
SAMPLES = {
    path.name: path.name.split("_")[0].split(".")[0]
    for path in [*sorted(VENDORS.glob("*.csv")), *sorted(VENDORS.glob("*.jsonl"))]
}
FORMS = {
    f"{preset.origin}, {form.name}": (preset.origin, form)
    for preset in presets.bundled()
    for form in preset.about.form
}
STRANGERS = {
    "a shop's orders": "Order,Customer,Email,Total,Created",
    "two words that a vendor has too": "id,name,status,amount,colour,size,weight",
    "the weather": "station,day,minimum,maximum,rain",
    "the format itself": ",".join(spec.NAMES),
    "another vendor of calls": "Call Ref,Client Phone,Dialled Number,Call Start Time,Length,Outcome",
    "some of what a vendor's form needs": "sid,from,to,when,seconds",
    "few of its columns a vendor's": "uuid,caller,dialed_call_duration,a,b,c,d,e,f,g,h,i,j",
}


def test_there_is_a_sample_of_each_preset():
    assert set(SAMPLES.values()) == {preset.origin for preset in presets.bundled()}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_its_own_vendors_and_no_others(name):
    seen = ck.inspect(VENDORS / name)
    assert seen.preset == SAMPLES[name]
    assert {fit.preset for fit in seen.fits} == {SAMPLES[name]}


@pytest.mark.parametrize(("vendor", "form"), FORMS.values(), ids=FORMS)
def test_a_form_with_all_its_columns_is_its_own_vendors(vendor, form):
    says = {"asterisk": "NO ANSWER", "freeswitch": "NO_ANSWER"}
    sample = {plain(name): [says[vendor]] for name in form.cells}
    fits = recognize(form.columns, has_header=not form.headerless, sample=sample)
    assert [fit.preset for fit in fits] == [vendor]
    assert fits[0].share == 1


@pytest.mark.parametrize("header", STRANGERS.values(), ids=STRANGERS)
def test_a_strangers_file_is_nobodys(tmp_path, header):
    path = tmp_path / "stranger.csv"
    path.write_text(f"{header}\n{','.join('x' for _ in header.split(','))}\n")
    seen = ck.inspect(path)
    assert (seen.preset, seen.fit, seen.fits) == (None, 0.0, ())
    assert [column.name for column in seen.columns] == header.split(",")


def test_columns_added_by_hand_do_not_hide_whose_export_it_is(tmp_path):
    lines = (VENDORS / "ringba_labels.csv").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "more.csv"
    path.write_text(
        "\n".join([f"{lines[0]},My Notes,Checked"] + [f"{line},," for line in lines[1:]])
    )
    seen = ck.inspect(path)
    assert seen.preset == "ringba"
    assert seen.fit < 1
    assert {"My Notes", "Checked"} <= set(seen.unused)


def test_a_preset_that_is_named_is_measured_however_little_it_fits(tmp_path):
    path = tmp_path / "stranger.csv"
    path.write_text("Order,Customer,City\n1,2,3\n")
    (fit,) = ck.inspect(path, preset="ringba").fits
    assert (fit.preset, fit.known, fit.columns, fit.share) == ("ringba", 0, 3, 0.0)


def test_no_preset_may_be_asked_for():
    seen = ck.inspect(VENDORS / "callrail_list.csv", preset="")
    assert seen.preset is None
    assert "CallerId" in seen.missing


def test_a_master_csv_is_known_without_a_header():
    seen = ck.inspect(VENDORS / "asterisk.csv")
    assert (seen.preset, seen.header_line) == ("asterisk", 0)
    assert "the first line is already a row" in seen.evidence["header_line"]


CAUSES = {
    "hangup causes": (["NORMAL_CLEARING", "NO_ANSWER", "USER_BUSY"], "freeswitch"),
    "hangup causes, and a word that both use": (
        ["NORMAL_CLEARING", "FAILED", "NO_ANSWER"],
        "freeswitch",
    ),
    "dispositions": (["ANSWERED", "NO ANSWER", "BUSY"], "asterisk"),
    "dispositions as numbers": (["4", "1"], "asterisk"),
    "blanks": (["", "ANSWERED", ""], "asterisk"),
}


@pytest.mark.parametrize(("words", "vendor"), CAUSES.values(), ids=CAUSES)
@pytest.mark.parametrize("headed", [True, False], ids=["headed", "headerless"])
def test_a_call_log_with_hangup_causes_is_not_asterisks(tmp_path, words, vendor, headed):
    header = FORMS["asterisk, Master.csv with uniqueid and userfield"][1].columns
    row = dict.fromkeys(header, "") | {
        "src": "6175550123", "dst": "8005550142", "start": "2026-11-12 09:30:05",
        "end": "2026-11-12 09:33:26", "duration": "201", "billsec": "187", "uniqueid": "1.2",
    }  # fmt: skip
    with (tmp_path / "Master.csv").open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([header] if headed else [])
        writer.writerows([*(row | {"disposition": word}).values()] for word in words)
    seen = ck.inspect(tmp_path / "Master.csv")
    assert [fit.preset for fit in seen.fits] == [vendor]
    assert seen.fit == 1


def test_a_table_of_as_many_columns_as_a_master_csv_is_none(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{n}" for n in range(18)) + "\n" + ",".join("x" * 18) + "\n")
    assert ck.inspect(path).preset is None


def test_a_frame_an_archive_and_a_file_are_recognized_alike(tmp_path):
    path = VENDORS / "callrail_api.csv"
    packed = tmp_path / "calls.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    frame = pd.read_csv(path, dtype=str)
    seen = [ck.inspect(source) for source in (path, packed, frame)]
    assert {each.preset for each in seen} == {"callrail"}
    assert {each.rows for each in seen} == {57}


def test_what_is_proposed_is_never_applied(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text("Customer Phone,Date Time,Length\n(212) 555-0123,2026-11-20 09:30,201\n")
    seen = ck.inspect(path)
    assert seen.similar == {
        "Customer Phone": "CallerId",
        "Date Time": "EventDate",
        "Length": "CallDuration",
    }
    assert seen.feeds == {}
    with pytest.raises(ck.InputError, match="column"):
        ck.prepare(path)


def test_the_inspection_is_plain_data():
    seen = ck.inspect(VENDORS / "twilio.csv")
    assert json.loads(json.dumps(seen.as_dict())) == seen.as_dict()


@pytest.mark.parametrize("width", [17, 20])
def test_no_call_becomes_the_header_of_a_log_whose_columns_are_unknown(tmp_path, width):
    rows = (VENDORS / "asterisk.csv").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "Master.csv"
    cells = [next(csv.reader([row])) for row in rows]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([*row[:17], "", row[16], "12"][:width] for row in cells)
    for settings in ({}, {"preset": "asterisk"}):
        with pytest.raises(ck.InputError, match="callconv presets asterisk"):
            ck.inspect(path, **settings)
    with pytest.raises(ck.InputError, match=f"{width} columns"):
        ck.prepare(path, preset="asterisk", timezone="UTC")
