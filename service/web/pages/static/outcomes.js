// What became of files, told in a panel: studies to open, what was refused, what was stored with a warning.

import { fetchPage } from "./follow.js";

const NAMES = 200; // of files that are written out for a reason
const STUDIES = 20; // that are written out

export class Outcomes {
  #studies = new Set();
  #reasons = { refused: new Map(), warned: new Map() };

  constructor(panel) {
    this.panel = panel;
    this.clear();
  }

  clear() {
    this.count = { stored: 0, warned: 0, refused: 0 };
    this.#studies.clear();
    for (const kind of ["refused", "warned"]) {
      this.#reasons[kind].clear();
      this.#part(kind).hidden = true;
      this.#part(kind).querySelector("ul").replaceChildren();
    }
    this.#part("studies").hidden = true;
    this.#part("studies").querySelector("ul").replaceChildren();
  }

  note(path, { kind, reason, study }) {
    this.count[kind] += 1;
    if (study && !this.#studies.has(study)) this.#link(study);
    if (kind in this.#reasons) this.#list(kind, path, reason);
  }

  #part(name) {
    return this.panel.querySelector(`[data-${name}]`);
  }

  // One entry for a reason, with its files.
  #list(kind, path, reason) {
    const part = this.#part(kind);
    part.hidden = false;
    const words = kind === "refused" ? "refused" : "stored with a warning";
    part.querySelector("summary").textContent = `${this.count[kind]} ${words}`;
    const entry = this.#reasons[kind].get(reason) ?? this.#entry(kind, reason);
    entry.times += 1;
    entry.number.textContent = entry.times > 1 ? `${entry.times} files: ` : "";
    if (entry.times > NAMES) entry.more.textContent = `and ${entry.times - NAMES} more`;
    else entry.names.append(Object.assign(document.createElement("span"), { textContent: path }));
  }

  #entry(kind, reason) {
    const [item, why, names, number, more] = ["li", "small", "p", "b", "span"].map((name) => document.createElement(name));
    why.append(number, reason);
    item.append(why, names, more);
    this.#part(kind).querySelector("ul").append(item);
    const entry = { times: 0, names, number, more };
    this.#reasons[kind].set(reason, entry);
    return entry;
  }

  async #link(study) {
    this.#studies.add(study);
    const part = this.#part("studies");
    part.hidden = false;
    if (this.#studies.size > STUDIES) return;
    const [item, link] = ["li", "a"].map((name) => document.createElement(name));
    link.href = new URL(`browse/${study}`, new URL(this.panel.dataset.top, location));
    link.textContent = "Open study";
    item.append(link);
    part.querySelector("ul").append(item);
    const found = await fetchPage(link.href, link.href);
    const texts = ["h1", ".subtitle"].map((selector) => found?.querySelector(`#main ${selector}`)?.textContent.trim());
    if (texts[0]) item.append(` ${texts.filter(Boolean).join(", ")}`);
  }
}
