/* Builds elements without ever parsing a string as HTML: data only becomes text nodes and attributes.
 * No `style` attribute either, so a page may forbid inline styles. */

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

const ICONS = {
  chat: "M4 5.5h16v11H10.5L6 20v-3.5H4z M8 9.5h8 M8 12.5h5",
  close: "M6 6l12 12 M18 6L6 18",
  download: "M12 4v11 M7.5 10.5L12 15l4.5-4.5 M5 19.5h14",
  elsewhere: "M13 5h6v6 M19 5l-8.5 8.5 M10 6H5.5v12.5H18V14",
  send: "M12 19.5v-15 M5.5 11L12 4.5l6.5 6.5",
  clip: "M8.5 12.5l5.7-5.7a2.6 2.6 0 0 1 3.7 3.7l-7.6 7.6a4.6 4.6 0 0 1-6.5-6.5l7.4-7.4",
  file: "M7 4h7l4 4v12H7z M14 4v4h4",
  down: "M12 5v13 M6 12.5l6 6 6-6",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Changes text only when it differs: rewriting the same words would make a screen reader say them again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
