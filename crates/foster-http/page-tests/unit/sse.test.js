import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "../../page/sse.js";

const STREAM = ": hello\r\n\r\nevent: line\nid: 3\ndata: {\"a\":1}\n\ndata: one\r\ndata:two\r\n\r\nevent: end\rdata\r\r\nevent: nothing\n\nid: 9\ndata:  x\n\n";
const EVENTS = [
  { name: "line", data: '{"a":1}', id: "3" },
  { name: "message", data: "one\ntwo", id: undefined },
  { name: "end", data: "", id: undefined },
  { name: "message", data: " x", id: "9" },
];

test("events, comments, ends of lines of three kinds", () => {
  assert.deepEqual(new EventParser().push(STREAM), EVENTS);
});

test("the same wherever the stream is cut", () => {
  for (let cut = 1; cut < STREAM.length; cut += 1) {
    const parser = new EventParser();
    assert.deepEqual([...parser.push(STREAM.slice(0, cut)), ...parser.push(STREAM.slice(cut))], EVENTS, `cut at ${cut}`);
  }
  const parser = new EventParser();
  assert.deepEqual([...STREAM].flatMap((character) => parser.push(character)), EVENTS);
});

test("an event that is not complete is not told", () => {
  assert.deepEqual(new EventParser().push("event: line\ndata: x\n"), []);
});
