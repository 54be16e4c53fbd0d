"""The generated files: expectations/callconv.json and expectations/columns.md."""

from pathlib import Path

from callconv_kit.model.errors import UsageError
from callconv_kit.suite import reference, rules, stored

SUITE = "callconv.json"
COLUMNS = "columns.md"
FOLDER = "expectations"


def files() -> dict[str, str]:
    """Name to text, the same text each time."""
    return {SUITE: stored.as_text(rules.stored()), COLUMNS: reference.text()}


def refresh(folder: str | Path = FOLDER) -> list[Path]:
    """Write the generated files anew; returns those that changed.

    Raises:
        UsageError: `suite_unwritable`.
    """
    changed = []
    for name, text in files().items():
        path = Path(folder) / name
        try:
            if path.exists() and path.read_bytes() == text.encode():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise UsageError(
                "suite_unwritable",
                f"{path} can't be written",
                error.strerror or str(error),
                "a folder that you may write to",
                "Choose another folder.",
            ) from error
        changed.append(path)
    return changed
