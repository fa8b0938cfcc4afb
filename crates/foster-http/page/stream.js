// An event stream that lasts: after a break it goes on behind the last event that was received.

import { ApiError, send, withOptions } from "./api.js";
import { forget, noteDown, noteUp, retryNow } from "./connection.js";
import { EventParser } from "./sse.js";
import { breathe } from "./pace.js";
import { isAsking } from "./token-dialog.js";

const FIRST_DELAY = 400;
const LONGEST_DELAY = 15_000;
// The server sends a comment every 15 seconds: who is silent for three of them is gone.
const SILENCE = 45_000;
// What came while the page was busy comes as one large piece: it is taken in portions.
const PORTION = 256 * 1024;
// Who gets no answer for so long may be waiting behind the browser's own limit.
const SLOW = 8000;
// A tab that nobody looks at leaves its connections to others: browsers open six to a server.
const HIDDEN_FOR = 20_000;

const open = new Set();
let hiddenTimer;

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenTimer);
  if (document.hidden) hiddenTimer = setTimeout(() => open.forEach((stream) => stream.pause()), HIDDEN_FOR);
  else open.forEach((stream) => stream.resume());
});
addEventListener("pagehide", () => open.forEach((stream) => stream.pause()));
addEventListener("pageshow", () => open.forEach((stream) => stream.resume()));

export class Stream {
  #name;
  #path;
  #options;
  #handlers;
  #lastId;
  #attempt = null;
  #failures = 0;
  #closed = false;

  /**
   * `handlers`: `events(list)` may return a promise, and no more is read until it is kept;
   * `start()` at the beginning of each connection; `failed(error)` when it is of no use to go on;
   * `ended(event)` after the server's last word. `lastId` is where to go on.
   */
  constructor(name, path, handlers, { options = {}, lastId = null } = {}) {
    this.#name = name;
    this.#path = path;
    this.#options = options;
    this.#handlers = handlers;
    this.#lastId = lastId;
    open.add(this);
    this.resume();
  }

  close() {
    this.#closed = true;
    open.delete(this);
    this.pause();
  }

  pause() {
    this.#attempt?.abort();
    this.#attempt = null;
    forget(this);
  }

  resume() {
    if (this.#closed || this.#attempt) return;
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#keepReading(attempt.signal);
  }

  async #keepReading(signal) {
    while (!signal.aborted) {
      try {
        if (await this.#readOnce(signal)) return;
        // It ended without a last word, as when the server is stopped: at once, then slower.
        if (this.#failures > 0) throw new ApiError({ code: "unreachable", message: "The server closed the connection." });
        this.#failures = 1;
      } catch (error) {
        if (signal.aborted) return;
        if (!isPassing(error)) return this.#fail(error);
        this.#failures += 1;
        const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2);
        noteDown(this, { name: this.#name, error, delay });
        await retryNow(delay, signal);
      }
    }
  }

  #fail(error) {
    this.close();
    this.#handlers.failed(error);
  }

  // True when the stream is over for good.
  async #readOnce(outer) {
    const connection = new AbortController();
    const abort = () => connection.abort();
    outer.addEventListener("abort", abort);
    let watchdog = setTimeout(abort, SILENCE);
    const slow = setTimeout(() => {
      if (!isAsking()) noteDown(this, { name: this.#name, error: new ApiError({ code: "waiting", message: "" }), delay: SILENCE - SLOW });
    }, SLOW);
    try {
      const response = await send(withOptions(this.#path, this.#options), {
        signal: connection.signal,
        headers: { Accept: "text/event-stream", ...(this.#lastId === null ? {} : { "Last-Event-ID": this.#lastId }) },
      });
      clearTimeout(slow);
      noteUp(this);
      this.#handlers.start?.();
      const parser = new EventParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done || outer.aborted) return false;
        clearTimeout(watchdog);
        watchdog = setTimeout(abort, SILENCE);
        noteUp(this);
        for (let at = 0; at < value.length; at += PORTION) {
          if (await this.#take(parser.push(value.slice(at, at + PORTION)), outer)) return true;
          if (outer.aborted) return false;
          await breathe();
        }
      }
    } catch (error) {
      // Bytes that stop coming are a lost connection like any other.
      if (error instanceof ApiError) throw error;
      throw new ApiError({ code: "unreachable", message: "The connection was lost.", hint: String(error?.message ?? error) });
    } finally {
      clearTimeout(watchdog);
      clearTimeout(slow);
      outer.removeEventListener("abort", abort);
      connection.abort();
    }
  }

  async #take(events, outer) {
    if (events.length === 0) return false;
    this.#failures = 0;
    const last = events.find((event) => event.name === "end" || event.name === "failure");
    const before = last ? events.slice(0, events.indexOf(last)) : events;
    if (before.length > 0) {
      await this.#handlers.events(before);
      this.#lastId = before.findLast((event) => event.id !== undefined)?.id ?? this.#lastId;
    }
    if (!last) return false;
    if (outer.aborted) return true;
    this.close();
    if (last.name === "end") this.#handlers.ended?.(last);
    else this.#handlers.failed(failureOf(last));
    return true;
  }
}

function failureOf(event) {
  try {
    return new ApiError(JSON.parse(event.data).error);
  } catch {
    return new ApiError({ code: "unknown", message: "The server ended the stream and did not say why." });
  }
}

// Whether it is worth trying again without the reader doing anything.
function isPassing(error) {
  if (!(error instanceof ApiError)) throw error;
  return error.code === "unreachable" || error.status === 429 || error.status >= 500;
}
