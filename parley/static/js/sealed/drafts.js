// @ts-check
// What is half written in an encrypted conversation, kept on this device under a key that can't be read out of it.
import { PREFIX, recall, remember, remembered } from "../browser/saved.js";
import { fromBase64url, random, toBase64url, together } from "../encryption/octets.js";

const NONCE_BYTES = 12;
/** Before what is sealed. */
const SEALED = "sealed:";

/** @typedef {import("../browser/saved.js").Where} Where */

/** The same as `browser/saved.js`, for one conversation: all of it is opened before the page begins. */
export class SealedDrafts {
  /** @type {Map<string, string>} */
  #open = new Map();
  /** @type {Map<string, number>} what is written down last is what was written last */
  #turns = new Map();

  /** @param {CryptoKey} key @param {string} of what the conversation is known by on this device */
  constructor(key, of) {
    this.key = key;
    this.names = ["draft", "aim", "edit", "files"].map((what) => `${what}:${of}`);
    this.recall = this.recall.bind(this);
    this.remember = this.remember.bind(this);
    this.remembered = this.remembered.bind(this);
  }

  async open() {
    for (const where of /** @type {Where[]} */ (["localStorage", "sessionStorage"])) {
      for (const name of this.#names(where)) {
        const value = await this.#opened(recall(name, where));
        if (value) this.#open.set(`${where} ${name}`, value);
      }
    }
    return this;
  }

  /** @param {Where} where */
  #names(where) {
    try {
      const all = Object.keys(globalThis[where]).filter((name) => name.startsWith(PREFIX));
      return all.map((name) => name.slice(PREFIX.length)).filter((name) => this.#isHeld(name));
    } catch {
      return [];
    }
  }

  /** @param {string} name */
  #isHeld(name) {
    return this.names.some((held) => name === held || name.startsWith(`${held}:`));
  }

  /** @param {string} kept */
  async #opened(kept) {
    if (!kept.startsWith(SEALED)) return "";
    try {
      const octets = fromBase64url(kept.slice(SEALED.length));
      const cipher = { name: "AES-GCM", iv: octets.subarray(0, NONCE_BYTES) };
      const plain = await crypto.subtle.decrypt(cipher, this.key, octets.subarray(NONCE_BYTES));
      return new TextDecoder().decode(plain);
    } catch {
      return ""; // of an earlier key
    }
  }

  /** @param {string} name @param {Where} [where] */
  recall(name, where = "localStorage") {
    return this.#isHeld(name) ? this.#open.get(`${where} ${name}`) ?? "" : recall(name, where);
  }

  /** @param {string} name @param {string} value @param {Where} [where] */
  remember(name, value, where = "localStorage") {
    if (!this.#isHeld(name)) return remember(name, value, where);
    const place = `${where} ${name}`;
    const turn = (this.#turns.get(place) ?? 0) + 1;
    this.#turns.set(place, turn);
    if (value) this.#open.set(place, value);
    else this.#open.delete(place);
    if (value) this.#write(name, value, where, () => this.#turns.get(place) === turn);
    else remember(name, "", where);
  }

  /** @param {string} name @param {string} value @param {Where} where @param {() => boolean} isLast */
  async #write(name, value, where, isLast) {
    const iv = random(NONCE_BYTES);
    const plain = new TextEncoder().encode(value);
    const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.key, plain));
    if (isLast()) remember(name, SEALED + toBase64url(together(iv, sealed)), where);
  }

  /** @param {string} prefix */
  remembered(prefix) {
    return remembered(prefix);
  }
}
