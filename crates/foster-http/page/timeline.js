// What happened to a job, event by event.

import { h } from "./dom.js";
import { eventWords } from "./event-words.js";
import { clockTime, dayTime, duration } from "./time.js";
import { visible, visibleLines } from "./visible.js";

export class Timeline {
  #shown = 0;
  #begin = null;

  constructor() {
    this.list = h("ol", { class: "timeline" });
    this.empty = h("p", { class: "empty" }, ["Nothing has happened yet."]);
    this.element = h("section", { "aria-label": "Timeline", class: "scroll", tabindex: "0" }, [this.list, this.empty]);
  }

  /** Shows those of `events` that are not shown yet. */
  update(events) {
    this.empty.hidden = events.length > 0;
    this.list.append(...events.slice(this.#shown).map((event) => this.#item(event)));
    this.#shown = events.length;
  }

  #item(event) {
    if (event.event === "restarted") this.#begin = null;
    const since = this.#begin === null ? null : Date.parse(event.at) - this.#begin;
    if (event.event === "started") this.#begin = Date.parse(event.at);
    const { kind, title, lines } = eventWords(event);
    const { schema_version: _version, ok: _ok, type: _type, job_id: _job, ...fields } = event;
    return h("li", { class: kind }, [
      h("time", { datetime: event.at, title: event.at }, [`${dayTime(event.at).replace(/[^,]*$/, "")}${clockTime(event.at)}`.replace(/,(?=\d)/, ", ")]),
      h("span", { class: "since" }, [since === null ? "" : `+${duration(since)}`]),
      h("div", { class: "what" }, [
        h("strong", {}, [visible(title)]),
        ...lines.map((line) => h("p", {}, [visible(line)])),
        h("details", {}, [h("summary", {}, ["As recorded"]), h("pre", {}, [visibleLines(JSON.stringify(fields, null, 2))])]),
      ]),
    ]);
  }
}
