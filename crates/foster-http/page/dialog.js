// Modal dialogs: the browser keeps the focus inside and gives it back.

import { h } from "./dom.js";
import { jobHref } from "./route.js";
import { visibleLines } from "./visible.js";

let count = 0;

/**
 * Shows a dialog with a form. `submit(values)` may refuse by throwing: the error is shown in the dialog,
 * which stays open. The promise gives what `submit` returned, or `undefined` if it was closed. Where
 * `mayEscape` is false there is nothing to go back to.
 */
export function askBy({ title, children, confirm, danger = false, submit, wide = false, mayCancel = true, mayEscape = mayCancel }) {
  count += 1;
  const id = `dialog-title-${count}`;
  return new Promise((done) => {
    let result;
    const problem = h("div", { class: "problem", role: "alert", hidden: true });
    const action = h("button", { type: "submit", class: danger ? "danger" : "primary" }, [confirm]);
    const cancel = mayCancel && h("button", { type: "button", on: { click: () => dialog.close() } }, ["Cancel"]);
    const form = h("form", { method: "dialog", novalidate: true }, [
      h("h2", { id }, [title]),
      ...children,
      problem,
      h("div", { class: "buttons" }, [cancel, action]),
    ]);
    const dialog = h("dialog", { class: wide ? "wide" : "", "aria-labelledby": id }, [form]);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      action.disabled = true;
      problem.hidden = true;
      try {
        result = await submit(form);
        dialog.close();
      } catch (error) {
        problem.replaceChildren(...explain(error));
        problem.hidden = false;
        problem.scrollIntoView({ block: "nearest" });
      } finally {
        action.disabled = false;
      }
    });
    form.addEventListener("input", () => {
      problem.hidden = true;
    });
    dialog.addEventListener("cancel", (event) => {
      if (!mayEscape) event.preventDefault();
    });
    // Who goes elsewhere, also by the browser's "back", has answered. The event of a step that was made before this was
    // opened comes late, and is none of that.
    const opened = location.hash;
    const leave = () => mayEscape && location.hash !== opened && dialog.close();
    addEventListener("hashchange", leave);
    dialog.addEventListener("close", () => {
      removeEventListener("hashchange", leave);
      dialog.remove();
      done(result);
    });
    document.body.append(dialog);
    dialog.showModal();
    (form.querySelector("[data-focus]") ?? (danger ? cancel : form.querySelector("input, textarea, select")) ?? action).focus();
  });
}

/** An error as elements: what went wrong, and what to do about it. */
export function explain(error) {
  return [
    h("p", { class: "message" }, [visibleLines(error.message)]),
    error.hint && h("p", { class: "hint" }, withCode(error.hint)),
    // What could not be started has a record all the same.
    error.jobId && h("p", {}, [h("a", { href: jobHref(error.jobId) }, ["Show this job"])]),
  ].filter(Boolean);
}

// Commands in hints stand between backticks.
function withCode(text) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? h("code", {}, [visibleLines(part)]) : visibleLines(part)));
}
