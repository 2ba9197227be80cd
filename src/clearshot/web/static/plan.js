// The dialog in which photos move: the plan first, then progress, then what came of it.

import { get, post } from "./api.js";
import { find, h } from "./dom.js";
import { LABEL_NAMES, RATING_NAMES, T, size, whole } from "./texts.js";

const POLL_MS = 250;

export class PlanDialog {
  constructor({ onMoved, whenStored }) {
    this.dialog = find("plan");
    this.onMoved = onMoved;
    this.whenStored = whenStored;
    this.isBusy = false;
    // The job whose end is told here.
    this.number = null;
    // A key that is held was not pressed for what has come up meanwhile.
    this.dialog.addEventListener("keydown", (event) => {
      if (event.repeat && (event.key === "Enter" || event.key === " ")) event.preventDefault();
    });
    this.dialog.addEventListener("cancel", (event) => {
      if (this.isBusy) event.preventDefault();
    });
    // Browsers let a dialog go all the same when they are asked again and again.
    this.dialog.addEventListener("close", () => {
      if (this.isBusy) this.dialog.showModal();
    });
  }

  openSort(library) {
    this.ask = { kind: "sort", target: this.target ?? library.target, thresholds: library.thresholds };
    this.start();
  }

  openUndo() {
    this.ask = { kind: "undo" };
    this.start();
  }

  start() {
    if (!this.dialog.open) this.dialog.showModal();
    this.load();
  }

  async load() {
    const { ask } = this;
    this.render(this.title(), h("p", { class: "wait" }, T.planning), this.buttons());
    try {
      // A photo that was kept a moment ago is in no plan.
      await this.whenStored();
      const plan = await post("/api/plan", ask);
      if (ask === this.ask) this.showPlan(plan);
    } catch (error) {
      if (ask === this.ask) this.showError(error.message);
    }
  }

  title() {
    return this.ask.kind === "sort" ? T.planTitle : T.undoTitle;
  }

  render(title, ...children) {
    const heading = h("h2", { id: "plan-title", tabindex: -1 }, title);
    this.dialog.replaceChildren(heading, ...children.filter(Boolean));
    return heading;
  }

  targetField() {
    if (this.ask.kind !== "sort") return null;
    const field = h("input", { id: "target", type: "text", value: this.ask.target, spellcheck: "false", autocomplete: "off" });
    field.addEventListener("change", () => {
      if (!this.dialog.open) return;
      this.target = field.value;
      this.ask = { ...this.ask, target: field.value };
      this.load();
    });
    return h("div", { class: "field wide" }, h("label", { for: "target" }, T.target), field);
  }

  showPlan(plan) {
    const isSort = plan.kind === "sort";
    const go = h("button", { class: "main", disabled: plan.files === 0, onclick: () => this.apply(plan) }, isSort ? T.goMove(plan.photos) : T.goBack(plan.photos));
    const heading = this.render(
      this.title(),
      h("p", { class: "intro" }, isSort ? T.planIntro : T.undoIntro),
      this.targetField(),
      plan.files === 0 ? h("p", { class: "nothing" }, T.planEmpty) : table(plan),
      plan.interrupted ? h("p", { class: "faint" }, T.interrupted) : null,
      plan.renamed ? h("p", { class: "faint" }, T.renamed(plan.renamed)) : null,
      plan.edited ? h("p", { class: "faint" }, T.edited(plan.edited)) : null,
      plan.gone ? h("p", { class: "faint" }, T.stayAway(plan.gone)) : null,
      plan.files ? files(plan) : null,
      leftOut(plan.skipped),
      h("details", {}, h("summary", {}, T.sameCommand), h("code", {}, plan.command)),
      this.buttons(go),
    );
    // Not the button: the plan is to be read before anything moves.
    heading.focus();
  }

  showError(message) {
    this.render(this.title(), this.targetField(), h("p", { class: "error", role: "alert" }, message), this.buttons());
  }

