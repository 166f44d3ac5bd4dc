// The chat as a person sees it: shows what the stub holds, waits for the next change, sends what the person does.

import { drawChat } from "./drawing.js";
import { act, chosenBot, currentPerson, look, sendFiles } from "./stub.js";

const by = (id) => document.getElementById(id);
const bot = await chosenBot();
const person = await currentPerson();
let shown = { version: -1, messages: [], notices: [], is_started: false, pressed: [] };
let editing = null;
let noticed = null;
let typingEnds = 0;

by("bot-name").textContent = bot.name;
by("bot-disc").textContent = bot.name[0];
by("me").textContent = `You are ${person.first_name}.`;
document.title = `${bot.name} · ${person.first_name}`;

function draw() {
  const isWriting = shown.is_started && !shown.is_blocked;
  by("composer").hidden = !isWriting;
  by("start").hidden = isWriting;
  by("start").textContent = shown.is_blocked ? "Unblock and start" : "Start";
  by("block").hidden = shown.is_blocked;
  drawTyping();
  drawChat(by("chat"), shown, { press, edit: beginEditing });
}

function drawTyping() {
  const isTyping = Boolean(shown.typing) && Date.now() < typingEnds;
  by("status").textContent = isTyping ? (shown.typing === "typing" ? "is typing …" : "is sending a file …") : "bot";
  by("status").classList.toggle("is-typing", isTyping);
}

function notice(text) {
  by("notice").textContent = text;
  by("notice").hidden = false;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => { by("notice").hidden = true; }, 5000);
}

// What a person may do can be refused, and they should read why.
async function attempt(deed) {
  try {
    return await deed();
  } catch (error) {
    notice(error.message);
    return null;
  }
}

async function press(message, title) {
  await attempt(() => act(bot, person, "press", { message_id: message.message_id, title }));
}

function beginEditing(message) {
  editing = message;
  by("editing").hidden = false;
  by("edited-words").textContent = message.text ?? message.caption ?? "";
  by("words").value = message.text ?? message.caption ?? "";
  by("words").focus();
}

function stopEditing() {
  editing = null;
  by("editing").hidden = true;
  by("words").value = "";
}

async function send(event) {
  event?.preventDefault();
  const text = by("words").value.trim();
  if (!text) return;
  const edited = editing;
  stopEditing();
  await attempt(() => edited
    ? act(bot, person, "edit", { message_id: edited.message_id, text })
    : act(bot, person, "write", { text }));
}

async function upload(input, kind) {
  const files = [...input.files];
  const caption = by("words").value.trim();
  input.value = "";
  closeMenus();
  if (!files.length) return;
  by("words").value = "";
  await attempt(() => sendFiles(bot, person, kind, files, caption));
}

// A link to the bot: `https://…/<bot>?start=<token>`. An open chat sends nothing when it is opened again.
async function openLink(token) {
  const { result } = await act(bot, person, "start", { token });
  if (!result) notice("The chat is open already, so nothing was sent. Paste the code from the other page here.");
}

function closeMenus() {
  for (const menu of document.querySelectorAll("details[open]")) menu.open = false;
}

by("composer").addEventListener("submit", send);
by("words").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) send(event);
  if (event.key === "Escape") stopEditing();
});
by("stop-editing").addEventListener("click", stopEditing);
by("photos").addEventListener("change", (event) => upload(event.target, "photo"));
by("files").addEventListener("change", (event) => upload(event.target, "document"));
by("voice").addEventListener("change", (event) => upload(event.target, "voice"));
by("start").addEventListener("click", () => attempt(() => act(bot, person, "start", {})));
by("location").addEventListener("click", () => {
  closeMenus();
  attempt(() => act(bot, person, "locate", { latitude: 42.2808, longitude: -83.743 }));
});
by("contact").addEventListener("click", () => {
  closeMenus();
  const phone = prompt("Your phone number", "+1 734 555 0142");
  if (phone) attempt(() => act(bot, person, "share_contact", { phone, user_id: person.id }));
});
by("block").addEventListener("click", () => { closeMenus(); attempt(() => act(bot, person, "block", {})); });
by("open-link").addEventListener("click", () => {
  closeMenus();
  const link = prompt("The link (or only its code)", "");
  if (link) attempt(() => openLink(link.includes("start=") ? link.split("start=")[1].split("&")[0] : link.trim()));
});
by("somebody-else").addEventListener("click", () => {
  const name = prompt("Their first name", "Ola");
  if (name) location.href = `/?name=${encodeURIComponent(name)}`;
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("details")) closeMenus();
});
setInterval(drawTyping, 500);

draw();
const token = new URLSearchParams(location.search).get("start");
if (token) {
  // Once: a page that is loaded again has not opened the link again.
  history.replaceState(null, "", location.pathname);
  await attempt(() => openLink(token));
}

for (;;) {
  try {
    shown = await look(bot, person, shown.version);
    typingEnds = Date.now() + shown.typing_for_s * 1000;
    const newest = shown.notices.at(-1);
    if (noticed !== null && shown.notices.length > noticed) notice(newest.text);
    noticed = shown.notices.length;
    draw();
  } catch {
    by("status").textContent = "no connection";
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
}
