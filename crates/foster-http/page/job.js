// One job: its head, what can be done to it, and the tabs.

import { askToDelete, askToStop, commandOf, kill, remove, restart, titleOf } from "./actions.js";
import { ApiError, jobPath, request } from "./api.js";
import { explain } from "./dialog.js";
import { h, refill } from "./dom.js";
import { EscalationPanel, escalationOf } from "./escalation.js";
import { allFacts, headFacts } from "./facts.js";
import { icon } from "./icons.js";
import { announce, attempt, showError } from "./notice.js";
import { Output } from "./output.js";
import { Processes } from "./processes.js";
import { jobHref, listHref } from "./route.js";
import { badge, isOver, standing } from "./state.js";
import { Stream } from "./stream.js";
import { tabList } from "./tabs.js";
import { Timeline } from "./timeline.js";
import { visibleLines } from "./visible.js";

export class JobView {
  job = null;
  #id;
  #tab = "output";
  #events = [];
  #eventStream = null;
  #report = null;
  #loading = null;
  #again = false;
  #closed = false;
  #leaving = false;
  #onGone;

  /** `onGone` is called when the job was deleted here. */
  constructor(id, onGone) {
    this.#id = id;
    this.#onGone = onGone;
    this.element = h("article", { id: "job", tabindex: "-1", "aria-busy": "true" }, [h("p", { class: "empty" }, ["Loading\u2026"])]);
    this.#load();
  }

  close() {
    this.#closed = true;
    this.#closeParts();
  }

