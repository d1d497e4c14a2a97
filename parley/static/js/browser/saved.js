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

/**
 * The names of what is remembered that begin so.
 * @param {string} prefix
 * @returns {string[]}
 */
export function remembered(prefix) {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(`parley:${prefix}`));
    return names.map((name) => name.slice("parley:".length));
  } catch {
    return [];
  }
}
