// The lines of both streams in the order of their times, as much of them as may be kept.

import { LineWriter } from "./ansi.js";
import { PLAIN } from "./style.js";
import { hasHidden } from "./visible.js";

export const MAX_LINES = 300_000;
/** Characters, with what a line and its colours cost beside them. */
export const MAX_COST = 64 * 1024 * 1024;
const MAX_LINE = 16 * 1024 * 1024;
const LINE_COST = 96;
const SPAN_COST = 48;
// Dropping moves all that stays: it is done for many lines at once.
const SLACK = 0.02;
// Characters that take one unit and one column each, controls included: these get such names.
const SIMPLE = /^[\0-\u02ff]*$/;

const NO_SPANS = Object.freeze([]);

let made = 0;

class Line {
  constructor(stream, at, offset, style) {
    made += 1;
    this.id = made;
    this.version = 0;
    this.stream = stream;
    this.at = at;
    this.offset = offset;
    this.text = "";
    this.spans = NO_SPANS;
    /** Whether its end is still to come. */
    this.open = true;
    /** How many bytes are missing before it. */
    this.gap = 0;
    /** Whether its end is left out, since it is too long. */
    this.cut = false;
    this.simple = true;
    this.cost = LINE_COST;
    /** How its next character looks. */
    this.style = style;
    this.writer = null;
  }

  write(text, last) {
    if (this.text.length > MAX_LINE) this.cut = true;
    else if (last && this.writer === null && this.style === PLAIN && !hasHidden(text)) this.text = text; // as most are
    else this.#interpret(text, last);
    this.simple &&= SIMPLE.test(text);
    this.cost = LINE_COST + this.text.length + this.spans.length * SPAN_COST;
    this.version += 1;
    if (last) this.close();
  }

  close() {
    this.writer = null;
    this.open = false;
  }

  #interpret(text, last) {
    this.writer ??= new LineWriter(this.style);
    this.writer.write(text, last);
    this.text = this.writer.text;
    this.spans = this.writer.spans;
    this.style = this.writer.style;
  }
}

export class LineStore {
  lines = [];
  dropped = 0;
  #cost = 0;
  #streams = { stdout: { end: null, open: null, style: PLAIN }, stderr: { end: null, open: null, style: PLAIN } };
  #maxLines;
  #maxCost;

  constructor(maxLines = MAX_LINES, maxCost = MAX_COST) {
    this.#maxLines = maxLines;
    this.#maxCost = maxCost;
  }

  /** How far a stream was received: the offset behind its last byte; `null` before the first. */
  endOf(stream) {
    return this.#streams[stream].end;
  }

  /**
   * Takes pieces `{stream, at, offset, text, partial, end}`. Returns the index of the first line
   * that is not what it was (counted after the drop), and how many were dropped.
   */
  add(pieces) {
    const fresh = [];
    const changed = new Set();
    for (const piece of pieces) this.#take(piece, fresh, changed);
    let from = this.#merge(fresh);
    for (const line of changed) from = Math.min(from, this.#indexOf(line));
    const dropped = this.#drop();
    return { from: Math.max(0, from - dropped), dropped };
  }

  #take(piece, fresh, changed) {
    const state = this.#streams[piece.stream];
    if (!state || (state.end !== null && piece.end <= state.end)) return; // already here
    let line = state.open;
    const follows = piece.offset === state.end;
    if (line && !follows) this.#close(state);
    if (!line || !follows) {
      line = new Line(piece.stream, piece.at, piece.offset, state.style);
      if (!follows) line.gap = piece.offset - (state.end ?? 0);
      fresh.push(line);
      state.open = line;
    } else {
      changed.add(line);
      this.#cost -= line.cost;
    }
    line.write(piece.text, !piece.partial);
    this.#cost += line.cost;
    state.end = piece.end;
    if (!piece.partial) this.#close(state);
  }

  #close(state) {
    state.style = state.open.style;
    state.open.close();
    state.open = null;
  }

  // Each stream comes in order, but the one may be behind the other: what is new belongs among the
  // last lines, or, while the past is loaded, anywhere.
  #merge(fresh) {
    if (fresh.length === 0) return this.lines.length;
    fresh.sort(byTime);
    const from = upperBound(this.lines, fresh[0]);
    const tail = this.lines.splice(from);
    let old = 0;
    for (const line of fresh) {
      while (old < tail.length && byTime(tail[old], line) <= 0) this.lines.push(tail[old++]);
      this.lines.push(line);
    }
    while (old < tail.length) this.lines.push(tail[old++]);
    return from;
  }

  #indexOf(line) {
    const index = this.lines.lastIndexOf(line);
    return index < 0 ? this.lines.length : index;
  }

  #drop() {
    const { lines } = this;
    if (lines.length <= this.#maxLines * (1 + SLACK) && this.#cost <= this.#maxCost * (1 + SLACK)) return 0;
    let count = 0;
    while (count < lines.length - 1 && (lines.length - count > this.#maxLines || this.#cost > this.#maxCost)) {
      this.#cost -= lines[count].cost;
      count += 1;
    }
    lines.splice(0, count);
    this.dropped += count;
    return count;
  }
}

// Times are RFC 3339 of one shape, in UTC: as text they are in the order of time.
function byTime(one, other) {
  if (one.at === other.at || one.at === null || other.at === null) return 0;
  return one.at < other.at ? -1 : 1;
}

function upperBound(lines, line) {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byTime(lines[middle], line) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
