// @ts-check
// IndexedDB, as promises. Everything here rejects where it is missing, forbidden or full: who uses it knows what to do
// without.
import { ROOT } from "./root.js";

/**
 * Each of ours has one form, made at once; a later version of the server's takes another name.
 * @param {string} name
 * @param {(database: IDBDatabase) => void} make its stores, where it is new
 * @param {{factory?: IDBFactory, gone?: () => void}} [options] `gone`: told when it was closed, so that another tab or the
 *   server can change it or have it taken away
 * @returns {Promise<IDBDatabase>}
 */
export async function openDatabase(name, make, { factory = globalThis.indexedDB, gone } = {}) {
  const request = factory.open(ROOT + name, 1);
  request.onupgradeneeded = () => make(request.result);
  const database = await answerOf(request);
  database.onversionchange = () => {
    database.close();
    gone?.();
  };
  return database;
}

/**
 * One thing in a transaction of its own, begun at once: the page may be closing.
 * @param {IDBDatabase} database
 * @param {string} name of the store
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act
 * @returns {Promise<any>} once it is on the disk, where something is written: only that may find that there is no room
 */
export async function inStore(database, name, mode, act) {
  const transaction = database.transaction(name, mode);
  const answer = answerOf(act(transaction.objectStore(name)));
  transaction.commit?.();
  if (mode === "readonly") return answer;
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  const [found] = await Promise.all([answer, done]);
  return found;
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answerOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
