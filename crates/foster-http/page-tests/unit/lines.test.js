import assert from "node:assert/strict";
import { test } from "node:test";
import { LineStore } from "../../page/lines.js";
import { RowIndex, ScrollScale, rowCount, rowRange, rowStarts } from "../../page/rows.js";

const time = (ms) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
const piece = (stream, ms, offset, text, partial = false, end = offset + Buffer.byteLength(text) + (partial ? 0 : 1)) => ({ stream, at: time(ms), offset, text, partial, end });
const texts = (store) => store.lines.map((line) => line.text);

test("lines of both streams stand in the order of their times", () => {
  const store = new LineStore();
  store.add([piece("stdout", 1, 0, "a"), piece("stdout", 5, 2, "b")]);
  const change = store.add([piece("stderr", 2, 0, "x"), piece("stderr", 5, 2, "y"), piece("stdout", 6, 4, "c")]);
  assert.deepEqual(texts(store), ["a", "x", "b", "y", "c"]);
  assert.deepEqual(change, { from: 1, dropped: 0 });
});

test("pieces of a line become one line, in the place of the first", () => {
  const store = new LineStore();
  store.add([piece("stdout", 1, 0, "pro", true), piece("stderr", 2, 0, "x")]);
  const change = store.add([piece("stdout", 3, 3, "mpt> ", true), piece("stdout", 4, 8, "done")]);
  assert.deepEqual(texts(store), ["prompt> done", "x"]);
  assert.equal(change.from, 0);
  store.add([piece("stdout", 5, 13, "next")]);
  assert.deepEqual(texts(store), ["prompt> done", "x", "next"]);
});

test("what comes again is passed over", () => {
  const store = new LineStore();
  const lines = [piece("stdout", 1, 0, "a"), piece("stdout", 2, 2, "b", true)];
  store.add(lines);
  store.add([...lines, piece("stdout", 3, 3, "c")]);
  assert.deepEqual(texts(store), ["a", "bc"]);
  assert.equal(store.endOf("stdout"), 5);
});

test("missing bytes are told of", () => {
  const store = new LineStore();
  store.add([piece("stdout", 1, 100, "a"), piece("stdout", 2, 102, "b"), piece("stdout", 3, 500, "c")]);
  assert.deepEqual(store.lines.map((line) => line.gap), [100, 0, 396]);
});

test("no more is kept than may be, by number and by size", () => {
  const many = new LineStore(100, Infinity);
  for (let i = 0; i < 1000; i += 1) many.add([piece("stdout", i, i * 2, String(i % 10))]);
  assert.ok(many.lines.length <= 102);
  assert.equal(many.lines.length + many.dropped, 1000);
  const large = new LineStore(Infinity, 100_000);
  for (let i = 0; i < 100; i += 1) large.add([piece("stdout", i, i * 5001, "x".repeat(5000))]);
  assert.ok(large.lines.length <= 20, String(large.lines.length));
  assert.equal(large.lines.at(-1).offset, 99 * 5001);
});

test("one endless line is bounded too", () => {
  const store = new LineStore();
  const text = "x".repeat(64 * 1024);
  for (let i = 0; i < 400; i += 1) store.add([piece("stdout", i, i * text.length, text, true)]);
  assert.equal(store.lines.length, 1);
  assert.ok(store.lines[0].cut);
  assert.ok(store.lines[0].text.length < 17 * 1024 * 1024);
});

const line = (text) => ({ text, simple: /^[\0-\u02ff]*$/.test(text) });

test("rows of a line hold all of it, and no row is too wide", () => {
  for (const text of ["", "short", "x".repeat(95), "\u4e2d\u6587".repeat(30), "a\u0301".repeat(40), "\u{1f600}".repeat(25), "\u{1f600}".repeat(40_000)]) {
    for (const columns of [20, 33, 80]) {
      const rows = Array.from({ length: rowCount(line(text), columns) }, (_, i) => text.slice(...rowRange(line(text), columns, i)));
      assert.equal(rows.join(""), text);
      assert.ok(rows.every((row) => !/^[\udc00-\udfff]/.test(row)));
    }
  }
  assert.deepEqual(rowStarts("\u4e2d\u6587\u4e2d", 4), [0, 2]);
});

test("the line of each row is found, also beside lines without rows", () => {
  const counts = [1, 3, 0, 0, 2, 1];
  const index = new RowIndex();
  index.update(counts, 0, (count) => count);
  assert.equal(index.total, 7);
  assert.deepEqual(Array.from({ length: 7 }, (_, row) => index.lineAt(row)), [0, 1, 1, 1, 4, 4, 5]);
  index.drop(2);
  assert.deepEqual(Array.from({ length: index.total }, (_, row) => index.lineAt(row)), [2, 2, 3]);
  const grown = [0, 0, 2, 5];
  index.update(grown, 3, (count) => count);
  assert.equal(index.total, 7);
});

test("the index grows with its lines", () => {
  const index = new RowIndex();
  const lines = Array.from({ length: 5000 }, () => 1);
  index.update(lines, 0, () => 2);
  assert.equal(index.total, 10_000);
  assert.equal(index.lineAt(9999), 4999);
});

test("what is too tall to be scrolled is scaled, from end to end", () => {
  const small = new ScrollScale(100, 20, 500);
  assert.equal(small.height, 2000);
  assert.equal(small.top(700), 700);
  const tall = new ScrollScale(5_000_000, 20, 500);
  assert.ok(tall.height < 17_000_000);
  assert.equal(tall.top(0), 0);
  assert.equal(Math.round(tall.top(tall.height - 500)), 5_000_000 * 20 - 500);
});
