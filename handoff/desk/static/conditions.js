// Rows of conditions: only operators and values that fit the chosen field, and another row at a press.
import { $, all } from "./page.js";

function fit(row) {
  const chosen = $("[name=field]", row).selectedOptions[0];
  const ops = (chosen?.dataset.ops ?? "").split(" ");
  const list = $("[name=op]", row);
  for (const option of list.options) option.hidden = option.disabled = Boolean(chosen?.value) && !ops.includes(option.value);
  if (list.selectedOptions[0]?.disabled) list.value = ops[0];
  const values = (chosen?.dataset.values ?? "").split("|").filter(Boolean);
  $("datalist", row).replaceChildren(...values.map((value) => new Option(value, value)));
  $("[name=value]", row).readOnly = ["is_set", "is_empty"].includes(list.value);
}

function add(box) {
  const rows = all(".condition", box);
  const row = rows.at(-1).cloneNode(true);
  const number = rows.length + 1;
  for (const one of all("[id]", row)) one.id = one.id.replace(/(-\d+)?(-\w+)$/, `-${number}$2`);
  $("[name=value]", row).setAttribute("list", $("datalist", row).id);
  for (const one of all("select", row)) one.selectedIndex = 0;
  $("[name=value]", row).value = "";
  rows.at(-1).after(row);
  fit(row);
  $("[name=field]", row).focus();
}

export function startConditions() {
  const fitAll = () => all(".condition").forEach(fit);
  fitAll();
  document.addEventListener("htmx:afterSettle", fitAll);
  document.addEventListener("change", (event) => {
    const row = event.target.closest(".condition");
    if (row) fit(row);
  });
  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-adds-condition]")?.closest("[data-conditions]");
    if (box) add(box);
  });
}
