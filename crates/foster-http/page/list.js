// The list of jobs, kept up to date by one stream.

import { h, refill } from "./dom.js";
import { NO_FILTERS, STATE_CHOICES, isFiltered, listOptions, matches } from "./filters.js";
import { explain } from "./dialog.js";
import { jobHref } from "./route.js";
import { badge, isOver } from "./state.js";
import { Stream } from "./stream.js";
import { ago, duration, plural, ticker } from "./time.js";
import { visible } from "./visible.js";

const PAGE = 100;
const SAVED = "foster.filters";
const TYPING_PAUSE = 250;

export class JobList {
  rows = [];
  #filters;
  #limit = PAGE;
  #answer = null;
  #stream = null;
  #items = new Map();
  #current = null;
  #typing;
  #onChange;

  /** `onChange` is called with the rows whenever the server sent others. */
  constructor(onChange) {
    this.#onChange = onChange;
    this.#filters = restored();
    this.#build();
    this.#open();
  }

  /** Marks the row of the job that is shown. */
  setCurrent(id) {
    this.#current = id;
    for (const [key, item] of this.#items) this.#mark(key, item);
    this.#rove();
  }

  /** Moves the focus by so many rows; from elsewhere, to the row of the job that is shown. */
  move(by) {
    const links = this.#links();
    if (links.length === 0) return;
    const at = links.indexOf(document.activeElement);
    const home = Math.max(0, links.findIndex((link) => link.tabIndex === 0));
    const next = at < 0 ? home : Math.min(links.length - 1, Math.max(0, at + by));
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
  }

  focusFilter() {
    this.fields.text.focus();
    this.fields.text.select();
  }

  /** What is known of directories, tags and groups, for forms to offer. */
  known() {
    const of = (pick) => [...new Set(this.rows.flatMap(pick))].filter(Boolean).sort();
    return { directories: of((row) => row.cwd), tags: of((row) => row.tags), groups: of((row) => row.group) };
  }

  get directory() {
    return this.#filters.directory;
  }

  #build() {
    const field = (name, label, properties) => h("input", { type: "search", "aria-label": label, placeholder: label, autocomplete: "off", spellcheck: "false", value: this.#filters[name], ...properties });
    this.fields = {
      text: field("text", "Filter: name, command, tag", { class: "text-filter" }),
      state: h("select", { "aria-label": "State" }, STATE_CHOICES.map(([value, label]) => h("option", { value, selected: value === this.#filters.state }, [label]))),
      tag: field("tag", "Tag", { list: "known-tags" }),
      group: field("group", "Group", { list: "known-groups" }),
      directory: field("directory", "Directory", { list: "known-directories" }),
    };
    this.fields.directory.setAttribute("aria-label", "Directory; empty for all");
    for (const [name, element] of Object.entries(this.fields)) element.addEventListener("input", () => this.#filter(name, element.value));
    this.offers = { directories: h("datalist", { id: "known-directories" }), tags: h("datalist", { id: "known-tags" }), groups: h("datalist", { id: "known-groups" }) };
    this.body = h("div", { class: "jobs", on: { keydown: (event) => this.#keydown(event), focusin: (event) => this.#focused(event) } });
    this.count = h("p", { class: "count", role: "status" });
    this.more = h("button", { type: "button", hidden: true, on: { click: () => this.#showMore() } }, ["Load older jobs"]);
    this.element = h("nav", { id: "list", "aria-label": "Jobs", tabindex: "-1" }, [
      h("search", {}, [
        h("form", { class: "filters", on: { submit: (event) => event.preventDefault() } }, [...Object.values(this.fields), ...Object.values(this.offers)]),
      ]),
      h("div", { class: "scroll" }, [this.body, this.count, this.more]),
    ]);
  }

  #filter(name, value) {
    this.#filters = { ...this.#filters, [name]: name === "text" ? value : value.trim() };
    sessionStorage.setItem(SAVED, JSON.stringify(this.#filters));
    this.#draw();
    if (name === "text") return;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => {
      this.#limit = PAGE;
      this.#open();
    }, name === "state" ? 0 : TYPING_PAUSE);
  }

  #showMore() {
    this.#limit *= 4;
    this.#open();
  }

  #open() {
    this.#stream?.close();
    this.#stream = new Stream("list", "/v1/jobs/changes", {
      events: (events) => this.#take(events),
      failed: (error) => {
        this.#answer = { error };
        this.rows = [];
        this.#draw();
      },
    }, { options: listOptions(this.#filters, this.#limit) });
  }

  #take(events) {
    const latest = events.findLast((event) => event.name === "list");
    if (!latest) return;
    this.#answer = JSON.parse(latest.data);
    this.rows = this.#answer.jobs;
    for (const [name, values] of Object.entries(this.known())) {
      refill(this.offers[name], values.join("\n"), () => values.map((value) => h("option", { value })));
    }
    this.#draw();
    this.#onChange(this.rows);
  }

  #draw() {
    const rows = this.rows.filter((row) => matches(row, this.#filters));
    const parts = [
      ["Running", rows.filter((row) => row.state === "running")],
      ["Not started", rows.filter((row) => row.state === "created")],
      ["Ended", rows.filter(isOver)],
    ].filter(([, part]) => part.length > 0);
    const focused = document.activeElement?.closest?.("[data-job]")?.dataset.job;
    const items = new Map(rows.map((row) => [row.job_id, this.#item(row)]));
    this.#items = items;
    const order = JSON.stringify([parts.map(([title, part]) => [title, part.map((row) => row.job_id)]), this.#answer === null, this.#answer?.error?.message, isFiltered(this.#filters)]);
    refill(this.body, order, () => [
      ...parts.flatMap(([title, part]) => {
        const id = `part-${title.replace(" ", "-").toLowerCase()}`;
        return [
          h("h2", { id }, [title, h("span", { class: "number" }, [` ${part.length}`])]),
          h("ul", { "aria-labelledby": id }, part.map((row) => items.get(row.job_id).element)),
        ];
      }),
      ...(rows.length === 0 ? [this.#emptiness()] : []),
    ]);
    if (focused && items.has(focused) && document.activeElement === document.body) items.get(focused).link.focus();
    this.#rove();
    this.more.hidden = !this.#answer?.truncated;
    const shown = rows.length === this.rows.length ? plural(rows.length, "job") : `${rows.length} of ${plural(this.rows.length, "job")}`;
    const words = !this.#answer || rows.length === 0 ? "" : `${shown}${this.#answer.truncated ? ", the newest" : ""}`;
    if (this.count.textContent !== words) this.count.textContent = words;
  }

  // An element stays the same as long as its row does: focus and selection are not disturbed.
  #item(row) {
    const key = JSON.stringify(row);
    const old = this.#items.get(row.job_id);
    if (old?.key === key) return old;
    const time = h("span", { class: "age", title: row.finished_at ?? row.started_at ?? row.created_at });
    ticker(time, () => (row.finished_at ? ago(row.finished_at) : row.started_at ? duration(Date.now() - Date.parse(row.started_at)) : ago(row.created_at)));
    const marks = [row.group, ...row.tags].filter(Boolean);
    const content = [
      h("span", { class: "title" }, [row.name ? visible(row.name) : h("code", {}, [visible(row.command)])]),
      time,
      h("span", { class: "command" }, row.name ? [h("code", {}, [visible(row.command)])] : [row.job_id.slice(-8)]),
      h("span", { class: "where" }, [badge(row), h("span", { class: "directory" }, [visible(row.cwd)]), ...marks.map((mark) => h("span", { class: "tag" }, [visible(mark)]))]),
    ];
    const link = old?.link ?? h("a", { href: jobHref(row.job_id), tabindex: "-1", dataset: { job: row.job_id } });
    link.replaceChildren(...content);
    const item = { key, link, element: old?.element ?? h("li", {}, [link]) };
    this.#mark(row.job_id, item);
    return item;
  }

  #mark(id, { link }) {
    if (id === this.#current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }

  // One row can be reached by Tab, the others from it by arrows.
  #rove() {
    const links = this.#links();
    const home = links.find((link) => link === document.activeElement) ?? links.find((link) => link.dataset.job === this.#current) ?? links.find((link) => link.tabIndex === 0) ?? links[0];
    for (const link of links) link.tabIndex = link === home ? 0 : -1;
  }

  #focused(event) {
    if (event.target.tabIndex === 0) return;
    for (const link of this.#links()) link.tabIndex = link === event.target ? 0 : -1;
  }

  #links() {
    return [...this.body.querySelectorAll("a[data-job]")];
  }

  #keydown(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const moves = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity, PageDown: 10, PageUp: -10 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.move(moves[event.key]);
  }

  #emptiness() {
    if (!this.#answer) return h("p", { class: "empty" }, ["Loading\u2026"]);
    if (this.#answer.error) {
      const retry = h("button", { type: "button", on: { click: () => this.#open() } }, ["Try again"]);
      return h("div", { class: "empty", role: "alert" }, [h("p", {}, ["The list can\u2019t be shown."]), ...explain(this.#answer.error), retry]);
    }
    if (this.rows.length > 0 || isFiltered(this.#filters)) {
      return h("div", { class: "empty" }, [
        h("p", {}, ["No job fits these filters."]),
        h("button", { type: "button", on: { click: () => this.#clear() } }, ["Clear the filters"]),
      ]);
    }
    return h("div", { class: "empty" }, [h("p", {}, ["No jobs yet. Start one here, or in a terminal:"]), h("pre", {}, ["foster run -- make"])]);
  }

  #clear() {
    for (const [name, element] of Object.entries(this.fields)) element.value = NO_FILTERS[name];
    this.#filters = NO_FILTERS;
    sessionStorage.removeItem(SAVED);
    this.#limit = PAGE;
    this.#draw();
    this.#open();
    this.fields.text.focus();
  }
}

function restored() {
  try {
    return { ...NO_FILTERS, ...JSON.parse(sessionStorage.getItem(SAVED)) };
  } catch {
    return NO_FILTERS; // nobody but a tinkerer writes something else there
  }
}
