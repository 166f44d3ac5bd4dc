/* Where the customer writes: Enter sends, Shift+Enter breaks the line; the draft survives a reload. */

import { h, icon, setText } from "./dom.js";
import { TEXT_LIMIT, WORDS, tooLong } from "./words.js";

const TYPING_EVERY_MS = 3000;
const COUNT_FROM = TEXT_LIMIT - 400;

export class Composer {
  #shelf;
  #on;
  #typed_at = 0;

  /** `on`: say(text), typing(). */
  constructor(shelf, on) {
    this.#shelf = shelf;
    this.#on = on;
    this.field = h("textarea", {
      id: "words", rows: "1", placeholder: WORDS.write, "aria-describedby": "limit", dir: "auto", enterkeyhint: "send",
      input: () => this.#written(), keydown: (event) => this.#key(event),
    });
    this.button = h("button", { type: "submit", class: "send", "aria-label": WORDS.send }, icon("send"));
    this.limit = h("p", { id: "limit", class: "limit", role: "status" });
    const label = h("label", { for: "words", class: "sr" }, WORDS.write);
    this.node = h("form", { class: "composer", novalidate: true, submit: (event) => this.#submit(event) },
      h("div", { class: "field" }, label, this.field, this.button), this.limit);
    this.suggest(shelf.read("draft"));
  }

  /** Puts words in the field, unless the customer already wrote some. */
  suggest(text) {
    if (typeof text === "string" && !this.field.value) this.field.value = text;
    this.fit();
  }

  fit() {
    this.field.style.setProperty("height", "auto");
    if (this.field.scrollHeight) this.field.style.setProperty("height", `${Math.min(this.field.scrollHeight, 132)}px`);
    this.#checkLength();
  }

  get #length() {
    return [...this.field.value.trim()].length; // Code points, as the hub counts: an emoji is one character.
  }

  #checkLength() {
    const length = this.#length;
    const isTooLong = length > TEXT_LIMIT;
    const left = length > COUNT_FROM ? `${TEXT_LIMIT - length} characters left` : "";
    setText(this.limit, isTooLong ? tooLong(length) : left);
    this.limit.classList.toggle("over", isTooLong);
    this.field.setAttribute("aria-invalid", String(isTooLong));
    this.button.disabled = isTooLong || length === 0;
  }

  #written() {
    this.#shelf.write("draft", this.field.value || null);
    this.fit();
    if (!this.field.value || Date.now() - this.#typed_at < TYPING_EVERY_MS) return;
    this.#typed_at = Date.now();
    this.#on.typing();
  }

  #key(event) {
    // While an input method composes a character, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit(event);
  }

  #submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (!text || this.#length > TEXT_LIMIT) return;
    this.field.value = "";
    this.#typed_at = 0;
    this.#shelf.write("draft", null);
    this.fit();
    this.#on.say(text);
  }
}
