// How the page is changed: as text only, and only where something has changed. Focus, selection and open details stay as they are.

import {plain} from './words.js';

/** The element of this id. */
export const $ = (id) => document.getElementById(id);

/** An element of this class with this text. */
export function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) say(element, text);
  return element;
}

/** All that is shown passes here, as text. */
export function say(element, text) {
  const shown = plain(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/** Sets an attribute. */
export function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Makes the children of `parent` be those of `items`, in their order: each is made once, by its key, and kept. */
export function keep(parent, items, key_of, create, update) {
  const known = parent.known_children ??= new Map();
  const keys = new Set(items.map(key_of));
  for (const [key, element] of known) {
    if (keys.has(key)) continue;
    element.remove();
    known.delete(key);
  }
  let before = null;
  for (const item of items) {
    const key = key_of(item);
    let element = known.get(key);
    if (!element) {
      element = create(item);
      known.set(key, element);
    }
    const place = before ? before.nextSibling : parent.firstChild;
    if (element !== place) parent.insertBefore(element, place);
    update(element, item);
    before = element;
  }
}
