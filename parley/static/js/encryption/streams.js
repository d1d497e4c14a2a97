// @ts-check
// Nonces that cannot repeat: each tab counts in a stream of its own, in memory alone. What is written down could be
// read twice, and counted on from twice.

import { numbered, random, together } from "./octets.js";

export const STREAM_BYTES = 16;
export const NONCE_BYTES = 12;
// Then another one begins: far from where AES-GCM wears out, and far above what anybody says.
const STREAM_MESSAGES_MAX = 2 ** 24;

export class Stream {
  #id = random(STREAM_BYTES);
  #count = 0;

  /**
   * The stream's id, which picks the key, and a nonce that it never gave before: four random bytes and the count. The
   * count alone keeps it from repeating; the random bytes are for machines whose memory somebody copies while they run.
   * @returns {[Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>]}
   */
  next() {
    if (this.#count === STREAM_MESSAGES_MAX) {
      this.#id = random(STREAM_BYTES);
      this.#count = 0;
    }
    const nonce = together(random(4), numbered(this.#count, 8));
    this.#count += 1;
    return [this.#id, nonce];
  }
}
