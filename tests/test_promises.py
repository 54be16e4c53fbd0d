"""The promises of the design, held over generated messy files.

Nothing is lost, nothing is sent twice, nothing leaks, inputs are never changed; and what is ready
is right by `check` and by the mock's own judge.
"""

import csv
import hashlib
import io
import json
import re
import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings

import callconv_kit as ck
from callconv_kit.model import spec
from mock_server.judge import judge_header, judge_rows
from mock_server.reading import read_lines

from .messy_files import NOW, SETTINGS, MessyFile, messy_files

pytestmark = pytest.mark.slow

generated = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def table(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def prepared_in(folder: str, file: MessyFile, **more) -> tuple[ck.Prepared, Path]:
    source = Path(folder, "calls.csv")
    source.write_bytes(file.data)
    out = Path(folder, "out")
    return ck.prepare(source, out=out, **{**SETTINGS, **more}), out


def refused_by_the_mock(path: Path) -> list[str]:
    """What the mock's own judge says of a file; nothing where it takes it whole."""
    with path.open("rb") as source:
        lines = read_lines(source)
        header = next(lines).cells
        refusal = judge_header(header)
        if refusal is not None:
            return [refusal.wants]
        verdicts = judge_rows(header, lines, datetime.fromisoformat(NOW))
        return [f"{why.column}: {why.wants}" for _, _, why in verdicts if why is not None]


@generated
@given(messy_files())
def test_each_row_is_ready_or_rejected_or_left_out_with_its_line_and_its_cells(file):
    with tempfile.TemporaryDirectory() as folder:
        prepared, out = prepared_in(folder, file)
        summary = prepared.summary
        counts = {word: summary[f"rows_{word}"] for word in ("ready", "rejected", "left_out")}
        assert summary["rows_read"] == sum(counts.values()) == len(file.rows)
        written = dict(file.rows)
        set_aside = set()
        for name in ("rejected", "left_out"):
            header, *rows = table(out / f"{name}.csv")
            assert header[4 : 4 + len(file.header)] == file.header
            assert len(rows) == counts[name]
            for source_file, line, codes, reasons, *cells in rows:
                own = written[int(line)]
                assert source_file == "calls.csv"
                assert codes
                assert reasons
                assert cells[: len(own)] == own
                assert not any(cells[len(own) :])
                set_aside.add(int(line))
        assert len(set_aside) == counts["rejected"] + counts["left_out"]
        assert len(table(out / "ready.csv")) - 1 == counts["ready"]


@generated
@given(messy_files())
def test_what_is_ready_passes_check_and_the_mocks_own_judge(file):
    with tempfile.TemporaryDirectory() as folder:
        _, out = prepared_in(folder, file)
        checked = ck.check(out / "ready.csv", now=NOW)
        assert checked.findings.query("severity == 'error'").empty
        assert checked.exit_status == 0
        assert refused_by_the_mock(out / "ready.csv") == []


@generated
@given(messy_files())
def test_nothing_is_sent_twice(file):
    with tempfile.TemporaryDirectory() as folder:
        prepared, _ = prepared_in(folder, file)
        by_event, by_session = set(), set()
        for row in prepared.ready.to_dict("records"):
            keys, name = (
                (by_event, spec.EVENT_KEY)
                if row["VendorEventId"]
                else (by_session, spec.SESSION_KEY)
            )
            key = tuple(row[column] for column in name)
            assert key not in keys
            keys.add(key)


@generated
@given(messy_files())
def test_inputs_are_never_changed_and_what_is_ready_is_what_the_summary_says(file):
    with tempfile.TemporaryDirectory() as folder:
        prepared, out = prepared_in(folder, file)
        (account,) = prepared.summary["inputs"]
        now_there = Path(folder, "calls.csv").read_bytes()
        assert now_there == file.data
        assert account["sha256"] == hashlib.sha256(file.data).hexdigest()
        ready = (out / "ready.csv").read_bytes()
        assert prepared.summary["ready_sha256"] == hashlib.sha256(ready).hexdigest()
        assert json.loads((out / "summary.json").read_text(encoding="utf-8")) == prepared.summary


@generated
@given(messy_files())
def test_the_same_input_gives_the_same_bytes_and_ready_prepared_again_is_itself(file):
    with tempfile.TemporaryDirectory() as folder:
        _, out = prepared_in(folder, file)
        first = (out / "ready.csv").read_bytes()
        _, out = prepared_in(folder, file)
        assert (out / "ready.csv").read_bytes() == first
        again = ck.prepare(out / "ready.csv", out=Path(folder, "again"), **SETTINGS)
        assert (Path(folder, "again") / "ready.csv").read_bytes() == first
        assert again.summary["changes"] == []


RIGHT = {
    "CampaignId": "1001",
    "MediaId": "20012",
    "EventDate": "2026-11-20T09:30:00-05:00",
    "ActionTrackerId": "30021",
    "CallProvider": "Invoca",
    "CallerId": "2125550123",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": "201",
    "TalkDuration": "187",
    "CallStatus": "ANSWER",
    "SaleAmount": "12.00",
}


@generated
@given(messy_files())
def test_rejected_rows_corrected_in_place_feed_back_and_become_ready(file):
    with tempfile.TemporaryDirectory() as folder:
        _, out = prepared_in(folder, file)
        header, *rows = table(out / "rejected.csv")
        assume(rows)
        names = {re.sub(r"[ _]", "", name).lower(): at for at, name in enumerate(header)}
        for number, row in enumerate(rows):
            row += [""] * (len(header) - len(row))
            for column in spec.NAMES:
                at = names.get(column.lower())
                if at is not None:
                    row[at] = RIGHT.get(column, "")
            row[names["callsessionid"]] = f"corrected-{number}"
            # A short row whose last cell stays empty is complete once its code says so no more.
            row[names["codes"]] = row[names["codes"]].replace("field_count", "")
            for at, name in enumerate(header):
                if name.startswith("extra_"):
                    row[at] = ""
        corrected = io.StringIO()
        csv.writer(corrected).writerows([header, *rows])
        path = Path(folder, "corrected.csv")
        path.write_text(corrected.getvalue(), encoding="utf-8", newline="")
        again = ck.prepare(path, out=Path(folder, "again"), **SETTINGS)
        assert again.summary["rows_ready"] == again.summary["rows_read"] == len(rows)
        assert again.exit_status == 0


def test_what_is_still_wrong_keeps_its_first_file_and_line_when_it_is_fed_back(tmp_path):
    header = ",".join(["CallSessionId", *(name for name in RIGHT)])
    right = ",".join(RIGHT.values())
    (tmp_path / "a.csv").write_text(
        f"{header}\nS1,{right}\nS2,{right.replace('201,187', 'long,187')}\n"
    )
    ck.prepare(tmp_path / "a.csv", out=tmp_path / "one", **SETTINGS)
    rejected = tmp_path / "one" / "rejected.csv"
    fed = tmp_path / "fed.csv"
    fed.write_bytes(rejected.read_bytes())
    again = ck.prepare(fed, out=tmp_path / "two", **{**SETTINGS, "max_rejected_share": 0.1})
    # Every row is rejected once more, and yet the share does not stop a file that is fed back.
    assert again.exit_status == 1
    assert (tmp_path / "two" / "rejected.csv").read_bytes() == rejected.read_bytes()


HOSTILE = {
    "formula": '=HYPERLINK("http://evil.example","x")',
    "markup": "<script>alert(1)</script>&amp;",
    "terminal escape, as text": "\\x1b[31mred\\x1b[0m",
    "emoji with joiners": "👩‍👩‍👧 ünïcödé",
    "quotes and separators": '"a", b; c\td|e',
}
FREE_TEXT = [
    column.name
    for column in spec.COLUMNS
    if column.kind is spec.Kind.TEXT and column.name not in {"CallSessionId", "VendorEventId"}
]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_reaches_ready_unharmed_in_every_free_text_column(text, tmp_path):
    row = {**RIGHT, "CallSessionId": "S1", **dict.fromkeys(FREE_TEXT, text)}
    source = tmp_path / "calls.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(row), list(row.values())])
    prepared = ck.prepare(source, out=tmp_path / "out", **SETTINGS)
    # A tab is a control character to the mock's judge, and is taken out; see the rules for text.
    wanted = text.replace("\t", " ")
    (ready,) = prepared.ready.to_dict("records")
    assert {name: ready[name] for name in FREE_TEXT} == dict.fromkeys(FREE_TEXT, wanted)
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in report
    assert refused_by_the_mock(tmp_path / "out" / "ready.csv") == []


SECRET = "2125550987"
PHONE_SPELLINGS = {
    "digits": SECRET,
    "E.164": "+12125550987",
    "punctuated": "(212) 555-0987",
    "too many digits": "21255509871234567890",
    "two numbers": "2125550987 / 2125550988",
    "rounded by a spreadsheet": "2.125550987E+09",
    "keypad letters": "212-555-XYZ7",
    "an address": "sip:2125550987@pbx.example.com",
}


@pytest.mark.parametrize("spelling", PHONE_SPELLINGS.values(), ids=PHONE_SPELLINGS)
@pytest.mark.parametrize("column", sorted(spec.PERSONAL))
def test_no_full_phone_number_leaves_the_csvs(column, spelling, tmp_path):
    row = {**RIGHT, "CallSessionId": "S1", column: spelling}
    broken = {**row, "CallSessionId": "S2", "CallDuration": "long"}
    source = tmp_path / "calls.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(row), list(row.values()), list(broken.values())])
    out = tmp_path / "out"
    prepared = ck.prepare(source, out=out, **SETTINGS)
    digits = re.sub(r"[^0-9]", "", spelling)[:10]
    for text in (
        repr(prepared),
        prepared._repr_html_(),
        prepared.findings.to_string(),
        prepared.changes.to_string(),
        (out / "summary.json").read_text(encoding="utf-8"),
        (out / "report.html").read_text(encoding="utf-8"),
    ):
        assert spelling not in text
        assert len(digits) < 10 or digits not in re.sub(r"[ ().+-]", "", text)
    for row_of in table(out / "rejected.csv")[1:]:
        assert spelling not in row_of[3]


def test_masks_come_off_on_wish(tmp_path):
    row = {**RIGHT, "CallSessionId": "S1", "CallerId": "511511511"}
    source = tmp_path / "calls.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(row), list(row.values())])
    for mask, shown in ((True, "*****1511"), (False, "511511511")):
        prepared = ck.prepare(source, mask=mask, **SETTINGS)
        (finding,) = (item for item in prepared.summary["findings"] if item["severity"] == "error")
        assert finding["examples"][0]["value"] == shown
        assert prepared.findings["value"].tolist() == [shown]
