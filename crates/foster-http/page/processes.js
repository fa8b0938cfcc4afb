// The processes of a job: what they use, and who started whom. Asked for every other second while
// somebody can see it, since the kernel tells nobody of such changes.

import { jobPath, request } from "./api.js";
import { Chart } from "./chart.js";
import { h } from "./dom.js";
import { familyOrder } from "./family.js";
import { bytes, duration, plural, timeElement } from "./time.js";
import { explain } from "./dialog.js";
import { visible } from "./visible.js";

const EVERY = 2000;
const STATES = { R: "runs", S: "sleeps", D: "waits for the disk", T: "stopped", t: "traced", Z: "zombie", I: "idle", X: "dead" };

export class Processes {
  #job;
  #timer = null;
  #asked = null;
  #before = null;

  constructor(job) {
    this.#job = job;
    this.charts = { cpu: new Chart("CPU", (value) => `${value.toFixed(value < 10 ? 1 : 0)} %`), memory: new Chart("Memory", bytes) };
    this.meters = h("div", { class: "meters", hidden: true }, [this.charts.cpu.element, this.charts.memory.element]);
    this.body = h("tbody");
    this.table = h("table", { class: "processes" }, [
      h("thead", {}, [h("tr", {}, ["Process", "PID", "State", "CPU", "CPU time", "Memory", "Threads", "Started"].map((title) => h("th", { scope: "col" }, [title])))]),
      this.body,
    ]);
    this.note = h("p", { class: "note" });
    this.element = h("section", { "aria-label": "Processes", class: "scroll", tabindex: "0" }, [this.note, this.table]);
    this.update(job);
  }

  update(job) {
    const isOther = job.run !== this.#job.run;
    this.#job = job;
    if (isOther) this.#before = null;
    this.meters.hidden = job.state !== "running";
    if (job.state === "running") this.#begin();
    else {
      this.#stop();
      this.#ask();
    }
  }

  close() {
    this.#stop();
    this.#asked?.abort();
  }

  #begin() {
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => {
      if (!document.hidden && this.#asked === null) this.#ask();
    }, EVERY);
    this.#ask();
  }

  #stop() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  async #ask() {
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    try {
      this.#draw(await request("GET", jobPath(this.#job.job_id, "processes"), { signal: asked.signal }));
    } catch (error) {
      // Without a connection the banner says so, and the next look comes by itself.
      if (!asked.signal.aborted && error.code !== "unreachable") this.note.replaceChildren(...explain(error));
    } finally {
      if (this.#asked === asked) this.#asked = null;
    }
  }

  #draw(answer) {
    const now = performance.now();
    const before = this.#before;
    const passed = before ? now - before.now : 0;
    const share = (cpu, old) => (old === undefined || old === null || cpu === null || passed === 0 ? null : Math.max(0, ((cpu - old) / passed) * 100));
    const processes = answer.processes;
    if (answer.state === "running" && answer.total) {
      const cpu = share(answer.total.cpu_ms, before?.total);
      if (before) this.charts.cpu.push(cpu);
      this.charts.memory.push(answer.total.memory_bytes);
    }
    this.body.replaceChildren(...familyOrder(processes).map(({ process, depth }) => row(process, depth, share(process.cpu_ms, before?.each.get(process.pid)))));
    this.#before = { now, total: answer.total?.cpu_ms ?? null, each: new Map(processes.map((process) => [process.pid, process.cpu_ms])) };
    this.table.hidden = processes.length === 0;
    const held = { cgroup: "a control group", subreaper: "descent (subreaper)", group: "their process group", pidns: "a PID namespace" }[answer.containment] ?? answer.containment;
    const words = processes.length > 0
      ? `${plural(processes.length, "process", "processes")}, held together by ${visible(held)}${answer.complete === false ? "; there may be more" : ""}.`
      : answer.state === "running" ? "No process is left; the output is still open." : "Nothing of this job is running.";
    if (this.note.textContent !== words) this.note.replaceChildren(words);
  }
}

function row(process, depth, share) {
  const command = h("th", { scope: "row", class: "process" }, [
    h("span", { class: "branch", "aria-hidden": "true" }, [depth > 0 ? `${"\u2003".repeat(depth - 1)}\u2514 ` : ""]),
    h("code", { title: visible(process.command) }, [visible(process.command)]),
    process.leader && h("span", { class: "tag" }, ["leader"]),
    depth > 0 && h("span", { class: "visually-hidden" }, [`, started by ${process.parent}`]),
  ]);
  const known = (value, format = String) => h("td", {}, [value === null || value === undefined ? "?" : format(value)]);
  return h("tr", {}, [
    command,
    known(process.pid),
    known(process.state, (state) => STATES[state] ?? state),
    known(share, (value) => `${value.toFixed(value < 10 ? 1 : 0)} %`),
    known(process.cpu_ms, duration),
    known(process.memory_bytes, bytes),
    known(process.threads),
    h("td", {}, [process.started_at ? timeElement(process.started_at) : "?"]),
  ]);
}
