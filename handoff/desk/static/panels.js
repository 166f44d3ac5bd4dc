// Dialogs, the details drawer, the mobile view, the theme switch and what went wrong.
import { say } from "./dialogs.js";
import { $, all, conversationId, reasonOf, tell } from "./page.js";

export function openDialog(id) {
  const dialog = document.getElementById(id);
  // Some dialogs of a case come with its panels: who was faster gets theirs then.
  if (!dialog && $("#case-panels.awaited")) document.addEventListener("desk:complete", () => openDialog(id), { once: true });
  if (!dialog || dialog.open) return false;
  dialog.showModal();
  dialog.dispatchEvent(new CustomEvent("desk:opened", { bubbles: true }));
  ($("[autofocus]", dialog) ?? $("textarea, select, input, button", dialog))?.focus();
  return true;
}

export function toggleDetails(open) {
  const stage = $("#stage");
  if (!stage) return;
  const isOpen = stage.classList.toggle("with-details", open);
  $("#details-switch")?.setAttribute("aria-expanded", isOpen);
}

export function toList() {
  $(".columns").dataset.view = "list";
  markCurrent();
  ($('.row[aria-current="true"]') ?? $(".row"))?.focus();
}

export function markCurrent() {
  const id = conversationId();
  for (const row of all(".row")) row.setAttribute("aria-current", String(row.dataset.id === id));
}

function learnMore() {
  const rows = $("#learned");
  const row = rows.firstElementChild.cloneNode(true);
  all("input", row).forEach((field) => { field.value = ""; });
  rows.append(row);
  $("input", row).focus();
}

// What is solved must not be asked about again; what is not goes on where the assistant left off.
function carryOn(outcome) {
  const [now] = all("#give-back [name=resume_at]").filter((one) => one.checked);
  const next = $(`#give-back [name=resume_at][value=${outcome === "resolved" ? "start" : "form"}]`);
  if (next && now?.value !== "close") next.checked = true;
}

function onClick(event) {
  const opener = event.target.closest("[data-opens]");
  if (opener) openDialog(opener.dataset.opens);
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
  if (event.target.closest("#learn-more")) learnMore();
  if (event.target.closest("#details-switch")) toggleDetails();
  if (event.target.closest(".details-close")) toggleDetails(false);
  if (event.target.closest("#theme-switch")) document.dispatchEvent(new CustomEvent("tellonce:theme"));
  const back = event.target.closest(".back");
  if (back) {
    event.preventDefault();
    toList();
  }
}

function onSettled(event) {
  markCurrent();
  if (event.detail.target?.id !== "stage") return;
  toggleDetails(false);
  $(".columns").dataset.view = conversationId() ? "conversation" : "list";
  const name = $(".thread-who h2")?.firstChild?.textContent.trim();
  if (name) document.title = `${name} · Tellonce`;
}

function onDone(event) {
  const { elt, successful, pathInfo } = event.detail;
  if (!successful) return;
  elt.closest?.("#you")?.close();
  // What was just taken has left the queue it was found in: go where it is now.
  if (/\/(accept|take-over)\b/.test(pathInfo?.requestPath)) htmx.ajax("GET", "/desk/list?queue=mine", { target: "#list", swap: "innerHTML" });
}

async function onRefused(event) {
  const { xhr } = event.detail;
  if (xhr.status === 401) {
    location.href = "/desk/sign-in";
    return;
  }
  const why = await reasonOf(new Response(xhr.responseText));
  const form = event.detail.elt.closest?.("dialog[open] form");
  if (!say(form, why)) tell(why, { bad: true });
  if (form) return;
  if (xhr.status === 409 && conversationId()) document.dispatchEvent(new CustomEvent("desk:conflict"));
}

export function startPanels() {
  markCurrent();
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:afterSettle", onSettled);
  document.addEventListener("desk:listed", markCurrent);
  document.addEventListener("htmx:afterRequest", onDone);
  document.addEventListener("htmx:responseError", onRefused);
  document.addEventListener("htmx:sendError", (event) => {
    // Nobody asked for what the page looks up by itself; the bar says that it is reconnecting.
    if (event.detail.elt.matches(".troubles")) return;
    const why = "The hub does not answer. Nothing was changed.";
    if (!say(event.detail.elt.closest?.("dialog[open] form"), why)) tell(why, { bad: true });
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "presence") $(".presence .dot").className = `dot ${event.target.value}`;
    if (event.target.name === "outcome") carryOn(event.target.value);
  });
}
