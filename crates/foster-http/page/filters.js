// What the list shows: what the server is asked for, and what is sorted out here.

import { endedBadly } from "./state.js";

const STATES = { running: ["running"], ended: ["exited", "killed", "failed", "lost"], bad: ["exited", "killed", "failed", "lost"], created: ["created"], exited: ["exited"], killed: ["killed"], failed: ["failed"], lost: ["lost"] };

export const STATE_CHOICES = [
  ["", "Any state"],
  ["running", "Running"],
  ["ended", "Ended"],
  ["bad", "Ended badly"],
  ["exited", "Exited"],
  ["killed", "Killed"],
  ["failed", "Could not start"],
  ["lost", "Lost"],
  ["created", "Not started"],
];

export const NO_FILTERS = Object.freeze({ text: "", state: "", tag: "", group: "", directory: "" });

/** The options of `list`. The text is not among them: it is looked for in several fields at once. */
export function listOptions({ state, tag, group, directory }, limit) {
  const scope = directory === "" ? { all: true } : { cwd: directory };
  return { ...scope, state: STATES[state] ?? null, tag: tag.split(/[\s,]+/).filter(Boolean), group, limit };
}

/** Whether a row of the list has all the words of the text in its name, command, tags, group or id. */
export function matches(row, { text, state }) {
  if (state === "bad" && !endedBadly(row)) return false;
  const all = [row.name ?? "", row.command, row.group ?? "", row.job_id, ...row.tags].join("\n").toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => all.includes(word));
}

export const isFiltered = (filters) => Object.keys(NO_FILTERS).some((name) => filters[name] !== "");
