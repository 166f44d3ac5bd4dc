// Own words: given a new wording or taken back, here and where they arrived. Anybody's: removed for good.
import { redraw } from "./ledger.js";
import { $, post, reasonOf } from "./page.js";
import { openDialog } from "./panels.js";
import { say } from "./dialogs.js";

const message = (button) => button.closest(".message");
const address = (shown) => `/desk/c/${shown.dataset.conversationOf}/messages/${shown.dataset.id}`;

function ask(button, id, verb) {
  const shown = message(button);
  const form = $(`#${id} form`);
  if (!form) return;
  form.dataset.address = `${address(shown)}/${verb}`;
  form.dataset.rewording = shown.dataset.id;
  const words = $(".words", shown).textContent;
  if (form.elements.text) form.elements.text.value = words;
  else $("blockquote", form).textContent = words || "What came with it";
  openDialog(id);
}

async function send(form) {
  const response = await post(form.dataset.address, Object.fromEntries(new FormData(form))).catch(() => null);
  if (!response?.ok) return say(form, response ? await reasonOf(response) : "The hub does not answer. Nothing was changed.");
  form.closest("dialog").close();
  if ($("#ledger")) redraw(form.dataset.rewording);
  else document.dispatchEvent(new CustomEvent("desk:case-changed"));
}

export function startRewording() {
  document.addEventListener("click", (event) => {
    const edits = event.target.closest("[data-rewords]");
    if (edits) ask(edits, "reword", "edit");
    const takesBack = event.target.closest("[data-takes-back]");
    if (takesBack) ask(takesBack, "take-back", "take-back");
    const removes = event.target.closest("[data-removes]");
    if (removes) ask(removes, "remove-words", "remove");
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("#reword form, #take-back form, #remove-words form");
    if (!form) return;
    event.preventDefault();
    send(form);
  });
}
