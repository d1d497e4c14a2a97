// @ts-check
// A ZIP file, made of blobs: what is in them is read a piece at a time, and is never held whole.

/** @typedef {{name: string, blob: Blob}} Member */

/** What the format can say without its extension for larger ones, with room for what stands between. */
export const MOST_BYTES = 2 ** 31;
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const MADE_ON_UNIX = 3 << 8;
const NAMES_IN_UTF8 = 0x0800;
const READABLE = 0o644 << 16;
const CRC = crcTable();

export class Archive {
  /** @param {Date} at when it was made */
  constructor(at) {
    this.at = dosTime(at);
    /** @type {BlobPart[]} */
    this.pieces = [];
    /** @type {Uint8Array<ArrayBuffer>[]} what stands at its end of each */
    this.listed = [];
    this.size = 0;
  }

  /**
   * Rejects where it would be too large, or the blob can't be read.
   * @param {string} name
   * @param {Blob} blob
   */
  async add(name, blob) {
    const called = new TextEncoder().encode(name);
    if (this.size + blob.size + 30 + called.length > MOST_BYTES) throw new RangeError("Too large for a ZIP file of ours.");
    const crc = await crcOf(blob);
    const about = [NAMES_IN_UTF8, 0, ...this.at].map((each) => /** @type {Field} */ ([each, 2]));
    /** @type {Field[]} */
    const sizes = [[crc, 4], [blob.size, 4], [blob.size, 4], [called.length, 2], [0, 2]];
    const head = packed([[LOCAL, 4], [VERSION, 2], ...about, ...sizes]);
    const listed = packed([
      [CENTRAL, 4], [MADE_ON_UNIX | VERSION, 2], [VERSION, 2], ...about, ...sizes, [0, 2], [0, 2], [0, 2], [READABLE, 4], [this.size, 4],
    ]);
    this.listed.push(listed, called);
    this.pieces.push(head, called, blob);
    this.size += head.length + called.length + blob.size;
  }

  /** @returns {Blob} */
  end() {
    const length = this.listed.reduce((sum, each) => sum + each.length, 0);
    const count = this.listed.length / 2;
    const end = packed([[END, 4], [0, 2], [0, 2], [count, 2], [count, 2], [length, 4], [this.size, 4], [0, 2]]);
    return new Blob([...this.pieces, ...this.listed, end], { type: "application/zip" });
  }
}

/** @typedef {[number, number]} Field a number, and how many bytes it takes */

/** The least significant byte first. @param {Field[]} fields */
function packed(fields) {
  const octets = fields.flatMap(([value, length]) => Array.from({ length }, (_, at) => (value / 2 ** (8 * at)) & 255));
  return new Uint8Array(octets);
}

/** @param {Date} at @returns {[number, number]} the time and the day, in UTC */
function dosTime(at) {
  const time = at.getUTCHours() << 11 | at.getUTCMinutes() << 5 | at.getUTCSeconds() >> 1;
  return [time, at.getUTCFullYear() - 1980 << 9 | at.getUTCMonth() + 1 << 5 | at.getUTCDate()];
}

/** @param {Blob} blob */
async function crcOf(blob) {
  const reader = blob.stream().getReader();
  let crc = 0xffffffff;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return (crc ^ 0xffffffff) >>> 0;
    for (let at = 0; at < value.length; at += 1) crc = CRC[(crc ^ value[at]) & 255] ^ crc >>> 8;
  }
}

function crcTable() {
  return Uint32Array.from({ length: 256 }, (_, number) => {
    let crc = number;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? 0xedb88320 ^ crc >>> 1 : crc >>> 1;
    return crc;
  });
}
