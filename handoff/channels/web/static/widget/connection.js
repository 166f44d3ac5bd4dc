/* One socket to the hub, opened again for as long as somebody needs it.
 * Knows frames and time, nothing of chat. Reports `up`, `down` and, after some failures in a row, `away`. */

const WELCOME_TIMEOUT_MS = 8000;
const PING_EVERY_MS = 25000;
const PONG_TIMEOUT_MS = 8000;
const STEADY_AFTER_MS = 10000; // Longer than Outgoing waits: a hub that takes words and never answers is no steady line.
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30000;
const AWAY_AFTER_FAILURES = 3;
const IDLE_FAILURES = 10; // A closed chat stops knocking: each refused socket leaves a line in the page's console.

export class Connection {
  #address;
  #on;
  #socket = null;
  #isWelcome = false;
  #failures = 0;
  #timers = {};
  #isWanted = false;

  /** `on`: hello() gives the first frame, frame(f) takes each one, state(s) hears changes, isNeeded() says if anyone waits. */
  constructor(address, on) {
    this.#address = address;
    this.#on = on;
    this.wake = this.wake.bind(this);
  }

  open() {
    if (this.#isWanted) return this.wake();
    this.#isWanted = true;
    window.addEventListener("online", this.wake);
    this.#connect();
  }

  close() {
    this.#isWanted = false;
    window.removeEventListener("online", this.wake);
    this.#drop();
  }

  /** Tries at once instead of sitting out the wait. */
  wake() {
    if (this.#isWanted && !this.#socket) this.#connect();
  }

  /** The line is suspected dead: whatever was not acknowledged goes again on the next one. */
  restart() {
    if (!this.#isWanted || !this.#socket) return;
    this.#lost();
  }

  send(frame) {
    if (!this.#isWelcome || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #connect() {
    clearTimeout(this.#timers.retry);
    let socket;
    try {
      socket = new WebSocket(this.#address);
    } catch {
      return this.#lost();
    }
    this.#socket = socket;
    const current = (act) => (event) => socket === this.#socket && act(event);
    socket.onopen = current(() => socket.send(JSON.stringify(this.#on.hello())));
    socket.onmessage = current(({ data }) => this.#heard(data));
    socket.onclose = current(() => this.#lost());
    this.#timers.welcome = setTimeout(() => this.#lost(), WELCOME_TIMEOUT_MS);
  }

  #heard(data) {
    clearTimeout(this.#timers.pong);
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (frame && frame.type === "welcome") this.#welcomed();
    if (frame && frame.type !== "pong") this.#on.frame(frame);
  }

  #welcomed() {
    this.#isWelcome = true;
    clearTimeout(this.#timers.welcome);
    // A hub that greets and falls over at once must not be hammered.
    this.#timers.steady = setTimeout(() => (this.#failures = 0), STEADY_AFTER_MS);
    this.#timers.ping = setInterval(() => this.#ping(), PING_EVERY_MS);
    this.#on.state("up");
  }

  #ping() {
    this.send({ type: "ping" });
    clearTimeout(this.#timers.pong);
    this.#timers.pong = setTimeout(() => this.#lost(), PONG_TIMEOUT_MS);
  }

  #lost() {
    this.#drop();
    if (!this.#isWanted) return;
    this.#failures += 1;
    this.#on.state(this.#failures >= AWAY_AFTER_FAILURES ? "away" : "down");
    if (this.#failures >= IDLE_FAILURES && !this.#on.isNeeded()) return;
    this.#timers.retry = setTimeout(() => this.wake(), wait(this.#failures));
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#isWelcome = false;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    if (socket) socket.close();
  }
}

/** Doubles up to half a minute; the jitter keeps a thousand pages from knocking together when the hub is back. */
function wait(failures) {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
  return longest * (0.5 + Math.random() / 2);
}
