"""An example of each code, rule and exit status, and what the other errors mean.

See examples.toml.
"""

import tomllib
from importlib import resources

_EXAMPLES = tomllib.loads(
    resources.files(__package__).joinpath("examples.toml").read_text(encoding="utf-8")
)
CODE_EXAMPLES: dict[str, str] = _EXAMPLES["codes"]
RULE_EXAMPLES: dict[str, tuple[str, str]] = {
    name: (before, after) for name, (before, after) in _EXAMPLES["rules"].items()
}
"""Rule → a cell before and after."""
STATUS_EXAMPLES: dict[int, tuple[str, str]] = {
    int(status): (example, what_to_do)
    for status, (example, what_to_do) in _EXAMPLES["exit_statuses"].items()
}
"""Exit status → an example, and what to do."""
ERROR_CODES: dict[str, tuple[str, str, str]] = {
    name: (meaning, statuses, what_to_do)
    for name, (statuses, meaning, what_to_do) in _EXAMPLES["errors"].items()
}
"""Code of an error → what it means, its exit statuses such as `130 or 5`, and what to do."""


def shown(cell: str) -> str:
    """A cell of an example with every character visible: invisible ones are escaped."""
    if not cell:
        return "(empty)"
    return cell if cell.isprintable() else ascii(cell)[1:-1]
