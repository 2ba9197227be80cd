// The side panel: a threshold per label over the library's histogram, and the filters.

import { find, h, s } from "./dom.js";
import { collator, toChoice, toLogit } from "./library.js";
import { LABELS, LABEL_NAMES, T, whole } from "./texts.js";

const BARS = 60;
const WIDTH = 240;
const HEIGHT = 44;
const REACH = 6; // The axis is log odds from -6 to 6, as the offered thresholds.

const toPlace = (p) => (p >= 1 ? 1 : (Math.max(-REACH, Math.min(REACH, toLogit(p))) + REACH) / (2 * REACH));

export class ThresholdPanel {
  constructor({ onChange, onRelease }) {
    this.onChange = onChange;
    this.onRelease = onRelease;
    this.rows = new Map();
    this.reset = h("button", { class: "plain small", hidden: true, onclick: () => this.resetAll() }, T.reset);
    const body = LABELS.map((label, k) => this.build(label, k));
    this.note = h("p", { class: "note" });
    find("thresholds").append(h("h2", {}, T.thresholds, this.reset), ...body, this.note);
  }

  build(label, k) {
    const bars = Array.from({ length: BARS }, (_, at) =>
      s("rect", { x: (at * WIDTH) / BARS + 0.5, width: WIDTH / BARS - 1, class: "bar-of" }),
    );
    const mark = s("line", { y1: 0, y2: HEIGHT, class: "mark" });
    const chart = s(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      ...bars,
      mark,
    );
    const slider = h("input", { type: "range", min: 0, step: 1, "aria-label": T.threshold(LABEL_NAMES[label]), id: `threshold-${label}` });
    const count = h("output", { class: "count", for: slider.id });
    const probability = h("span", { class: "faint" });
    const lost = h("span", { class: "lost" });
    const found = h("span", { class: "faint" });
    slider.addEventListener("input", () => {
      this.library.setByHand(label, this.library.limits[label].at[Number(slider.value)]);
      this.onChange();
    });
    // The keys are for the photos again.
    slider.addEventListener("pointerup", () => this.onRelease());
    this.rows.set(label, { k, bars, mark, slider, count, probability, lost, found });
    return h(
      "div",
      { class: "threshold" },
      h("div", { class: "line" }, h("label", { for: slider.id }, LABEL_NAMES[label]), probability, count),
      h("div", { class: "chart" }, chart, slider),
      h("p", {}, lost, found),
    );
  }

  resetAll() {
    for (const label of LABELS) delete this.library.thresholds[label];
    this.onChange();
  }

  take(library) {
    this.library = library;
    for (const [label, row] of this.rows) {
      const bins = new Array(BARS).fill(0);
      for (const { p } of library.photos)
        if (p !== null) bins[Math.min(BARS - 1, Math.floor(toPlace(p[row.k]) * BARS))] += 1;
      // Most photos are far from the threshold: logarithms show the few in the middle too.
      const tallest = Math.log1p(Math.max(1, ...bins));
      bins.forEach((n, at) => {
        const height = n === 0 ? 0 : Math.max(2, (Math.log1p(n) / tallest) * (HEIGHT - 2));
        row.bars[at].setAttribute("y", HEIGHT - height);
        row.bars[at].setAttribute("height", height);
      });
      row.slider.max = library.limits[label].at.length - 1;
    }
    this.note.textContent = T.measured(library.limits, library.origin);
    this.refresh();
  }

  refresh() {
    const { library } = this;
    for (const [label, row] of this.rows) {
      const { at, lost, found, good, bad } = library.limits[label];
      const limit = library.common.limits[row.k];
      const step = nearest(at, limit);
      const count = library.labelCounts[row.k];
      row.slider.value = step;
      row.slider.setAttribute("aria-valuetext", T.thresholdValue(limit, count));
      row.count.textContent = whole(count);
      row.probability.textContent = T.probability(limit);
      row.lost.textContent = T.lost(lost[step], good);
      row.found.textContent = T.found(found[step], label, bad);
      const edge = toPlace(limit);
      const doubt = toPlace(library.common.doubts[row.k]);
      row.mark.setAttribute("x1", edge * WIDTH);
      row.mark.setAttribute("x2", edge * WIDTH);
      row.bars.forEach((bar, bin) => {
        const middle = (bin + 0.5) / BARS;
        bar.classList.toggle("is-bad", middle >= edge);
        bar.classList.toggle("is-unsure", middle < edge && middle >= doubt);
      });
    }
    this.reset.hidden = Object.keys(library.thresholds).length === 0;
  }
}

