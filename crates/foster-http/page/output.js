// The live output of one run of a job: both streams, their toolbar, and the line for input.

import { jobPath, request } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { LineStore, MAX_COST, MAX_LINES } from "./lines.js";
import { attempt, showError } from "./notice.js";
import { nextFrame } from "./pace.js";
import { Screen } from "./screen.js";
import { Stream } from "./stream.js";
import { bytes, plural } from "./time.js";

// Of a log that is longer only the end is loaded: reading takes longer than anybody waits.
const LOADED = 24 * 1024 * 1024;
const NARROW = matchMedia("(max-width: 699px)");

export class Output {
  #job;
  #store = new LineStore();
  #screen;
  #streams = new Map();
  #pending = [];
  #drawing = null;
  #unseen = 0;
  #runs = { asked: null, shown: null };

  constructor(job) {
    this.#job = job;
    this.element = h("div", { class: "output" });
    this.#build();
    this.update(job);
  }

  close() {
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
    this.#screen.close();
  }

  /** The job as it is now; another run begins with an empty screen. */
  update(job) {
    this.#job = job;
    const run = this.#runs.asked ?? job.run;
    if (run !== this.#runs.shown) this.#show(run);
    this.#drawRuns();
    const takesInput = job.state === "running" && job.stdin === "open" && !job.exited_at;
    this.input.hidden = !takesInput;
    this.#drawEmpty();
  }

  focus() {
    this.#screen.element.focus();
  }

  focusInput() {
    if (!this.input.hidden) this.input.elements.text.focus();
  }

  focusFilter() {
    this.filter.focus();
  }

  toggleFollow() {
    this.#screen.follow(!this.#screen.following);
  }

  #show(run) {
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
    this.#pending = [];
    this.#runs.shown = run;
    this.#unseen = 0;
    this.#store = new LineStore();
    this.#replaceScreen();
    if (this.#job.state === "created") {
      this.#runs.shown = null; // begins once the job is started
      return;
    }
    for (const name of ["stdout", "stderr"]) this.#open(name, run);
  }

