// Builds elements without markup in strings: nothing that a file name holds can become code.

const SVG = "http://www.w3.org/2000/svg";

export const find = (id) => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

export function place(element, left, top, width, height) {
  const { style } = element;
  style.left = `${left}px`;
  style.top = `${top}px`;
  style.width = `${width}px`;
  style.height = `${height}px`;
}

// For those who listen; who looks sees it where it happens.
export function say(text) {
  find("said").textContent = text;
}

const SHOWN_MS = 2600;
const LETTER_MS = 60;
let hiding = 0;

// Stays until it can have been read, which does not begin while nobody looks at the page.
export function toast(text) {
  const element = find("toast");
  element.textContent = text;
  element.classList.add("shown");
  const hide = () => {
    clearTimeout(hiding);
    hiding = setTimeout(() => element.classList.remove("shown"), Math.max(SHOWN_MS, LETTER_MS * text.length));
  };
  clearTimeout(hiding);
  if (document.hidden) document.addEventListener("visibilitychange", hide, { once: true });
  else hide();
}
