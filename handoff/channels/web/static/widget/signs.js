/* Signs of life between words: "Dana is typing" (a lease, so that it can never get stuck) and, when the assistant
 * takes long, "still working". One at a time. */

const TYPING_LEASE_MS = 6000;
const SLOW_AFTER_MS = 3000;
const WORKING_LEASE_MS = 60000;

export class Signs {
  #changed;
  #lease = null;
  #slow = null;

  constructor(changed) {
    this.#changed = changed;
  }

  typing(name) {
    this.#show({ kind: "typing", name }, TYPING_LEASE_MS);
  }

  /** The assistant owes an answer from now on. */
  expectAnswer(name) {
    clearTimeout(this.#slow);
    this.#slow = setTimeout(() => this.working(name), SLOW_AFTER_MS);
  }

  working(name) {
    this.#show({ kind: "working", name }, WORKING_LEASE_MS);
  }

  clear() {
    clearTimeout(this.#slow);
    clearTimeout(this.#lease);
    this.#changed(null);
  }

  #show(sign, lease_ms) {
    clearTimeout(this.#lease);
    this.#changed(sign);
    this.#lease = setTimeout(() => this.#changed(null), lease_ms);
  }
}
