// Messages as elements: words with their entities, files, keyboards, edits and deletions.

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "q",
};

export function drawChat(list, shown, does) {
  const wasAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const groups = grouped(shown.messages).map((group) => message(group, shown, does));
  list.replaceChildren(...(groups.length ? groups : [empty()]));
  if (wasAtEnd) list.scrollTop = list.scrollHeight;
}

// Neighbours of one album are one message to the eye.
function grouped(messages) {
  const groups = [];
  for (const one of messages) {
    const album = one.message.media_group_id;
    const last = groups.at(-1);
    if (album && last?.[0].message.media_group_id === album) last.push(one);
    else groups.push([one]);
  }
  return groups;
}

function empty() {
  const item = element("li", "empty");
  item.textContent = "No messages here yet.";
  return item;
}

function message(group, shown, does) {
  const [first] = group;
  const item = element("li", `message ${first.is_from_bot ? "theirs" : "mine"} ${first.is_deleted ? "gone" : ""}`);
  const bubble = element("div", "bubble");
  item.append(bubble);
  if (first.is_deleted) {
    bubble.append(line("words", "Message deleted"));
    return item;
  }
  if (first.message.reply_to_message) bubble.append(line("before", wordsOf(first.message.reply_to_message)));
  bubble.append(...files(group), ...group.flatMap((one) => words(one.message)), ...rest(first.message));
  bubble.append(foot(first, does));
  const rows = first.message.reply_markup?.inline_keyboard;
  if (rows) item.append(keyboard(first.message, rows, shown, does));
  return item;
}

function files(group) {
  const pictures = element("div", "pictures");
  const others = [];
  for (const { kind, message: one } of group) {
    if (!kind) continue;
    const file = kind === "photo" ? one.photo.at(-1) : one[kind];
    const address = `/client/files/${encodeURIComponent(file.file_id)}`;
    if (kind === "photo") pictures.append(Object.assign(new Image(), { src: address, alt: one.caption ?? "Photo" }));
    else others.push(link(`${kind.replace("_", " ")}: ${file.file_name ?? `${file.file_size} bytes`}`, address, "file"));
  }
  return pictures.children.length ? [pictures, ...others] : others;
}

function words(one) {
  const text = wordsOf(one);
  if (!text) return [];
  const paragraph = element("p", "words");
  paragraph.append(...marked(text, one.entities ?? one.caption_entities ?? []));
  return [paragraph];
}

// Entities may lie within each other, the outer one first.
function marked(text, entities, from = 0, to = text.length) {
  const parts = [];
  let done = from;
  const own = entities.filter((entity) => entity.offset >= from && entity.offset + entity.length <= to);
  for (const entity of own) {
    if (entity.offset < done) continue;
    const end = entity.offset + entity.length;
    const isLink = entity.type === "text_link";
    const wrapped = isLink ? link("", entity.url) : document.createElement(TAGS[entity.type] ?? "span");
    const inner = own.filter((other) => other !== entity);
    wrapped.append(...marked(text, inner, entity.offset, end));
    parts.push(text.slice(done, entity.offset), wrapped);
    done = end;
  }
  return [...parts, text.slice(done, to)];
}

function rest(one) {
  if (one.venue) return [line("words", `Place: ${one.venue.title} ${one.venue.address}`)];
  if (one.location) return [line("words", `Place: ${one.location.latitude}, ${one.location.longitude}`)];
  if (one.contact) return [line("words", `Contact: ${one.contact.first_name} ${one.contact.phone_number}`)];
  return [];
}

function foot({ message: one, is_from_bot: isFromBot, versions }, does) {
  const foot = element("div", "foot");
  const sent = new Date(one.date * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (!isFromBot && (one.text || one.caption)) {
    const edit = element("button");
    edit.type = "button";
    edit.textContent = "edit";
    edit.addEventListener("click", () => does.edit(one));
    foot.append(edit);
  }
  const wordsChanged = versions.some((version) => version !== wordsOf(one));
  foot.append(wordsChanged ? "edited " : "", sent);
  if (wordsChanged) foot.title = `Before: ${versions.at(-1)}`;
  return foot;
}

function keyboard(one, rows, shown, does) {
  const keys = element("div", "keys");
  for (const row of rows) {
    const line = document.createElement("div");
    line.append(...row.map((key) => (key.url ? link(`${key.text} ↗`, key.url) : button(one, key, shown, does))));
    keys.append(line);
  }
  return keys;
}

function button(one, key, shown, does) {
  const button = element("button");
  button.type = "button";
  button.textContent = key.text;
  // Pressed, and the bot has not said yet that it noticed.
  button.setAttribute("aria-busy", String(shown.pressed.includes(`${one.message_id} ${key.callback_data}`)));
  button.addEventListener("click", () => does.press(one, key.text));
  return button;
}

const wordsOf = (one) => one.text ?? one.caption ?? "";

function line(className, text) {
  const paragraph = element("p", className);
  paragraph.textContent = text;
  return paragraph;
}

function link(text, address, className = "") {
  const anchor = element("a", className);
  anchor.textContent = text;
  if (/^https?:|^\//.test(address)) anchor.href = address;
  anchor.target = "_blank";
  anchor.rel = "noopener";
  return anchor;
}

function element(tag, className = "") {
  return Object.assign(document.createElement(tag), { className });
}
