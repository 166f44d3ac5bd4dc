// The open page of a case stays as it is now: each part is drawn again when something happened, unless somebody is in it.
import { localTimes } from "./clocks.js";
import { isChoosing } from "./choosing.js";
import { hasTyping } from "./dialogs.js";
import { onEvent } from "./live.js";
import { $, all, standAt } from "./page.js";

let timer = null;
let moving = 0;
const drawn = new WeakMap();
const ref = () => $("[data-case]")?.dataset.case;

const isBusy = (part) =>
  $("dialog[open]", part) || hasTyping(part) || (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) ||
  $(".fresh-link", part) || all("video, audio", part).some((one) => !one.paused) || (part.id === "words" && isChoosing());

// The page as it is now, with the panels an opened page asks for by itself.
function whole() {
  const address = new URL(location.href);
  address.searchParams.set("panels", "now");
  return address;
}

async function refresh() {
  const response = moving ? null : await fetch(whole()).catch(() => null);
  const html = response?.ok ? await response.text() : null;
  // A move of our own draws the whole page when it is answered.
  if (!html || moving || !ref()) return;
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const part of all("[data-part]")) {
    const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!next || isBusy(part) || next.outerHTML === drawn.get(part)) continue;
    swap(part, document.adoptNode(next));
  }
  // A part that was not there before is not put in by itself: the next move draws the whole page.
}

function swap(part, next) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const same = focused?.id ? `#${focused.id}` : focused?.dataset.key ? `[data-key="${focused.dataset.key}"]` : null;
  const isOpen = part.open;
  drawn.set(next, next.outerHTML);
  part.replaceWith(next);
  if (part.tagName === "DETAILS") next.open = isOpen;
  htmx.process(next);
  localTimes(next);
  if (focused) standAt((same && $(same, next)) || next);
}

// Nothing is printed without its panels: whoever prints before they came waits for them.
function completeForPaper() {
  const place = $("#case-panels.awaited");
  if (!place) return;
  const request = new XMLHttpRequest();
  request.open("GET", place.getAttribute("hx-get"), false);
  request.send();
  if (request.status !== 200) return;
  place.innerHTML = request.responseText;
  onPanels(place);
  htmx.process(place);
}

function onPanels(place) {
  place.classList.remove("awaited");
  place.removeAttribute("aria-busy");
  localTimes(place);
  document.dispatchEvent(new CustomEvent("desk:complete"));
}

function soon() {
  if (!ref() || timer) return;
  timer = setTimeout(() => {
    timer = null;
    refresh();
  }, 400);
}

const isTalkedAbout = (event) => all("[data-conversation-of]").some((one) => one.dataset.conversationOf === event.conversation_id);

export function startCase() {
  for (const type of ["CaseChanged", "ShareChanged"]) onEvent(type, (event) => event.ref === ref() && soon());
  for (const type of ["MessageStored", "MessageChanged", "AttachmentChanged", "FactsChanged", "FloorChanged"]) {
    onEvent(type, (event) => ref() && isTalkedAbout(event) && soon());
  }
  onEvent("FellBehind", soon);
  document.addEventListener("htmx:afterSwap", (event) => event.detail.target?.id === "case-panels" && onPanels(event.detail.target));
  window.addEventListener("beforeprint", completeForPaper);
  document.addEventListener("desk:case-changed", soon);
  const isMove = (event) => event.detail.target?.id === "case";
  document.addEventListener("htmx:beforeRequest", (event) => isMove(event) && (moving += 1));
  document.addEventListener("htmx:afterRequest", (event) => isMove(event) && (moving = Math.max(0, moving - 1)));
}
