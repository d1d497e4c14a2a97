// @ts-check
// What this browser keeps of encrypted conversations: the link's key, one's own keys, and whose key was seen.
import { inStore, openDatabase } from "../browser/database.js";
import { Person } from "../encryption/people.js";
import { DATABASE } from "./any.js";

const STORE = "rooms";

/**
 * `key`, `iterations` and `owner` as in the link. `stretched`: the passphrase's part; empty where there is none.
 * `signing` and `exchange` are one's own, and can't be read out. `seals`: what is half written is kept under it.
 * `isOnlyHere`: nobody has had the link yet but this browser, which made it.
 * `known`: by user_id, the signing points that were seen, as base64url. `about`: title and description to be said; `called`: as they were said last.
 * @typedef {{roomId: string, key: Uint8Array, iterations: number, owner: Uint8Array, stretched: Uint8Array,
 *   signing: CryptoKeyPair, exchange: CryptoKeyPair, seals: CryptoKey, known: Record<string, string[]>,
 *   isOnlyHere?: boolean,
 *   about?: {title: string, description: string}, called?: {title: string, description: string, seq: number}}} Kept
 */

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act
 */
async function use(mode, act) {
  opened ??= openDatabase(DATABASE, (made) => made.createObjectStore(STORE, { keyPath: "roomId" }), {
    gone: () => (opened = undefined),
  });
  opened.catch(() => (opened = undefined));
  return inStore(await opened, STORE, mode, act);
}

/**
 * Rejects where the browser can't say.
 * @param {string} roomId
 * @param {string[]} [oldRoomIds] its links before, under one of which it may still be
 * @returns {Promise<Kept | undefined>}
 */
export async function keptOf(roomId, oldRoomIds = []) {
  for (const each of [roomId, ...oldRoomIds]) {
    /** @type {Kept | undefined} */
    const found = await use("readonly", (store) => store.get(each));
    if (!found) continue;
    if (each === roomId) return found;
    const moved = { ...found, roomId };
    await keep(moved); // first: it is the only one
    await forget(each);
    return moved;
  }
  return undefined;
}

/** Rejects where the browser keeps nothing, or has no room. @param {Kept} kept */
export function keep(kept) {
  return use("readwrite", (store) => store.put(kept));
}

/** @param {string} roomId */
export function forget(roomId) {
  return use("readwrite", (store) => store.delete(roomId));
}

/** @returns {Promise<Kept[]>} */
export function allKept() {
  return use("readonly", (store) => store.getAll());
}

/**
 * What is kept from the moment that somebody has the key.
 * @param {string} roomId
 * @param {import("../encryption/keys.js").LinkKey} link
 * @param {Uint8Array} stretched
 * @param {Person} [person]
 * @returns {Promise<Kept>}
 */
export async function newKept(roomId, link, stretched, person) {
  const { signing, exchange } = person ?? (await Person.generate());
  const seals = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  return { roomId, ...link, stretched, signing, exchange, seals, known: {} };
}
