// Wires the parts together: what is in view, what is decided, what the keys do, what is new.

import { get, post, watchConnection } from "./api.js";
import { Decisions } from "./decisions.js";
import { find, h, say, toast } from "./dom.js";
import { Grid } from "./grid.js";
import { listenToKeys, showHelp } from "./keys.js";
import { Library } from "./library.js";
import { Loupe } from "./loupe.js";
import { FilterPanel, ThresholdPanel } from "./panel.js";
import { PlanDialog } from "./plan.js";
import { RATING_NAMES, T, whole } from "./texts.js";

const POLL_BUSY_MS = 1000;
const POLL_MS = 4000;
const MAX_COMPARED = 4;

const view = { tab: "all", order: "worst", label: "", decided: "", camera: "", folder: "", side: 200, advance: true };
let library = null;
let job = null;
let frame = 0;

const grid = new Grid({ onOpen: () => openLoupe(), onCursor: () => showSelection() });
const loupe = new Loupe({ onDecide: (field, value) => decide(field, value), onMove: (by) => step(by), onClose: () => closeLoupe(), onCompare: () => compare(), onUndo: () => turnBack("/api/undo", T.undone) });
const decisions = new Decisions({ onChange: () => showDecisions() });
const plans = new PlanDialog({ onMoved: () => reload(), whenStored: () => decisions.last });
const thresholds = new ThresholdPanel({ onChange: () => rejudge(), onRelease: () => focusGrid() });
const filters = new FilterPanel(view, {
  onChange: () => filter(),
  onRelease: () => focusGrid(),
  onSize: (side) => grid.resize((view.side = side)),
  onUndoMove: () => plans.openUndo(),
  onScan: () => scan(),
});

const isFiltered = () => [view.label, view.decided, view.camera, view.folder].some(Boolean);

const focusGrid = () => grid.element.focus({ preventScroll: true });

// What is in view.

// With `keep` a photo that was decided about keeps its place, as it does at the decision itself.
function filter({ keep = false } = {}) {
  if (library === null) return;
  const kept = new Set(keep ? grid.photos.map(({ id }) => id) : []);
  grid.show(library, library.select(view, kept), { keep });
  filters.refresh();
  showCounts();
  showEmpty();
}

function rejudge() {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => {
    sessionStorage.setItem(globalThis.thresholdsKey, JSON.stringify(library.thresholds));
    library.judge();
    thresholds.refresh();
    filter({ keep: true });
  });
}

const tabs = Object.keys(RATING_NAMES).map((name) => {
  const number = h("span", { class: "number" });
  const button = h("button", { class: "tab", "data-rating": name, onclick: () => pick(name) }, RATING_NAMES[name], number);
  return { name, button, number };
});

function pick(name) {
  view.tab = name;
  filter();
  focusGrid();
}

function showCounts() {
  for (const { name, button, number } of tabs) {
    number.textContent = whole(library.counts[name]);
    button.setAttribute("aria-pressed", String(view.tab === name));
    button.hidden = name === "failed" && library.counts.failed === 0 && view.tab !== "failed";
  }
  showMoves();
}

function showMoves() {
  const button = find("show-plan");
  const n = library.isPart ? 0 : library.toMove;
  button.textContent = n ? T.moveSome(n, isFiltered()) : T.move;
  button.disabled = n === 0;
}

function showEmpty() {
  const element = find("empty");
  element.hidden = grid.photos.length > 0;
  grid.element.hidden = !element.hidden;
  if (element.hidden) return;
  const isScanning = job?.kind === "scan" && isRunning(job);
  if (library.photos.length === 0 && isScanning) fillEmpty(T.scanningTitle, T.scanningText);
  else if (library.photos.length === 0) fillEmpty(T.emptyTitle, T.emptyText, h("button", { class: "main", onclick: scan }, T.scanNow));
  else fillEmpty(T.noneTitle, isFiltered() ? T.noneText : T.noneOf[view.tab] ?? T.noneText);
}

function fillEmpty(title, text, ...more) {
  find("empty").replaceChildren(h("h2", {}, title), h("p", {}, text), ...more);
}

