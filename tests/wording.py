"""Lists docstrings and comments that read as translated: `python -m tests.wording [FOLDER ...]`."""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

SUSPECT = re.compile(
    r"\b(told|tells?|stands?|stood|feeds?|fed by|hangs?|mend(s|ed)?|nobody|a book of|of its own"
    r"|of their own|is no [a-z]+|are no [a-z]+|says? of|said of|what (is|it|they|came|became)"
    r"|anew|at first|in words|whose it is|earns?|begun|whether or not|so many|by the way)\b"
)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Each docstring and comment of a module, with its line."""
    source = path.read_text("utf-8")
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(ast.Constant(str(text))):
                yield node.lineno, text
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def main() -> None:
    """Print one line for each suspect sentence."""
    count = 0
    for folder in sys.argv[1:] or ["callconv_kit", "mock_server"]:
        for path in sorted(Path(folder).rglob("*.py")):
            for line, text in texts(path):
                for row, sentence in enumerate(text.splitlines()):
                    if found := SUSPECT.search(sentence):
                        count += 1
                        sys.stdout.write(f"{path}:{line + row}: [{found[0]}] {sentence.strip()}\n")
    sys.stdout.write(f"{count} places\n")


if __name__ == "__main__":
    main()
