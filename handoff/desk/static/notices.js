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
  return event.agent_id ? event.agent_id === agent : teams.split(" ").includes(event.team);
}

function notice(event) {
  if (!concernsMe(event)) return;
  const text = event.agent_id ? "A customer is waiting for you" : "A customer is waiting for your team";
  const href = `/desk/c/${event.conversation_id}?queue=nobody`;
  tell(text, { href });
  document.title = `● ${document.title.replace(/^● /, "")}`;
  if (!isOn()) return;
  beep();
  if (document.visibilityState !== "visible" && window.Notification?.permission === "granted") {
    const shown = new Notification("Tellonce", { body: text, tag: event.handover_id });
    shown.onclick = () => {
      window.focus();
      location.href = href;
    };
  }
}

export function startNotices() {
  draw();
  onEvent("HandoverOffered", notice);
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
