// The photos in memory: verdicts from probabilities and thresholds, filters, order, counts.

import { LABELS } from "./texts.js";

export const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

const UNDECIDED = { choice: null, stars: 0, color: null };

// The value of a filter for a camera or folder, by name: "" is a name too.
export const toChoice = (name) => `=${name}`;

const indexOf = (names, choice) => names.findIndex((name) => toChoice(name) === choice);

export const toLogit = (p) => Math.log(p / (1 - p));

export class Library {
  constructor(document_, thresholds = null) {
    // Those set by hand; for the other labels those of the library hold.
    this.thresholds = thresholds ?? {};
    this.take(document_);
  }

  take(document_) {
    const columns = document_.photos;
    const names = Object.keys(columns);
    this.revision = document_.revision;
    this.folder = document_.library;
    this.target = document_.target;
    this.folders = document_.folders;
    this.cameras = document_.cameras;
    this.unsure = document_.unsure;
    this.limits = document_.limits;
    this.origin = document_.origin;
    this.usual = document_.thresholds;
    this.rules = document_.rules;
    this.cameraRules = new Map(document_.rules.cameras);
    // While most photos are still to come: how many there are of each kind.
    this.told = document_.counts ?? null;
    this.photos = columns.id.map((_, row) => {
      const photo = {};
      for (const name of names) photo[name] = columns[name][row];
      Object.assign(photo, document_.changed[photo.id] ?? UNDECIDED);
      photo.worst = photo.p === null ? -1 : Math.max(...photo.p);
      return photo;
    });
    this.ordered = new Map();
    this.byId = new Map(this.photos.map((photo) => [photo.id, photo]));
    this.judge();
  }

  // The rule of `clearshot.scoring.verdict.rate`, for each photo and label.
  judge() {
    this.common = this.settle(this.rules.common);
    const rules = this.cameras.map((name) => (this.cameraRules.has(name) ? this.settle(this.cameraRules.get(name)) : this.common));
    this.counts = { all: this.photos.length, bad: 0, unsure: 0, good: 0, failed: 0 };
    this.labelCounts = [0, 0, 0];
    this.toMove = 0;
    for (const photo of this.photos) {
      photo.labels = 0;
      let rating = "failed";
      const { limits, doubts } = rules[photo.camera] ?? this.common;
      if (photo.p !== null) {
        rating = "good";
        for (let k = 0; k < 3; k += 1) {
          if (photo.p[k] >= limits[k]) {
            photo.labels |= 1 << k;
            this.labelCounts[k] += 1;
            rating = "bad";
          } else if (rating === "good" && photo.p[k] >= doubts[k]) rating = "unsure";
        }
      }
      photo.rating = rating;
      this.counts[rating] += 1;
    }
    if (this.told !== null) {
      const { labels, ...counts } = this.told;
      [this.counts, this.labelCounts] = [counts, labels];
    }
    this.countMoves();
  }

  get isPart() {
    return this.told !== null;
  }

  // A threshold set by hand holds for every camera, as `clearshot.scoring.wishes.set_by_hand` says.
  settle({ limits, doubts }) {
    const byHand = LABELS.map((label) => this.thresholds[label]);
    return {
      limits: limits.map((limit, k) => byHand[k] ?? limit),
      doubts: doubts.map((doubt, k) => (byHand[k] === undefined ? doubt : byHand[k] * this.unsure)),
    };
  }

  setByHand(label, limit) {
    if (limit === this.usual[label]) delete this.thresholds[label];
    else this.thresholds[label] = limit;
  }

  countMoves() {
    this.toMove = 0;
    for (const photo of this.photos) this.toMove += goes(photo);
  }

  labelsOf(photo) {
    return LABELS.map((label, k) => [label, k])
      .filter(([, k]) => photo.labels & (1 << k))
      .sort(([, a], [, b]) => photo.p[b] - photo.p[a])
      .map(([label]) => label);
  }

  decide(id, { choice, stars, color }) {
    const photo = this.byId.get(id);
    if (!photo) return;
    this.toMove -= goes(photo);
    Object.assign(photo, { choice, stars, color });
    this.toMove += goes(photo);
  }

  // Those in `kept` are not asked what was decided about them.
  select(view, kept = new Set()) {
    const camera = indexOf(this.cameras, view.camera);
    const folder = indexOf(this.folders, view.folder);
    const bit = view.label === "" ? 0 : 1 << LABELS.indexOf(view.label);
    return this.inOrder(view.order, view.label).filter(
      (photo) =>
        (view.tab === "all" || photo.rating === view.tab) &&
        (bit === 0 || (photo.labels & bit) !== 0) &&
        (view.folder === "" || photo.folder === folder) &&
        (view.camera === "" || photo.camera === camera) &&
        (kept.has(photo.id) || fitsDecision(photo, view.decided)),
    );
  }

  // Sorted once: neither thresholds nor decisions change an order.
  inOrder(name, label) {
    const key = `${name} ${label}`;
    if (!this.ordered.has(key)) this.ordered.set(key, order([...this.photos], name, LABELS.indexOf(label)));
    return this.ordered.get(key);
  }
}

const goes = (photo) =>
  Number(photo.choice === "reject" || (photo.choice !== "keep" && photo.rating === "bad"));

function fitsDecision(photo, decided) {
  switch (decided) {
    case "":
      return true;
    case "none":
      return photo.choice === null;
    case "starred":
      return photo.stars > 0;
    case "colored":
      return photo.color !== null;
    default:
      return photo.choice === decided;
  }
}

function order(photos, name, label) {
  const score = label < 0 ? (photo) => photo.worst : (photo) => photo.p?.[label];
  // What could not be judged comes last.
  const byFailure = (a, b) => (a.p === null) - (b.p === null);
  const byName = (a, b) => a.folder - b.folder || collator.compare(a.name, b.name);
  switch (name) {
    case "worst":
      return photos.sort((a, b) => byFailure(a, b) || score(b) - score(a) || a.id - b.id);
    case "best":
      return photos.sort((a, b) => byFailure(a, b) || score(a) - score(b) || a.id - b.id);
    case "time":
      return photos.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : byName(a, b)));
    default:
      return photos.sort(byName);
  }
}
