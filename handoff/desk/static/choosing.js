// Choosing messages, on the page of a case and in a conversation, to make another case of them.
import { $, all, tell } from "./page.js";
import { openDialog } from "./panels.js";

let last = null;

const thread = () => $("#words, #ledger");
const bar = () => $("#select-bar");
export const isChoosing = () => Boolean(thread()?.dataset.choosing);
const picks = () => all(".message > .pick", thread()).filter((one) => one.checkVisibility());
const chosen = () => picks().filter((one) => one.checked);

function start() {
  if (!thread() || !bar()) return;
  thread().dataset.choosing = "yes";
  bar().hidden = false;
  last = null;
  count();
  const inView = picks().find((one) => one.getBoundingClientRect().top > 60) ?? picks()[0];
  if (!inView) tell("There are no messages of a case here.", { bad: true });
  inView?.focus();
}

export function stop() {
  if (!isChoosing()) return false;
  for (const one of all(".pick", thread())) one.checked = false;
  delete thread().dataset.choosing;
  bar().hidden = true;
  $('[data-selects]')?.focus();
  return true;
}

function count() {
  const number = chosen().length;
  $(".select-count", bar()).textContent = number === 1 ? "1 message chosen" : `${number} messages chosen`;
  $("[data-splits]", bar()).disabled = !number;
}

function choose(from, to, isOn) {
  const list = picks();
  const [start, end] = [list.indexOf(from), list.indexOf(to)].sort((one, other) => one - other);
  for (const one of list.slice(Math.max(0, start), end + 1)) one.checked = isOn;
}

// From what the customer said to everything that answered it, in the conversation of the message.
function exchange() {
  const list = picks();
  const here = list.includes(document.activeElement) ? document.activeElement : (last ?? list[0]);
  const message = (pick) => pick.closest(".message");
  const fromCustomer = (pick) => message(pick).dataset.author === "customer";
  const together = list.filter((one) => message(one).dataset.conversationOf === message(here).dataset.conversationOf);
  let start = together.indexOf(here);
  while (start > 0 && !fromCustomer(together[start])) start -= 1;
  while (start > 0 && fromCustomer(together[start - 1])) start -= 1;
  let end = together.indexOf(here);
  while (end + 1 < together.length && fromCustomer(together[end])) end += 1;
  while (end + 1 < together.length && !fromCustomer(together[end + 1])) end += 1;
  for (const one of together.slice(start, end + 1)) one.checked = true;
  count();
}

function split() {
  const list = chosen();
  if (!list.length) return;
  const form = $("#split form");
  if (!form) return tell("Take the conversation or ask its team first; these messages are not yours to split.", { bad: true });
  const fields = list.map((one) => Object.assign(document.createElement("input"), { type: "hidden", name: "message_ids", value: one.value }));
  $("#split-ids").replaceChildren(...fields);
  const first = list.map((one) => one.closest(".message")).find((one) => one.dataset.author === "customer");
  const words = $(".words", first ?? list[0].closest(".message")).textContent.trim().split("\n")[0];
  $("#split-what").textContent = `${list.length === 1 ? "1 message goes" : `${list.length} messages go`} to a new case.`;
  const title = form.elements.title;
  if (!title.value) title.value = words.length > 80 ? `${words.slice(0, 79)}…` : words;
  openDialog("split");
  title.select();
}

function onClick(event) {
  const pick = event.target.closest(".message > .pick");
  if (pick) {
    if (event.shiftKey && last) choose(last, pick, pick.checked);
    last = pick;
    return count();
  }
  if (event.target.closest("[data-selects]")) return isChoosing() ? split() : start();
  if (event.target.closest("[data-exchange]")) return exchange();
  if (event.target.closest("[data-splits]")) return split();
  if (event.target.closest("[data-unselects]")) stop();
}

// Up and down go from message to message; with Shift they choose on the way; Shift and Space choose a range.
function onKey(event) {
  if (!event.target.matches?.(".message > .pick")) return;
  if (event.key === "Enter") {
    event.preventDefault();
    return split();
  }
  if (event.key === " " && event.shiftKey) {
    event.preventDefault();
    choose(last ?? event.target, event.target, true);
    last = event.target;
    return count();
  }
  const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const list = picks();
  const next = list[list.indexOf(event.target) + step];
  if (!next) return;
  if (event.shiftKey) event.target.checked = next.checked = true;
  last = event.shiftKey ? next : last;
  next.focus();
  next.closest(".message").scrollIntoView({ block: "nearest" });
  count();
}

export function startChoosing() {
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (["case", "stage"].includes(event.detail.target?.id)) last = null;
  });
}
