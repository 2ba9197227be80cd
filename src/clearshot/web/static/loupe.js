// The loupe: one photo large, or two to four side by side, zoomed together.

import { get, locate, post } from "./api.js";
import { find, h, place, toast } from "./dom.js";
import { InfoPanel } from "./info.js";
import { CHOICE_NAMES, COLORS, T } from "./texts.js";

const DRAG_PX = 4;
const MAX_FIT = 4;
const REST_MS = 80;
const MAX_ASKED = 200;
// The photo is gone, or is not the one that was scanned.
const STALE = [404, 409];

const route = (photo, what) => `/photo/${photo.id}/${what}?v=${photo.version}`;
const address = (photo, what) => locate(route(photo, what));

class Pane {
  constructor(photo) {
    this.photo = photo;
    this.image = h("img", { alt: photo.name, draggable: "false", class: "photo" });
    // The thumbnail is there at once; the large picture takes its place when it has come.
    if (photo.failure === null) this.request("thumbnail");
    // Nothing large is asked for while photos pass by.
    this.isSettled = false;
    this.sharp = null;
    this.overlay = null;
    this.frame = h("div", { class: "sharpest", hidden: true }, h("span", {}, T.sharpest));
    this.holder = h("div", { class: "holder" }, this.image, this.frame);
    this.broken = h("p", { class: "broken" }, photo.failure ?? T.unreadable);
    this.caption = h("div", { class: "pane-name" });
    this.root = h(
      "div",
      { class: "pane" },
      this.holder,
      this.broken,
      this.caption,
    );
    this.root.classList.toggle("unreadable", photo.failure !== null);
  }

  // The photo itself: where it does not come, the reason stands in its place.
  request(what) {
    this.image.onload = () => this.root.classList.remove("unreadable");
    this.image.onerror = async () => {
      this.root.classList.add("unreadable");
      this.broken.textContent = (await this.findReason(what)).message;
    };
    this.image.src = address(this.photo, what);
  }

  // What lies over the photo: where it does not come, the photo stays in view unless it is another one by now.
  lay(image, what) {
    image.onerror = async () => {
      image.hasFailed = true;
      image.remove();
      const { status, message } = await this.findReason(what);
      if (STALE.includes(status)) {
        this.root.classList.add("unreadable");
        this.broken.textContent = message;
      } else if (this.root.isConnected) toast(message);
    };
    image.src = address(this.photo, what);
  }

  // An image does not tell why it has not come: the server is asked again for that.
  async findReason(what) {
    try {
      await get(route(this.photo, what));
      return new Error(T.unreadable);
    } catch (error) {
      return error;
    }
  }

  get box() {
    return { width: this.root.clientWidth, height: this.root.clientHeight };
  }

  // Fitted; beyond, the next whole number of screen pixels for each of the photo's.
  get scales() {
    const { width, height } = this.box;
    const dot = 1 / devicePixelRatio;
    const fit = Math.min(width / this.photo.width, height / this.photo.height, MAX_FIT * dot);
    let steps = 1;
    while (steps * dot < fit * 1.1) steps += 1;
    return { fit, full: steps * dot, steps };
  }

  show(view) {
    const { width, height } = this.box;
    const { fit, full, steps } = this.scales;
    const scale = view.isFull ? full : fit;
    const [w, v] = [this.photo.width * scale, this.photo.height * scale];
    const put = (middle, size, room) =>
      size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, room / 2 - middle * size));
    place(this.holder, put(view.x, w, width), put(view.y, v, height), w, v);
    this.holder.classList.toggle("pixels", view.isFull && steps > 1);
    if (this.photo.failure !== null) return;
    this.showFull(view.isFull);
    this.showOverlay(view.isFocus);
  }

  settle() {
    this.isSettled = true;
    if (this.photo.failure === null) this.request("large");
  }

  // What has not come is asked for once more when it is turned on again.
  showFull(isShown) {
    if (!isShown && this.sharp?.hasFailed) this.sharp = null;
    if (!isShown || !this.isSettled || this.sharp !== null) return;
    const sharp = h("img", { alt: "", draggable: "false", class: "photo full" });
    sharp.addEventListener("load", () => this.image.after(sharp));
    this.lay(sharp, "original");
    this.sharp = sharp;
  }

  showOverlay(isShown) {
    if (!isShown && this.overlay?.hasFailed) this.overlay = null;
    if (isShown && this.overlay === null) {
      this.overlay = h("img", { alt: "", class: "overlay", draggable: "false" });
      this.lay(this.overlay, "focus");
      this.frame.before(this.overlay);
    }
    if (this.overlay !== null) this.overlay.hidden = !isShown;
    this.frame.hidden = !isShown || !this.region;
  }

  takeDetails(details) {
    this.region = details.sharpest_region;
    if (this.region) {
      const [x, y, w, v] = this.region;
      const { style } = this.frame;
      style.left = `${(100 * x) / this.photo.width}%`;
      style.top = `${(100 * y) / this.photo.height}%`;
      style.width = `${(100 * w) / this.photo.width}%`;
      style.height = `${(100 * v) / this.photo.height}%`;
      // The label stays inside the photo.
      this.frame.classList.toggle("at-right", x + w / 2 > this.photo.width / 2);
      this.frame.classList.toggle("at-bottom", y + v / 2 > this.photo.height / 2);
    }
  }
}

