// Decisions: shown at once, stored one after the other, shown as they were if storing fails.

import { post, postLast } from "./api.js";
import { toast } from "./dom.js";
import { T } from "./texts.js";

export class Decisions {
  constructor({ onChange }) {
    this.onChange = onChange;
    // Those that are not stored yet; the first one is on its way.
    this.waiting = [];
    this.last = Promise.resolve();
    addEventListener("pagehide", () => this.hurry());
  }

  make(library, photos, field, value) {
    const before = photos.map(({ id, choice, stars, color }) => ({ id, choice, stars, color }));
    for (const { id, ...decision } of before) library.decide(id, { ...decision, [field]: value });
    this.onChange();
    const message = { photos: before.map(({ id }) => id), [field]: value };
    this.waiting.push(message);
    this.afterwards(() => this.store(library, message, before));
  }

  // Does something when all that was decided before is stored.
  afterwards(act) {
    this.last = this.last.then(act);
    return this.last;
  }

  async store(library, message, before) {
    try {
      await post("/api/decide", message);
    } catch (error) {
      for (const { id, ...decision } of before) library.decide(id, decision);
      this.onChange();
      toast(T.notStored(error.message));
    } finally {
      this.waiting.shift();
    }
  }

  // The page goes away: what waits is sent without waiting for answers, which may overtake each
  // other; so of two decisions about the same the last one alone.
  hurry() {
    const waiting = this.waiting.slice(1);
    waiting.forEach((message, at) => {
      const isOutdated = waiting.slice(at + 1).some((later) => covers(later, message));
      if (!isOutdated) postLast("/api/decide", message);
    });
  }
}

function covers(later, message) {
  const field = Object.keys(message).find((name) => name !== "photos");
  const ids = new Set(later.photos);
  return field in later && message.photos.every((id) => ids.has(id));
}
