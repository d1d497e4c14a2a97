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
 * `chested`: under which room id and number the account's chest has it.
 * `known`: by user_id, the signing points that were seen, as base64url. `about`: title and description to be said; `called`: as they were said last.
 * What follows is missing where the key was never changed. `epoch`: the number of `key`; `before`: the keys before it, and
 * `room`: the tag of the first, which may not be among them.
 * `seen`, `introduced`: see introductions.js. `gathered`, `wrapped`, `without`, `records`: the founder's, see changing.js.
 * @typedef {{number: number, key: Uint8Array, stretched: Uint8Array}} KeptEpoch
 * @typedef {{epoch?: number, room?: Uint8Array, before?: KeptEpoch[], founder?: import("../encryption/people.js").PublicKeys,
 *   seen?: Record<string, import("./introductions.js").Seen>, introduced?: {userId: string, seq: number},
 *   gathered?: number, wrapped?: string[], without?: Record<string, string>, records?: Record<number, Uint8Array>}} Changed
 * @typedef {Changed & {roomId: string, key: Uint8Array, iterations: number, owner: Uint8Array, stretched: Uint8Array,
 *   signing: CryptoKeyPair, exchange: CryptoKeyPair, seals: CryptoKey, known: Record<string, string[]>,
 *   isOnlyHere?: boolean, chested?: string,
 *   about?: {title: string, description: string}, called?: {title: string, description: string, seq: number}}} Kept
 */

/** What goes together: a tab that knows an earlier key must not put it back. */
const OF_EPOCH = /** @type {const} */ (["key", "iterations", "stretched", "epoch", "room", "before", "wrapped", "without", "records"]);

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act
 */
async function use(mode, act) {
  return inStore(await database(), STORE, mode, act);
}

function database() {
  opened ??= openDatabase(DATABASE, (made) => made.createObjectStore(STORE, { keyPath: "roomId" }), {
    gone: () => (opened = undefined),
  });
  opened.catch(() => (opened = undefined));
  return opened;
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
    await keep(moved, { isNew: true }); // first: it is the only one
    await forget(each);
    return moved;
  }
  return undefined;
}

/**
 * Rejects where the browser keeps nothing, or has no room. Another tab may have kept a later key of the conversation:
 * then that one stays.
 * @param {Kept} kept
 * @param {{isNew?: boolean, saysAbout?: boolean}} [how] `isNew`: it may not be there yet. Else another tab has forgotten
 *   it, and so it stays. `saysAbout`: what is to be said is another, or was said
 */
export async function keep(kept, { isNew = false, saysAbout = isNew } = {}) {
  const transaction = (await database()).transaction(STORE, "readwrite");
  const store = transaction.objectStore(STORE);
  const known = store.get(kept.roomId);
  known.onsuccess = () => {
    if (known.result) store.put(latest(saysAbout ? kept : { ...kept, about: known.result.about }, known.result));
    else if (isNew) store.put(kept);
  };
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(undefined);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** @param {Kept} kept @param {Kept} known @returns {Kept} */
function latest(kept, known) {
  const [here, there] = [kept.epoch ?? 0, known.epoch ?? 0];
  if (there < here) return kept;
  // Only the window that changed the key knows whom it left out, and what it made.
  if (there === here) return { ...kept, without: kept.without ?? known.without, records: { ...known.records, ...kept.records } };
  return { ...kept, ...Object.fromEntries(OF_EPOCH.map((name) => [name, known[name]])) };
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
