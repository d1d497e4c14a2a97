// @ts-check
// A person's own keys, of one device in one room: to sign with, and to be handed new epochs by.

import { Reader, sha256, together, Unreadable } from "./octets.js";

export const POINT_BYTES = 64;
export const SIGNATURE_BYTES = 64;
// Of P-256 (SEC 2, section 2.4.2).
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ECDSA = { name: "ECDSA", namedCurve: "P-256" };
const ECDH = { name: "ECDH", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };
const UNCOMPRESSED = new Uint8Array([4]);

/**
 * What all may know of a person.
 * @typedef {{signing: Uint8Array, exchange: Uint8Array}} PublicKeys
 */

/** By which wrapped keys and links name them. @param {PublicKeys} person */
export async function idOf({ signing, exchange }) {
  return (await sha256("person", signing, exchange)).slice(0, 16);
}

/**
 * What two people read to each other, to know that they see the same key: six times five digits.
 * @param {Uint8Array} room @param {Uint8Array} signing
 */
export async function safetyNumber(room, signing) {
  const reader = new Reader(await sha256("safety number", room, signing));
  const fives = Array.from({ length: 6 }, () => String(reader.number(5) % 100_000).padStart(5, "0"));
  return fives.join(" ");
}

export class Person {
  /**
   * Both pairs can be kept in IndexedDB as they are, and never be read out of it.
   * @param {CryptoKeyPair} signing @param {CryptoKeyPair} exchange @param {PublicKeys} publicKeys
   */
  constructor(signing, exchange, publicKeys) {
    this.signing = signing;
    this.exchange = exchange;
    this.public = publicKeys;
  }

  static async generate() {
    const signing = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(ECDSA, false, ["sign", "verify"]));
    return Person.of(signing, await newExchange());
  }

  /** @param {CryptoKeyPair} signing @param {CryptoKeyPair} exchange */
  static async of(signing, exchange) {
    const keys = { signing: await octetsOf(signing.publicKey), exchange: await octetsOf(exchange.publicKey) };
    return new Person(signing, exchange, keys);
  }

  /** @param {Uint8Array<ArrayBuffer>} octets */
  async sign(octets) {
    const signature = new Uint8Array(await crypto.subtle.sign(SIGNING, this.signing.privateKey, octets));
    const s = toNumber(signature.subarray(32));
    // Of the two that say the same, the one that is taken.
    if (s > ORDER / 2n) signature.set(toOctets(ORDER - s), 32);
    return signature;
  }

  /** The secret that only the two who have either private key know. @param {Uint8Array} point */
  sharedWith(point) {
    return shared(this.exchange.privateKey, point);
  }
}

/** @returns {Promise<CryptoKeyPair>} */
export async function newExchange() {
  return /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(ECDH, false, ["deriveBits"]));
}

/** Rejects with `Unreadable`. @param {CryptoKey} privateKey @param {Uint8Array} point */
export async function shared(privateKey, point) {
  const other = await publicKey(point, ECDH, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "ECDH", public: other }, privateKey, 256));
}

/** @param {CryptoKey} key */
export async function octetsOf(key) {
  return new Uint8Array(await crypto.subtle.exportKey("raw", key)).slice(1);
}

/** Whether a key can be handed to somebody by it. @param {Uint8Array} point */
export function isExchange(point) {
  return publicKey(point, ECDH, []).then(() => true, () => false);
}

/** Rejects with `Unreadable` for what is no point of the curve. @param {Uint8Array} point */
export function verifierOf(point) {
  return publicKey(point, ECDSA, ["verify"]);
}

/**
 * Rejects with `Unreadable`. Of the two signatures that say the same only one is taken.
 * @param {CryptoKey} verifier @param {Uint8Array<ArrayBuffer>} signature @param {Uint8Array<ArrayBuffer>} octets
 */
export async function requireSigned(verifier, signature, octets) {
  const s = toNumber(signature.subarray(32));
  if (s > ORDER / 2n || !(await crypto.subtle.verify(SIGNING, verifier, signature, octets))) {
    throw new Unreadable("not_signed");
  }
}

/** @param {Uint8Array} point @param {EcKeyImportParams} algorithm @param {KeyUsage[]} usages */
async function publicKey(point, algorithm, usages) {
  try {
    return await crypto.subtle.importKey("raw", together(UNCOMPRESSED, point), algorithm, true, usages);
  } catch {
    throw new Unreadable("malformed");
  }
}

/** @param {Uint8Array} octets */
function toNumber(octets) {
  return octets.reduce((number, octet) => number * 256n + BigInt(octet), 0n);
}

/** @param {bigint} number */
function toOctets(number) {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((number >> BigInt(8 * (31 - at))) & 0xffn));
}
