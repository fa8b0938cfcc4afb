// Where a job stands, in words, a shape and a colour.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** `{kind, word}`: `kind` names shape and colour. */
export function standing(job) {
  const { state, cause, exit_code: code, signal } = job;
  if (job.damage) return { kind: "lost", word: "damaged" };
  if (state === "created") return { kind: "created", word: "not started" };
  if (state === "running") return job.exited_at ? { kind: "running", word: "exited, output still open" } : { kind: "running", word: "running" };
  if (state === "exited") return code === 0 ? { kind: "good", word: "exited with 0" } : { kind: "bad", word: `exited with ${code ?? "unknown code"}` };
  if (state === "killed") return { kind: "killed", word: killedWord(cause, signal) };
  if (state === "failed") return { kind: "bad", word: "could not start" };
  return { kind: "lost", word: cause === "reboot" ? "lost in a reboot" : "lost" };
}

function killedWord(cause, signal) {
  const by = signal ? ` by ${signal}` : "";
  if (cause === "timeout") return `timed out, killed${by}`;
  if (cause === "oom") return "killed: out of memory";
  return cause === "stop" ? `stopped${by}` : `killed${by}`;
}

export const isOver = (job) => !["created", "running"].includes(job.state);

/** Whether it ended in another way than a command that did what it should. */
export const endedBadly = (job) => isOver(job) && !(job.state === "exited" && job.exit_code === 0);

export function badge(job) {
  const { kind, word } = standing(job);
  return h("span", { class: `badge ${kind}` }, [icon(kind), word]);
}
