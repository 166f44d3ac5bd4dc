// Who else looks at or types in this conversation. Everything fades after six seconds without a sign.
import { $, conversationId } from "./page.js";
import { onEvent, sendFrame } from "./live.js";

const LEASE_MS = 6000;
const viewers = new Map();
const typists = new Map();
let lastTyping = 0;

function prune(map) {
  const now = Date.now();
  for (const [key, entry] of map) if (entry.until < now) map.delete(key);
}

function show() {
  prune(viewers);
  prune(typists);
  const here = (map) => [...map.values()].filter((one) => one.conversation === conversationId());
  const others = here(viewers).map((one) => one.name);
  const typing = here(typists).filter((one) => one.who === "agent").map((one) => one.name);
  const line = $("#others");
  if (line) {
    const text = typing.length ? `${typing.join(", ")} is writing here right now` : others.length ? `${others.join(", ")} is looking at this too` : "";
    if (line.textContent !== text) line.textContent = text;
    line.hidden = !text;
  }
  const dots = $("#typing");
  if (dots) {
    const names = here(typists).filter((one) => one.who !== "agent").map((one) => one.name || "The customer");
    const text = names.length ? `${names.join(", ")} is typing…` : "";
    if (dots.textContent !== text) dots.textContent = text;
    dots.hidden = !text;
  }
}

function sayWhereIAm() {
  const id = conversationId();
  if (id && document.visibilityState === "visible") sendFrame({ type: "viewing", conversation_id: id });
  else sendFrame({ type: "left" });
}

export function startCollisions() {
  onEvent("Viewing", (event) => {
    const key = `${event.conversation_id} ${event.agent_id}`;
    if (event.is_here) viewers.set(key, { conversation: event.conversation_id, name: event.name, until: Date.now() + LEASE_MS });
    else viewers.delete(key);
    show();
  });
  onEvent("Typing", (event) => {
    const key = `${event.conversation_id} ${event.agent_id ?? event.who}`;
    typists.set(key, { conversation: event.conversation_id, name: event.name, who: event.who, until: Date.now() + LEASE_MS });
    show();
  });
  onEvent("MessageStored", (event) => {
    for (const [key, one] of typists) if (one.conversation === event.conversation_id && one.who === event.author) typists.delete(key);
    show();
  });
  onEvent("open", sayWhereIAm);
  document.addEventListener("desk:typing", () => {
    if (Date.now() - lastTyping < 2000) return;
    lastTyping = Date.now();
    sendFrame({ type: "typing", conversation_id: conversationId() ?? "" });
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "stage") {
      sayWhereIAm();
      show();
    }
  });
  document.addEventListener("visibilitychange", sayWhereIAm);
  setInterval(sayWhereIAm, 3000);
  setInterval(show, 1000);
}
