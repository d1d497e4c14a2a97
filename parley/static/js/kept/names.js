// @ts-check
// What pages and the worker both call what is kept.

/** The cache of pages; those of scripts and styles are the worker's own matter. */
export const PAGES = "parley-pages";

/** Headers of a kept page: when it was seen, of which version it is, and what it is called. */
export const KEPT_AT = "Parley-Kept-At";
export const KEPT_VERSION = "Parley-Kept-Version";
export const KEPT_TITLE = "Parley-Kept-Title";

/**
 * @param {string} path
 * @returns {string} the room id of a conversation's own page, empty for any other
 */
export function roomOf(path) {
  return /^\/conversation\/([^/]+)$/.exec(path)?.[1] ?? "";
}

/** @param {string} roomId */
export function pathOf(roomId) {
  return `/conversation/${encodeURIComponent(roomId)}`;
}
