/* Where the customer writes: Enter sends, Shift+Enter breaks the line; the draft survives a reload. */

import { h, icon, setText } from "./dom.js";
import { TEXT_LIMIT, WORDS, tooLong } from "./words.js";

const TYPING_EVERY_MS = 3000;
const COUNT_FROM = TEXT_LIMIT - 400;

export class Composer {
  #shelf;
  #on;
  #uploads;
  #typed_at = 0;
  #isWaiting = false;

  /** `on`: say(text, files), typing(). */
  constructor(shelf, { uploads, tray }, on) {
    this.#shelf = shelf;
    this.#uploads = uploads;
    this.#on = on;
    this.field = h("textarea", {
      id: "words", rows: "1", placeholder: WORDS.write, "aria-describedby": "limit", dir: "auto", enterkeyhint: "send",
      input: () => this.#written(), keydown: (event) => this.#key(event),
    });
    this.button = h("button", { type: "submit", class: "send", "aria-label": WORDS.send }, icon("send"));
    this.limit = h("p", { id: "limit", class: "limit", role: "status" });
    const label = h("label", { for: "words", class: "sr" }, WORDS.write);
    this.node = h("form", { class: "composer", novalidate: true, submit: (event) => this.#submit(event) },
      tray.list, tray.status, h("div", { class: "field" }, tray.picker, tray.button, label, this.field, this.button), this.limit);
    this.suggest(shelf.read("draft"));
  }

  /** Puts words in the field, unless the customer already wrote some. */
  suggest(text) {
    if (typeof text === "string" && !this.field.value) this.field.value = text;
    this.fit();
  }

  /** Files arrived, failed or went. Words that waited for them go now, unless one of them cannot. */
  filesChanged() {
    const { isBusy, ready, entries } = this.#uploads;
    const isWanted = this.#isWaiting && !isBusy;
    if (isWanted) this.#isWaiting = false;
    this.#checkLength();
    if (isWanted && ready.length === entries.length) this.#send();
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
    const { isBusy, ready } = this.#uploads;
    setText(this.limit, isTooLong ? tooLong(length) : this.#isWaiting ? WORDS.filesFirst : left);
    this.limit.classList.toggle("over", isTooLong);
    this.field.setAttribute("aria-invalid", String(isTooLong));
    this.button.disabled = isTooLong || (length === 0 && ready.length === 0 && !isBusy);
  }

  #written() {
    this.#shelf.write("draft", this.field.value || null);
    this.#isWaiting = false; // Words that are being written again are not finished.
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
    this.#isWaiting = this.#uploads.isBusy;
    this.#checkLength();
    if (!this.#isWaiting && !this.button.disabled) this.#send();
  }

  #send() {
    const text = this.field.value.trim();
    this.field.value = "";
    this.#typed_at = 0;
    this.#shelf.write("draft", null);
    this.fit();
    this.#on.say(text, this.#uploads.take());
  }
}
