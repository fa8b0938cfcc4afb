// Elements made by the DOM alone. Whatever a child is, text becomes a text node and never markup.

/**
 * `properties`: `class`, `on` (listeners by event), `dataset`, and attributes by their names; `true`
 * is an empty attribute, `false` and `null` none.
 */
export function h(name, properties = {}, children = []) {
  return fill(document.createElement(name), properties, children);
}

/** The same for SVG. */
export function s(name, properties = {}, children = []) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), properties, children);
}

function fill(element, { on = {}, dataset = {}, ...attributes }, children) {
  for (const [type, listener] of Object.entries(on)) element.addEventListener(type, listener);
  Object.assign(element.dataset, dataset);
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Replaces the children only if `key` is another than last time, so that focus and selection stay. */
export function refill(element, key, children) {
  if (element.dataset.key === key) return;
  element.dataset.key = key;
  element.replaceChildren(...children().filter((child) => child !== null && child !== undefined && child !== false));
}
