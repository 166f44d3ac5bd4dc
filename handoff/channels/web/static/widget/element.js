/* <tellonce-chat>: joins the parts. Frames of the hub come in at `#heard`, acts of the customer go out through
 * `Outgoing`, and `#render` shows the result. Frames are described in docs/architecture.md, contract 4. */

import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Viewer } from "./files_view.js";
import { Outgoing } from "./outgoing.js";
import { Panel } from "./panel.js";
import { Signs } from "./signs.js";
import { Kept } from "./storage.js";
import { accentSheet, sheet } from "./style.js";
import { Thread } from "./thread.js";
import { ThreadView } from "./thread_view.js";
import { Tray } from "./tray.js";
import { showInTitle } from "./unread.js";
import { Uploads } from "./uploads.js";
import { WORDS, spoken, switchWords } from "./words.js";

const STALE_SESSION = new Set(["session_invalid", "session_expired"]);
const SIGNED_OUT = new Set(["login_needed", "login_expired", "login_invalid"]);
const REPLAY_QUIET_MS = 400;
const ADDRESSES_GOOD_FOR_MS = 45 * 60000; // The hub's end after an hour.

export class TellonceChat extends HTMLElement {
  #thread = new Thread();
  #state = { floor: "bot", who: null, queue: null, ways: [] };
  #token = null;
  #conversation = null;
  #isReplaying = false;
  #line = "new";
  #replayed = null;
  #repaint = null;
  #addressed_at = 0;
  #ends = [];
  #login = null;
  #continues = null;

