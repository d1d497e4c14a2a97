// @ts-check
// What this browser remembers. Storage may be full or forbidden; then nothing is remembered, and nothing breaks.

/**
 * @param {string} name
 * @returns {string}
 */
export function recall(name) {
  try {
    return localStorage.getItem(`parley:${name}`) ?? "";
  } catch {
    return "";
  }
}

/**
 * @param {string} name
 * @param {string} value an empty one forgets
 */
export function remember(name, value) {
  try {
    if (value) localStorage.setItem(`parley:${name}`, value);
    else localStorage.removeItem(`parley:${name}`);
  } catch {
    // See above.
  }
}
