/* Turns words from anybody into safe nodes: text stays text, addresses become links of four harmless kinds. */

import { h } from "./dom.js";

const SAFE_SCHEMES = new Set(["http:", "https:", "mailto:", "tel:"]);
const ADDRESS = /(?:https?:\/\/|mailto:|tel:|www\.)[^\s<>"']+|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/gi;
const REFERENCE = /\b(C-\d{3}-\d{3}(?:-\d)?)(?![\d-])/;
// Marks that change reading direction could make a name or an address look like another one.
const DIRECTION_MARKS = /[\u202a-\u202e\u2066-\u2069\u200e\u200f]/g;

export function plain(value) {
  return typeof value === "string" ? value.replace(DIRECTION_MARKS, "") : "";
}

/** The address if it is of a kind a customer can follow without harm, else null. `base` resolves relative ones. */
export function safeAddress(candidate, base) {
  try {
    const url = new URL(candidate, base);
    return SAFE_SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function anchor(address, label, attributes = {}) {
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow", ...attributes }, label);
}

export function linkified(text) {
  const nodes = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const shown = withoutTrailingPunctuation(found);
    const address = safeAddress(completed(shown));
    if (!address) continue;
    nodes.push(...unbroken(text.slice(end, index)), anchor(address, shown));
    end = index + shown.length;
  }
  nodes.push(...unbroken(text.slice(end)));
  return nodes.filter((node) => node !== "");
}

/** A case reference is read aloud and copied: it never breaks at its hyphens. */
function unbroken(text) {
  return text.split(REFERENCE).map((part, at) => (at % 2 ? h("span", { class: "ref" }, part) : part));
}

function completed(shown) {
  if (/^www\./i.test(shown)) return `https://${shown}`;
  return /^(?:https?|mailto|tel):/i.test(shown) ? shown : `mailto:${shown}`;
}

function withoutTrailingPunctuation(found) {
  const shown = found.replace(/[.,;:!?\]}]+$/, "");
  return shown.endsWith(")") && !shown.includes("(") ? shown.slice(0, -1) : shown;
}
