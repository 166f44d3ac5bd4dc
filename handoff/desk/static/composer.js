// Writing: drafts that survive, words that show whether they were sent, and a look at what is already known.
import { append, fetchNew, toEnd } from "./ledger.js";
import { $, all, conversationId, lastSeq, post, reasonOf, tell } from "./page.js";
import { startCanned } from "./canned.js";
import { giveBack, isBusy, noLongerWanted, startUploads, takeFiles, whenReady } from "./uploads.js";

const drafts = new Map();
const sentFiles = new Map();
let checking = null;
let checkTimer = null;
const composer = () => $("#composer");
const draft = () => $("#draft");
const draftKey = (mode) => `${conversationId()} ${mode}`;

export function setMode(mode) {
  const form = composer();
  const tab = form && $(`[data-mode="${mode}"]`, form);
  if (!tab || tab.disabled) return false;
  keepDraft();
  form.dataset.mode = mode;
  all(".composer-tabs [data-mode]", form).forEach((one) => one.setAttribute("aria-pressed", one === tab));
  showDraft();
  draft().focus();
  return true;
}

function keepDraft() {
  if (draft()) drafts.set(draftKey(composer().dataset.mode), draft().value);
}

function showDraft() {
  const field = draft();
  if (!field) return;
  const mode = composer().dataset.mode;
  field.placeholder = field.dataset[mode];
  field.value = drafts.get(draftKey(mode)) ?? "";
  lookForAnswers();
}

// Ask the hub whether the customer already answered what is being typed.
function lookForAnswers() {
  clearTimeout(checkTimer);
  const words = draft().value.trim();
  if (composer().dataset.mode !== "reply" || words.length < 6) {
    $("#answered").hidden = true;
    return;
  }
  checkTimer = setTimeout(() => check(words), 350);
}

async function check(words) {
  checking?.abort();
  checking = new AbortController();
  const id = conversationId();
  try {
    const response = await fetch(composer().dataset.check, {
      method: "POST",
      headers: { "X-CSRF-Token": document.body.dataset.csrf },
      body: new URLSearchParams({ draft: words }),
      signal: checking.signal,
    });
    if (id !== conversationId()) return;
    const box = $("#answered");
    box.innerHTML = response.status === 200 ? await response.text() : "";
    box.hidden = response.status !== 200;
  } catch (error) {
    if (error.name !== "AbortError") $("#answered").hidden = true;
  }
}

function send() {
  const field = draft();
  const text = field.value.trim();
  const isNote = composer().dataset.mode === "note";
  if (!isNote && isBusy()) return whenReady(send);
  const files = isNote ? [] : takeFiles();
  if (!text && !files.length) return;
  const words = { text, attachments: files.map((one) => one.id), client_ref: crypto.randomUUID(), is_note: isNote, seen_seq: lastSeq() };
  sentFiles.set(words.client_ref, files);
  const bubble = showPending(words);
  drafts.delete(draftKey(composer().dataset.mode));
  field.value = "";
  $("#answered").hidden = true;
  deliver(composer().dataset.say, words, bubble);
}

function showPending(words) {
  const bubble = $("#pending-message").content.firstElementChild.cloneNode(true);
  bubble.removeAttribute("id");
  bubble.dataset.ref = words.client_ref;
  $(".words", bubble).textContent = [words.text, ...sentFiles.get(words.client_ref).map((one) => one.name)].filter(Boolean).join("\n");
  $(".words", bubble).hidden = false;
  $(".where", bubble).textContent = "";
  if (words.is_note) bubble.classList.replace("agent", "note");
  $("#ledger").append(bubble);
  sayState(bubble, "Sending…");
  toEnd();
  return bubble;
}

function sayState(bubble, text) {
  $(".send-state", bubble).textContent = text;
}

async function deliver(url, words, bubble) {
  bubble.className = bubble.className.replace("failed", "sending");
  sayState(bubble, "Sending…");
  let response;
  try {
    response = await post(url, words);
  } catch {
    return failed(url, words, bubble, "Not sent.");
  }
  if (response.ok) return sent(url, words, bubble, await response.text());
  if (response.status === 409 && response.headers.get("content-type")?.startsWith("text/html")) {
    return askFirst(url, words, bubble, await response.text());
  }
  return failed(url, words, bubble, await reasonOf(response));
}

function sent(url, words, bubble, html) {
  sentFiles.delete(words.client_ref);
  if (url !== composer()?.dataset.say) return;
  append(html);
  const stored = all("#ledger > .message").find((one) => one.dataset.ref === words.client_ref);
  if (stored && !words.is_note) sayState(stored, "Sent");
  all(".send-state").forEach((one) => {
    if (one.textContent === "Sent" && one.parentElement !== stored) one.textContent = "";
  });
  fetchNew();
}

function failed(url, words, bubble, why) {
  bubble.classList.replace("sending", "failed");
  sayState(bubble, `${why} `);
  const retry = document.createElement("button");
  retry.type = "button";
  retry.textContent = "Try again";
  retry.addEventListener("click", () => deliver(url, words, bubble));
  const drop = document.createElement("button");
  drop.type = "button";
  drop.textContent = "Take back";
  drop.addEventListener("click", () => takeBack(words, bubble));
  $(".send-state", bubble).append(retry, " · ", drop);
}

function takeBack(words, bubble) {
  bubble.remove();
  giveBack(sentFiles.get(words.client_ref) ?? []);
  draft().value = words.text;
  draft().focus();
}

// Somebody wrote meanwhile: show it, then let the agent decide.
function askFirst(url, words, bubble, html) {
  const dialog = $("#stale-dialog");
  dialog.innerHTML = html;
  let answered = false;
  const settle = (anyway) => {
    if (answered) return;
    answered = true;
    dialog.close();
    dialog.replaceChildren();
    fetchNew();
    if (anyway) deliver(url, { ...words, anyway: true }, bubble);
    else takeBack(words, bubble);
  };
  $('[data-answer="send"]', dialog).addEventListener("click", () => settle(true));
  $('[data-answer="keep"]', dialog).addEventListener("click", () => settle(false));
  dialog.addEventListener("close", () => settle(false), { once: true });
  dialog.showModal();
  $('[data-answer="keep"]', dialog).focus();
}

export function startComposer() {
  const canned = startCanned((field) => {
    keepDraft();
    lookForAnswers();
  });
  startUploads();
  if (draft()) showDraft();
  document.addEventListener("input", (event) => {
    if (event.target.id !== "draft") return;
    keepDraft();
    noLongerWanted();
    lookForAnswers();
    canned.look(event.target);
    document.dispatchEvent(new CustomEvent("desk:typing"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.id !== "draft" || event.isComposing || canned.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "composer") return;
    event.preventDefault();
    send();
    draft().focus();
  });
  document.addEventListener("click", (event) => {
    const tab = event.target.closest(".composer-tabs [data-mode]");
    if (tab) setMode(tab.dataset.mode);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "stage" && draft()) showDraft();
  });
  window.addEventListener("offline", () => tell("You are offline. What you write is kept here.", { bad: true }));
}
