"""`callconv check`: a file is ready when `prepare` would write the same bytes."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import callconv_kit as ck
from callconv_kit import suite
from callconv_kit.cli.main import main
from callconv_kit.model import spec
from callconv_kit.model.errors import InputError, UsageError
from callconv_kit.reading import sources

NOW = "2026-11-24T12:00:00Z"
CALL = {
    "CampaignId": "1001",
    "MediaId": "20012",
    "EventDate": "2026-11-20T09:30:05-05:00",
    "ActionTrackerId": "30021",
    "CallProvider": "Northline",
    "CallSessionId": "S-1",
    "CallerId": "6175550123",
    "CalledPhoneNumber": "8005550199",
    "CallDuration": "201",
    "TalkDuration": "187",
    "CallStatus": "ANSWER",
    "City": "Boston, MA",
    "Key1": 'say ""hi"", or ""bye""',
}


def text(*calls: dict[str, str]) -> str:
    """A ready.csv of CALL, changed as given; cells with commas are in quotation marks."""
    lines = [",".join(CALL)]
    for call in calls or ({},):
        cells = {**CALL, **call}
        lines.append(",".join(f'"{cell}"' if "," in cell else cell for cell in cells.values()))
    return "\n".join(lines) + "\n"


TWO = text({}, {"CallSessionId": "S-2"})
CRLF = r"lines end in \r\n or \r, not in \n alone"
NEEDLESS = "quotation marks around a cell that needs none"

# what was done to a right file → (its text, line, what is said)
FORMS: dict[str, tuple[str, int, str]] = {
    "all line ends": (TWO.replace("\n", "\r\n"), 1, CRLF),
    "one line end": (TWO.replace("ANSWER,", "ANSWER,", 1)[:-1] + "\r\n", 3, CRLF),
    "lone returns": (TWO.replace("\n", "\r"), 1, CRLF),
    "a needless quote": (TWO.replace("S-2", '"S-2"'), 3, NEEDLESS),
    "quotes around all cells": (TWO.replace("Northline", '"Northline"'), 2, NEEDLESS),
    "a quoted header": (TWO.replace("MediaId", '"MediaId"'), 1, NEEDLESS),
    "a quoted empty cell": (TWO.replace("City", "City").replace('"Boston, MA"', '""'), 2, NEEDLESS),
    "no line end at the end": (TWO[:-1], 3, "the last line has no line end"),
    "a space behind a quote": (TWO.replace('MA",', 'MA" ,', 1), 2, "text after a closing quotation mark"),
}  # fmt: skip


def findings(source: Any, **more: Any) -> list[tuple[str, int, str]]:
    found = ck.check(source, now=NOW, **more).findings
    errors = found[found["severity"] == "error"]
    return list(errors[["code", "source_line", "value"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(("content", "line", "said"), FORMS.values(), ids=FORMS)
def test_bytes_that_prepare_would_write_differently_are_an_error(
    tmp_path: Path, content: str, line: int, said: str
) -> None:
    path = tmp_path / "ready.csv"
    path.write_bytes(content.encode())
    assert ("not_ready_form", line, said) in findings(path)
    assert main(["check", str(path), "--now", NOW]) == 1
    # Cells alone are the suite's matter: line ends and quotation marks are not.
    assert ck.check(path, now=NOW).summary["rows_read"] == 2


HEADER_LINES = {
    "the first line": ("", 1),
    "behind a title": ("Calls of November\n", 2),
    "behind a title and a blank line": ("Calls of November\n\n", 3),
}
HEADERS = {
    "in another order": (
        lambda text: text.replace("CampaignId,MediaId", "MediaId,CampaignId", 1),
        "the header is not the published one, in the published order",
    ),
    "with other delimiters": (
        lambda text: text.replace('"', "").replace(",", ";"),
        "cells are separated by ';', not by commas",
    ),
}


@pytest.mark.parametrize(("change", "said"), HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize(("before", "line"), HEADER_LINES.values(), ids=HEADER_LINES)
def test_what_is_wrong_with_the_whole_file_is_said_of_its_header_line(
    tmp_path: Path, before: str, line: int, change: Callable[[str], str], said: str
) -> None:
    path = tmp_path / "ready.csv"
    path.write_text(before + change(text({"City": "Boston", "Key1": "1"})))
    assert ("not_ready_form", line, said) in findings(path)


NO_READY_FILES: dict[str, tuple[bytes, str]] = {
    "no header": (b"1,2,3\n4,5,6\n", "no_header"),
    "two columns of one name": (TWO.replace("City", "caller id", 1).encode(), "ambiguous_header"),
    "a required column missing": (TWO.replace("MediaId", "Media", 1).encode(), "column_missing"),
    "another encoding": (TWO.replace("Boston", "東京").encode("shift_jis"), "needs_encoding"),
}


@pytest.mark.parametrize(("content", "code"), NO_READY_FILES.values(), ids=NO_READY_FILES)
def test_a_file_in_no_form_of_a_ready_one_is_sent_to_prepare(
    tmp_path: Path, content: bytes, code: str
) -> None:
    (tmp_path / "ready.csv").write_bytes(content)
    with pytest.raises(InputError) as raised:
        ck.check(tmp_path / "ready.csv", now=NOW)
    assert raised.value.code == code
    assert "`callconv prepare` makes a ready.csv" in raised.value.next_step


def test_right_bytes_are_right(tmp_path: Path) -> None:
    path = tmp_path / "ready.csv"
    path.write_text(TWO, newline="")
    assert findings(path) == []
    assert findings(prepared_again(path)) == []
    with gzip.open(tmp_path / "ready.csv.gz", "wb") as file:
        file.write(TWO.encode())
    assert findings(tmp_path / "ready.csv.gz") == []
    with gzip.open(tmp_path / "crlf.csv.gz", "wb") as file:
        file.write(TWO.replace("\n", "\r\n").encode())
    assert findings(tmp_path / "crlf.csv.gz") == [("not_ready_form", 1, CRLF)]


def prepared_again(path: Path) -> Path:
    out = path.parent / "again"
    ck.prepare(path, out=out, now=NOW, write="present")
    assert (out / "ready.csv").read_text() != ""
    return out / "ready.csv"


@pytest.mark.parametrize("size", [1, 2, 7, 64])
@pytest.mark.parametrize(("content", "line", "said"), FORMS.values(), ids=FORMS)
def test_blocks_of_any_size_say_the_same(
    monkeypatch: pytest.MonkeyPatch, content: str, line: int, said: str, size: int
) -> None:
    from callconv_kit.reading import written

    monkeypatch.setattr(written, "BUFFER", size)
    source = sources.Source("x", lambda: io.BytesIO(content.encode()))
    assert (line, said) in list(written._oddities(written._lines(source)))
    right = sources.Source("x", lambda: io.BytesIO(TWO.encode()))
    assert list(written._oddities(written._lines(right))) == []


# -- settings of the job ---------------------------------------------------------------------------

# settings → (cells that are right under them, cells that are errors under them)
UNDER: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    "keep": ({"anonymous_callers": "keep"}, {"CallerId": "anonymous"}, {"CallerId": "nobody"}),
    "reject": ({"anonymous_callers": "reject"}, {}, {"CallerId": "anonymous"}),
    "dashes": ({"phone_format": "dashes"}, {"CallerId": "617-555-0123", "CalledPhoneNumber": "800-555-0199"}, {}),
    "parentheses": ({"phone_format": "parentheses"}, {"CallerId": "(617) 555 0123", "CalledPhoneNumber": "(800) 555 0199"}, {"CallerId": "617-555-0123"}),
    "e164": ({"phone_format": "e164"}, {"CallerId": "+16175550123", "CalledPhoneNumber": "+18005550199"}, {"CallerId": "6175550123"}),
    "national": ({"phone_format": "national"}, {}, {"CallerId": "617-555-0123"}),
    "settings of reading": ({"decimal": "comma", "default_country": "GB", "timezone": "Asia/Tokyo"}, {"SaleAmount": "1234.50"}, {"SaleAmount": "1234,50"}),
}  # fmt: skip


@pytest.mark.parametrize(("job", "right", "wrong"), UNDER.values(), ids=UNDER)
@pytest.mark.parametrize("suite", [(), ("--suite",)], ids=["check", "suite"])
def test_check_follows_the_job(
    tmp_path: Path, job: dict[str, str], right: dict[str, str], wrong: dict[str, str], suite: tuple[str, ...]
) -> None:  # fmt: skip
    (tmp_path / "callconv.toml").write_text("".join(f'{k} = "{v}"\n' for k, v in job.items()))
    command = ["--job", str(tmp_path / "callconv.toml"), *suite, "--now", NOW]
    for cells, status in ((right, 0), (wrong, 1)):
        if cells or not status:
            columns = [name for name in spec.NAMES if name in {**CALL, **cells}]
            row = {**CALL, "City": "Boston", "Key1": "", **right, **cells}
            path = tmp_path / f"{status}.csv"
            path.write_text(
                ",".join(columns) + "\n" + ",".join(row[name] for name in columns) + "\n"
            )
            assert main(["check", str(path), *command]) == status


def test_without_a_job_every_form_of_a_number_is_right(tmp_path: Path) -> None:
    path = tmp_path / "ready.csv"
    for number in ("6175550123", "617-555-0123", "(617) 555 0123", "+16175550123"):
        path.write_text(text({"CallerId": number}))
        assert findings(path) == []


def test_the_clock_and_the_masks_are_the_jobs(tmp_path: Path) -> None:
    path, job = tmp_path / "ready.csv", ck.Job(now="2028-01-01T00:00:00Z", mask=False)
    path.write_text(text({"CallerId": "617.555.0123"}))
    found = ck.check(path, job).findings
    assert {"event_too_old", "not_ready_form"} <= set(found["code"])
    assert "617.555.0123" in set(found["value"])
    assert "event_too_old" not in set(ck.check(path, job, now=NOW).findings["code"])


def test_a_wrong_job_is_a_wrong_job(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="phone_format"):
        ck.check(tmp_path / "none.csv", ck.Job.from_keywords(phone_format="dots"))


# -- archives, and files that are not ready files -----------------------------------------------


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as bundle:
        for name, content in files.items():
            bundle.writestr(f"{name}.csv", content)
    return path


def test_every_file_of_an_archive_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = archive(tmp_path / "two.zip", a=text({}), b=text({"CallSessionId": "S-2"}))
    checked = ck.check(right, now=NOW)
    assert (checked.exit_status, checked.summary["file"], checked.summary["rows_read"]) == (
        0,
        "two.zip",
        2,
    )
    wrong = archive(
        tmp_path / "wrong.zip",
        a=text({}),
        b=text({"Zip": "x"}).replace("City", "City"),
        c=text({"City": " x"}),
    )
    assert main(["check", str(wrong), "--now", NOW]) == 1
    said = capsys.readouterr().out
    assert "line 2 of wrong.zip/c.csv" in said
    twice = ck.check(archive(tmp_path / "twice.zip", a=text({}), b=text({})), now=NOW).findings
    (repeat,) = twice[twice["code"] == "duplicate_row"].to_dict("records")
    assert (repeat["source_file"], repeat["value"]) == (
        "twice.zip/b.csv",
        "the first is twice.zip/a.csv line 2",
    )


ONE_FILE = {
    "suite": suite.validate,
    "read": ck.read,
    "lookup": lambda path: ck.prepare(
        path.with_name("calls.csv"), lookup={"file": str(path), "on": "CalledPhoneNumber"}
    ),
}


@pytest.mark.parametrize("use", ONE_FILE.values(), ids=ONE_FILE)
def test_an_archive_of_several_files_is_refused_in_words_where_one_is_meant(
    tmp_path: Path, use: Any
) -> None:
    path = archive(tmp_path / "two.zip", a=text({}), b=text({}))
    (tmp_path / "calls.csv").write_text(text({}))
    with pytest.raises((InputError, UsageError), match=r"holds 2 files.*two.zip/a.csv"):
        use(path)


def test_a_rejected_csv_is_no_ready_file(tmp_path: Path) -> None:
    path = tmp_path / "rejected.csv"
    header, row = text({}).splitlines()
    path.write_text(f"source_file,source_line,codes,reasons,{header}\ncalls.csv,2,x,y,{row}\n")
    assert any("the header is not the published one" in said for _, _, said in findings(path))
