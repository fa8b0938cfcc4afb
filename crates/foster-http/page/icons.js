// Small shapes beside words. They say nothing that the words don't.

import { s } from "./dom.js";

const PATHS = {
  running: "M5 3.2v9.6L13 8z",
  good: "M3 8.6 6.4 12 13 4.6",
  bad: "M4 4l8 8M12 4l-8 8",
  killed: "M4.5 4.5h7v7h-7z",
  lost: "M5.4 6a2.6 2.6 0 1 1 3.5 2.4c-.6.3-.9.7-.9 1.4M8 12.6v.2",
  created: "M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z",
  back: "M10 3.5 5.5 8l4.5 4.5",
  plus: "M8 3v10M3 8h10",
  down: "M8 3v9M4 8.5 8 12.5l4-4",
};
const FILLED = new Set(["running", "killed"]);

export function icon(name) {
  return s("svg", { class: `icon${FILLED.has(name) ? " filled" : ""}`, viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true", focusable: "false" }, [
    s("path", { d: PATHS[name] }),
  ]);
}
