// @ts-check
// The newest messages of conversations as pages were told of them live, in a database of its own. A page that was kept
// may be older. Nothing here rejects: what cannot be kept is not kept.

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

/**
 * @param {string | ((roomId: string) => boolean)} which one, or all of which it holds
 * @returns {Promise<void>}
 */
export async function forgetMessages(which) {
  if (typeof which === "string") return which ? use("readwrite", (store) => store.delete(which)) : undefined;
  const known = (await use("readonly", (store) => store.getAllKeys())) ?? [];
  for (const roomId of known) if (which(roomId)) await forgetMessages(roomId);
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act
 * @returns {Promise<any>}
 */
async function use(mode, act) {
  try {
    database ??= open();
    const transaction = (await database).transaction(STORE, mode);
    const answer = answerOf(act(transaction.objectStore(STORE)));
    transaction.commit?.(); // at once: the page may be closing
    return await answer;
  } catch {
    database = undefined; // another try may find another
    return undefined;
  }
}

/** @type {Promise<IDBDatabase> | undefined} open as long as the page is: one that goes has no time to open it */
let database;

/** @returns {Promise<IDBDatabase>} */
async function open() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "roomId" });
  const opened = await answerOf(request);
  opened.onversionchange = () => {
    opened.close(); // so that the server can have it taken away
    database = undefined;
  };
  return opened;
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
