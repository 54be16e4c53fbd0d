"""Every kind of input is the same table: same cells, each row with its file and line."""

import datetime
import gzip
import io
import json
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import callconv_kit as ck
from callconv_kit import reading
from callconv_kit.model.errors import CallConvError, InputError, UsageError

from ..right_call import CALL as RIGHT_CALL

HEADER = ["CampaignId", "CallerId", "EventDate"]
ROWS = [["1001", "2125550123", "2026-09-10T22:55:32-08:00"], ["1002", "+442079460958", ""]]
CSV = "".join(",".join(row) + "\n" for row in [HEADER, *ROWS])


moment = datetime.datetime.fromisoformat


def opened(*inputs, **options):
    return reading.open_tables(inputs, HEADER.__contains__, **options)


def read(table):
    """Rows as (line, cells), ragged ones too."""
    rows = []
    for batch in table.batches():
        cells = [column.to_pylist() for column in batch.cells]
        rows += zip(batch.lines.tolist(), map(list, zip(*cells, strict=True)), strict=True)
        rows += [(row.line, row.cells) for row in batch.ragged]
    return sorted(rows)


def zipped(files, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in files.items():
            bundle.writestr(name, data, **options)
    return buffer.getvalue()


def zstd(data):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def workbook(*sheets):
    """A workbook of sheets given as rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Sheet {number + 1}")
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def parquet_bytes(columns):
    sink = io.BytesIO()
    parquet.write_table(pa.table(columns), sink)
    return sink.getvalue()


COLUMNS = {name: [row[at] for row in ROWS] for at, name in enumerate(HEADER)}
JSON = "".join(json.dumps(dict(zip(HEADER, row, strict=True))) + "\n" for row in ROWS)

FILES = {
    "comma": ("calls.csv", CSV.encode(), 2),
    "tab": ("calls.tsv", CSV.replace(",", "\t").encode(), 2),
    "semicolon": ("calls.txt", CSV.replace(",", ";").encode(), 2),
    "bar": ("calls", CSV.replace(",", "|").encode(), 2),
    "utf-16 by its mark": ("calls.csv", CSV.encode("utf-16"), 2),
    "gzip": ("calls.csv.gz", gzip.compress(CSV.encode()), 2),
    "gzip in two members": (
        "calls.csv.gz",
        gzip.compress(CSV[:20].encode()) + gzip.compress(CSV[20:].encode()),
        2,
    ),
    "zstandard": ("calls.csv.zst", zstd(CSV.encode()), 2),
    "zip": ("calls.zip", zipped({"july.csv": CSV}), 2),
    "zip with what macOS adds": (
        "calls.zip",
        zipped({"july.csv": CSV, "__MACOSX/._july.csv": b"\0", ".DS_Store": b"\0"}),
        2,
    ),
    "gzip in a zip": ("calls.zip", zipped({"july.csv.gz": gzip.compress(CSV.encode())}), 2),
    "workbook": ("calls.xlsx", workbook([HEADER, *ROWS]), 2),
    "workbook in a zip": ("calls.zip", zipped({"a.xlsx": workbook([HEADER, *ROWS])}), 2),
    "workbook in a gzip": ("calls.gz", gzip.compress(workbook([HEADER, *ROWS])), 2),
    "workbook that is named .csv": ("calls.csv", workbook([HEADER, *ROWS]), 2),
    "csv that is named .xlsx": ("calls.xlsx", CSV.encode(), 2),
    "workbook with a title above": ("c.xlsx", workbook([["Calls"], [], HEADER, *ROWS]), 4),
    "workbook with an empty sheet": ("c.xlsx", workbook([], [HEADER, *ROWS]), 2),
    "workbook with a sheet of notes": ("c.xlsx", workbook([["notes"]], [HEADER, *ROWS]), 2),
    "json lines": ("calls.jsonl", JSON.encode(), 1),
    "json lines with blank lines": ("calls.jsonl", JSON.replace("\n", "\n\n").encode(), 1),
    "json lines with a mark": ("calls.jsonl", ("\ufeff" + JSON).encode(), 1),
    "json lines in a gzip": ("calls.jsonl.gz", gzip.compress(JSON.encode()), 1),
    "parquet": ("calls.parquet", parquet_bytes(COLUMNS), 1),
    "parquet with dictionaries": (
        "calls.parquet",
        parquet_bytes(
            {name: pa.array(cells).dictionary_encode() for name, cells in COLUMNS.items()}
        ),
        1,
    ),
    "parquet in a zip": ("calls.zip", zipped({"a.parquet": parquet_bytes(COLUMNS)}), 1),
}


@pytest.mark.parametrize(("name", "data", "first_line"), FILES.values(), ids=FILES)
def test_each_kind_gives_the_same_rows(tmp_path, name, data, first_line):
    path = tmp_path / name
    path.write_bytes(data)
    (table,) = opened(path)
    assert list(table.header) == HEADER
    assert read(table) == [(first_line + at, row) for at, row in enumerate(ROWS)]
    assert table.account.rows == 2
    assert len(table.account.sha256) == 64
    assert path.read_bytes() == data


@pytest.mark.parametrize(("name", "data", "first_line"), FILES.values(), ids=FILES)
def test_each_kind_can_be_read_again_line_by_line(tmp_path, name, data, first_line):
    (tmp_path / name).write_bytes(data)
    (table,) = opened(tmp_path / name)
    for at, row in enumerate(ROWS):
        (batch,) = [
            batch
            for batch in table.batches(np.asarray([first_line + at]))
            if len(batch.lines) or batch.ragged
        ]
        assert batch.lines.tolist() == [first_line + at]
        assert [column[0].as_py() for column in batch.cells] == row


def test_standard_input_is_an_input_of_any_kind(monkeypatch):
    for data in (CSV.encode(), gzip.compress(CSV.encode()), zipped({"a.csv": CSV})):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        (table,) = opened("-")
        assert [cells for _, cells in read(table)] == ROWS
        assert [cells for _, cells in read(table)] == ROWS  # and again
        assert table.name in {"-", "-/a.csv"}


def test_addresses_are_opened_by_fsspec():
    import fsspec

    for name, data in (("calls.csv", CSV.encode()), ("calls.xlsx", workbook([HEADER, *ROWS]))):
        with fsspec.open(f"memory://exports/{name}", "wb") as file:
            file.write(data)
        (table,) = opened(f"memory://exports/{name}")
        assert table.name == name
        assert [cells for _, cells in read(table)] == ROWS


def test_many_files_and_frames_are_one_run(tmp_path):
    (tmp_path / "july.csv").write_text(CSV)
    (tmp_path / "more.zip").write_bytes(zipped({"a/august.csv": CSV, "b.jsonl": JSON}))
    frame = pd.DataFrame(COLUMNS)
    tables = opened(tmp_path / "july.csv", frame, tmp_path / "more.zip", frame)
    assert [table.name for table in tables] == [
        "july.csv",
        "frame_1",
        "more.zip/a/august.csv",
        "more.zip/b.jsonl",
        "frame_2",
    ]
    assert all([cells for _, cells in read(table)] == ROWS for table in tables)


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for month in ("july", "august"):
        (tmp_path / month).mkdir()
        (tmp_path / month / "calls.csv").write_text(CSV)
    tables = opened(tmp_path / "july" / "calls.csv", tmp_path / "august" / "calls.csv")
    assert [Path(table.name).parts[-2] for table in tables] == ["july", "august"]


def test_a_file_in_an_archive_can_be_named(tmp_path):
    (tmp_path / "calls.zip").write_bytes(zipped({"a.csv": "x", "in/b.csv": CSV}))
    (table,) = opened(tmp_path / "calls.zip" / "in" / "b.csv")
    assert table.name == "calls.zip/in/b.csv"
    assert [cells for _, cells in read(table)] == ROWS


def test_a_sheet_is_chosen_by_its_name(tmp_path):
    other = [[*HEADER], ["9", "9", "9"]]
    (tmp_path / "calls.xlsx").write_bytes(workbook([HEADER, *ROWS], other))
    (table,) = opened(tmp_path / "calls.xlsx", sheet="Sheet 2")
    assert read(table) == [(2, ["9", "9", "9"])]


def cut_short(data):
    return data[: len(data) * 2 // 3]


def encrypted_workbook():
    """The container in which Excel keeps an encrypted workbook: its marks, and noise."""
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\1" * 5000 + "EncryptedPackage".encode("utf-16-le")
    )


def encrypted_zip():
    data = bytearray(zipped({"a.csv": CSV}))
    data[6] |= 1  # in the file's own header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    return bytes(data)


BAD = {
    "nothing there": ("missing.csv", None, "unreadable", "There is no file missing.csv"),
    "zero bytes": ("calls.csv", b"", "empty_file", "has no content"),
    "a mark alone": ("calls.csv", b"\xef\xbb\xbf", "empty_file", "has no content"),
    "blank lines": ("calls.csv", b"\n \n", "empty_file", "only blank lines"),
    "a gzip cut short": (
        "calls.gz",
        cut_short(gzip.compress(CSV.encode())),
        "unreadable",
        "calls.gz",
    ),
    "a zstandard cut short": (
        "calls.zst",
        cut_short(zstd(CSV.encode())),
        "unreadable",
        "calls.zst",
    ),
    "a zip cut short": ("calls.zip", cut_short(zipped({"a.csv": CSV})), "unreadable", "calls.zip"),
    "a zip with a password": ("calls.zip", encrypted_zip(), "unreadable", "a password"),
    "an empty zip": ("calls.zip", zipped({}), "empty_file", "holds no file"),
    "a zip in a zip": (
        "c.zip",
        zipped({"b.zip": zipped({"a": CSV})}),
        "not_a_table",
        "archive within",
    ),
    "a picture in a zip": (
        "c.zip",
        zipped({"a.csv": CSV, "b.png": b"\x89PNG"}),
        "not_a_table",
        "b.png",
    ),
    "a workbook with a password": ("c.xlsx", encrypted_workbook(), "unreadable", "by a password"),
    "an old workbook": ("c.xls", b"\xd0\xcf\x11\xe0" + b"\1" * 600, "not_a_table", "old Excel"),
    "a workbook cut short": (
        "c.xlsx",
        cut_short(workbook([HEADER, *ROWS])),
        "unreadable",
        "c.xlsx",
    ),
    "a workbook without its sheet": (
        "c.xlsx",
        zipped({"xl/workbook.xml": "<x/>", "[Content_Types].xml": "<x/>"}),
        "unreadable",
        "no valid workbook",
    ),
    "two sheets without a choice": (
        "c.xlsx",
        workbook([HEADER, *ROWS], [HEADER, *ROWS]),
        "ambiguous_sheet",
        'sheet = "Sheet 1"',
    ),
    "a workbook without content": ("c.xlsx", workbook([]), "empty_file", "has no content"),
    "a workbook of notes": ("c.xlsx", workbook([["notes", "x", "y"]]), "no_header", "Sheet 1"),
    "a file that was never filled": (
        "calls.csv",
        b"\0" * 4096,
        "not_a_table",
        "nothing but zero bytes",
    ),
    "a web page": ("calls.csv", b"<html><table>", "not_a_table", "a web page"),
    "a PDF": ("calls.csv", b"%PDF-1.7", "not_a_table", "a PDF"),
    "text without columns": ("calls.csv", b"hello\nworld\n", "no_header", "no comma"),
    "bytes of a program": (
        "calls.csv",
        bytes(range(256)) * 4,
        "not_a_table",
        "unprintable characters",
    ),
    "a JSON array": ("calls.json", b'[{"CallerId": 1}]', "not_a_table", "one object a line"),
    "a broken JSON line": (
        "c.jsonl",
        b'{"CallerId": "1"}\n{"Ca',
        "not_a_table",
        "Line 2 of c.jsonl",
    ),
    "a JSON line that gives a name twice": (
        "c.jsonl",
        b'{"SaleAmount": "10.00", "CallerId": "1", "SaleAmount": "999.00"}\n',
        "ambiguous_header",
        "Line 1 of c.jsonl gives one name twice. Found: SaleAmount",
    ),
    "a JSON line that gives a name flat and within": (
        "c.jsonl",
        b'{"call": {"id": "N2"}, "call.id": "FLAT2"}\n',
        "ambiguous_header",
        "Found: call.id",
    ),
    "a parquet file cut short": (
        "c.parquet",
        cut_short(parquet_bytes(COLUMNS)),
        "unreadable",
        "damaged Parquet",
    ),
}


@pytest.mark.parametrize(("name", "data", "code", "told"), BAD.values(), ids=BAD)
def test_what_can_not_be_read_is_told_in_words(tmp_path, name, data, code, told):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as caught:
        [read(table) for table in opened(tmp_path / name)]
    assert caught.value.code == code
    assert told.lower() in str(caught.value).lower()


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        opened(tmp_path)


def test_an_unknown_sheet_gets_the_nearest(tmp_path):
    (tmp_path / "calls.xlsx").write_bytes(workbook([HEADER, *ROWS]))
    with pytest.raises(InputError, match="perhaps 'Sheet 1'"):
        opened(tmp_path / "calls.xlsx", sheet="sheet1")


def test_a_missing_member_gets_the_nearest(tmp_path):
    (tmp_path / "calls.zip").write_bytes(zipped({"july.csv": CSV}))
    with pytest.raises(InputError, match=r"perhaps july\.csv"):
        opened(tmp_path / "calls.zip" / "jully.csv")


def test_an_address_keeps_its_secrets():
    address = "nosuchkind://me:hunter2@bucket/calls.csv?token=hunter2"
    with pytest.raises(CallConvError) as caught:
        opened(address)
    assert "hunter2" not in repr(caught.value)
    assert "calls.csv" in str(caught.value)


CELLS = {
    "a whole number": (20012, "20012"),
    "a whole float": (20012.0, "20012"),
    "a fraction": (1234.5, "1234.5"),
    "fifteen digits": (123456789012345, "123456789012345"),
    "digits that Excel rounded": (12345678901234500.0, "1.2345678901234500E+16"),
    "a whole number of sixteen digits": (1234567890123456, "1.234567890123456E+15"),
    "a date with its time": (moment("2026-11-20 09:30:01"), "2026-11-20 09:30:01"),
    "a time that its float missed": (
        moment("2026-11-20 09:29:59.999600"),
        "2026-11-20 09:30:00",
    ),
    "midnight": (moment("2026-11-20 00:00:00"), "2026-11-20 00:00:00"),
    "a date": (datetime.date(2026, 11, 20), "2026-11-20"),
    "a time": (datetime.time(0, 3, 21), "00:03:21"),
    "a length of time": (datetime.timedelta(hours=30, seconds=1), "30:00:01"),
    "a yes": (True, "true"),
    "an error": ("#REF!", "#REF!"),
    "text of digits": ("02139", "02139"),
    "spaces": (" x ", " x "),
    "nothing": (None, ""),
}


@pytest.mark.parametrize(("value", "expected"), CELLS.values(), ids=CELLS)
def test_cells_of_a_sheet_come_as_they_are_stored(tmp_path, value, expected):
    (tmp_path / "calls.xlsx").write_bytes(workbook([HEADER, ["1", value, "x"]]))
    (table,) = opened(tmp_path / "calls.xlsx")
    assert read(table) == [(2, ["1", expected, "x"])]


def test_a_sheet_row_that_is_too_long_is_kept_whole(tmp_path):
    rows = [HEADER, ["1", "2", "3", None, "stray"], ["4", "5", "6"]]
    (tmp_path / "calls.xlsx").write_bytes(workbook(rows))
    (table,) = opened(tmp_path / "calls.xlsx")
    assert read(table) == [(2, ["1", "2", "3", "", "stray"]), (3, ["4", "5", "6"])]
    assert table.account.rows == 2


def test_blank_rows_and_repeated_headers_of_a_sheet_are_no_rows(tmp_path):
    rows = [["Report"], [], HEADER, ["1", "2", "3"], [], HEADER, [" ", None, None], ["4", "5", "6"]]
    (tmp_path / "calls.xlsx").write_bytes(workbook(rows))
    (table,) = opened(tmp_path / "calls.xlsx")
    assert read(table) == [(4, ["1", "2", "3"]), (8, ["4", "5", "6"])]
    account = table.account
    assert (account.rows, account.blank_lines, account.header_line) == (2, 3, 3)
    assert [(skipped.line, skipped.why) for skipped in account.skipped] == [
        (1, "preamble"),
        (6, "repeated_header"),
    ]


def test_json_numbers_keep_their_digits_and_objects_are_flattened(tmp_path):
    lines = [
        '{"CallerId": 12345678901234567890, "SaleAmount": 1.50, "tags": ["a", 2], "on": true}',
        '{"caller": {"city": "Bonn"}, "CallerId": null, "EventDate": "x"}',
    ]
    (tmp_path / "calls.jsonl").write_text("\n".join(lines))
    (table,) = opened(tmp_path / "calls.jsonl")
    assert list(table.header) == [
        "CallerId",
        "SaleAmount",
        "tags",
        "on",
        "caller.city",
        "EventDate",
    ]
    assert read(table) == [
        (1, ["1.2345678901234567890E+19", "1.50", "a,2", "true", "", ""]),
        (2, ["", "", "", "", "Bonn", "x"]),
    ]


PARQUET_COLUMNS = {
    "integers": (pa.array([7, None]), ["7", ""]),
    "floats": (pa.array([7.0, 0.5]), ["7", "0.5"]),
    "floats that lost digits": (pa.array([1e17, None]), ["1.00000000000000000E+17", ""]),
    "decimals": (pa.array([None, Decimal(1)], pa.decimal128(9, 2)), ["", "1.00"]),
    "times with a zone": (
        pa.array([moment("2026-11-20 09:30:00")] * 2, pa.timestamp("ns", "UTC")),
        ["2026-11-20T09:30:00+00:00"] * 2,
    ),
    "times without one": (
        pa.array([moment("2026-11-20 09:30:00")] * 2, pa.timestamp("us")),
        ["2026-11-20 09:30:00"] * 2,
    ),
    "dates": (pa.array([datetime.date(2026, 11, 20)] * 2), ["2026-11-20"] * 2),
    "yes and no": (pa.array([True, False]), ["true", "false"]),
    "lists": (pa.array([["1", "2"], None]), ["1,2", ""]),
    "large text": (pa.array(["a", None], pa.large_string()), ["a", ""]),
    "bytes": (pa.array([b"a", None]), ["a", ""]),
}


@pytest.mark.parametrize(("column", "expected"), PARQUET_COLUMNS.values(), ids=PARQUET_COLUMNS)
def test_parquet_columns_of_any_type_become_text(tmp_path, column, expected):
    columns = {"CampaignId": ["1", "2"], "CallerId": column}
    (tmp_path / "calls.parquet").write_bytes(parquet_bytes(columns))
    (table,) = opened(tmp_path / "calls.parquet")
    assert [cells[1] for _, cells in read(table)] == expected


CALL = ",".join(RIGHT_CALL) + "\n" + ",".join(RIGHT_CALL.values()) + "\n"
JOB_ADDRESSES = {
    "one address": ("memory://jobs/calls.csv", ["calls.csv"]),
    "two addresses": (
        ["memory://jobs/calls.csv", "memory://jobs/more.csv"],
        ["calls.csv", "more.csv"],
    ),
    "an address and a pattern": (["memory://jobs/calls.csv", "in/*.csv"], ["own.csv", "calls.csv"]),
    "an address and a pattern without a match": (
        ["in/*.txt", "memory://jobs/more.csv"],
        ["more.csv"],
    ),
    "the address of a local file": ("file://{folder}/in/own.csv", ["own.csv"]),
}


@pytest.mark.parametrize(("given", "read"), JOB_ADDRESSES.values(), ids=JOB_ADDRESSES)
def test_the_input_of_a_job_may_be_addresses(tmp_path, given, read):
    job = job_with_input(tmp_path, given)
    prepared = ck.prepare(job=job, now="2026-11-24T12:00:00+00:00")
    assert [file["file"] for file in prepared.summary["inputs"]] == read
    assert len(prepared.ready) + len(prepared.left_out) == len(read)


def test_an_address_of_a_job_that_is_not_there_stops_it(tmp_path):
    with pytest.raises(InputError, match=r"There is no file gone\.csv"):
        ck.prepare(job=job_with_input(tmp_path, "memory://jobs/gone.csv"))


@pytest.mark.parametrize(
    "given", ["memory://jobs/*.csv", "s3://calls/2026-*/a.csv", ["in/*.csv", "sftp://host/*"]]
)
def test_an_address_of_a_job_with_a_pattern_says_what_to_do(tmp_path, given):
    with pytest.raises(UsageError) as told:
        ck.prepare(job=job_with_input(tmp_path, given))
    assert told.value.code == "address_pattern"
    assert "List each file's address" in told.value.next_step


def job_with_input(folder, given):
    """A job with this input, beside in/own.csv; memory://jobs holds two files."""
    import fsspec

    (folder / "in").mkdir()
    (folder / "in" / "own.csv").write_text(CALL)
    for name in ("calls.csv", "more.csv"):
        with fsspec.open(f"memory://jobs/{name}", "wb") as file:
            file.write(CALL.encode())
    job = folder / "callconv.toml"
    text = json.dumps(given).replace("{folder}", str(folder))
    job.write_text(f"input = {text}\n")
    return job
