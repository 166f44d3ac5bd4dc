// The messages of the open conversation: fetched by cursor, never twice, and the one a fact came from is shown.
import { localTimes } from "./clocks.js";
import { $, all, conversationId, lastSeq } from "./page.js";

let fetching = null;
let again = false;

const isAtEnd = (ledger) => ledger.scrollHeight - ledger.scrollTop - ledger.clientHeight < 80;

export function toEnd() {
  const ledger = $("#ledger");
  if (ledger) ledger.scrollTop = ledger.scrollHeight;
}

// One request at a time: an event that arrives meanwhile asks once more afterwards.
export async function fetchNew() {
  again = true;
  if (fetching) return fetching;
  fetching = (async () => {
    while (again) {
      again = false;
      const id = conversationId();
      if (!id) return;
      const response = await fetch(`/desk/c/${id}/messages?after=${lastSeq()}`);
      if (response.ok && id === conversationId()) append(await response.text());
    }
  })()
    // What could not be fetched now is asked for again; the cursor makes that safe.
    .catch(() => setTimeout(fetchNew, 2000))
    .finally(() => {
      fetching = null;
    });
  return fetching;
}

export function append(html) {
  const ledger = $("#ledger");
  const stay = isAtEnd(ledger);
  const parsed = new DOMParser().parseFromString(`<div>${html}</div>`, "text/html");
  for (const message of parsed.querySelectorAll(".message")) place(ledger, document.adoptNode(message));
  localTimes(ledger);
  if (stay) toEnd();
  document.dispatchEvent(new CustomEvent("desk:read"));
}

// Something about a message changed: it is drawn again where it stands.
export async function redraw(id) {
  const shown = document.getElementById(`m-${id}`);
  if (!shown) return;
  const response = await fetch(`/desk/c/${conversationId()}/messages/${id}`).catch(() => null);
  const html = response?.ok ? await response.text() : null;
  // Asked for twice at once, the one that came first was put there already; the other one asks again.
  if (!html) return;
  if (!shown.isConnected) return redraw(id);
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const fresh = document.adoptNode(parsed.querySelector(".message"));
  fresh.classList.toggle("continued", shown.classList.contains("continued"));
  const stay = isAtEnd($("#ledger"));
  shown.replaceWith(fresh);
  localTimes(fresh.parentElement);
  markSeen();
  if (stay) toEnd();
}

// Replaces the copy shown while it was being sent; keeps the order of `seq` whatever arrived first.
function place(ledger, message) {
  const here = all("#ledger > .message");
  const ref = message.dataset.ref;
  if (ref) here.find((one) => one.dataset.ref === ref && one.dataset.seq === "0")?.remove();
  if (here.some((one) => one.id === message.id)) return;
  const seq = Number(message.dataset.seq);
  const after = all("#ledger > .message").find((one) => Number(one.dataset.seq) > seq || one.dataset.seq === "0");
  ledger.insertBefore(message, after ?? null);
  const above = message.previousElementSibling;
  const same = (name) => above?.dataset[name] === message.dataset[name];
  const kind = above?.classList.contains("note") === message.classList.contains("note");
  message.classList.toggle("continued", Boolean(above) && same("author") && same("name") && kind);
}

// Under our last words the customer has read, and only there.
export function markSeen(seq = Number($("#ledger")?.dataset.seen ?? 0)) {
  const ledger = $("#ledger");
  if (!ledger) return;
  ledger.dataset.seen = Math.max(Number(ledger.dataset.seen), seq);
  const ours = all("#ledger > .message.agent").filter((one) => Number(one.dataset.seq));
  const read = ours.filter((one) => Number(one.dataset.seq) <= Number(ledger.dataset.seen)).at(-1);
  for (const one of ours) {
    const state = $(".send-state", one);
    if (one === read && one === ours.at(-1)) state.textContent = "Seen";
    else if (state.textContent === "Seen") state.textContent = "";
  }
}

export function showMessage(id) {
  const message = document.getElementById(`m-${id}`);
  if (!message) return false;
  $("#stage")?.classList.remove("with-details");
  all(".found").forEach((one) => one.classList.remove("found"));
  message.scrollIntoView({ block: "center" });
  message.classList.add("found");
  setTimeout(() => message.classList.remove("found"), 4000);
  return true;
}

// The composer grows and shrinks; whoever was reading the newest words goes on reading them.
function followComposer() {
  const ledger = $("#ledger");
  if (!ledger) return;
  let height = ledger.clientHeight;
  new ResizeObserver(() => {
    const wasAtEnd = ledger.scrollHeight - ledger.scrollTop - height < 80;
    height = ledger.clientHeight;
    if (wasAtEnd) ledger.scrollTop = ledger.scrollHeight;
  }).observe(ledger);
}

export function startLedger() {
  toEnd();
  markSeen();
  followComposer();
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-message]");
    if (link) {
      event.preventDefault();
      showMessage(link.dataset.message);
    }
    const blurred = event.target.closest(".blurred");
    if (blurred) blurred.setAttribute("aria-pressed", blurred.getAttribute("aria-pressed") !== "true");
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id !== "stage") return;
    toEnd();
    markSeen();
    followComposer();
  });
}
