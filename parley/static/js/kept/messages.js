// @ts-check
// The newest messages of conversations as pages were told of them live, in a database of its own. A page that was kept
// may be older. Nothing here rejects: what cannot be kept is not kept.
import { inStore, openDatabase } from "../browser/database.js";

/** @type {Set<string>} nothing is kept of them again by this page */
export const overHere = new Set();

const NAME = "parley-kept";
const STORE = "conversations";

/**
 * @typedef {object} Kept
 * @property {string} roomId
 * @property {string} userId whose it is
 * @property {string} at when it was known
 * @property {import("../connection/wire.js").Conversation} conversation with its newest messages
 */

/** @param {Kept} kept */
export function keepMessages(kept) {
  return use("readwrite", (store) => store.put(kept));
}

/**
 * @param {string} roomId
 * @returns {Promise<Kept | undefined>}
 */
export function keptMessages(roomId) {
  return use("readonly", (store) => store.get(roomId));
}

/** @param {string} roomId empty for none */
export async function forgetMessages(roomId) {
  if (roomId) await use("readwrite", (store) => store.delete(roomId));
}

/** @returns {Promise<string[]>} the ids of those of which messages are kept */
export async function roomsKept() {
  return (await use("readonly", (store) => store.getAllKeys())) ?? [];
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act
 * @returns {Promise<any>}
 */
async function use(mode, act) {
  try {
    database ??= openDatabase(NAME, (made) => made.createObjectStore(STORE, { keyPath: "roomId" }), { gone: () => (database = undefined) });
    return await inStore(await database, STORE, mode, act);
  } catch {
    database = undefined; // another try may find another
    return undefined;
  }
}

/** @type {Promise<IDBDatabase> | undefined} open as long as the page is: one that goes has no time to open it */
let database;
