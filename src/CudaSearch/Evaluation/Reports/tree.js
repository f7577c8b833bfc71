"use strict";
// The page of a search: its steps as a tree that can be stepped through, the votes, and whatever step is chosen in full. The tree is laid out once;
// moving in time only sets classes. What a model wrote goes into the page as text (renderText), never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);

  const make = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") made.className = value;
      else if (name === "style") for (const [property, set] of Object.entries(value)) made.style.setProperty(property, set);
      else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter(child => child !== null && child !== undefined));
    return made;
  };
  const svg = (tag, attributes = {}) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const score = value => value === null || value === undefined ? "–" : value.toFixed(2);
  const percent = value => value > 0 && value < 0.0005 ? "under 0.1 %" : `${(100 * value).toFixed(value > 0 && value < 0.0095 ? 1 : 0)} %`;
  const count = (n, one, many = one + "s") => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
  const chip = value => make("span", { class: value === undefined || value === null ? "chip none" : "chip", style: { "--q": value ?? 0 } }, score(value));

  const REASONS = {
    end_of_sequence: "the model ended its answer", token_limit: "the token limit ended it", nothing_added: "the model had nothing to add",
    boxed_answer: "the answer is boxed", last_iteration: "there were no more iterations", outscored: "others scored better", no_share: "its share of the budget was rounded to nothing",
    not_drawn: "it was not drawn again", search_ended: "it was unfinished when the search ended", same_text: "an earlier beam has the same text",
  };
  const fate = node => node.state === "active" ? "went on" : `${node.state} in iteration ${node.decided + 1}: ${REASONS[node.reason] ?? node.reason}`;

  // Steps with the same text after the same steps are one in the drawing: what a reader sees as one.
  const groupsOf = run => {
    const nodes = run.tree.nodes, root = { children: [], depth: -1, nodes: [], share: 0, id: -1 };
    const groupOf = [], groups = [];
    nodes.forEach((node, id) => {
      const parent = node.parent === null ? root : groupOf[node.parent];
      let group = parent.children.find(child => child.step === node.step);
      if (!group) {
        group = { id: groups.length, step: node.step, parent, children: [], depth: parent.depth + 1, nodes: [], share: 0, completions: [] };
        parent.children.push(group);
        groups.push(group);
      }
      group.nodes.push({ ...node, id });
      groupOf.push(group);
    });
    run.tree.completions.forEach((id, i) => {
      groupOf[id].completions.push(i);
      for (let group = groupOf[id]; group !== root; group = group.parent) group.share += run.completions[i].share;
    });
    for (const group of groups) {
      const scored = group.nodes.find(node => node.score !== undefined);
      group.score = scored?.score;
      group.first = Math.min(...group.nodes.map(node => node.iteration));
      group.tokens = group.nodes.reduce((sum, node) => sum + node.tokens, 0);
    }
    const order = (a, b) => b.share - a.share || (b.score ?? 0) - (a.score ?? 0) || a.id - b.id;
    const sort = group => { group.children.sort(order); group.children.forEach(sort); };
    sort(root);
    return { root, groups, groupOf };
  };

  /** What is known of a group once an iteration is over. */
  const stateAt = (group, iteration) => {
    if (group.first > iteration) return "future";
    let best = "duplicate";
    for (const node of group.nodes) {
      if (node.iteration > iteration) continue;
      const state = node.state === "active" || node.decided > iteration ? "active" : node.state;
      if (state === "finished") return state;
      if (state === "active") best = "active";
      else if (state === "pruned" && best === "duplicate") best = "pruned";
    }
    return best !== "active" && group.children.some(child => child.first <= iteration) ? "active" : best;
  };

  class TreeView {
    constructor(run, host, narrow) {
      performance.mark("layout-start");
      this.run = run;
      this.host = host;
      this.last = Math.max(0, ...run.tree.nodes.map(node => Math.max(node.iteration, node.decided ?? 0)));
      Object.assign(this, groupsOf(run));
      this.chosen = new Set();
      for (let group = this.groupOf[run.tree.completions[run.chosen]]; group && group !== this.root; group = group.parent) this.chosen.add(group);
      this.draw(narrow);
      performance.measure("layout", "layout-start");
    }

    draw(narrow) {
      const dense = this.groups.length > 150;
      const row = dense ? 25 : 47, depths = Math.max(1, ...this.groups.map(group => group.depth + 1));
      // A tree that fits only without a panel at its side has the panel below.
      const least = narrow ? 195 : 205, whole = this.host.parentElement.clientWidth;
      if (!narrow && depths * least > this.host.clientWidth && depths * least <= whole) this.host.parentElement.classList.add("stacked");
      const width = Math.max(least, Math.min(320, Math.floor((this.host.clientWidth - 12) / depths)));
      let y = 0;
      const place = group => {
        group.x = group.depth * width;
        if (group.children.length === 0) group.y = y++ * row;
        group.children.forEach(place);
        if (group.children.length > 0 && group.depth >= 0) group.y = group.children[0].y;
      };
      place(this.root);
      const edges = svg("svg", { class: "edges", width: depths * width, height: Math.max(1, y) * row, "aria-hidden": "true" });
      const canvas = make("div", { class: dense ? "canvas dense" : "canvas", role: "tree", "aria-label": `search tree of ${this.run.title}`, style: { width: `${depths * width}px`, height: `${Math.max(1, y) * row + 6}px` } }, edges);
      const middle = (row - 4) / 2;
      for (const group of this.groups) {
        if (group.parent !== this.root) {
          const x1 = group.parent.x + width - 22, y1 = group.parent.y + middle, x2 = group.x, y2 = group.y + middle, bend = x1 + 11;
          const d = y1 === y2 ? `M${x1} ${y1}H${x2}` : `M${x1} ${y1}C${bend} ${y1} ${bend - 4} ${y2} ${x2} ${y2}`;
          group.edge = svg("path", { d, "stroke-width": (1 + 3.5 * group.share).toFixed(2) });
          if (this.chosen.has(group)) group.edge.classList.add("chosen");
          edges.append(group.edge);
        }
        const times = group.nodes.length > 1 ? make("span", { class: "times" }, `×${group.nodes.length}`) : null;
        // Of the last step only what it answers.
        const boxed = group.children.length === 0 && /\\boxed\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/.exec(group.step);
        const text = make("span", { class: "step" }, renderText(boxed ? `⇒ ${boxed[0]}` : group.step, { inline: true, join: dense ? " · " : "\n" }));
        if (!group.step.trim()) text.replaceChildren("(nothing)");
        group.card = make("button", {
          type: "button", class: "node", role: "treeitem", "data-node": group.id, "data-seen": "", tabindex: "-1", "aria-level": group.depth + 1,
          style: { left: `${group.x}px`, top: `${group.y}px`, width: `${width - 22}px` },
        }, group.score === undefined ? make("span", { class: "dot" }) : chip(group.score), text, times, make("span", { class: "mark", "aria-hidden": "true" }));
        if (this.chosen.has(group)) group.card.classList.add("chosen");
        group.seen = "";
        canvas.append(group.card);
      }
      canvas.addEventListener("click", event => {
        const card = event.target.closest(".node");
        if (card) this.select(this.groups[card.dataset.node]);
      });
      canvas.addEventListener("keydown", event => {
        const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (!by) return;
        event.preventDefault();
        const shown = this.groups.filter(group => group.seen !== "future").sort((a, b) => a.y - b.y || a.x - b.x);
        const next = shown[shown.indexOf(this.selected) + by];
        if (next) { this.select(next); next.card.focus(); }
      });
      this.scroller = make("div", { class: "scroller" }, canvas);
      this.status = make("p", { class: "status quiet small", "aria-live": "polite" });
      this.detail = make("div", { class: "detail" });
      this.host.append(this.scroller, this.status);
    }

    /** Shows the search as it was after an iteration. */
    show(iteration) {
      const at = Math.min(iteration, this.last);
      const counts = { finished: 0, pruned: 0, duplicate: 0 };
      let written = 0, tokens = 0;
      for (const node of this.run.tree.nodes) {
        if (node.iteration > at) continue;
        written++;
        tokens += node.tokens + (node.lookahead_tokens ?? 0);
        if (node.state !== "active" && node.decided <= at) counts[node.state]++;
      }
      for (const group of this.groups) {
        const seen = stateAt(group, at) + (group.first === at && this.last > 0 ? " new" : "");
        if (seen === group.seen) continue;
        group.card.classList.remove(...group.seen.split(" ").filter(Boolean));
        group.card.classList.add(...seen.split(" "));
        group.edge?.classList.toggle("future", seen.startsWith("future"));
        group.edge?.classList.toggle("faded", /^(pruned|duplicate)/.test(seen));
        group.seen = seen;
      }
      const parts = [count(written, "step"), count(tokens, "token"), `${counts.finished} finished`];
      if (counts.pruned) parts.push(`${counts.pruned} pruned`);
      if (counts.duplicate) parts.push(count(counts.duplicate, "duplicate"));
      this.status.textContent = parts.join(" · ");
      this.at = at;
    }

    select(group) {
      if (!group) return;
      this.selected?.card.classList.remove("selected");
      if (this.selected) this.selected.card.tabIndex = -1;
      this.selected = group;
      group.card.classList.add("selected");
      group.card.tabIndex = 0;
      this.detail.replaceChildren(...this.describe(group));
      this.onSelect?.(group);
    }

    describe(group) {
      const path = [];
      for (let step = group; step !== this.root; step = step.parent) path.unshift(step);
      const list = make("ol", { class: "path" });
      for (const step of path) {
        const one = step.nodes[0], last = step === group;
        const own = one.scores ? this.ownScore(step) : undefined;
        const facts = [`iteration ${step.first + 1}`, count(one.tokens, "token")];
        if (step.nodes.length > 1) facts.push(`written by ${step.nodes.length} beams`);
        if (own !== undefined && Math.abs(own - step.score) > 0.005) facts.push(`this step ${score(own)}`);
        list.append(make("li", { class: last ? "last" : "" },
          make("div", { class: "head" }, step.score === undefined ? null : chip(step.score), make("span", { class: "quiet small" }, facts.join(" · "))),
          make("div", { class: "text" }, step.step.trim() ? renderText(step.step) : make("span", { class: "quiet" }, "(nothing)"))));
      }
      const facts = make("ul", { class: "facts small" });
      const fates = new Map();
      for (const node of group.nodes) {
        const said = fate(node);
        fates.set(said, [...(fates.get(said) ?? []), node.beam]);
      }
      for (const [said, beams] of fates) {
        if (said !== "went on" || fates.size > 1) facts.append(make("li", {}, fates.size > 1 || beams.length > 1 ? `${count(beams.length, "beam")} ${said}` : `${said[0].toUpperCase()}${said.slice(1)} (beam ${beams[0]})`));
      }
      if (group.share > 0) facts.append(make("li", {}, `Answers through here hold ${percent(group.share)} of the vote`));
      for (const i of group.completions) {
        const completion = this.run.completions[i];
        facts.append(make("li", {}, `Completion ${i + 1}: `, renderText(completion.answer ? `$${completion.answer}$` : "no answer"), ` · ${count(completion.tokens, "token")}${this.run.scored ? ` · score ${score(completion.score)}` : ""}`));
      }
      const ahead = group.nodes.find(node => node.lookahead)?.lookahead;
      const lookahead = ahead ? make("details", { class: "small" }, make("summary", {}, "what was looked ahead"), make("div", { class: "text quiet" }, renderText(ahead))) : null;
      return [make("h3", {}, `Step ${group.depth + 1}`), list, facts, lookahead].filter(Boolean);
    }

    // The verifier's score of the step itself: what its own list holds at the step's place.
    ownScore(group) {
      const node = group.nodes.find(each => each.scores);
      if (!node) return undefined;
      const at = group.depth - node.scores_kept;
      if (at >= 0) return node.scores[at];
      return group.parent === this.root ? undefined : this.ownScore({ ...group.parent, depth: group.depth });
    }

    votes() {
      const list = make("ol", { class: "votes" });
      for (const vote of this.run.votes) {
        const share = this.run.scored ? vote.weight_share : vote.count_share;
        const item = make("button", { type: "button", class: vote.chosen ? "vote chosen" : "vote" },
          make("span", { class: "answer" }, renderText(vote.answer ? `$${vote.answer}$` : "no answer"), vote.right === null ? null : make("span", { class: vote.right ? "good small" : "bad small" }, vote.right ? " right" : " wrong")),
          make("span", { class: "track" }, make("span", { class: "fill", style: { width: `${100 * share}%` } })),
          make("span", { class: "small quiet numbers" }, `${percent(share)} · ${count(vote.completions.length, "answer")}${this.run.scored ? ` · best ${score(vote.best)}` : ""}`));
        item.addEventListener("click", () => {
          const group = this.groupOf[this.run.tree.completions[vote.completions[0]]];
          this.select(group);
          this.reveal(group);
        });
        list.append(make("li", {}, item));
      }
      return list;
    }

    reveal(group) {
      this.scroller.scrollTo({ left: group.x - 40, top: Math.max(0, group.y - this.scroller.clientHeight / 2), behavior: "instant" });
    }
  }

  const app = document.getElementById("search");
  const compared = data.runs.length > 1;
  const views = data.runs.map((run, i) => {
    const side = make("article", { class: "run", id: `run-${i}` });
    app.append(side);
    if (compared) side.append(make("h2", {}, run.title), make("p", { class: "small quiet" }, "answers ", renderText(run.final ? `$${run.final}$` : "nothing"), run.right === null ? "" : run.right ? " · right" : " · wrong", ` · ${count(run.usage.generated_tokens, "token")} written`));
    const left = make("div", { class: "left" });
    side.append(left);
    const view = new TreeView(run, left, compared || innerWidth < 700);
    side.append(make("div", { class: "right" }, make("div", { class: "panel" }, make("h3", {}, run.scored ? "Votes, weighted by score" : "Votes"), view.votes()), make("div", { class: "panel" }, view.detail)));
    return view;
  });
  app.classList.toggle("compare", compared);

  // Time: one slider for all runs; a run that was over earlier stays as it ended.
  const last = Math.max(...views.map(view => view.last));
  const slider = document.getElementById("iteration"), label = document.getElementById("iteration-label"), play = document.getElementById("play");
  slider.max = last;
  let playing = 0;
  const go = iteration => {
    performance.mark("step-start");
    const to = Math.max(0, Math.min(last, iteration));
    slider.value = to;
    label.textContent = `Iteration ${to + 1} of ${last + 1}`;
    for (const view of views) view.show(to);
    performance.measure("step", "step-start");
    dispatchEvent(new CustomEvent("iteration", { detail: to }));
  };
  const stop = () => {
    clearInterval(playing);
    playing = 0;
    play.setAttribute("aria-pressed", "false");
  };
  slider.addEventListener("input", () => { stop(); go(Number(slider.value)); });
  for (const [id, to] of [["first", () => 0], ["back", () => Number(slider.value) - 1], ["forward", () => Number(slider.value) + 1], ["last", () => last]])
    document.getElementById(id).addEventListener("click", () => { stop(); go(to()); });
  play.addEventListener("click", () => {
    if (playing) return stop();
    if (Number(slider.value) === last) go(0);
    play.setAttribute("aria-pressed", "true");
    playing = setInterval(() => Number(slider.value) < last ? go(Number(slider.value) + 1) : stop(), 900);
  });
  addEventListener("keydown", event => {
    if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("#pages")) return;
    const to = { ArrowLeft: Number(slider.value) - 1, ArrowRight: Number(slider.value) + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    stop();
    go(to);
  });
  document.getElementById("problem").replaceChildren(renderText(data.problem));
  for (const place of document.querySelectorAll("[data-math]")) place.replaceChildren(renderText(place.textContent));
  go(last);
  for (const view of views) view.select(view.groupOf[view.run.tree.completions[view.run.chosen]] ?? view.groups[0]);
  window.searchViews = views;
})();
