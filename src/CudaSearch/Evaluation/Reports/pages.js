"use strict";
// The pages of a KV cache, pass by pass: which sequences hold which pages, what is shared, and who reads what in the pass's attention.
(() => {
  const holder = document.getElementById("kv-data");
  if (!holder) return;
  const data = JSON.parse(holder.textContent);
  const root = document.getElementById("pages");
  const MAX_ITEMS = 200;

  const make = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "style") for (const [property, set] of Object.entries(value)) made.style.setProperty(property, set);
      else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
    return made;
  };
  const svg = (tag, attributes = {}) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const number = n => n.toLocaleString("en");
  const count = (n, one, many = one + "s") => `${number(n)} ${n === 1 ? one : many}`;
  const bytes = n => n >= 1 << 30 ? `${(n / (1 << 30)).toFixed(1)} GiB` : n >= 1 << 20 ? `${(n / (1 << 20)).toFixed(1)} MiB` : `${(n / 1024).toFixed(0)} KiB`;

  // What every sequence holds after each pass: the passes say only what changed.
  const snapshots = engine => {
    let tables = new Map(), cached = [];
    return engine.passes.map(pass => {
      tables = new Map(tables);
      for (const id of pass.gone ?? []) tables.delete(id);
      for (const [id, computed, pages] of pass.tables ?? []) tables.set(id, { computed, pages });
      cached = pass.cached_pages ?? cached;
      return { tables, cached };
    });
  };

  // The steps of the search whose tokens lie in [from, to) of a sequence; those before a fork are its ancestors'.
  const stepsIn = (engine, id, from, to) => {
    const found = [];
    let end = to;
    for (let sequence = id; sequence !== undefined && end > 0;) {
      for (const step of engine.steps?.[sequence] ?? []) {
        const [node, first, tokens] = step;
        if (first < Math.min(end, to) && first + tokens > from) found.push(node);
      }
      const born = engine.sequences[sequence];
      end = Math.min(end, born?.[1] ?? 0);
      sequence = born?.[0] ?? undefined;
    }
    return found;
  };

  // What tokens [from, to) of a sequence are, in words where the tokenizer is known.
  const textOf = (engine, id, from, to) => {
    const ids = [];
    for (let position = from; position < to; position++) {
      let sequence = id;
      while (sequence !== null && sequence !== undefined && position < (engine.sequences[sequence]?.[1] ?? 0)) sequence = engine.sequences[sequence][0];
      const own = engine.sequences[sequence];
      if (own) ids.push(own[3][position - own[1]]);
    }
    return engine.pieces ? JSON.stringify(ids.map(token => engine.pieces[token] ?? "").join("")) : `tokens ${ids.join(" ")}`;
  };

  class PagesView {
    constructor(engine) {
      this.engine = engine;
      this.states = snapshots(engine);
      this.host = make("div", { class: "kv" });
      this.chart();
      this.bar();
      this.facts = make("p", { class: "facts-line" });
      this.happened = make("p", { class: "small quiet" });
      this.map = make("div", { class: "map", role: "img", "aria-label": "pages of each sequence" });
      this.cell = make("div", { class: "cell-detail small", "aria-live": "polite" });
      this.plan = make("div", { class: "plan" });
      this.host.append(this.facts, this.happened, make("div", { class: "scroll" }, this.map), this.cell, this.plan);
      this.show(this.busiest());
    }

    busiest() {
      let best = 0;
      this.engine.passes.forEach((pass, i) => { if (pass.held_alone - pass.held > this.engine.passes[best].held_alone - this.engine.passes[best].held) best = i; });
      return best;
    }

    chart() {
      const passes = this.engine.passes, width = 1000, height = 150;
      const top = Math.max(1, ...passes.map(pass => Math.max(pass.held_alone, pass.used)));
      const x = i => passes.length === 1 ? width / 2 : i * width / (passes.length - 1), y = pages => height - pages * height / top;
      const line = value => passes.map((pass, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(value(pass)).toFixed(1)}`).join("");
      const drawing = svg("svg", { viewBox: `0 -4 ${width} ${height + 8}`, preserveAspectRatio: "none", class: "over-time" });
      const area = svg("path", { d: `${line(pass => pass.held)}L${width} ${height}L0 ${height}Z`, class: "held" });
      drawing.append(area, svg("path", { d: line(pass => pass.used), class: "used" }), svg("path", { d: line(pass => pass.held_alone), class: "alone" }));
      passes.forEach((pass, i) => {
        if (pass.evicted || pass.set_aside) drawing.append(svg("path", { d: `M${x(i)} ${height}v-10`, class: pass.set_aside ? "aside" : "evicted" }));
      });
      this.cursor = svg("path", { class: "cursor" });
      drawing.append(this.cursor);
      this.x = x;
      drawing.addEventListener("pointerdown", event => {
        const box = drawing.getBoundingClientRect();
        this.show(Math.round((event.clientX - box.left) / box.width * (passes.length - 1)));
      });
      const key = (name, text) => make("li", {}, make("span", { class: `swatch ${name}` }), text);
      this.host.append(
        make("div", { class: "chart" }, make("span", { class: "small quiet peak" }, `${count(top, "page")}`), drawing),
        make("ul", { class: "legend" }, key("held", "held by sequences"), key("used", "with cached prefixes"), key("alone", "if nothing were shared"),
          passes.some(pass => pass.evicted) ? key("evicted", "prefixes evicted") : null, passes.some(pass => pass.set_aside) ? key("aside", "sequences set aside") : null));
    }

    bar() {
      this.slider = make("input", { type: "range", min: 0, max: this.engine.passes.length - 1, "aria-label": "pass", class: "pass" });
      this.slider.addEventListener("input", () => this.show(Number(this.slider.value)));
      this.label = make("b");
      const step = (text, label, by) => {
        const button = make("button", { type: "button", "aria-label": label }, text);
        button.addEventListener("click", () => this.show(this.at + by));
        return button;
      };
      this.host.append(make("div", { class: "bar" }, this.label, step("‹", "pass before", -1), this.slider, step("›", "next pass", 1)));
    }

    show(index) {
      const passes = this.engine.passes;
      this.at = Math.max(0, Math.min(passes.length - 1, index));
      const pass = passes[this.at], state = this.states[this.at], size = this.engine.page_size;
      this.slider.value = this.at;
      this.label.textContent = `Pass ${number(pass.pass)} of ${number(passes[passes.length - 1].pass)}`;
      this.cursor.setAttribute("d", `M${this.x(this.at)} -4V154`);
      const saved = pass.held_alone - pass.held;
      this.facts.replaceChildren(
        `${count(pass.rows, "token")} computed for ${count(pass.sequences, "sequence")} · `, make("b", { class: "held-now" }, number(pass.held)), ` pages held, `,
        make("b", { class: "alone-now" }, number(pass.held_alone)), ` without sharing: ${count(saved, "page")}, ${bytes(saved * this.engine.page_bytes)} saved · attention reads `,
        make("b", { class: "reads-now" }, number(pass.page_reads)), pass.page_reads < pass.page_reads_alone ? ` pages instead of ${number(pass.page_reads_alone)}` : " pages");
      const events = [];
      if (pass.copies?.length) events.push(`copied on write: ${pass.copies.map(([from, to]) => `page ${from} to ${to}`).join(", ")}`);
      if (pass.matched) events.push(`${count(pass.matched, "token")} found in the cache of prefixes`);
      if (pass.evicted) events.push(`${count(pass.evicted, "cached page")} evicted`);
      if (pass.set_aside) events.push(`${count(pass.set_aside, "sequence")} set aside, to be computed again`);
      this.happened.textContent = events.join(" · ") || "no page was copied, evicted or taken away";
      this.drawMap(state, size);
      this.drawPlan(pass);
      this.cell.textContent = "Point at a page to see what it holds.";
    }

    // Sequences with the same pages in front stand together, and a page that neighbours share is drawn once across them.
    drawMap(state, size) {
      const rows = [...state.tables].filter(([, table]) => table.pages.length > 0);
      rows.sort(([a, one], [b, other]) => {
        for (let i = 0; i < Math.min(one.pages.length, other.pages.length); i++) if (one.pages[i] !== other.pages[i]) return one.pages[i] - other.pages[i];
        return one.pages.length - other.pages.length || a - b;
      });
      const references = new Map();
      for (const [, table] of rows) for (const page of table.pages) references.set(page, (references.get(page) ?? 0) + 1);
      const most = Math.max(2, ...references.values()), high = rows.length > 40 ? 13 : 20, left = 92, top = 18;
      const columns = Math.max(0, ...rows.map(([, table]) => table.pages.length));
      const wide = Math.max(44, Math.min(84, Math.floor(((root.clientWidth || 700) - left - 8) / Math.max(1, columns))));
      const cells = document.createDocumentFragment();
      for (let column = 0; column < columns; column++)
        cells.append(make("span", { class: "column-name", style: { left: `${left + column * wide}px`, width: `${wide - 3}px` } }, String(column * size)));
      rows.forEach(([id], r) => {
        if (high > 13 || r % 4 === 0) cells.append(make("span", { class: "row-name", style: { top: `${top + r * high}px`, height: `${high - 3}px` } }, this.name(id)));
      });
      for (let column = 0; column < columns; column++) {
        for (let r = 0; r < rows.length;) {
          const page = rows[r][1].pages[column];
          let end = r + 1;
          while (end < rows.length && rows[end][1].pages[column] === page) end++;
          if (page !== undefined) {
            const table = rows[r][1], filled = Math.min(size, table.computed - column * size), shared = references.get(page);
            const cell = make("span", {
              class: shared > 1 ? "page shared" : "page", "data-page": page, tabindex: 0,
              style: { left: `${left + column * wide}px`, top: `${top + r * high}px`, width: `${wide - 3}px`, height: `${(end - r) * high - 3}px`, "--share": Math.log2(shared) / Math.log2(most), "--filled": filled / size },
            }, (end - r) * high > 12 ? String(page) : "");
            const tell = () => this.tell(page, shared, rows.filter(([, other]) => other.pages[column] === page).map(([id]) => id), column * size, filled, state.cached.includes(page));
            cell.addEventListener("pointerenter", tell);
            cell.addEventListener("focus", tell);
            cells.append(cell);
          }
          r = end;
        }
      }
      this.map.style.height = `${top + rows.length * high + 4}px`;
      this.map.style.width = `${left + columns * wide + 4}px`;
      this.map.replaceChildren(cells);
      const kept = state.cached.filter(page => !references.has(page)).length;
      if (kept > 0) this.happened.append(` · ${count(kept, "page")} kept for prefixes that may come again`);
    }

    name(id) {
      const born = this.engine.sequences[id];
      return born?.[2] === null || born?.[2] === undefined ? `sequence ${id}` : `beam ${born[2]}`;
    }

    tell(page, shared, sequences, from, filled, cached) {
      const names = sequences.slice(0, 8).map(id => this.name(id)).join(", ") + (sequences.length > 8 ? ` and ${sequences.length - 8} more` : "");
      const text = textOf(this.engine, sequences[0], from, from + filled);
      const nodes = [...new Set(sequences.flatMap(id => stepsIn(this.engine, id, from, from + filled)))];
      this.cell.replaceChildren(
        make("b", {}, `Page ${page}`), ` · positions ${from} to ${from + filled - 1} · ${count(shared, "reference")}${cached ? " and the cache of prefixes'" : ""} · ${names}`,
        nodes.length ? ` · ${count(nodes.length, "step")} of the search` : "", make("div", { class: "mono" }, text));
      dispatchEvent(new CustomEvent("page", { detail: nodes }));
    }

    drawPlan(pass) {
      const body = make("tbody");
      for (const [firstKey, keys, pages, members, rows] of pass.items.slice(0, MAX_ITEMS)) {
        body.append(make("tr", {}, make("td", {}, `${firstKey} – ${firstKey + keys - 1}`), make("td", { class: "text" }, pages.join(" ")), make("td", {}, number(members)), make("td", {}, number(rows)),
          make("td", {}, members > 1 ? `${number(pages.length * (members - 1))}` : "")));
      }
      const more = pass.items.length > MAX_ITEMS ? make("p", { class: "small quiet" }, `and ${count(pass.items.length - MAX_ITEMS, "more item")}`) : null;
      const open = this.plan.querySelector("details")?.open ?? false;
      const details = make("details", { open }, make("summary", {}, `Attention plan of this pass: ${count(pass.items.length, "work item")}`),
        make("div", { class: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, make("th", {}, "keys"), make("th", { class: "text" }, "pages read"), make("th", {}, "sequences"), make("th", {}, "rows"), make("th", {}, "page reads saved"))), body)), more);
      this.plan.replaceChildren(details);
    }
  }

  const views = data.engines.map(engine => new PagesView(engine));
  const place = make("div"), tabs = make("div", { class: "bar", role: "group", "aria-label": "model" });
  const choose = i => {
    place.replaceChildren(views[i].host);
    [...tabs.children].forEach((tab, j) => tab.setAttribute("aria-pressed", String(i === j)));
    window.pagesView = views[i];
  };
  data.engines.forEach((engine, i) => {
    const tab = make("button", { type: "button", id: `kv-${engine.name}` }, `${engine.name === "prm" ? "Verifier" : "Generator"} (${engine.model ?? "?"})`);
    tab.addEventListener("click", () => choose(i));
    tabs.append(tab);
  });
  root.append(data.engines.length > 1 ? tabs : "", place);
  if (views.length) choose(0);
  root.addEventListener("keydown", event => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.target.matches("input")) return;
    event.preventDefault();
    window.pagesView.show(window.pagesView.at + by);
  });

  // With the tree beside it: the steps that a page holds light up, and the pages follow the iteration.
  addEventListener("page", event => {
    const nodes = new Set(event.detail);
    for (const view of window.searchViews ?? []) for (const group of view.groups) group.card.classList.toggle("on-page", group.nodes.some(node => nodes.has(node.id)));
  });
  addEventListener("iteration", event => {
    const ends = data.engines[0]?.iterations;
    if (ends?.[event.detail] !== undefined) views[0].show(ends[event.detail]);
  });
})();
