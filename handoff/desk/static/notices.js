// A new handover is heard and seen, also in another tab. One switch silences both.
import { onEvent } from "./live.js";
import { $, tell } from "./page.js";

const KEY = "tellonce-sound";
const isOn = () => localStorage.getItem(KEY) !== "off";
let audio = null;

function beep() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") return;
  for (const [at, pitch] of [[0, 660], [0.14, 880]]) {
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.0001, audio.currentTime + at);
    loudness.gain.exponentialRampToValueAtTime(0.12, audio.currentTime + at + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + at + 0.16);
    tone.connect(loudness).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.18);
  }
}

function draw() {
  $("#sound-switch")?.setAttribute("aria-pressed", isOn());
}

function concernsMe(event) {
  const { agent, teams } = document.body.dataset;
  if (event.agent_ids) return event.agent_ids.includes(agent);
  return event.agent_id ? event.agent_id === agent : teams.split(" ").includes(event.team);
}

function notice(event) {
  const text = event.agent_id ? "A customer is waiting for you" : "A customer is waiting for your team";
  call(event, text, `/desk/c/${event.conversation_id}?queue=nobody`, event.handover_id);
}

function escalated(event) {
  const text = `${event.by} escalated ${event.ref} to ${event.agent_id ? "you" : "your team"}`;
  call(event, text, `/desk/cases/${event.ref}`, event.ref);
}

function asked(event) {
  call(event, `${event.by} asks for an exception: ${event.label}`, `/desk/cases/${event.ref}`, event.ref);
}

function clockRang(event) {
  const what = { first_reply: "The first reply", next_reply: "The next reply", resolution: "The solution" }[event.clock];
  const text = event.is_breached ? `${what} for ${event.ref} is late` : `${what} for ${event.ref} is due soon`;
  const whose = { ...event, agent_ids: event.agent_ids.length ? event.agent_ids : null };
  call(whose, text, `/desk/cases/${event.ref}`, event.ref);
}

function call(event, text, href, tag) {
  if (!concernsMe(event)) return;
  tell(text, { href });
  document.title = `● ${document.title.replace(/^● /, "")}`;
  if (!isOn()) return;
  beep();
  if (document.visibilityState !== "visible" && window.Notification?.permission === "granted") {
    const shown = new Notification("Tellonce", { body: text, tag });
    shown.onclick = () => {
      window.focus();
      location.href = href;
    };
  }
}

export function startNotices() {
  draw();
  onEvent("HandoverOffered", notice);
  onEvent("CaseEscalated", escalated);
  onEvent("ExceptionAsked", asked);
  onEvent("ClockRang", clockRang);
  document.addEventListener("click", (event) => {
    // Browsers allow sound only after a first gesture.
    audio ??= isOn() ? new AudioContext() : null;
    audio?.resume();
    if (!event.target.closest("#sound-switch")) return;
    localStorage.setItem(KEY, isOn() ? "off" : "on");
    draw();
    if (isOn()) {
      beep();
      if (window.Notification?.permission === "default") window.Notification.requestPermission();
    }
  });
  document.addEventListener("visibilitychange", () => {
    document.title = document.title.replace(/^● /, "");
  });
}
