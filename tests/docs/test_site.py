"""The documentation as a site: it builds without a warning and opens without a network."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LOADED = re.compile(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(https?:)?//')


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site. `strict` in mkdocs.yml makes a broken link an error."""
    folder = tmp_path_factory.mktemp("site")
    build = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stdout + build.stderr
    return folder


def test_every_page_is_in_the_site(site):
    pages = {
        page.relative_to(ROOT / "docs").with_suffix(".html")
        for page in (ROOT / "docs").rglob("*.md")
    }
    built = {page.relative_to(site) for page in site.rglob("*.html")}
    assert pages <= built


def test_no_page_loads_anything_from_the_network(site):
    loading = [
        str(page)
        for page in site.rglob("*.html")
        if LOADED.search(page.read_text(encoding="utf-8"))
    ]
    assert loading == []


def test_the_search_works_from_disk(site):
    assert "conflicting_duplicate" in (site / "search/search_index.js").read_text(encoding="utf-8")
