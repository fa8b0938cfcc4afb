// Text from jobs is shown as it is, except for characters that a reader can't see or that change
// how others are read: controls, marks of direction, and what has no width. They get a visible name.

const HIDDEN =
  "\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\p{Cs}\\u{e0000}-\\u{e0fff}";

/** One or more characters that can't be shown as they are. */
export const HIDDEN_RUN = new RegExp(`[${HIDDEN}]+`, "gu");

const HIDDEN_ONE = new RegExp(`[${HIDDEN}]`, "u");

/** Whether there is anything in `text` that can't be shown as it is. */
export const hasHidden = (text) => HIDDEN_ONE.test(text);

/** The visible name of one hidden character; controls as `cat -v` has them. */
export function nameOf(character) {
  const code = character.codePointAt(0);
  if (character === "\n") return "\u21b5";
  if (code < 0x20) return `^${String.fromCharCode(code + 64)}`;
  if (code === 0x7f) return "^?";
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}

/** `text` with every hidden character named; ends of lines and tabs too, for what stands on one line. */
export function visible(text) {
  return String(text).replace(HIDDEN_RUN, (run) => Array.from(run, nameOf).join(""));
}

/** The same, for text that may have several lines. */
export function visibleLines(text) {
  return String(text).split(/\r?\n/).map((line) => visible(line.replaceAll("\t", "    "))).join("\n");
}
