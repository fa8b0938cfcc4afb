// How a piece of output looks: what SGR sequences ("select graphic rendition") set.
// A style is never changed; each sequence gives another one.

/** Plain text. Compared by identity, so that most lines carry no style at all. */
export const PLAIN = Object.freeze({
  color: null,
  background: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
});

/** The name of a hidden character, which the command did not print itself. */
export const NAMED = Object.freeze({ ...PLAIN, named: true });

/** The style after a sequence `ESC [ parameters m`. */
export function applySgr(style, parameters) {
  const codes = parameters.split(";");
  let next = { ...style };
  for (let i = 0; i < codes.length; i += 1) {
    // With colons one code brings its own arguments: 38:2::255:0:0.
    const [code, ...own] = codes[i].split(":").map((digits) => (digits === "" ? null : Number(digits)));
    const number = code ?? 0;
    if (number === 38 || number === 48) {
      const rest = own.length > 0 ? own : codes.slice(i + 1).map(Number);
      const [value, used] = extendedColor(rest, own.length > 0);
      if (own.length === 0) i += used;
      if (value !== undefined) next[number === 38 ? "color" : "background"] = value;
    } else if (number === 0) {
      next = { ...PLAIN };
    } else {
      applyOne(next, number, own[0]);
    }
  }
  return isPlain(next) ? PLAIN : Object.freeze(next);
}

function applyOne(style, number, argument) {
  if (number === 1) style.bold = true;
  else if (number === 2) style.dim = true;
  else if (number === 3) style.italic = true;
  else if (number === 4) style.underline = argument !== 0;
  else if (number === 7) style.inverse = true;
  else if (number === 9) style.strike = true;
  else if (number === 21) style.underline = true;
  else if (number === 22) style.bold = style.dim = false;
  else if (number === 23) style.italic = false;
  else if (number === 24) style.underline = false;
  else if (number === 27) style.inverse = false;
  else if (number === 29) style.strike = false;
  else if (number >= 30 && number <= 37) style.color = number - 30;
  else if (number === 39) style.color = null;
  else if (number >= 40 && number <= 47) style.background = number - 40;
  else if (number === 49) style.background = null;
  else if (number >= 90 && number <= 97) style.color = number - 82;
  else if (number >= 100 && number <= 107) style.background = number - 92;
  // Blinking and concealing (5, 6, 8) are left out on purpose: output is to be read.
}

// The colour and how many of the codes it took.
function extendedColor(codes, byColons) {
  if (codes[0] === 5) return [isByte(codes[1]) ? codes[1] : undefined, 2];
  if (codes[0] !== 2) return [undefined, 0];
  // By colons a colour space, mostly empty, may stand before the three values.
  const values = byColons && codes.length > 4 ? codes.slice(2, 5) : codes.slice(1, 4);
  if (values.length < 3 || !values.every(isByte)) return [undefined, 4];
  return [`#${values.map((value) => value.toString(16).padStart(2, "0")).join("")}`, 4];
}

const isByte = (value) => Number.isInteger(value) && value >= 0 && value <= 255;

const isPlain = (style) => Object.keys(PLAIN).every((key) => style[key] === PLAIN[key]);

/** The colour of one of the 240 fixed places of the palette; the first 16 are the page's own. */
export function fixedColor(index) {
  if (index >= 232) return rgb(Array(3).fill(8 + (index - 232) * 10));
  const cube = index - 16;
  return rgb([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((step) => (step === 0 ? 0 : 55 + step * 40)));
}

const rgb = (values) => `#${values.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
