"""The same person with one hand only: by the mouse, or by the keyboard alone."""

import contextlib
import subprocess
import sys

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from .lab import Person, environment, free_port, stop, wait_for_server

FAR = 400
"""Presses of Tab within which everything is reached."""

LISTEN = """
const [element, kind] = arguments;
element.callconvHeard = false;
element.addEventListener(kind, () => { element.callconvHeard = true; },
                         {capture: true, once: true});
"""
"""Notes on an element that a click reached it."""


class ByMouse(Person):
    """Points and clicks; the keys are for texts alone."""

    def click(self, element, *, twice=False):
        """Click an element; once more where the page moved it away from under the pointer."""

        def reached():
            self._show(element)
            pointer = ActionChains(self.driver).move_to_element(element)
            (pointer.double_click() if twice else pointer.click()).perform()
            try:
                return self.driver.execute_script("return arguments[0].callconvHeard", element)
            except StaleElementReferenceException:
                return True  # the click has put something else in its place

        self.driver.execute_script(LISTEN, element, "dblclick" if twice else "click")
        self.until(reached, "a click reaches what it is aimed at")

    def press(self, name):
        found = self.widget(name)
        self.until(lambda: found.is_enabled(), f"{name} can be pressed")
        self.click(found)

    def turn_to(self, name):
        lists = self.widget("lists").find_elements(By.CSS_SELECTOR, "button")
        (button,) = [one for one in lists if one.text == name]
        self.click(button)

    def type(self, name, text):
        field = self.widget(name).find_element(By.CSS_SELECTOR, "input")
        self.click(field)
        self.click(field, twice=True)
        self.keys(text)
        self.click(self.first(".callconv-open-points"))

    def correct(self, row, column, text):
        """Replace the text of a cell of the grid."""
        self.click(self.in_grid(row, column), twice=True)
        self.click(self.first(".callconv-grid td input"), twice=True)
        self.keys(text)
        self.click(self.in_grid(row + 1, column))
        self.shows(row, column, text)

    def bar(self, facet):
        """Press the longest bar of a chart of Explore."""
        self.click(self.first(f"section[aria-label^='{facet}'] button"))


class ByKeyboard(Person):
    """Goes from one control to the next with Tab, as who can't point."""

    def reach(self, element):
        """Go to an element, or into it."""
        where = """
            const at = document.activeElement, to = arguments[0];
            if (to.contains(at)) return 0;
            return at.compareDocumentPosition(to) & Node.DOCUMENT_POSITION_FOLLOWING ? 1 : -1;
        """
        for _ in range(FAR):
            way = self.driver.execute_script(where, element)
            if not way:
                return
            # A grid is left with Escape, then Tab.
            keys = [Keys.TAB]
            if self.driver.execute_script("return !!document.activeElement.closest('td, th')"):
                keys = [Keys.ESCAPE, Keys.TAB]
            self.keys(*keys, held=() if way > 0 else Keys.SHIFT)
        raise AssertionError(f"{element.get_attribute('outerHTML')[:200]} is not reached with Tab")

    def press(self, name):
        found = self.widget(name)
        self.until(lambda: found.is_enabled(), f"{name} can be pressed")
        self.reach(found)
        self.keys(Keys.ENTER)

    def turn_to(self, name):
        lists = self.widget("lists").find_elements(By.CSS_SELECTOR, "button")
        (button,) = [one for one in lists if one.text == name]
        self.reach(button)
        self.keys(Keys.ENTER)

    def type(self, name, text):
        self.reach(self.widget(name).find_element(By.CSS_SELECTOR, "input"))
        self.keys("a", held=Keys.CONTROL)
        self.keys(text, Keys.TAB)

    def _choose(self, name, text):
        field = self.widget(name).find_element(By.CSS_SELECTOR, "select")
        names = [option.text for option in Select(field).options]
        if text not in names:
            return False
        self.reach(field)
        self.keys(Keys.HOME, *[Keys.ARROW_DOWN] * names.index(text))
        return self.chosen(name) == text

    def correct(self, row, column, text):
        """Replace the text of a cell of the grid."""
        at = "return [arguments[0].parentElement.sectionRowIndex, arguments[0].cellIndex]"
        wanted = self.until(lambda: self.driver.execute_script(at, self.in_grid(row, column)))
        self.reach(self.first(".callconv-grid table"))
        here = self.driver.execute_script(at.replace("arguments[0]", "document.activeElement"))
        back, on = (Keys.ARROW_UP, Keys.ARROW_LEFT), (Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
        for now, then, less, more in zip(here, wanted, back, on, strict=True):
            self.keys(*[more if then > now else less] * abs(then - now))
        self.keys(text, Keys.ENTER)
        self.shows(row, column, text)

    def bar(self, facet):
        """Press the longest bar of a chart of Explore."""
        self.reach(self.first(f"section[aria-label^='{facet}'] button"))
        self.keys(Keys.ENTER)


@contextlib.contextmanager
def voila(folder, scratch):
    """Voila over a folder; gives the address of the folder's notebooks."""
    scratch.mkdir(exist_ok=True)
    port, log = free_port(), scratch / "voila.log"
    command = [sys.executable, "-m", "voila", str(folder), "--no-browser", f"--port={port}",
               "--Voila.ip=127.0.0.1"]  # fmt: skip
    with log.open("w") as told:
        server = subprocess.Popen(command, env=environment(scratch), stdout=told, stderr=told)
        try:
            wait_for_server(f"http://127.0.0.1:{port}", server, log)
            yield f"http://127.0.0.1:{port}/voila/render"
        finally:
            stop(server)
