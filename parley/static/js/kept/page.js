// @ts-check
// The page of a conversation, asked for in one's own name, and what it says of whether one takes part in it.
import { OWN_PAGE } from "../connection/line.js";

/** Answers by which the server shows it no more. */
export const REFUSED = [403, 404, 410];
/** In its text, for whoever takes part. */
export const TAKES_PART = /<main [^>]*\bdata-user-id="([^"]+)"/;

/**
 * Nobody joins by asking. Rejects without a network.
 * @param {string} path
 */
export function askForPage(path) {
  return fetch(path, { headers: { ...OWN_PAGE, Accept: "text/html" }, cache: "no-store" });
}
