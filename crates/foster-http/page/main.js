// Puts the page together: the list, the job that the address names, and the keys.

import { connectionBanner } from "./connection.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { JobView } from "./job.js";
import { listenForKeys, showKeys } from "./keys.js";
import { JobList } from "./list.js";
import { announce, noticeElements } from "./notice.js";
import { TABS, jobHref, listHref, parseRoute } from "./route.js";
import { startJob } from "./start.js";
import { takeTokenFromAddress } from "./token.js";

takeTokenFromAddress();

const list = new JobList((rows) => view?.noteRow(rows.find((row) => row.job_id === view.job?.job_id)));
const nothing = h("div", { class: "empty nothing" }, [
  h("p", {}, ["Choose a job to see its output, its processes and what happened to it."]),
  h("p", {}, ["Start one with ", h("kbd", {}, ["n"]), ", or in a terminal:"]),
  h("pre", {}, ["foster run -- make"]),
]);
const place = h("div", { id: "place", tabindex: "-1" }, [nothing]);
const newJob = h("button", { type: "button", class: "primary", on: { click: start } }, [icon("plus"), "New job"]);
const keys = h("button", { type: "button", class: "quiet", "aria-label": "Keys", title: "Keys (?)", on: { click: showKeys } }, ["?"]);
let view = null;
let shown = null;

document.querySelector("#app").replaceChildren(
  h("header", { id: "bar" }, [h("h1", {}, [h("a", { href: listHref }, [h("img", { src: "page/icon.svg", alt: "", width: 22, height: 22 }), "Foster"])]), connectionBanner, h("div", { class: "buttons" }, [newJob, keys])]),
  h("main", { id: "panes" }, [list.element, place]),
  ...noticeElements,
);

async function start() {
  const id = await startJob(list.directory);
  if (!id) return;
  announce("The job is started");
  location.hash = jobHref(id);
}

function show() {
  const { job, tab } = parseRoute(location.hash);
  if (job !== shown) {
    const before = shown;
    shown = job;
    view?.close();
    view = job === null ? null : new JobView(job, () => location.replace(listHref));
    place.replaceChildren(view?.element ?? nothing);
    document.body.classList.toggle("shows-job", job !== null);
    list.setCurrent(job);
    document.title = "Foster";
    // Who opens or leaves a job goes on reading there.
    if (job !== null) view.element.focus();
    else if (before !== null) focusList();
  }
  view?.showTab(tab);
}

function focusList() {
  list.move(0);
  if (!list.element.contains(document.activeElement)) list.element.focus();
}

function back() {
  if (document.activeElement?.matches("input, select, textarea")) document.activeElement.blur();
  else if (shown !== null) location.hash = listHref;
}

const tabKeys = TABS.map((tab, i) => [String(i + 1), () => shown !== null && location.replace(jobHref(shown, tab))]);

listenForKeys({
  j: () => list.move(1),
  k: () => list.move(-1),
  Escape: back,
  "/": () => {
    if (shown !== null && !list.element.checkVisibility()) {
      location.hash = listHref;
      show();
    }
    list.focusFilter();
  },
  n: start,
  "?": showKeys,
  f: () => view?.output?.toggleFollow(),
  l: () => view?.output?.focusFilter(),
  i: () => view?.output?.focusInput(),
  s: () => view?.stop(),
  r: () => view?.restart(),
  d: () => view?.remove(),
  ...Object.fromEntries(tabKeys),
});

// The address stays what it is: its fragment names the job.
document.querySelector("#skip").addEventListener("click", (event) => {
  event.preventDefault();
  place.focus();
});
addEventListener("hashchange", show);
show();