function showSelection() {
  const element = find("selection");
  const n = grid.selection.size;
  element.hidden = n < 2 || loupe.isOpen;
  if (element.hidden) return;
  const act = (text, field, value) => h("button", { class: "plain small", onclick: () => decide(field, value) }, text);
  element.replaceChildren(
    h("span", {}, T.selected(n)),
    act(T.keep, "choice", "keep"),
    act(T.reject, "choice", "reject"),
    act(T.undecide, "choice", null),
    n <= MAX_COMPARED ? h("button", { class: "plain small", onclick: compare }, T.compare) : "",
    h("button", { class: "plain small", onclick: () => grid.selectNone() }, T.selectNone),
  );
}

// The loupe.

function openLoupe(photos = null) {
  if (!grid.photo) return;
  const near = [1, 2, -1].map((by) => grid.photos[grid.cursor + by]).filter(Boolean);
  const { thresholds } = library;
  const labelsOf = (photo) => library.labelsOf(photo);
  loupe.open(photos ?? [grid.photo], { thresholds, labelsOf, at: grid.cursor, of: grid.photos.length, neighbours: photos ? [] : near });
  document.body.classList.add("in-loupe");
  showSelection();
}

function closeLoupe() {
  if (!loupe.isOpen) return;
  loupe.close();
  document.body.classList.remove("in-loupe");
  grid.reveal();
  grid.refresh();
  showSelection();
  focusGrid();
}

function compare() {
  if (loupe.isOpen && loupe.isComparing) {
    openLoupe();
    return;
  }
  let photos = grid.chosen.slice(0, MAX_COMPARED);
  if (grid.selection.size > MAX_COMPARED) toast(T.comparesFew(MAX_COMPARED));
  if (photos.length < 2) photos = grid.photos.slice(Math.min(grid.cursor, Math.max(0, grid.photos.length - 2))).slice(0, 2);
  if (photos.length > 1) openLoupe(photos);
}

function step(by) {
  if (loupe.isOpen && loupe.isComparing) {
    const n = loupe.panes.length;
    loupe.activate((loupe.active + by + n) % n);
    return;
  }
  // Where the photo in the loupe has gone from the grid, the next one is at the cursor already; after the last one, the one before.
  const isGone = loupe.isOpen && loupe.photo.id !== grid.photo?.id;
  const isThere = isGone && (by < 0) === grid.isPast;
  go(grid.cursor + (isThere ? by - Math.sign(by) : by));
}

function go(to) {
  if (loupe.isOpen && loupe.isComparing) return;
  grid.go(to);
  if (loupe.isOpen) openLoupe();
}

// Decisions.

function decide(field, value) {
  const photos = loupe.isOpen ? [loupe.photo] : grid.chosen;
  if (!photos.length || !photos[0]) return;
  decisions.make(library, photos, field, value);
  const text = T.decidedOn(photos.length > 1 ? T.photos(photos.length) : photos[0].name, field, value);
  if (photos.length > 1) toast(text);
  else say(text);
  if (field === "choice" && view.advance && photos.length === 1) step(1);
}

function showDecisions() {
  grid.refresh();
  if (loupe.isOpen) loupe.refresh();
  showMoves();
}

function turnBack(path, text) {
  if (library === null) return;
  decisions.afterwards(async () => {
    try {
      const answer = await post(path);
      const ids = Object.keys(answer.changed).map(Number);
      decisions.note(library, answer);
      const at = grid.photos.findIndex((photo) => photo.id === ids[0]);
      if (at >= 0 && !(loupe.isOpen && loupe.isComparing)) {
        grid.go(at);
        if (loupe.isOpen) openLoupe();
      }
      showDecisions();
      toast(text);
    } catch (error) {
      toast(error.message);
    }
  });
}

// News: a scan or a move that runs, another program that writes the catalog, a server that is gone.

const isRunning = (one) => one?.status === "running";

async function scan() {
  try {
    job = await post("/api/scan");
    showNews();
    showEmpty();
    poll();
  } catch (error) {
    toast(error.message);
  }
}

function showNews() {
  const element = find("news");
  if (isRunning(job)) element.textContent = job.kind === "scan" ? T.scanning(job.num_done, job.num_total) : T.working(job.kind, job.num_done, job.num_total);
  else if (library === null) element.textContent = T.loading;
  else if (library.isPart) element.textContent = T.reading(library.counts.all);
  else element.textContent = "";
}

