// Canned answers and articles: "/" at the start of the message opens the list, Tab or Enter takes one.
import { $, all } from "./page.js";

let answers = null;

async function load() {
  answers ??= await fetch("/desk/canned").then((response) => (response.ok ? response.json() : []));
  return answers;
}

// Articles are looked for by their words once there are enough letters to look for.
async function articles(wanted) {
  if (wanted.trim().length < 3) return [];
  const response = await fetch(`/desk/articles?search=${encodeURIComponent(wanted)}`);
  return response.ok ? response.json() : [];
}

export function startCanned(onTaken) {
  let at = 0;
  const box = () => $("#canned");
  const isOpen = () => box() && !box().hidden;

  function close() {
    if (!box()) return;
    box().hidden = true;
    $("#draft").removeAttribute("aria-activedescendant");
  }

  function select(index) {
    const items = all("li", box());
    at = (index + items.length) % items.length;
    items.forEach((item, n) => item.setAttribute("aria-selected", n === at));
    $("#draft").setAttribute("aria-activedescendant", items[at].id);
    items[at].scrollIntoView({ block: "nearest" });
  }

  function take(text) {
    const field = $("#draft");
    field.value = text;
    close();
    field.focus();
    onTaken(field);
  }

  function item(answer, index) {
    const line = document.createElement("li");
    line.id = `canned-${index}`;
    line.setAttribute("role", "option");
    const shortcut = document.createElement("span");
    shortcut.className = "shortcut";
    shortcut.textContent = answer.title ?? `/${answer.shortcut}`;
    const preview = document.createElement("span");
    preview.className = "preview";
    preview.textContent = answer.text;
    line.append(shortcut, preview);
    line.dataset.text = answer.text;
    line.addEventListener("mousedown", (event) => {
      event.preventDefault();
      take(answer.text);
    });
    return line;
  }

  async function look(field) {
    const typed = /^\/([^\n]*)$/.exec(field.value);
    if (!typed) return close();
    const wanted = typed[1].toLowerCase();
    const [canned, written] = await Promise.all([load(), articles(wanted)]);
    const fitting = canned.filter((one) => one.shortcut.startsWith(wanted) || one.text.toLowerCase().includes(wanted));
    const found = [...fitting, ...written];
    if (field.value !== `/${typed[1]}`) return;
    if (!found.length) return close();
    box().replaceChildren(...found.map(item));
    box().hidden = false;
    select(0);
  }

  function key(event) {
    if (!isOpen()) return false;
    if (event.key === "ArrowDown") select(at + 1);
    else if (event.key === "ArrowUp") select(at - 1);
    else if (event.key === "Enter" || event.key === "Tab") take(all("li", box())[at].dataset.text);
    else if (event.key === "Escape") close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  return { look, key };
}
