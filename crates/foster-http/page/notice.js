// What went wrong, or was done, is told in one corner: errors until they are closed, the rest briefly.

import { explain } from "./dialog.js";
import { h } from "./dom.js";

const said = h("div", { role: "status", "aria-live": "polite", class: "visually-hidden" });
const errors = h("div", { id: "errors", role: "alert" });
export const noticeElements = [said, errors];

/** Says something to those who hear the page. */
export function announce(text) {
  said.textContent = text;
}

/** Shows an error until somebody closes it. The same one twice is shown once. */
export function showError(error, context) {
  if (error?.name === "AbortError") return;
  const key = `${context}\n${error.message}`;
  if ([...errors.children].some((child) => child.dataset.key === key)) return;
  const card = h("div", { class: "error-card", dataset: { key } }, [
    h("div", {}, [h("strong", {}, [context]), ...explain(error)]),
    h("button", { type: "button", class: "quiet", "aria-label": "Close this message", on: { click: () => card.remove() } }, ["\u00d7"]),
  ]);
  errors.append(card);
}

/** Runs `work`; what it throws is shown. */
export async function attempt(context, work) {
  try {
    return await work();
  } catch (error) {
    showError(error, context);
    return undefined;
  }
}

// What nobody expected is shown as well.
addEventListener("error", (event) => showError(event.error ?? new Error(event.message), "A fault of this page"));
addEventListener("unhandledrejection", (event) => showError(event.reason, "A fault of this page"));
