// The text of an event stream (`text/event-stream`) as events. The browser's own EventSource can't
// send the token in a header.

export class EventParser {
  #rest = "";
  #name = "";
  #data = [];
  #id;

  /** The events that `text`, the next piece of the stream, completes: `{name, data, id}`. */
  push(text) {
    const events = [];
    const all = this.#rest + text;
    // Servers end lines by a line feed alone: only where one does not is each line looked through.
    const endOf = all.includes("\r") ? endOfLine : (whole, at) => whole.indexOf("\n", at);
    let from = 0;
    for (;;) {
      const end = endOf(all, from);
      if (end < 0) break;
      this.#line(all.slice(from, end), events);
      from = end + (all[end] === "\r" && all[end + 1] === "\n" ? 2 : 1);
    }
    this.#rest = all.slice(from);
    return events;
  }

  #line(line, events) {
    if (line === "") {
      if (this.#data.length > 0) events.push({ name: this.#name || "message", data: this.#data.join("\n"), id: this.#id });
      this.#name = "";
      this.#data = [];
      this.#id = undefined;
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id") this.#id = value;
  }
}

// A carriage return at the very end may be the first half of an end of line: it waits for the rest.
function endOfLine(text, from) {
  const newline = text.indexOf("\n", from);
  const bound = newline < 0 ? text.length - 1 : newline;
  const back = text.slice(from, bound).indexOf("\r");
  return back < 0 ? newline : from + back;
}
