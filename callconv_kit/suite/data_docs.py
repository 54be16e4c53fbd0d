"""Data Docs that open from disk without a network.

    index.html             what was validated and by which suite, to be searched and filtered
    expectations/*.html    a suite: pages of Great Expectations, but for what they load from the web
    validations/*.html     a run, the same; beside each a .json with what the index says about it
    static/                Bootstrap and jQuery, for which the pages are made; docs/static_files.py

Phone numbers are masked. The same input at the same `now` gives the same files.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from callconv_kit.job import Job
from callconv_kit.model import spec
from callconv_kit.model.codes import mask_phone
from callconv_kit.suite import engine, stored
from callconv_kit.suite.index import RunEntry, index_page
from callconv_kit.suite.rules import Expectation
from callconv_kit.suite.stored import Suite
from callconv_kit.suite.validation import (
    Outcome,
    State,
    Validation,
    columns_of,
    shown_value,
    words_of,
)
from callconv_kit.writing.output import output_failed

STATIC = resources.files("callconv_kit.suite") / "static"

_REMOTE = re.compile(
    r"""<script\b[^>]*\bsrc="https?:[^>]*></script>|<link\b[^>]*>|<img\b[^>]*>|<footer>.*?</footer>"""
    r"""|<title>.*?</title>""",
    re.DOTALL,
)
"""What a page of Great Expectations loads from the web, its advertisement, and both its titles."""

_HEAD = """\
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="../static/bootstrap.min.css">
<script src="../static/jquery.min.js"></script>
<script src="../static/bootstrap.min.js"></script>
"""

_OUR_STYLE = '<link rel="stylesheet" href="../static/docs.css">\n</head>'

_REMOTE_STYLE = re.compile(r"""url\(\s*["']?https?:[^)]*\)""")

_UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Names of elements that differ from run to run."""

_ROOT = re.compile(r'href="(?:\.\./)+')
"""Great Expectations puts its pages deeper than we do."""

_COUNTS = (
    "element_count",
    "missing_count",
    "missing_percent",
    "unexpected_count",
    "unexpected_percent",
)
"""What is kept of a result, beside its values."""


def docs(
    folder: str | Path,
    *validations: Validation,
    suite: "Suite | None" = None,
    now: datetime | str | None = None,
) -> Path:
    """Write Data Docs: the suite's page, these validations, and an index of all in the folder.

    Args:
        folder: made if missing; validations of earlier calls stay and are listed.
        *validations: results of `validate`.
        suite: the suite that they were judged by; none: the kit's own.
        now: when that was; none: the real time.

    Returns:
        The path of index.html.

    Raises:
        InputError: `output_failed`: the folder can't be written.
        UsageError: the suite can't be read; Great Expectations is not installed.
    """
    whole = stored.as_mapping(_suite(suite))
    time = Job.from_keywords(now=now).clock
    return _write(folder, whole, [_gx_result(one, whole["name"], time) for one in validations])


def write_results(folder: str | Path, results: Iterable[Any]) -> Path:
    """The same as `docs`, for validation results of Great Expectations; returns index.html.

    The page of a suite shows the expectations that were run.
    """
    index = Path(folder) / "index.html"
    for result in results:
        configs = [one.expectation_config.to_json_dict() for one in result.results]
        for config in configs:
            config["kwargs"].pop("batch_id", None)
        whole = {"name": result.suite_name, "expectations": configs}
        index = _write(folder, whole, [_masked(result)])
    return index


class _Page(NamedTuple):
    path: str
    text: str


def _write(folder: str | Path, whole: dict[str, Any], results: Sequence[Any]) -> Path:
    out = Path(folder)
    pages = [_suite_page(whole)]
    try:
        for part in ("expectations", "validations", "static"):
            (out / part).mkdir(parents=True, exist_ok=True)
        for file in STATIC.iterdir():
            (out / "static" / file.name).write_bytes(file.read_bytes())
        for result in results:
            pages += _result_pages(result, out)
        for page in pages:
            (out / page.path).write_text(page.text, encoding="utf-8", newline="\n")
        suites = sorted(path.stem for path in (out / "expectations").glob("*.html"))
        runs = [_run(path) for path in sorted((out / "validations").glob("*.json"))]
        index = out / "index.html"
        index.write_text(index_page(suites, runs), encoding="utf-8", newline="\n")
    except OSError as error:
        raise output_failed(out, error) from error
    return index


def _suite(suite: "Suite | None") -> Any:
    if suite is None:
        return stored.build()
    return stored.load(suite) if isinstance(suite, str | Path) else suite


def _run(path: Path) -> RunEntry:
    """The index entry of a run; an unreadable file is marked as such."""
    try:
        return RunEntry(page=f"validations/{path.stem}.html", **json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError):
        return RunEntry(f"validations/{path.stem}.html", path.stem, "", "", "unreadable", 0, 0, 0)


# -- pages of Great Expectations ------------------------------------------------------------------


def _suite_page(whole: dict[str, Any]) -> _Page:

    described = {**whole, "expectations": [_documented(one) for one in whole["expectations"]]}
    suite = stored.from_mapping(described, whole["name"])
    with engine.quiet():
        text = _html(
            engine.part("render.renderer").ExpectationSuitePageRenderer().render(suite),
            f"Suite {whole['name']}",
        )
    return _Page(f"expectations/{_slug(whole['name'])}.html", text)


def _documented(expectation: Expectation) -> Expectation:
    """An expectation as its page shows it: its text, its notes and its severity."""
    notes = expectation.get("notes") or []
    notes = [notes] if isinstance(notes, str) else list(notes)
    words = words_of(expectation)
    more = [note for note in notes if note != words]
    more.append(f"Severity: {expectation.get('severity') or 'critical'}.")
    return {**_described(expectation), "notes": more}


def _described(expectation: Expectation) -> Expectation:
    """In words, where it has some: else Great Expectations has its own."""
    words = words_of(expectation)
    return expectation if words == expectation["type"] else {**expectation, "description": words}


def _result_pages(result: Any, out: Path) -> list[_Page]:

    run = result.meta["run_id"]
    time = datetime.fromisoformat(run["run_time"])
    stem = f"{time:%Y%m%dT%H%M%SZ}-{_slug(run['run_name'])}"
    stem = next(name for name in _numbered(stem) if not (out / f"validations/{name}.json").exists())
    counts = result.statistics
    record = {
        "name": run["run_name"],
        "time": f"{time:%Y-%m-%d %H:%M:%S} UTC",
        "suite": _slug(result.suite_name),
        "state": "passed" if result.success else "failed",
        "expectations": counts["evaluated_expectations"],
        "unmet": counts["unsuccessful_expectations"],
        "errored": sum(1 for one in result.results if engine.error_of(one.exception_info)),
    }
    # The name occurs in several places of the page, escaped in some of them.
    run["run_name"] = _bare(run["run_name"])
    with engine.quiet():
        document = (
            engine.part("render.renderer")
            .ValidationResultsPageRenderer(run_info_at_end=True)
            .render(result)
        )
        text = _html(document, f"{run['run_name']}, {record['time']}")
    json_text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    # The index lists what has a .json, so that comes last.
    return [_Page(f"validations/{stem}.html", text), _Page(f"validations/{stem}.json", json_text)]


def _numbered(stem: str) -> Iterable[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def _html(document: Any, title: str) -> str:
    """A page of Great Expectations that loads nothing from the web."""
    page = (
        engine.part("render.view")
        .DefaultJinjaPageView()
        .render(document, show_how_to_buttons=False)
    )
    page = _REMOTE_STYLE.sub("none", _REMOTE.sub("", page))
    page = _ROOT.sub('href="../', page)
    names: dict[str, str] = {}
    page = _UUID.sub(lambda found: names.setdefault(found[0], str(len(names))), page)
    page = page.replace("<head>", f"<head>\n{_HEAD.format(title=escape(title))}", 1)
    page = page.replace("</head>", _OUR_STYLE, 1)
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


def _slug(name: str) -> str:
    """A name as part of a file's name and of an address."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._") or "unnamed"


# -- results --------------------------------------------------------------------------------------


def _gx_result(validation: Validation, suite: str, time: datetime) -> Any:
    """A validation as a result of Great Expectations."""
    judged = [one for one in validation.outcomes if one.state is not State.NOT_JUDGED]
    met = sum(one.state is State.PASSED for one in judged)
    return engine.part("core").ExpectationSuiteValidationResult(
        success=validation.success,
        suite_name=suite,
        results=[_gx_outcome(one, validation) for one in judged],
        statistics={
            "evaluated_expectations": len(judged),
            "successful_expectations": met,
            "unsuccessful_expectations": len(judged) - met,
            "success_percent": 100 * met / len(judged) if judged else None,
        },
        meta={
            "run_id": {
                "run_name": validation.name,
                "run_time": time.astimezone(UTC).isoformat(timespec="seconds"),
            },
            "batch_spec": {
                "data_asset_name": _bare(validation.name),
                "rows": validation.row_count,
            },
        },
    )


