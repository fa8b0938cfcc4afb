// A small chart of one value over the last minutes.

import { h, s } from "./dom.js";

const POINTS = 90;
const WIDTH = 180;
const HEIGHT = 36;

export class Chart {
  #label;
  #format;
  #values = [];

  constructor(label, format) {
    this.#label = label;
    this.#format = format;
    this.line = s("polyline", { class: "line", points: "" });
    this.area = s("polygon", { class: "area", points: "" });
    this.svg = s("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, [this.area, this.line]);
    this.now = h("strong", {}, ["\u2013"]);
    this.most = h("span", { class: "most" });
    this.element = h("figure", { class: "meter" }, [h("figcaption", {}, [h("span", {}, [label]), this.now, this.most]), this.svg]);
  }

  /** The next value; `null` if it is unknown, and leaves a gap in time but none in the line. */
  push(value) {
    if (value === null) {
      this.now.textContent = "unknown";
      return;
    }
    this.#values.push(value);
    if (this.#values.length > POINTS) this.#values.shift();
    const most = Math.max(...this.#values);
    const scale = most > 0 ? (HEIGHT - 4) / most : 0;
    const step = WIDTH / (POINTS - 1);
    const points = this.#values.map((each, i) => `${((POINTS - this.#values.length + i) * step).toFixed(1)},${(HEIGHT - 2 - each * scale).toFixed(1)}`);
    this.line.setAttribute("points", points.join(" "));
    const first = ((POINTS - this.#values.length) * step).toFixed(1);
    this.area.setAttribute("points", `${first},${HEIGHT} ${points.join(" ")} ${WIDTH},${HEIGHT}`);
    this.now.textContent = this.#format(value);
    this.most.textContent = `peak ${this.#format(most)}`;
    this.svg.setAttribute("aria-label", `${this.#label}: ${this.#format(value)} now, peak ${this.#format(most)}`);
  }
}
