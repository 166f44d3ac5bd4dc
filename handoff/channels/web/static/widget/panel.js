/* The visible frame: launcher, header with the floor, log, notices, composer. Shows what it is told and decides nothing. */

import { h, icon, setText } from "./dom.js";
import { Elsewhere } from "./elsewhere.js";
import { WORDS, floorLine, talkingTo, typing, unread, working } from "./words.js";

const SHEET = "(max-width: 480px)";

export class Panel {
  /** `on`: open(), close(), human(), withdraw(), download(), elsewhere(), start(text). */
  constructor({ heading, starters, composer }, on) {
    this.on = on;
    this.heading = heading;
    this.#buildHeader();
    this.log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": WORDS.conversation, tabindex: "0" });
    this.welcome = welcome(starters, on.start);
    this.latest = h("button", { type: "button", class: "latest", "aria-label": WORDS.latest, hidden: true }, icon("down"));
    this.sign = h("p", { class: "sign", hidden: true }, h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), h("span"));
    this.notice = h("p", { class: "notice", role: "status", hidden: true });
    this.node = h("section", { class: "panel", id: "panel", role: "dialog", "aria-labelledby": "name", tabindex: "-1", hidden: true, keydown: (event) => this.#key(event) },
      this.header, this.way.node, h("div", { class: "middle" }, this.welcome, this.log, this.latest), this.sign, this.notice, composer.node);
    this.composer = composer;
    this.#buildLauncher();
  }

  #buildHeader() {
    this.avatar = h("span", { class: "avatar", "aria-hidden": "true" });
    this.name = h("h2", { id: "name", dir: "auto" });
    this.floorLine = h("p", { class: "floorline" });
    this.way = new Elsewhere({ ask: this.on.elsewhere, closed: () => this.way.button.focus() });
    this.download = iconButton("download", WORDS.download, this.on.download);
    this.person = h("button", { type: "button", class: "person", click: () => this.#changeFloor() });
    this.header = h("div", { class: "head" },
      h("div", { class: "who" }, this.avatar,
        h("div", { class: "title" }, this.name, h("p", { class: "company", dir: "auto" }, this.heading)),
        this.way.button, this.download, iconButton("close", WORDS.close, this.on.close)),
      h("div", { class: "floor" }, this.floorLine, this.person));
  }

  #buildLauncher() {
    this.badge = h("span", { class: "badge", hidden: true });
    this.label = h("span", { class: "label" }, WORDS.open);
    this.launcher = h("button", { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "panel", click: this.on.open },
      icon("chat"), this.label, this.badge);
    this.announcer = h("div", { class: "sr", role: "status", "aria-live": "polite" });
  }

  get isOpen() {
    return !this.node.hidden;
  }

  open({ focus }) {
    this.node.hidden = false;
    this.launcher.hidden = true;
    this.launcher.setAttribute("aria-expanded", "true");
    this.composer.fit();
    if (focus) this.focus();
  }

  /** To the field; on a phone to the panel, because the keyboard would cover half of what there is to read. */
  focus() {
    (matchMedia("(pointer: coarse)").matches ? this.node : this.composer.field).focus();
  }

  close() {
    this.node.hidden = true;
    this.launcher.hidden = false;
    this.launcher.setAttribute("aria-expanded", "false");
    this.launcher.focus();
  }

  showFloor(state, { isAsking, isAskFailed }) {
    const { floor, who } = state;
    const isAgent = floor === "agent";
    const name = who?.name || (isAgent ? WORDS.agent : WORDS.assistant);
    setText(this.name, floor === "queue" ? WORDS.waitingShort : name);
    setText(this.avatar, floor === "queue" ? "…" : [...name][0].toUpperCase());
    this.header.dataset.floor = floor;
    setText(this.floorLine, floorLine(state));
    const ask = isAsking ? WORDS.asking : isAskFailed ? WORDS.askAgain : WORDS.person;
    setText(this.person, isAgent ? talkingTo(who?.name) : floor === "queue" ? WORDS.stopWaiting : ask);
    this.person.setAttribute("aria-disabled", String(isAgent || isAsking));
    this.person.dataset.does = floor === "queue" ? "withdraw" : "human";
  }

  showSign(sign) {
    this.sign.hidden = !sign;
    if (sign) setText(this.sign.lastChild, (sign.kind === "typing" ? typing : working)(sign.name));
  }

  showNotice(text) {
    this.notice.hidden = !text;
    setText(this.notice, text ?? "");
  }

  showAway(isAway) {
    setText(this.label, isAway ? WORDS.awayShort : WORDS.open);
    this.launcher.toggleAttribute("data-away", isAway);
  }

  showUnread(count) {
    this.badge.hidden = count === 0;
    setText(this.badge, String(count));
    const words = this.label.textContent;
    this.launcher.setAttribute("aria-label", count ? `${words}, ${unread(count)}` : words);
  }

  announce(text) {
    setText(this.announcer, text);
  }

  #changeFloor() {
    if (this.person.getAttribute("aria-disabled") !== "true") this.on[this.person.dataset.does]();
  }

  #key(event) {
    if (event.key === "Escape" && !event.isComposing) {
      event.stopPropagation();
      this.on.close();
    } else if (event.key === "Tab" && matchMedia(SHEET).matches) this.#keepFocus(event);
  }

  /** Full screen, the page below cannot be seen: Tab must not wander into it. */
  #keepFocus(event) {
    const stops = [...this.node.querySelectorAll("button, a, textarea, video, audio, .log")].filter((one) => !one.disabled && one.offsetParent);
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (this.node.getRootNode().activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  }
}

function iconButton(name, label, click) {
  return h("button", { type: "button", class: "icon", "aria-label": label, title: label, click }, icon(name));
}

function welcome(starters, start) {
  const buttons = starters.map((text) => h("button", { type: "button", class: "choice", click: () => start(text) }, text));
  return h("div", { class: "welcome" }, h("p", { class: "greeting" }, WORDS.greeting), h("p", {}, WORDS.promise),
    buttons.length ? h("div", { class: "buttons", role: "group", "aria-label": "Common questions" }, ...buttons) : null);
}