  #closeParts() {
    this.#eventStream?.close();
    this.#eventStream = null;
    this.output?.close();
    this.processes?.close();
    this.output = this.processes = null;
  }

  showTab(tab) {
    this.#tab = tab;
    this.tabs?.select(tab);
  }

  /** What the list says of this job may be newer than what is shown. */
  noteRow(row) {
    if (this.job && row && (row.state !== this.job.state || row.started_at !== this.job.started_at)) this.#load();
  }

  async stop() {
    if (!this.job || this.job.state !== "running") return;
    const options = await askToStop(this.job);
    if (options) await this.#kill(options);
  }

  async restart() {
    if (!this.job) return;
    if (await attempt("It could not be started again", () => restart(this.job))) {
      this.#report = null;
      announce(`${titleOf(this.job)} runs again`);
      await this.#load();
    }
  }

  async remove() {
    if (this.job && (await askToDelete(this.job, (options) => this.#delete(options)))) {
      announce(`${titleOf(this.job)} is deleted`);
      this.#onGone();
    }
  }

  // Nobody asks for what is about to be gone: the answer would be an error.
  async #delete(options) {
    this.#leaving = true;
    this.processes.close();
    try {
      await remove(this.job.job_id, options);
    } catch (error) {
      this.#leaving = false;
      this.#draw();
      throw error;
    }
  }

  async #kill(options) {
    this.#report = null;
    try {
      const answer = await kill(this.job.job_id, options);
      this.#report = answer.report;
      announce(answer.already_finished ? "It was over already" : `${titleOf(this.job)} is stopped`);
    } catch (error) {
      // Survivors are in the report of the answer that refuses.
      this.#report = error.document?.report ?? null;
      showError(error, "It could not be stopped");
    }
    await this.#load();
  }

  // Several reasons to look again at once need one look; one that comes meanwhile needs another.
  async #load() {
    if (this.#leaving || this.#closed) return undefined;
    if (this.#loading) {
      this.#again = true;
      return this.#loading;
    }
    this.#loading = this.#fetch();
    await this.#loading;
    this.#loading = null;
    if (this.#again) {
      this.#again = false;
      await this.#load();
    }
    return undefined;
  }

  async #fetch() {
    try {
      const job = await request("GET", jobPath(this.#id));
      if (!this.#closed) this.#take(job);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (this.#closed || this.#leaving) return;
      if (!this.job || error.code === "job_not_found") this.#fail(error);
      else if (error.code !== "unreachable") showError(error, "What is shown of this job may be old");
    }
  }

  #take(job) {
    // The address had a name or a part of the id: what it says must stay true.
    if (job.job_id !== this.#id) return location.replace(jobHref(job.job_id, this.#tab));
    const before = this.job;
    this.job = job;
    if (!before) this.#build();
    if (before && before.run !== job.run) this.#report = null;
    if (before && before.state !== job.state) announce(`${titleOf(job)}: ${standing(job).word}`);
    this.#draw();
    // A job that is over has one more stream to read: its past. A job that runs again, another.
    if (!this.#eventStream && (!before || !isOver(job) || before.run !== job.run)) this.#openEvents();
    return undefined;
  }

  #fail(error) {
    this.#closeParts();
    this.job = null;
    this.element.removeAttribute("aria-busy");
    const retry = h("button", { type: "button", on: { click: () => this.#load() } }, ["Try again"]);
    this.element.replaceChildren(backLink(), h("div", { class: "empty" }, [h("h2", {}, ["This job can\u2019t be shown"]), ...explain(error), retry]));
  }

  #build() {
    this.#events = [];
    this.output = new Output(this.job);
    this.processes = new Processes(this.job);
    this.timeline = new Timeline();
    this.details = h("section", { class: "scroll", "aria-label": "Details", tabindex: "0" });
    this.escalation = new EscalationPanel(() => this.#kill({ grace: "0s" }));
    this.title = h("h2", { class: "job-title" });
    this.standing = h("span", {});
    this.command = h("pre", { class: "command", tabindex: "0", "aria-label": "Command" });
    this.facts = h("dl", { class: "head-facts" });
    this.buttons = {
      stop: h("button", { type: "button", class: "danger", on: { click: () => this.stop() } }, ["Stop\u2026"]),
      restart: h("button", { type: "button", on: { click: () => this.restart() } }, ["Restart"]),
      remove: h("button", { type: "button", on: { click: () => this.remove() } }, ["Delete\u2026"]),
    };
    this.tabs = tabList("About this job", [
      ["output", "Output", this.output.element],
      ["processes", "Processes", this.processes.element],
      ["timeline", "Timeline", this.timeline.element],
      ["details", "Details", this.details],
    ], (tab) => location.replace(jobHref(this.#id, tab)));
    this.tabs.select(this.#tab);
    this.element.removeAttribute("aria-busy");
    this.element.replaceChildren(
      h("header", { class: "job-head" }, [
        h("div", { class: "job-line" }, [backLink(), this.title, this.standing, h("div", { class: "buttons" }, Object.values(this.buttons))]),
        this.command,
        h("div", { class: "job-line facts-line" }, [this.facts, this.processes.meters]),
        this.escalation.element,
      ]),
      this.tabs.list,
      ...this.tabs.panels,
    );
  }

  #draw() {
    const { job } = this;
    document.title = `${titleOf(job)} \u00b7 ${standing(job).word} \u00b7 Foster`;
    this.title.textContent = titleOf(job);
    this.title.title = job.job_id;
    refill(this.standing, JSON.stringify(standing(job)), () => [badge(job)]);
    this.command.textContent = visibleLines(commandOf(job));
    this.facts.replaceChildren(...headFacts(job));
    this.details.replaceChildren(allFacts(job));
    const isRunning = job.state === "running";
    this.buttons.stop.hidden = !isRunning;
    this.buttons.restart.textContent = job.state === "created" ? "Start" : isRunning ? "Restart\u2026" : "Restart";
    this.output.update(job);
    this.processes.update(job);
    this.#drawEvents();
  }

  #drawEvents() {
    this.timeline.update(this.#events);
    this.escalation.update(escalationOf(this.#events, this.job.run), this.#report);
  }

  // Each connection begins with the job's first event: those that are here already are passed over.
  #openEvents() {
    let seen = 0;
    this.#eventStream = new Stream("events", jobPath(this.job.job_id, "events"), {
      start: () => {
        seen = 0;
      },
      events: (list) => {
        const all = list.filter((each) => each.name === "event").map((each) => JSON.parse(each.data));
        const fresh = all.slice(Math.max(0, this.#events.length - seen));
        seen += all.length;
        this.#events.push(...fresh);
        if (fresh.length === 0) return;
        this.#drawEvents();
        this.#load();
      },
      ended: () => {
        this.#eventStream = null;
        this.#load();
      },
      failed: (error) => {
        this.#eventStream = null;
        if (this.#leaving || error.code === "job_not_found") this.#load();
        else showError(error, "The events of this job can\u2019t be followed");
      },
    });
  }
}

const backLink = () => h("a", { href: listHref, class: "back", title: "Back to the list (Esc)" }, [icon("back"), h("span", {}, ["Jobs"])]);
