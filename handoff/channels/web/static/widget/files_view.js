/* Files under a message: pictures small and opened large, films and sounds played in place, everything else by name.
 * What is not here is said in words. A file that is shown is never drawn again, only its address is renewed. */

import { h, icon } from "./dom.js";
import { safeAddress } from "./text.js";
import { WORDS, fileState, size } from "./words.js";

export class FilesView {
  node = h("div", { class: "files", hidden: true });
  #on;
  #shown = new Map();

  /** `on`: base (address for relative links), look(file) opens a picture. */
  constructor(on) {
    this.#on = on;
  }

  update(files) {
    this.node.hidden = files.length === 0;
    const keys = new Set(files.map(keyOf));
    for (const [key, view] of this.#shown) if (!keys.has(key)) this.#drop(key, view);
    files.forEach((file, at) => {
      const view = this.#shown.get(keyOf(file)) ?? this.#build(file);
      if (this.node.children[at] !== view.node) this.node.insertBefore(view.node, this.node.children[at] ?? null);
      view.renew(safeAddress(file.url ?? "", this.#on.base));
    });
  }

  #drop(key, { node }) {
    node.remove();
    this.#shown.delete(key);
  }

  #build(file) {
    const address = file.url && safeAddress(file.url, this.#on.base);
    const view = address ? (BUILT[file.kind] ?? chip)(file, address, this.#on) : absent(file);
    this.#shown.set(keyOf(file), view);
    return view;
  }
}

const keyOf = ({ id, state }) => `${id} ${state}`;
const BUILT = { image: picture, video: (file, address) => player("video", file, address), audio: (file, address) => player("audio", file, address) };

/** A page whose policy forbids our pictures, or an address that ended, leaves the name and a way to keep the file. */
function orChip(build) {
  const box = h("div", { class: "file" });
  const view = { node: box, renew: (address) => view.inner.renew(address) };
  view.fail = (file, address) => {
    view.inner = chip(file, address);
    box.replaceChildren(view.inner.node);
  };
  view.inner = build(view);
  box.append(view.inner.node);
  return view;
}

function picture(file, address, on) {
  return orChip((view) => {
    let now = address;
    const image = h("img", { src: address, alt: "", loading: "lazy", decoding: "async", error: () => view.fail(file, now) });
    const node = h("button", { type: "button", class: "picture", "aria-label": `${WORDS.look}: ${file.name}`, click: () => on.look({ ...file, address: now }) }, image);
    return { node, renew: (fresh) => (now = fresh ?? now) };
  });
}

function player(tag, file, address) {
  return orChip((view) => {
    let now = address;
    const node = h(tag, { src: address, controls: true, preload: "metadata", playsinline: true, "aria-label": file.name, error: () => view.fail(file, now) });
    const renew = (fresh) => {
      if (fresh && fresh !== now && node.paused && !node.currentTime) node.src = fresh;
      now = fresh ?? now;
    };
    return { node, renew };
  });
}

function chip(file, address) {
  const link = h("a", { class: "chip", href: address, download: file.name, target: "_blank", rel: "noopener noreferrer" },
    icon("file"), h("span", { class: "file-name", dir: "auto" }, file.name), h("span", { class: "about" }, size(file.size_bytes)));
  return { node: link, renew: (fresh) => fresh && link.setAttribute("href", fresh) };
}

function absent(file) {
  const node = h("p", { class: "chip", "data-is": file.state }, icon("file"), h("span", { class: "file-name", dir: "auto" }, file.name), h("span", { class: "about" }, fileState(file)));
  return { node, renew() {} };
}

/** One picture, large, over everything; Escape or a press beside it closes it and goes back to where one was. */
export class Viewer {
  constructor() {
    this.place = h("div", { class: "place" });
    this.keep = h("a", { class: "keep", target: "_blank", rel: "noopener noreferrer" }, WORDS.keep);
    const close = h("button", { type: "button", class: "icon", "aria-label": WORDS.closePicture, click: () => this.node.close() }, icon("close"));
    this.node = h("dialog", { class: "viewer", click: (event) => [this.node, this.place].includes(event.target) && this.node.close(), close: () => this.place.replaceChildren() },
      h("div", { class: "viewer-bar" }, this.keep, close), this.place);
  }

  show({ name, address }) {
    this.place.replaceChildren(h("img", { src: address, alt: name }));
    this.keep.href = address;
    this.keep.download = name;
    this.node.setAttribute("aria-label", name);
    this.node.showModal();
  }
}
