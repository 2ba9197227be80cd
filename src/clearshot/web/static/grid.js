// The grid: thousands of photos, of which only those in view have elements.

import { locate } from "./api.js";
import { find, h } from "./dom.js";
import { CHOICE_NAMES, RATING_NAMES, T } from "./texts.js";

const CAPTION_PX = 34;
const GAP_PX = 6;
const SPARE_ROWS = 2;
const FLYING_PX_PER_MS = 6;
const LANDING_MS = 100;

export class Grid {
  constructor({ onOpen, onCursor }) {
    this.element = find("grid");
    this.element.setAttribute("aria-label", T.grid);
    this.sheet = h("div", { class: "sheet", role: "presentation" });
    this.element.append(this.sheet);
    this.photos = [];
    this.selection = new Set();
    this.cursor = 0;
    this.anchor = 0;
    // Whether the photo that was at hand has gone with all that came after it: the cursor is at one before it.
    this.isPast = false;
    this.side = 200;
    this.cells = new Map();
    this.spare = [];
    this.waiting = new Set();
    this.lastTop = 0;
    this.lastTime = 0;
    this.onOpen = onOpen;
    this.onCursor = onCursor;
    this.element.addEventListener("scroll", () => this.scroll(), { passive: true });
    this.element.addEventListener("click", (event) => this.click(event));
    this.element.addEventListener("dblclick", (event) => event.target.closest(".cell") && this.onOpen());
    new ResizeObserver(() => this.measure()).observe(this.element);
  }

  get photo() {
    return this.photos[this.cursor];
  }

  // The photos that a decision is about.
  get chosen() {
    if (this.selection.size > 0) return this.photos.filter((photo) => this.selection.has(photo.id));
    return this.photo ? [this.photo] : [];
  }

  show(library, photos, { keep = false } = {}) {
    const held = keep ? this.hold() : null;
    const before = this.photos.slice(this.cursor);
    const start = this.photos[this.anchor];
    const places = new Map(photos.map((photo, at) => [photo.id, at]));
    this.library = library;
    this.photos = photos;
    // Where the photo at hand has gone, the next one that is left takes its place; a new list starts anew.
    const left = (keep ? before : before.slice(0, 1)).find(({ id }) => places.has(id));
    this.cursor = left ? places.get(left.id) : keep ? Math.min(this.cursor, Math.max(0, photos.length - 1)) : 0;
    if (left !== before[0]) this.isPast = keep && !left;
    // A selection that goes on with Shift goes on from the photo where it began.
    this.anchor = (keep ? places.get(start?.id) : undefined) ?? this.cursor;
    for (const id of this.selection) if (!places.has(id)) this.selection.delete(id);
    this.measure();
    if (held) this.release(held);
    if (!keep) this.reveal();
    this.onCursor();
  }

  // Where the photo at hand lies on the screen: the cursor's, or the first one in view.
  hold() {
    if (!this.row || this.photos.length === 0) return null;
    const { scrollTop, clientHeight } = this.element;
    const placeOf = (at) => Math.floor(at / this.columns) * this.row - scrollTop;
    const isInView = placeOf(this.cursor) > -this.row && placeOf(this.cursor) < clientHeight;
    const at = isInView ? this.cursor : Math.min(this.photos.length - 1, Math.ceil(scrollTop / this.row) * this.columns);
    return { id: this.photos[at].id, place: placeOf(at) };
  }

  // It stays there, whatever has come or gone before it.
  release({ id, place }) {
    const at = this.photos.findIndex((photo) => photo.id === id);
    if (at < 0) return;
    this.element.scrollTop = Math.floor(at / this.columns) * this.row - place;
    this.draw();
  }

  resize(side) {
    const first = this.photos[Math.floor(this.element.scrollTop / this.row || 0) * (this.columns ?? 1)];
    this.side = side;
    this.measure();
    const at = this.photos.indexOf(first);
    if (at > 0) this.element.scrollTop = Math.floor(at / this.columns) * this.row;
  }

