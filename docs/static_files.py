"""Fetches what the Data Docs need to open without a network: `python docs/static_files.py`.

Needs npm. The pages of Great Expectations are made for Bootstrap 4 and jQuery, and load them from
the web; copies are put beside the pages that `callconv docs` writes. Both are under the MIT
licence, whose text is kept with them.
"""

import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

STATIC = Path(__file__).parents[1] / "callconv_kit" / "suite" / "static"

PACKAGES = {
    "bootstrap@4.6.2": {
        "dist/css/bootstrap.min.css": "bootstrap.min.css",
        "dist/js/bootstrap.bundle.min.js": "bootstrap.min.js",
        "LICENSE": "bootstrap.LICENSE.txt",
    },
    "jquery@3.7.1": {
        "dist/jquery.min.js": "jquery.min.js",
        "LICENSE.txt": "jquery.LICENSE.txt",
    },
}
"""Package → file in it → name here."""

SOURCE_MAP = re.compile(rb"\n?(?:/\*|//)# sourceMappingURL=\S+(?: \*/)?\n?")
"""A note to developers' tools, which would look for a file that is not here."""


def main() -> None:
    """Fetch the packages, and take these files out of them."""
    for package, files in PACKAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(  # noqa: S603 # the command is above
                ["npm", "pack", "--silent", package],  # noqa: S607 # wherever npm is installed
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            (archive,) = Path(folder).glob("*.tgz")
            with tarfile.open(archive) as packed:
                for inside, name in files.items():
                    file = packed.extractfile(f"package/{inside}")
                    if file is None:
                        raise FileNotFoundError(inside)
                    (STATIC / name).write_bytes(SOURCE_MAP.sub(b"\n", file.read()))


if __name__ == "__main__":
    main()
