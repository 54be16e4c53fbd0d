"""A real JupyterLab and a person in front of it, for tests of what a notebook shows."""

import contextlib
import csv
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from ..ports import free_port
from .pages import barriers

LONG = int(os.environ.get("CALLCONV_PATIENCE", "120"))
"""Seconds that anything may take; a busy machine is slow."""

UPLOADS = """
const click = HTMLInputElement.prototype.click;
HTMLInputElement.prototype.click = function () {
  if (this.type === 'file') { this.id = 'upload-field'; document.body.append(this); }
  else click.call(this);
};
"""
"""ipywidgets never puts its file field into the page; this does when it is clicked."""


NEWS = "@jupyterlab/apputils-extension/notification"
THEME = "@jupyterlab/apputils-extension/themes"
WIDGETS = "@jupyter-widgets/jupyterlab-manager/plugin"


def set_up(scratch, plugin, settings):
    """Change a setting of this JupyterLab; it holds from the next visit on."""
    file = scratch / "settings" / f"{plugin}.jupyterlab-settings"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(settings)


def environment(scratch):
    """No setting of the person who runs the tests plays a part."""
    set_up(scratch, NEWS, '{"fetchNews": "false", "checkForUpdates": false}')
    folders = ("config", "data", "runtime", "settings", "workspaces")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR",
             "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")  # fmt: skip
    own = {name: str(scratch / folder) for name, folder in zip(names, folders, strict=True)}
    return {**os.environ, **own, "IPYTHONDIR": str(scratch / "ipython")}


