// Files under messages and on case pages: a picture opens large; what a message said before is shown on demand.
import { redraw } from "./ledger.js";
import { onEvent } from "./live.js";
import { $, conversationId } from "./page.js";

function viewer() {
  const found = $("#viewer");
  if (found) return found;
  const dialog = document.createElement("dialog");
  dialog.id = "viewer";
  dialog.className = "viewer";
  const bar = document.createElement("div");
  bar.className = "viewer-bar";
  const keep = document.createElement("a");
  keep.textContent = "Save the picture";
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  const place = document.createElement("div");
  place.className = "viewer-place";
  bar.append(keep, close);
  dialog.append(bar, place);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => [dialog, place].includes(event.target) && dialog.close());
  dialog.addEventListener("close", () => place.replaceChildren());
  document.body.append(dialog);
  return dialog;
}

function show(link) {
  const dialog = viewer();
  const picture = document.createElement("img");
  picture.src = link.href;
  picture.alt = link.dataset.picture;
  $(".viewer-place", dialog).replaceChildren(picture);
  Object.assign($("a", dialog), { href: link.href, download: link.dataset.picture });
  dialog.setAttribute("aria-label", link.dataset.picture);
  dialog.showModal();
  $("button", dialog).focus();
}

async function showVersions(button) {
  const shown = button.parentElement.querySelector(".versions");
  button.setAttribute("aria-expanded", String(!shown));
  if (shown) return shown.remove();
  const response = await fetch(button.dataset.versions).catch(() => null);
  if (!response?.ok) return button.setAttribute("aria-expanded", "false");
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  button.after(document.adoptNode(parsed.querySelector(".versions")));
}

export function startFiles() {
  document.addEventListener("click", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
    const link = event.target.closest("[data-picture]");
    if (link && plain) {
      event.preventDefault();
      show(link);
    }
    const button = event.target.closest("[data-versions]");
    if (button) showVersions(button);
  });
  for (const type of ["AttachmentChanged", "MessageChanged"]) {
    onEvent(type, (event) => event.conversation_id === conversationId() && redraw(event.message_id));
  }
}
