// @ts-check
// What was written and is not confirmed yet, kept on this device: it outlives a reload, a crash and a closed tab.
// IndexedDB may be missing, forbidden (a private window) or full; then it is kept for as long as the page is open.

import { between } from "../connection/between.js";
import { inStore, openDatabase } from "../browser/database.js";

/** @typedef {import("../state/store.js").Outgoing} Outgoing */

/** Some browsers never answer when a database is stuck; nothing may wait for it for long. */
const OPEN_WITHIN_MS = 2000;
const STORE = "outbox";
/** Named for what earlier pages knew a conversation by. It holds the key now, and needs no new version for that. */
const INDEX = "roomId";

export class SavedOutbox {
  /**
   * @param {string} key what the conversation is known by on this device, whatever its link
   * @param {string[]} roomIds its links until now: earlier pages kept what was written under each
   * @param {IDBFactory} [factory]
   */
  constructor(key, roomIds, factory = globalThis.indexedDB) {
    this.key = key;
    this.keys = [key, ...roomIds];
    /** Where it goes, for the worker, which sends it where no page is open. */
    this.to = roomIds[0];
    this.database = Promise.race([openOutbox(factory), after(OPEN_WITHIN_MS)]).catch(() => undefined);
    /** @type {Outgoing[]} what of this person is saved, in its latest form */
    this.saved = [];
  }

  /**
   * What this person wrote in this conversation. Others who used this browser have their own, and keep it.
   * @param {string} userId
   * @returns {Promise<Outgoing[]>}
   */
  async entries(userId) {
    const reads = this.keys.map((key) => this.use("readonly", (store) => store.index(INDEX).getAll(key)));
    /** @type {Outgoing[]} */
    const found = (await Promise.all(reads)).flatMap((entries) => entries ?? []);
    return between.unlock(found.filter((entry) => entry.userId === userId));
  }

  /**
   * Those are in the outbox from now on: what leaves it is no longer kept.
   * @param {Outgoing[]} entries
   */
  takeOver(entries) {
    const known = new Set(this.saved.map((entry) => entry.clientId));
    this.saved = [...this.saved, ...entries.filter((entry) => !known.has(entry.clientId))];
  }

  /**
   * Makes what is saved of this person equal to their outbox.
   * @param {Outgoing[]} outbox
   */
  save(outbox) {
    const changed = outbox.filter((entry) => !this.saved.includes(entry));
    const kept = new Set(outbox.map((entry) => entry.clientId));
    const gone = this.saved.filter((entry) => !kept.has(entry.clientId));
    this.saved = outbox;
    for (const entry of changed) this.put(entry);
    for (const { clientId } of gone) this.use("readwrite", (store) => store.delete(clientId));
  }

  /** @param {Outgoing} entry */
  async put(entry) {
    const kept = { ...await between.lock(entry), [INDEX]: this.key, to: this.to };
    // It may have gone out meanwhile.
    if (this.saved.includes(entry)) this.use("readwrite", (store) => store.put(kept));
  }

  /**
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest} act
   */
  async use(mode, act) {
    return use(await this.database, mode, act);
  }
}

/**
 * Never rejects: what cannot be kept is not kept.
 * @param {IDBDatabase | undefined} database
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act
 * @returns {Promise<any>}
 */
export async function use(database, mode, act) {
  if (!database) return undefined;
  return inStore(database, STORE, mode, act).catch(() => undefined);
}

/**
 * @param {IDBFactory | undefined} factory
 * @returns {Promise<IDBDatabase | undefined>}
 */
export async function openOutbox(factory) {
  if (!factory) return undefined;
  return openDatabase("parley", (made) => made.createObjectStore(STORE, { keyPath: "clientId" }).createIndex(INDEX, INDEX), { factory });
}

/**
 * @param {number} ms
 * @returns {Promise<undefined>}
 */
function after(ms) {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}
