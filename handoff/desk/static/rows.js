// Rows of conditions and of what is done: only what fits what was chosen, and another row at a press.
import { $, all } from "./page.js";

function fitCondition(row) {
  const chosen = $("[name=field]", row).selectedOptions[0];
  const ops = (chosen?.dataset.ops ?? "").split(" ");
  const list = $("[name=op]", row);
  for (const option of list.options) option.hidden = option.disabled = Boolean(chosen?.value) && !ops.includes(option.value);
  if (list.selectedOptions[0]?.disabled) list.value = ops[0];
  const values = (chosen?.dataset.values ?? "").split("|").filter(Boolean);
  $("datalist", row).replaceChildren(...values.map((value) => new Option(value, value)));
  $("[name=value]", row).readOnly = ["is_set", "is_empty"].includes(list.value);
}

// What is hidden is still sent, so that the three columns of the hub's rows stay side by side.
function fitAction(row) {
  const chosen = $("[name=do]", row).selectedOptions[0];
  const list = $("[name=chosen]", row);
  const takes = chosen.dataset.takes;
  list.closest("label").hidden = takes !== "choice";
  $("[name=words]", row).closest("label").hidden = takes !== "words";
  const fits = (option) => option.value.startsWith(`${chosen.value}:`);
  for (const option of list.options) option.hidden = option.disabled = takes === "choice" && !fits(option);
  for (const group of all("optgroup", list)) group.hidden = !all("option", group).some(fits);
  if (takes === "choice" && !fits(list.selectedOptions[0] ?? list.options[0])) list.value = [...list.options].find(fits)?.value ?? "";
}

function fitEvent(form) {
  const event = $("[name=event]", form)?.value;
  for (const part of all("[data-for-event]", form)) part.hidden = part.dataset.forEvent !== event;
}

const fit = (row) => (row.matches(".action") ? fitAction(row) : fitCondition(row));

function fitAll() {
  all(".condition, .action").forEach(fit);
  all("form:has([data-for-event])").forEach(fitEvent);
}

function add(box) {
  const rows = all(box.dataset.rows, box);
  const row = rows.at(-1).cloneNode(true);
  for (const one of all("[id]", row)) one.id = one.id.replace(/(-\d+)?(-\w+)$/, `-${rows.length + 1}$2`);
  for (const one of all("select", row)) one.selectedIndex = 0;
  for (const one of all("input", row)) {
    one.value = "";
    if (one.hasAttribute("list")) one.setAttribute("list", $("datalist", row).id);
  }
  rows.at(-1).after(row);
  fit(row);
  $("select", row).focus();
}

export function startRows() {
  fitAll();
  document.addEventListener("htmx:afterSettle", fitAll);
  document.addEventListener("change", (event) => {
    const row = event.target.closest(".condition, .action");
    if (row) fit(row);
    if (event.target.name === "event") fitEvent(event.target.form);
  });
  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-adds-row]")?.closest("[data-rows]");
    if (box) add(box);
  });
}
