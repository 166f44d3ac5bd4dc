/* <tellonce-chat>: joins the parts. Frames of the hub come in at `#heard`, acts of the customer go out through
 * `Outgoing`, and `#render` shows the result. Frames are described in docs/architecture.md, contract 4. */

import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Outgoing } from "./outgoing.js";
import { Panel } from "./panel.js";
import { Signs } from "./signs.js";
import { Kept } from "./storage.js";
import { accentSheet, sheet } from "./style.js";
import { Thread } from "./thread.js";
import { ThreadView } from "./thread_view.js";
import { showInTitle } from "./unread.js";
import { WORDS, switchWords } from "./words.js";

const STALE_SESSION = new Set(["session_invalid", "session_expired"]);
const REPLAY_QUIET_MS = 400;

export class TellonceChat extends HTMLElement {
  #thread = new Thread();
  #state = { floor: "bot", who: null, queue: null };
  #token = null;
  #conversation = null;
  #isReplaying = false;
  #line = "new";
  #replayed = null;
  #repaint = null;
  #ends = [];

  connectedCallback() {
    if (!this.shadowRoot) this.#build();
    this.#listen();
    if (this.#kept.session || !this.#outgoing.isEmpty) this.#connection.open();
    if (this.#kept.tab.read("isOpen")) this.#show({ focus: false });
  }

  disconnectedCallback() {
    this.#connection.close();
    for (const end of this.#ends.splice(0)) end();
  }

  /** Opens the chat; `draft` is put in the field when the customer has not written anything yet. */
  open({ draft = null } = {}) {
    this.#composer.suggest(draft);
    this.#show({ focus: true });
  }

  #show({ focus }) {
    this.#panel.open({ focus });
    this.#kept.tab.write("isOpen", true);
    this.#connection.open();
    this.#showLine();
    this.#paint();
    this.#view.toEnd();
  }

  close() {
    this.#panel.close();
    this.#kept.tab.write("isOpen", null);
    this.#render();
  }

  // The parts

  #kept;
  #outgoing;
  #connection;
  #composer;
  #panel;
  #view;
  #signs;

  #build() {
    this.hub = new URL(this.getAttribute("hub") || ".", document.baseURI);
    this.#kept = new Kept(this.hub.href);
    this.#connection = new Connection(socketAddress(this.hub), {
      hello: () => this.#hello(), frame: (frame) => this.#heard(frame), state: (line) => this.#lineChanged(line),
      isNeeded: () => this.#panel.isOpen || !this.#outgoing.isEmpty,
    });
    this.#outgoing = new Outgoing(this.#kept.tab, (frame) => this.#connection.send(frame), {
      changed: () => this.#render(), late: (entry) => this.#late(entry),
    });
    this.#signs = new Signs((sign) => this.#panel.showSign(sign));
    this.#composer = new Composer(this.#kept.tab, { say: (text) => this.#say(text), typing: () => this.#connection.send({ type: "typing" }) });
    this.#panel = new Panel({ heading: this.getAttribute("heading") ?? "", starters: this.#starters, composer: this.#composer }, {
      open: () => this.open(), close: () => this.close(), human: () => this.#askForPerson(), withdraw: () => this.#connection.send({ type: "withdraw" }),
      download: () => this.#download(), start: (text) => this.#say(text),
    });
    this.#view = new ThreadView(this.#panel.log, { base: this.hub.href, press: (...what) => this.#press(...what), retry: (ref) => this.#retry(ref) });
    this.#panel.latest.addEventListener("click", () => this.#view.toEnd());
    this.#panel.log.addEventListener("scroll", () => this.#showLatest());
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet, accentSheet(this.getAttribute("color"))];
    root.append(this.#panel.node, this.#panel.launcher, this.#panel.announcer);
    this.#render();
  }

  get #starters() {
    return (this.getAttribute("starters") ?? "").split("|").map((text) => text.trim()).filter(Boolean);
  }

  #listen() {
    const on = (target, name, act) => {
      target.addEventListener(name, act);
      this.#ends.push(() => target.removeEventListener(name, act));
    };
    on(document, "visibilitychange", () => document.visibilityState === "visible" && (this.#connection.wake(), this.#render()));
    on(document, "click", (event) => this.#openedByPage(event));
    on(window, "pagehide", () => this.#connection.close()); // An open socket would keep the page out of the back/forward cache.
    on(window, "pageshow", (event) => event.persisted && this.#kept.session && this.#connection.open());
    this.#ends.push(this.#kept.onOtherTab((session) => this.#otherTab(session), () => this.#render()));
  }

  /** Any element of the page with `data-tellonce-open` opens the chat; its value becomes the draft. */
  #openedByPage(event) {
    const opener = event.target.closest?.("[data-tellonce-open]");
    if (!opener) return;
    event.preventDefault();
    this.open({ draft: opener.dataset.tellonceOpen });
  }

  #otherTab(session) {
    const isSame = session?.token === this.#token || (session?.conversation && session.conversation === this.#conversation);
    if (!session || isSame) return;
    this.#connection.restart();
    this.#connection.open();
  }

  // What the customer does

  #say(text) {
    this.#connection.open();
    this.#outgoing.add({ type: "say", text }, text);
  }

  #press(messageId, index, title) {
    this.#outgoing.add({ type: "press", message_id: messageId, index }, title);
    this.#panel.focus(); // The pressed button is disabled now and would drop the focus on the page.
  }

  #askForPerson() {
    this.#connection.open();
    const asked = this.#outgoing.entries.find((entry) => entry.frame.type === "human");
    if (asked) this.#retry(asked.frame.client_ref);
    else this.#outgoing.add({ type: "human" }, null);
  }

  #retry(clientRef) {
    this.#connection.wake();
    this.#outgoing.retry(clientRef);
  }

  async #download() {
    const address = new URL("channels/web/transcript", this.hub);
    address.searchParams.set("session", this.#kept.session?.token ?? "");
    try {
      const answer = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer" });
      if (!answer.ok) throw new Error(String(answer.status));
      save(await answer.blob(), "conversation.txt");
    } catch {
      this.#panel.showNotice(WORDS.downloadFailed);
    }
  }

  // What the hub says

  #hello() {
    const token = this.#kept.session?.token ?? null;
    // The path only: what a shop puts behind the question mark is not ours to carry.
    const page_url = (location.origin + location.pathname).slice(0, 1000);
    const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const locale = (document.documentElement.lang || navigator.language).slice(0, 20);
    return { type: "hello", session: token, after: token === this.#token ? this.#thread.cursor : 0, page_url, timezone, locale };
  }

  #heard(frame) {
    const act = {
      welcome: () => this.#welcomed(frame),
      ack: () => this.#acknowledged(frame),
      message: () => this.#received(frame.message),
      typing: () => (frame.slow ? this.#signs.working(frame.who?.name) : this.#signs.typing(frame.who?.name)),
      floor: () => this.#floor(frame),
      queue: () => Object.assign(this.#state, { queue: frame }),
      seen: () => this.#thread.seenByThem(frame.seq),
      error: () => this.#refused(frame),
    }[frame?.type];
    if (!act) return; // A newer hub may say more than this widget knows.
    act();
    this.#render();
  }

  /** A conversation is made by its first words: until then it has no id and the token alone says who this is. */
  #welcomed({ session, conversation_id: conversation, floor, who, queue, seen_seq: seen }) {
    const isSame = session === this.#token || (conversation && conversation === this.#conversation);
    if (this.#token && !isSame) this.#thread = new Thread();
    if (this.#token && isSame) this.#floor({ floor, who });
    this.#token = session;
    this.#conversation = conversation;
    this.#kept.session = { token: session, conversation };
    this.#thread.seenByThem(seen);
    Object.assign(this.#state, { floor, who, queue });
    this.#replaying();
    this.#outgoing.resend();
  }

  /** History is not news: it is read by who wants to read it, not spoken aloud message by message. */
  #replaying() {
    this.#isReplaying = true;
    this.#panel.log.setAttribute("aria-busy", "true");
    clearTimeout(this.#replayed);
    this.#replayed = setTimeout(() => {
      this.#isReplaying = false;
      this.#panel.log.setAttribute("aria-busy", "false");
      this.#render();
    }, REPLAY_QUIET_MS);
  }

  #acknowledged(frame) {
    const entry = this.#outgoing.settle(frame.client_ref);
    if (!entry) return;
    this.#thread.acknowledge(frame, entry);
    this.#showLine();
    const isAnswered = (this.#thread.lastFromThem?.seq ?? 0) > frame.seq;
    if (this.#state.floor === "bot" && !isAnswered) this.#signs.expectAnswer(this.#state.who?.name);
  }

  #received(message) {
    if (message?.client_ref) this.#outgoing.settle(message.client_ref);
    if (!this.#thread.accept(message)) return;
    if (this.#isReplaying) this.#replaying();
    if (message.author === "customer") return;
    this.#signs.clear();
    if (!this.#isReplaying && !this.#panel.isOpen) this.#panel.announce(`${message.name || WORDS.assistant}: ${message.text}`.slice(0, 200));
  }

  #floor({ floor, who }) {
    const before = this.#state;
    const isSwitch = (floor === "bot" || floor === "agent") && who && (before.floor !== floor || before.who?.name !== who.name);
    if (isSwitch) this.#thread.mark(who);
    // The open log announces its own divider.
    if (isSwitch && !this.#panel.isOpen) this.#panel.announce(switchWords(who, true).text);
    if (floor !== before.floor) this.#signs.clear();
    this.#state = { floor, who, queue: floor === "queue" ? before.queue : null };
  }

  #refused({ code, message, client_ref: clientRef }) {
    if (clientRef) return this.#outgoing.refuse(clientRef, message);
    if (STALE_SESSION.has(code)) {
      this.#kept.session = null;
      return this.#connection.restart();
    }
    this.#panel.showNotice(message);
  }

  /** No acknowledgement in time: say so, and suspect the line. */
  #late(entry) {
    if (entry.text) this.#panel.announce(WORDS.notSent);
    this.#connection.restart();
  }

  #lineChanged(line) {
    this.#line = line;
    this.#signs.clear();
    this.#showLine();
    this.#render();
  }

  #showLine() {
    this.#panel.showAway(this.#line === "away");
    const notice = { up: null, away: WORDS.away, down: this.#token ? WORDS.again : WORDS.connecting, new: WORDS.connecting };
    this.#panel.showNotice(notice[this.#line]);
  }

  // What is shown

  /** Many frames, one repaint. */
  #render() {
    this.#repaint ??= setTimeout(() => {
      this.#repaint = null;
      this.#paint();
    }, 16);
  }

  #paint() {
    const rows = this.#thread.rows(this.#outgoing.entries, { mayPress: this.#state.floor === "bot" || this.#state.floor === "closed" });
    // Shown before it is filled: what is hidden cannot be scrolled to its end.
    this.#panel.welcome.hidden = rows.length > 0;
    this.#panel.log.hidden = rows.length === 0;
    this.#view.render(rows);
    this.#panel.download.hidden = rows.length === 0;
    const asking = this.#outgoing.entries.find((entry) => entry.frame.type === "human");
    this.#panel.showFloor(this.#state, { isAsking: asking?.state === "sending", isAskFailed: Boolean(asking) && asking.state !== "sending" });
    this.#countUnread();
    this.#showLatest();
  }

  #countUnread() {
    const isReading = this.#panel.isOpen && document.visibilityState === "visible";
    if (isReading) this.#tellSeen();
    const count = isReading ? 0 : this.#thread.unreadAfter(this.#kept.readUpTo(this.#token));
    this.#panel.showUnread(count);
    showInTitle(count);
  }

  #tellSeen() {
    const last = this.#thread.lastFromThem;
    if (!last || last.seq <= this.#kept.readUpTo(this.#token)) return;
    if (this.#connection.send({ type: "seen", seq: last.seq })) this.#kept.rememberRead(this.#token, last.seq);
  }

  #showLatest() {
    this.#panel.latest.hidden = this.#view.isAtEnd || this.#panel.log.hidden;
  }
}

function socketAddress(hub) {
  const address = new URL("channels/web/socket", hub);
  address.protocol = address.protocol.replace("http", "ws");
  return address.href;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Puts the chat on the page once, however many script tags there are. */
export function attach(settings) {
  if (!customElements.get("tellonce-chat")) customElements.define("tellonce-chat", TellonceChat);
  const placed = document.querySelector("tellonce-chat");
  const chat = placed ?? document.createElement("tellonce-chat");
  for (const [name, value] of Object.entries(settings)) if (value && !chat.hasAttribute(name)) chat.setAttribute(name, value);
  if (!placed) document.body.append(chat);
}
