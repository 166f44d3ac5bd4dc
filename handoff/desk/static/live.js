// The one socket. Events say what changed; the piece on the screen is fetched again.
import { fetchNew, markSeen } from "./ledger.js";
import { $, conversationId, lastSeq, queue, reloadStage, thread } from "./page.js";

const handlers = new Map();
let socket = null;
let attempts = 0;
let listTimer = null;
let detailsTimer = null;
let stageTimer = null;
let headTimer = null;

export function onEvent(type, handler) {
  handlers.set(type, [...(handlers.get(type) ?? []), handler]);
}

export function sendFrame(frame) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

function emit(type, event) {
  for (const handler of handlers.get(type) ?? []) handler(event);
}

const isHere = (event) => event.conversation_id === conversationId();

// Many events, one look: the list is read again at most twice a second, and whoever is in it stays where they are.
function refreshList() {
  if (listTimer || !$("#list")) return;
  listTimer = setTimeout(async () => {
    listTimer = null;
    const search = encodeURIComponent($("#search")?.value ?? "");
    const response = await fetch(`/desk/list?queue=${queue()}&search=${search}`).catch(() => null);
    if (response?.ok) swapList(new DOMParser().parseFromString(await response.text(), "text/html"));
  }, 500);
}

function swapList(fresh) {
  const focused = document.activeElement?.dataset?.id;
  const scrolled = $("#rows").scrollTop;
  for (const part of [".queues", "#rows"]) {
    const inQueues = part === ".queues" && document.activeElement?.closest?.(part);
    if (inQueues || fresh.querySelector(".list-inner").dataset.queue !== queue()) continue;
    const next = document.adoptNode(fresh.querySelector(part));
    $(part).replaceWith(next);
    htmx.process(next);
  }
  $("#rows").scrollTop = scrolled;
  if (focused) $(`.row[data-id="${focused}"]`)?.focus();
  document.dispatchEvent(new CustomEvent("desk:listed"));
}

// Who waits since when, and what may be done about it.
function refreshHead() {
  clearTimeout(headTimer);
  headTimer = setTimeout(() => {
    const id = conversationId();
    if (id) htmx.ajax("GET", `/desk/c/${id}/head?queue=${queue()}`, { target: "#head", swap: "outerHTML" });
  }, 300);
}

function refreshDetails() {
  if (detailsTimer) return;
  detailsTimer = setTimeout(() => {
    detailsTimer = null;
    const id = conversationId();
    if (id) htmx.ajax("GET", `/desk/c/${id}/details`, { target: "#details", swap: "innerHTML" });
  }, 400);
}

// Our own moves draw the stage themselves; only a floor this page does not know yet is worth a reload.
function refreshStage(event) {
  if (Number(thread()?.dataset.epoch) >= event.epoch) return;
  clearTimeout(stageTimer);
  stageTimer = setTimeout(() => {
    if (Number(thread()?.dataset.epoch) < event.epoch && !$("dialog[open]")) reloadStage();
  }, 250);
}

function sayRead() {
  if (thread()?.dataset.mine === "yes" && document.visibilityState === "visible") {
    sendFrame({ type: "seen", conversation_id: conversationId(), seq: lastSeq() });
  }
}

function catchUp() {
  refreshList();
  return fetchNew();
}

function afresh() {
  catchUp().then(() => conversationId() && refreshDetails());
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/desk/live`);
  socket.addEventListener("open", () => {
    $("#live-state").hidden = true;
    // Something may have come between drawing the page and listening to it.
    if (attempts) emit("FellBehind", {});
    else catchUp();
    attempts = 0;
    emit("open", {});
    sayRead();
  });
  socket.addEventListener("message", (message) => {
    const event = JSON.parse(message.data);
    emit(event.type, event);
  });
  socket.addEventListener("close", (event) => {
    if (event.code === 4401) {
      location.href = "/desk/sign-in";
      return;
    }
    attempts += 1;
    if (attempts > 1) $("#live-state").hidden = false;
    setTimeout(connect, Math.min(10000, 300 * 2 ** attempts) * (0.5 + Math.random()));
  });
}

export function startLive() {
  for (const type of ["MessageStored", "FloorChanged", "QueueChanged", "HandoverOffered", "CaseChanged", "Seen"]) {
    onEvent(type, refreshList);
  }
  onEvent("MessageStored", (event) => isHere(event) && fetchNew() && refreshHead());
  onEvent("HandoverOffered", (event) => isHere(event) && refreshHead());
  onEvent("FloorChanged", (event) => isHere(event) && refreshStage(event));
  for (const type of ["FactsChanged", "TurnFinished", "CaseChanged"]) {
    onEvent(type, (event) => isHere(event) && refreshDetails());
  }
  for (const type of ["PersonChanged", "ReplyChannelChanged"]) {
    onEvent(type, (event) => isHere(event) && (refreshDetails(), refreshHead()));
  }
  onEvent("WordsMoved", (event) => isHere(event) && reloadStage());
  onEvent("Seen", (event) => isHere(event) && event.by === "customer" && markSeen(event.seq));
  onEvent("FellBehind", afresh);
  document.addEventListener("desk:read", sayRead);
  document.addEventListener("visibilitychange", sayRead);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "stage") sayRead();
  });
  setInterval(() => sendFrame({ type: "ping" }), 25000);
  connect();
}
