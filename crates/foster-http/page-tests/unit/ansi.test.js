import assert from "node:assert/strict";
import { test } from "node:test";
import { LineWriter } from "../../page/ansi.js";
import { PLAIN, applySgr, fixedColor } from "../../page/style.js";

function written(...pieces) {
  const writer = new LineWriter();
  pieces.forEach((piece, i) => writer.write(piece, i === pieces.length - 1));
  return writer;
}
const spans = (writer) => writer.spans.map(({ start, end, style }) => [writer.text.slice(start, end), style]);

test("a line without sequences is itself, and carries no style", () => {
  const writer = written("plain <b>text</b> \u00e4\u4e2d");
  assert.equal(writer.text, "plain <b>text</b> \u00e4\u4e2d");
  assert.deepEqual(writer.spans, []);
  assert.equal(writer.style, PLAIN);
});

for (const [sequence, expected] of [
  ["31", { color: 1 }],
  ["1;97;44", { bold: true, color: 15, background: 4 }],
  ["38;5;208", { color: 208 }],
  ["48;5;3", { background: 3 }],
  ["38;2;1;2;255", { color: "#0102ff" }],
  ["38:2::1:2:255", { color: "#0102ff" }],
  ["38:5:9;3", { color: 9, italic: true }],
  ["4:0", {}],
  ["38;5;999", {}],
  ["38;2;1", {}],
  ["5;8", {}],
  ["9;7;4;2", { strike: true, inverse: true, underline: true, dim: true }],
]) {
  test(`SGR ${sequence}`, () => assert.deepEqual({ ...applySgr(PLAIN, sequence) }, { ...PLAIN, ...expected }));
}

test("resetting gives the plain style itself", () => {
  assert.equal(applySgr(applySgr(PLAIN, "1;31"), ""), PLAIN);
  assert.equal(applySgr(applySgr(PLAIN, "1;31"), "22;39"), PLAIN);
});

test("a style lasts beyond the line", () => {
  const first = written("a\x1b[32mb");
  assert.deepEqual(spans(first).map(([text]) => text), ["b"]);
  const second = new LineWriter(first.style);
  second.write("c\x1b[md", true);
  assert.deepEqual(spans(second).map(([text, style]) => [text, style.color]), [["c", 2]]);
});

for (const [name, line, shown] of [
  ["carriage returns overwrite", "10%\r20%\r30% done", "30% done"],
  ["what is shorter leaves the rest", "abcdef\rXY", "XYcdef"],
  ["erasing to the end", "abcdef\rXY\x1b[K", "XY"],
  ["erasing the line", "abcdef\x1b[2K\rnew", "new"],
  ["erasing to the begin", "abc\x1b[1Kd", "   d"],
  ["backspaces", "abd\bc", "abc"],
  ["tabs", "a\tb", "a       b"],
  ["moves of the cursor", "abc\x1b[2Dx\x1b[5Gy", "axc y"],
  ["a move that is too far is bounded", "\x1b[99999999Cx", `${" ".repeat(4096)}x`],
  ["titles and links are dropped", "a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c", "abc"],
  ["private modes and charsets are dropped", "\x1b[?25la\x1b(Bb\x1b=c\x1b[2J\x1b[1;1Hd", "abcd"],
  ["strings of devices are dropped", "a\x1bPq#0\x1b\\b\x1b_x\x1b\\c", "abc"],
  ["an escape that is none is visible", "a\x1b", "a^["],
  ["a string without end hides nothing", "a\x1b]0;all of this", "a^[]0;all of this"],
  ["controls are visible, the bell is not", "a\x00b\x07c\x7f", "a^@bc^?"],
  ["C1 controls are no sequences", "\u009b31mx", "<U+009B>31mx"],
  ["marks of direction are visible", "a\u202eb\u2066c\u200fd", "a<U+202E>b<U+2066>c<U+200F>d"],
  ["what has no width is visible", "a\u200bb\ufeff\u{e0041}", "a<U+200B>b<U+FEFF><U+E0041>"],
  ["joiners of emoji stay", "\u{1f469}\u200d\u{1f4bb}", "\u{1f469}\u200d\u{1f4bb}"],
  ["ends of lines inside are visible", "a\u2028b", "a<U+2028>b"],
]) {
  test(name, () => assert.equal(written(line).text, shown));
}

test("overwriting splits styles", () => {
  const writer = written("\x1b[31mabcdef\x1b[m\r  \x1b[32mC\x1b[m");
  assert.equal(writer.text, "  Cdef");
  assert.deepEqual(spans(writer).map(([text, style]) => [text, style.color]), [["C", 2], ["def", 1]]);
});

test("a sequence may come in two pieces, wherever it is cut", () => {
  const line = "a\x1b[1;31mb\x1b]0;t\x1b\\c\rX\x1b[0m";
  const whole = written(line);
  for (let cut = 1; cut < line.length; cut += 1) {
    const parts = written(line.slice(0, cut), line.slice(cut));
    assert.equal(parts.text, whole.text, `cut at ${cut}`);
    assert.deepEqual(spans(parts), spans(whole), `cut at ${cut}`);
  }
});

test("spans are in order and never overlap, whatever is written", () => {
  let seed = 7;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  const bits = ["ab", "\r", "\b", "\t", "\x1b[31m", "\x1b[m", "\x1b[K", "\x1b[2K", "\x1b[3G", "\x1b[2D", "\u202e", "\x1b", "\x00", "\u4e2d"];
  for (let round = 0; round < 3000; round += 1) {
    const writer = written(...Array.from({ length: 1 + random(4) }, () => Array.from({ length: random(8) }, () => bits[random(bits.length)]).join("")));
    let end = 0;
    for (const span of writer.spans) {
      assert.ok(span.start >= end && span.end > span.start && span.end <= writer.text.length);
      end = span.end;
    }
    assert.ok(!/[\x00-\x1f\u202e]/.test(writer.text));
  }
});

test("the fixed palette", () => {
  assert.equal(fixedColor(16), "#000000");
  assert.equal(fixedColor(208), "#ff8700");
  assert.equal(fixedColor(231), "#ffffff");
  assert.equal(fixedColor(232), "#080808");
  assert.equal(fixedColor(255), "#eeeeee");
});
