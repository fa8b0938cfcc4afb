import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { eventWords } from "../../page/event-words.js";
import { escalationOf } from "../../page/escalation.js";
import { familyOrder } from "../../page/family.js";
import { NO_FILTERS, listOptions, matches } from "../../page/filters.js";
import { parseRoute } from "../../page/route.js";
import { bytes, duration } from "../../page/time.js";
import { visible } from "../../page/visible.js";

test("durations and sizes", () => {
  assert.deepEqual([0, 999, 1500, 59_999, 61_000, 3_720_000, 90_000_000].map(duration), ["0 ms", "999 ms", "1.5 s", "59 s", "1 min 1 s", "1 h 2 min", "1 d 1 h"]);
  assert.deepEqual([0, 1023, 1536, 64 * 1024 ** 2].map(bytes), ["0 B", "1023 B", "1.5 KiB", "64.0 MiB"]);
  assert.deepEqual([60_000, 3_600_000, 86_400_000].map(duration), ["1 min", "1 h", "1 d"]);
  assert.equal(duration(null), "unknown");
});

test("routes", () => {
  assert.deepEqual(parseRoute(""), { job: null, tab: "output" });
  assert.deepEqual(parseRoute("#/jobs/abc"), { job: "abc", tab: "output" });
  assert.deepEqual(parseRoute("#/jobs/%401/timeline"), { job: "@1", tab: "timeline" });
  assert.deepEqual(parseRoute("#/jobs/%/constructor"), { job: "%", tab: "output" });
});

test("every event that the schema knows has words", () => {
  const schema = JSON.parse(readFileSync(new URL("../../../../schemas/event.json", import.meta.url)));
  const names = schema.oneOf.map((variant) => variant.properties.event.const);
  assert.ok(names.length > 15);
  for (const event of names) {
    const words = eventWords({ event, processes: [], counts: [], phases: [], sent: 1, signal: "TERM", exit_code: 0 });
    assert.notEqual(words.title, event);
  }
  assert.equal(eventWords({ event: "of_tomorrow" }).title, "of_tomorrow");
});

test("an escalation is that of the latest run", () => {
  const stop = { event: "stop_requested", at: "2026-01-01T00:00:00.000Z", cause: "stop", phases: [{ signal: "TERM", grace_ms: 1000 }, { signal: "KILL", grace_ms: 3000 }] };
  const sent = { event: "signalled", at: "2026-01-01T00:00:00.001Z", phase: 0, sent: 2, errors: [] };
  const found = escalationOf([{ event: "launched" }, stop, sent], 1);
  assert.deepEqual(found.phases.map((phase) => phase.done?.sent), [2, undefined]);
  const again = [{ event: "launched" }, stop, sent, { event: "restarted", run: 2 }, { event: "launched" }];
  assert.equal(escalationOf(again, 2), null);
  assert.equal(escalationOf(again, 3), null);
});

test("families", () => {
  const order = familyOrder([{ pid: 3, parent: 2 }, { pid: 2, parent: 1, leader: true }, { pid: 9, parent: 1 }, { pid: 4, parent: 3 }, { pid: 5, parent: 6 }, { pid: 6, parent: 5 }]);
  assert.deepEqual(order.map(({ process, depth }) => [process.pid, depth]), [[2, 0], [3, 1], [4, 2], [9, 0], [5, 0], [6, 1]]);
});

test("filters", () => {
  const row = { name: "web", command: "npm run dev", tags: ["ci.lint"], group: null, job_id: "01abc", state: "exited", exit_code: 1 };
  for (const [text, fits] of [["", true], ["WEB npm", true], ["ci.l", true], ["web make", false]]) assert.equal(matches(row, { ...NO_FILTERS, text }), fits);
  assert.equal(matches({ ...row, exit_code: 0 }, { ...NO_FILTERS, state: "bad" }), false);
  assert.deepEqual(listOptions({ ...NO_FILTERS, tag: "a b", directory: "/x", state: "running" }, 5), { cwd: "/x", state: ["running"], tag: ["a", "b"], group: "", limit: 5 });
});

test("hidden characters get names", () => {
  assert.equal(visible("a\u202eb\n\ud800"), "a<U+202E>b\u21b5<U+D800>");
});
