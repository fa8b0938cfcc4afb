// How a job is being stopped: the phases of the escalation as the journal tells of them, and the report.

import { phaseWords } from "./event-words.js";
import { h, refill } from "./dom.js";
import { duration, plural, ticker } from "./time.js";
import { visible } from "./visible.js";

/** The escalation of run `run`, or null. `phases` are what is planned and what was done of it. */
export function escalationOf(events, run) {
  const latest = events.findLastIndex((event) => event.event === "restarted");
  if ((events[latest]?.run ?? 1) !== run) return null; // its events are still to come
  const begin = Math.max(0, latest);
  let found = null;
  for (const event of events.slice(begin)) {
    if (event.event === "stop_requested") {
      found = { at: event.at, cause: event.cause, phases: (event.phases ?? []).map((phase) => ({ ...phase, done: null })), empty: false, over: false };
    } else if (found && event.event === "signalled" && event.phase !== null && found.phases[event.phase]) {
      found.phases[event.phase].done = { at: event.at, sent: event.sent, errors: event.errors ?? [] };
    } else if (found && event.event === "empty") {
      found.empty = true;
      found.emptyAt = event.at;
    } else if (found && event.event === "finished") {
      found.over = true;
    }
  }
  return found;
}

export class EscalationPanel {
  #onKillNow;

  /** `onKillNow` is called when the reader won't wait for the grace to pass. */
  constructor(onKillNow) {
    this.#onKillNow = onKillNow;
    this.element = h("section", { class: "escalation", "aria-label": "Stopping", "aria-live": "polite", hidden: true });
  }

  /** `report` is that of a `kill` asked for here, `null` otherwise. */
  update(escalation, report) {
    const isShown = escalation !== null || report !== null;
    this.element.hidden = !isShown;
    if (!isShown) return;
    refill(this.element, JSON.stringify([escalation, report]), () => [
      h("h3", {}, [title(escalation, report)]),
      h("ol", { class: "phases" }, phases(escalation, report)),
      ...ending(escalation, report),
      this.#killNow(escalation, report),
    ]);
  }

  #killNow(escalation, report) {
    if (report || !escalation || escalation.empty || escalation.over) return null;
    const next = escalation.phases.find((phase) => phase.done === null);
    if (next?.signal !== "KILL") return null;
    return h("button", { type: "button", class: "danger", on: { click: this.#onKillNow } }, ["KILL now"]);
  }
}

function title(escalation, report) {
  if (!escalation) return "Asked to stop";
  const why = escalation.cause === "timeout" ? "Its time is up" : "Stopping";
  if (report || escalation.empty || escalation.over) return escalation.cause === "timeout" ? "Ended: its time was up" : "Stopped";
  return `${why}: ${phaseWords(escalation.phases)}`;
}

function phases(escalation, report) {
  if (!escalation) return report.phases.map((phase) => h("li", { class: "done" }, done(phase.signal, phase.sent, phase.errors, phase.waited_ms)));
  const isOver = report !== null || escalation.empty || escalation.over;
  return escalation.phases.map((phase, i) => {
    const reported = report?.phases[i];
    if (phase.done) {
      const previousEnd = escalation.phases[i + 1]?.done?.at ?? escalation.emptyAt;
      const waited = reported?.waited_ms ?? (previousEnd ? Date.parse(previousEnd) - Date.parse(phase.done.at) : null);
      const left = !isOver && waited === null ? countdown(phase) : null;
      return h("li", { class: isOver || waited !== null ? "done" : "now" }, [...done(phase.signal, phase.done.sent, phase.done.errors, waited), left]);
    }
    return h("li", { class: "planned" }, [h("strong", {}, [phase.signal]), isOver ? " was not needed" : " if something is left"]);
  });
}

function done(signal, sent, errors, waited) {
  return [
    h("strong", {}, [signal]),
    ` to ${plural(sent, "process", "processes")}`,
    waited === null ? "" : `, waited ${duration(waited)}`,
    ...errors.map((error) => h("span", { class: "error" }, [` \u2013 ${visible(error)}`])),
  ];
}

// The seconds are for the eye: read aloud each one would only be noise.
function countdown(phase) {
  const until = Date.parse(phase.done.at) + phase.grace_ms;
  return ticker(h("span", { class: "countdown", "aria-hidden": "true" }), () => {
    const left = until - Date.now();
    return left > 0 ? `, ${Math.ceil(left / 1000)} s left` : "";
  });
}

function ending(escalation, report) {
  const survivors = report?.survivors ?? [];
  if (survivors.length > 0) {
    return [
      h("p", { class: "error" }, [`${plural(survivors.length, "process is", "processes are")} left that could not be ended:`]),
      h("ul", {}, survivors.map((process) => h("li", {}, [`${process.pid} ${visible(process.command)}`, process.reason ? ` \u2013 ${visible(process.reason)}` : ""]))),
    ];
  }
  if (report) {
    const proof = report.empty === true ? "The tree is empty" : report.empty === null ? "Nobody was found, and nothing proves it" : "The tree is not empty";
    return [h("p", {}, [`${proof} after ${duration(report.took_ms)}.`])];
  }
  if (escalation.empty) return [h("p", {}, [`The tree is empty after ${duration(Date.parse(escalation.emptyAt) - Date.parse(escalation.at))}.`])];
  return [];
}
