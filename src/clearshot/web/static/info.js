// What is known about a photo, in words and a histogram.

import { get } from "./api.js";
import { h, s } from "./dom.js";
import { LABELS, LABEL_NAMES, RATING_NAMES, T, share, shutter, size } from "./texts.js";

const WIDTH = 256;
const HEIGHT = 72;

export class InfoPanel {
  constructor() {
    this.verdict = h("h2", { class: "verdict-title", "aria-live": "polite" });
    this.name = h("p", { class: "file-name", "aria-live": "polite" });
    this.reasons = h("ul", { class: "reasons" });
    this.chances = h("div", { class: "chances" });
    this.light = h("div", { class: "light" });
    this.facts = h("dl", { class: "facts" });
    this.scale = h("div", { class: "scale", hidden: true }, h("span", {}, T.focusScale[0]), h("i", {}), h("span", {}, T.focusScale[1]));
    this.root = h(
      "aside",
      { class: "info" },
      this.verdict,
      this.name,
      this.scale,
      h("h3", {}, T.why),
      this.reasons,
      h("h3", {}, T.chances),
      this.chances,
      h("h3", {}, T.light),
      this.light,
      h("h3", {}, T.file),
      this.facts,
    );
  }

  showScale(isShown) {
    this.scale.hidden = !isShown;
  }

  // What is known before the details have come.
  begin(photo, labels) {
    this.verdict.textContent = labels.map((label) => LABEL_NAMES[label]).join(", ") || RATING_NAMES[photo.rating];
    this.verdict.dataset.rating = photo.rating;
    this.name.textContent = photo.name;
    this.shown = null;
    for (const part of [this.reasons, this.chances, this.light, this.facts]) part.replaceChildren();
  }

  show(photo, details) {
    const words = details.labels.map((label) => LABEL_NAMES[label]);
    this.verdict.textContent = words.join(", ") || RATING_NAMES[details.verdict ?? "failed"];
    this.verdict.dataset.rating = details.verdict ?? "failed";
    this.name.textContent = details.name;
    const reasons = details.error ? [details.error.message] : details.reasons;
    this.reasons.replaceChildren(...reasons.map((reason) => h("li", {}, reason)));
    this.chances.replaceChildren(
      ...LABELS.filter((label) => details[`p_${label}`] !== null).map((label) => chance(label, details[`p_${label}`], details.limits[label], details.doubts[label])),
    );
    this.facts.replaceChildren(...list(photo, details).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
    if (photo.failure === null) this.showLight(photo);
    else this.light.replaceChildren();
  }

  // The details did not come: the verdict stays.
  fail(message) {
    this.reasons.replaceChildren(h("li", {}, message));
  }

  async showLight(photo) {
    this.shown = photo;
    try {
      const histogram = await get(`/photo/${photo.id}/histogram?v=${photo.version}`);
      if (this.shown === photo) this.light.replaceChildren(...drawLight(histogram));
    } catch {
      this.light.replaceChildren();
    }
  }
}

function chance(label, p, limit, doubt) {
  const fill = h("i", { class: p >= limit ? "over" : p >= doubt ? "doubtful" : "" });
  fill.style.width = `${100 * p}%`;
  const mark = (at, name) => {
    const line = h("b", { class: name });
    line.style.left = `${100 * Math.min(1, at)}%`;
    return line;
  };
  const track = h("span", { class: "track", "aria-hidden": "true" }, fill, mark(doubt, "doubt"), mark(limit, "limit"));
  return h("div", { class: "chance" }, h("span", {}, LABEL_NAMES[label]), track, h("span", { class: "percent" }, share(p)));
}

function drawLight(histogram) {
  const path = (heights) => {
    const step = WIDTH / heights.length;
    const points = heights.map((height, at) => `L${((at + 0.5) * step).toFixed(1)} ${(HEIGHT - height * HEIGHT).toFixed(1)}`);
    return `M0 ${HEIGHT}${points.join("")}L${WIDTH} ${HEIGHT}Z`;
  };
  const colors = ["red", "green", "blue"].map((color) => s("path", { d: path(histogram[color]), class: `light-${color}` }));
  const words = `${T.black(histogram.black)}, ${T.white(histogram.white)}`;
  return [
    s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": words }, ...colors),
    h("div", { class: "ends" }, end(histogram.black, T.black, "at-black"), end(histogram.white, T.white, "at-white")),
  ];
}

const end = (part, words, name) => h("span", { class: part >= 0.01 ? `${name} much` : name }, words(part));

function list(photo, details) {
  const { facts } = details;
  const rows = [];
  const add = (name, value) => {
    if (value !== null && value !== undefined) rows.push([T.facts[name], value]);
  };
  add("camera", facts.camera);
  add("lens", facts.lens);
  add("shutter_s", facts.shutter_s && shutter(facts.shutter_s));
  add("aperture", facts.aperture && `f/${Number(facts.aperture.toPrecision(2))}`);
  add("iso", facts.iso);
  add("taken_at", facts.taken_at?.replace("T", " "));
  if (details.sharpest_region) rows.push([T.pixelsName, T.pixels(photo.width, photo.height)]);
  if (details.effective_mp !== null) rows.push([T.detailName, T.detail(details.effective_mp, (photo.width * photo.height) / 1e6)]);
  rows.push([T.sizeName, size(details.bytes)]);
  if (details.companions.length) rows.push([T.companionsName, details.companions.join(", ")]);
  return rows;
}
