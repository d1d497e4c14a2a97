// @ts-check
// Files that are on their way, kept on this device with how far they are, so that a reload does not end them. In a
// database of their own: what is written is kept in another, and a file is written there once.
// Where IndexedDB is missing, forbidden or full, they are there for as long as the page is open.

import { inStore, openDatabase } from "../browser/database.js";

/** @typedef {{url?: string, id?: string}} Noted where it is being uploaded to, and what it is called once it is there */

const DATABASE = "parley-files";
const OPEN_WITHIN_MS = 2000;
/** What nobody came back for is not kept for ever. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

/** @type {Promise<IDBDatabase | undefined> | undefined} */
let opened;

/**
 * @param {string} key
 * @param {Blob} blob
 * @param {string} of what the conversation is known by that it is for
 * @returns {Promise<boolean>} whether it is kept
 */
export async function keep(key, blob, of) {
  return (await use("blobs", "readwrite", (store) => store.put({ blob, of, at: Date.now() }, key))) !== undefined;
}

/**
 * @param {string} key
 * @returns {Promise<Blob | undefined>}
 */
export async function blobOf(key) {
  return (await use("blobs", "readonly", (store) => store.get(key)))?.blob;
}

/**
 * @param {string} key
 * @param {Noted} noted
 */
export function note(key, noted) {
  return use("uploads", "readwrite", (store) => store.put(noted, key));
}

/**
 * @param {string} key
 * @returns {Promise<Noted>}
 */
export async function notedOf(key) {
  return (await use("uploads", "readonly", (store) => store.get(key))) ?? {};
}

/** @param {string} key */
export async function forget(key) {
  await Promise.all([
    use("blobs", "readwrite", (store) => store.delete(key)),
    use("uploads", "readwrite", (store) => store.delete(key)),
  ]);
}

/** Lets go of what was left behind. */
export function sweep() {
  return forgetThose(({ at }) => at < Date.now() - KEPT_MS);
}

/** @param {string} conversation what it is known by: lets go of all that is for it */
export function forgetOf(conversation) {
  return forgetThose(({ of }) => of === conversation);
}

/**
 * Never rejects.
 * @param {(kept: {at: number, of?: string}) => boolean} isWanted
 */
async function forgetThose(isWanted) {
  const database = await open();
  /** @type {string[]} */
  const found = [];
  await new Promise((done, failed) => {
    const cursor = database?.transaction("blobs").objectStore("blobs").openCursor();
    if (!cursor) return done(undefined);
    cursor.onerror = failed;
    cursor.onsuccess = () => {
      if (!cursor.result) return done(undefined);
      if (isWanted(cursor.result.value)) found.push(String(cursor.result.key));
      cursor.result.continue();
    };
  }).catch(() => {});
  await Promise.all(found.map(forget));
}

/**
 * Never rejects.
 * @param {"blobs" | "uploads"} name
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act
 * @returns {Promise<any>}
 */
async function use(name, mode, act) {
  try {
    const database = await open();
    if (!database) return undefined;
    return await inStore(database, name, mode, act);
  } catch {
    return undefined;
  }
}

function open() {
  const late = new Promise((resolve) => setTimeout(() => resolve(undefined), OPEN_WITHIN_MS));
  opened ??= Promise.race([openNow(), late]).catch(() => undefined);
  return opened;
}

function openNow() {
  return openDatabase(DATABASE, (made) => ["blobs", "uploads"].forEach((name) => made.createObjectStore(name)));
}