  buttons(...more) {
    const cancel = h("button", { class: "plain", onclick: () => this.dialog.close() }, T.cancel);
    // The target's field keeps the focus: left, it would ask for another plan, and this button would go before its click.
    cancel.addEventListener("mousedown", (event) => event.preventDefault());
    return h("div", { class: "buttons" }, cancel, ...more);
  }

  async apply(plan) {
    this.isBusy = true;
    const title = T.deeds[plan.kind];
    const bar = h("progress", { max: Math.max(1, plan.files), value: 0, "aria-label": title });
    const words = h("p", { class: "faint" }, T.moving(0, plan.files));
    this.render(title, bar, words);
    try {
      let job = await this.begin(plan);
      if (job === null) return;
      this.number = job.number;
      while (job.status === "running") {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        job = await get(`/api/job/${job.number}`);
        bar.value = job.num_done;
        words.textContent = T.moving(job.num_done, plan.files);
      }
      this.isBusy = false;
      if (job.status === "done") this.showDone(plan, job.result);
      else this.showEnd(T.failedTitle, job.message, T.failedNote);
    } catch (error) {
      this.isBusy = false;
      if (error.status === undefined) {
        // Nobody is there to tell what has moved: a second Ctrl-C, or the program is gone.
        this.showEnd(T.lostTitle, T.lostText, T.lostNote);
        return;
      }
      this.showEnd(T.failedTitle, error.message, T.failedNote);
    }
    this.onMoved();
  }

  // Null if the server has refused it.
  async begin(plan) {
    try {
      return await post("/api/apply", { key: plan.key });
    } catch (error) {
      if (error.status === undefined) throw error;
      this.isBusy = false;
      this.showRefused(error.message);
      return null;
    }
  }

  showRefused(message) {
    const again = h("button", { class: "main", onclick: () => this.load() }, T.planAgain);
    this.render(T.refusedTitle, h("p", { class: "error", role: "alert" }, message), this.buttons(again));
    again.focus();
  }

  showDone(plan, result) {
    const isSort = plan.kind === "sort";
    const done = h("button", { class: "main", onclick: () => this.dialog.close() }, T.done);
    this.render(
      isSort ? T.doneMove(result) : T.doneBack(result),
      isSort ? h("p", { class: "intro" }, T.doneNote) : null,
      leftOut(result.skipped),
      h("div", { class: "buttons" }, isSort && result.files ? h("button", { class: "plain", onclick: () => this.openUndo() }, T.takeBack) : null, done),
    );
    done.focus();
  }

  // An end without a result.
  showEnd(title, message, note) {
    this.render(
      title,
      h("p", { class: "error", role: "alert" }, message),
      h("p", { class: "intro" }, note),
      h("div", { class: "buttons" }, h("button", { class: "main", onclick: () => this.dialog.close() }, T.close)),
    );
  }
}

function table(plan) {
  const row = (tag, ...cells) => h("tr", {}, ...cells.map((cell, at) => h(at === 0 ? "th" : tag, at === 0 ? { scope: "row" } : {}, cell)));
  const { why, photos, files: fileColumn, size: sizeColumn } = T.columns;
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...[why, photos, fileColumn, sizeColumn].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, ...plan.groups.map((group) => row("td", LABEL_NAMES[group.why] ?? RATING_NAMES[group.why] ?? group.why, whole(group.photos), whole(group.files), size(group.bytes)))),
    h("tfoot", {}, row("td", T.total, whole(plan.photos), whole(plan.files), size(plan.bytes))),
  );
}

function files(plan) {
  const rows = plan.moves.map((move) => h("li", {}, h("span", {}, move.from), h("span", { class: "faint" }, T.fates[move.edited ? "edited" : move.deed](move.to))));
  return h("details", {}, h("summary", {}, T.showFiles(plan.moves.length, plan.files)), h("ul", { class: "files" }, ...rows));
}

function leftOut(skipped) {
  if (!skipped.length) return null;
  const rows = skipped.map((each) => h("li", {}, h("span", {}, each.path), h("span", { class: "faint" }, each.reason)));
  return h("details", { class: "left-out", open: skipped.length < 6 }, h("summary", {}, T.leftOut(skipped.length)), h("ul", { class: "files" }, ...rows));
}
