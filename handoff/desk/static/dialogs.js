// Dialogues that keep what was typed: Enter sends, a refusal is said inside, the focus goes back where it came from.
import { $, all, standAt } from "./page.js";

let opener = null;
let openedFrom = null;

// The id of where somebody stands: what they are on, else the heading of its panel.
function placeOf(one) {
  const near = one?.closest("[id]");
  const panel = one?.closest("section[aria-labelledby]");
  return near && (!panel || (near !== panel && panel.contains(near))) ? near.id : panel?.getAttribute("aria-labelledby");
}

// Where a form is in the page, whatever was drawn anew meanwhile.
const nameOf = (form) => form.getAttribute("hx-post") ?? form.id;

const isTyped = (field) => {
  if (field.type === "hidden" || field.type === "search") return false;
  if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") return [...field.options].some((one) => one.selected !== one.defaultSelected);
  return field.value !== field.defaultValue;
};

export const hasTyping = (root) => all("input, textarea, select", root).some((field) => field.form && isTyped(field));

// What stands in the forms under `root`, to be put back after they were drawn anew.
export function keepTyping(root, except) {
  const kept = [];
  for (const form of all("form[hx-post]", root)) {
    if (form === except) continue;
    [...form.elements].forEach((field, index) => {
      if (isTyped(field)) kept.push({ form: nameOf(form), index, name: field.name, value: field.value, checked: field.checked });
    });
  }
  return () => {
    for (const one of kept) {
      const form = all("form[hx-post]", root).find((form) => nameOf(form) === one.form);
      const field = form?.elements[one.index];
      if (!field || field.name !== one.name) continue;
      field.value = one.value;
      if ("checked" in field) field.checked = one.checked;
    }
  };
}

export function say(form, text) {
  const place = form && $("[data-refusal]", form);
  if (!place) return false;
  place.textContent = text;
  place.hidden = !text;
  return true;
}

// In a field of several lines Enter sends and Shift+Enter starts a line, as in the message field.
function onKey(event) {
  const form = event.target.closest?.("form[data-enter]");
  if (!form || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  if (!event.target.matches("textarea, select, input[type=radio], input[type=checkbox]")) return;
  event.preventDefault();
  form.requestSubmit();
}

// A search inside a dialogue is no reason to send it.
function onSearch(event) {
  if (event.key === "Enter" && event.target.matches?.("dialog input[type=search]")) event.preventDefault();
}

export function startDialogs() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("keydown", onSearch);
  document.addEventListener("desk:opened", (event) => {
    opener = event.target.id;
    openedFrom = placeOf($(`[data-opens="${opener}"]`));
    say($("form", event.target), "");
  });
  let restore = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, shouldSwap, requestConfig } = event.detail;
    const { elt } = requestConfig;
    if (target?.id !== "case" || !shouldSwap) return;
    // A button that is switched off while it is asked has lost the focus already.
    const stood = document.activeElement === document.body ? elt : document.activeElement;
    const under = placeOf(stood);
    const key = stood.dataset.key;
    const back = keepTyping(target, elt.closest?.("form"));
    const wasIn = elt.closest?.("dialog") ? opener : null;
    const stays = $("dialog[open]", target);
    const field = document.activeElement?.name;
    restore = () => {
      back();
      // Somebody opened a dialogue while an answer was on its way: they go on where they were.
      if (stays && !stays.contains(elt) && document.getElementById(stays.id)) {
        const again = document.getElementById(stays.id);
        again.showModal();
        again.dispatchEvent(new CustomEvent("desk:opened", { bubbles: true }));
        if (field) $(`#${stays.id} [name="${field}"]`)?.focus();
        return;
      }
      const same = wasIn ? $(`[data-opens="${wasIn}"]`) : key && $(`#case [data-key="${key}"]`);
      standAt(same || document.getElementById(wasIn ? openedFrom : under) || $("#case-title"));
    };
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "case") return;
    restore?.();
    restore = null;
  });
}
