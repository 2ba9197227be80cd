// Talks to the server of this run, and notices when it is gone.

import { T } from "./texts.js";

// Browsers keep at most 64 kB of requests alive beyond their page, all together.
const MAX_KEPT = 60_000;

// Each run serves everything below a path of its own, which the page's address ends with.
export const locate = (path) => `.${path}`;

// What went wrong; `status` is that of the answer, and undefined when none came.
export class ServerError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

const watchers = [];

export function watchConnection(watcher) {
  watchers.push(watcher);
}

// The photos that `first.js` has asked for already.
function takeFirst(path) {
  const first = globalThis.firstLibrary;
  globalThis.firstLibrary = null;
  return first?.path === path ? first.answer : null;
}

async function ask(path, options) {
  let response;
  try {
    response = await (takeFirst(path) ?? fetch(locate(path), { credentials: "same-origin", cache: "no-store", ...options }));
  } catch {
    watchers.forEach((watcher) => watcher(T.offline));
    throw new ServerError(T.gone);
  }
  if (response.status === 403) {
    watchers.forEach((watcher) => watcher(T.foreign));
    throw new ServerError(T.foreign, response.status);
  }
  watchers.forEach((watcher) => watcher(null));
  const type = response.headers.get("content-type") ?? "";
  const answer = type.startsWith("application/json") ? await response.json() : null;
  if (!response.ok) throw new ServerError(answer?.error ?? `${response.status} ${response.statusText}`, response.status);
  return answer;
}

function write(message) {
  const body = JSON.stringify(message);
  // A decision that is on its way arrives although the page is closed.
  return { method: "POST", headers: { "Content-Type": "application/json" }, body, keepalive: body.length < MAX_KEPT };
}

export const get = (path) => ask(path, {});

export const post = (path, message = {}) => ask(path, write(message));

// Whether messages arrive although the page is closed.
export const arriveLast = (messages) => messages.reduce((sum, message) => sum + JSON.stringify(message).length, 0) < MAX_KEPT;

// For a page that goes away: nobody hears the answer.
export function postLast(path, message) {
  fetch(locate(path), { credentials: "same-origin", ...write(message) }).catch(() => {});
}