export class Loupe {
  constructor({ onDecide, onMove, onClose, onCompare, onUndo }) {
    this.root = find("loupe");
    this.root.setAttribute("aria-label", T.loupe);
    this.root.tabIndex = -1;
    // A button that was clicked gives the keys back: Space goes on, it does not click again.
    this.root.addEventListener("click", (event) => {
      if (event.detail > 0 && event.target.closest("button")) this.root.focus({ preventScroll: true });
    });
    this.onDecide = onDecide;
    this.onMove = onMove;
    this.panes = [];
    this.active = 0;
    // At 100 % without a place that somebody chose, the sharpest region is shown once it is known.
    this.view = { isFull: false, isFocus: false, isFree: true, x: 0.5, y: 0.5 };
    this.asked = new Map();
    this.preloaded = [];
    this.stage = h("div", { class: "stage" });
    this.info = new InfoPanel();
    this.position = h("span", { class: "position" });
    this.buttons = this.buildButtons();
    this.root.append(
      h(
        "div",
        { class: "loupe-bar" },
        h("button", { class: "plain", onclick: onClose, "aria-label": T.back, title: T.back }, "←"),
        this.position,
        h("span", { class: "space" }),
        h("button", { class: "plain undo", onclick: onUndo, "aria-label": T.undoDecision, title: `${T.undoDecision} (Ctrl Z)` }, "↶"),
        this.tool(T.zoom, "Z", () => this.zoom(), T.zoomHint),
        this.tool(T.focus, "F", () => this.toggleFocus()),
        this.tool(T.compare, "C", onCompare, T.compareHint),
      ),
      this.stage,
      this.info.root,
      h(
        "div",
        { class: "decide" },
        h("button", { class: "plain step", onclick: () => onMove(-1), "aria-label": T.previous }, "‹"),
        ...this.buttons.all,
        h("button", { class: "plain step", onclick: () => onMove(1), "aria-label": T.next }, "›"),
      ),
    );
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.stage);
  }

  get isOpen() {
    return !this.root.hidden;
  }

  get photo() {
    return this.panes[this.active]?.photo;
  }

  get isComparing() {
    return this.panes.length > 1;
  }

  tool(text, key, act, hint = text) {
    return h("button", { class: "plain tool", onclick: act, title: `${hint} (${key})`, "aria-keyshortcuts": key, "aria-pressed": "false" }, text);
  }

  buildButtons() {
    const choice = (value, text, key) =>
      h("button", { class: `choice ${value ?? "none"}`, onclick: () => this.onDecide("choice", value), "aria-pressed": "false", "aria-keyshortcuts": key }, text, h("kbd", {}, key));
    const choices = { keep: choice("keep", T.keep, "P"), reject: choice("reject", T.reject, "X"), none: choice(null, T.undecide, "U") };
    const stars = [1, 2, 3, 4, 5].map((n) =>
      h("button", { class: "star", onclick: () => this.onDecide("stars", this.photo.stars === n ? 0 : n), "aria-label": T.giveStars(n), "aria-pressed": "false" }, "★"),
    );
    const colors = COLORS.map((color) =>
      h("button", { class: "swatch", "data-color": color, onclick: () => this.onDecide("color", this.photo.color === color ? null : color), "aria-label": T.colors[color], title: T.colors[color], "aria-pressed": "false" }),
    );
    const all = [...Object.values(choices), h("span", { class: "group" }, ...stars), h("span", { class: "group" }, ...colors)];
    return { choices, stars, colors, all };
  }

  open(photos, { thresholds, labelsOf, at, of, neighbours }) {
    this.thresholds = thresholds;
    this.labelsOf = labelsOf;
    const same = photos.length === this.panes.length && photos.every((photo, k) => this.panes[k].photo.id === photo.id);
    if (this.root.hidden) {
      this.root.hidden = false;
      this.setBehind(true);
      this.root.focus({ preventScroll: true });
    }
    this.position.textContent = photos.length > 1 ? T.compare : T.position(at + 1, of);
    if (!same) {
      this.panes = photos.map((photo, k) => this.build(photo, k));
      this.active = 0;
      if (!this.isComparing) Object.assign(this.view, { isFree: true, x: 0.5, y: 0.5 });
      this.info.begin(this.photo, labelsOf(this.photo));
      this.stage.replaceChildren(...this.panes.map((pane) => pane.root));
      this.stage.dataset.panes = photos.length;
      // In a small window somebody may have gone down to the facts of the last one.
      this.root.scrollTop = 0;
    }
    this.draw();
    this.refresh();
    // Who holds an arrow down passes by: the server draws for those who stay.
    clearTimeout(this.resting);
    const isReady = this.preloaded.some((image) => image.complete && image.photo === photos[0]);
    this.resting = setTimeout(() => this.settle(neighbours ?? []), isReady ? 0 : REST_MS);
  }

  build(photo, k) {
    const pane = new Pane(photo);
    pane.root.addEventListener("pointerdown", () => this.activate(k));
    return pane;
  }

  settle(neighbours) {
    for (const pane of this.panes) {
      pane.settle();
      this.load(pane);
    }
    this.draw();
    this.preload(neighbours);
  }

  async load(pane) {
    const isActive = () => pane === this.panes[this.active];
    try {
      const details = await this.ask(pane.photo);
      pane.takeDetails(details);
      pane.details = details;
      if (isActive()) this.info.show(pane.photo, details);
      if (isActive() && this.view.isFull && this.view.isFree) this.aim(pane);
      this.draw();
    } catch (error) {
      if (isActive()) this.info.fail(error.message);
    }
  }

  // Each photo is asked about once, as long as it and the thresholds stay what they are.
  ask(photo) {
    const key = `${photo.id} ${photo.version} ${JSON.stringify(this.thresholds)}`;
    if (!this.asked.has(key)) {
      if (this.asked.size >= MAX_ASKED) this.asked.clear();
      const answer = post(`/api/photo/${photo.id}`, this.thresholds);
      answer.catch(() => this.asked.delete(key));
      this.asked.set(key, answer);
    }
    return this.asked.get(key);
  }

  // What comes next is there when it is wanted: the picture, and at 100 % the next one's pixels.
  preload(photos) {
    const pictures = photos.filter((photo) => photo.failure === null);
    this.preloaded = pictures.map((photo) => preload(photo, "large"));
    if (this.view.isFull) this.preloaded.push(...pictures.slice(0, 1).map((photo) => preload(photo, "original")));
    for (const photo of photos) this.ask(photo).catch(() => {}); // Asked again when it is shown.
  }

  // After a scan or a move: the same photos, as they are now.
  renew(byId) {
    this.asked.clear();
    this.panes.forEach((pane, k) => {
      const photo = byId.get(pane.photo.id) ?? pane.photo;
      if (photo.version === pane.photo.version && photo.failure === pane.photo.failure) pane.photo = photo;
      else this.replace(k, photo);
    });
    this.refresh();
  }

  // Another picture by the same name: its size, its verdict and what lies over it are others too.
  replace(k, photo) {
    const pane = this.build(photo, k);
    this.panes[k].root.replaceWith(pane.root);
    this.panes[k] = pane;
    if (k === this.active) this.info.begin(photo, this.labelsOf(photo));
    pane.settle();
    this.load(pane);
    this.draw();
  }

  // What lies behind the loupe is neither reached by Tab nor read aloud.
  setBehind(isBehind) {
    for (const element of document.querySelectorAll(".bar, .layout")) element.inert = isBehind;
  }

  close() {
    clearTimeout(this.resting);
    this.root.hidden = true;
    this.setBehind(false);
    this.panes = [];
    this.stage.replaceChildren();
    this.preloaded = [];
    Object.assign(this.view, { isFull: false, isFree: true, x: 0.5, y: 0.5 });
  }

  activate(k) {
    if (k === this.active || k >= this.panes.length) return;
    this.active = k;
    this.refresh();
    const pane = this.panes[k];
    if (pane.details) this.info.show(pane.photo, pane.details);
    else this.info.begin(pane.photo, this.labelsOf(pane.photo));
  }

  draw() {
    for (const pane of this.panes) pane.show(this.view);
    const [zoom, focus, compare] = this.root.querySelectorAll(".tool");
    compare.setAttribute("aria-pressed", String(this.isComparing));
    zoom.setAttribute("aria-pressed", String(this.view.isFull));
    focus.setAttribute("aria-pressed", String(this.view.isFocus));
    const pane = this.panes[this.active];
    // What could not be read has no size to fit.
    const steps = pane?.photo.failure === null ? pane.scales.steps : 1;
    zoom.textContent = `${100 * steps} %`;
    this.root.classList.toggle("is-full", this.view.isFull);
    this.root.classList.toggle("is-focus", this.view.isFocus);
    this.info.showScale(this.view.isFocus);
  }

  refresh() {
    const { photo, buttons } = this;
    if (!photo) return;
    const choice = photo.choice ?? "none";
    for (const [value, button] of Object.entries(buttons.choices)) button.setAttribute("aria-pressed", String(value === choice));
    buttons.stars.forEach((button, k) => button.setAttribute("aria-pressed", String(k < photo.stars)));
    buttons.colors.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.color === photo.color)));
    this.panes.forEach((pane, k) => {
      pane.root.classList.toggle("active", this.isComparing && k === this.active);
      pane.root.dataset.choice = pane.photo.choice ?? "";
      const mark = pane.photo.choice ? ` · ${CHOICE_NAMES[pane.photo.choice]}` : "";
      pane.caption.textContent = this.isComparing ? `${pane.photo.name}${mark}` : "";
    });
  }

  zoom(point = null) {
    const { view } = this;
    view.isFull = !view.isFull;
    view.isFree = point === null;
    if (view.isFull && point) [view.x, view.y] = point;
    else if (view.isFull) this.aim(this.panes[this.active]);
    this.draw();
  }

  // At the sharpest region, as soon as it is known.
  aim(pane) {
    if (!pane?.region) return;
    const [x, y, w, v] = pane.region;
    this.view.x = (x + w / 2) / pane.photo.width;
    this.view.y = (y + v / 2) / pane.photo.height;
  }

  toggleFocus() {
    this.view.isFocus = !this.view.isFocus;
    this.draw();
  }

  listen() {
    let start = null;
    this.stage.addEventListener("pointerdown", (event) => {
      const pane = this.panes.find((each) => each.root.contains(event.target));
      if (!pane || event.button !== 0) return;
      start = { x: event.clientX, y: event.clientY, at: { ...this.view }, pane, isDrag: false };
      this.stage.setPointerCapture(event.pointerId);
    });
    this.stage.addEventListener("pointermove", (event) => {
      if (!start) return;
      const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
      start.isDrag ||= Math.hypot(dx, dy) > DRAG_PX;
      if (!start.isDrag || !this.view.isFull) return;
      this.view.isFree = false;
      const { full } = start.pane.scales;
      const { width, height } = start.pane.photo;
      this.view.x = clamp(start.at.x - dx / (width * full));
      this.view.y = clamp(start.at.y - dy / (height * full));
      this.draw();
    });
    this.stage.addEventListener("pointerup", (event) => {
      const from = start;
      start = null;
      if (!from) return;
      const dx = event.clientX - from.x;
      if (from.isDrag) {
        const isSwipe = event.pointerType === "touch" && !this.view.isFull && Math.abs(dx) > 60;
        if (isSwipe) this.onMove(dx < 0 ? 1 : -1);
        return;
      }
      const box = from.pane.holder.getBoundingClientRect();
      this.zoom([clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height)]);
    });
    this.stage.addEventListener("pointercancel", () => (start = null));
  }
}

function preload(photo, what) {
  const image = new Image();
  image.photo = photo;
  image.src = address(photo, what);
  return image;
}

const clamp = (share) => Math.max(0, Math.min(1, share));
