"""The widgets' modules in a page without Jupyter: they use anywidget's contract and nothing else.

What they use is what every host of anywidget gives: JupyterLab, Notebook 7, Voila, VS Code.
"""

import shutil

import pytest

from callconv_kit.demo import sample
from callconv_kit.widgets import Session
from callconv_kit.widgets.grid import Grid
from callconv_kit.widgets.parts import Frame
from callconv_kit.writing.explorer import Calls, Explore

from ..widgets.test_workbench import JOB, NOW
from .pages import CHROMIUM, emulate, requested

pytestmark = CHROMIUM

PAGE = "<!doctype html><title>host</title><body><main class='callconv-workbench'></main></body>"

HOST = """
const [source, held, done] = arguments;
const sent = [], asked = new Set(), listeners = new Set(), outside = [];
const state = {...held};
const contract = {
  get: (name) => state[name],
  set: (name, value) => { state[name] = value; },
  save_changes: () => {},
  send: (content) => { sent.push(content); },
  on: (name, act) => { listeners.add(act); },
  off: (name, act) => { listeners.delete(act); },
};
const model = new Proxy(contract, {
  get: (methods, name) => { asked.add(String(name)); return methods[name]; },
});
const main = document.querySelector("main");
const el = document.createElement("div");
main.replaceChildren(el);
new MutationObserver((changes) => outside.push(
  ...changes.filter(({ target }) => !el.contains(target)).map(({ target }) => target.nodeName)
)).observe(document, {childList: true, attributes: true, subtree: true});
const url = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
import(url).then(async (module) => {
  const widget = module.default;
  await widget.initialize?.({ model });
  const close = await widget.render({ model, el });
  window.host = { sent, asked, listeners, outside, close, el };
  requestAnimationFrame(() => setTimeout(() => done(Object.keys(widget))));
}).catch((error) => done(String(error)));
"""

STATE = """
const {sent, asked, listeners, outside, el} = window.host;
return {sent, asked: [...asked], listeners: listeners.size, outside};
"""
CONTRACT = {"get", "set", "save_changes", "send", "on", "off"}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("session")
    shutil.copy(sample("export.csv"), folder / "calls.csv")
    (folder / "callconv.toml").write_text(JOB)
    opened = Session(folder, now=NOW)
    opened.open(folder / "calls.csv")
    opened.prepare()
    return opened


@pytest.fixture
def host(browser, tmp_path):
    """A page without Jupyter, in which a widget is drawn."""
    (tmp_path / "host.html").write_text(PAGE)
    emulate(browser)
    browser.get((tmp_path / "host.html").as_uri())

    def drawn(widget, **held):
        requested(browser)
        source = widget._esm if isinstance(widget._esm, str) else str(widget._esm)
        told = browser.execute_async_script(HOST, source, held)
        assert told == ["render"]
        return browser

    yield drawn
    assert browser.title == "host"


def used(browser):
    """What the module did to its host."""
    state = browser.execute_script(STATE)
    assert set(state["asked"]) <= CONTRACT
    assert state["outside"] == []
    assert not [one for one in requested(browser) if not one.startswith("blob:")]
    assert [one for one in browser.get_log("browser") if one["level"] == "SEVERE"] == []
    return state


KEY = """
const [key, more] = arguments;
document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, ...more}));
"""


def test_the_grid(host, session):
    grid = Grid(session, lambda: None, lambda: None)
    grid.show()
    browser = host(grid, page=grid.page, active=[0, 0], help=grid.help)
    browser.execute_script("host.el.querySelector('[tabindex=\"0\"]').focus()")
    for key, more in (("ArrowDown", {}), ("PageDown", {}), ("ArrowUp", {"altKey": True})):
        browser.execute_script(KEY, key, more)
    state = used(browser)
    kinds = [content["kind"] for content in state["sent"]]
    assert kinds == ["page", "sort"]
    assert state["listeners"] == 1
    browser.execute_script("host.close()")
    assert used(browser)["listeners"] == 0


def test_explore(host, session):
    explorer = Explore(Calls.of_file(session.ready_file))
    browser = host(explorer, view=explorer.view)
    browser.execute_script("host.el.querySelector('button[aria-pressed]:enabled').click()")
    state = used(browser)
    assert [content["kind"] for content in state["sent"]] == ["choose"]
    browser.execute_script("host.close()")
    assert used(browser)["listeners"] == 0


def test_the_frame_marks_what_has_the_focus(host):
    browser = host(Frame())
    browser.execute_script(
        "const button = document.createElement('button'); host.el.append(button); button.focus()"
    )
    marked = browser.execute_script("return document.activeElement.dataset.lmSuppressShortcuts")
    assert marked == "true"
    state = used(browser)
    assert (state["sent"], state["listeners"]) == ([], 1)
    browser.execute_script("host.close()")
    assert used(browser)["listeners"] == 0
