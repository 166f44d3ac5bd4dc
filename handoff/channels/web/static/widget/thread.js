/* The conversation as this browser knows it: each message once, in the order of the ledger, and who was speaking when.
 * Pure: no socket, no page. `rows` is what the view shows. */

import { plain } from "./text.js";
import { switchWords } from "./words.js";

const SPEAKERS = new Set(["assistant", "agent"]);

export class Thread {
  #messages = [];
  #byId = new Map();
  #marks = [];
  #cursor = 0;
  #highest = 0;
  #seenByThem = 0;

  /** The last `seq` received in order. An acknowledgement does not move it: words before it may still be on their way. */
  get cursor() {
    return this.#cursor;
  }

  get lastFromThem() {
    return this.#messages.findLast((message) => message.author !== "customer") ?? null;
  }

  get last() {
    return this.#messages.at(-1) ?? null;
  }

  unreadAfter(seq) {
    return this.#messages.filter((message) => SPEAKERS.has(message.author) && message.seq > seq).length;
  }

  /** Takes a message of the hub; false when it was here already. */
  accept(message) {
    if (!isMessage(message)) return false;
    this.#cursor = Math.max(this.#cursor, message.seq);
    return this.#insert(message);
  }

  /** The hub has our words: they become a message at the place it gave them. */
  acknowledge({ message_id: id, seq, created_at }, entry) {
    if (!isShown(entry) || !Number.isInteger(seq) || !id) return;
    this.#insert({ id, seq, created_at, author: "customer", text: entry.text, attachments: entry.files, client_ref: entry.frame.client_ref });
  }

  seenByThem(seq) {
    if (Number.isInteger(seq)) this.#seenByThem = Math.max(this.#seenByThem, seq);
  }

  /** Somebody else speaks from here on, before their first word. */
  mark(who) {
    this.#marks.push({ after: this.#highest, who, key: `mark ${this.#marks.length}` });
  }

  #insert(message) {
    const known = this.#byId.get(message.id);
    // The ledger has the last word: it may have masked a card number in what was typed here.
    if (message.is_withdrawn) return this.#forget(known);
    if (known) Object.assign(known, { text: plain(message.text), attachments: message.attachments ?? known.attachments, is_edited: message.is_edited });
    if (known && message.is_redacted) Object.assign(known, { buttons: [], link: null, image: null });
    if (known) return false;
    const record = { ...message, text: plain(message.text), name: plain(message.name) };
    this.#byId.set(message.id, record);
    this.#messages.push(record);
    const before = this.#messages.at(-2);
    if (before && before.seq > record.seq) this.#messages.sort((one, other) => one.seq - other.seq);
    this.#highest = Math.max(this.#highest, record.seq);
    return true;
  }

  /** Whoever said it took it back: here it was never said. */
  #forget(known) {
    if (known) this.#byId.delete(known.id);
    this.#messages = this.#messages.filter((message) => message !== known);
    return false;
  }

  get hasFiles() {
    return this.#messages.some((message) => message.attachments?.length);
  }

  /** Rows `{key, type: day|switch|message, …}`; `waiting` are the entries of Outgoing, shown last. */
  rows(waiting, { mayPress }) {
    const writing = new Rows(this.#marks);
    for (const message of this.#messages) writing.message(message);
    writing.marksUpTo(Infinity);
    for (const entry of waiting) if (isShown(entry)) writing.waiting(entry);
    return this.#withStates(writing.rows, mayPress && !waiting.some(isShown));
  }

  #withStates(rows, mayPress) {
    const messages = rows.filter((row) => row.type === "message");
    const own = messages.findLast((row) => row.author === "customer" && !row.state);
    if (own && own === messages.findLast((row) => !row.state)) own.state = this.#seenByThem >= own.seq ? "delivered" : "sent";
    messages.forEach((row, at) => {
      if (!row.buttons.length) return;
      const later = messages.slice(at + 1);
      // One turn may offer something and then go back to an earlier question: both are open until somebody answers.
      row.mayPress = mayPress && !later.some((other) => other.author !== "system" && other.author !== row.author);
      row.pressed = row.mayPress ? null : (later.find((other) => other.author === "customer")?.text ?? null);
    });
    return rows;
  }
}

