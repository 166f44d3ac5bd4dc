/* Every sentence the widget says by itself. Plain words; the hub and the assistant say the rest. */

export const TEXT_LIMIT = 4000;

export const WORDS = {
  open: "Chat with us",
  close: "Close chat",
  conversation: "Conversation",
  download: "Download this conversation",
  downloadFailed: "The conversation could not be downloaded just now.",
  write: "Write a message",
  send: "Send",
  latest: "Show the newest message",
  picture: "Open the picture",
  attach: "Add pictures or files",
  filesToSend: "Files to send",
  remove: "Remove",
  added: "added",
  tryAgain: "Try again",
  waitingForLine: "Waiting for the connection…",
  emptyFile: "This file is empty.",
  uploadFailed: "It could not be sent.",
  filesFirst: "This goes as soon as your files are there.",
  look: "Show larger",
  keep: "Save the picture",
  closePicture: "Close the picture",
  edited: "Edited",
  customer: "You",
  assistant: "Assistant",
  agent: "Our team",
  greeting: "What can we sort out?",
  promise: "Tell it once. Whoever helps you next, assistant or person, can read it here.",
  person: "Talk to a person",
  asking: "Asking for a person…",
  askAgain: "Not sent. Ask again",
  stopWaiting: "Stop waiting",
  waitingShort: "Waiting",
  connecting: "Connecting…",
  again: "The connection was lost. Connecting again…",
  away: "Chat is not available right now. What you write is kept here and sent when it is back.",
  awayShort: "Chat is not available right now",
  elsewhere: "Continue on Telegram",
  openElsewhere: "Open Telegram",
  wayThere: "Go on in Telegram where you are here; nothing has to be said again. The link works once, for 15 minutes.",
  wayByCode: "Is the chat there open already? Then paste this code into it:",
  code: "Code for Telegram",
  copy: "Copy",
  copied: "Copied",
  closeWay: "Close",
  signInAgain: "You are signed out here. Sign in again to see your conversation.",
  sending: "Sending…",
  sent: "Sent",
  delivered: "Delivered",
  failed: "Not sent. Tap to try again",
  notSent: "Your message was not sent.",
};

export const tooLong = (length) =>
  `A message can have ${TEXT_LIMIT.toLocaleString("en")} characters; this one has ${length.toLocaleString("en")}. Please shorten it or send it in two parts.`;
export const tooLarge = (bytes) => `Larger than ${size(bytes)}, the most we can take.`;
export const tooMany = (most) => `${most} files is the most for one message.`;
export const percent = (done) => `Sending, ${Math.floor(done * 100)} %`;
export const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** Why a file cannot be opened. */
export function fileState({ state, reason }) {
  if (state === "sending") return WORDS.sending;
  return state === "awaited" ? "On its way…" : reason || "This file did not reach us.";
}

/** What is said aloud of files without words. */
export function spoken(files) {
  const pictures = files.every(({ kind }) => kind === "image");
  if (files.length === 1) return pictures ? "A picture" : files[0].name;
  return `${files.length} ${pictures ? "pictures" : "files"}`;
}

export const typing = (name) => `${name || WORDS.agent} is typing`;
export const working = (name) => `${name || WORDS.assistant} is still working on it`;
export const talkingTo = (name) => `Talking to ${name || "a person"}`;
export const unread = (count) => `${count} unread ${count === 1 ? "message" : "messages"}`;

export function switchWords({ kind, name }, isReturn) {
  if (kind === "agent") {
    const agent = name || WORDS.agent;
    return { text: `${agent} is here`, note: `${agent} can read everything above. No need to say it again.` };
  }
  const assistant = name ? `${name}, the assistant,` : "The assistant";
  return { text: `${assistant} is ${isReturn ? "back" : "here"}`, note: null };
}

/** The line under the header: who holds the floor, as one sentence. */
export function floorLine({ floor, who, queue }) {
  if (floor === "queue") return queueLine(queue);
  if (floor === "agent") return "Can read everything above.";
  if (floor === "closed") return "This conversation is closed. Write to open it again.";
  return `${who?.name || "This"} is an automated assistant.`;
}

function queueLine(queue) {
  if (!queue || !Number.isInteger(queue.position) || queue.position < 1) return "You are in line. You can keep writing.";
  if (queue.is_staffed === false) return "Nobody is at the desk this minute. Your place is kept.";
  const place = queue.position === 1 ? "You are next in line" : `You are ${ordinal(queue.position)} in line`;
  const range = waitRange(queue.wait_s);
  return range ? `${place}, ${range}.` : `${place}.`;
}

export function waitRange(wait) {
  if (!wait || !Number.isFinite(wait.high)) return "";
  const low = Math.max(1, Math.floor((wait.low || 0) / 60));
  const high = Math.ceil(wait.high / 60);
  if (high <= 1) return "about a minute";
  if (high >= 120) return `about ${Math.max(1, Math.floor(low / 60))} to ${Math.ceil(high / 60)} hours`;
  return low >= high ? `about ${high} minutes` : `about ${low} to ${high} minutes`;
}

function ordinal(number) {
  const rule = new Intl.PluralRules("en", { type: "ordinal" }).select(number);
  return `${number}${{ one: "st", two: "nd", few: "rd", other: "th" }[rule]}`;
}

export function clock(at) {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? "" : time.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}

export function day(at) {
  const date = new Date(at);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return "Today";
  return days === 1 ? "Yesterday" : date.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}
