"""One Chromium for the tests of a module, and axe-core, which judges how accessible a page is."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from .lab import Person, chromium, notebook, serving


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The source of axe-core."""
    npm = shutil.which("npm")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "axe-core@4"]
    done = npm and subprocess.run(
        command, cwd=folder, capture_output=True, timeout=120, check=False
    )
    if (not npm or done.returncode) and os.environ.get("CI") != "true":
        pytest.skip("axe-core can't be installed here")
    assert done.returncode == 0, done.stderr
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    profile = tmp_path_factory.mktemp("profile")
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                 f"--user-data-dir={profile}"):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


WORKBENCH = """from callconv_kit.widgets import Workbench
workbench = Workbench({arguments})
workbench"""


@dataclass
class Desk:
    """A folder of work, a Jupyter server over it with its settings, and a person in front of it.

    address: of a notebook in the folder, with a place for its path.
    """

    folder: Path
    scratch: Path
    person: Person
    address: str

    def filled(self, name, arguments, more="", files=()):
        """A folder with a notebook that shows the workbench, and with these files."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)  # of a first try
        folder.mkdir()
        for file, content in dict(files).items():
            (folder / file).write_bytes(content)
        notebook(folder / "work.ipynb", WORKBENCH.format(arguments=arguments), more)
        return folder

    def opened(self, name, arguments, more="", files=()):
        """The workbench in a folder of its own, in JupyterLab."""
        folder = self.filled(name, arguments, more, files)
        self.person.visit(self.address.format(f"{name}/work.ipynb"))
        return folder, self.person


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """JupyterLab over an empty folder."""
    folder, scratch = tmp_path_factory.mktemp("desk"), tmp_path_factory.mktemp("lab")
    pictures = os.environ.get("CALLCONV_PICTURES") or tmp_path_factory.mktemp("pictures")
    driver = chromium(scratch / "chromium")
    try:
        with serving(folder, scratch) as (address, token):
            address = f"{address}/lab/tree/{{}}?reset&token={token}"
            yield Desk(folder, scratch, Person(driver, pictures), address)
    finally:
        driver.quit()
