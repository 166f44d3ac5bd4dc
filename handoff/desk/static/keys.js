// Everything by keyboard. Single letters work whenever no field has the focus.
import { isChoosing, stop } from "./choosing.js";
import { setMode } from "./composer.js";
import { $, all, reloadStage } from "./page.js";
import { openDialog, toggleDetails, toList } from "./panels.js";

const rows = () => all("#rows .row");

function move(step) {
  const list = rows();
  if (!list.length) return;
  const focused = list.indexOf(document.activeElement);
  const current = focused >= 0 ? focused : list.findIndex((row) => row.getAttribute("aria-current") === "true");
  const next = list[Math.max(0, Math.min(list.length - 1, current + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function press(letter) {
  const button = $(`[data-key="${letter}"]`);
  button?.click();
  return Boolean(button);
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  a: () => press("a"),
  d: () => press("d"),
  t: () => press("t"),
  g: () => press("g"),
  e: () => press("e"),
  r: () => setMode("reply"),
  n: () => setMode("note") || $("#case-note")?.focus(),
  i: () => toggleDetails(),
  "/": () => $("#search, #case-search")?.focus(),
  "?": () => openDialog("help"),
};

function escape(event) {
  if ($("dialog[open]") || stop()) return;
  const field = event.target.closest("input, textarea, select");
  if (field) {
    field.blur();
    if (field.id === "draft") $("#ledger")?.focus();
    return;
  }
  if ($(".stage.with-details")) toggleDetails(false);
  else if ($(".columns")) toList();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.key === "Escape") return escape(event);
  // A field of a dialog that has just closed may hold the focus for a moment longer.
  if (event.target.closest("input:not(.pick), textarea, select, dialog")?.checkVisibility()) return;
  if (isChoosing() && event.key === "x") return $("[data-exchange]")?.click();
  if (/^[1-5]$/.test(event.key)) {
    event.preventDefault();
    return all(".queue")[Number(event.key) - 1]?.click();
  }
  const action = keys[event.key] ?? (/^[a-z]$/.test(event.key) && $(`[data-key="${event.key}"]`) ? () => press(event.key) : null);
  if (!action) return;
  event.preventDefault();
  action();
}

export function startKeys() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("desk:conflict", reloadStage);
}
