// Everything that is known of a job, as a list of names and values.

import { commandOf } from "./actions.js";
import { h } from "./dom.js";
import { standing } from "./state.js";
import { bytes, duration, plural, ticker, timeElement } from "./time.js";
import { visible, visibleLines } from "./visible.js";

/** The few that stand in the head of a job. */
export function headFacts(job) {
  return [
    job.started_at && fact("Started", timeElement(job.started_at)),
    job.started_at && fact(job.state === "running" ? "Runs for" : "Took", runTime(job)),
    job.state === "running" && job.deadline && fact("Ends at", timeElement(job.deadline)),
    job.pid && job.state === "running" && fact("PID", String(job.pid), "minor"),
    fact("Directory", h("code", {}, [visible(job.cwd)]), "minor"),
    job.group && fact("Group", visible(job.group), "minor"),
    job.tags.length > 0 && fact("Tags", h("span", {}, job.tags.map((tag) => h("span", { class: "tag" }, [visible(tag)]))), "minor"),
    job.run > 1 && fact("Run", String(job.run)),
  ].filter(Boolean);
}

function runTime(job) {
  if (job.duration_ms !== null) return duration(job.duration_ms);
  if (job.state !== "running") return "unknown";
  const begin = Date.parse(job.started_at);
  return ticker(h("span"), () => duration(Date.now() - begin));
}

// What is minor is left to the details where there is little room.
const fact = (name, value, rank = null) => h("div", { class: rank }, [h("dt", {}, [name]), h("dd", {}, [value])]);

/** All of them. */
export function allFacts(job) {
  const rows = [
    ["Id", h("code", {}, [job.job_id])],
    ["State", `${standing(job).word}${job.cause ? ` (cause: ${job.cause})` : ""}`],
    ["Command", h("pre", {}, [visibleLines(commandOf(job))])],
    ["Directory", h("code", {}, [visible(job.cwd)])],
    ["Name", job.name && visible(job.name)],
    ["Group", job.group && visible(job.group)],
    ["Tags", job.tags.length > 0 && visible(job.tags.join(", "))],
    ["Created", job.created_at && timeElement(job.created_at)],
    ["Started", job.started_at && timeElement(job.started_at)],
    ["Command ended", job.exited_at && timeElement(job.exited_at)],
    ["Over", job.finished_at && timeElement(job.finished_at)],
    ["Exit code", job.exit_code],
    ["Signal", job.signal && `${job.signal}${job.core_dumped ? ", core dumped" : ""}`],
    ["Time limit", job.timeout_ms && duration(job.timeout_ms)],
    ["Limit of silence", job.idle_timeout_ms && duration(job.idle_timeout_ms)],
    ["Held together by", job.containment],
    ["Supervision", job.supervision],
    ["Tree is empty", job.tree_empty === null ? "unknown" : job.tree_empty ? "yes" : "no"],
    ["Output", `${job.output}: stdout ${bytes(job.stdout_bytes)}, stderr ${bytes(job.stderr_bytes)}`],
    ["Input", job.stdin],
    ["Environment", variables(job.env_vars)],
    ["Left behind", job.stragglers?.length > 0 && job.stragglers.map((process) => `${process.pid} ${process.command}`).join(", ")],
    ["Failure", job.failure && visible(job.failure.message ?? job.failure.reason ?? JSON.stringify(job.failure))],
    ["Redactions", job.redactions > 0 && plural(job.redactions, "value")],
    ["stdout is in", h("code", {}, [visible(job.stdout_log_path)])],
    ["stderr is in", h("code", {}, [visible(job.stderr_log_path)])],
    ["Outer job", job.outer_job && h("code", {}, [visible(job.outer_job)])],
    ["Of another machine", job.foreign && "yes: it is not judged here"],
  ];
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== false);
  return h("dl", { class: "facts" }, shown.flatMap(([name, value]) => [h("dt", {}, [name]), h("dd", {}, [typeof value === "object" ? value : visible(value)])]));
}

function variables(values) {
  const lines = Object.entries(values ?? {}).map(([name, value]) => `${name}=${value}`);
  return lines.length > 0 && h("pre", {}, [visibleLines(lines.join("\n"))]);
}