  measure() {
    const width = this.element.clientWidth - 2 * GAP_PX;
    if (width <= 0) return;
    this.columns = Math.max(2, Math.floor((width + GAP_PX) / (this.side + GAP_PX)));
    this.cellWidth = Math.floor((width - (this.columns - 1) * GAP_PX) / this.columns);
    this.cellHeight = Math.round(this.cellWidth * 0.75) + CAPTION_PX;
    this.row = this.cellHeight + GAP_PX;
    const rows = Math.ceil(this.photos.length / this.columns);
    this.sheet.style.height = `${rows * this.row + GAP_PX}px`;
    this.draw(true);
  }

  // While the grid flies by nobody can look: pictures are asked for when it slows down.
  scroll() {
    const [top, now] = [this.element.scrollTop, performance.now()];
    const speed = Math.abs(top - this.lastTop) / Math.max(1, now - this.lastTime);
    [this.lastTop, this.lastTime] = [top, now];
    this.isFlying = speed > FLYING_PX_PER_MS;
    clearTimeout(this.landing);
    if (this.isFlying) this.landing = setTimeout(() => this.land(), LANDING_MS);
    this.draw();
    if (!this.isFlying && this.waiting.size > 0) this.land();
  }

  land() {
    this.isFlying = false;
    for (const cell of this.waiting) if (!cell.root.hidden) this.load(cell);
    this.waiting.clear();
  }

  load(cell) {
    const photo = this.library.byId.get(cell.id);
    if (photo?.failure !== null) cell.image.removeAttribute("src");
    else cell.image.src = locate(`/photo/${photo.id}/thumbnail?v=${photo.version}`);
  }

  draw(all = false) {
    if (!this.row) return;
    const top = this.element.scrollTop;
    const first = Math.max(0, Math.floor(top / this.row) - SPARE_ROWS);
    const last = Math.ceil((top + this.element.clientHeight) / this.row) + SPARE_ROWS;
    const from = first * this.columns;
    const to = Math.min(this.photos.length, last * this.columns);
    const wanted = new Map();
    for (let at = from; at < to; at += 1) wanted.set(this.photos[at].id, at);
    for (const [id, cell] of this.cells) {
      if (!wanted.has(id)) {
        this.cells.delete(id);
        cell.root.removeAttribute("id");
        cell.root.classList.remove("cursor", "selected");
        this.spare.push(cell);
      }
    }
    for (const [id, at] of wanted) {
      const held = this.cells.get(id);
      if (held && held.at === at && !all) continue;
      const cell = held ?? this.spare.pop() ?? this.build();
      this.cells.set(id, cell);
      this.put(cell, at);
    }
    for (const cell of this.spare) cell.root.hidden = true;
    this.pointOut();
  }

