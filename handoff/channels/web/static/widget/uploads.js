/* Files on their way to the hub, ahead of the words they go with. Knows no page: the composer shows `entries`.
 * What could not be sent because the line is away is kept and tried again; what the hub has survives a reload. */

import { WORDS, tooLarge, tooMany } from "./words.js";

const TRIES = 5;
const AGAIN_MS = 4000;

export class Uploads {
  #shelf;
  #hub;
  #on;
  #entries;
  #count = 0;
  limits = { largest_bytes: Infinity, most: Infinity };

  /** `on`: changed(), headers() for who we are, or null while the hub has not greeted us. */
  constructor(shelf, hub, on) {
    this.#shelf = shelf;
    this.#hub = hub;
    this.#on = on;
    const kept = shelf.read("files");
    this.#entries = (Array.isArray(kept) ? kept : []).map((one) => ({ ...one, key: this.#key(), state: "ready" }));
  }

  /** `{key, name, size_bytes, kind, url, state: waiting|sending|ready|failed|refused, reason, done}`; `done` from 0 to 1. */
  get entries() {
    return this.#entries;
  }

  get isBusy() {
    return this.#entries.some(({ state }) => state === "waiting" || state === "sending");
  }

  get ready() {
    return this.#entries.filter(({ state }) => state === "ready");
  }

  /** Takes files of a picker, a drop or the clipboard. */
  add(files) {
    for (const file of files) {
      const reason = this.#refusal(file);
      const entry = { key: this.#key(), file, name: file.name || WORDS.picture, size_bytes: file.size, state: reason ? "refused" : "waiting", reason, done: 0, tries: 0 };
      this.#entries = [...this.#entries, entry];
      if (!reason) this.#send(entry);
    }
    this.#changed();
  }

  remove(key) {
    const entry = this.#entries.find((one) => one.key === key);
    if (!entry) return;
    this.#entries = this.#entries.filter((one) => one !== entry);
    clearTimeout(entry.timer);
    entry.request?.abort();
    if (entry.id) this.#call("DELETE", `attachments/${entry.id}`)?.send();
    this.#changed();
  }

  retry(key) {
    const entry = this.#entries.find((one) => one.key === key);
    if (!entry) return;
    Object.assign(entry, { state: "waiting", reason: null, tries: 0 });
    this.#send(entry);
  }

  /** A line is there (again). */
  resume() {
    for (const entry of this.#entries) if (entry.state === "waiting" && !entry.request) this.#send(entry);
  }

  /** What goes with the words that are being sent; it is no longer ours. */
  take() {
    const taken = this.ready;
    this.#entries = this.#entries.filter((one) => !taken.includes(one));
    this.#changed();
    return taken.map(({ id, name, kind, size_bytes }) => ({ id, name, kind, size_bytes, state: "sending" }));
  }

  clear() {
    for (const { key } of this.#entries) this.remove(key);
  }

  #refusal(file) {
    if (this.#entries.filter(({ state }) => state !== "refused").length >= this.limits.most) return tooMany(this.limits.most);
    if (file.size > this.limits.largest_bytes) return tooLarge(this.limits.largest_bytes);
    return file.size ? null : WORDS.emptyFile;
  }

  #send(entry) {
    clearTimeout(entry.timer);
    const request = this.#call("POST", `attachments?name=${encodeURIComponent(entry.name.slice(-250))}`);
    if (!request) return this.#changed();
    Object.assign(entry, { request, state: "sending", done: 0 });
    request.upload.onprogress = ({ loaded, total }) => this.#changed(Object.assign(entry, { done: total ? loaded / total : 0 }));
    request.onload = () => this.#answered(entry, request);
    request.onerror = () => this.#later(entry);
    request.send(entry.file);
    this.#changed();
  }

  #answered(entry, request) {
    entry.request = null;
    let told = {};
    try {
      told = JSON.parse(request.responseText);
    } catch {
      // Something between us and the hub answered in its place.
    }
    if (request.status === 201) Object.assign(entry, { ...told, state: "ready", file: null });
    else if (request.status >= 500) return this.#later(entry);
    else Object.assign(entry, { state: request.status === 429 ? "failed" : "refused", reason: told.message ?? WORDS.uploadFailed });
    this.#changed();
  }

  /** The line is away: wait and try again; after some tries only when asked to. */
  #later(entry) {
    Object.assign(entry, { request: null, state: "waiting", tries: entry.tries + 1 });
    if (entry.tries >= TRIES) Object.assign(entry, { state: "failed", reason: WORDS.uploadFailed });
    else entry.timer = setTimeout(() => this.#send(entry), AGAIN_MS);
    this.#changed();
  }

  #call(method, path) {
    const headers = this.#on.headers();
    if (!headers) return null;
    const request = new XMLHttpRequest();
    request.open(method, new URL(`channels/web/${path}`, this.#hub).href);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    return request;
  }

  #key() {
    return `file ${(this.#count += 1)}`;
  }

  #changed() {
    const kept = this.ready.map(({ id, name, kind, size_bytes, url }) => ({ id, name, kind, size_bytes, url }));
    this.#shelf.write("files", kept.length ? kept : null);
    this.#on.changed();
  }
}
