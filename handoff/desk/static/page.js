// What is on the screen now, and asking the hub for pieces of it.
export const $ = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const thread = () => $("[data-conversation]");
export const conversationId = () => thread()?.dataset.conversation ?? null;
export const queue = () => $(".list-inner")?.dataset.queue ?? "nobody";

export function lastSeq() {
  return Math.max(0, ...all("#ledger > .message").map((message) => Number(message.dataset.seq)));
}

// The focus goes to what was pressed, or to the panel it stood in: never back to the top of the page.
export function standAt(place) {
  if (place.tabIndex < 0) place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

export function post(url, fields) {
  return fetch(url, {
    method: "POST",
    headers: { "X-CSRF-Token": document.body.dataset.csrf },
    body: new URLSearchParams(Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))),
  });
}

export function tell(text, { bad = false, href = null } = {}) {
  for (const said of all("#toasts .toast")) if (said.textContent === text) said.remove();
  const toast = document.createElement("p");
  toast.className = bad ? "toast bad" : "toast";
  if (href) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = text;
    toast.append(link);
  } else {
    toast.textContent = text;
  }
  $("#toasts").append(toast);
  setTimeout(() => toast.remove(), bad ? 8000 : 6000);
}

// Every error of the hub has the same shape, whatever was asked.
export async function reasonOf(response) {
  try {
    const body = await response.clone().json();
    return body.message || "That did not work. Try again.";
  } catch {
    return "That did not work. Try again.";
  }
}

export function reloadStage() {
  const id = conversationId();
  if (id) htmx.ajax("GET", `/desk/c/${id}?queue=${queue()}`, { target: "#stage", swap: "innerHTML" });
}
