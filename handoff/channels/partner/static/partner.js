// The partner's page while it is open: shows what changes, sends without leaving, and goes dark when the link ends.
const now = document.getElementById("now");
const said = document.getElementById("said");
const connection = document.getElementById("connection");
const words = document.getElementById("words");
const photo = document.getElementById("photo");
const base = `/p/${encodeURIComponent(now.dataset.token)}`;
let hasEnded = false;
let attempts = 0;

function tell(text, isError = false) {
  said.textContent = text;
  said.classList.toggle("error", isError);
  if (text) said.focus();
}

function end(message) {
  hasEnded = true;
  const card = document.createElement("section");
  card.className = "card ended";
  card.id = "ended";
  card.tabIndex = -1;
  const title = document.createElement("h1");
  title.textContent = "Nothing to see here any more";
  const sentence = document.createElement("p");
  sentence.textContent = message;
  card.append(title, sentence);
  document.title = "This link has ended";
  document.getElementById("main").replaceChildren(card);
  card.focus();
}

async function show() {
  const answer = await fetch(`${base}/now`, { cache: "no-store" });
  const html = await answer.text();
  if (answer.ok) {
    const focused = document.activeElement && now.contains(document.activeElement) ? document.activeElement.id : "";
    now.innerHTML = html;
    if (focused) document.getElementById(focused)?.focus();
  } else if (answer.status === 404 || answer.status === 410) {
    const page = new DOMParser().parseFromString(html, "text/html");
    end(page.querySelector("#ended p")?.textContent ?? "This link has ended.");
  }
}

async function refusalOf(answer) {
  try {
    return (await answer.json()).message;
  } catch {
    return "That did not reach us. Try again in a moment.";
  }
}

async function post(path, fields) {
  const answer = await fetch(`${base}/${path}`, { method: "POST", body: fields, headers: { "X-Partner-Page": "1" } });
  if (answer.ok) return true;
  if (answer.status === 410 || answer.status === 404) await show();
  else tell(await refusalOf(answer), true);
  return false;
}

async function upload(file) {
  const form = words.elements.form.value;
  const address = `${base}/attachments?name=${encodeURIComponent(file.name)}`;
  const answer = await fetch(address, { method: "POST", body: file, headers: { "X-Form-Token": form } });
  if (answer.ok) return (await answer.json()).id;
  if (answer.status === 410 || answer.status === 404) await show();
  else tell(await refusalOf(answer), true);
  return null;
}

async function send() {
  const fields = new URLSearchParams({ form: words.elements.form.value, text: words.elements.text.value });
  fields.set("client_ref", crypto.randomUUID?.() ?? String(Date.now()));
  for (const file of photo.files) {
    tell(`Sending ${file.name}…`);
    const id = await upload(file);
    if (!id) return;
    fields.append("attachment", id);
  }
  if (!(await post("words", fields))) return;
  words.reset();
  tell("Sent. We have it.");
  await show();
}

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  // Read before the buttons go quiet: a disabled one is no part of what it submits.
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  const buttons = [...form.querySelectorAll("button:not([disabled])")];
  for (const button of buttons) button.disabled = true;
  try {
    if (form === words) await send();
    else if (await post("state", fields)) {
      tell("Thank you. We know.");
      await show();
    }
  } catch {
    tell("That did not reach us. Look at your connection, then try again.", true);
  } finally {
    for (const button of buttons) if (button.isConnected) button.disabled = false;
  }
});

function connect() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${base}/live`);
  socket.addEventListener("open", () => {
    connection.hidden = true;
    attempts = 0;
  });
  socket.addEventListener("message", (event) => {
    const told = JSON.parse(event.data);
    if (told.type === "ended") end(told.message);
    else show();
  });
  socket.addEventListener("close", () => {
    if (hasEnded) return;
    attempts += 1;
    if (attempts > 2) connection.hidden = false;
    setTimeout(connect, Math.min(10_000, 500 * 2 ** attempts) * (0.7 + Math.random() * 0.6));
  });
}

document.getElementById("photo-row").hidden = false;
connect();
document.documentElement.dataset.ready = "1";
