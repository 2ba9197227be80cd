// What each key does.

import { find, h } from "./dom.js";
import { COLORS, T } from "./texts.js";

const FIELDS = "input, select, button, summary, a";

// Whether a key that was pressed in a field of the page means the field.
function isFor(field, { key, ctrlKey, metaKey }) {
  if (field.matches("button, summary, a, input[type=checkbox]")) return key === "Enter" || key === " ";
  if (ctrlKey || metaKey) return false;
  return !field.matches("input[type=range]") || /^(Arrow|Page|Home|End)/.test(key);
}

export function listenToKeys(page) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.altKey || event.defaultPrevented) return;
    const field = event.target.closest?.(FIELDS);
    if (field && event.key === "Escape") page.grid.element.focus();
    else if (field && isFor(field, event)) return;
    if (act(event, page)) event.preventDefault();
  });
}

const OTHER_SCRIPT = /^(?!\p{Script=Latin})[\p{L}\p{M}]$/u;

// What the key is called. One with a letter of another script, or a digit that needs Shift, is known by its place.
function nameOf({ key, code, shiftKey }) {
  if (key.length > 1) return key;
  const [, letter, digit] = /^(?:Key(.)|Digit(.))$/.exec(code) ?? [];
  if (letter && OTHER_SCRIPT.test(key)) return letter.toLowerCase();
  if (digit && !shiftKey && !/[0-9?]/.test(key)) return digit;
  return key.toLowerCase();
}

function act(event, page) {
  const key = nameOf(event);
  if (event.ctrlKey || event.metaKey) return actWithControl(key, event, page);
  return decide(key, event, page) || move(key, event, page) || look(key, page);
}

function actWithControl(key, event, page) {
  if (key === "z") {
    if (event.shiftKey) page.redo();
    else page.undo();
    return true;
  }
  if (key === "y") {
    page.redo();
    return true;
  }
  if (key === "a" && !page.loupe.isOpen) {
    page.grid.selectAll();
    return true;
  }
  return false;
}

const CHOICES = { p: "keep", x: "reject", u: null };

function decide(key, event, page) {
  // A key that is held is one decision: the next photos were not looked at.
  if (event.repeat) return key in CHOICES || /^[0-9]$/.test(key);
  if (key in CHOICES) page.decide("choice", CHOICES[key]);
  else if (/^[0-5]$/.test(key)) page.decide("stars", Number(key));
  else if (/^[6-9]$/.test(key)) {
    const color = COLORS[Number(key) - 6];
    const photo = page.loupe.isOpen ? page.loupe.photo : page.grid.chosen[0];
    page.decide("color", photo?.color === color ? null : color);
  } else return false;
  return true;
}

function move(key, event, page) {
  const { grid, loupe } = page;
  const columns = loupe.isOpen ? 1 : grid.columns ?? 1;
  const screen = columns * Math.max(1, Math.floor(grid.element.clientHeight / (grid.row || 1)));
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -screen, PageDown: screen };
  if (key === " " && loupe.isOpen) page.step(event.shiftKey ? -1 : 1);
  else if (key in steps && loupe.isOpen) page.step(Math.sign(steps[key]));
  else if (key in steps) stepInGrid(grid, steps[key], columns, event.shiftKey);
  else if ((key === "Home" || key === "End") && loupe.isOpen) page.go(key === "Home" ? 0 : grid.photos.length - 1);
  else if (key === "Home") grid.go(0, { extend: event.shiftKey });
  else if (key === "End") grid.go(grid.photos.length - 1, { extend: event.shiftKey });
  else return false;
  return true;
}

function stepInGrid(grid, by, columns, extend) {
  const to = grid.cursor + by;
  // Up and down keep their column, and stop at the first and last row.
  if (Math.abs(by) === columns && columns > 1 && (to < 0 || (to >= grid.photos.length && isLastRow(grid, columns)))) return;
  grid.go(to, { extend });
}

const isLastRow = (grid, columns) => Math.floor(grid.cursor / columns) === Math.floor((grid.photos.length - 1) / columns);

function look(key, page) {
  const { loupe } = page;
  if (key === "Enter" || key === " " || key === "e") page.open();
  else if (key === "Escape" || key === "g") page.close();
  else if (key === "c") page.compare();
  else if (key === "z" && loupe.isOpen) loupe.zoom();
  else if (key === "f" && loupe.isOpen) loupe.toggleFocus();
  else if (key === "?") showHelp();
  else return false;
  return true;
}

export function showHelp() {
  const dialog = find("help");
  const groups = T.keys.map(([title, rows]) =>
    h("section", {}, h("h3", {}, title), h("dl", {}, ...rows.flatMap(([keys, text]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, text)]))),
  );
  const close = h("button", { class: "main", onclick: () => dialog.close() }, T.close);
  dialog.replaceChildren(h("h2", { id: "help-title" }, T.keysTitle), h("div", { class: "key-groups" }, ...groups), h("div", { class: "buttons" }, close));
  dialog.showModal();
  close.focus({ preventScroll: true });
  dialog.scrollTop = 0;
}
