// What can be done to a job, each with the questions that it takes.

import { jobPath, request } from "./api.js";
import { askBy } from "./dialog.js";
import { h } from "./dom.js";
import { visible } from "./visible.js";

export const titleOf = (job) => visible(job.name ?? job.job_id.slice(-8));

/** Asks how, and gives the options of `kill`; `undefined` if it is not to be. */
export function askToStop(job) {
  const grace = h("input", { id: "grace", type: "text", placeholder: "the job\u2019s own", autocomplete: "off", "aria-describedby": "grace-hint" });
  return askBy({
    title: `Stop ${titleOf(job)}?`,
    confirm: "Stop",
    danger: true,
    children: [
      h("p", {}, ["All its processes get TERM. What is left when the grace is over gets KILL."]),
      h("label", { for: "grace" }, ["Grace"]),
      grace,
      h("p", { class: "hint", id: "grace-hint" }, ["Such as 500ms, 10s or 1m; 0s kills at once."]),
    ],
    submit: async () => {
      const value = grace.value.trim();
      if (value !== "" && !/^\d+(\.\d+)?(ms|s|m|h)$/.test(value)) throw new Error("A duration carries a unit: 500ms, 10s, 1m.");
      return value === "" ? {} : { grace: value };
    },
  });
}

export const remove = (id, options) => request("DELETE", jobPath(id), { options });

export const kill = (id, options) => request("POST", jobPath(id, "kill"), { body: options });

/** Runs a job once more; true if it was done. */
export async function restart(job) {
  if (job.state === "created") {
    await request("POST", jobPath(job.job_id, "start"), { body: { no_wait: true } });
    return true;
  }
  const run = async () => {
    await request("POST", jobPath(job.job_id, "restart"), { body: { no_wait: true } });
    return true;
  };
  if (job.state !== "running") return run();
  return askBy({
    title: `Restart ${titleOf(job)}?`,
    confirm: "Stop and restart",
    danger: true,
    children: [h("p", {}, ["It is running. It is stopped first, with all its processes; then it runs again under the same id."])],
    submit: run,
  });
}

/** Asks, and deletes by `work(options)`; true if the job is gone. */
export function askToDelete(job, work) {
  const isRunning = job.state === "running";
  return askBy({
    title: `Delete ${titleOf(job)}?`,
    confirm: isRunning ? "Stop and delete" : "Delete",
    danger: true,
    children: [
      h("p", {}, [isRunning ? "It is running: it is stopped first. Then its record and all its output are deleted." : "Its record and all its output are deleted."]),
      h("p", {}, ["This can\u2019t be undone."]),
      h("pre", { class: "command" }, [visible(commandOf(job))]),
    ],
    submit: async () => {
      await work(isRunning ? { kill: true } : {});
      return true;
    },
  });
}

/** The command as one line; words that a shell would split are in quotes. */
export function commandOf({ command, shell }) {
  if (!Array.isArray(command)) return command;
  if (shell) return command.join(" ");
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
