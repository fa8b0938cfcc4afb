// Keys that work wherever no text is being typed, and the dialog that tells of them.

import { askBy } from "./dialog.js";
import { h } from "./dom.js";

const OFF = "foster.keys-off";

const HELP = [
  ["j k, \u2193 \u2191", "next and previous job"],
  ["Enter", "open the job"],
  ["Esc", "back to the list"],
  ["/", "filter the list"],
  ["n", "new job"],
  ["1 2 3 4", "output, processes, timeline, details"],
  ["f", "follow the end of the output, or stop following"],
  ["l", "only lines with a text"],
  ["i", "type input for the job"],
  ["s", "stop the job"],
  ["r", "restart the job"],
  ["d", "delete the job"],
  ["?", "these keys"],
];

/** `commands` by key. Single characters can be switched off: some speak to their computer, or slip. */
export function listenForKeys(commands) {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key !== "Escape" && (isTyping(event.target) || localStorage.getItem(OFF) !== null)) return;
    const command = commands[event.key];
    if (!command) return;
    event.preventDefault();
    command();
  });
}

const isTyping = (element) => element.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

export function showKeys() {
  const on = h("input", { type: "checkbox", id: "keys-on", checked: localStorage.getItem(OFF) === null });
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "yes")));
  return askBy({
    title: "Keys",
    confirm: "Close",
    mayCancel: false,
    mayEscape: true,
    children: [
      h("dl", { class: "keys" }, HELP.flatMap(([keys, words]) => [h("dt", {}, keys.split(/([ ,]+)/).map((part) => (/^[ ,]+$/.test(part) ? part : h("kbd", {}, [part])))), h("dd", {}, [words])])),
      h("p", { class: "check" }, [on, h("label", { for: "keys-on" }, ["Single keys do these things"])]),
    ],
    submit: async () => undefined,
  });
}