function nearest(values, value) {
  let best = 0;
  values.forEach((each, at) => {
    if (Math.abs(each - value) < Math.abs(values[best] - value)) best = at;
  });
  return best;
}

export class FilterPanel {
  constructor(view, { onChange, onRelease, onSize, onUndoMove, onScan }) {
    this.view = view;
    this.onChange = onChange;
    this.onRelease = onRelease;
    this.fields = {
      order: this.choose("order"),
      label: this.choose("label"),
      decided: this.choose("decided"),
      camera: this.choose("camera"),
      folder: this.choose("folder"),
    };
    const size = h("input", { type: "range", id: "thumbnail-size", min: 120, max: 360, step: 20, value: view.side });
    size.addEventListener("input", () => onSize(Number(size.value)));
    size.addEventListener("pointerup", () => onRelease());
    const advance = h("input", { type: "checkbox", id: "advance", checked: view.advance });
    advance.addEventListener("change", () => (view.advance = advance.checked));
    this.clear = h("button", { class: "plain small", hidden: true, onclick: () => this.clearAll() }, T.clear);
    find("filters").append(
      h("h2", {}, T.filters, this.clear),
      ...Object.entries(this.fields).map(([name, field]) =>
        h("div", { class: "field" }, h("label", { for: field.id }, T[name]), field),
      ),
      h("div", { class: "field" }, h("label", { for: size.id }, T.thumbnails), size),
      h("div", { class: "check" }, advance, h("label", { for: advance.id }, T.advance)),
      h(
        "div",
        { class: "more" },
        h("button", { class: "plain small", onclick: onScan }, T.rescan),
        h("button", { class: "plain small", onclick: onUndoMove }, T.undoMove),
      ),
    );
  }

  choose(name) {
    const field = h("select", { id: `filter-${name}` });
    // Who chooses by keys goes on choosing; a hand on the mouse has its keys for the photos again.
    let isByHand = false;
    field.addEventListener("pointerdown", () => (isByHand = true));
    field.addEventListener("keydown", () => (isByHand = false));
    field.addEventListener("change", () => {
      this.view[name] = field.value;
      this.onChange();
      if (isByHand) this.onRelease();
    });
    return field;
  }

  clearAll() {
    Object.assign(this.view, { label: "", decided: "", camera: "", folder: "" });
    this.onChange();
  }

  take(library) {
    this.fill("order", Object.entries(T.orders));
    this.fill("label", [["", T.anyLabel], ...LABELS.map((label) => [label, LABEL_NAMES[label]])]);
    this.fill("decided", Object.entries(T.decisions));
    this.fill("camera", [["", T.anyCamera], ...[...library.cameras].sort(collator.compare).map((name) => [toChoice(name), name])]);
    const folders = library.folders.map((name) => [toChoice(name), name === "" ? T.topFolder : name]);
    this.fill("folder", [["", T.anyFolder], ...folders]);
    this.refresh();
  }

  fill(name, options) {
    const field = this.fields[name];
    field.replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
    // The last photos of a camera or folder may have gone.
    if (!options.some(([value]) => value === this.view[name])) this.view[name] = "";
    field.parentElement.hidden = options.length < 2 || (name === "folder" && options.length < 3);
  }

  refresh() {
    for (const [name, field] of Object.entries(this.fields)) field.value = this.view[name];
    const { label, decided, camera, folder } = this.view;
    this.clear.hidden = `${label}${decided}${camera}${folder}` === "";
  }
}
