"""The small inputs of known faults in cells, each with the outcome that is right."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

import callconv_kit as ck

CASES = Path(__file__).parents[1] / "data" / "cases"
NOW = "2026-11-25T12:00:00+00:00"


@dataclass(frozen=True)
class Right:
    """What must come of a case.

    ready: column → its cells in ready.csv.
    rejected: codes of the rejected rows, by source line.
    said: (column, code) of warnings that must be among the findings.
    """

    ready: dict[str, list[str]] = field(default_factory=dict)
    rejected: dict[int, str] = field(default_factory=dict)
    said: tuple[tuple[str, str], ...] = ()


WHOLE_CALL = Right({"CallSessionId": ["S-1"]})
RIGHT = {
    "accounting_zero/input.csv": Right({"SaleAmount": ["", "", "", "", "12.50"]}),
    "csv_rounded_session_ids/input.csv": Right(
        rejected=dict.fromkeys((2, 3), "conflicting_duplicate"),
        said=(("CallSessionId", "identifier_maybe_rounded"),),
    ),
    "dangling_extension/calls.csv": Right(rejected={2: "phone_invalid"}),
    "duration_day_fraction/input.csv": Right(rejected={2: "duration_invalid"}),
    "duration_day_fraction/input.xlsx": Right(rejected={2: "duration_invalid"}),
    "ivr_longer_than_call/calls.csv": Right(
        {"IvrDuration": ["500"]}, said=(("IvrDuration", "ivr_exceeds_call"),)
    ),
    "parquet_9999/x.parquet": WHOLE_CALL,
    "parquet_9999_tz/x.parquet": WHOLE_CALL,
    "parquet_far_timestamp/x.parquet": WHOLE_CALL,
    "parquet_year_0/x.parquet": WHOLE_CALL,
    "phone_repeated_ones/input.csv": Right(rejected=dict.fromkeys((2, 3, 4), "phone_invalid")),
    "plusless_international/x.csv": Right(
        {
            "CallerId": ["491570156", "6175550123", "2079460123"],
            "CalledPhoneNumber": ["355501234", "355501234", "8005550142"],
            "CallerPhoneNumberCountry": ["AU", "", "GB"],
            "CalledPhoneNumberCountry": ["AU", "AU", ""],
        },
        said=(("CallerId", "country_from_digits"), ("CalledPhoneNumber", "country_from_digits")),
    ),
    "serial_with_few_decimals/input.csv": Right(
        {"EventDate": ["2026-11-20T09:30:05-05:00"]}, {2: "digits_lost", 3: "digits_lost"}
    ),
    "sum_of_clocks/export.csv": Right({"CallDuration": ["201"], "TalkDuration": ["187"]}),
    "xlsx_date_time_join/input.xlsx": Right({"EventDate": ["2026-11-20T09:30:05-05:00"]}),
    "xlsx_formula_without_value/input.xlsx": Right({"CallSessionId": ["S2"]}, {2: "excel_error"}),
    "xlsx_long_numbers/input.xlsx": Right(rejected=dict.fromkeys((2, 3, 4), "digits_lost")),
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_case_ends_as_is_right(tmp_path, name):
    source, right = CASES / name, RIGHT[name]
    jobs = [job for job in ("job.toml", "callconv.toml") if (source.parent / job).exists()]
    job = source.parent / jobs[0] if jobs else None
    run = ck.prepare(source, job=job, out=tmp_path, now=NOW, max_rejected_share=1.0)
    rejected = dict(zip(run.rejected["source_line"], run.rejected["codes"], strict=True))
    assert {line: set(codes.split("; ")) for line, codes in rejected.items()} == {
        line: {code} for line, code in right.rejected.items()
    }
    assert {column: run.ready[column].tolist() for column in right.ready} == right.ready
    said = run.findings[["column", "code"]].to_numpy().tolist()
    assert all([column, code] in said for column, code in right.said)
    assert run.exit_status == bool(rejected)


def test_a_date_and_a_time_with_a_weekday_are_joined(tmp_path):
    folder = CASES / "date_and_time_columns"
    job = (folder / "callconv.toml").read_text(encoding="utf-8")
    blank = 'EventDate = ""                    # TODO'
    assert blank in job
    joined = 'EventDate = {join = ["Date", "Time"]}\nCallStatus = "Action Result"'
    path = tmp_path / "callconv.toml"
    path.write_text(job.replace(blank, joined), encoding="utf-8")
    run = ck.prepare(folder / "export.csv", job=path, timezone="America/New_York", now=NOW)
    assert run.ready["EventDate"].tolist() == [
        "2026-11-12T09:30:00-05:00",
        "2026-11-13T10:30:00-05:00",
    ]
