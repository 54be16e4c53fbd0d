"""What tests of pages in Chromium share: the mark, window sizes, and what is asked of every page."""

import json
import os
import shutil

import pytest

CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(
        shutil.which("chromium") is None and os.environ.get("CI") != "true",
        reason="Chromium is not installed",
    ),
    # On a busy machine, a browser loses a click or an event now and then, as for a person, who tries
    # again. What fails twice fails; an assertion that fails is not tried again.
    pytest.mark.flaky(reruns=1, only_rerun=["TimeoutException"]),
]

WIDTHS = {"a desk": 1280, "a tablet": 768, "a phone": 360}

CONTRAST = """
const luminance = (color) => {
  const parts = color.match(/[\\d.]+/g).slice(0, 3).map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (!/, 0\\)$/.test(color)) return color;
  }
  return 'rgb(255, 255, 255)';
};
return [...document.querySelectorAll('body *')]
  .filter((element) => [...element.childNodes].some(
    (node) => node.nodeType === 3 && node.textContent.trim()))
  .filter((element) => element.getClientRects().length && !element.closest('style'))
  .map((element) => {
    const start = element.outerHTML.slice(0, 80);
    const pair = [getComputedStyle(element).color, ground(element)].map(luminance).sort();
    return [(Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05), start];
  })
  .filter(([contrast]) => contrast < 4.5);
"""
"""Elements whose text stands out too little from what is behind it (WCAG AA)."""


def emulate(browser, width=1280, scheme="light"):
    """A window of this width, and a person who likes this color scheme."""
    scheme_feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme_feature]})
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
    )


def requested(browser):
    """The addresses that the browser has asked for since this was asked last."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]


def barriers(driver, axe, within="html"):
    """What axe-core finds in a part of the page that keeps people out: serious and critical."""
    driver.execute_script(axe)
    found = driver.execute_async_script(
        """
        const [within, done] = arguments;
        axe.run(within).then(({violations, passes}) => done({
          passed: passes.length,
          found: violations.filter(({impact}) => ['serious', 'critical'].includes(impact))
            .map(({id, nodes}) => [id, nodes.length, nodes[0].html.slice(0, 200)]),
        }));
        """,
        within,
    )
    assert found["passed"]
    return found["found"]
