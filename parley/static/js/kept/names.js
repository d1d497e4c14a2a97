// @ts-check
// What pages and the worker both call what is kept.
import { ROOT } from "../browser/root.js";

/** The cache of pages; those of scripts and styles are the worker's own matter. */
export const PAGES = `${ROOT}parley-pages`;

/** The page with the list of one's own. */
export const HOME = `${ROOT}/`;

/** Headers of a kept page: when it was seen, of which version it is, and what it is called. */
export const KEPT_AT = "Parley-Kept-At";
export const KEPT_VERSION = "Parley-Kept-Version";
export const KEPT_TITLE = "Parley-Kept-Title";

/**
 * @param {string} path
 * @returns {string} the room id of a conversation's own page, empty for any other
 */
export function roomOf(path) {
  const [, below = ""] = path.split(`${ROOT}/conversation/`);
  return path === `${ROOT}/conversation/${below}` && !below.includes("/") ? below : "";
}
