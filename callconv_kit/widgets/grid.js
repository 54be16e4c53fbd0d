// A table of rejected rows that is edited in place, as a grid of the ARIA authoring practices.
// The kernel holds the rows: a page comes as `page`, and edits go back as messages. Every text is
// set as textContent or as a field's value, so nothing in a cell is ever run or shown as markup.

const make = (name, attributes = {}, text = "") => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};

// Cells as a spreadsheet puts them on the clipboard: tabs and line ends, quotes around both.
const asText = (rows) => rows.map((row) => row.map((cell) => (
  /[\t\n\r"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join("\t")).join("\n");

const asCells = (text) => {
  const rows = [[]];
  const cells = /(?:^|(?<=[\t\n]))(?:"((?:[^"]|"")*)"|([^\t\n]*))([\t\n]|$)/g;
  const plain = text.replaceAll("\r\n", "\n").replace(/\n$/, "");
  for (const [, quoted, bare, end] of plain.matchAll(cells)) {
    rows.at(-1).push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end === "\n") rows.push([]);
    if (end === "") break;
  }
  return rows;
};

let grids = 0;

class Grid {
  constructor(model, el) {
    this.model = model;
    this.id = `callconv-grid-${(grids += 1)}`;
    this.at = [0, 0];
    this.anchor = [0, 0];
    this.editor = null;
    this.pending = new Map();
    this.box = make("div", { class: "callconv-grid" });
    // JupyterLab obeys its shortcuts unless the focused element itself says otherwise.
    this.box.addEventListener("focusin", ({ target }) => {
      target.dataset.lmSuppressShortcuts = "true";
    });
    const bar = make("div", { class: "callconv-grid-bar", role: "toolbar", "aria-label": "Changes" });
    this.undo = make("button", { type: "button", class: "callconv-grid-undo" });
    this.redo = make("button", { type: "button", class: "callconv-grid-redo" });
    this.undo.addEventListener("click", () => model.send({ kind: "undo" }));
    this.redo.addEventListener("click", () => model.send({ kind: "redo" }));
    const help = make("details");
    help.append(make("summary", {}, "Keys"), make("p", {}, model.get("help")));
    bar.append(this.undo, this.redo, help);
    this.scroll = make("div", { class: "callconv-grid-scroll" });
    this.table = make("table", { role: "grid", "aria-multiselectable": "true" });
    this.scroll.append(this.table);
    this.told = make("div", { id: `${this.id}-told`, class: "callconv-grid-told", role: "status" });
    this.lists = make("div");
    this.box.append(bar, this.scroll, this.told, this.lists);
    el.append(this.box);
    this.table.addEventListener("keydown", (event) => this.key(event));
    this.table.addEventListener("mousedown", (event) => this.press(event));
    this.table.addEventListener("mouseover", (event) => this.drag(event));
    this.table.addEventListener("dblclick", () => this.edit());
    this.table.addEventListener("copy", (event) => this.copy(event));
    this.table.addEventListener("paste", (event) => this.paste(event));
    this.changed = () => { this.pending.clear(); this.show(); };
    model.on("change:page", this.changed);
    // A table that is not on screen yet has no width, so nothing in it can be revealed.
    this.resized = new ResizeObserver(() => this.reveal());
    this.resized.observe(this.scroll);
    this.show();
  }

  close() {
    this.model.off("change:page", this.changed);
    this.resized.disconnect();
  }

  get page() { return this.model.get("page"); }

  get head() { return this.page.header ?? []; }

  get rows() { return this.page.rows ?? []; }

  node(row, column) { return this.table.tBodies[0]?.rows[row]?.cells[column]; }

  // -- drawing --------------------------------------------------------------------------------

  show() {
    const focused = this.table.contains(document.activeElement);
    const editing = this.editor && { at: this.editor.at, text: this.editor.field.value };
    this.editor = null;
    const { label = "", total = 0, first = 0, undo = "", redo = "" } = this.page;
    for (const [button, name, what] of [[this.undo, "Undo", undo], [this.redo, "Redo", redo]]) {
      button.textContent = what ? `${name}: ${what}` : name;
      button.disabled = !what;
    }
    this.table.setAttribute("aria-label", label);
    this.table.setAttribute("aria-rowcount", total + 1);
    this.table.setAttribute("aria-colcount", this.head.length);
    const top = make("tr", { "aria-rowindex": 1 });
    this.head.forEach((column, at) => top.append(this.heading(column, at)));
    const head = make("thead");
    head.append(top);
    const body = make("tbody");
    this.rows.forEach((row, number) => {
      const line = make("tr", { "aria-rowindex": first + number + 2 });
      row.forEach((cell, at) => line.append(this.cell(cell, number, at)));
      body.append(line);
    });
    this.table.replaceChildren(head, body);
    this.lists.replaceChildren(...this.head.flatMap((column, at) => this.choices(column, at)));
    if (this.page.view !== this.view) {
      this.view = this.page.view;
      this.at = this.firstWrong();
      this.anchor = [...this.at];
      this.tell();
    }
    this.at = this.inside(this.at);
    this.anchor = this.inside(this.anchor);
    this.mark(focused);
    this.reveal();
    this.say(this.page.told ?? "");
    if (editing && this.node(...editing.at)) this.edit(editing.text, editing.at);
  }

  heading(column, at) {
    const cell = make("th", { scope: "col", "aria-colindex": at + 1 });
    const button = make("button", { type: "button", tabindex: "-1" }, column.name);
    const { column: sorted, down } = this.page.sort ?? {};
    if (sorted === at) {
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      button.append(make("span", { "aria-hidden": "true" }, down ? " ▾" : " ▴"));
    }
    button.title = `Sort by ${column.name}`;
    button.addEventListener("click", () => this.sort(at));
    cell.append(button);
    return cell;
  }

  cell(cell, row, at) {
    const name = this.head[at].header ? "th" : "td";
    const made = make(name, {
      role: name === "th" ? "rowheader" : "gridcell", "aria-colindex": at + 1, tabindex: "-1",
    });
    made.append(make("bdi", {}, this.pending.get(`${row} ${at}`) ?? cell.text));
    if (this.pending.has(`${row} ${at}`)) made.classList.add("callconv-grid-pending");
    if (this.head[at].readonly || cell.locked) made.setAttribute("aria-readonly", "true");
    if (this.head[at].long) {
      made.classList.add("callconv-long");
      made.title = cell.text;
    }
    if (cell.fixed) made.classList.add("callconv-grid-fixed");
    if (cell.why) {
      made.setAttribute("aria-invalid", "true");
      made.title = cell.why;
    }
    return made;
  }

  choices(column, at) {
    if (!column.choices?.length) return [];
    const list = make("datalist", { id: `${this.id}-${at}` });
    list.append(...column.choices.map((choice) => make("option", { value: choice })));
    return [list];
  }

  firstWrong() {
    for (const [row, cells] of this.rows.entries()) {
      const column = cells.findIndex((cell) => cell.why);
      if (column >= 0) return [row, column];
    }
    return [0, 0];
  }

  // Scroll the table alone, sideways, so that the active cell is not hidden.
  reveal() {
    const cell = this.node(...this.at);
    if (!cell) return;
    const { left, right } = cell.getBoundingClientRect();
    const seen = this.scroll.getBoundingClientRect();
    if (left < seen.left + 60 || right > seen.right) this.scroll.scrollLeft += left - seen.left - 160;
  }

  inside([row, column]) {
    return [
      Math.max(0, Math.min(row, this.rows.length - 1)),
      Math.max(0, Math.min(column, this.head.length - 1)),
    ];
  }

  range() {
    const [rows, columns] = [0, 1].map((side) => [this.anchor[side], this.at[side]].sort(
      (one, other) => one - other));
    return { rows, columns };
  }

  mark(focus) {
    const { rows, columns } = this.range();
    for (const cell of this.table.querySelectorAll("[tabindex='0'], [aria-selected]")) {
      if (cell.tagName !== "BUTTON") cell.tabIndex = -1;
      cell.removeAttribute("aria-selected");
      cell.removeAttribute("aria-describedby");
    }
    for (let row = rows[0]; row <= rows[1]; row += 1) {
      for (let column = columns[0]; column <= columns[1]; column += 1) {
        this.node(row, column)?.setAttribute("aria-selected", "true");
      }
    }
    const active = this.node(...this.at);
    if (!active) return;
    active.tabIndex = 0;
    active.setAttribute("aria-describedby", this.told.id);
    if (focus) {
      active.focus({ preventScroll: true });
      active.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  say(told) {
    const cell = this.rows[this.at[0]]?.[this.at[1]] ?? {};
    const parts = [told, cell.why, cell.proposal && `Suggested: ${cell.proposal} (Alt+Enter)`];
    if (!told && this.head[this.at[1]]?.long) parts.push(cell.text);
    if (!told && cell.locked) parts.push("Nothing is wrong with this cell.");
    this.told.textContent = parts.filter(Boolean).join(" ");
    this.told.classList.toggle("callconv-wrong", Boolean(told && this.page.refused));
  }

  // -- moving ---------------------------------------------------------------------------------

  go(row, column, extend = false) {
    const { first = 0, total = 0, size = 50 } = this.page;
    if (row < 0 && first > 0) return this.turn(first - size, this.rows.length - 1, column);
    if (row >= this.rows.length && first + this.rows.length < total) {
      return this.turn(first + size, 0, column);
    }
    this.at = this.inside([row, column]);
    if (!extend) this.anchor = [...this.at];
    this.mark(true);
    this.say("");
    this.tell();
    return undefined;
  }

  // The kernel knows which cell is active.
  tell() {
    this.model.set("active", [...this.at]);
    this.model.save_changes();
  }

  turn(first, row, column) {
    this.at = [row, column];
    this.anchor = [row, column];
    this.model.send({ kind: "page", first });
  }

  sort(at) {
    const { column, down } = this.page.sort ?? {};
    this.order(at, column === at && !down);
  }

  order(column, down) { this.model.send({ kind: "sort", column, down }); }

  place(event) {
    const cell = event.target.closest("[role='gridcell'], [role='rowheader']");
    return cell && [cell.parentElement.sectionRowIndex, cell.cellIndex];
  }

  press(event) {
    const place = this.place(event);
    if (!place || event.target.tagName === "INPUT") return;
    event.preventDefault();
    if (this.editor) this.commit();
    this.go(...place, event.shiftKey);
  }

  drag(event) {
    const place = event.buttons === 1 && !this.editor && this.place(event);
    if (place) this.go(...place, true);
  }

  key(event) {
    if (event.isComposing || event.target.tagName === "BUTTON") return;
    const [row, column] = this.at;
    const control = event.ctrlKey || event.metaKey;
    const does = this.editor ? this.editing(event) : this.moving(event, row, column, control);
    if (!["Shift", "Tab"].includes(event.key)) this.leaving = false;
    if (!does) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  }

  editing(event) {
    const [row, column] = this.editor.at;
    const step = event.shiftKey ? -1 : 1;
    return {
      Enter: () => this.commit(row + step, column),
      Tab: () => this.commit(row, column + step),
      Escape: () => this.cancel(),
    }[event.key];
  }

  moving(event, row, column, control) {
    const { key, shiftKey: extend } = event;
    const last = [this.rows.length - 1, this.head.length - 1];
    if (control) {
      return {
        z: () => this.model.send({ kind: extend ? "redo" : "undo" }),
        Z: () => this.model.send({ kind: "redo" }),
        y: () => this.model.send({ kind: "redo" }),
        a: () => { this.anchor = [0, 0]; this.go(...last, true); },
        Home: () => this.go(0, 0, extend),
        End: () => this.go(...last, extend),
      }[key];
    }
    if (event.altKey) {
      return {
        Enter: () => this.propose(),
        ArrowUp: () => this.order(column, false),
        ArrowDown: () => this.order(column, true),
      }[key];
    }
    const moves = {
      ArrowUp: () => this.go(row - 1, column, extend),
      ArrowDown: () => this.go(row + 1, column, extend),
      ArrowLeft: () => this.go(row, column - 1, extend),
      ArrowRight: () => this.go(row, column + 1, extend),
      Home: () => this.go(row, 0, extend),
      End: () => this.go(row, last[1], extend),
      PageUp: () => this.go(-1, column),
      PageDown: () => this.go(this.rows.length, column),
      Enter: () => this.edit(),
      F2: () => this.edit(),
      Escape: () => { this.leaving = true; this.say("Tab leaves the table."); },
      Delete: () => this.fill(""),
      Backspace: () => this.fill(""),
    };
    if (key in moves) return moves[key];
    if (key === "Tab") return this.tab(row, column + (extend ? -1 : 1));
    return key.length === 1 ? () => this.edit(key) : undefined;
  }

  // Tab goes through the cells, and on out of the grid at its ends; after Escape, at once.
  tab(row, column) {
    if (this.leaving) return undefined;
    if (column < 0) return row > 0 ? () => this.go(row - 1, this.head.length - 1) : undefined;
    if (column < this.head.length) return () => this.go(row, column);
    return row + 1 < this.rows.length ? () => this.go(row + 1, 0) : undefined;
  }

  // -- editing --------------------------------------------------------------------------------

  edit(text, at = this.at) {
    const cell = this.rows[at[0]]?.[at[1]];
    const node = this.node(...at);
    if (!node || this.head[at[1]].readonly || cell.locked) {
      this.say("");
      return;
    }
    const field = make("input", { type: "text", "aria-label": this.head[at[1]].name });
    if (this.head[at[1]].choices?.length) field.setAttribute("list", `${this.id}-${at[1]}`);
    const before = cell.raw ?? cell.text;
    field.value = text ?? before;
    node.replaceChildren(field);
    this.editor = { at: [...at], field, before };
    field.addEventListener("blur", () => this.editor?.field === field && this.commit());
    field.focus();
    if (text === undefined) field.select();
  }

  cancel() {
    this.editor = null;
    this.show();
    this.mark(true);
  }

  commit(row, column) {
    const { at, field, before } = this.editor;
    this.editor = null;
    const moved = row !== undefined;
    if (field.value !== before) this.send([[...at, field.value]]);
    else this.show();
    if (moved) this.go(row, column);
  }

  propose() {
    const edits = this.each((row, column) => {
      const proposal = this.rows[row]?.[column]?.proposal;
      return proposal ? [row, column, proposal] : null;
    });
    if (edits.length) this.send(edits);
  }

  fill(text) {
    this.send(this.each((row, column) => [row, column, text]));
  }

  each(act) {
    const { rows, columns } = this.range();
    const found = [];
    for (let row = rows[0]; row <= rows[1]; row += 1) {
      for (let column = columns[0]; column <= columns[1]; column += 1) {
        const one = act(row, column);
        if (one) found.push(one);
      }
    }
    return found;
  }

  // A text is shown at once; the kernel validates it and sends the page anew.
  send(edits) {
    const { first = 0 } = this.page;
    const wanted = edits.filter(([, column]) => !this.head[column]?.readonly);
    if (!wanted.length) return;
    for (const [row, column, text] of wanted) this.pending.set(`${row} ${column}`, text);
    this.show();
    this.model.send({
      kind: "edit", edits: wanted.map(([row, column, text]) => [first + row, column, text]),
    });
  }

  copy(event) {
    if (this.editor) return;
    event.preventDefault();
    const { rows, columns } = this.range();
    const cells = this.rows.slice(rows[0], rows[1] + 1).map(
      (row) => row.slice(columns[0], columns[1] + 1).map((cell) => cell.raw ?? cell.text));
    event.clipboardData.setData("text/plain", asText(cells));
  }

  paste(event) {
    if (this.editor) return;
    event.preventDefault();
    const cells = asCells(event.clipboardData.getData("text/plain"));
    const { rows, columns } = this.range();
    if (cells.length === 1 && cells[0].length === 1) {
      this.fill(cells[0][0]);
      return;
    }
    const { total = 0, first = 0 } = this.page;
    this.send(cells.flatMap((row, down) => row.map(
      (text, right) => [rows[0] + down, columns[0] + right, text])).filter(
      ([row, column]) => first + row < total && column < this.head.length));
  }
}

export default {
  render({ model, el }) {
    const grid = new Grid(model, el);
    return () => grid.close();
  },
};
