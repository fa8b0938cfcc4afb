// The form that starts a job.

import { request } from "./api.js";
import { askBy } from "./dialog.js";
import { h } from "./dom.js";

/** Asks for a job and starts it; gives its id, or `undefined`. `directory` is offered as its place. */
export function startJob(directory) {
  const form = fields(directory);
  return askBy({
    title: "New job",
    confirm: "Start",
    wide: true,
    children: form.elements,
    submit: async () => {
      const answer = await request("POST", "/v1/jobs", { body: form.read() });
      return answer.job_id;
    },
  });
}

function fields(directory) {
  const line = h("textarea", { id: "new-line", rows: "2", spellcheck: "false", autocapitalize: "off", "data-focus": true, placeholder: "make 2>&1 | tee build.txt" });
  const words = h("textarea", { id: "new-words", rows: "4", spellcheck: "false", autocapitalize: "off", placeholder: "cargo\ntest\n--workspace", "aria-describedby": "new-words-hint" });
  const byShell = h("div", { class: "field" }, [h("label", { for: "new-line" }, ["Command line"]), line]);
  const byWords = h("div", { class: "field", hidden: true }, [
    h("label", { for: "new-words" }, ["Program and arguments"]),
    words,
    h("p", { class: "hint", id: "new-words-hint" }, ["One on each line, passed on as they are: no shell reads them."]),
  ]);
  const mode = choice("How to run it", "new-mode", [["shell", "By the shell"], ["words", "Program and arguments"]], (value) => {
    byShell.hidden = value !== "shell";
    byWords.hidden = value !== "words";
  });
  const cwd = text("new-cwd", "Directory", { value: directory, placeholder: "where the server was started", list: "known-directories" });
  const name = text("new-name", "Name", { placeholder: "to call it by" });
  const tags = text("new-tags", "Tags", { placeholder: "ci.lint team.web" });
  const group = text("new-group", "Group", { list: "known-groups" });
  const timeout = text("new-timeout", "Time limit", { placeholder: "none; or 30s, 5m, 1h" });
  const env = h("textarea", { id: "new-env", rows: "3", spellcheck: "false", autocapitalize: "off", placeholder: "RUST_BACKTRACE=1" });
  const stdin = h("input", { type: "checkbox", id: "new-stdin" });
  const input = h("p", { class: "check" }, [stdin, h("label", { for: "new-stdin" }, ["Keep its input open, to send it lines later"])]);
  // Enter starts the job, as on a command line; Shift and Enter makes a second line.
  line.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    line.form.requestSubmit();
  });
  return {
    elements: [
      mode.element,
      byShell,
      byWords,
      h("div", { class: "two" }, [cwd.element, name.element, tags.element, group.element, timeout.element]),
      h("div", { class: "field" }, [h("label", { for: "new-env" }, ["Environment, one NAME=VALUE on each line"]), env]),
      input,
    ],
    read() {
      const list = (value, separator) => value.split(separator).filter((each) => each.trim() !== "");
      const command = mode.value() === "shell" ? { shell: line.value } : { command: words.value.replace(/\n+$/, "").split("\n") };
      if ((command.shell ?? command.command.join("")).trim() === "") throw new Error("Type a command.");
      const optional = { cwd: cwd.value(), name: name.value(), group: group.value(), timeout: timeout.value() };
      return {
        ...command,
        ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== "")),
        ...some("tag", list(tags.value(), /[\s,]+/)),
        ...some("env", list(env.value, "\n")),
        ...(stdin.checked ? { stdin: "open" } : {}),
        no_wait: true,
      };
    },
  };
}

const some = (name, list) => (list.length > 0 ? { [name]: list } : {});

function text(id, label, properties) {
  const field = h("input", { id, type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", ...properties });
  return { element: h("div", { class: "field" }, [h("label", { for: id }, [label]), field]), value: () => field.value.trim() };
}

function choice(label, name, options, change) {
  const inputs = options.map(([value], i) => h("input", { type: "radio", name, id: `${name}-${value}`, value, checked: i === 0, on: { change: () => change(value) } }));
  return {
    element: h("fieldset", { class: "choice" }, [
      h("legend", { class: "visually-hidden" }, [label]),
      ...options.map(([value, words], i) => h("span", { class: "check" }, [inputs[i], h("label", { for: `${name}-${value}` }, [words])])),
    ]),
    value: () => inputs.find((input) => input.checked).value,
  };
}