  // Names the cell of the cursor to those who listen, as long as there is one.
  pointOut() {
    if (this.photo && this.cells.has(this.photo.id)) this.element.setAttribute("aria-activedescendant", `photo-${this.photo.id}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  build() {
    const image = h("img", { alt: "", decoding: "async", draggable: "false" });
    const broken = h("span", { class: "broken" });
    const name = h("span", { class: "name" });
    const verdict = h("span", { class: "verdict" });
    const stars = h("span", { class: "stars" });
    const flag = h("span", { class: "flag" });
    const root = h(
      "div",
      { class: "cell", role: "option" },
      h("div", { class: "frame" }, image, broken, flag),
      h("div", { class: "caption" }, name, stars, verdict),
    );
    image.addEventListener("error", () => root.classList.add("unreadable"));
    image.addEventListener("load", () => root.classList.remove("unreadable"));
    this.sheet.append(root);
    return { root, image, broken, name, verdict, stars, flag, at: -1, id: -1 };
  }

  put(cell, at) {
    const photo = this.photos[at];
    const { root, image } = cell;
    if (cell.width !== this.cellWidth) {
      cell.width = this.cellWidth;
      root.style.width = `${this.cellWidth}px`;
      root.style.height = `${this.cellHeight}px`;
    }
    const column = at % this.columns;
    const row = Math.floor(at / this.columns);
    root.hidden = false;
    root.id = `photo-${photo.id}`;
    root.style.transform = `translate(${GAP_PX + column * (this.cellWidth + GAP_PX)}px, ${GAP_PX + row * this.row}px)`;
    if (cell.id !== photo.id || cell.version !== photo.version) {
      cell.id = photo.id;
      cell.version = photo.version;
      root.classList.toggle("unreadable", photo.failure !== null);
      if (this.isFlying) {
        image.removeAttribute("src");
        this.waiting.add(cell);
      } else {
        this.waiting.delete(cell);
        this.load(cell);
      }
      cell.broken.textContent = photo.failure ?? T.unreadable;
      cell.name.textContent = photo.name;
      cell.name.title = photo.name;
    }
    cell.at = at;
    this.mark(cell, photo);
  }

  mark(cell, photo) {
    const { root } = cell;
    const labels = this.library.labelsOf(photo);
    const words = labels.length ? labels.join(", ") : RATING_NAMES[photo.rating].toLowerCase();
    cell.verdict.textContent = words;
    root.dataset.rating = photo.rating;
    root.dataset.choice = photo.choice ?? "";
    root.dataset.color = photo.color ?? "";
    cell.stars.textContent = "★".repeat(photo.stars);
    cell.flag.textContent = photo.choice ? CHOICE_NAMES[photo.choice] : "";
    root.classList.toggle("cursor", cell.at === this.cursor);
    const isSelected = this.selection.has(photo.id);
    root.classList.toggle("selected", isSelected);
    root.setAttribute("aria-selected", String(isSelected || (this.selection.size === 0 && cell.at === this.cursor)));
    root.setAttribute("aria-setsize", this.photos.length);
    root.setAttribute("aria-posinset", cell.at + 1);
    const marks = [];
    if (photo.choice) marks.push(CHOICE_NAMES[photo.choice].toLowerCase());
    if (photo.stars) marks.push(T.stars(photo.stars));
    if (photo.color) marks.push(photo.color);
    root.setAttribute("aria-label", T.describe(photo.name, words, marks));
  }

  refresh() {
    for (const [id, cell] of this.cells) this.mark(cell, this.library.byId.get(id));
    this.pointOut();
  }

  go(to, { extend = false, center = false } = {}) {
    if (this.photos.length === 0) return;
    this.cursor = Math.max(0, Math.min(this.photos.length - 1, to));
    if (extend) this.extend();
    else {
      this.anchor = this.cursor;
      this.selection.clear();
    }
    this.reveal(center);
    this.refresh();
    this.onCursor();
  }

  extend() {
    const [from, to] = [this.anchor, this.cursor].sort((a, b) => a - b);
    this.selection = new Set(this.photos.slice(from, to + 1).map((photo) => photo.id));
  }

  selectAll() {
    this.selection = new Set(this.photos.map((photo) => photo.id));
    this.refresh();
    this.onCursor();
  }

  selectNone() {
    this.selection.clear();
    this.refresh();
    this.onCursor();
  }

  reveal(center = false) {
    if (!this.row) return;
    const top = Math.floor(this.cursor / this.columns) * this.row;
    const { scrollTop, clientHeight } = this.element;
    if (center) this.element.scrollTop = top - (clientHeight - this.row) / 2;
    else if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.row + GAP_PX > scrollTop + clientHeight)
      this.element.scrollTop = top + this.row + GAP_PX - clientHeight;
    this.draw();
  }

  click(event) {
    const root = event.target.closest(".cell");
    if (!root) return;
    const id = Number(root.id.slice("photo-".length));
    const at = this.photos.findIndex((photo) => photo.id === id);
    if (event.shiftKey) this.go(at, { extend: true });
    else if (event.ctrlKey || event.metaKey) this.toggle(at);
    else {
      const isSecond = this.tapped === id && at === this.cursor && matchMedia("(pointer: coarse)").matches;
      this.tapped = id;
      this.go(at);
      if (isSecond) this.onOpen();
    }
  }

  toggle(at) {
    if (this.selection.size === 0 && this.photo) this.selection.add(this.photo.id);
    const { id } = this.photos[at];
    if (!this.selection.delete(id)) this.selection.add(id);
    this.cursor = at;
    this.anchor = at;
    this.refresh();
    this.onCursor();
  }
}
