// @ts-check
// The chest in which an account keeps its keys of encrypted conversations (docs/encryption.md): sealed here, kept by the
// server, and opened by passkeys or a phrase.

import { ITERATIONS } from "./keys.js";
import {
  cipherOf, decrypt, derive, encrypt, equal, labelled, numbered, random, Reader, secretOf, sha256, together, Unreadable, utf8,
} from "./octets.js";

const VERSION = 1;
const [PASSKEY, PHRASE] = [1, 2];
const [MASTER_BYTES, ID_BYTES, SALT_BYTES, NONCE_BYTES, TAG_BYTES] = [32, 16, 16, 12, 16];
const TURN_BYTES = 8;
const WAYS_MAX = 255;
const ITERATIONS_MAX = 10_000_000;
const NO_NONCE = new Uint8Array(NONCE_BYTES);
const NO_ID = new Uint8Array(ID_BYTES);

/**
 * One way in: the master key, wrapped.
 * @typedef {{kind: number, id: Uint8Array, iterations: number, salt: Uint8Array, wrapped: Uint8Array}} Way
 * @typedef {import("./octets.js").Octets} Octets
 */

/** What a passkey's `prf` is asked about. */
export function asked() {
  return labelled("chest prf");
}

export function newMaster() {
  return random(MASTER_BYTES);
}

/** @param {Uint8Array} master @param {Uint8Array} credentialId @param {Uint8Array} output of its `prf` @returns {Promise<Way>} */
export async function wayByPasskey(master, credentialId, output) {
  const way = { kind: PASSKEY, id: await idOf(credentialId), iterations: 0, salt: random(SALT_BYTES) };
  return { ...way, wrapped: await wrap(way, output, master) };
}

/** @param {Uint8Array} master @param {string} phrase @returns {Promise<Way>} */
export async function wayByPhrase(master, phrase) {
  const way = { kind: PHRASE, id: NO_ID, iterations: ITERATIONS, salt: random(SALT_BYTES) };
  return { ...way, wrapped: await wrap(way, await stretched(way, phrase), master) };
}

/** @param {Way} way */
export function isPhrase({ kind }) {
  return kind === PHRASE;
}

/**
 * The ways there are, without that one: another may take its place.
 * @param {Way[]} ways @param {Way} way
 */
export function without(ways, { kind, id }) {
  return ways.filter((each) => each.kind !== kind || !equal(each.id, id));
}

/**
 * Rejects with `Unreadable` where the way is there and doesn't lead in.
 * @param {Octets} chest @param {Uint8Array} credentialId @param {Uint8Array} output
 * @returns {Promise<Octets | undefined>} the master key; nothing where this passkey is no way in
 */
export async function masterByPasskey(chest, credentialId, output) {
  const id = await idOf(credentialId);
  const way = outlineOf(chest).ways.find((each) => each.kind === PASSKEY && equal(each.id, id));
  return way && unwrap(way, output);
}

/**
 * Rejects with `Unreadable`: `not_authentic` where the phrase is another.
 * @param {Octets} chest @param {string} phrase
 */
export async function masterByPhrase(chest, phrase) {
  const way = outlineOf(chest).ways.find(isPhrase);
  return way && unwrap(way, await stretched(way, phrase));
}

/**
 * @param {Uint8Array} master @param {Way[]} ways
 * @param {{turn: number, content: object}} what `turn` is higher each time
 */
export async function sealed(master, ways, { turn, content }) {
  if (ways.length > WAYS_MAX) throw new RangeError("Too many ways in.");
  const head = together(new Uint8Array([VERSION, ways.length]), ...ways.map((way) => together(headOf(way), way.wrapped)));
  const [nonce, plain] = [random(NONCE_BYTES), together(numbered(turn, TURN_BYTES), utf8(JSON.stringify(content)))];
  return together(head, nonce, await encrypt(await cipherFor(master), nonce, plain, labelled("chest", head)));
}

/**
 * Rejects with `Unreadable`: `not_authentic` where anything of it was changed, or the master key is another's.
 * @param {Uint8Array} master @param {Octets} chest
 * @returns {Promise<{turn: number, content: any, ways: Way[]}>}
 */
export async function opened(master, chest) {
  const { head, ways, nonce, rest } = outlineOf(chest);
  const reader = new Reader(await decrypt(await cipherFor(master), nonce, rest, labelled("chest", head)));
  const turn = reader.number(TURN_BYTES);
  try {
    return { turn, content: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(reader.rest())), ways };
  } catch {
    throw new Unreadable("malformed");
  }
}

/** What can be seen of it without a key. Throws `Unreadable`. @param {Octets} chest */
export function outlineOf(chest) {
  const reader = new Reader(chest);
  if (reader.number(1) !== VERSION) throw new Unreadable("unknown_version");
  const count = reader.number(1);
  /** @type {Way[]} */
  const ways = [];
  for (let at = 0; at < count; at += 1) {
    const kind = reader.number(1);
    const [id, iterations, salt] = [reader.take(ID_BYTES), reader.number(4), reader.take(SALT_BYTES)];
    ways.push({ kind, id, iterations, salt, wrapped: reader.take(MASTER_BYTES + TAG_BYTES) });
  }
  const head = chest.slice(0, reader.at);
  return { head, ways, nonce: reader.take(NONCE_BYTES), rest: reader.rest() };
}

/** @param {Uint8Array} credentialId */
async function idOf(credentialId) {
  return (await sha256("chest passkey", credentialId)).slice(0, ID_BYTES);
}

/** @param {Omit<Way, "wrapped">} way */
function headOf({ kind, id, iterations, salt }) {
  return together(new Uint8Array([kind]), id, numbered(iterations, 4), salt);
}

/** @param {Omit<Way, "wrapped">} way @param {Uint8Array} secret @param {Uint8Array} master */
async function wrap(way, secret, master) {
  // The key is the salt's own, so it is used once.
  return encrypt(await wrapperOf(way, secret), NO_NONCE, master, labelled("chest way", headOf(way)));
}

/** @param {Way} way @param {Uint8Array} secret */
async function unwrap(way, secret) {
  return decrypt(await wrapperOf(way, secret), NO_NONCE, way.wrapped, labelled("chest way", headOf(way)));
}

/** @param {Omit<Way, "wrapped">} way @param {Uint8Array} secret */
async function wrapperOf(way, secret) {
  return cipherOf(await derive("chest way", await secretOf(secret), headOf(way)));
}

/** @param {Uint8Array} master */
async function cipherFor(master) {
  return cipherOf(await derive("chest", await secretOf(master)));
}

/** @param {Omit<Way, "wrapped">} way @param {string} phrase */
async function stretched({ iterations, salt }, phrase) {
  // Nothing that the server says makes the browser work for hours.
  if (iterations < ITERATIONS || iterations > ITERATIONS_MAX) throw new Unreadable("malformed");
  const secret = await crypto.subtle.importKey("raw", utf8(phrase.normalize("NFKC")), "PBKDF2", false, ["deriveBits"]);
  const wanted = { name: "PBKDF2", hash: "SHA-256", salt: /** @type {Octets} */ (salt), iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(wanted, secret, MASTER_BYTES * 8));
}
