/* What the browser keeps for us. For the whole site (localStorage): the session and how far the customer has read.
 * For this tab only (sessionStorage): words not yet acknowledged, the draft, whether the chat is open.
 * A browser that forbids storage gets a chat that works until the page is left. */

class Shelf {
  #area;
  #name;
  #memory = new Map();

  constructor(area, name) {
    this.#area = area;
    this.#name = name;
  }

  key(what) {
    return `tellonce ${this.#name} ${what}`;
  }

  read(what) {
    try {
      return JSON.parse(window[this.#area].getItem(this.key(what)));
    } catch {
      return this.#memory.get(what) ?? null;
    }
  }

  write(what, value) {
    this.#memory.set(what, value);
    try {
      if (value === null) window[this.#area].removeItem(this.key(what));
      else window[this.#area].setItem(this.key(what), JSON.stringify(value));
    } catch {
      // Full or forbidden: the copy in memory has to do.
    }
  }
}

export class Kept {
  constructor(hub) {
    this.site = new Shelf("localStorage", hub);
    this.tab = new Shelf("sessionStorage", hub);
  }

  /** `{token, conversation, sub}` or null; `sub` is whom the site had signed in. */
  get session() {
    const session = this.site.read("session");
    return session && typeof session.token === "string" ? session : null;
  }

  set session(value) {
    this.site.write("session", value);
  }

  /** Somebody else may sit here next: nothing of this conversation stays in the browser. */
  forget() {
    for (const what of ["session", "read"]) this.site.write(what, null);
    for (const what of ["outgoing", "draft", "isOpen"]) this.tab.write(what, null);
  }

  readUpTo(token) {
    const read = this.site.read("read");
    return read && read.token === token ? read.seq : 0;
  }

  rememberRead(token, seq) {
    if (seq > this.readUpTo(token)) this.site.write("read", { token, seq });
  }

  /** Calls back with the new session when another tab of this site changed it, or read further. */
  onOtherTab(sessionChanged, readChanged) {
    const listen = (event) => {
      if (event.key === this.site.key("session")) sessionChanged(this.session);
      if (event.key === this.site.key("read")) readChanged();
    };
    window.addEventListener("storage", listen);
    return () => window.removeEventListener("storage", listen);
  }
}
