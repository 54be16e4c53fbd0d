// Keeps what is shown up to date: fetches this page again and puts its content in place, unless
// somebody has a row open or text selected. Without it the page is reloaded by hand.
"use strict";
const PAUSE = 1500;

const busy = () =>
  document.hidden ||
  document.querySelector("main details[open]") !== null ||
  (getSelection().rangeCount > 0 && !getSelection().isCollapsed);

const put = (fresh) => {
  const main = document.querySelector("main");
  if (fresh.innerHTML === main.innerHTML) return;
  // Focus stays on the link or region that has it, by its place among them.
  const focusable = (part) => [...part.querySelectorAll("a, [tabindex='0'], summary")];
  const place = focusable(main).indexOf(document.activeElement);
  main.replaceChildren(...fresh.childNodes);
  if (place >= 0) focusable(main)[place]?.focus({ preventScroll: true });
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