  connectedCallback() {
    this.#login = this.getAttribute("login");
    this.removeAttribute("login");
    this.#continues = takeToken();
    if (!this.shadowRoot) this.#build();
    this.#listen();
    const before = this.#kept.session?.sub;
    if (before && this.#login && before !== subject(this.#login)) this.#forget();
    if (this.#isLocked && this.#continues) this.#forget();
    if (this.#isLocked) return;
    if (this.#kept.session || !this.#outgoing.isEmpty) this.#connection.open();
    if (this.#continues || this.#kept.tab.read("isOpen")) this.#show({ focus: false });
  }

  /** What is kept here is somebody's who signed in, and nobody is signed in now: it is not shown. */
  get #isLocked() {
    return Boolean(this.#kept.session?.sub) && !this.#login;
  }

  /** The site's word for who this is; ends within the hour, a new one may be given at any time. */
  login(token) {
    const before = this.#kept.session?.sub;
    if (before && before !== subject(token)) this.#forget();
    this.#login = token;
    this.#panel.showNotice(null);
    this.#connection.close();
    if (this.#kept.session || this.#panel.isOpen || this.#continues) this.#connection.open();
  }

  /** Nothing of this conversation is left in the browser, and the hub shows it to nobody here any more. */
  logout() {
    this.#connection.send({ type: "logout" });
    this.#login = null;
    this.#forget();
  }

  #forget() {
    this.#kept.forget();
    this.#outgoing.clear();
    this.#composer.field.value = "";
    this.#uploads.clear();
    this.#hide();
    if (this.#panel.isOpen) this.#panel.close();
  }

  /** Takes the words off the page; what is kept of them stays kept. */
  #hide() {
    this.#connection.close();
    this.#thread = new Thread();
    this.#token = this.#conversation = null;
    this.#state = { floor: "bot", who: null, queue: null, ways: [] };
    this.#panel.way.close();
    this.#signs.clear();
    this.#paint();
  }

  disconnectedCallback() {
    this.#connection.close();
    for (const end of this.#ends.splice(0)) end();
  }

  /** Opens the chat; `draft` is put in the field when the customer has not written anything yet. */
  open({ draft = null } = {}) {
    if (this.#isLocked) this.#forget();
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
  #uploads;
  #tray;

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
    this.#uploads = new Uploads(this.#kept.tab, this.hub.href, { changed: () => this.#filesChanged(), headers: () => this.#who() });
    this.#tray = new Tray(this.#uploads, this.hub.href);
    const viewer = new Viewer();
    this.#composer = new Composer(this.#kept.tab, { uploads: this.#uploads, tray: this.#tray }, { say: (...what) => this.#say(...what), typing: () => this.#connection.send({ type: "typing" }) });
    this.#panel = new Panel({ heading: this.getAttribute("heading") ?? "", starters: this.#starters, composer: this.#composer }, {
      open: () => this.open(), close: () => this.close(), human: () => this.#askForPerson(), withdraw: () => this.#connection.send({ type: "withdraw" }),
      download: () => this.#download(), elsewhere: () => this.#connection.send({ type: "continue", channel: "telegram" }), start: (text) => this.#say(text),
    });
    this.#view = new ThreadView(this.#panel.log, { base: this.hub.href, press: (...what) => this.#press(...what), retry: (ref) => this.#retry(ref), look: (file) => viewer.show(file) });
    this.#tray.listen(this.#panel.node);
    this.#panel.latest.addEventListener("click", () => this.#view.toEnd());
    this.#panel.log.addEventListener("scroll", () => this.#showLatest());
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet, accentSheet(this.getAttribute("color"))];
    root.append(this.#panel.node, this.#panel.launcher, this.#panel.announcer, viewer.node);
    this.#filesChanged();
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
    const renewing = setInterval(() => this.#renewAddresses(), 60000);
    this.#ends.push(() => clearInterval(renewing));
    on(window, "pagehide", () => this.#connection.close()); // An open socket would keep the page out of the back/forward cache.
    on(window, "pageshow", (event) => event.persisted && this.#cameBack());
    this.#ends.push(this.#kept.onOtherTab((session) => this.#otherTab(session), () => this.#render()));
  }

  /** Any element of the page with `data-tellonce-open` opens the chat; its value becomes the draft. */
  #openedByPage(event) {
    const opener = event.target.closest?.("[data-tellonce-open]");
    if (!opener) return;
    event.preventDefault();
    this.open({ draft: opener.dataset.tellonceOpen });
  }

  /** From the browser's memory: somebody may have signed out since. */
  #cameBack() {
    if (this.#token && this.#kept.session?.token !== this.#token) this.#hide();
    if (this.#kept.session && !this.#isLocked) this.#connection.open();
  }

  #otherTab(session) {
    if (!session && this.#token) {
      this.#login = null;
      this.#outgoing.clear();
      this.#composer.field.value = "";
      this.#uploads.clear();
      return this.#hide();
    }
    if (session?.sub && !this.#login) return this.#hide(); // Another tab's sign-in; this page has none to show.
    const isSame = session?.token === this.#token || (session?.conversation && session.conversation === this.#conversation);
    if (!session || isSame) return;
    this.#connection.restart();
    this.#connection.open();
  }

  // What the customer does

  #say(text, files = []) {
    this.#connection.open();
    this.#outgoing.add({ type: "say", text, ...(files.length ? { attachments: files.map(({ id }) => id) } : {}) }, text, files);
  }

  #filesChanged() {
    const isAtEnd = this.#view?.isAtEnd;
    this.#tray?.render();
    this.#composer?.filesChanged();
    if (isAtEnd) this.#view.toEnd(); // The composer grew or shrank.
    if (this.#uploads?.isBusy) this.#connection.open();
  }

  /** The headers that say who uploads; null while the hub has not greeted us. */
  #who() {
    if (!this.#token || this.#line !== "up") return null;
    return { Authorization: `Bearer ${this.#token}`, ...(this.#login ? { "X-Tellonce-Login": this.#login } : {}) };
  }

  #renewAddresses() {
    if (Date.now() - this.#addressed_at < ADDRESSES_GOOD_FOR_MS || !this.#thread.hasFiles) return;
    if (this.#connection.send({ type: "renew" })) this.#addressed_at = Date.now();
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
    if (this.#login) address.searchParams.set("login", this.#login);
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
    const proofs = { login: this.#login, continue: this.#continues };
    return { type: "hello", session: token, after: token === this.#token ? this.#thread.cursor : 0, page_url, timezone, locale, ...proofs };
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
      way: () => this.#panel.way.show(frame),
      error: () => this.#refused(frame),
    }[frame?.type];
    if (!act) return; // A newer hub may say more than this widget knows.
    act();
    this.#render();
  }

  /** A conversation is made by its first words: until then it has no id and the token alone says who this is. */
  #welcomed({ session, conversation_id: conversation, floor, who, queue, seen_seq: seen, ways = [], afresh, files }) {
    this.#continues = null;
    const isSame = session === this.#token || (conversation && conversation === this.#conversation);
    if (this.#token && (!isSame || afresh)) this.#thread = new Thread();
    if (this.#token && isSame && !afresh) this.#floor({ floor, who });
    this.#token = session;
    this.#conversation = conversation;
    this.#kept.session = { token: session, conversation, sub: this.#login ? subject(this.#login) : undefined };
    this.#thread.seenByThem(seen);
    Object.assign(this.#state, { floor, who, queue, ways });
    this.#replaying();
    this.#outgoing.resend();
    this.#addressed_at = Date.now();
    this.#uploads.limits = files ?? this.#uploads.limits;
    this.#uploads.resume();
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
    if (message.author === "system") this.#panel.way.close(); // It may say that it goes on there now.
    if (!this.#isReplaying && !this.#panel.isOpen) this.#panel.announce(`${message.name || WORDS.assistant}: ${message.text || spoken(message.attachments ?? [])}`.slice(0, 200));
  }

  #floor({ floor, who }) {
    const before = this.#state;
    const isSwitch = (floor === "bot" || floor === "agent") && who && (before.floor !== floor || before.who?.name !== who.name);
    if (isSwitch) this.#thread.mark(who);
    // The open log announces its own divider.
    if (isSwitch && !this.#panel.isOpen) this.#panel.announce(switchWords(who, true).text);
    if (floor !== before.floor) this.#signs.clear();
    this.#state = { ...before, floor, who, queue: floor === "queue" ? before.queue : null };
  }

  #refused({ code, message, client_ref: clientRef }) {
    if (clientRef) return this.#outgoing.refuse(clientRef, message);
    if (SIGNED_OUT.has(code)) {
      this.#login = null;
      this.#hide();
      this.#panel.showNotice(WORDS.signInAgain);
      return this.dispatchEvent(new CustomEvent("tellonce-signed-out", { bubbles: true, composed: true }));
    }
    if (STALE_SESSION.has(code)) {
      this.#kept.session = null;
      return this.#connection.restart();
    }
    this.#panel.showNotice(message);
  }

  /** No acknowledgement in time: say so, and suspect the line. */
  #late(entry) {
    if (entry.text !== null) this.#panel.announce(WORDS.notSent);
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
    this.#panel.way.offer(this.#state.ways, rows.length > 0);
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
  return chat;
}

/** Whom a site's token is about. The hub checks the signature; here it only tells one customer from another. */
function subject(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).sub ?? null;
  } catch {
    return null;
  }
}

/** The token of a link from another channel, taken out of the address bar before anybody can read it over a shoulder. */
function takeToken() {
  const here = new URL(location.href);
  const token = here.searchParams.get("continue");
  if (!token) return null;
  here.searchParams.delete("continue");
  history.replaceState(history.state, "", here);
  return token.slice(0, 64);
}
