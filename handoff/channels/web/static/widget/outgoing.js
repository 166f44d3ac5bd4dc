/* What the customer did and the hub has not acknowledged yet. Kept in the tab, so that a reload loses nothing, and sent
 * again under the same `client_ref`, so that the hub can tell a repetition from a second message. */

const NOT_SENT_AFTER_MS = 8000;

export class Outgoing {
  #shelf;
  #send;
  #on;
  #entries;
  #timers = new Map();

  /** `send(frame)` says whether a line took it. `on`: changed(), late(entry) when no acknowledgement came in time. */
  constructor(shelf, send, on) {
    this.#shelf = shelf;
    this.#send = send;
    this.#on = on;
    const kept = shelf.read("outgoing");
    this.#entries = Array.isArray(kept) ? kept.filter((entry) => entry?.frame?.client_ref) : [];
  }

  /** Entries `{frame, text, files, state: sending|failed|refused, reason, at}`, oldest first. */
  get entries() {
    return this.#entries;
  }

  get isEmpty() {
    return this.#entries.length === 0;
  }

  has(type) {
    return this.#entries.some((entry) => entry.frame.type === type && entry.state === "sending");
  }

  /** `text` and `files` are what the thread shows meanwhile; null for an act without words. */
  add(frame, text, files = []) {
    const entry = { frame: { ...frame, client_ref: reference() }, text, files, state: "sending", reason: null, at: Date.now() };
    this.#entries = [...this.#entries, entry];
    this.#keep();
    this.#attempt(entry);
  }

  /** A fresh line: everything goes again in the order it was written, except what the hub has refused. */
  resend() {
    for (const entry of this.#entries) if (entry.state !== "refused") this.#attempt(entry);
  }

  retry(clientRef) {
    const entry = this.#find(clientRef);
    if (entry) this.#attempt(entry);
  }

  /** Takes the entry out: the hub has it. */
  settle(clientRef) {
    const entry = this.#find(clientRef);
    if (!entry) return null;
    this.#stopWaiting(clientRef);
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#keep();
    return entry;
  }

  clear() {
    for (const entry of this.#entries) this.#stopWaiting(entry.frame.client_ref);
    this.#entries = [];
    this.#keep();
  }

  refuse(clientRef, reason) {
    const entry = this.#find(clientRef);
    if (!entry) return;
    this.#stopWaiting(clientRef);
    Object.assign(entry, { state: "refused", reason });
    this.#keep();
  }

  #attempt(entry) {
    const ref = entry.frame.client_ref;
    Object.assign(entry, { state: "sending", reason: null });
    this.#stopWaiting(ref);
    this.#timers.set(ref, setTimeout(() => this.#late(entry), NOT_SENT_AFTER_MS));
    this.#keep();
    this.#send(entry.frame);
  }

  #late(entry) {
    Object.assign(entry, { state: "failed" });
    this.#keep();
    this.#on.late(entry);
  }

  #find(clientRef) {
    return this.#entries.find((entry) => entry.frame.client_ref === clientRef);
  }

  #stopWaiting(clientRef) {
    clearTimeout(this.#timers.get(clientRef));
    this.#timers.delete(clientRef);
  }

  #keep() {
    this.#shelf.write("outgoing", this.#entries);
    this.#on.changed();
  }
}

/** `crypto.randomUUID` exists on secure pages only; plain http shops need one too. */
function reference() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
