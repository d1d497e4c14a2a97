// @ts-check
// What this browser remembers, or this tab alone. Storage may be full or forbidden; then nothing is remembered, and
// nothing breaks.
import { ROOT } from "./root.js";

export const PREFIX = `${ROOT}parley:`;

/** @typedef {"localStorage" | "sessionStorage"} Where the second is the tab's own, and goes with it */

/**
 * @param {string} name
 * @param {Where} [where]
 * @returns {string}
 */
export function recall(name, where = "localStorage") {
  try {
    return globalThis[where].getItem(PREFIX + name) ?? "";
  } catch {
    return "";
  }
}

/**
 * @param {string} name
 * @param {string} value an empty one forgets
 * @param {Where} [where]
 */
export function remember(name, value, where = "localStorage") {
  try {
    if (value) globalThis[where].setItem(PREFIX + name, value);
    else globalThis[where].removeItem(PREFIX + name);
  } catch {
    // See above.
  }
}

/**
 * The names of what is remembered that begin so.
 * @param {string} prefix
 * @returns {string[]}
 */
export function remembered(prefix) {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX + prefix));
    return names.map((name) => name.slice(PREFIX.length));
  } catch {
    return [];
  }
}
