"""The suite as a file: built, written reproducibly, and read with clear errors.

Great Expectations drops an expectation of an unknown type from a file that it reads, and goes on;
here that is an error.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from callconv_kit.model.errors import UsageError, as_path, wrong_type
from callconv_kit.suite import rules
from callconv_kit.suite.rules import Expectation

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

Suite: TypeAlias = "str | Path | ExpectationSuite"

VOLATILE = {"id", "great_expectations_version"}
"""What differs from run to run."""


def build() -> "ExpectationSuite":
    """The suite as Great Expectations knows it; the same as the stored one."""
    return from_mapping(rules.stored(), "the suite")


def load(path: str | Path) -> "ExpectationSuite":
    """Read a stored suite.

    Raises:
        UsageError: `suite_unreadable`, `suite_damaged`, or `suite_version`.
    """
    source = as_path("suite", path)
    return from_mapping(_read(source), source.name)


def save(suite: "ExpectationSuite", path: str | Path) -> Path:
    """Write a suite, the same text for the same suite; returns the path.

    Raises:
        UsageError: `suite_unwritable`.
    """
    target = as_path("path", path)
    try:
        target.write_text(as_text(as_mapping(suite)), encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            "suite_unwritable",
            f"The suite can't be written to {target.name}",
            error.strerror or str(error),
            "a folder that exists and that you may write to",
            "Choose another place.",
        ) from error
    return target


def as_mapping(suite: "ExpectationSuite") -> dict[str, Any]:
    """The suite as data, without empty values and values that differ between runs."""
    whole = _lasting(suite.to_json_dict())
    whole["expectations"] = [_lasting(one) for one in whole["expectations"]]
    return whole


def as_text(whole: dict[str, Any]) -> str:
    """The text of a stored suite. ASCII only: its patterns hold characters that none could see."""
    return json.dumps(whole, indent=2, sort_keys=True) + "\n"


def expectations_of(suite: "Suite | None") -> list[Expectation]:
    """The expectations of a suite, or of the kit's own.

    Raises:
        UsageError: see `load`.
    """
    if suite is None:
        return rules.expectations()
    if isinstance(suite, str | Path):
        suite = load(suite)
    if not hasattr(suite, "to_json_dict"):
        raise wrong_type(
            "suite",
            suite,
            "the path of a stored suite, or an ExpectationSuite",
            "Pass callconv_kit.suite.build(), or leave it out.",
        )
    return list(as_mapping(suite)["expectations"])


def _lasting(mapping: Any) -> dict[str, Any]:
    lasting = {key: value for key, value in mapping.items() if key not in VOLATILE}
    if "meta" in lasting:
        lasting["meta"] = _lasting(lasting["meta"] or {})
    return {key: value for key, value in lasting.items() if value not in (None, {}, [])}


def _read(path: str | Path) -> dict[str, Any]:
    source = Path(path)
    try:
        whole = json.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            "suite_unreadable",
            f"The suite {source.name} can't be read",
            error.strerror or str(error),
            "a suite file, such as expectations/callconv.json",
            "Check its name.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(source.name, str(error)) from error
    if not isinstance(whole, dict) or not isinstance(whole.get("expectations"), list):
        raise _damaged(source.name, "no list of expectations")
    wrong = [number for number, one in enumerate(whole["expectations"], 1) if not _is_whole(one)]
    if wrong:
        raise _damaged(source.name, f"expectation {wrong[0]} has no type, or no table of kwargs")
    meta = whole.get("meta")
    version = meta.get("callconv_suite") if isinstance(meta, dict) else None
    if version != rules.VERSION:
        raise UsageError(
            "suite_version",
            f"The suite {source.name} is of another version",
            "no version" if version is None else f"version {version}",
            f"version {rules.VERSION} (callconv_suite under meta)",
            f"Write it again: {rules.COMMAND}, and add your own expectations to that.",
        )
    return whole


def from_mapping(whole: dict[str, Any], name: str) -> "ExpectationSuite":
    """A suite of Great Expectations from stored data.

    Raises:
        UsageError: `suite_damaged`: an expectation is of an unknown type or has wrong arguments.
    """
    from callconv_kit.suite import engine

    module = engine.gx()
    with engine.quiet():
        registry = engine.part("expectations.registry")
        known = set(registry.list_registered_expectation_implementations())
        unknown = [one["type"] for one in whole["expectations"] if one["type"] not in known]
        if unknown:
            raise _damaged(name, f"unknown types of expectation: {', '.join(unknown[:5])}")
        try:
            suite = module.ExpectationSuite(**whole)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise _damaged(name, " ".join(str(error).split())) from error
    if len(suite.expectations) != len(whole["expectations"]):
        found = f"{len(suite.expectations)} of {len(whole['expectations'])} expectations"
        raise _damaged(name, f"only {found} could be read")
    return suite  # type: ignore[no-any-return] # the module is imported as Any


def _is_whole(expectation: Any) -> bool:
    """Whether this is an expectation as it is stored."""
    if not isinstance(expectation, dict) or not isinstance(expectation.get("type"), str):
        return False
    return isinstance(expectation.get("kwargs", {}), dict)


def _damaged(name: str, found: str) -> UsageError:
    return UsageError(
        "suite_damaged",
        f"{name} is damaged" if name != "the suite" else "The suite is damaged",
        found,
        "a suite as Great Expectations 1.x stores it",
        f"Write it again: {rules.COMMAND}.",
    )
