/* The shop's only script of its own: a notice that was hidden stays hidden until the browser is closed. */

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
