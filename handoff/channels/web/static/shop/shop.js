/* The shop's only script of its own: a notice that was hidden stays hidden until the browser is closed, and, in the
 * demonstration, one may sign in as an invented customer to see what the chat makes of it. */

const HIDDEN = "fernway outage hidden";
const notice = document.getElementById("outage");

function hide() {
  notice.hidden = true;
  try {
    sessionStorage.setItem(HIDDEN, "yes");
  } catch {
    // Without storage the notice is back on the next page, which is fine.
  }
}

try {
  notice.hidden = sessionStorage.getItem(HIDDEN) === "yes";
} catch {
  notice.hidden = false;
}
document.getElementById("dismiss").addEventListener("click", hide);

const SIGNED_IN = "fernway signed in";
const who = document.getElementById("who");

/* A real shop's server would put such a token on the page it serves to a customer who has signed in there. */
async function signIn(sub) {
  const answer = await fetch("/shop/sign-in", { method: "POST", body: new URLSearchParams({ sub }) });
  if (answer.ok) window.Tellonce?.login((await answer.json()).token);
}

function change() {
  const before = localStorage.getItem(SIGNED_IN);
  if (before && before !== who.value) window.Tellonce?.logout();
  if (who.value) localStorage.setItem(SIGNED_IN, who.value);
  else localStorage.removeItem(SIGNED_IN);
  if (who.value) signIn(who.value);
}

if (who) {
  who.value = localStorage.getItem(SIGNED_IN) ?? "";
  who.addEventListener("change", change);
  document.addEventListener("tellonce-signed-out", () => who.value && signIn(who.value), { once: true });
  // The widget's script stands after this one and, like it, waits for the page.
  window.addEventListener("DOMContentLoaded", () => who.value && signIn(who.value));
}
