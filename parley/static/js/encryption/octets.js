// @ts-check
// Bytes as the format writes them (docs/encryption.md), and the functions everything is derived with. Nothing in this
// folder knows of the page; `parley/client/encryption` is the same in Python, held to the same vectors.

/** Why something could not be read: `reason` is for programs. */
export class Unreadable extends Error {
  /**
   * @param {"malformed" | "unknown_version" | "unknown_epoch" | "not_authentic" | "not_signed" | "wrong_room"
   *   | "not_for_us" | "not_by_an_owner" | "cut_off"} reason
   */
  constructor(reason) {
    super(reason);
    this.name = "Unreadable";
    this.reason = reason;
  }
}

/** @typedef {Uint8Array<ArrayBuffer>} Octets */

const encoder = new TextEncoder();
// Before everything that is hashed, signed or derived: so nothing made here passes elsewhere.
const PREFIX = encoder.encode("parley-encryption-1\0");

/** @param {string} text */
export function utf8(text) {
  return encoder.encode(text);
}

/** @param {Uint8Array[]} parts @returns {Octets} */
export function together(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {string} label @param {Uint8Array[]} parts */
export function labelled(label, ...parts) {
  return together(PREFIX, utf8(`${label}\0`), ...parts);
}

/**
 * HKDF-SHA256 (RFC 5869) without a salt.
 * @param {string} label
 * @param {CryptoKey} secret as `secretOf` made it
 * @param {Uint8Array} [context]
 * @param {number} [length] in bytes
 * @returns {Promise<Octets>}
 */
export async function derive(label, secret, context = new Uint8Array(), length = 32) {
  const info = labelled(label, context);
  const wanted = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(wanted, secret, length * 8));
}

/** @param {Uint8Array} octets to derive from */
export function secretOf(octets) {
  return crypto.subtle.importKey("raw", /** @type {Octets} */ (octets), "HKDF", false, ["deriveBits"]);
}

/** @param {Uint8Array} octets of an AES-256 key */
export function cipherOf(octets) {
  return crypto.subtle.importKey("raw", /** @type {Octets} */ (octets), "AES-GCM", false, ["encrypt", "decrypt"]);
}

/**
 * @param {CryptoKey} key @param {Uint8Array} nonce @param {Uint8Array} plain @param {Uint8Array} bound
 */
export async function encrypt(key, nonce, plain, bound) {
  return new Uint8Array(await crypto.subtle.encrypt(gcm(nonce, bound), key, /** @type {Octets} */ (plain)));
}

/**
 * Rejects with `Unreadable`.
 * @param {CryptoKey} key @param {Uint8Array} nonce @param {Uint8Array} sealed @param {Uint8Array} bound
 */
export async function decrypt(key, nonce, sealed, bound) {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(gcm(nonce, bound), key, /** @type {Octets} */ (sealed)));
  } catch {
    throw new Unreadable("not_authentic");
  }
}

/** @param {Uint8Array} nonce @param {Uint8Array} bound */
function gcm(nonce, bound) {
  return {
    name: "AES-GCM",
    iv: /** @type {Octets} */ (nonce),
    additionalData: /** @type {Octets} */ (bound),
    tagLength: 128,
  };
}

/** @param {string} label @param {Uint8Array[]} parts */
export async function sha256(label, ...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", labelled(label, ...parts)));
}

/** @param {number} length in bytes @returns {Octets} */
export function random(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** @param {number} number @param {number} length in bytes, the most significant first */
export function numbered(number, length) {
  const octets = new Uint8Array(length);
  for (let at = length - 1; at >= 0; at -= 1) {
    octets[at] = number % 256;
    number = Math.floor(number / 256);
  }
  return octets;
}

/** UTF-8 behind its length. @param {string} text */
export function counted(text) {
  const octets = utf8(text);
  if (octets.length > 0xffff || !text.isWellFormed()) throw new Unreadable("malformed");
  return together(numbered(octets.length, 2), octets);
}

/** Takes as long wherever they differ. @param {Uint8Array} one @param {Uint8Array} other */
export function equal(one, other) {
  if (one.length !== other.length) return false;
  let differ = 0;
  for (let at = 0; at < one.length; at += 1) differ |= one[at] ^ other[at];
  return differ === 0;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** By the code of a letter. A map takes four times as long, and a page begins with a hundred messages. */
const VALUES = new Int8Array(128).fill(-1);
for (let value = 0; value < ALPHABET.length; value += 1) VALUES[ALPHABET.charCodeAt(value)] = value;

/** @param {Uint8Array} octets */
export function toBase64url(octets) {
  let binary = "";
  for (let at = 0; at < octets.length; at += 8192) {
    binary += String.fromCharCode(...octets.subarray(at, at + 8192));
  }
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * Throws `Unreadable` for all but the one spelling there is of some bytes.
 * @param {string} text @returns {Octets}
 */
export function fromBase64url(text) {
  const octets = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let to = 0;
  for (let at = 0; at < text.length; at += 1) {
    const value = VALUES[text.charCodeAt(at)] ?? -1;
    if (value < 0) throw new Unreadable("malformed");
    held = ((held << 6) | value) & 0xfff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      octets[to] = (held >> bits) & 0xff;
      to += 1;
    }
  }
  if (text.length % 4 === 1 || held & ((1 << bits) - 1)) throw new Unreadable("malformed");
  return octets;
}

/** Takes pieces off the front. */
export class Reader {
  /** @param {Octets} octets */
  constructor(octets) {
    this.octets = octets;
    this.at = 0;
  }

  /** Throws `Unreadable` where there are fewer. @param {number} length */
  take(length) {
    if (this.at + length > this.octets.length) throw new Unreadable("malformed");
    const piece = this.octets.slice(this.at, this.at + length);
    this.at += length;
    return piece;
  }

  /** @param {number} length in bytes */
  number(length) {
    const value = this.take(length).reduce((number, octet) => number * 256 + octet, 0);
    if (!Number.isSafeInteger(value)) throw new Unreadable("malformed");
    return value;
  }

  rest() {
    return this.take(this.octets.length - this.at);
  }
}
