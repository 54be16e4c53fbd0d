"""`python -m callconv_kit.suite [FOLDER]`: refresh the generated files."""

import sys

from callconv_kit.model.errors import CallConvError
from callconv_kit.suite.reference import FOLDER, refresh


def main(arguments: list[str]) -> int:
    """Refresh, and say what changed."""
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        sys.stderr.write("Usage: python -m callconv_kit.suite [FOLDER]\n")
        return 2
    try:
        changed = refresh(*arguments or [FOLDER])
    except CallConvError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    sys.stdout.write("".join(f"{path}\n" for path in changed) or "Nothing changed.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
