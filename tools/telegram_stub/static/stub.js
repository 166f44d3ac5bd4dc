// Talking to the stub: who is here, what they do, and waiting for what changes.

async function answer(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body.description);
  return body;
}

const post = (path, body) => fetch(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
}).then(answer);

const chat = (bot, person) => `/client/chats/${bot.id}/${person.id}`;

export async function chosenBot() {
  const bots = await answer(await fetch("/client/bots"));
  const named = location.pathname.slice(1).toLowerCase();
  return bots.find((bot) => bot.username.toLowerCase() === named) ?? bots[0];
}

// A window is one person; it stays the same one until it is closed or asked to become another.
export async function currentPerson() {
  const name = new URLSearchParams(location.search).get("name");
  if (name) {
    history.replaceState(null, "", location.pathname);
    return remember(await post("/client/people", { first_name: name }));
  }
  const known = JSON.parse(sessionStorage.getItem("person") ?? "null");
  return (known && await isThere(known)) ? known : remember(await post("/client/people", { first_name: "Maya" }));
}

function remember(person) {
  sessionStorage.setItem("person", JSON.stringify(person));
  return person;
}

async function isThere(person) {
  const [bot] = await answer(await fetch("/client/bots"));
  return (await fetch(chat(bot, person))).ok;
}

export const look = async (bot, person, after) =>
  answer(await fetch(`${chat(bot, person)}?after=${after}&wait_s=20`));

export const act = (bot, person, verb, body) => post(`${chat(bot, person)}/act/${verb}`, body);

export async function sendFiles(bot, person, kind, files, caption) {
  const form = new FormData();
  form.append("kind", kind);
  form.append("caption", caption);
  for (const file of files) form.append("file", file);
  return answer(await fetch(`${chat(bot, person)}/files`, { method: "POST", body: form }));
}
