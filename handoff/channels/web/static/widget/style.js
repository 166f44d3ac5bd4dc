/* The look: words on paper and one thread down the left side. The thread is the conversation itself; it never breaks at
 * a handover, it is knotted there, and while a person holds it, it turns green.
 * A constructed style sheet, so that pages whose policy forbids inline styles can carry the chat. */

export const sheet = new CSSStyleSheet();

sheet.replaceSync(`
:host {
  all: initial;
  --brand: #1f6f54; --brand-ink: #fff;
  --paper: #fcfbf8; --paper-sunk: #f4f1eb; --ink: #24211d; --ink-soft: #635c53; --line: #e3ddd3; --line-strong: #8d8577;
  --accent: var(--brand); --accent-text: var(--brand); --accent-ink: var(--brand-ink);
  --own: color-mix(in oklab, var(--brand) 12%, var(--paper));
  --danger: #a3311f; --warn: #7a4a10; --warn-paper: #fbf1df;
  --shadow: 0 1px 2px rgb(40 32 20 / .08), 0 12px 40px rgb(40 32 20 / .18);
  --text: system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  --display: ui-serif, "Iowan Old Style", "Palatino Linotype", Georgia, "Liberation Serif", serif;
  color-scheme: light;
  font: 400 15px/1.5 var(--text); color: var(--ink);
}
@media (prefers-color-scheme: dark) {
  :host {
    --paper: #1b1a17; --paper-sunk: #24221e; --ink: #ece7de; --ink-soft: #aba396; --line: #37332d; --line-strong: #837a6c;
    --accent-text: color-mix(in oklab, var(--brand) 40%, #fff);
    --own: color-mix(in oklab, var(--brand) 34%, var(--paper));
    --danger: #f0a190; --warn: #e8c58a; --warn-paper: #352b1a;
    --shadow: 0 1px 2px rgb(0 0 0 / .5), 0 16px 48px rgb(0 0 0 / .55);
    color-scheme: dark;
  }
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
p, h2 { margin: 0; font: inherit; }
button, textarea { font: inherit; color: inherit; margin: 0; }
button { cursor: pointer; }
svg { width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; flex: none; }
:focus-visible { outline: 2px solid var(--accent-text); outline-offset: 2px; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.launcher, .panel { position: fixed; z-index: 2147483000; bottom: 20px; right: 20px; }
:host([position="left"]) :is(.launcher, .panel) { right: auto; left: 20px; }

.launcher {
  display: inline-flex; align-items: center; gap: 9px; min-height: 52px; max-width: calc(100vw - 40px); padding: 0 20px 0 17px;
  border: 0; border-radius: 26px; background: var(--accent); color: var(--accent-ink); font-weight: 550; text-align: left; line-height: 1.25;
  box-shadow: 0 1px 2px rgb(40 32 20 / .2), 0 6px 20px rgb(40 32 20 / .2); transition: transform .15s ease;
}
.launcher:hover { transform: translateY(-1px); }
.launcher:focus-visible { outline: 3px solid var(--accent-ink); outline-offset: -6px; }
.launcher[data-away] { background: var(--paper); color: var(--ink-soft); border: 1px solid var(--line); }
.launcher[data-away]:focus-visible { outline-color: var(--accent-text); }
.badge {
  min-width: 22px; height: 22px; padding: 0 6px; margin-right: -6px; border-radius: 11px; background: var(--accent-ink); color: var(--accent);
  font-size: 13px; font-weight: 650; line-height: 22px; text-align: center; font-variant-numeric: tabular-nums;
}
.launcher[data-away] .badge { background: var(--ink-soft); color: var(--paper); }

.panel {
  display: flex; flex-direction: column; width: 392px; height: min(660px, calc(100vh - 40px)); height: min(660px, calc(100dvh - 40px));
  border: 1px solid var(--line); border-radius: 16px; background: var(--paper); box-shadow: var(--shadow); overflow: hidden; outline: none;
  animation: rise .18s ease-out;
}
@keyframes rise { from { opacity: 0; transform: translateY(8px); } }

.head { border-bottom: 1px solid var(--line); }
.who { display: flex; align-items: center; gap: 11px; padding: 12px 8px 10px 16px; }
.avatar {
  flex: none; display: grid; place-items: center; width: 36px; height: 36px; border-radius: 50%; border: 1px solid var(--line-strong);
  font: 500 17px/1 var(--display); color: var(--ink);
}
.head[data-floor="agent"] .avatar { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
.head[data-floor="queue"] .avatar { border-style: dashed; }
.title { flex: 1; min-width: 0; }
.title > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; unicode-bidi: isolate; }
h2 { font: 600 17px/1.3 var(--display); letter-spacing: .002em; }
.company { color: var(--ink-soft); font-size: 13px; line-height: 1.35; }
.icon { flex: none; display: grid; place-items: center; width: 44px; height: 44px; padding: 0; border: 0; border-radius: 10px; background: none; color: var(--ink-soft); }
.icon + .icon { margin-left: -8px; }
.icon:hover { color: var(--ink); background: var(--paper-sunk); }
.floor { display: flex; align-items: center; justify-content: space-between; gap: 12px; padding: 0 12px 10px 16px; }
.floorline { flex: 1; min-width: 0; font-size: 13px; line-height: 1.4; color: var(--ink-soft); overflow-wrap: anywhere; }
.person {
  flex: none; max-width: 68%; min-height: 44px; padding: 6px 16px; border: 1px solid var(--line-strong); border-radius: 22px; background: none;
  font-size: 14px; font-weight: 550; line-height: 1.25; overflow-wrap: anywhere;
}
.person:hover { border-color: var(--accent-text); color: var(--accent-text); }
.person[aria-disabled="true"] { border-color: transparent; background: var(--paper-sunk); color: var(--ink-soft); cursor: default; }
.head[data-floor="agent"] .person { background: var(--own); color: var(--ink); }

.way { position: relative; padding: 12px 44px 14px 16px; border-bottom: 1px solid var(--line); background: var(--paper-sunk); font-size: 14px; display: grid; gap: 8px; }
.way .choice { display: inline-block; text-decoration: none; color: inherit; }
.way .shut { position: absolute; top: 0; right: 4px; }
.codeline { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; }
.way code { font: 500 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; user-select: all; }
.middle { position: relative; flex: 1; min-height: 0; display: flex; flex-direction: column; }
.welcome { margin: auto 0 0; padding: 24px 22px 18px; overflow-y: auto; }
.greeting { font: 500 27px/1.2 var(--display); letter-spacing: -.01em; margin-bottom: 8px; text-wrap: balance; }
.welcome > p:not(.greeting) { color: var(--ink-soft); max-width: 34ch; }
.welcome .buttons { margin-top: 20px; flex-direction: column; align-items: flex-start; }

.log { position: relative; flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 6px 16px 18px 0; scrollbar-width: thin; scrollbar-color: var(--line) transparent; outline-offset: -2px; }
.log > div { position: relative; padding-left: 34px; animation: arrive .16s ease-out; }
.log[aria-busy="true"] > div { animation: none; }
@keyframes arrive { from { opacity: 0; transform: translateY(3px); } }
.log > div::before { content: ""; position: absolute; left: 17px; top: 0; bottom: 0; width: 1px; background: var(--line); }
.log > div[data-held="agent"]::before { left: 16.5px; width: 2px; background: var(--accent); }

.day { padding-block: 12px 2px; font-size: 12px; color: var(--ink-soft); letter-spacing: .02em; }
.message { padding-block: 2px; }
.message[data-first] { padding-top: 14px; }
.meta { display: none; gap: 8px; align-items: baseline; margin-bottom: 2px; font-size: 13px; }
.message[data-first] .meta { display: flex; }
.name { font-weight: 600; overflow-wrap: anywhere; unicode-bidi: isolate; }
.message[data-author="agent"] .name { color: var(--accent-text); }
.meta time { color: var(--ink-soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.ref { white-space: nowrap; }
.words { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.words a { color: var(--accent-text); text-underline-offset: 2px; }
.message[data-author="customer"] { display: flex; flex-direction: column; align-items: flex-end; padding-left: 64px; }
.message[data-author="customer"] .words { padding: 8px 13px; border-radius: 14px 14px 4px 14px; background: var(--own); }
.message[data-author="customer"] .words a { color: inherit; }
.message[data-author="customer"] .name { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
.message[data-author="system"] { padding-block: 12px 4px; }
.message[data-author="system"] .words { color: var(--ink-soft); font-size: 13.5px; }
.state { margin-top: 3px; font-size: 12px; color: var(--ink-soft); text-align: right; }
.state:is([data-is="failed"], [data-is="refused"]) { color: var(--danger); font-size: 13px; }
.retry { min-height: 44px; padding: 0 2px; border: 0; background: none; color: inherit; text-decoration: underline; text-underline-offset: 3px; font-weight: 550; }

.switch { padding-block: 20px 6px; display: flex; flex-direction: column; }
.switch strong { font: 600 15px/1.35 var(--display); overflow-wrap: anywhere; unicode-bidi: isolate; }
.switch .note { font-size: 13px; color: var(--ink-soft); overflow-wrap: anywhere; }
.log > div.switch[data-held]::before { left: 16.5px; width: 2px; background: linear-gradient(var(--before) 30px, var(--after) 30px); }
.switch { --before: var(--line); --after: var(--line); }
.switch[data-before="agent"] { --before: var(--accent); }
.switch[data-held="agent"] { --after: var(--accent); }
.switch::after { content: ""; position: absolute; left: 12px; top: 25px; width: 11px; height: 11px; border-radius: 50%; border: 2px solid var(--line-strong); background: var(--paper); }
.switch[data-held="agent"]::after { border-color: var(--accent); background: var(--accent); }

.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 9px; }
.choice {
  min-height: 44px; max-width: 100%; padding: 9px 15px; border: 1px solid var(--accent-text); border-radius: 12px; background: none; color: var(--accent-text);
  font-size: 14px; font-weight: 550; line-height: 1.35; text-align: left; overflow-wrap: anywhere;
}
.choice:hover:not(:disabled) { background: var(--own); }
.choice:disabled { border-color: var(--line); color: var(--ink-soft); font-weight: 400; cursor: default; min-height: 36px; padding-block: 6px; }
.choice[aria-pressed="true"]:disabled { border-color: var(--line-strong); color: var(--ink); font-weight: 550; }
.link { margin-top: 8px; }
.card { display: inline-flex; align-items: center; min-height: 44px; max-width: 100%; padding: 9px 15px; border-radius: 12px; background: var(--accent); color: var(--accent-ink); font-weight: 550; line-height: 1.35; text-decoration: none; overflow-wrap: anywhere; }
.card:hover { text-decoration: underline; text-underline-offset: 3px; }
.card:focus-visible { outline-offset: 3px; }

.files { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 5px; max-width: 100%; }
.message[data-author="customer"] .files { justify-content: flex-end; }
.file { max-width: 100%; }
.picture { display: block; max-width: 100%; padding: 0; border: 1px solid var(--line); border-radius: 12px; background: var(--paper-sunk); overflow: hidden; cursor: zoom-in; }
.picture img { display: block; height: 148px; min-width: 72px; max-width: 100%; object-fit: cover; }
.files:has(.file + .file) .picture img { height: 104px; }
video { display: block; width: 272px; max-width: 100%; height: 168px; border-radius: 12px; background: #000; }
audio { display: block; width: 272px; max-width: 100%; height: 44px; }
.chip { display: grid; grid-template-columns: 22px minmax(0, 1fr); column-gap: 9px; align-items: center; min-height: 44px; max-width: 272px; padding: 7px 13px 7px 10px; border: 1px solid var(--line-strong); border-radius: 12px; color: var(--ink); font-size: 14px; line-height: 1.35; text-decoration: none; }
.chip svg { grid-row: span 2; color: var(--ink-soft); }
a.chip:hover .file-name { text-decoration: underline; text-underline-offset: 3px; }
p.chip { border-style: dashed; }
.file-name { overflow-wrap: anywhere; unicode-bidi: isolate; font-weight: 550; }
.about, .edited { font-size: 12.5px; color: var(--ink-soft); font-variant-numeric: tabular-nums; }
.tray { list-style: none; display: grid; gap: 6px; margin: 0 0 8px; padding: 0; max-height: 172px; overflow-y: auto; }
.tray li { position: relative; display: flex; align-items: center; gap: 9px; padding-left: 8px; border: 1px solid var(--line); border-radius: 10px; overflow: hidden; font-size: 14px; line-height: 1.3; }
.tray li:is([data-is="failed"], [data-is="refused"]) { border-color: var(--danger); }
.tray li:is([data-is="failed"], [data-is="refused"]) .about { color: var(--danger); }
.tray .icon svg { width: 18px; height: 18px; }
.tray .file-name { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 500; }
.what { flex: 1; min-width: 0; padding-block: 5px; }
.thumb { flex: none; display: grid; place-items: center; width: 34px; height: 34px; border-radius: 7px; background: var(--paper-sunk); color: var(--ink-soft); overflow: hidden; }
.thumb img { width: 100%; height: 100%; object-fit: cover; }
.bar { position: absolute; left: 0; bottom: 0; height: 2px; background: var(--accent-text); }
.panel[data-drop] .composer { background: var(--own); }
.viewer { position: fixed; inset: 0; width: 100%; height: 100%; max-width: none; max-height: none; margin: 0; padding: 0; border: 0; background: rgb(16 14 11 / .92); color: #f4f1eb; overflow: hidden; }
.viewer[open] { display: grid; grid-template-rows: auto minmax(0, 1fr); }
.viewer-bar { display: flex; justify-content: space-between; align-items: center; gap: 12px; padding: 8px 10px 8px 18px; }
.viewer .icon, .keep { color: #f4f1eb; }
.viewer .icon:hover { background: rgb(255 255 255 / .14); }
.viewer :focus-visible { outline-color: #f4f1eb; }
.place { display: grid; place-items: center; min-height: 0; padding: 0 12px 16px; cursor: zoom-out; }
.place img { max-width: 100%; max-height: 100%; min-height: 0; object-fit: contain; }

.latest { position: absolute; right: 14px; bottom: 12px; display: grid; place-items: center; width: 44px; height: 44px; padding: 0; border: 1px solid var(--line); border-radius: 50%; background: var(--paper); color: var(--ink-soft); box-shadow: 0 2px 8px rgb(40 32 20 / .14); }
.sign { display: flex; align-items: center; gap: 9px; padding: 0 16px 9px 34px; font-size: 13px; color: var(--ink-soft); }
.dots { display: inline-flex; gap: 3px; }
.dots i { width: 5px; height: 5px; border-radius: 50%; background: currentColor; animation: breathe 1.2s infinite ease-in-out; }
.dots i:nth-child(2) { animation-delay: .15s; }
.dots i:nth-child(3) { animation-delay: .3s; }
@keyframes breathe { 0%, 60%, 100% { opacity: .25; } 30% { opacity: 1; } }
.notice { padding: 9px 16px; font-size: 13px; line-height: 1.45; background: var(--warn-paper); color: var(--warn); overflow-wrap: anywhere; }

.composer { padding: 10px 12px 12px; border-top: 1px solid var(--line); }
.field { display: flex; align-items: flex-end; gap: 4px; padding: 3px; border: 1px solid var(--line-strong); border-radius: 15px; background: var(--paper); }
.field:focus-within { border-color: var(--accent-text); box-shadow: 0 0 0 1px var(--accent-text); }
textarea { flex: 1; min-width: 0; min-height: 44px; max-height: 132px; padding: 10px 8px 10px 11px; border: 0; background: none; font-size: 16px; line-height: 1.45; resize: none; overflow-wrap: anywhere; }
textarea:focus-visible { outline: none; }
textarea::placeholder { color: var(--ink-soft); opacity: 1; }
.attach { flex: none; display: grid; place-items: center; width: 44px; height: 44px; padding: 0; border: 0; border-radius: 12px; background: none; color: var(--ink-soft); }
.attach:hover { color: var(--ink); background: var(--paper-sunk); }
.field .sr + textarea { padding-left: 2px; }
.send { flex: none; display: grid; place-items: center; width: 44px; height: 44px; padding: 0; border: 0; border-radius: 12px; background: var(--accent); color: var(--accent-ink); }
.send:disabled { background: none; color: var(--ink-soft); cursor: default; }
.limit { padding: 6px 4px 0; font-size: 13px; color: var(--ink-soft); }
.limit:empty { display: none; }
.limit.over { color: var(--danger); }

@media (max-width: 480px) {
  .launcher { bottom: 14px; right: 14px; }
  :host([position="left"]) .launcher { left: 14px; }
  .panel, :host([position="left"]) .panel { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; }
  .panel { padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left); }
  .message[data-author="customer"] { padding-left: 52px; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; }
  .dots i { opacity: .7; }
}
@media (forced-colors: active) {
  .log > div::before, .dots i { background: CanvasText; }
  .person, .choice, .icon, .send, .attach, .launcher { border: 1px solid ButtonBorder; }
}
@media print { :host { display: none; } }
`);

/** The shop's own colour, with ink that can be read on it. An unknown colour keeps ours. */
export function accentSheet(color) {
  const own = new CSSStyleSheet();
  if (color && CSS.supports("color", color)) own.replaceSync(`:host { --brand: ${color}; --brand-ink: ${inkOn(color)}; }`);
  return own;
}

function inkOn(color) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map((level) => {
    const part = level / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.19 ? "#1a1815" : "#fff";
}
