"use strict";
// The LaTeX that answers to MATH problems use, as MathML. A model may write anything: what is not understood is shown as it was written, and all
// of it goes into the page as text nodes, never as markup.
const renderText = (() => {
  const NS = "http://www.w3.org/1998/Math/MathML";
  const MAX_DEPTH = 60, MAX_LENGTH = 6000;

  const GREEK = { alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ϵ", varepsilon: "ε", zeta: "ζ", eta: "η", theta: "θ", vartheta: "ϑ", iota: "ι",
    kappa: "κ", lambda: "λ", mu: "μ", nu: "ν", xi: "ξ", pi: "π", varpi: "ϖ", rho: "ρ", varrho: "ϱ", sigma: "σ", varsigma: "ς", tau: "τ", upsilon: "υ",
    phi: "ϕ", varphi: "φ", chi: "χ", psi: "ψ", omega: "ω", Gamma: "Γ", Delta: "Δ", Theta: "Θ", Lambda: "Λ", Xi: "Ξ", Pi: "Π", Sigma: "Σ", Upsilon: "Υ",
    Phi: "Φ", Psi: "Ψ", Omega: "Ω", ell: "ℓ", hbar: "ℏ", Re: "ℜ", Im: "ℑ", aleph: "ℵ", infty: "∞", emptyset: "∅", varnothing: "∅", partial: "∂",
    nabla: "∇", angle: "∠", triangle: "△", square: "□", degree: "°", imath: "ı", jmath: "ȷ", top: "⊤", bot: "⊥", prime: "′", dots: "…", ldots: "…",
    cdots: "⋯", vdots: "⋮", ddots: "⋱", S: "§", checkmark: "✓", "$": "$", "%": "%", "#": "#", "&": "&", "_": "_" };
  const OPERATORS = { times: "×", cdot: "⋅", div: "÷", pm: "±", mp: "∓", ast: "∗", star: "⋆", circ: "∘", bullet: "•", oplus: "⊕", otimes: "⊗", le: "≤", leq: "≤",
    leqslant: "⩽", ge: "≥", geq: "≥", geqslant: "⩾", ne: "≠", neq: "≠", approx: "≈", equiv: "≡", sim: "∼", simeq: "≃", cong: "≅", propto: "∝", ll: "≪",
    gg: "≫", lt: "<", gt: ">", in: "∈", notin: "∉", ni: "∋", subset: "⊂", subseteq: "⊆", supset: "⊃", supseteq: "⊇", cup: "∪", cap: "∩", setminus: "∖",
    wedge: "∧", land: "∧", vee: "∨", lor: "∨", neg: "¬", lnot: "¬", forall: "∀", exists: "∃", to: "→", rightarrow: "→", leftarrow: "←",
    leftrightarrow: "↔", Rightarrow: "⇒", implies: "⟹", Leftarrow: "⇐", Leftrightarrow: "⇔", iff: "⟺", mapsto: "↦", longrightarrow: "⟶", perp: "⊥",
    parallel: "∥", mid: "∣", nmid: "∤", therefore: "∴", because: "∵", colon: ":", mod: "mod", bmod: "mod" };
  const LARGE = { sum: "∑", prod: "∏", int: "∫", iint: "∬", oint: "∮", bigcup: "⋃", bigcap: "⋂" };
  const FUNCTIONS = new Set(["sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "log", "ln", "lg", "exp", "det",
    "dim", "deg", "gcd", "ker", "arg", "hom"]);
  const LIMITS = new Set(["lim", "max", "min", "sup", "inf", "limsup", "liminf", "argmax", "argmin", "Pr"]);
  const ACCENTS = { bar: "¯", hat: "^", widehat: "^", tilde: "~", widetilde: "~", vec: "→", overrightarrow: "→", overleftarrow: "←", dot: "˙",
    ddot: "¨", overbrace: "⏞", overarc: "⏜", wideparen: "⏜" };
  const SPACES = { ",": "0.17em", ":": "0.22em", ";": "0.28em", " ": "0.3em", "!": "0", quad: "1em", qquad: "2em", thinspace: "0.17em", enspace: "0.5em", "~": "0.3em" };
  const FENCES = { "(": "(", ")": ")", "[": "[", "]": "]", "|": "|", "/": "/", ".": "", "{": "{", "}": "}", lbrace: "{", rbrace: "}", lvert: "|", rvert: "|",
    vert: "|", Vert: "‖", "‖": "‖", lVert: "‖", rVert: "‖", langle: "⟨", rangle: "⟩", lfloor: "⌊", rfloor: "⌋", lceil: "⌈", rceil: "⌉", "<": "⟨", ">": "⟩",
    lbrack: "[", rbrack: "]", backslash: "\\" };
  const TEXT = new Set(["text", "textbf", "textit", "textrm", "textsf", "texttt", "mbox", "hbox", "textnormal", "operatorname"]);
  const ALPHABETS = new Set(["mathrm", "mathbf", "mathit", "mathsf", "mathtt", "mathcal", "mathscr", "mathfrak", "boldsymbol", "bm", "rm", "bf"]);
  const DOUBLE = { R: "ℝ", N: "ℕ", Z: "ℤ", Q: "ℚ", C: "ℂ", P: "ℙ", H: "ℍ", F: "𝔽", E: "𝔼" };
  const IGNORED = new Set(["displaystyle", "textstyle", "scriptstyle", "limits", "nolimits", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl",
    "biggr", "Biggl", "Biggr", "middle", "nonumber", "notag", "hline", "allowbreak", "phantom"]);
  const MATRICES = { matrix: ["", ""], pmatrix: ["(", ")"], bmatrix: ["[", "]"], Bmatrix: ["{", "}"], vmatrix: ["|", "|"], Vmatrix: ["‖", "‖"], smallmatrix: ["", ""],
    cases: ["{", ""], array: ["", ""], aligned: ["", ""], align: ["", ""], "align*": ["", ""], gathered: ["", ""], gather: ["", ""], "gather*": ["", ""],
    split: ["", ""], "equation*": ["", ""], equation: ["", ""], tabular: ["", ""] };

  const element = (name, ...children) => {
    const made = document.createElementNS(NS, name);
    for (const child of children) made.append(child);
    return made;
  };
  const row = children => children.length === 1 ? children[0] : element("mrow", ...children);
  const fence = (mark, form) => {
    const made = element("mo", mark);
    made.setAttribute("stretchy", "true");
    made.setAttribute("fence", "true");
    made.setAttribute("form", form);
    return made;
  };

  // "\frac", "{", "12", "x", "+", …
  const tokensOf = latex => latex.match(/\\(?:[A-Za-z]+\*?|[\s\S])|\d+(?:[.,]\d+)*|\s+|[\s\S]/gu) ?? [];

  class Parser {
    constructor(latex) {
      this.tokens = tokensOf(latex);
      this.at = 0;
      this.depth = 0;
    }

    peek() {
      while (/^\s+$/.test(this.tokens[this.at] ?? "x")) this.at++;
      return this.tokens[this.at];
    }

    next() {
      this.peek();
      return this.tokens[this.at++];
    }

    // Everything up to one of the ends, which is left for the caller.
    list(ends) {
      if (++this.depth > MAX_DEPTH) throw new RangeError("nested too deeply");
      const items = [];
      for (let token = this.peek(); token !== undefined && !ends.includes(token); token = this.peek()) {
        const item = this.scripted();
        if (item) items.push(item);
      }
      this.depth--;
      return items;
    }

    // An atom with its indices and powers.
    scripted() {
      const base = this.atom();
      let sub = null, sup = null, primes = "";
      for (;;) {
        const token = this.peek();
        if (token === "_" && !sub) { this.at++; sub = this.argument(); }
        else if (token === "^" && !sup) { this.at++; sup = this.argument(); }
        else if (token === "'") { this.at++; primes += "′"; }
        else break;
      }
      if (primes) sup = sup ? element("mrow", element("mo", primes), sup) : element("mo", primes);
      if (!sub && !sup) return base;
      const on = base ?? element("mrow");
      const under = on.limits === true;
      if (sub && sup) return element(under ? "munderover" : "msubsup", on, sub, sup);
      return sub ? element(under ? "munder" : "msub", on, sub) : element(under ? "mover" : "msup", on, sup);
    }

    // What follows a command: a group, or one symbol; of a number its first digit.
    argument() {
      const token = this.peek();
      if (token === undefined) return element("mrow");
      if (token === "{") return this.group();
      if (/^\d../.test(token) || /^\d\d/.test(token)) {
        this.tokens[this.at] = token.slice(1);
        return element("mn", token[0]);
      }
      return this.atom() ?? element("mrow");
    }

    group() {
      this.next();
      const items = this.list(["}"]);
      this.next();
      return row(items);
    }

    // The characters of a group as they are.
    raw() {
      if (this.peek() !== "{") return this.next() ?? "";
      let text = "", open = 0;
      while (this.at < this.tokens.length) {
        const token = this.tokens[this.at++];
        if (token === "{" && open++ === 0) continue;
        if (token === "}" && --open === 0) break;
        text += token;
      }
      return text.replace(/\\([ ,;!$%&#_{}])/g, (_, c) => c === "," || c === ";" ? " " : c === "!" ? "" : c);
    }

    delimiter() {
      const token = this.next() ?? ".";
      return FENCES[token.replace(/^\\(?=.)/, "")] ?? (token === "\\|" ? "‖" : token);
    }

    atom() {
      const token = this.next();
      if (token === "{") { this.at--; return this.group(); }
      if (/^\d/.test(token)) return element("mn", token.replaceAll("{,}", ","));
      if (/^\p{L}$/u.test(token)) return element("mi", token);
      if (token === "~") return this.space("0.3em");
      if (token === "-") return element("mo", "−");
      if (token === "*") return element("mo", "∗");
      if (token === "&" || token === "}") return null;
      if (token[0] !== "\\" || token.length === 1) {
        return "()[]|".includes(token) ? this.flat(token) : element("mo", token);
      }
      return this.command(token.slice(1), token);
    }

    // A bracket as tall as a letter; only \left and \right make it grow.
    flat(mark) {
      const made = element("mo", mark);
      made.setAttribute("stretchy", "false");
      return made;
    }

    space(width) {
      const made = element("mspace");
      made.setAttribute("width", width);
      return made;
    }

    command(name, token) {
      if (name in GREEK) return element(/dots|prime|angle|triangle|^[^A-Za-z]/.test(name) ? "mo" : "mi", GREEK[name]);
      if (name in OPERATORS) return element("mo", OPERATORS[name]);
      if (name in SPACES || /^\s$/.test(name)) return this.space(SPACES[name] ?? "0.3em");
      if (name === "\\") return null;
      if (IGNORED.has(name)) return null;
      if (name in LARGE) return Object.assign(element("mo", LARGE[name]), { limits: !name.includes("int") });
      if (FUNCTIONS.has(name)) return element("mrow", element("mi", name), this.space("0.12em"));
      if (LIMITS.has(name)) return Object.assign(element("mi", name), { limits: true });
      if (name in ACCENTS) return this.accent(name);
      if (TEXT.has(name.replace("*", ""))) return this.text(name);
      if (ALPHABETS.has(name)) return this.alphabet(name);
      switch (name) {
        case "frac": case "dfrac": case "tfrac": case "cfrac": return element("mfrac", this.argument(), this.argument());
        case "binom": case "dbinom": case "tbinom": return this.binomial();
        case "sqrt": return this.root();
        case "boxed": case "fbox": return this.classed("boxed");
        case "overline": return this.classed("overline");
        case "mathbb": { const letter = this.raw(); return element("mi", DOUBLE[letter] ?? letter); }
        case "left": return this.fenced();
        case "right": this.delimiter(); return null;
        case "begin": return this.environment(this.raw());
        case "end": this.raw(); return null;
        case "pmod": return element("mrow", this.space("0.5em"), this.flat("("), element("mi", "mod"), this.space("0.3em"), this.argument(), this.flat(")"));
        case "not": return element("mrow", this.argument(), element("mo", "̸"));
        case "underline": { const made = element("munder", this.argument(), element("mo", "_")); return made; }
        case "underbrace": return Object.assign(element("munder", this.argument(), element("mo", "⏟")), { limits: true });
        case "stackrel": case "overset": { const over = this.argument(); return element("mover", this.argument(), over); }
        case "underset": { const under = this.argument(); return element("munder", this.argument(), under); }
        case "color": case "hspace": case "vspace": case "label": case "tag": this.raw(); return null;
        case "textcolor": this.raw(); return this.argument();
        case "cancel": case "mathop": case "mathbin": case "mathrel": return this.argument();
        case "{": case "}": case "|": return this.flat(name === "|" ? "‖" : name);
      }
      if (name in FENCES) return this.flat(FENCES[name]);
      return Object.assign(element("mtext", token), { className: "unknown" });
    }

    accent(name) {
      const mark = element("mo", ACCENTS[name]);
      const wide = /^(over|wide)/.test(name);
      mark.setAttribute("stretchy", String(wide));
      const made = element("mover", this.argument(), mark);
      made.setAttribute("accent", "true");
      return made;
    }

    text(name) {
      const made = element("mtext", this.raw().replace(/^ | $/g, "\u00a0"));
      if (name === "textbf") made.style.fontWeight = "bold";
      return made;
    }

    alphabet(name) {
      const inner = this.peek() === "{" ? this.raw() : this.next() ?? "";
      if (inner.includes("\\")) return row(new Parser(inner).list([]));
      const made = element(/^[\d.,]+$/.test(inner) ? "mn" : "mi", inner);
      made.setAttribute("mathvariant", "normal");
      if (/^(mathbf|boldsymbol|bm|bf)$/.test(name)) made.style.fontWeight = "bold";
      return made;
    }

    binomial() {
      const fraction = element("mfrac", this.argument(), this.argument());
      fraction.setAttribute("linethickness", "0");
      return element("mrow", fence("(", "prefix"), fraction, fence(")", "postfix"));
    }

    root() {
      if (this.peek() !== "[") return element("msqrt", this.argument());
      this.next();
      const index = row(this.list(["]"]));
      this.next();
      return element("mroot", this.argument(), index);
    }

    classed(name) {
      const made = element("mrow", this.argument());
      made.setAttribute("class", name);
      return made;
    }

    fenced() {
      const open = this.delimiter();
      const inner = this.list(["\\right"]);
      let close = "";
      if (this.peek() === "\\right") {
        this.next();
        close = this.delimiter();
      }
      return element("mrow", ...(open ? [fence(open, "prefix")] : []), ...inner, ...(close ? [fence(close, "postfix")] : []));
    }

    environment(name) {
      if (!(name in MATRICES)) return element("mtext", `\\begin{${name}}`);
      if ((name === "array" || name === "tabular") && this.peek() === "{") this.raw();
      const table = element("mtable");
      let cells = [];
      const finishRow = () => {
        if (cells.some(cell => cell.childNodes.length > 0)) table.append(element("mtr", ...cells));
        cells = [];
      };
      for (;;) {
        cells.push(element("mtd", ...this.list(["&", "\\\\", "\\end"])));
        const token = this.next();
        if (token === "\\\\") finishRow();
        else if (token !== "&") break;
      }
      finishRow();
      if (this.peek() !== undefined) this.raw();
      if (/^(cases|align|split)/.test(name)) table.setAttribute("class", "left");
      const [open, close] = MATRICES[name];
      return element("mrow", ...(open ? [fence(open, "prefix")] : []), table, ...(close ? [fence(close, "postfix")] : []));
    }
  }

  // A formula; what cannot be read is shown as it was written.
  const formula = (latex, block, written) => {
    try {
      if (latex.length > MAX_LENGTH) throw new RangeError("too long");
      const parser = new Parser(latex);
      const items = [];
      while (parser.peek() !== undefined) {
        items.push(...parser.list(["}", "&", "\\\\"]));
        if (parser.next() === "\\\\") items.push(element("mspace"));
      }
      const math = element("math", element("mrow", ...items));
      if (block) math.setAttribute("display", "block");
      return math;
    } catch {
      return document.createTextNode(written);
    }
  };

  // $…$, $$…$$, \(…\), \[…\], or a box that stands in the text by itself.
  const MATH = /\$\$([\s\S]+?)\$\$|\$(?!\s)((?:\\.|[^$\\\n])+?)(?<!\s)\$(?!\d)|\\\(([\s\S]+?)\\\)|\\\[([\s\S]+?)\\\]|(\\boxed\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})/g;

  const prose = (text, into) => {
    // **bold** is all of Markdown that matters within a line.
    for (const [i, part] of text.split("**").entries()) {
      if (!part) continue;
      if (i % 2 === 0 || text.split("**").length % 2 === 0) into.append(i % 2 === 1 ? `**${part}` : part);
      else into.append(Object.assign(document.createElement("b"), { textContent: part }));
    }
  };

  const line = (text, into) => {
    let end = 0;
    for (const match of text.matchAll(MATH)) {
      prose(text.slice(end, match.index), into);
      const block = match[1] ?? match[4];
      into.append(formula(block ?? match[2] ?? match[3] ?? match[5], block !== undefined, match[0]));
      end = match.index + match[0].length;
    }
    prose(text.slice(end), into);
  };

  /** Text as a model wrote it, with its formulas and headings rendered: a fragment to put into the page. */
  const render = (text, { inline = false, join = " · " } = {}) => {
    const fragment = document.createDocumentFragment();
    const body = inline ? text.replace(/^\s*#+\s*(?:Step \d+:\s*)?/, "").trim().replace(/\s*\n+\s*/g, join) : text.replace(/\n+$/, "");
    // A block formula may span lines; split only outside of it.
    for (const part of body.split(/(\$\$[\s\S]+?\$\$|\\\[[\s\S]+?\\\])/)) {
      if (/^(\$\$|\\\[)/.test(part)) {
        line(part, fragment);
        continue;
      }
      part.split("\n").forEach((each, i) => {
        if (i > 0) fragment.append(document.createElement("br"));
        const heading = /^#{1,6}\s+(.*)$/.exec(each);
        if (!heading) return line(each, fragment);
        const title = document.createElement("b");
        line(heading[1], title);
        fragment.append(title);
      });
    }
    return fragment;
  };
  return render;
})();
