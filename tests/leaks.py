"""No log line of any test shows a whole phone number: the test that caused it fails.

Every test run has this plugin (see conftest.py): it listens to what the kit and the mock log, with
tracebacks, whatever the level of the test's own capture.
"""

import logging
import re
from collections.abc import Generator

import pytest

LOGGERS = ("callconv_kit", "mock_server")

PHONE = re.compile(
    r"(?<![\w.])(?:\+?1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-]?)[2-9]\d\d[ .-]?\d{4}(?!\w)"
)
"""A North American number in any of the forms that exports and ready.csv have."""


class Watch(logging.Handler):
    """Keeps the log lines that show a number."""

    def __init__(self) -> None:
        super().__init__()
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Look through the line as a file would have it."""
        line = self.format(record)
        if PHONE.search(line):
            self.leaks.append(f"{record.name}: {line}")


WATCH = Watch()


def pytest_configure() -> None:
    """Listen from the first import on."""
    for name in LOGGERS:
        logging.getLogger(name).addHandler(WATCH)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test in which something was logged that must not be."""
    report = yield
    leaks = WATCH.leaks[:]
    WATCH.leaks.clear()
    if leaks:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} logged a phone number:\n" + "\n".join(leaks)
    return report
