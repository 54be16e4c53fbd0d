// Keeps what is shown up to date: fetches this page again and puts its content in place, unless
// nobody looks or text is selected.
"use strict";
const PAUSE = 1500;

const busy = () =>
  document.hidden ||
  (getSelection().rangeCount > 0 && !getSelection().isCollapsed);

// What a link leads to, or a region is called, tells it apart when rows have moved.
const sign = (element) => element.getAttribute("href") ?? element.getAttribute("aria-label");

const put = (fresh) => {
  const main = document.querySelector("main");
  if (fresh.innerHTML === main.innerHTML) return;
  const focused = main.contains(document.activeElement) ? sign(document.activeElement) : null;
  main.replaceChildren(...fresh.childNodes);
  if (focused === null) return;
  [...main.querySelectorAll("a, [tabindex='0']")]
    .find((element) => sign(element) === focused)
    ?.focus({ preventScroll: true });
};

const refresh = async () => {
  try {
    if (!busy()) {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        put(page.querySelector("main"));
        document.querySelector("footer time").replaceWith(page.querySelector("footer time"));
        if (!page.querySelector("main[data-live]")) return;
      }
    }
  } catch {
    // The server has ended; the page shows what it knew, and goes on when it is back.
  }
  setTimeout(refresh, PAUSE);
};
setTimeout(refresh, PAUSE);
