/* The files beside the words that are being written: chosen, dropped or pasted; on their way, there, or refused. */

import { h, icon, setText } from "./dom.js";
import { safeAddress } from "./text.js";
import { WORDS, percent, size } from "./words.js";

export class Tray {
  #uploads;
  #base;
  #shown = new Map();

  constructor(uploads, base) {
    this.#uploads = uploads;
    this.#base = base;
    this.picker = h("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true", change: () => this.#picked() });
    this.button = h("button", { type: "button", class: "attach", "aria-label": WORDS.attach, title: WORDS.attach, click: () => this.picker.click() }, icon("clip"));
    this.list = h("ul", { class: "tray", "aria-label": WORDS.filesToSend, hidden: true });
    this.status = h("p", { class: "sr", role: "status" });
  }

  /** Files dropped anywhere on `node`, or pasted into it, are taken. */
  listen(node) {
    const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const drop = (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      node.toggleAttribute("data-drop", event.type === "dragover");
      if (event.type === "drop") this.#uploads.add(event.dataTransfer.files);
    };
    for (const kind of ["dragover", "dragleave", "drop"]) node.addEventListener(kind, drop);
    node.addEventListener("paste", (event) => {
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      this.#uploads.add(event.clipboardData.files);
    });
  }

  render() {
    const { entries } = this.#uploads;
    for (const [key, chip] of this.#shown) if (!entries.some((one) => one.key === key)) this.#drop(key, chip);
    for (const entry of entries) (this.#shown.get(entry.key) ?? this.#build(entry)).update(entry);
    this.list.hidden = entries.length === 0;
  }

  #picked() {
    this.#uploads.add(this.picker.files);
    this.picker.value = "";
  }

  #drop(key, { node }) {
    const hadFocus = node.contains(node.getRootNode().activeElement);
    node.remove();
    this.#shown.delete(key);
    if (hadFocus) this.button.focus();
  }

  #build({ key, name }) {
    const state = h("span", { class: "about" });
    const bar = h("span", { class: "bar", "aria-hidden": "true" });
    const picture = h("span", { class: "thumb", "aria-hidden": "true" }, icon("file"));
    const retry = h("button", { type: "button", class: "retry", hidden: true, click: () => this.#uploads.retry(key) }, WORDS.tryAgain);
    const remove = h("button", { type: "button", class: "icon", "aria-label": `${WORDS.remove} ${name}`, click: () => this.#uploads.remove(key) }, icon("close"));
    const node = h("li", {}, picture, h("span", { class: "what" }, h("span", { class: "file-name", dir: "auto" }, name), state), retry, remove, bar);
    this.list.append(node);
    const chip = { node, update: (entry) => this.#update({ node, state, bar, picture, retry }, entry) };
    this.#shown.set(key, chip);
    return chip;
  }

  #update({ node, state, bar, picture, retry }, entry) {
    const about = { waiting: WORDS.waitingForLine, sending: percent(entry.done ?? 0), ready: size(entry.size_bytes) }[entry.state] ?? entry.reason;
    if (node.dataset.is !== entry.state && entry.state !== "sending") setText(this.status, `${entry.name}: ${entry.state === "ready" ? WORDS.added : about}`);
    node.dataset.is = entry.state;
    setText(state, about);
    bar.style.setProperty("width", entry.state === "sending" ? `${Math.round(entry.done * 100)}%` : "0");
    retry.hidden = entry.state !== "failed";
    const address = entry.kind === "image" && entry.url && safeAddress(entry.url, this.#base);
    if (address && picture.firstChild.localName !== "img") {
      const image = h("img", { src: address, alt: "", error: () => picture.replaceChildren(icon("file")) });
      picture.replaceChildren(image);
    }
  }
}
