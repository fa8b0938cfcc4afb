// Events of a job's journal in words. What is not known here is shown by its name and fields.

import { bytes, duration, plural } from "./time.js";

const WORDS = {
  created: () => ["", "Created"],
  restarted: (event) => ["start", `To run again: run ${event.run}`],
  amended: (event) => ["", `Its definition was changed: ${event.change?.what}`],
  launched: (event) => ["", "Keeper and supervisor started", [`keeper ${event.keeper?.pid}, supervisor ${event.supervisor?.pid}`]],
  started: (event) => ["start", "The command was executed", [`process ${event.leader?.pid}, held by ${event.containment}`]],
  start_failed: (event) => ["bad", "The command could not be executed", [event.failure?.message ?? event.failure?.reason]],
  stop_requested: (event) => ["stop", stopTitle(event), [phaseWords(event.phases), requester(event.by)]],
  deadline_changed: (event) => ["", event.deadline ? "Another deadline" : "No deadline any more", [requester(event.by)]],
  stdin_closed: (event) => ["", "Its input was ended", [requester(event.by)]],
  signalled: (event) => ["stop", `${event.signal} sent to ${plural(event.sent, "process", "processes")}`, [...(event.errors ?? []), requester(event.by)]],
  exited: (event) => [event.exit_code === 0 ? "good" : "bad", exitTitle(event), [event.duration_ms === null ? null : `after ${duration(event.duration_ms)}`]],
  stragglers: (event) => ["bad", `${plural(event.processes.length, "process was", "processes were")} left behind`, event.processes.map((process) => `${process.pid} ${process.command}`)],
  empty: () => ["good", "The tree is empty", ["the kernel says that no process of the job is left"]],
  closed: (event) => ["", closedTitle(event.output), [`stdout ${bytes(event.stdout?.observed_bytes)}, stderr ${bytes(event.stderr?.observed_bytes)}`, ...(event.holders ?? []).map((process) => `held by ${process.pid} ${process.command}`)]],
  output_lost: (event) => ["bad", `Output of ${event.stream} could not be kept`, [event.reason]],
  supervision: (event) => ["", `Supervision is now: ${event.now}`],
  matched: (event) => ["", "Patterns that were found", event.counts.map((count) => `${count.pattern}: ${plural(count.matched, "line")}`)],
  finished: (event) => [event.state === "exited" ? "good" : "bad", `The job is over: ${event.state}`, [event.cause ? `cause: ${event.cause}` : null]],
};

/** `{kind, title, lines}` for an event. */
export function eventWords(event) {
  const words = WORDS[event.event];
  if (!words) return { kind: "", title: event.event, lines: [] };
  const [kind, title, lines = []] = words(event);
  return { kind, title, lines: lines.filter(Boolean) };
}

/** "TERM, 5.0 s later KILL" */
export function phaseWords(phases = []) {
  return phases.map(({ signal }, i) => (i === 0 ? signal : `${duration(phases[i - 1].grace_ms)} later ${signal}`)).join(", ");
}

function stopTitle({ cause, timeout_kind: kind }) {
  if (cause !== "timeout") return "Asked to stop";
  return kind === "idle" ? "It printed nothing for too long" : "Its time is up";
}

function exitTitle({ exit_code: code, signal, core_dumped: dumped }) {
  if (code !== null) return `The command exited with ${code}`;
  return `The command was ended by ${signal ?? "an unknown signal"}${dumped ? ", core dumped" : ""}`;
}

function closedTitle(output) {
  if (output === "complete") return "The output is complete";
  return output === "held_open" ? "Reading of the output ended; somebody still holds it" : `The output is ${output}`;
}

const requester = (by) => (by ? `by process ${by.pid} of user ${by.uid}` : null);
