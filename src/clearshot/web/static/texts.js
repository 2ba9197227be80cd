// Every word of the page, in one place.

const number = new Intl.NumberFormat("en");

export const count = (n, one, many = `${one}s`) => `${number.format(n)} ${n === 1 ? one : many}`;
export const whole = (n) => number.format(n);

export function share(part) {
  const percent = part * 100;
  if (percent === 0) return "0 %";
  if (percent < 0.1) return "< 0.1 %";
  if (percent > 99.9 && percent < 100) return "> 99.9 %";
  const isNearEnd = percent < 10 || (percent > 99 && percent < 100);
  return `${percent.toFixed(isNearEnd ? 1 : 0)} %`;
}

function about(part) {
  if (part === 0) return "0 %";
  return part < 0.001 ? "under 0.1 %" : `about ${share(part)}`;
}

export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${bytes >= 10 || unit === 0 ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
}

const megapixels = (mp) => (mp < 10 ? mp.toFixed(mp < 1 ? 2 : 1) : String(Math.round(mp)));

export function shutter(seconds) {
  return seconds >= 0.3 ? `${Number(seconds.toPrecision(2))} s` : `1/${Math.round(1 / seconds)} s`;
}

export const LABELS = ["blurry", "dark", "overexposed"];
export const LABEL_NAMES = { blurry: "Blurry", dark: "Dark", overexposed: "Overexposed", rejected: "Rejected" };
export const RATING_NAMES = { all: "All", bad: "Bad", unsure: "Unsure", good: "Good", failed: "Failed" };
export const CHOICE_NAMES = { keep: "Kept", reject: "Rejected" };
export const COLORS = ["red", "yellow", "green", "blue"];

// On what the shares under the sliders were measured.
function measured(limits) {
  const by = (name) => LABELS.filter((label) => limits[label].by === name);
  const tell = (labels) => labels.map((label) => `${whole(limits[label].good)} not ${label} and ${whole(limits[label].bad)} ${label}`).join(", ");
  const [own, shipped, guessed] = ["own", "shipped", "guess"].map(by);
  const sentences = [];
  if (own.length) sentences.push(`Measured on your own decisions: ${tell(own)}.`);
  if (shipped.length)
    sentences.push(`Measured on labelled photos of other people (${limits[shipped[0]].sources}), with the weight of ${tell(shipped)}. Yours may differ: clearshot audit measures them.`);
  if (guessed.length)
    sentences.push(`${LABEL_NAMES[guessed[0]]}: estimated from the probabilities of these photos; nothing was measured at 100 %.`);
  return sentences;
}

const DECIDED = {
  choice: (value) => ({ keep: "kept", reject: "rejected" })[value] ?? "undecided",
  stars: (value) => (value ? count(value, "star") : "no stars"),
  color: (value) => value ?? "no colour",
};

