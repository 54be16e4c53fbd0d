// Counts of calls as bars that are buttons: pressing one sets a filter that all charts follow.
// The kernel counts. Every text is set as textContent, so nothing in it is ever run.

const make = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

const facet = ({ name, title, columns, values }, press) => {
  const most = Math.max(1, ...values.map(({ calls }) => calls));
  const list = make("div", { class: columns ? "callconv-columns" : "callconv-bars" });
  const named = values.filter(({ calls }) => calls);
  for (const { value, label, calls, text, chosen } of values) {
    const share = `${(100 * calls) / most}%`;
    const bar = make("span", { class: "callconv-bar", style: `--share: ${share}` });
    const parts = columns ? [bar] : [
      make("span", { class: "callconv-label" }, label), bar,
      make("span", { class: "callconv-count" }, calls.toLocaleString("en-US")),
    ];
    const button = make("button", {
      type: "button", title: `${label}: ${text}`, "aria-label": `${label}: ${text}`,
      "aria-pressed": String(Boolean(chosen)), "data-key": `${name} ${value}`,
    }, ...parts);
    button.disabled = value === null || (!calls && !chosen);
    button.addEventListener("click", () => press(name, value));
    list.append(button);
  }
  const box = make("section", { "aria-label": title }, make("h4", {}, title), list);
  if (columns && named.length) {
    box.append(make("p", { class: "callconv-axis" },
      make("span", {}, values[0].label),
      make("span", {}, `most: ${most.toLocaleString("en-US")} calls`),
      make("span", {}, values.at(-1).label)));
  }
  return box;
};

const draw = (model, el) => {
  const focused = el.contains(document.activeElement) && document.activeElement.dataset.key;
  const { totals = [], facets = [], outliers = [], filters = [] } = model.get("view");
  const press = (name, value) => model.send({ kind: "choose", facet: name, value });
  const clear = make("button", { type: "button", class: "callconv-clear" }, "Clear all filters");
  clear.disabled = !filters.length;
  clear.addEventListener("click", () => model.send({ kind: "clear" }));
  const numbers = make("div", { class: "callconv-totals" }, ...totals.map(([name, number]) => make(
    "div", {}, make("span", {}, `${name} `), make("strong", {}, number))));
  const shown = filters.length ? `Filtered by ${filters.join("; ")}.` : "Press a bar to filter.";
  const worth = make("section", { "aria-label": "Worth a look" }, make("h4", {}, "Worth a look"),
    make("ul", {}, ...outliers.map((one) => make("li", {}, one))));
  if (!outliers.length) worth.append(make("p", {}, "Nothing stands out."));
  const box = make("div", { class: "callconv-explore" },
    numbers, make("p", { role: "status" }, `${shown} `, clear),
    make("div", { class: "callconv-facets" }, ...facets.map((one) => facet(one, press)), worth));
  el.replaceChildren(...(facets.length ? [box] : []));
  if (focused) el.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
};

export default {
  render({ model, el }) {
    const show = () => draw(model, el);
    // JupyterLab obeys its shortcuts unless the focused element itself says otherwise.
    el.addEventListener("focusin", ({ target }) => { target.dataset.lmSuppressShortcuts = "true"; });
    model.on("change:view", show);
    show();
    return () => model.off("change:view", show);
  },
};
