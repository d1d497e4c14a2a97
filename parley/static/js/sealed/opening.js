// @ts-check
// Opens a sealed file as it comes, piece by piece. Nothing of it is handed on before all of it was checked.
import { CHUNK_BYTES, FileOpener, HEADER_BYTES, sealedLength, TAG_BYTES } from "../encryption/files.js";
import { Unreadable } from "../encryption/octets.js";

/**
 * Rejects with `Unreadable` where it was changed, is cut off, or is another file.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {Uint8Array} key
 * @param {number} size of what is in it, in bytes
 * @param {{type?: string, progress?: (opened: number) => void}} [options]
 * @returns {Promise<Blob>}
 */
export async function openStream(stream, key, size, { type, progress } = {}) {
  const reader = stream.getReader();
  try {
    const pieces = new Pieces(reader);
    const opener = await FileOpener.begin(key, await pieces.take(HEADER_BYTES));
    let left = sealedLength(size) - HEADER_BYTES;
    /** @type {Blob[]} */
    const opened = [];
    for (let isLast = false; !isLast;) {
      const length = Math.min(left, CHUNK_BYTES + TAG_BYTES);
      left -= length;
      isLast = left === 0;
      const sealed = await pieces.take(length);
      opened.push(new Blob([await opener.open(sealed, { isLast })]));
      progress?.(size - left);
    }
    if (await pieces.hasMore()) throw new Unreadable("malformed");
    return new Blob(opened, { type });
  } finally {
    reader.cancel().catch(() => {});
  }
}

/**
 * @param {Blob} blob
 * @param {Uint8Array} key
 * @param {number} size
 */
export function openBlob(blob, key, size) {
  return openStream(blob.stream(), key, size);
}

/** What comes in lengths of its own, in those one asks for. */
class Pieces {
  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
  constructor(reader) {
    this.reader = reader;
    /** @type {Uint8Array} */
    this.rest = new Uint8Array();
  }

  /** Rejects with `Unreadable` where there is less. @param {number} length */
  async take(length) {
    const taken = new Uint8Array(length);
    for (let at = 0; at < length;) {
      if (!this.rest.length && !await this.more()) throw new Unreadable("cut_off");
      const part = this.rest.subarray(0, length - at);
      taken.set(part, at);
      at += part.length;
      this.rest = this.rest.subarray(part.length);
    }
    return taken;
  }

  async hasMore() {
    return this.rest.length > 0 || this.more();
  }

  /** @returns {Promise<boolean>} */
  async more() {
    const { value, done } = await this.reader.read();
    if (done) return false;
    this.rest = value;
    return value.length > 0 || this.more();
  }
}