def _gx_outcome(one: Outcome, validation: Validation) -> Any:

    described = dict(_described(one.expectation))
    result: dict[str, Any] = {}
    if one.detail and one.state is State.FAILED:
        result["observed_value"] = _markup(one.detail)
    if one.kind == "expect_table_columns_to_match_ordered_list":
        # Great Expectations reads the order of the page's sections here.
        result["observed_value"] = _markup(validation.columns)
        sentence = " ".join(filter(None, (one.words, one.detail)))
        described["description"] = _markup(sentence).replace("$", "$$")
    if len(one.rows):
        result |= {
            "element_count": validation.row_count,
            "unexpected_count": len(one.rows),
            "unexpected_percent": 100 * len(one.rows) / validation.row_count,
            "partial_unexpected_list": _markup(_examples(one, validation)),
        }
    return engine.part("core").ExpectationValidationResult(
        success=one.state is State.PASSED,
        expectation_config=_config(described),
        result=result,
        exception_info=_exception(one.detail if one.state is State.ERRORED else ""),
    )


def _masked(result: Any) -> Any:
    """A result of Great Expectations without phone numbers, and without what marks the machine."""
    run = result.meta["run_id"]
    batch = result.meta.get("active_batch_definition") or {}
    return engine.part("core").ExpectationSuiteValidationResult(
        success=result.success,
        suite_name=result.suite_name,
        results=[_masked_outcome(one) for one in result.results],
        statistics=result.statistics,
        meta={
            "run_id": {
                "run_name": run.run_name or batch.get("data_asset_name") or result.suite_name,
                "run_time": run.run_time.astimezone(UTC).isoformat(timespec="seconds"),
            },
            "batch_spec": {"data_asset_name": _bare(batch.get("data_asset_name") or "")},
        },
    )


def _masked_outcome(one: Any) -> Any:

    stored_as = one.expectation_config.to_json_dict()
    columns = columns_of(stored_as)
    result = {key: one.result[key] for key in _COUNTS if key in one.result}
    values = one.result.get("partial_unexpected_list") or []
    if values:
        shown = [shown_value(columns, value, mask=True) for value in values]
        result["partial_unexpected_list"] = _markup(shown)
    # A distinct value, a mean or a longest text of phone numbers says too much.
    if "observed_value" in one.result and not spec.PERSONAL.intersection(columns):
        result["observed_value"] = _markup(one.result["observed_value"])
    described = _described(stored_as)
    return engine.part("core").ExpectationValidationResult(
        success=one.success,
        expectation_config=_config(described),
        result=result,
        exception_info=_exception(engine.error_of(one.exception_info)),
    )


def _examples(one: Outcome, validation: Validation) -> tuple[str, ...]:
    """Masked, even where the validation itself shows them."""
    if not validation.masked and spec.PERSONAL.intersection(one.columns):
        one = replace(one, values=tuple(map(mask_phone, one.values)))
    return validation.examples(one)


def _config(expectation: Expectation) -> Any:
    if not expectation["type"].startswith("expect_"):
        # What is wrong with a file as such; there are pages for types that are known only.
        expectation = {**expectation, "type": "expect_table_row_count_to_be_between"}
    kwargs = {key: value for key, value in expectation["kwargs"].items() if key != "batch_id"}
    return engine.part("expectations.expectation_configuration").ExpectationConfiguration(
        type=expectation["type"],
        kwargs=kwargs,
        description=expectation.get("description"),
        severity=expectation.get("severity") or "critical",
    )


def _exception(message: str) -> dict[str, Any]:
    return {
        "raised_exception": bool(message),
        "exception_message": _markup(message) or None,
        "exception_traceback": message,
    }


def _bare(name: str) -> str:
    """A name without the characters that mean something in markup."""
    return re.sub(r"""[<>&"']""", "_", name)


def _markup(value: Any) -> Any:
    """Text escaped as markup: Great Expectations inserts values into its pages unescaped."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return {_markup(key): _markup(part) for key, part in value.items()}
    return [_markup(part) for part in value] if isinstance(value, list | tuple) else value
