"""The Great Expectations suite: what right call data is, for anyone who has Great Expectations.

from callconv_kit import suite
result = suite.validate("out/ready.csv")          # a Validation: success, failed, rows(…)
suite.docs("docs-out", result)                    # Data Docs that open without a network
mine = suite.build()                              # an ExpectationSuite, to be added to

Great Expectations is imported when one of these functions needs it, and nowhere else in the kit.
"""

from pathlib import Path
from typing import Any

from callconv_kit.suite import engine
from callconv_kit.suite.data_docs import docs
from callconv_kit.suite.reference import refresh
from callconv_kit.suite.running import validate
from callconv_kit.suite.stored import build, load, save
from callconv_kit.suite.validation import Outcome, State, Validation

__all__ = [
    "Outcome",
    "State",
    "Validation",
    "build",
    "docs",
    "docs_action",
    "load",
    "refresh",
    "save",
    "validate",
]


def docs_action(folder: str | Path) -> Any:
    """An action for a Checkpoint of Great Expectations: it writes what the run found as `docs` do.

    Raises:
        UsageError: Great Expectations is not installed.
    """
    engine.gx()
    with engine.quiet():
        from callconv_kit.suite.action import OfflineDocs

    return OfflineDocs(name="callconv_docs", folder=str(folder))
