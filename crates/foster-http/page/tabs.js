// Tabs after the pattern of the ARIA guide: one stop for Tab, arrows between them.

import { h } from "./dom.js";

/** `tabs` are `[name, label, panel]`; `choose(name)` is called when the reader takes one. */
export function tabList(label, tabs, choose) {
  const buttons = new Map();
  for (const [name, words, panel] of tabs) {
    const button = h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, on: { click: () => choose(name) } }, [words]);
    buttons.set(name, { button, panel: h("div", { class: "panel", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}` }, [panel]) });
  }
  const names = [...buttons.keys()];
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": label });
  list.append(...names.map((name) => buttons.get(name).button));
  list.addEventListener("keydown", (event) => {
    const at = names.findIndex((name) => buttons.get(name).button === document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const name = names[(to + names.length) % names.length];
    buttons.get(name).button.focus();
    choose(name);
  });
  return {
    list,
    panels: names.map((name) => buttons.get(name).panel),
    select(selected) {
      for (const [name, { button, panel }] of buttons) {
        button.setAttribute("aria-selected", String(name === selected));
        button.tabIndex = name === selected ? 0 : -1;
        panel.hidden = name !== selected;
      }
    },
  };
}
