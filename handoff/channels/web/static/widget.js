/* The one script tag of the web chat:
 *
 *   <script src="https://hub.example/widget.js" defer data-title="Fernway Broadband" data-color="#1f6f54"></script>
 *
 * data-hub       address of the hub; by default where this script came from
 * data-title     the company's name in the header
 * data-color     accent colour, any CSS colour
 * data-position  "right" (default) or "left"
 * data-starters  first questions to offer, separated by "|"
 * data-login     your server's signed word for who is signed in (docs/guide.md); later `Tellonce.login(token)`, and
 *                `Tellonce.logout()` when they sign out, which leaves nothing of theirs in this browser
 *
 * Whatever goes wrong here stays here: the page it sits on must never notice.
 */
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || !window.customElements || !("adoptedStyleSheets" in Document.prototype)) return;

  const { hub, title, color, position, starters, login } = script.dataset;
  const base = new URL(".", script.src);
  const settings = { hub: new URL(hub || ".", base).href, heading: title, color, position, starters, login };
  delete script.dataset.login;

  const chat = import(new URL("widget/element.js", base).href)
    .then(({ attach }) => attach(settings))
    .catch(() => {}); // An unreachable hub leaves the page exactly as it was.

  window.Tellonce = {
    login: (token) => chat.then((element) => element?.login(String(token))),
    logout: () => chat.then((element) => element?.logout()),
  };
})();