/** An act that shows in the thread; words may be empty when files go with them. */
function isShown(entry) {
  return Boolean(entry.text) || Boolean(entry.files?.length);
}

function isMessage(message) {
  return Boolean(message) && typeof message.id === "string" && Number.isInteger(message.seq);
}

/** Writes rows from top to bottom, remembering who spoke last. */
class Rows {
  rows = [];
  #marks;
  #speaker = null;
  #day = null;
  #author = null;

  constructor(marks) {
    this.#marks = [...marks];
  }

  message(message) {
    this.marksUpTo(message.seq);
    this.#dayOf(message.created_at);
    if (SPEAKERS.has(message.author)) this.#switchTo({ kind: message.author, name: message.name }, `switch ${message.id}`);
    if (message.author === "system" && this.#becomesSwitch(message)) return;
    this.#push({
      ...message,
      key: message.client_ref ?? message.id,
      files: Array.isArray(message.attachments) ? message.attachments : [],
      buttons: (Array.isArray(message.buttons) ? message.buttons : []).map((button) => plain(button?.title)),
      state: null,
    });
  }

  waiting(entry) {
    const { client_ref } = entry.frame;
    const created_at = new Date(entry.at).toISOString();
    const { state, reason } = entry;
    const files = entry.files ?? [];
    this.#push({ key: client_ref, client_ref, author: "customer", text: entry.text, files, created_at, buttons: [], state, reason });
  }

  marksUpTo(seq) {
    while (this.#marks.length && this.#marks[0].after < seq) {
      const { who, key } = this.#marks.shift();
      this.#switchTo(who, key);
    }
  }

  #push(message) {
    const isFirst = this.#author !== `${message.author} ${message.name}`;
    this.#author = `${message.author} ${message.name}`;
    this.rows.push({ ...message, type: "message", isFirst, held: this.#speaker?.kind ?? "assistant" });
  }

  /** The first speaker of all needs no announcement, unless it is a person. */
  #switchTo(who, key) {
    const before = this.#speaker;
    this.#speaker = who;
    if (before ? before.kind === who.kind && before.name === who.name : who.kind === "assistant") return;
    const row = { key, type: "switch", who, ...switchWords(who, Boolean(before)), held: who.kind, before: before?.kind };
    const at = this.#introductionOf(who);
    if (at === -1) this.rows.push(row);
    else this.#takeFrom(at, { ...row, ...introduction(this.rows[at]) });
    this.#author = null;
  }

  /** A sentence of the hub that opens with the newcomer's name is the better divider; two would say the same twice. */
  #becomesSwitch(message) {
    const last = this.rows.at(-1);
    if (last?.type !== "switch" || !opensWith(message.text, last.who)) return false;
    this.rows[this.rows.length - 1] = { ...last, ...introduction(message) };
    return true;
  }

  #introductionOf(who) {
    const at = this.rows.findLastIndex((row) => row.type === "switch" || SPEAKERS.has(row.author) || opensWith(row.text, who));
    return at !== -1 && this.rows[at].author === "system" ? at : -1;
  }

  /** The switch happened at that row, before whatever the customer has written since. */
  #takeFrom(at, row) {
    this.rows[at] = row;
    for (const later of this.rows.slice(at + 1)) later.held = row.held;
  }

  #dayOf(created_at) {
    const day = new Date(created_at).toDateString();
    if (day === this.#day || day === "Invalid Date") return;
    this.#day = day;
    this.rows.push({ key: `day ${day}`, type: "day", at: created_at });
    this.#author = null;
  }
}

const opensWith = (text, who) => Boolean(who.name) && typeof text === "string" && text.startsWith(`${who.name} `);
const introduction = ({ id, text }) => ({ key: `switch ${id}`, text, note: null });
