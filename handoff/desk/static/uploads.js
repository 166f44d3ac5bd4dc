// Files beside the words an agent is writing: chosen, dropped or pasted, sent ahead, kept for each conversation.
import { $, conversationId, reasonOf } from "./page.js";

const kept = new Map();
const composer = () => $("#composer");
const here = () => kept.get(conversationId()) ?? [];
let isWanted = null;

export const readyFiles = () => here().filter((one) => one.state === "ready");
export const isBusy = () => here().some((one) => one.state === "sending");

// What goes with the words that are being sent; given back when they are taken back.
export function takeFiles() {
  const taken = readyFiles();
  kept.set(conversationId(), here().filter((one) => !taken.includes(one)));
  draw();
  return taken;
}

export function giveBack(files) {
  kept.set(conversationId(), [...files, ...here()]);
  draw();
}

// Words that were sent while a file was still on its way go as soon as it is there.
export function whenReady(send) {
  isWanted = { send, id: conversationId() };
  sayState("This goes as soon as the files are there.");
}

export function noLongerWanted() {
  isWanted = null;
}

function add(files) {
  const { largest, most, mode } = composer().dataset;
  if (mode !== "reply") return;
  for (const file of files) {
    const entry = { file, name: file.name || "picture", state: "sending", done: 0, reason: refusal(file, Number(largest), Number(most)) };
    kept.set(conversationId(), [...here(), entry]);
    if (entry.reason) entry.state = "refused";
    else upload(entry);
  }
  draw();
}

function refusal(file, largest, most) {
  if (here().filter((one) => one.state !== "refused").length >= most) return `${most} files is the most for one message.`;
  if (file.size > largest) return `Larger than ${size(largest)}, the most that can be sent.`;
  return file.size ? null : "The file is empty.";
}

function upload(entry) {
  const request = new XMLHttpRequest();
  Object.assign(entry, { request, state: "sending", done: 0, reason: null, url: entry.url ?? composer().dataset.attachments });
  request.open("POST", `${entry.url}?name=${encodeURIComponent(entry.name.slice(-250))}`);
  request.setRequestHeader("X-CSRF-Token", document.body.dataset.csrf);
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    entry.done = total ? loaded / total : 0;
    draw();
  });
  request.addEventListener("load", () => answered(entry, request));
  request.addEventListener("error", () => settle(entry, { state: "failed", reason: "Not sent: the hub cannot be reached." }));
  request.send(entry.file);
  draw();
}

async function answered(entry, request) {
  if (request.status === 201) return settle(entry, { ...JSON.parse(request.responseText), at: entry.url, state: "ready", file: null, url: entry.url });
  const isFinal = request.status >= 400 && request.status < 500 && request.status !== 429;
  settle(entry, { state: isFinal ? "refused" : "failed", reason: await reasonOf(new Response(request.responseText)) });
}

function settle(entry, outcome) {
  Object.assign(entry, outcome, { request: null });
  sayState(`${entry.name}: ${entry.reason ?? "added"}`);
  draw();
  if (!isWanted || isWanted.id !== conversationId() || isBusy()) return;
  const { send } = isWanted;
  isWanted = null;
  if (readyFiles().length === here().length) send();
}

function remove(entry) {
  kept.set(conversationId(), here().filter((one) => one !== entry));
  entry.request?.abort();
  if (entry.id) fetch(`${entry.url}/${entry.id}`, { method: "DELETE", headers: { "X-CSRF-Token": document.body.dataset.csrf } }).catch(() => {});
  draw();
  $("#attach")?.focus();
}

export const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1e6).toFixed(1)} MB`);

function sayState(text) {
  if ($("#tray-state")) $("#tray-state").textContent = text;
}

function draw() {
  const tray = $("#tray");
  if (!tray) return;
  const hadFocus = tray.contains(document.activeElement);
  tray.replaceChildren(...here().map(chip));
  tray.hidden = here().length === 0;
  if (hadFocus) $("button", tray)?.focus();
}

function chip(entry) {
  const item = document.createElement("li");
  item.className = entry.state;
  const about = { sending: `Sending, ${Math.floor(entry.done * 100)} %`, ready: size(entry.size_bytes ?? 0) }[entry.state] ?? entry.reason;
  item.append(span("file-name", entry.name), span("about", about));
  if (entry.state === "failed") item.append(button("Try again", () => upload(entry)));
  const drop = button("×", () => remove(entry));
  drop.setAttribute("aria-label", `Remove ${entry.name}`);
  const bar = span("done", "");
  bar.style.width = entry.state === "sending" ? `${Math.round(entry.done * 100)}%` : "0";
  item.append(drop, bar);
  return item;
}

function span(name, text) {
  const node = document.createElement("span");
  node.className = name;
  node.textContent = text;
  return node;
}

function button(text, act) {
  const node = document.createElement("button");
  node.type = "button";
  node.textContent = text;
  node.addEventListener("click", act);
  return node;
}

export function startUploads() {
  draw();
  document.addEventListener("click", (event) => event.target.closest("#attach") && $("#picker").click());
  document.addEventListener("change", (event) => {
    if (event.target.id !== "picker") return;
    add([...event.target.files]);
    event.target.value = "";
  });
  document.addEventListener("paste", (event) => {
    if (event.target.id !== "draft" || !event.clipboardData?.files.length) return;
    event.preventDefault();
    add([...event.clipboardData.files]);
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const thread = event.target.closest?.(".thread");
      if (!thread || !composer() || ![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      thread.classList.toggle("dropping", kind === "dragover");
      if (kind === "drop") add([...event.dataTransfer.files]);
    });
  }
  document.addEventListener("htmx:afterSettle", (event) => event.detail.target?.id === "stage" && draw());
}
