// One line of output as a terminal would show it at last: colours are kept, overwritten progress is
// gone, other escape sequences are dropped, and what is no known sequence is made visible.

import { HIDDEN_RUN, nameOf } from "./visible.js";
import { NAMED, PLAIN, applySgr } from "./style.js";

const TAB = 8;
// A sequence that moves the cursor far to the right must not make a line of spaces of that length.
const FARTHEST_COLUMN = 4096;

// CSI; OSC and the other strings, closed by BEL or ST; escapes with intermediate bytes; two-byte ones.
const SEQUENCE =
  /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[ -/]+[0-~]|\x1b[0-OQ-WYZ\\`-~]/y;
// What may become a sequence once more of the line is here.
const UNFINISHED = /\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]{0,4096}\x1b?|[PX^_][^\x1b]{0,4096}\x1b?|[ -/]*)$/;

export class LineWriter {
  /** `style` is what the line before left behind. */
  constructor(style = PLAIN) {
    this.text = "";
    /** Where the text is not plain: `{start, end, style}`, in order, without overlaps. */
    this.spans = [];
    this.style = style;
    this.column = 0;
    this.unfinished = "";
  }

  /** The next piece of the line; `last` if nothing more comes. */
  write(piece, last) {
    let text = this.unfinished + piece;
    this.unfinished = "";
    if (!last && text.includes("\x1b")) {
      const cut = text.slice(-4100).search(UNFINISHED);
      if (cut >= 0) {
        const at = Math.max(0, text.length - 4100) + cut;
        this.unfinished = text.slice(at);
        text = text.slice(0, at);
      }
    }
    let from = 0;
    HIDDEN_RUN.lastIndex = 0;
    for (let run = HIDDEN_RUN.exec(text); run; run = HIDDEN_RUN.exec(text)) {
      this.#put(text.slice(from, run.index), this.style);
      from = this.#controls(text, run.index, run.index + run[0].length);
      HIDDEN_RUN.lastIndex = from;
    }
    this.#put(text.slice(from), this.style);
  }

  // Deals with the hidden characters from `at` to `end`; returns where it stopped, which an escape
  // sequence may have put further.
  #controls(text, at, end) {
    let names = "";
    const flush = () => {
      this.#put(names, NAMED);
      names = "";
    };
    while (at < end) {
      const character = String.fromCodePoint(text.codePointAt(at));
      if (character === "\x1b") {
        SEQUENCE.lastIndex = at;
        const sequence = SEQUENCE.exec(text);
        if (sequence) {
          flush();
          if (sequence[2] !== undefined) this.#csi(sequence[1], sequence[2]);
          return at + sequence[0].length;
        }
      }
      if (character === "\r" || character === "\b" || character === "\t") {
        flush();
        this.#move(character);
      } else if (character !== "\x07") {
        names += nameOf(character);
      }
      at += character.length;
    }
    flush();
    return at;
  }

  #move(character) {
    if (character === "\r") {
      this.column = 0;
    } else if (character === "\b") {
      this.column = Math.max(0, this.column - 1);
    } else {
      const spaces = TAB - (this.column % TAB);
      if (this.column < this.text.length) this.column += spaces;
      else this.#put(" ".repeat(spaces), this.style);
    }
  }

  #csi(parameters, final) {
    if (final === "m") {
      if (/^[0-9;:]*$/.test(parameters)) this.style = applySgr(this.style, parameters);
      return;
    }
    const count = Math.max(1, Number.parseInt(parameters, 10) || 0);
    if (final === "K") this.#erase(parameters);
    else if (final === "G") this.column = Math.min(count - 1, this.#farthest());
    else if (final === "C") this.column = Math.min(this.column + count, this.#farthest());
    else if (final === "D") this.column = Math.max(0, this.column - count);
  }

  #farthest() {
    return Math.max(this.text.length, FARTHEST_COLUMN);
  }

  #erase(which) {
    if (which === "1") {
      const column = this.column;
      this.column = 0;
      this.#put(" ".repeat(column), PLAIN);
      return;
    }
    const keep = which === "2" ? 0 : Math.min(this.column, this.text.length);
    this.text = this.text.slice(0, keep);
    this.spans = cutOut(this.spans, keep, Infinity);
  }

  #put(run, style) {
    if (run === "") return;
    if (this.column > this.text.length) this.text += " ".repeat(this.column - this.text.length);
    const start = this.column;
    const end = start + run.length;
    if (start === this.text.length) {
      this.text += run;
    } else {
      this.text = this.text.slice(0, start) + run + this.text.slice(end);
      this.spans = cutOut(this.spans, start, end);
    }
    this.column = end;
    if (style === PLAIN) return;
    const last = this.spans.at(-1);
    if (last && last.end === start && last.style === style) last.end = end;
    else if (!last || last.end <= start) this.spans.push({ start, end, style });
    else this.spans.splice(this.spans.findIndex((span) => span.start >= end), 0, { start, end, style });
  }
}

function cutOut(spans, start, end) {
  const left = [];
  for (const span of spans) {
    if (span.start < start) left.push({ ...span, end: Math.min(span.end, start) });
    if (span.end > end) left.push({ ...span, start: Math.max(span.start, end) });
  }
  return left;
}
