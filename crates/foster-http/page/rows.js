// Where lines stand when they are wrapped at a column: which rows a line takes, and which line a row
// is of. Rows are all of one height, so nothing has to be measured, however many there are.

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const NO_WIDTH = /[\p{Mn}\p{Me}\u200c\u200d]/u;

/** Where the rows of `text` begin, wrapped at `columns`. */
export function rowStarts(text, columns) {
  const starts = [0];
  let column = 0;
  let at = 0;
  for (const character of text) {
    const width = widthOf(character);
    if (column + width > columns && column > 0) {
      starts.push(at);
      column = 0;
    }
    column += width;
    at += character.length;
  }
  return starts;
}

function widthOf(character) {
  if (character < "\u0300") return 1;
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

// Beyond this a line is wrapped as if each of its characters had one column: what is that long is
// hardly prose, and looking at each character of it again and again would take too long.
const LOOKED_AT = 64 * 1024;

const isEven = (line) => line.simple || line.text.length > LOOKED_AT;

/** How many rows `line` takes. */
export function rowCount(line, columns) {
  if (line.text.length <= columns / 2) return 1;
  return isEven(line) ? Math.max(1, Math.ceil(line.text.length / columns)) : rowStarts(line.text, columns).length;
}

/** From where to where row `row` of `line` goes. */
export function rowRange(line, columns, row) {
  const { text } = line;
  if (text.length <= columns / 2) return [0, text.length];
  if (isEven(line)) return [boundary(text, row * columns), boundary(text, (row + 1) * columns)];
  const starts = rowStarts(text, columns);
  return [starts[row], starts[row + 1] ?? text.length];
}

// Never between the two halves of one character.
function boundary(text, at) {
  if (at >= text.length) return text.length;
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at + 1 : at;
}

/** The first row of each line, for finding the line of a row. */
export class RowIndex {
  #first = new Uint32Array(1024);
  #count = 0;

  get total() {
    return this.#first[this.#count];
  }

  /** Counts the rows of the lines from `from` on anew; those before it are as they were. */
  update(lines, from, rowsOf) {
    if (lines.length + 1 > this.#first.length) {
      const wider = new Uint32Array(Math.max(lines.length + 1, this.#first.length * 2));
      wider.set(this.#first);
      this.#first = wider;
    }
    for (let i = Math.min(from, this.#count); i < lines.length; i += 1) {
      this.#first[i + 1] = this.#first[i] + rowsOf(lines[i]);
    }
    this.#count = lines.length;
  }

  /** Takes the first `count` lines away. */
  drop(count) {
    const rows = this.#first[count];
    for (let i = count; i <= this.#count; i += 1) this.#first[i - count] = this.#first[i] - rows;
    this.#count -= count;
  }

  firstRow(line) {
    return this.#first[line];
  }

  /** The line that `row` is of; lines without rows are passed over. */
  lineAt(row) {
    let low = 0;
    let high = this.#count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#first[middle + 1] > row) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

// Browsers draw no element that is higher than some tens of millions of pixels.
const TALLEST = 12_000_000;

/** Places between the height that all rows would have and the height that a browser can scroll. */
export class ScrollScale {
  constructor(rows, rowHeight, viewHeight) {
    this.rowHeight = rowHeight;
    this.full = rows * rowHeight;
    this.height = Math.min(this.full, TALLEST);
    this.ratio = this.height > viewHeight ? (this.full - viewHeight) / (this.height - viewHeight) : 1;
  }

  /** What lies at the top of the view, in pixels of the full height. */
  top(scrollTop) {
    return scrollTop * this.ratio;
  }

  /** Where to scroll to so that `row` is at the top. */
  scrollTop(row) {
    return (row * this.rowHeight) / this.ratio;
  }
}
