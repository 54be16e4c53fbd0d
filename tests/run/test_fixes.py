"""rejected.csv corrected and fed back: by `fixes`, alone, as a workbook."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from callconv_kit.model.errors import InputError, UsageError
from callconv_kit.run.prepared import prepare

NOW = "2026-09-12T00:00:00+00:00"
CALL = {
    "CampaignId": "1001",
    "MediaId": "20012",
    "EventDate": "2026-09-10T22:55:32-08:00",
    "ActionTrackerId": "30021",
    "CallProvider": "Invoca",
    "CallSessionId": "S-1",
    "CallerId": "2125550101",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": "201",
    "TalkDuration": "187",
    "CallStatus": "ANSWER",
    "City": "Boston",
    "SaleAmount": "",
}
HEADER = list(CALL)


def call(number, **cells):
    """A call of its own number, but for these cells."""
    own = {"CallSessionId": f"S-{number}", "CallerId": f"212555{100 + number:04d}"}
    return list({**CALL, **own, **cells}.values())


def as_csv(rows, header=HEADER):
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([header, *rows])
    return buffer.getvalue()


def rows_of(path):
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def run(tmp_path, *inputs, **options):
    options.setdefault("max_rejected_share", 1.0)
    return prepare(list(inputs), now=NOW, out=tmp_path / "out", **options)


def rejected_of(tmp_path, *inputs, **options):
    """The lines of the rejected.csv of a run."""
    run(tmp_path, *inputs, **options)
    return rows_of(tmp_path / "out" / "rejected.csv")


def saved(tmp_path, lines, name="fixes.csv"):
    path = tmp_path / name
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    return path


def corrected(lines, line, **cells):
    """The lines of a rejected.csv with these cells corrected in the row of a source line."""
    header = lines[0]
    fixed = [list(row) for row in lines]
    row = next(row for row in fixed[1:] if row[1] == str(line))
    for name, cell in cells.items():
        row[header.index(name)] = cell
    return fixed


def sessions(prepared):
    return prepared.ready["CallSessionId"].tolist()


@pytest.fixture
def export(tmp_path):
    """An export of five calls: lines 3 and 5 are rejected."""
    rows = [call(1), call(2, CallerId="2125"), call(3), call(4, CallStatus="gone"), call(5)]
    path = tmp_path / "calls.csv"
    path.write_text(as_csv(rows))
    return path


# -- what fixes do ------------------------------------------------------------------------------


def test_corrected_rows_stand_in_their_places_in_one_ready_file(tmp_path, export):
    lines = rejected_of(tmp_path, export)
    lines = corrected(corrected(lines, 3, CallerId="2125550177"), 5, CallStatus="CANCEL")
    prepared = run(tmp_path, export, fixes=saved(tmp_path, lines))
    assert sessions(prepared) == ["S-1", "S-2", "S-3", "S-4", "S-5"]
    assert prepared.ready["CallerId"][1] == "2125550177"
    assert (prepared.summary["rows_read"], prepared.summary["rows_rejected"]) == (5, 0)
    assert prepared.exit_status == 0


def test_the_same_file_as_from_an_export_that_was_right_from_the_start(tmp_path, export):
    lines = rejected_of(tmp_path, export)
    lines = corrected(corrected(lines, 3, CallerId="2125550177"), 5, CallStatus="CANCEL")
    mended = run(tmp_path, export, fixes=saved(tmp_path, lines)).ready_file.read_bytes()
    right = tmp_path / "right.csv"
    right.write_text(
        export.read_text().replace(",2125,", ",2125550177,").replace(",gone,", ",CANCEL,")
    )
    assert run(tmp_path, right).ready_file.read_bytes() == mended


def test_a_row_that_was_not_corrected_is_rejected_again_and_the_share_does_not_count(
    tmp_path, export
):
    lines = corrected(rejected_of(tmp_path, export), 3, CallerId="2125550177")
    prepared = run(tmp_path, export, fixes=saved(tmp_path, lines), max_rejected_share=0.0)
    assert prepared.problem is None
    assert prepared.rejected[["source_file", "source_line", "codes"]].values.tolist() == [
        ["calls.csv", 5, "status_unknown"]
    ]


def test_a_row_that_was_corrected_wrongly_is_rejected_with_its_new_cells(tmp_path, export):
    lines = corrected(rejected_of(tmp_path, export), 3, CallerId="212")
    prepared = run(tmp_path, export, fixes=saved(tmp_path, lines))
    assert prepared.rejected["CallerId"].tolist()[0] == "212"
    assert prepared.rejected["source_line"].tolist() == [3, 5]


def test_fixes_can_be_corrected_again(tmp_path, export):
    lines = corrected(rejected_of(tmp_path, export), 3, CallerId="2125550177")
    again = rejected_of(tmp_path, export, fixes=saved(tmp_path, lines))
    again = corrected(again, 5, CallStatus="CANCEL")
    both = [saved(tmp_path, [lines[0], lines[1]], "one.csv"), saved(tmp_path, again, "two.csv")]
    assert len(sessions(run(tmp_path, export, fixes=both))) == 5


def test_rows_taken_out_of_the_fixes_stay_as_they_were(tmp_path, export):
    lines = rejected_of(tmp_path, export)
    prepared = run(tmp_path, export, fixes=saved(tmp_path, lines[:1]))
    assert prepared.summary["rows_rejected"] == 2


def test_a_fix_may_correct_what_only_warned_too(tmp_path, export):
    lines = corrected(rejected_of(tmp_path, export), 3, CallerId="2125550177", City="Quincy")
    prepared = run(tmp_path, export, fixes=saved(tmp_path, lines))
    assert prepared.ready["City"].tolist()[1] == "Quincy"


def test_a_short_row_that_is_completed_takes_its_place(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(1), call(2)[:-3], [*call(3), "x", "y"], call(4)]))
    lines = rejected_of(tmp_path, path)
    assert [len(line) for line in lines] == [19, 14, 19]
    lines[1] += ["ANSWER", "", ""]
    lines[2][-2:] = ["", ""]
    prepared = run(tmp_path, path, fixes=saved(tmp_path, lines))
    assert sessions(prepared) == ["S-1", "S-2", "S-3", "S-4"]


def test_fixes_of_several_files_go_each_to_its_own(tmp_path):
    renamed = ["Caller" if name == "CallerId" else name for name in HEADER]
    (tmp_path / "a.csv").write_text(as_csv([call(1, CallerId="1"), call(2)]))
    (tmp_path / "b.csv").write_text(as_csv([call(3, CallStatus="?"), call(4)[:-1]], renamed))
    inputs = (tmp_path / "a.csv", tmp_path / "b.csv")
    columns = {"CallerId": ["CallerId", "Caller"]}
    (tmp_path / "a.csv").write_text((tmp_path / "a.csv").read_text())
    lines = rejected_of(tmp_path, *inputs, columns=columns)
    assert lines[0][4:] == [*HEADER, "Caller"]
    lines = corrected(lines, 2, CallerId="2125550188")
    lines[2][lines[0].index("CallStatus")] = "ANSWER"
    short = lines[3]
    short += [""] * (len(lines[0]) - len(short))
    prepared = run(tmp_path, *inputs, columns=columns, fixes=saved(tmp_path, lines))
    assert sessions(prepared) == ["S-1", "S-2", "S-3", "S-4"]


def test_a_conflict_is_resolved_by_a_fix(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(1), call(1, CallDuration="300")]))
    lines = rejected_of(tmp_path, path)
    assert [line[2] for line in lines[1:]] == ["conflicting_duplicate"] * 2
    lines = corrected(lines, 3, CallDuration="201")
    prepared = run(tmp_path, path, fixes=saved(tmp_path, lines))
    assert sessions(prepared) == ["S-1"]
    assert prepared.left_out["codes"].tolist() == ["duplicate_row"]


def test_left_out_rows_can_be_corrected_as_well(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(1), call(1)]))
    run(tmp_path, path)
    lines = corrected(rows_of(tmp_path / "out" / "left_out.csv"), 3, CallSessionId="S-2")
    prepared = run(tmp_path, path, fixes=saved(tmp_path, lines))
    assert sessions(prepared) == ["S-1", "S-2"]


def test_fixes_that_a_spreadsheet_saved_with_semicolons_are_read(tmp_path, export):
    lines = corrected(rejected_of(tmp_path, export), 3, CallerId="2125550177")
    path = tmp_path / "fixes.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=";").writerows(lines)
    prepared = run(tmp_path, export, fixes=path, delimiter=",", header_line=1)
    assert sessions(prepared) == ["S-1", "S-2", "S-3", "S-5"]


# -- what they refuse ---------------------------------------------------------------------------


def inserted(rows):
    return [call(9), *rows]


def changed(at, **cells):
    def change(rows):
        return [
            list({**dict(zip(HEADER, row, strict=True)), **cells}.values()) if i == at else row
            for i, row in enumerate(rows)
        ]

    return change


STALE = {
    "a row was inserted above": inserted,
    "a row was inserted above that is wrong in the same way": lambda rows: [
        call(8),
        call(9, CallerId="2125"),
        *rows,
    ][1:],
    "the row is gone": lambda rows: rows[:1],
    "the row was corrected in the export": changed(1, CallerId="2125550166"),
    "the row is wrong in another way": changed(1, CallerId="21255599"),
    "the row has another amount": changed(1, SaleAmount="12.00"),
    "the row is another call": changed(1, CallSessionId="S-77"),
    "the row has another length": lambda rows: [rows[0], rows[1][:-1], *rows[2:]],
}


@pytest.mark.parametrize("change", STALE.values(), ids=STALE)
def test_a_fix_for_a_row_that_is_no_longer_the_same_is_refused(tmp_path, change):
    path = tmp_path / "calls.csv"
    rows = [call(1), call(2, CallerId="2125"), call(3)]
    path.write_text(as_csv(rows))
    lines = corrected(rejected_of(tmp_path, path), 3, CallerId="2125550177")
    path.write_text(as_csv(change(rows)))
    with pytest.raises(InputError, match=r"calls\.csv line 3") as caught:
        run(tmp_path, path, fixes=saved(tmp_path, lines))
    assert (caught.value.code, caught.value.exit_status) == ("fix_refused", 3)
    assert "2125550177" not in str(caught.value)
    assert not (tmp_path / "out" / "ready.csv").exists()


STALE_FIXES = {
    "one": ([3], "1 fix is for a row"),
    "two": ([3, 4], "2 fixes are for a row"),
}


@pytest.mark.parametrize(("stale", "said"), STALE_FIXES.values(), ids=STALE_FIXES)
def test_the_fixes_that_are_refused_are_counted(tmp_path, stale, said):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(1), call(2, CallerId="2125"), call(3, CallerId="2126")]))
    lines = rejected_of(tmp_path, path)
    rows = {line: call(line - 1, CallSessionId="S-77") for line in stale}
    path.write_text(as_csv([call(1), *(rows.get(line, lines[line - 2][4:]) for line in (3, 4))]))
    fixes = saved(tmp_path, corrected(lines, 3, CallerId="2125550177"))
    fixes = saved(tmp_path, corrected(rows_of(fixes), 4, CallerId="2125550178"))
    with pytest.raises(InputError, match=said):
        run(tmp_path, path, fixes=fixes)


OTHER = {
    "CallSessionId": "S-9",
    "EventDate": "2026-09-10T23:00:00-08:00",
    "CallerId": "2125550199",
}


READY = {"CallSessionId": 0, "EventDate": 2, "CallerId": 2}
"""Rows that are ready where only this cell stayed; of one session, the two still conflict."""


@pytest.fixture
def conflict(tmp_path):
    """Two rows of one call that disagree, so that every cell of them may be corrected."""
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(1), call(1, CallDuration="300")]))
    return path


@pytest.mark.parametrize(("same", "ready"), READY.items(), ids=READY)
def test_a_fix_is_for_a_row_that_shares_one_identifying_cell(tmp_path, conflict, same, ready):
    other = {name: cell for name, cell in OTHER.items() if name != same}
    lines = corrected(rejected_of(tmp_path, conflict), 3, **other)
    assert len(run(tmp_path, conflict, fixes=saved(tmp_path, lines)).ready) == ready


def test_a_fix_that_shares_no_identifying_cell_is_refused(tmp_path, conflict):
    lines = corrected(rejected_of(tmp_path, conflict), 3, **OTHER)
    with pytest.raises(InputError, match="a different row"):
        run(tmp_path, conflict, fixes=saved(tmp_path, lines))


REFUSED = {
    "another file": (lambda lines: [lines[0], ["b.csv", *lines[1][1:]]], r"no b\.csv line 3"),
    "no line": (lambda lines: [lines[0], ["calls.csv", "x", *lines[1][2:]]], "no calls.csv line x"),
    "two for one row": (lambda lines: [*lines, lines[1]], "two fixes"),
    "columns missing": (lambda lines: [line[:-1] for line in lines], "lack columns"),
    "no rejected.csv": (lambda lines: [line[4:] for line in lines], r"is not a rejected\.csv"),
}


@pytest.mark.parametrize(("change", "told"), REFUSED.values(), ids=REFUSED)
def test_fixes_that_fit_no_row_are_refused(tmp_path, export, change, told):
    lines = corrected(rejected_of(tmp_path, export), 3, CallerId="2125550177")
    with pytest.raises(InputError, match=told):
        run(tmp_path, export, fixes=saved(tmp_path, change(lines)))


WRONG = {
    "a wrong number": {"CallerId": "2125"},
    "a withheld number": {"CallerId": "anonymous"},
    "an unknown status": {"CallStatus": "gone"},
    "a wrong amount": {"SaleAmount": "12.345"},
    "an old call": {"EventDate": "2024-09-10T22:55:32-08:00"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_fix_changes_nothing_that_affects_payout_but_the_rejected_cell(tmp_path, wrong):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(1), call(2, **wrong)]))
    right = {name: call(2)[HEADER.index(name)] for name in wrong}
    lines = corrected(rejected_of(tmp_path, path), 3, **right, CallDuration="202")
    with pytest.raises(InputError, match=r"line 3: .*CallDuration") as caught:
        run(tmp_path, path, fixes=saved(tmp_path, lines))
    assert caught.value.code == "fix_refused"

    lines = corrected(lines, 3, CallDuration=CALL["CallDuration"])
    assert sessions(run(tmp_path, path, fixes=saved(tmp_path, lines))) == ["S-1", "S-2"]


def test_a_fixes_file_under_an_output_name_is_refused_before_anything_is_touched(tmp_path, export):
    run(tmp_path, export)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(UsageError) as caught:
        run(tmp_path, export, fixes=tmp_path / "out" / "rejected.csv")
    assert caught.value.exit_status == 2
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


# -- fed back alone -----------------------------------------------------------------------------


def test_a_rejected_csv_fed_back_alone_keeps_files_and_lines(tmp_path, export):
    lines = corrected(rejected_of(tmp_path, export), 3, CallerId="2125550177")
    prepared = run(tmp_path, saved(tmp_path, lines, "again.csv"), max_rejected_share=0.0)
    assert sessions(prepared) == ["S-2"]
    assert prepared.rejected[["source_file", "source_line"]].values.tolist() == [["calls.csv", 5]]
    assert prepared.problem is None
    header = rows_of(tmp_path / "out" / "rejected.csv")[0]
    assert header == lines[0]


def test_the_settings_of_the_export_do_not_stand_in_the_way(tmp_path):
    path = tmp_path / "calls.csv"
    rows = [call(1, CallerId="2125"), call(2)]
    text = "Report\n" + as_csv(rows).replace(",", ";")
    path.write_text(text, encoding="utf-16")
    settings = {"encoding": "utf-16", "delimiter": ";", "header_line": 2}
    lines = corrected(rejected_of(tmp_path, path, **settings), 3, CallerId="2125550177")
    again = saved(tmp_path, lines, "again.csv")
    assert sessions(run(tmp_path, again, **settings)) == ["S-1"]
    assert sessions(run(tmp_path, path, fixes=again, **settings)) == ["S-1", "S-2"]


def test_rows_of_other_lengths_stay_so_until_they_are_corrected(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(2)[:-3], [*call(3), "x", "y"]]))
    lines = rejected_of(tmp_path, path)
    for _ in range(2):
        again = rejected_of(tmp_path, saved(tmp_path, lines, "again.csv"))
        assert again == lines
    lines[1] += ["ANSWER", "", ""]  # as many as the export has, without those that are extra
    prepared = run(tmp_path, saved(tmp_path, lines, "again.csv"))
    assert sessions(prepared) == ["S-2"]
    assert prepared.rejected["codes"].tolist() == ["field_count"]


def test_each_row_of_several_files_is_read_by_its_own_columns(tmp_path):
    renamed = ["Caller" if name == "CallerId" else name for name in HEADER]
    (tmp_path / "a.csv").write_text(as_csv([call(1, CallStatus="?")]))
    (tmp_path / "b.csv").write_text(as_csv([call(3, CallStatus="?")], renamed))
    columns = {"CallerId": ["CallerId", "Caller"]}
    lines = rejected_of(tmp_path, tmp_path / "a.csv", tmp_path / "b.csv", columns=columns)
    for line in lines[1:]:
        line[lines[0].index("CallStatus")] = "ANSWER"
    prepared = run(tmp_path, saved(tmp_path, lines, "again.csv"), columns=columns)
    assert sessions(prepared) == ["S-1", "S-3"]


def test_columns_that_are_spelled_differently_feed_each_its_own_rows(tmp_path):
    renamed = ["Caller ID" if name == "CallerId" else name for name in HEADER]
    (tmp_path / "a.csv").write_text(as_csv([call(1, CallStatus="?")]))
    (tmp_path / "b.csv").write_text(as_csv([call(3, CallStatus="?")], renamed))
    columns = {"CallerId": "Caller ID"}
    lines = rejected_of(tmp_path, tmp_path / "a.csv", tmp_path / "b.csv", columns=columns)
    for line in lines[1:]:
        line[lines[0].index("CallStatus")] = "ANSWER"
    prepared = run(tmp_path, saved(tmp_path, lines, "again.csv"), columns=columns)
    assert sessions(prepared) == ["S-1", "S-3"]


def test_a_left_out_csv_is_fed_back_alone(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(1), call(1)]))
    run(tmp_path, path)
    again = saved(tmp_path, rows_of(tmp_path / "out" / "left_out.csv"), "again.csv")
    assert sessions(run(tmp_path, again)) == ["S-1"]


def test_the_frame_of_rejected_rows_is_fed_back_too(tmp_path, export):
    frame = run(tmp_path, export).rejected
    frame.loc[0, "CallerId"] = "2125550177"
    assert sessions(run(tmp_path, frame)) == ["S-2"]
    assert sessions(run(tmp_path, export, fixes=frame)) == ["S-1", "S-2", "S-3", "S-5"]


# -- as a workbook ------------------------------------------------------------------------------

HARD_CELLS = {
    "CampaignId": "0012345678901234567",
    "CallerId": "+1 (212) 555-0",
    "CallSessionId": "1700000000.10",
    "City": "=1+2",
    "CallProvider": "00123",
    "CallStatus": "1E5",
    "SaleAmount": "3/4",
}


def test_a_workbook_survives_being_opened_and_saved(tmp_path):
    rows = [list({**CALL, **HARD_CELLS}.values()), call(2)[:-3], [*call(3), "x"], call(4)]
    path = tmp_path / "calls.csv"
    path.write_text(as_csv(rows))
    run(tmp_path, path, rejected_as="xlsx")
    lines = rows_of(tmp_path / "out" / "rejected.csv")
    book = openpyxl.load_workbook(tmp_path / "out" / "rejected.xlsx")
    sheet = book["rejected"]
    filled = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {(cell.data_type, cell.number_format) for cell in filled} == {("s", "@")}
    sheet["B2"].font = openpyxl.styles.Font(bold=True)
    book.save(tmp_path / "saved.xlsx")
    width = len(lines[0])
    values = openpyxl.load_workbook(tmp_path / "saved.xlsx")["rejected"].values
    assert [[cell or "" for cell in row] for row in values] == [
        line + [""] * (width - len(line)) for line in lines
    ]
    again = rejected_of(tmp_path, tmp_path / "saved.xlsx")
    assert [line[:2] + line[4:] for line in again[1:]] == [
        line[:2] + line[4:] for line in lines[1:]
    ]
    assert again == rejected_of(tmp_path, path, fixes=tmp_path / "saved.xlsx")


def test_every_column_of_a_workbook_is_of_text_though_its_first_row_is_short(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(1)[:-3], call(2, CallerId="2125")]))
    run(tmp_path, path, rejected_as="xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out" / "rejected.xlsx")["rejected"]
    letters = [cell.column_letter for cell in sheet[1]]
    assert len(letters) == len(HEADER) + 4
    assert {sheet.column_dimensions[each].number_format for each in letters} == {"@"}


TOO_LONG_A_TALK = {
    "the call's length": ({"CallDuration": "500"}, True),
    "the talk time": ({"TalkDuration": "187"}, True),
    "both": ({"CallDuration": "500", "TalkDuration": "187"}, True),
    "the caller as well": ({"TalkDuration": "187", "CallerId": "2125550177"}, False),
    "the status as well": ({"CallDuration": "500", "CallStatus": "INCOMPLETE"}, False),
}


@pytest.mark.parametrize(("cells", "taken"), TOO_LONG_A_TALK.values(), ids=TOO_LONG_A_TALK)
def test_a_talk_time_beyond_its_call_is_corrected_in_the_two_durations(tmp_path, cells, taken):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(1), call(2, TalkDuration="400")]))
    lines = rejected_of(tmp_path, path)
    assert [line[2] for line in lines[1:]] == ["talk_exceeds_call"]
    fixes = saved(tmp_path, corrected(lines, 3, **cells))
    if taken:
        assert sessions(run(tmp_path, path, fixes=fixes)) == ["S-1", "S-2"]
    else:
        with pytest.raises(InputError, match="it was not rejected"):
            run(tmp_path, path, fixes=fixes)


@pytest.mark.parametrize("changed", range(3, 9))
def test_a_fix_of_a_row_of_another_length_shares_at_least_half_of_its_cells(tmp_path, changed):
    path = tmp_path / "calls.csv"
    short = call(2)[:-1]
    path.write_text(as_csv([call(1), short]))
    cells = {name: f"{name} {changed}" for name in HEADER[:changed]}
    held = sum(bool(cell) for cell in short)
    fixes = saved(tmp_path, corrected(rejected_of(tmp_path, path), 3, **cells))
    if 2 * changed <= held:
        assert len(run(tmp_path, path, fixes=fixes).ready) == 1
    else:
        with pytest.raises(InputError, match="a different row"):
            run(tmp_path, path, fixes=fixes)


def test_a_corrected_workbook_is_fed_back(tmp_path, export):
    run(tmp_path, export, rejected_as="xlsx", sheet="")
    book = openpyxl.load_workbook(tmp_path / "out" / "rejected.xlsx")
    sheet = book["rejected"]
    assert [cell.value for cell in sheet[1]][10] == "CallerId"
    sheet.cell(2, 11).value = "2125550177"
    book.save(tmp_path / "fixes.xlsx")
    fixes = tmp_path / "fixes.xlsx"
    # The job's sheet is one of the export's workbook.
    assert sessions(run(tmp_path, export, fixes=fixes)) == ["S-1", "S-2", "S-3", "S-5"]
    assert sessions(run(tmp_path, fixes, sheet="Calls", header_line=3)) == ["S-2"]


def test_a_short_row_completed_in_a_workbook_is_read(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(1), call(2)[:-3]]))
    run(tmp_path, path, rejected_as="xlsx")
    book = openpyxl.load_workbook(tmp_path / "out" / "rejected.xlsx")
    sheet = book["rejected"]
    sheet.cell(2, 15).value, sheet.cell(2, 16).value = "ANSWER", "Quincy"
    book.save(tmp_path / "fixes.xlsx")
    assert sessions(run(tmp_path, path, fixes=tmp_path / "fixes.xlsx")) == ["S-1", "S-2"]
    assert run(tmp_path, tmp_path / "fixes.xlsx").rejected["codes"].tolist() == ["field_count"]
    sheet.cell(2, 3).value = None  # taken off its codes: the last cell is meant to be empty
    book.save(tmp_path / "fixes.xlsx")
    assert sessions(run(tmp_path, tmp_path / "fixes.xlsx")) == ["S-2"]


def test_control_characters_survive_a_workbook(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(1, City="a\x08b", CallStatus="?")]))
    run(tmp_path, path, rejected_as="xlsx")
    (tmp_path / "again.xlsx").write_bytes((tmp_path / "out" / "rejected.xlsx").read_bytes())
    lines = rejected_of(tmp_path, tmp_path / "again.xlsx")
    assert lines[1][lines[0].index("City")] == "a\x08b"


def test_a_cell_that_no_sheet_holds_is_told(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([call(1, City="x" * 40_000, CallStatus="?")]))
    with pytest.raises(InputError, match=r"calls\.csv line 2") as caught:
        run(tmp_path, path, rejected_as="xlsx")
    assert caught.value.code == "output_failed"


def test_another_form_is_refused(tmp_path, export):
    with pytest.raises(UsageError, match="csv or xlsx"):
        run(tmp_path, export, rejected_as="ods")