export const T = {
  title: (name) => `${name}: clearshot`,
  grid: "Photos",
  filters: "Filters",
  help: "Keys",
  move: "Move photos",
  // A filter hides photos, but keeps none from moving.
  moveSome: (n, isFiltered) => `Move ${isFiltered && n > 1 ? "all " : ""}${count(n, "photo")}`,
  verdicts: "Verdict",

  thresholds: "Thresholds",
  reset: "Reset",
  threshold: (name) => `Threshold for ${name.toLowerCase()}`,
  thresholdValue: (p, n) => `${p > 1 ? T.never : share(p)}, ${count(n, "photo")}`,
  never: "never",
  probability: (p) => (p > 1 ? T.never : `from ${share(p)}`),
  lost: (part, good) => (part === 0 && good ? `Tolerance: none lost of ${whole(good)} measured` : `Tolerance: ${about(part)} of good photos lost`),
  found: (part, label, bad) => (part === 1 && bad ? `Finds all of ${whole(bad)} measured ${label} ones` : `Finds ${about(part)} of the ${label} ones`),
  measured: (limits, origin) => [origin, ...measured(limits)].filter(Boolean).join(" "),

  order: "Order",
  orders: { worst: "Worst first", best: "Best first", time: "Time taken", name: "Name" },
  label: "Label",
  anyLabel: "Any label",
  decided: "Decision",
  decisions: { "": "Any decision", none: "Undecided", keep: "Kept", reject: "Rejected", starred: "With stars", colored: "With a colour" },
  camera: "Camera",
  anyCamera: "All cameras",
  folder: "Folder",
  anyFolder: "All folders",
  topFolder: "(top folder)",
  thumbnails: "Thumbnails",
  advance: "Next photo after P, X and U",
  clear: "Clear filters",
  undoMove: "Take back the last plan",
  rescan: "Scan for new photos",
  close: "Close",

  loading: "Reading the catalog",
  emptyTitle: "No photos yet",
  emptyText: "clearshot has not measured any photo in this folder yet. A scan looks at each photo once; it changes none.",
  scanNow: "Scan now",
  scanningTitle: "Looking at your photos",
  scanningText: "They show up here as soon as they are measured.",
  cannotOpen: "The photos cannot be shown",
  noneTitle: "Nothing matches",
  noneText: "No photo fits these filters.",
  noneOf: { bad: "No photo is called bad at these thresholds.", unsure: "No photo is in doubt.", failed: "Every photo could be read." },

  reading: (total) => `The worst photos first; reading all ${whole(total)}`,
  scanning: (done, total) => (total ? `Scanning: ${whole(done)} of ${whole(total)}` : "Scanning: looking for photos"),
  scanned: (r) => (r.new + r.changed ? `Scan done: ${count(r.new + r.changed, "photo")} measured` : "Scan done: nothing new"),
  scanFailed: (why) => `The scan stopped: ${why}`,
  working: (kind, done, total) => (total ? `${T.deeds[kind]}: ${T.moving(done, total)}` : T.deeds[kind]),
  moveFailed: (why) => `The move stopped: ${why}`,
  undoFailed: (why) => `The undo stopped: ${why}`,
  offline: "clearshot is not running any more. What you decided is kept. Start clearshot review again in the terminal to go on.",
  gone: "clearshot is not running any more.",
  foreign: "This page belongs to an earlier run. Open the address that clearshot review printed last.",
  notStored: (why) => `Not saved: ${why}`,
  photos: (n) => count(n, "photo"),
  decidedOn: (what, field, value) => `${what}: ${DECIDED[field](value)}`,
  undone: "Decision taken back",
  redone: "Decision made again",
  selected: (n) => `${count(n, "photo")} selected`,
  selectNone: "Select none",
  unreadable: "Cannot be shown",
  describe: (name, rating, marks) => [name, rating, ...marks].join(", "),
  stars: (n) => count(n, "star"),

  loupe: "Photo",
  back: "Back to the grid",
  previous: "Previous photo",
  next: "Next photo",
  position: (at, of) => `${whole(at)} of ${whole(of)}`,
  keep: "Keep",
  reject: "Reject",
  undecide: "Undecided",
  giveStars: (n) => `Give ${count(n, "star")}`,
  colors: { red: "Red", yellow: "Yellow", green: "Green", blue: "Blue" },
  zoom: "100 %",
  zoomHint: "Show 100 % at the sharpest region",
  focus: "Focus map",
  focusScale: ["blurred", "sharp"],
  compare: "Compare",
  comparesFew: (n) => `At most ${n} photos can be compared: these are the first ${n} selected`,
  compareHint: "Compare with the next photo, or those selected",
  undoDecision: "Take the last decision back",
  why: "Why",
  chances: "Probability",
  light: "Light",
  black: (part) => `${share(part)} black`,
  white: (part) => `${share(part)} clipped`,
  file: "File",
  facts: { camera: "Camera", lens: "Lens", taken_at: "Taken", shutter_s: "Shutter", aperture: "Aperture", iso: "ISO" },
  pixels: (w, h) => `${whole(w)} × ${whole(h)} px`,
  detail: (mp, all) => `${megapixels(mp)} of ${megapixels(all)} megapixels`,
  pixelsName: "Pixels",
  sizeName: "Size",
  detailName: "Real detail",
  companionsName: "Companions",
  sharpest: "sharpest region",

  planTitle: "Move photos",
  planIntro: "Nothing has moved yet. These are the bad photos of the whole library that you did not keep and the ones that you rejected, with the files that belong to them; filters do not count here.",
  undoTitle: "Take back the last plan",
  undoIntro: "Nothing has changed yet. What was moved goes back to where it was; copies, links and sidecars that were made go away; sidecars and metadata that were changed are as before.",
  target: "Move to",
  planning: "Making the plan",
  columns: { why: "Label", photos: "Photos", files: "Files", size: "Size" },
  total: "Total",
  planEmpty: "Nothing can be moved now.",
  interrupted: "An earlier move was interrupted. It is put in order first.",
  renamed: (n) => `${count(n, "file gets", "files get")} a number because the name is taken.`,
  edited: (n) => `${count(n, "sidecar")} changed since, ${n === 1 ? "goes back as it is" : "go back as they are"}.`,
  stayAway: (n) => `${count(n, "sidecar")} ${n === 1 ? "is gone since and stays away" : "are gone since and stay away"}.`,
  showFiles: (n, all) => (n < all ? `The first ${whole(n)} of ${count(all, "file")}` : `${count(all, "file")}`),
  leftOut: (n) => `${count(n, "photo or file", "photos or files")} left alone`,
  sameCommand: "The same in a terminal",
  cancel: "Cancel",
  goMove: (n) => `Move ${count(n, "photo")}`,
  goBack: (n) => `Put ${count(n, "photo")} back as before`,
  moving: (done, total) => `${whole(done)} of ${count(total, "file")}`,
  deeds: { sort: "Moving", undo: "Taking back" },
  fates: { move: (to) => `→ ${to}`, edited: (to) => `→ ${to}, changed since, goes back as it is`, remove: () => "goes away", write: () => "gets its old content", embed: () => "gets its old metadata" },
  doneMove: (r) => `${count(r.photos, "photo")} moved (${count(r.files, "file")})`,
  doneBack: (r) => `${count(r.photos, "photo")} back as before (${count(r.files, "file")})`,
  doneNote: "No file was deleted or overwritten. This can be taken back now or any time later.",
  refusedTitle: "Nothing has moved",
  planAgain: "Make a new plan",
  failedTitle: "Stopped",
  failedNote: "Each photo has moved as a whole or not at all. “Take back the last plan” returns what moved.",
  lostTitle: "Connection lost",
  lostText: "A move that has begun goes on in the terminal until it is done.",
  lostNote: "Wait for it there. Each photo moves as a whole or not at all; start clearshot review again to see what came of it.",
  takeBack: "Take back",
  done: "Done",

  keysTitle: "Keys",
  keys: [
    ["Look", [
      ["Arrows, Home, End", "Go to another photo"],
      ["Enter, Space", "Open the photo; Space goes on to the next one"],
      ["Esc, G", "Back to the grid"],
      ["Z", "100 % at the sharpest region, also of the next photos, and back"],
      ["Click", "100 % where you point"],
      ["F", "Focus map over the photo"],
      ["C", "Compare two to four photos, zoomed together"],
    ]],
    ["Decide", [
      ["P", "Keep: never moved"],
      ["X", "Reject: moved"],
      ["U", "Undecided: the verdict counts"],
      ["1 to 5, 0", "Stars, none"],
      ["6 to 9", "Red, yellow, green, blue; again for none"],
      ["Ctrl Z", "Take the last decision back"],
      ["Ctrl Shift Z", "Make it again"],
    ]],
    ["Select", [
      ["Shift and arrows, Shift and click", "From here to there"],
      ["Ctrl and click", "One more, or one less"],
      ["Ctrl A", "All photos in view"],
      ["?", "These keys"],
    ]],
  ],
};
