// The lines of a LineStore on the page: only the rows in view are elements.

import { h } from "./dom.js";
import { RowIndex, ScrollScale, rowCount, rowRange } from "./rows.js";
import { fixedColor } from "./style.js";
import { bytes, clockTime } from "./time.js";

// Without wrapping a row shows no more than this of its line.
const LONGEST_ROW = 4000;
const ROWS_BEYOND = 8;
const PROBE = 100;

export class Screen {
  following = true;
  #store;
  #index = new RowIndex();
  #options = { wrap: true, times: true, streams: new Set(["stdout", "stderr"]), filter: "" };
  #columns = 80;
  #rowHeight = 18;
  #scale;
  #rows = new Map();
  #ownScroll = -1;
  #onFollow;
  #resize;

  /** `onFollow` is called when the reader leaves the end or comes back to it. */
  constructor(store, onFollow) {
    this.#store = store;
    this.#onFollow = onFollow;
    this.canvas = h("div", { class: "canvas" });
    this.probe = h("div", { class: "probe", "aria-hidden": "true" }, [h("span", { class: "text" }, ["0".repeat(PROBE)])]);
    this.element = h("div", { class: "screen", role: "region", "aria-label": "Output", tabindex: "0", on: { scroll: () => this.#scrolled() } }, [this.probe, this.canvas]);
    this.#resize = new ResizeObserver(() => this.#measure());
    this.#resize.observe(this.element);
  }

  close() {
    this.#resize.disconnect();
  }

  set(options) {
    const anchor = this.#anchor();
    Object.assign(this.#options, options);
    this.element.classList.toggle("unwrapped", !this.#options.wrap);
    this.element.classList.toggle("untimed", !this.#options.times);
    this.#rows.clear();
    this.canvas.replaceChildren();
    this.#measure(anchor);
  }

  /** After the store has changed from line `from` on, having dropped `dropped` at its beginning. */
  changed({ from, dropped }) {
    const anchor = this.following ? null : this.#anchor();
    if (dropped > 0) this.#index.drop(dropped);
    this.#index.update(this.#store.lines, from, (line) => this.#rowsOf(line));
    this.#place(anchor);
  }

  follow(following = true) {
    if (this.following === following) return;
    this.following = following;
    this.#onFollow(following);
    if (following) this.#place(null);
  }

  #rowsOf(line) {
    const { streams, filter, wrap } = this.#options;
    if (!streams.has(line.stream)) return 0;
    if (filter !== "" && !line.text.toLowerCase().includes(filter)) return 0;
    return (line.gap > 0 ? 1 : 0) + (wrap ? rowCount(line, this.#columns) : 1) + (line.cut ? 1 : 0);
  }

  // The line at the top of the view, so that it stays there whatever comes before it.
  #anchor() {
    if (!this.#scale || this.#index.total === 0) return null;
    const row = this.#scale.top(this.element.scrollTop) / this.#rowHeight;
    const line = this.#index.lineAt(Math.floor(row));
    return { line: this.#store.lines[line], within: row - this.#index.firstRow(line) };
  }

  #measure(anchor = this.#anchor()) {
    const sample = this.probe.firstChild.getBoundingClientRect();
    if (sample.width === 0) return; // not shown
    this.#rowHeight = sample.height;
    const gutter = this.probe.firstChild.offsetLeft;
    const room = this.element.clientWidth - gutter - 12;
    this.#columns = Math.max(20, Math.floor(room / (sample.width / PROBE)));
    this.#index.update(this.#store.lines, 0, (line) => this.#rowsOf(line));
    this.#rows.clear();
    this.canvas.replaceChildren();
    this.#place(anchor);
  }

  #place(anchor) {
    this.#scale = new ScrollScale(this.#index.total, this.#rowHeight, this.element.clientHeight);
    this.canvas.style.setProperty("height", `${this.#scale.height}px`);
    if (this.following) {
      this.#scrollTo(Math.max(0, this.#scale.height - this.element.clientHeight));
    } else if (anchor) {
      const line = Math.max(0, this.#store.lines.indexOf(anchor.line));
      this.#scrollTo(this.#scale.scrollTop(this.#index.firstRow(line) + anchor.within));
    }
    this.#draw();
  }

  #scrollTo(top) {
    if (Math.abs(this.element.scrollTop - top) < 1) return;
    this.element.scrollTop = top;
    this.#ownScroll = this.element.scrollTop;
  }

  #scrolled() {
    // What this page has scrolled itself says nothing of what the reader wants.
    if (Math.abs(this.element.scrollTop - this.#ownScroll) > 1) {
      this.#ownScroll = -1;
      const left = this.element.scrollHeight - this.element.clientHeight - this.element.scrollTop;
      const following = left < this.#rowHeight * 1.5;
      if (following !== this.following) {
        this.following = following;
        this.#onFollow(following);
      }
    }
    this.#draw();
  }

  #draw() {
    if (!this.#scale) return;
    const { scrollTop, clientHeight } = this.element;
    const top = this.#scale.top(scrollTop);
    const first = Math.max(0, Math.floor(top / this.#rowHeight) - ROWS_BEYOND);
    const last = Math.min(this.#index.total, Math.ceil((top + clientHeight) / this.#rowHeight) + ROWS_BEYOND);
    const shift = scrollTop - top;
    const kept = new Map();
    let line = this.#index.total > 0 ? this.#index.lineAt(first) : 0;
    let previous = null;
    for (let row = first; row < last; row += 1) {
      while (this.#index.firstRow(line + 1) <= row) line += 1;
      const entry = this.#row(this.#store.lines[line], row - this.#index.firstRow(line));
      entry.element.style.setProperty("top", `${row * this.#rowHeight + shift}px`);
      kept.set(entry.key, entry);
      // Rows stand in the document in their order, for who selects or listens.
      const after = previous ? previous.nextSibling : this.canvas.firstChild;
      if (entry.element !== after) this.canvas.insertBefore(entry.element, after);
      previous = entry.element;
    }
    for (const [key, entry] of this.#rows) if (kept.get(key) !== entry) entry.element.remove();
    this.#rows = kept;
  }

  #row(line, row) {
    const key = `${line.id}/${row}`;
    const old = this.#rows.get(key);
    if (old && old.version === line.version) return old;
    const isFirst = row === 0;
    const element = h("div", { class: `row ${line.stream}` }, [
      h("span", { class: "at" }, [isFirst && line.at ? h("time", { datetime: line.at, title: line.at }, [clockTime(line.at)]) : ""]),
      h("span", { class: "stream" }, [isFirst ? (line.stream === "stderr" ? "err" : "out") : ""]),
      h("span", { class: "text" }, this.#content(line, row)),
    ]);
    return { key, element, version: line.version };
  }

  #content(line, row) {
    const { wrap, filter } = this.#options;
    const own = row - (line.gap > 0 ? 1 : 0);
    if (own < 0) return [remark(line.offset === line.gap ? `the first ${bytes(line.gap)} of this stream are not shown` : `${bytes(line.gap)} of this stream were not kept`)];
    if (line.cut && own === (wrap ? rowCount(line, this.#columns) : 1)) return [remark("the rest of this line is not shown")];
    const [start, end] = wrap ? rowRange(line, this.#columns, own) : [0, Math.min(line.text.length, LONGEST_ROW)];
    const nodes = segments(line, start, end).flatMap(([text, style]) => styled(text, style, filter));
    if (end < line.text.length && !wrap) nodes.push(remark(`${(line.text.length - end).toLocaleString()} more characters: wrap to read them`));
    return nodes;
  }
}

const remark = (text) => h("span", { class: "remark" }, [`\u2026 ${text} \u2026`]);

function segments(line, start, end) {
  const found = [];
  let at = start;
  for (let i = firstSpan(line.spans, start); i < line.spans.length && line.spans[i].start < end; i += 1) {
    const span = line.spans[i];
    const from = Math.max(span.start, start);
    const to = Math.min(span.end, end);
    if (from > at) found.push([line.text.slice(at, from), null]);
    found.push([line.text.slice(from, to), span.style]);
    at = to;
  }
  if (at < end) found.push([line.text.slice(at, end), null]);
  return found;
}

// The first span that goes beyond `at`.
function firstSpan(spans, at) {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (spans[middle].end <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function styled(text, style, filter) {
  const nodes = filter === "" ? [text] : marked(text, filter);
  if (style === null) return nodes;
  const element = h("span", { class: classesOf(style) }, nodes);
  const [color, background] = colorsOf(style);
  if (isOwn(color)) element.style.setProperty("--own-color", cssColor(color));
  if (isOwn(background)) element.style.setProperty("--own-background", cssColor(background));
  return [element];
}

function marked(text, filter) {
  const nodes = [];
  const lower = text.toLowerCase();
  let at = 0;
  for (let found = lower.indexOf(filter); found >= 0; found = lower.indexOf(filter, at)) {
    if (found > at) nodes.push(text.slice(at, found));
    nodes.push(h("mark", {}, [text.slice(found, found + filter.length)]));
    at = found + filter.length;
  }
  nodes.push(text.slice(at));
  return nodes;
}

const colorsOf = (style) => (style.inverse ? [style.background ?? "page", style.color ?? "ink"] : [style.color, style.background]);

// The page has its own 16 colours, for light and for dark; others are used as they are.
const isOwn = (color) => color !== null && color !== "page" && color !== "ink" && !(color < 16);

const cssColor = (color) => (typeof color === "number" ? fixedColor(color) : color);

function classesOf(style) {
  if (style.named) return "named";
  const [color, background] = colorsOf(style);
  const classes = ["bold", "dim", "italic", "underline", "strike"].filter((name) => style[name]);
  if (color !== null) classes.push(isOwn(color) ? (background === null ? "color-own" : "color-exact") : `color-${color}`);
  if (background !== null) classes.push(isOwn(background) ? "background-own" : `background-${background}`);
  return classes.join(" ");
}
