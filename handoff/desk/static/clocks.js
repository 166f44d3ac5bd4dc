// Ages tick once a second, in the same signs the server uses; times of day read in the agent's own zone.
import { all } from "./page.js";

function span(seconds) {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")}`;
  return `${Math.floor(seconds / 86400)}d`;
}

function tick() {
  const now = Date.now();
  for (const clock of all("[data-since]")) {
    const text = span(Math.max(0, Math.floor((now - Date.parse(clock.dataset.since)) / 1000)));
    if (clock.textContent !== text) clock.textContent = text;
  }
  tickDue(now);
}

// What is due says "in 2h 10" and, from then on, "2h 10 ago".
function tickDue(now) {
  for (const clock of all("[data-until]")) {
    const left = Math.floor((Date.parse(clock.dataset.until) - now) / 1000);
    const text = left > 0 ? `in ${span(left)}` : `${span(-left)} ago`;
    if (clock.textContent !== text) clock.textContent = text;
  }
}

export function localTimes(root = document) {
  for (const clock of all("[data-clock]", root)) {
    const at = new Date(clock.dateTime);
    clock.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
    clock.title = at.toLocaleString();
    clock.removeAttribute("data-clock");
  }
}

export function startClocks() {
  tick();
  localTimes();
  setInterval(tick, 1000);
  document.addEventListener("desk:listed", tick);
  document.addEventListener("htmx:afterSettle", () => {
    tick();
    localTimes();
  });
}
