// Talks to the server of this run, and notices when it is gone.

import { T } from "./texts.js";

export class ServerError extends Error {}

const watchers = [];

export function watchConnection(watcher) {
  watchers.push(watcher);
}

async function ask(path, options) {
  let response;
  try {
    const first = path === "/api/library" && globalThis.firstLibrary;
    globalThis.firstLibrary = null;
    response = await (first || fetch(path, { credentials: "same-origin", cache: "no-store", ...options }));
  } catch {
    watchers.forEach((watcher) => watcher(T.offline));
    throw new ServerError(T.offline);
  }
  if (response.status === 403) {
    watchers.forEach((watcher) => watcher(T.foreign));
    throw new ServerError(T.foreign);
  }
  watchers.forEach((watcher) => watcher(null));
  const type = response.headers.get("content-type") ?? "";
  const answer = type.startsWith("application/json") ? await response.json() : null;
  if (!response.ok) throw new ServerError(answer?.error ?? `${response.status} ${response.statusText}`);
  return answer;
}

export const get = (path) => ask(path, {});

export const post = (path, message = {}) =>
  ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(message),
  });