// What came of a job; of a move that was begun here its dialog tells.
async function tellEnd({ number, kind }) {
  if (number === plans.number) return;
  const { status, result, message } = await get(`/api/job/${number}`);
  const [done, failed] = { scan: [T.scanned, T.scanFailed], sort: [T.doneMove, T.moveFailed], undo: [T.doneBack, T.undoFailed] }[kind];
  toast(status === "done" ? done(result) : failed(message));
}

let polling = 0;

async function poll() {
  clearTimeout(polling);
  const before = job;
  try {
    const state = await get("/api/state");
    job = state.job;
    showNews();
    const isOver = isRunning(before) && !(isRunning(job) && job.number === before.number);
    if (isOver) await tellEnd(before);
    if (state.revision !== library.revision || decisions.isBehind(state.decided) || isOver) await reload();
  } catch {
    // The banner says so.
  }
  polling = setTimeout(poll, isRunning(job) ? POLL_BUSY_MS : POLL_MS);
}

async function reload() {
  await decisions.beginReading();
  take(await get("/api/library"));
}

// The worst photos first, where there are many: the others come while these are looked at.
async function open() {
  if (sessionStorage.getItem(globalThis.thresholdsKey)?.length > 2) return reload();
  take(await get("/api/library?first"));
  if (library.isPart) await reload();
}

function take(document_) {
  if (library === null) library = new Library(document_, JSON.parse(sessionStorage.getItem(globalThis.thresholdsKey)));
  else library.take(document_);
  decisions.known = document_.decided;
  decisions.repeat(library);
  loupe.renew(library.byId);
  find("library").textContent = library.folder.split(/[\\/]/).filter(Boolean).pop() ?? library.folder;
  find("library").title = library.folder;
  document.title = T.title(find("library").textContent);
  // Nothing that needs all photos can be asked for yet.
  for (const id of ["panel", "tabs", "show-plan"]) find(id).inert = library.isPart;
  thresholds.take(library);
  filters.take(library);
  showNews();
  filter({ keep: true });
}

watchConnection((problem) => {
  const element = find("offline");
  element.hidden = problem === null;
  element.textContent = problem ?? "";
});

// The loupe begins below what is told there.
new ResizeObserver(() => (find("loupe").style.top = `${find("offline").offsetHeight}px`)).observe(find("offline"));

function showProblem(error) {
  find("news").textContent = "";
  find("empty").hidden = false;
  grid.element.hidden = true;
  fillEmpty(T.cannotOpen, error.message);
}

// The keys and buttons.

// In a narrow window the panel lies over all else.
const isPanelOver = () => document.body.classList.contains("with-panel");

function togglePanel(isShown = !isPanelOver()) {
  document.body.classList.toggle("with-panel", isShown);
  find("show-panel").setAttribute("aria-expanded", String(isShown));
  if (isShown) find("panel").focus();
  else focusGrid();
}

function close() {
  if (loupe.isOpen) closeLoupe();
  else if (isPanelOver()) togglePanel(false);
  else grid.selectNone();
}

// A hand on the mouse has its keys for the photos again: Space opens one, and does not click once more.
function giveKeysBack(event) {
  if (event.detail > 0 && event.target.matches("button:not(#show-panel), input[type=checkbox]")) focusGrid();
}

function start() {
  for (const id of ["bar", "panel", "selection"]) find(id).addEventListener("click", giveKeysBack, true);
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = T[element.dataset.text];
  find("tabs").setAttribute("aria-label", T.verdicts);
  find("tabs").append(...tabs.map(({ button }) => button));
  find("show-panel").addEventListener("click", () => togglePanel());
  find("panel").setAttribute("aria-label", T.filters);
  find("panel").append(h("button", { class: "main close-panel", onclick: () => togglePanel(false) }, T.close));
  find("show-help").addEventListener("click", showHelp);
  find("show-plan").addEventListener("click", () => plans.openSort(library));
  listenToKeys({
    grid,
    loupe,
    step,
    go,
    decide,
    compare,
    open: () => openLoupe(),
    close,
    undo: () => turnBack("/api/undo", T.undone),
    redo: () => turnBack("/api/redo", T.redone),
  });
  if (matchMedia("(max-width: 700px)").matches) grid.side = view.side = 150;
  showNews();
  focusGrid();
  open().then(poll, showProblem);
}

start();
