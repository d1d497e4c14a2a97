// @ts-check
// Files, piece by piece: none is held whole, and none can be cut off, swapped or left out.

import {
  cipherOf, decrypt, derive, encrypt, equal, labelled, numbered, random, secretOf, together, Unreadable,
} from "./octets.js";

const VERSION = 1;
const KEY_BYTES = 32;
export const HEADER_BYTES = 33;
export const CHUNK_BYTES = 1024 * 1024;
export const TAG_BYTES = 16;
const CHUNKS_MAX = 2 ** 32;

/**
 * Of one file, read once from its beginning to its end, under a key of its own. Whoever starts again makes a new one:
 * what is read a second time may have changed meanwhile, and would be encrypted under the nonces of the first.
 */
export class FileSealer {
  /** @param {Uint8Array} key @param {Chunks} chunks */
  constructor(key, chunks) {
    /** What the message that names the file holds. */
    this.key = key;
    this.chunks = chunks;
    /** What stands before the chunks. */
    this.header = chunks.header;
  }

  /** @param {Uint8Array} key one that was never used */
  static async begin(key = random(KEY_BYTES)) {
    return new FileSealer(key, await Chunks.of(key));
  }

  /**
   * The next chunk: of `CHUNK_BYTES`, but for the last, which is shorter or as long.
   * @param {Uint8Array} chunk @param {{isLast: boolean}} at
   */
  async seal(chunk, { isLast }) {
    if (chunk.length > CHUNK_BYTES || (chunk.length < CHUNK_BYTES && !isLast)) {
      throw new RangeError("Only the last chunk can be shorter.");
    }
    const { cipher, bound } = this.chunks;
    return encrypt(cipher, this.chunks.next(isLast), chunk, bound);
  }
}

/** Takes the pieces in their order. */
export class FileOpener {
  /** @param {Chunks} chunks */
  constructor(chunks) {
    this.chunks = chunks;
  }

  /** Rejects with `Unreadable` where the key is another's. @param {Uint8Array} key @param {Uint8Array} header */
  static async begin(key, header) {
    if (key.length !== KEY_BYTES || header.length !== HEADER_BYTES) throw new Unreadable("malformed");
    if (header[0] !== VERSION) throw new Unreadable("unknown_version");
    const chunks = await Chunks.of(key);
    if (!equal(header, chunks.header)) throw new Unreadable("not_authentic");
    return new FileOpener(chunks);
  }

  /**
   * Rejects with `Unreadable`.
   * @param {Uint8Array} sealed
   * @param {{isLast: boolean}} at whether nothing comes after it
   */
  async open(sealed, { isLast }) {
    if (sealed.length < TAG_BYTES || sealed.length > CHUNK_BYTES + TAG_BYTES) throw new Unreadable("malformed");
    const { cipher, bound } = this.chunks;
    return decrypt(cipher, this.chunks.next(isLast), sealed, bound);
  }
}

/** Of a whole file, encrypted. @param {number} length in bytes */
export function sealedLength(length) {
  return HEADER_BYTES + length + Math.max(1, Math.ceil(length / CHUNK_BYTES)) * TAG_BYTES;
}

/** The key, and nonces that count the chunks and tell the last one. */
class Chunks {
  #count = 0;
  #isOver = false;

  /** @param {CryptoKey} cipher @param {Uint8Array} header */
  constructor(cipher, header) {
    this.cipher = cipher;
    this.header = header;
    this.bound = labelled("file", header);
  }

  /** @param {Uint8Array} key */
  static async of(key) {
    const both = await derive("file", await secretOf(key), new Uint8Array(), 64);
    return new Chunks(await cipherOf(both.slice(0, 32)), together(new Uint8Array([VERSION]), both.slice(32)));
  }

  /** @param {boolean} isLast */
  next(isLast) {
    if (this.#isOver || this.#count === CHUNKS_MAX) throw new Unreadable("malformed");
    const nonce = together(new Uint8Array(7), numbered(this.#count, 4), new Uint8Array([isLast ? 1 : 0]));
    this.#count += 1;
    this.#isOver = isLast;
    return nonce;
  }
}