  #open(name, run) {
    const store = this.#store;
    const isLong = run === this.#job.run && this.#job[`${name}_bytes`] > LOADED;
    const options = { run, ...(isLong ? { tail: LOADED } : {}) };
    this.#streams.set(
      name,
      new Stream(name, jobPath(this.#job.job_id, "output", name), {
        events: (events) => this.#take(store, events),
        ended: () => this.#ended(name),
        failed: (error) => {
          this.#ended(name);
          // That the job is gone is told once for the whole of it.
          if (error.code !== "job_not_found") showError(error, `The ${name} of this job can't be shown`);
        },
      }, { options }),
    );
  }

  #ended(name) {
    this.#streams.delete(name);
    this.#drawEmpty();
  }

  // The stream waits for the promise: no more is read than is drawn.
  #take(store, events) {
    if (store !== this.#store) return undefined;
    for (const event of events) if (event.name === "line") this.#pending.push(toPiece(event));
    this.#drawing ??= nextFrame().then(() => this.#flush());
    return this.#drawing;
  }

  #flush() {
    this.#drawing = null;
    const before = this.#store.lines.length + this.#store.dropped;
    const change = this.#store.add(this.#pending);
    this.#pending = [];
    this.#screen.changed(change);
    const fresh = this.#store.lines.length + this.#store.dropped - before;
    this.#unseen = this.#screen.following ? 0 : this.#unseen + fresh;
    this.#drawMarks();
  }

  #build() {
    this.runs = h("select", { "aria-label": "Run", on: { change: () => this.#choose() } });
    this.filter = h("input", { type: "search", placeholder: "Only lines with\u2026", "aria-label": "Show only lines with this text", on: { input: () => this.#set({ filter: this.filter.value.toLowerCase() }) } });
    this.times = this.#toggle("Times", !NARROW.matches, (on) => this.#set({ times: on }));
    this.wrap = this.#toggle("Wrap", true, (on) => this.#set({ wrap: on }));
    this.shown = { stdout: this.#toggle("stdout", true, () => this.#chooseStreams()), stderr: this.#toggle("stderr", true, () => this.#chooseStreams()) };
    this.dropped = h("p", { class: "dropped", role: "status" });
    this.empty = h("p", { class: "empty" });
    this.place = h("div", { class: "place" });
    this.toEnd = h("button", { type: "button", class: "to-end", hidden: true, on: { click: () => this.#screen.follow() } });
    this.input = h("form", { class: "input", hidden: true, on: { submit: (event) => this.#send(event) } }, [
      h("label", { for: "input-text" }, ["Input"]),
      h("input", { id: "input-text", name: "text", type: "text", autocomplete: "off", spellcheck: "false", placeholder: "A line for the command" }),
      h("button", { type: "submit" }, ["Send"]),
      h("button", { type: "button", title: "The command reads the end of its input", on: { click: () => this.#closeInput() } }, ["End input"]),
    ]);
    const toolbar = h("div", { class: "toolbar" }, [this.runs, this.shown.stdout, this.shown.stderr, this.times, this.wrap, this.filter]);
    this.element.append(toolbar, this.dropped, this.place, this.input);
  }

  #replaceScreen() {
    this.#screen?.close();
    this.#screen = new Screen(this.#store, () => {
      this.#unseen = 0;
      this.#drawMarks();
    });
    this.place.replaceChildren(this.#screen.element, this.empty, this.toEnd);
    this.#set({ filter: this.filter.value.toLowerCase(), times: isOn(this.times), wrap: isOn(this.wrap) });
    this.#chooseStreams();
    this.#drawMarks();
  }

  #toggle(label, on, change) {
    const button = h("button", { type: "button", class: "toggle", "aria-pressed": String(on) }, [label]);
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(!isOn(button)));
      change(isOn(button));
    });
    return button;
  }

  #set(options) {
    this.#screen.set(options);
  }

  #chooseStreams() {
    this.#set({ streams: new Set(["stdout", "stderr"].filter((name) => isOn(this.shown[name]))) });
  }

  #choose() {
    const run = Number(this.runs.value);
    this.#runs.asked = run === this.#job.run ? null : run;
    this.#show(run);
  }

  #drawRuns() {
    this.runs.hidden = this.#job.run < 2;
    if (this.runs.length !== this.#job.run) {
      const options = Array.from({ length: this.#job.run }, (_, i) => h("option", { value: i + 1 }, [`Run ${i + 1}`]));
      this.runs.replaceChildren(...options.reverse());
    }
    this.runs.value = String(this.#runs.shown ?? this.#job.run);
  }

  #drawMarks() {
    const { dropped } = this.#store;
    const words = dropped === 0 ? "" : `${plural(dropped, "earlier line")} dropped from this page, which keeps ${MAX_LINES.toLocaleString()} lines or ${bytes(MAX_COST)}. All of it is on disk: foster logs ${this.#job.job_id}`;
    if (this.dropped.textContent !== words) this.dropped.textContent = words;
    this.toEnd.hidden = this.#screen.following;
    const label = this.#unseen > 0 ? `${plural(this.#unseen, "new line")}` : "To the end";
    this.toEnd.replaceChildren(icon("down"), label);
    this.#drawEmpty();
  }

  #drawEmpty() {
    this.empty.hidden = this.#store.lines.length > 0;
    if (this.empty.hidden) return;
    const isLoading = this.#streams.size > 0;
    this.empty.textContent =
      this.#job.state === "created" ? "It was not started yet." : isLoading && this.#job.state === "running" ? "Nothing printed yet." : isLoading ? "Loading\u2026" : "It printed nothing.";
  }

  async #send(event) {
    event.preventDefault();
    const field = this.input.elements.text;
    const sent = await attempt("The input was not sent", () => request("POST", jobPath(this.#job.job_id, "send"), { body: { text: field.value } }));
    if (sent) field.value = "";
    field.focus();
  }

  async #closeInput() {
    const closed = await attempt("The input was not ended", () => request("POST", jobPath(this.#job.job_id, "send"), { body: { eof: true } }));
    if (closed) this.update({ ...this.#job, stdin: closed.stdin });
  }
}

const isOn = (button) => button.getAttribute("aria-pressed") === "true";

function toPiece(event) {
  const { stream, at, offset, text, partial } = JSON.parse(event.data);
  return { stream, at, offset, text, partial, end: Number(event.id) };
}
