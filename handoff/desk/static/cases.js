// Choosing rows of the list of cases: by mouse, by keyboard, and ranges of them with Shift.
import { $, all } from "./page.js";

let last = null;

const picks = () => all(".pick");
const chosen = () => picks().filter((pick) => pick.checked);

function show() {
  const bar = $("#bulk-bar");
  if (!bar) return;
  const number = chosen().length;
  bar.hidden = number === 0;
  $("#bulk-count").textContent = number ? `${number} chosen` : "";
  const every = $("#pick-all");
  every.checked = number > 0 && number === picks().length;
  every.indeterminate = number > 0 && !every.checked;
  $("#bulk-apply").disabled = !$("#bulk-do").value;
}

// On a phone the filters are folded away until they are asked for; a list that is drawn anew leaves them as they are.
function fold(is_open) {
  document.body.classList.toggle("with-filters", is_open);
  $("#filters-switch")?.setAttribute("aria-expanded", is_open);
}

function choose(pick, is_range) {
  const list = picks();
  const from = list.indexOf(last);
  if (is_range && from >= 0) {
    const [low, high] = [from, list.indexOf(pick)].sort((a, b) => a - b);
    for (const one of list.slice(low, high + 1)) one.checked = pick.checked;
  }
  last = pick;
  show();
}

function move(step, is_range) {
  const list = picks();
  if (!list.length) return;
  const at = list.indexOf(document.activeElement);
  const next = list[Math.max(0, Math.min(list.length - 1, at + step))];
  if (is_range && at >= 0) {
    list[at].checked = true;
    next.checked = true;
    last = next;
    show();
  }
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $("dialog[open]")) return;
  const pick = event.target.closest?.(".pick");
  const elsewhere = event.target.closest?.("input, textarea, select, summary, button, a");
  if (!pick && elsewhere) return;
  const keys = {
    j: () => move(1, false), k: () => move(-1, false), J: () => move(1, true), K: () => move(-1, true),
    ArrowDown: () => pick && move(1, event.shiftKey), ArrowUp: () => pick && move(-1, event.shiftKey),
    x: () => pick?.click(),
    Enter: () => pick && $("td.number a", pick.closest("tr")).click(),
    Escape: () => { for (const one of picks()) one.checked = false; show(); },
  };
  if (!keys[event.key] || (event.key.startsWith("Arrow") && !pick)) return;
  event.preventDefault();
  event.stopPropagation();
  keys[event.key]();
}

document.addEventListener("click", (event) => {
  const pick = event.target.closest(".pick");
  if (pick) choose(pick, event.shiftKey);
  if (event.target.id === "pick-all") {
    for (const one of picks()) one.checked = event.target.checked;
    show();
  }
  if (event.target.closest("#filters-switch")) fold(!document.body.classList.contains("with-filters"));
  if (event.target.closest("#bulk-none")) {
    for (const one of picks()) one.checked = false;
    show();
    $("#pick-all").focus();
  }
});
document.addEventListener("change", (event) => event.target.id === "bulk-do" && show());
document.addEventListener("keydown", onKey, true);
// Other parts of the page are drawn anew, too: where a range began holds as long as its row is there.
document.addEventListener("htmx:afterSwap", () => {
  if (!last?.isConnected) last = null;
  show();
  fold(document.body.classList.contains("with-filters"));
});
// Whoever pressed what is no longer there goes on at the list, not at the top of the page.
document.addEventListener("htmx:afterSettle", () => {
  if (document.activeElement === document.body) $("#case-list").focus({ preventScroll: true });
});
document.addEventListener("htmx:configRequest", (event) => {
  // An empty filter is no filter: addresses stay short enough to be read and shared.
  if (event.detail.path !== "/desk/cases") return;
  for (const [name, value] of [...event.detail.formData.entries()]) if (value === "" || value === "0") event.detail.formData.delete(name);
});
