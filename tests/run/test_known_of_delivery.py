"""What a report says of the delivery, where there was none: the same without its modules."""

import callconv_kit as ck
from callconv_kit.delivery.ledger import Ledger
from callconv_kit.delivery.status_page import report_sections
from callconv_kit.run import prepared, resolving


def test_without_a_trace_of_a_delivery_the_report_says_what_the_ledger_would(tmp_path):
    job = ck.Job.from_keywords(None, ledger=tmp_path / ".callconv" / "ledger.sqlite")
    assert prepared._known(job, None, job.ledger_path) == report_sections(
        job, None, job.ledger_path
    )


def test_a_ledger_beside_the_job_is_read(tmp_path):
    job = ck.Job.from_keywords(None, ledger=tmp_path / ".callconv" / "ledger.sqlite")
    with Ledger.open(job.ledger_path):
        pass
    job.ledger_path.unlink()  # a trace is left: it is lost, and the report says so
    known = prepared._known(job, None, job.ledger_path)
    assert known == report_sections(job, None, job.ledger_path)
    assert "no file was sent" not in known["Last results"]


def test_records_of_runs_are_a_trace_too(tmp_path):
    job = ck.Job.from_keywords(None, ledger=tmp_path / ".callconv" / "ledger.sqlite")
    assert not resolving.may_have_sent(job, job.ledger_path)
    (tmp_path / "runs").mkdir()
    assert resolving.may_have_sent(job, job.ledger_path)
