"""The word lists under `data/`, and how words are compared.

Each list is a CSV with a header, so that a word is added by adding a line.
"""

import csv
import re
from importlib import resources

# Between letters or digits only: the sign of -1 parts nothing.
SEPARATORS = re.compile(r"(?<=[^\W_])[\s_-]+(?=[^\W_])")


def rows(name: str) -> list[dict[str, str]]:
    """The lines of `data/<name>.csv`, by column name."""
    source = resources.files(__package__) / "data" / f"{name}.csv"
    return list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))


def word(text: str) -> str:
    """`text` as word lists are searched: without case, and without what parts its words.

    >>> word("No-Answer") == word("no answer") == word("NoAnswer")
    True
    """
    return SEPARATORS.sub("", text).casefold()


def words(name: str, value: str) -> dict[str, str]:
    """The list `name` as a mapping: from its column `text`, compared as `word`, to `value`."""
    return {word(row["text"]): row[value] for row in rows(name)}
