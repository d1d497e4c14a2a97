// @ts-check
// What another app shared into this one, until it is put into a conversation: one at a time, for a day, in a database
// of its own. Files are kept as bytes, since not every browser keeps a Blob there.
import { inStore, openDatabase } from "../browser/database.js";

const NAME = "parley-shared";
const STORE = "shared";
const KEY = "last";
const LASTS_MS = 24 * 3600 * 1000;

/** @typedef {{name: string, type: string, bytes: ArrayBuffer}} SharedFile */
/** @typedef {{text: string, files: SharedFile[], at: number}} Shared */

/**
 * What a form that was shared comes to.
 * @param {FormData} form
 * @returns {Promise<Shared>}
 */
export async function sharedBy(form) {
  const words = ["title", "text", "url"].map((name) => form.get(name)).filter((each) => typeof each === "string" && each);
  const given = /** @type {File[]} */ (form.getAll("files").filter((each) => each instanceof File && each.size));
  const files = await Promise.all(given.map(async (file) => ({ name: file.name, type: file.type, bytes: await file.arrayBuffer() })));
  return { text: [...new Set(words)].join("\n"), files, at: Date.now() };
}

/** @param {Shared} shared in place of what was shared before. Rejects where it cannot be kept. */
export async function keepShared(shared) {
  await use("readwrite", (store) => store.put(shared, KEY));
}

/**
 * @param {boolean} [isTaken] nothing is kept of it from now on
 * @returns {Promise<Shared | undefined>}
 */
export async function lastShared(isTaken) {
  try {
    const found = await use("readonly", (store) => store.get(KEY));
    const isOld = found && Date.now() - found.at > LASTS_MS;
    if (found && (isTaken || isOld)) await use("readwrite", (store) => store.delete(KEY));
    return isOld ? undefined : found;
  } catch {
    return undefined;
  }
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act
 * @returns {Promise<any>}
 */
async function use(mode, act) {
  const database = await openDatabase(NAME, (made) => made.createObjectStore(STORE));
  try {
    return await inStore(database, STORE, mode, act);
  } finally {
    database.close();
  }
}
