"""One Chromium for the tests of a module, and axe-core, which judges how accessible a page is."""

import os
import shutil
import subprocess

import pytest


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
