/* The way to another channel: a button in the header asks for it, a box shows the link and the code until they end. */

import { h, icon, setText } from "./dom.js";
import { WORDS } from "./words.js";

export class Elsewhere {
  #ends = null;
  #on;

  /** `on`: ask(), closed(). */
  constructor(on) {
    this.#on = on;
    this.button = h("button", { type: "button", class: "icon", "aria-label": WORDS.elsewhere, title: WORDS.elsewhere, "aria-expanded": "false", "aria-controls": "way", hidden: true, click: () => (this.isOpen ? this.close() : on.ask()) }, icon("elsewhere"));
    this.link = h("a", { class: "choice", target: "_blank", rel: "noopener noreferrer" }, WORDS.openElsewhere);
    this.code = h("code", { tabindex: "0", "aria-label": WORDS.code });
    this.copy = h("button", { type: "button", class: "choice", click: () => this.#copy() }, WORDS.copy);
    this.told = h("span", { role: "status", class: "told" });
    this.node = h("section", { class: "way", id: "way", "aria-label": WORDS.elsewhere, hidden: true, keydown: (event) => this.#key(event) },
      h("p", {}, WORDS.wayThere), h("p", {}, this.link), h("p", {}, WORDS.wayByCode), h("p", { class: "codeline" }, this.code, this.copy, this.told),
      h("button", { type: "button", class: "icon shut", "aria-label": WORDS.closeWay, title: WORDS.closeWay, click: () => this.close() }, icon("close")));
  }

  get isOpen() {
    return !this.node.hidden;
  }

  /** `ways`: the channels the hub can go on at; only while there is something to go on with. */
  offer(ways, hasWords) {
    this.button.hidden = !(ways.includes("telegram") && hasWords);
  }

  show({ url, code, expires_at }) {
    if (!/^https?:/.test(url)) return;
    this.link.href = url;
    setText(this.code, code);
    setText(this.told, "");
    this.node.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.link.focus();
    clearTimeout(this.#ends);
    this.#ends = setTimeout(() => this.close(), Math.max(0, new Date(expires_at) - Date.now()));
  }

  close() {
    if (!this.isOpen) return;
    clearTimeout(this.#ends);
    const hadFocus = this.node.contains(this.node.getRootNode().activeElement);
    this.node.hidden = true;
    this.link.removeAttribute("href");
    setText(this.code, "");
    this.button.setAttribute("aria-expanded", "false");
    if (hadFocus) this.#on.closed();
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.code.textContent);
      setText(this.told, WORDS.copied);
    } catch {
      getSelection()?.selectAllChildren(this.code); // Plain http has no clipboard: one key press does the rest.
    }
  }

  #key(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    this.close();
  }
}
