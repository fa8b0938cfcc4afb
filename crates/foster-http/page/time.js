// Times as a person reads them: local, with the exact RFC 3339 text in the title.

import { h } from "./dom.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });

/** 14:03:21.045 */
export function clockTime(at) {
  const date = new Date(at);
  return `${clock.format(date)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** 14:03:21, with the day unless it is today. */
export function dayTime(at, now = Date.now()) {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date(now).toDateString();
  return isToday ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`;
}

export function timeElement(at, text = dayTime(at)) {
  return h("time", { datetime: at, title: at }, [text]);
}

/** 340 ms, 2.4 s, 3 min 12 s, 5 h 2 min, 3 d 4 h */
export function duration(ms) {
  if (ms === null || ms === undefined) return "unknown";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return twoUnits(Math.floor(seconds / 60), "min", seconds % 60, "s");
  if (seconds < 86_400) return twoUnits(Math.floor(seconds / 3600), "h", Math.floor(seconds / 60) % 60, "min");
  return twoUnits(Math.floor(seconds / 86_400), "d", Math.floor(seconds / 3600) % 24, "h");
}

const twoUnits = (large, unit, small, smallUnit) => `${large} ${unit}${small > 0 ? ` ${small} ${smallUnit}` : ""}`;

/** How long ago, in one unit. */
export function ago(at, now = Date.now()) {
  const seconds = Math.max(0, Math.floor((now - Date.parse(at)) / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

export function bytes(count) {
  if (count === null || count === undefined) return "unknown";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString()} ${count === 1 ? one : many}`;

const ticking = new Set();
let clockwork;

/** An element whose text is made anew every second, as long as it is on the page. */
export function ticker(element, text) {
  element.textContent = text();
  ticking.add({ element, text });
  clockwork ??= setInterval(tick, 1000);
  return element;
}

function tick() {
  if (document.hidden) return;
  for (const entry of ticking) {
    const next = entry.element.isConnected ? entry.text() : null;
    if (next === null) ticking.delete(entry);
    else if (entry.element.textContent !== next) entry.element.textContent = next;
  }
}
