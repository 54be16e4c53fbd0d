"""The one place where Great Expectations is imported, and a frame is handed to it.

It is slow to import (seconds), so that happens on the first call. While it runs, Python's warnings
are off and its own log is silent: a warning that is turned into an error would otherwise become a
failed expectation, and its results say what goes wrong in any case.
"""

import gc
import importlib
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from callconv_kit.model.errors import not_installed
from callconv_kit.suite.rules import Expectation

if TYPE_CHECKING:
    import pandas as pd

BOOLEAN = {"result_format": "BOOLEAN_ONLY"}
COMPLETE = {
    "result_format": "COMPLETE",
    # A query that would find the rows again doubles the result, and is of use for SQL only.
    "return_unexpected_index_query": False,
}


class Result(NamedTuple):
    """The result of Great Expectations for one expectation on one frame.

    success: whether it holds; False where it could not be judged.
    details: its `result` of the asked format.
    error: why it could not be judged, or "".
    """

    success: bool
    details: dict[str, Any]
    error: str


@contextmanager
def quiet() -> Iterator[None]:
    """Without warnings, and without lines on the log of Great Expectations."""
    log = logging.getLogger("great_expectations")
    level = log.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            log.setLevel(level)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Don't look for cycles meanwhile: a fifth of what importing Great Expectations takes."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@cache
def gx() -> Any:
    """The module `great_expectations`.

    Raises:
        UsageError: it is not installed.
    """
    # Older 1.x versions would send statistics.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with quiet(), _uncollected():
        try:
            import great_expectations
        except ModuleNotFoundError as error:
            raise not_installed("not_installed", "The suite", error, "suite") from None
    return great_expectations


def part(name: str) -> Any:
    """A module of Great Expectations, such as `render.view`. Any: its types are incomplete.

    Raises:
        UsageError: it is not installed.
    """
    gx()
    with quiet():
        return importlib.import_module(f"great_expectations.{name}")


def ephemeral() -> Any:
    """A new context that keeps everything in memory."""
    with quiet():
        context = gx().get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
    return context


@cache
def _frames() -> Any:
    """The batch definition that frames are handed to."""
    asset = ephemeral().data_sources.add_pandas("callconv").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("all")


def run(
    frame: "pd.DataFrame", expectations: Sequence[Expectation], result_format: dict[str, Any]
) -> list[Result]:
    """Judge one frame by stored expectations, in one go: each call has its price.

    Returns:
        One result for each expectation, in their order.
    """
    numbered = [
        {**expectation, "meta": {"number": number}}
        for number, expectation in enumerate(expectations)
    ]
    with quiet():
        suite = gx().ExpectationSuite(name="run", expectations=numbered)
        try:
            judged = _judged(frame, suite, result_format)
        except gx().exceptions.DatasourceError:
            # Older 1.x versions look for our frames in the context that was made last.
            _frames.cache_clear()
            judged = _judged(frame, suite, result_format)
    results: dict[int, Result] = {}
    for one in judged.results:
        number = one.expectation_config.meta["number"]
        results[number] = Result(bool(one.success), dict(one.result), error_of(one.exception_info))
    return [results[number] for number in range(len(expectations))]


def _judged(frame: "pd.DataFrame", suite: Any, result_format: dict[str, Any]) -> Any:
    batch = _frames().get_batch({"dataframe": frame})
    return batch.validate(suite, result_format=result_format)


def error_of(info: Any) -> str:
    """The message of an exception, found flat or under the id of the metric that raised it."""
    if not isinstance(info, dict):
        return ""
    if "raised_exception" in info:
        return str(info["exception_message"]) if info["raised_exception"] else ""
    return next(filter(None, map(error_of, info.values())), "")
