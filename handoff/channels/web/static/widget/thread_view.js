/* Shows rows in the log. A row's words are written once; later only its state changes, so a screen reader that follows
 * the log hears every message exactly once. */

import { h, setText } from "./dom.js";
import { FilesView } from "./files_view.js";
import { anchor, linkified, plain, safeAddress } from "./text.js";
import { WORDS, clock, day } from "./words.js";

const NEAR_END_PX = 80;

export class ThreadView {
  #log;
  #on;
  #shown = new Map();
  #placedAt = null;

  /** `on`: press(messageId, index, title), retry(clientRef), look(file), base (address for relative links). */
  constructor(log, on) {
    this.#log = log;
    this.#on = on;
  }

  render(rows) {
    const follow = rows.length > 0 && (this.isAtEnd || this.#log.scrollTop === this.#placedAt);
    const keys = new Set(rows.map((row) => row.key));
    for (const [key, view] of this.#shown) if (!keys.has(key)) this.#remove(key, view);
    let place = null;
    for (const row of rows) {
      const view = this.#shown.get(row.key) ?? this.#build(row);
      const next = place ? place.nextSibling : this.#log.firstChild;
      if (next !== view.node) this.#log.insertBefore(view.node, next);
      view.update(row);
      place = view.node;
    }
    if (follow || rows.at(-1)?.state === "sending") this.#toNewest(rows);
  }

  /** The end, unless the newest turn is taller than the log: then its first line, or only its last button would show. */
  #toNewest(rows) {
    this.toEnd();
    const before = rows.findLastIndex((row) => row.author !== rows.at(-1).author);
    const first = this.#shown.get(rows[before + 1].key).node;
    if (first.offsetTop < this.#log.scrollTop) this.#log.scrollTop = first.offsetTop;
    this.#placedAt = this.#log.scrollTop;
  }

  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #remove(key, { node }) {
    node.remove();
    this.#shown.delete(key);
  }

  #build(row) {
    const view = { day: dayRow, switch: switchRow, message: (it) => messageRow(it, this.#on) }[row.type](row);
    this.#shown.set(row.key, view);
    return view;
  }
}

function dayRow(row) {
  return { node: h("div", { class: "day" }, h("span", {}, day(row.at))), update() {} };
}

function switchRow(row) {
  const note = row.note ? h("span", { class: "note" }, row.note) : null;
  const node = h("div", { class: "switch", "data-held": row.held, "data-before": row.before }, h("strong", {}, row.text), note);
  return { node, update() {} };
}

function messageRow(row, on) {
  const state = h("p", { class: "state", hidden: true });
  const buttons = row.buttons.map((title, index) => button(title, () => on.press(row.id, index, title)));
  const choice = buttons.length ? h("div", { class: "buttons", role: "group", "aria-label": "Answers to choose from" }, ...buttons) : null;
  const words = h("p", { class: "words", dir: "auto", hidden: !row.text }, ...linkified(row.text));
  const files = new FilesView(on);
  const edited = h("p", { class: "edited", hidden: true }, WORDS.edited);
  const node = h(
    "div",
    { class: "message", "data-author": row.author },
    meta(row),
    words,
    files.node,
    edited,
    linkCard(row.link, on.base),
    linkCard(row.image && { url: row.image, title: WORDS.picture }, on.base),
    choice,
    state,
  );
  return { node, update: (now) => update({ node, words, files, edited, state, buttons }, now, on) };
}

function update({ node, words, files, edited, state, buttons }, row, on) {
  if (words.textContent !== row.text) words.replaceChildren(...linkified(row.text));
  words.hidden = !row.text;
  files.update(row.files);
  edited.hidden = !row.is_edited;
  node.dataset.held = row.held;
  node.toggleAttribute("data-first", row.isFirst);
  buttons.forEach((one) => {
    const isPressed = row.pressed === one.textContent;
    one.disabled = !row.mayPress;
    if (isPressed) one.setAttribute("aria-pressed", "true");
  });
  showState(state, row, on);
}

function showState(state, row, on) {
  state.hidden = !row.state;
  if (state.dataset.is === row.state) return;
  state.dataset.is = row.state ?? "";
  const isFailed = row.state === "failed" || row.state === "refused";
  if (!isFailed) return setText(state, WORDS[row.state] ?? "");
  const retry = h("button", { type: "button", class: "retry", click: () => on.retry(row.client_ref) }, WORDS.failed);
  state.replaceChildren(...[row.reason ? h("span", {}, `${row.reason} `) : null, retry].filter(Boolean));
}

function meta(row) {
  if (row.author === "system") return null;
  const name = row.author === "customer" ? WORDS.customer : row.name || WORDS[row.author] || WORDS.agent;
  const time = h("time", { datetime: row.created_at }, clock(row.created_at));
  return h("p", { class: "meta" }, h("span", { class: "name", dir: "auto" }, name), time);
}

function button(title, press) {
  return h("button", { type: "button", class: "choice", dir: "auto", click: press }, title);
}

function linkCard(link, base) {
  const address = link && safeAddress(link.url, base);
  return address ? h("p", { class: "link" }, anchor(address, plain(link.title) || address, { class: "card" })) : null;
}
