// @ts-check
// What stands in an envelope once it is open. Anybody with the key may have written it: nothing is what it should be
// before that was looked at.

/**
 * @typedef {{text?: unknown, mentions?: unknown, answers?: {seq?: unknown, digest?: unknown}, files?: unknown, emoji?: unknown, on?: unknown,
 *   title?: unknown, description?: unknown, name?: unknown, exchange?: unknown}} Body
 */

/** @param {Uint8Array} octets @returns {Body | undefined} */
export function bodyOf(octets) {
  try {
    const body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(octets));
    return body !== null && typeof body === "object" ? body : undefined;
  } catch {
    return undefined;
  }
}
