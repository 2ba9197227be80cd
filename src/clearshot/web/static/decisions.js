// Decisions: shown at once, stored one after the other, shown as they were if storing fails.

import { arriveLast, post, postLast } from "./api.js";
import { toast } from "./dom.js";
import { T } from "./texts.js";

export class Decisions {
  constructor({ onChange }) {
    this.onChange = onChange;
    // Those that are not stored yet; the first one is on its way.
    this.waiting = [];
    this.last = Promise.resolve();
    // How many acts, decisions and steps back, have not ended yet.
    this.numUnderWay = 0;
    // What each of them replaced, by photo.
    this.before = new Map();
    // Those that photos which are being read may not know of, in the order in which they were made.
    this.unread = [];
    // How many changes this page knows of, of those that were made on all open pages.
    this.known = 0;
    addEventListener("pagehide", () => this.hurry());
    // More than a browser sends for a page that is gone: it asks whether to leave.
    addEventListener("beforeunload", (event) => {
      if (!arriveLast([...this.waiting.slice(0, 1), ...this.remaining])) event.preventDefault();
    });
  }

  make(library, photos, field, value) {
    const before = photos.map(({ id, choice, stars, color }) => ({ id, choice, stars, color }));
    for (const { id, ...decision } of before) library.decide(id, { ...decision, [field]: value });
    this.onChange();
    const message = { photos: before.map(({ id }) => id), [field]: value };
    this.waiting.push(message);
    this.unread.push(message);
    this.before.set(message, new Map(before.map((decision) => [decision.id, decision[field]])));
    this.afterwards(() => this.store(library, message, field));
  }

  // Does something when all that was decided before is stored.
  afterwards(act) {
    // Whatever fails keeps no later decision from being stored.
    this.numUnderWay += 1;
    this.last = this.last
      .catch(() => {})
      .then(act)
      .finally(() => (this.numUnderWay -= 1));
    return this.last;
  }

  // The photos are about to be read anew: what is stored by now will be in them.
  async beginReading() {
    await this.last;
    this.unread = [...this.waiting];
  }

  // What was decided while the photos were read is not in them, and would vanish from view.
  repeat(library) {
    for (const { photos, ...decision } of this.unread)
      for (const id of photos) library.decide(id, { ...library.byId.get(id), ...decision });
  }

  // Whether something was decided on another page; the server counts an act of this one before its answer is here.
  isBehind(decided) {
    return this.numUnderWay === 0 && decided > this.known;
  }

  // A change that was made here; where others came between, they are still to be read.
  count({ changed, decided }) {
    if (Object.keys(changed).length > 0 && decided === this.known + 1) this.known = decided;
  }

  // Decisions that were taken back or made again, by photo.
  note(library, { changed, decided }) {
    this.count({ changed, decided });
    for (const [id, decision] of Object.entries(changed)) {
      library.decide(Number(id), decision);
      this.unread.push({ photos: [Number(id)], ...decision });
    }
  }

  async store(library, message, field) {
    try {
      this.count(await post("/api/decide", message));
    } catch (error) {
      this.unread = this.unread.filter((made) => made !== message);
      this.takeBack(library, message, field);
      this.onChange();
      toast(T.notStored(error.message));
    } finally {
      this.waiting.shift();
      this.before.delete(message);
    }
  }

  // What was decided later about the same stays; it replaced what was there before this one.
  takeBack(library, message, field) {
    const later = this.waiting.slice(1).filter((made) => field in made);
    for (const [id, value] of this.before.get(message)) {
      const next = later.find((made) => made.photos.includes(id));
      if (next) this.before.get(next).set(id, value);
      else {
        // A photo may have gone meanwhile.
        const photo = library.byId.get(id);
        if (photo) library.decide(id, { choice: photo.choice, stars: photo.stars, color: photo.color, [field]: value });
      }
    }
  }

  // The page goes away: what waits is sent without waiting for answers.
  hurry() {
    for (const message of this.remaining) postLast("/api/decide", message);
  }

  // What is not on its way yet. Messages may overtake each other; so of two decisions about the same the last one alone.
  get remaining() {
    const waiting = this.waiting.slice(1);
    return waiting.filter((message, at) => !waiting.slice(at + 1).some((later) => covers(later, message)));
  }
}

function covers(later, message) {
  const field = Object.keys(message).find((name) => name !== "photos");
  const ids = new Set(later.photos);
  return field in later && message.photos.every((id) => ids.has(id));
}