def status_of(port, path):
    """The status with which a server answers who has no token."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


@contextlib.contextmanager
def serving(root, scratch):
    """JupyterLab over a folder; gives the address of the folder's notebooks, and its token."""
    port = free_port()
    token = secrets.token_hex(16)
    options = [
        "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--port-retries=0",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}",
        "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]  # fmt: skip
    with (scratch / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=environment(scratch), stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for_server(address, server, scratch / "lab.log")
            yield address, token
        finally:
            stop(server)


def wait_for_server(address, server, log):
    where = ("127.0.0.1", int(address.rpartition(":")[2]))

    def answers(_):
        assert server.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(where, timeout=2):
            return True
        return False

    WebDriverWait(None, LONG, poll_frequency=0.2).until(answers)


def stop(server):
    server.send_signal(signal.SIGTERM)
    server.wait(LONG)


def notebook(path, *cells):
    """Write a notebook of code cells."""
    document = {
        "cells": [
            {"cell_type": "code", "id": f"cell-{at}", "metadata": {}, "source": code,
             "execution_count": None, "outputs": []}
            for at, code in enumerate(cells)
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip
    path.write_text(json.dumps(document))
    return path


READY = """
const [done] = arguments;
fetch('/api/sessions').then((answer) => answer.json()).then((sessions) => done(sessions.some(
  ({kernel}) => kernel && kernel.connections > 0 && kernel.execution_state === 'idle'
))).catch(() => done(false));
"""
"""Whether a kernel is there and connected; the page shows it as idle before that."""


class Person:
    """Sits in front of the browser: sees, clicks, types. Knows widgets by `callconv-<name>`."""

    def __init__(self, driver, pictures, patience=LONG):
        self.driver = driver
        self.patience = patience
        self.pictures = Path(pictures)
        self.pictures.mkdir(parents=True, exist_ok=True)

    def until(self, seen, message=""):
        wait = WebDriverWait(self.driver, self.patience, 0.1, (StaleElementReferenceException,))
        try:
            return wait.until(lambda _: seen(), message)
        except TimeoutException:
            self.driver.save_screenshot(
                str(self.pictures / f"failed {message}.png".replace("/", "_"))
            )
            raise

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def first(self, selector):
        return self.until(lambda: next(iter(self.all(selector)), None), selector)

    def visit(self, url):
        """Open a notebook and run all of its cells."""
        self.driver.get(url)
        self.first(".jp-Notebook .jp-Cell")
        self.until(lambda: self.all(".jp-Notebook-ExecutionIndicator[data-status='idle']"))
        self.until(lambda: self.driver.execute_async_script(READY), "the kernel answers")
        self.until(self._runs, "cells run")
        self.until(lambda: self.all(".callconv-steps button"))
        self.driver.execute_script(UPLOADS)

    def land(self, url):
        """Open a notebook that runs by itself."""
        self.driver.get(url)
        self.until(lambda: self.all(".callconv-steps button"), "the workbench is there")
        self.driver.execute_script(UPLOADS)

    def _runs(self):
        """Run all cells, once more where the kernel was not yet ready to take them."""
        menu = "//li[contains(@class,'lm-MenuBar-item')][.//*[normalize-space()='Run']]"
        self.driver.find_element(By.XPATH, menu).click()
        self.first("li[data-command='runmenu:run-all']").click()
        for accept in self.all(".jp-Dialog button.jp-mod-accept"):
            accept.click()  # "Select Kernel", where the session was not there yet
        wait = WebDriverWait(self.driver, 5, 0.1)
        with contextlib.suppress(TimeoutException):
            return wait.until(lambda _: self.first(".jp-InputPrompt").text != "[ ]:")
        return False

    def restart(self):
        """Restart the kernel by the menu."""
        menu = "//li[contains(@class,'lm-MenuBar-item')][.//*[normalize-space()='Kernel']]"
        self.driver.find_element(By.XPATH, menu).click()
        self.first("li[data-command='kernelmenu:restart']").click()
        self.first(".jp-Dialog button.jp-mod-accept").click()

    def widget(self, name):
        return self.first(f".callconv-workbench .callconv-{name}")

    def press(self, name):
        """Press a button by the keyboard."""
        found = self.widget(name)
        self.until(lambda: found.is_enabled(), f"{name} can be pressed")
        self._show(found)
        found.send_keys(Keys.ENTER)

    def step(self, name):
        self.press(f"step-{name.lower()}")

    def keys(self, *keys, held=""):
        """Type keys where the focus is, some of them while others are held down."""
        typing = ActionChains(self.driver)
        for key in held:
            typing.key_down(key)
        typing.send_keys(*keys)
        for key in reversed(held):
            typing.key_up(key)
        typing.perform()

    def in_grid(self, row, column):
        """The cell of the grid of rejected rows, by its row on the page and its heading."""
        script = """
            const table = document.querySelector('.callconv-grid table');
            const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
            const at = heads.findIndex((head) => head.replace(/ [▾▴]$/, '') === arguments[1]);
            return table.tBodies[0]?.rows[arguments[0]]?.cells[at] ?? null;
        """
        return self.until(lambda: self.driver.execute_script(script, row, column), column)

    def focus(self, row, column):
        """Put the focus on a cell of the grid, which the kernel may just be showing anew."""

        def clicked():
            cell = self.in_grid(row, column)
            self._show(cell)
            cell.click()
            return True

        self.until(clicked, column)

    def shows(self, row, column, text):
        """Wait until a cell of the grid shows a text that the kernel has confirmed."""

        def confirmed():
            cell = self.in_grid(row, column)
            settled = "pending" not in (cell.get_attribute("class") or "")
            return settled and cell.text == text

        self.until(confirmed, f"{text} in {column}")

    def put_on_clipboard(self, text):
        script = """
            const field = document.createElement('textarea');
            field.id = 'to-copy'; field.value = arguments[0];
            field.dataset.lmSuppressShortcuts = 'true';
            document.body.append(field); field.focus(); field.select();
        """
        self.driver.execute_script(script, text)
        self.keys("c", held=Keys.CONTROL)
        self.driver.execute_script("document.getElementById('to-copy').remove()")

    def turn_to(self, name):
        """Choose one of the lists of Review."""
        lists = self.widget("lists").find_elements(By.CSS_SELECTOR, "button")
        (button,) = [one for one in lists if one.text == name]
        button.send_keys(Keys.ENTER)

    def type(self, name, text):
        field = self.widget(name).find_element(By.CSS_SELECTOR, "input")
        self._show(field)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(Keys.DELETE, text, Keys.TAB)

    def choose(self, name, text):
        self.until(lambda: self._choose(name, text), f"{text} in {name}")

    def _choose(self, name, text):
        choices = Select(self.widget(name).find_element(By.CSS_SELECTOR, "select"))
        names = [option.text for option in choices.options]
        if text not in names:
            return False
        choices.select_by_index(names.index(text))
        return True

    def chosen(self, name):
        choices = Select(self.widget(name).find_element(By.CSS_SELECTOR, "select"))
        return choices.first_selected_option.text

    def upload(self, path):
        self.widget("upload").click()
        self.first("#upload-field").send_keys(str(path))
        self.driver.execute_script("document.getElementById('upload-field').remove()")

    def text(self, name):
        return self.widget(name).text

    def reads(self, name, *words):
        """Wait until a widget shows these words; gives all that it shows."""

        def shown():
            text = self.text(name)
            return text if all(word in text for word in words) else None

        return self.until(shown, f"{words} in {name}")

    def told(self, *words):
        """Wait until a notice says these words; gives all that it says."""

        def said():
            text = " ".join(
                one.text for one in self.all(".callconv-said, .callconv-wrong") if one.text
            )
            return text if all(word in text for word in words) else None

        return self.until(said, f"{words} said")

    def cells(self, name):
        """The texts of a table's cells."""
        script = "return [...arguments[0].querySelectorAll('td')].map((cell) => cell.textContent)"
        return set(self.driver.execute_script(script, self.widget(name)))

    def headings(self, name):
        """The texts of a table's head."""
        script = "return [...arguments[0].querySelectorAll('th')].map((cell) => cell.textContent)"
        return self.driver.execute_script(script, self.widget(name))

    def unreadable(self, contrast):
        """Elements whose text stands out too little."""
        return self.driver.execute_script(contrast)

    def barriers(self, axe):
        """What axe-core finds on the workbench that keeps people out: serious and critical."""
        return barriers(self.driver, axe, ".callconv-workbench")

    def save(self):
        """Save the notebook."""
        self.driver.find_element(By.CSS_SELECTOR, ".jp-Notebook").send_keys(Keys.CONTROL, "s")

    def picture(self, name):
        """A picture of the workbench as it stands."""
        self._show(self.widget("steps"), "start")
        self.driver.save_screenshot(str(self.pictures / f"{name}.png"))

    def _show(self, element, where="center"):
        self.driver.execute_script(f"arguments[0].scrollIntoView({{block: '{where}'}})", element)


def chromium(profile):
    """A Chromium of one's own, as wide as a desk."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                 "--window-size=1500,1300", f"--user-data-dir={profile}"):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def rows_of(path):
    """The rows of a CSV file, by their columns."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
