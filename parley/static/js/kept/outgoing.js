// @ts-check
// What waits to be sent, without the page that it was written on: see writing/saved-outbox.js.
import { forget } from "../files/kept.js";
import { openOutbox, use } from "../writing/saved-outbox.js";

/** @typedef {import("../state/store.js").Outgoing & {roomId: string, to?: string, type?: string}} Waiting `to`: the room id; `type`: where it
 *   is encrypted, and goes out as it is */

/** @returns {Promise<Waiting[]>} in the order it was written in */
export async function waiting() {
  const found = await use(await opened(), "readonly", (store) => store.getAll());
  return (found ?? []).sort((/** @type {Waiting} */ one, /** @type {Waiting} */ other) => one.order - other.order);
}

/** @param {string} clientId */
export async function drop(clientId) {
  await use(await opened(), "readwrite", (store) => store.delete(clientId));
}

/** @param {string} roomId */
export async function forgetOutgoing(roomId) {
  for (const { clientId, to, files } of await waiting()) {
    if (to !== roomId) continue;
    await drop(clientId);
    for (const { key } of files ?? []) await forget(key);
  }
}

/** @type {Promise<IDBDatabase | undefined> | undefined} */
let database;

function opened() {
  database ??= openOutbox(globalThis.indexedDB).catch(() => undefined);
  return database;
}

