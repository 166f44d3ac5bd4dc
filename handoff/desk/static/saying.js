// What was just done, in passing, with a minute to take it back.
import { $ } from "./page.js";

const LONG_MS = 60000;
const SHORT_MS = 6000;

function show({ text, undo, href }) {
  const toast = document.createElement("div");
  toast.className = "toast with-undo";
  const words = document.createElement(href ? "a" : "span");
  words.textContent = text;
  if (href) words.href = href;
  toast.append(words);
  if (undo) toast.append(undoing(undo, toast));
  // One thing at a time can be taken back by its letter: what was done last.
  if (undo) $("#toasts .with-undo:has(button)")?.remove();
  $("#toasts").append(toast);
  setTimeout(() => toast.remove(), undo ? LONG_MS : SHORT_MS);
}

function undoing(address, toast) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.key = "z";
  button.textContent = "Undo";
  const letter = document.createElement("kbd");
  letter.setAttribute("aria-hidden", "true");
  letter.textContent = "z";
  button.append(" ", letter);
  button.addEventListener("click", () => {
    const target = $("#case") ? "#case" : "#stage";
    const source = $("#case") ?? $("#stage");
    toast.remove();
    htmx.ajax("POST", address, { source, target, swap: "innerHTML" });
  });
  return button;
}

export function startSaying() {
  document.addEventListener("desk:said", (event) => show(event.detail));
}
