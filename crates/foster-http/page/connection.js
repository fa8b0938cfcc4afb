// One quiet banner for all streams: whether the server is there, and when it is tried again.

import { h } from "./dom.js";

// A connection that comes back at once is nobody's concern.
const QUIET_FOR = 800;
const GONE_AFTER = 12_000;

const LOST = "The connection to the server is lost. What is shown may be old.";
const GONE = "The server is gone: start it again with foster serve. What is shown is old.";
const WAITING = "The server does not answer yet. A browser opens six connections to it at most: other tabs of Foster may hold them.";

const down = new Map();
const isWaiting = () => [...down.values()].every((entry) => entry.error.code === "waiting");
const waiting = new Set();
let since = null;
let timer;

const text = h("span", {});
const banner = h("div", { id: "connection", hidden: true }, [
  h("span", { role: "status" }, [text]),
  h("button", { type: "button", on: { click: tryNow } }, ["Try now"]),
]);
export const connectionBanner = banner;

export function noteDown(stream, { name, error, delay }) {
  since ??= Date.now();
  down.set(stream, { name, error, next: Date.now() + delay });
  draw();
}

export function noteUp(stream) {
  if (down.delete(stream)) draw();
}

export const forget = noteUp;

/** Waits `delay` milliseconds, or until somebody has reason to believe that the server is back. */
export function retryNow(delay, signal) {
  return new Promise((done) => {
    const go = () => {
      clearTimeout(timeout);
      waiting.delete(go);
      signal.removeEventListener("abort", go);
      done();
    };
    const timeout = setTimeout(go, delay);
    waiting.add(go);
    signal.addEventListener("abort", go);
  });
}

function tryNow() {
  for (const go of [...waiting]) go();
}
addEventListener("online", tryNow);

function draw() {
  clearTimeout(timer);
  if (down.size === 0) {
    since = null;
    banner.hidden = true;
    return;
  }
  const age = Date.now() - since;
  banner.hidden = age < QUIET_FOR;
  const next = Math.max(0, Math.min(...[...down.values()].map((entry) => entry.next)) - Date.now());
  const busy = [...down.values()].find((entry) => entry.error.status !== null);
  const words = busy ? `The server has trouble: ${busy.error.message}` : isWaiting() ? WAITING : age < GONE_AFTER ? LOST : GONE;
  // The status is read aloud when its words change, not with every second.
  if (text.textContent !== words) text.textContent = words;
  banner.dataset.next = next < 1000 ? "trying again" : `again in ${Math.ceil(next / 1000)} s`;
  timer = setTimeout(draw, age < QUIET_FOR ? QUIET_FOR - age + 10 : 500);
}
