// @ts-check
// The link's key, its passphrase, and what an epoch has of them.

import {
  derive, fromBase64url, numbered, random, secretOf, toBase64url, together, Unreadable, utf8,
} from "./octets.js";

const KEY_BYTES = 32;
const PERSON_ID_BYTES = 16;
// Of PBKDF2-HMAC-SHA256: what OWASP's cheat sheet on storing passwords asks for.
export const ITERATIONS = 600_000;
const ITERATIONS_MAX = 10_000_000;
const FRAGMENT_MAX_CHARS = 1_000;
// As some programs write them that pass a link on.
const AMPERSANDS = /&amp;|%26(?:amp(?:;|%3b))?/gi;
const EQUALS = /%3d/gi;
const NONE = new Uint8Array();

/**
 * What stands behind the `#` of a link.
 * @typedef {object} LinkKey
 * @property {Uint8Array} key
 * @property {number} iterations of the passphrase that belongs to it; 0 where it has none
 * @property {Uint8Array} owner the id of the person who began the conversation; empty where the link doesn't say it
 */

/** @param {{withPassphrase?: boolean, owner?: Uint8Array}} [of] @returns {LinkKey} */
export function newKey({ withPassphrase = false, owner = NONE } = {}) {
  return { key: random(KEY_BYTES), iterations: withPassphrase ? ITERATIONS : 0, owner };
}

/**
 * Throws `Unreadable` for what is no key.
 * @param {string} fragment with its `#` or without
 * @returns {LinkKey}
 */
export function parseFragment(fragment) {
  const fields = new URLSearchParams(fragment.replace(/^#/, "").slice(0, FRAGMENT_MAX_CHARS).replace(AMPERSANDS, "&").replace(EQUALS, "="));
  const key = fromBase64url(fields.get("k") ?? "");
  const owner = fromBase64url(fields.get("o") ?? "");
  const rounds = fields.get("p") ?? "0";
  if (key.length !== KEY_BYTES || ![0, PERSON_ID_BYTES].includes(owner.length)) throw new Unreadable("malformed");
  if (!/^[0-9]{1,8}$/.test(rounds)) throw new Unreadable("malformed");
  const iterations = Number(rounds);
  // A link that asked for fewer would have its passphrase told to the server by the proof.
  if (iterations && (iterations < ITERATIONS || iterations > ITERATIONS_MAX)) throw new Unreadable("malformed");
  return { key, iterations, owner };
}

/** @param {LinkKey} link */
export function fragmentOf({ key, iterations, owner }) {
  const passphrase = iterations ? `&p=${iterations}` : "";
  return `k=${toBase64url(key)}${passphrase}${owner.length ? `&o=${toBase64url(owner)}` : ""}`;
}

/**
 * What the passphrase adds to the key: takes about a third of a second.
 * @param {LinkKey} link @param {string} passphrase
 */
export async function stretched({ key, iterations }, passphrase) {
  const salt = await derive("passphrase salt", await secretOf(key), NONE, 16);
  const words = utf8(passphrase.normalize("NFKC"));
  const secret = await crypto.subtle.importKey("raw", words, "PBKDF2", false, ["deriveBits"]);
  const wanted = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(wanted, secret, KEY_BYTES * 8));
}

/** One key's time. Everything said in it is encrypted under what is derived from its secret. */
export class Epoch {
  /**
   * @param {number} number
   * @param {Uint8Array} key the link's
   * @param {Uint8Array} stretched the passphrase's part; empty where there is none
   * @param {CryptoKey} secret
   */
  constructor(number, key, stretched, secret) {
    this.number = number;
    this.key = key;
    this.stretched = stretched;
    this.secret = secret;
  }

  /** @param {Uint8Array} key @param {{stretched?: Uint8Array, number?: number}} [of] */
  static async derive(key, { stretched = NONE, number = 0 } = {}) {
    const secret = await derive("epoch", await secretOf(together(key, stretched)), numbered(number, 4));
    return new Epoch(number, key, stretched, await secretOf(secret));
  }

  /** What the server is shown by whoever wants to read. */
  proof() {
    return derive("read proof", this.secret);
  }

  /** What the server keeps of it. */
  async proofHash() {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", await this.proof()));
  }

  /** The room's tag, of its first epoch: it stays what it is in all later ones. */
  room() {
    if (this.number) throw new RangeError("Only the first epoch has the room's tag; later ones are told it.");
    return derive("room", this.secret, NONE, 16);
  }

  commitment() {
    return derive("epoch commitment", this.secret);
  }
}
