// @ts-check
// The account's chest on this device: what opens it, and what goes into it and comes out. Loaded where it was opened once.
import { inStore, openDatabase } from "../browser/database.js";
import { ROOT } from "../browser/root.js";
import { send } from "../connection/send.js";
import { ask } from "../connection/wire.js";
import { opened, sealed } from "../encryption/chest.js";
import { fromBase64url, toBase64url, Unreadable } from "../encryption/octets.js";
import { openerOf } from "./epochs.js";
import { keep, newKept } from "./kept.js";

const DATABASE = "parley-chest";
const STORE = "own";
const PATH = "/api/account/chest";
const TRIES = 4;
/** What the server takes, in base64url. Of more conversations than fit, those that were put in first make room. */
const MAX_CHARS = 98_304;

/**
 * `turn`: the highest that this device has seen.
 * @typedef {{id: "own", master: Uint8Array, turn: number}} Held
 * `id`: the room id; `at`: when it was put in, in milliseconds. Bytes are base64url.
 * @typedef {{id: string, at: number, key: string, iterations: number, owner: string, stretched: string, epoch: number,
 *   before: {number: number, key: string, stretched: string}[]}} Entry
 * By the tag of the room, which stays when its link is replaced.
 * @typedef {Record<string, Entry>} Rooms
 * `none`: there is no chest. `locked`: this device doesn't have what opens it. `unreadable`: it was changed by somebody who
 * couldn't, or another was put in its place. `unreachable`: it may work another time.
 * @typedef {"none" | "locked" | "unreadable" | "unreachable"} Trouble
 * `isOlder`: this device has seen a later one.
 * @typedef {{master: Uint8Array, version: number, turn: number, rooms: Rooms, ways: import("../encryption/chest.js").Way[],
 *   isOlder: boolean}} Chest
 */

/** Never rejects. @returns {Promise<Held | undefined>} */
export async function held() {
  try {
    // Whoever has none shouldn't get a database.
    const names = await indexedDB.databases?.();
    if (names && !names.some(({ name }) => name === ROOT + DATABASE)) return undefined;
    return await use("readonly", (store) => store.get("own"));
  } catch {
    return undefined;
  }
}

/** @param {Uint8Array} master @param {number} turn */
export function hold(master, turn) {
  return use("readwrite", (store) => store.put({ id: "own", master, turn }));
}

/** This device opens it no more. Never rejects. */
export async function letGo() {
  if (await held()) await use("readwrite", (store) => store.delete("own")).catch(() => {});
}

/** As the server has it. @returns {Promise<{version: number, octets: import("../encryption/octets.js").Octets | undefined} | undefined>} */
export async function fetched() {
  const reply = await ask(PATH);
  if (reply.code === "account_required" || reply.code === "token_required") await letGo(); // signed out from elsewhere
  if (!reply.success) return undefined;
  try {
    return { version: reply.version, octets: reply.chest ? fromBase64url(reply.chest) : undefined };
  } catch {
    return { version: reply.version, octets: new Uint8Array() };
  }
}

/** @returns {Promise<Chest | Trouble>} */
export async function look() {
  const found = await fetched();
  if (!found) return "unreachable";
  if (!found.octets) return "none";
  const own = await held();
  if (!own) return "locked";
  try {
    const { turn, content, ways } = await opened(own.master, found.octets);
    if (turn > own.turn) await hold(own.master, turn).catch(() => {});
    const isOlder = turn < own.turn;
    return { master: own.master, version: found.version, turn: Math.max(turn, own.turn), rooms: content.rooms ?? {}, ways, isOlder };
  } catch (error) {
    return error instanceof Unreadable ? "unreadable" : "unreachable";
  }
}

/**
 * Puts it in the place of the one there was. @param {Pick<Chest, "master" | "version" | "turn" | "rooms" | "ways">} chest
 * @returns {Promise<"done" | "changed" | "failed">} `changed`: another device was first
 */
export async function put({ master, version, turn, rooms, ways }) {
  const next = turn + 1;
  const shown = await fitting(rooms, (some) => sealed(master, ways, { turn: next, content: { rooms: some } }).then(toBase64url));
  const reply = await send("PUT", PATH, { chest: shown, version }, { keepalive: shown.length < 60_000 });
  if (reply.code === "changed_meanwhile") return "changed";
  if (!reply.success) return "failed";
  await hold(master, next).catch(() => {});
  return "done";
}

/**
 * Never rejects.
 * @param {(chest: Chest) => Promise<boolean> | boolean} act whether it changed the chest
 * @returns {Promise<Trouble | "done">}
 */
export async function change(act) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const chest = await look();
    if (typeof chest === "string") return chest;
    if (!(await act(chest))) return "done";
    const outcome = await put(chest);
    if (outcome !== "changed") return outcome === "done" ? "done" : "unreachable";
  }
  return "unreachable";
}

/**
 * So that it opens on the other devices. Never rejects.
 * @param {import("./kept.js").Kept} kept
 */
export async function keepInChest(kept) {
  const mark = `${kept.roomId} ${kept.epoch ?? 0}`;
  if (kept.chested === mark || !(await held())) return;
  const outcome = await change(({ rooms }) => add(rooms, kept));
  if (outcome !== "done") return;
  kept.chested = mark;
  await keep(kept).catch(() => {});
}

/**
 * @param {Rooms} rooms
 * @param {import("./kept.js").Kept} kept
 * @returns {Promise<boolean>} whether they are others by it
 */
export async function add(rooms, kept) {
  const tag = toBase64url((await openerOf(kept)).room);
  const known = rooms[tag];
  const epoch = kept.epoch ?? 0;
  if (known && (known.epoch > epoch || (known.epoch === epoch && known.id === kept.roomId))) return false;
  const before = (kept.before ?? []).map(({ number, key, stretched }) => ({ number, key: toBase64url(key), stretched: toBase64url(stretched) }));
  rooms[tag] = {
    id: kept.roomId, at: Date.now(), key: toBase64url(kept.key), iterations: kept.iterations, owner: toBase64url(kept.owner),
    stretched: toBase64url(kept.stretched), epoch, before,
  };
  return true;
}

/**
 * What another device of the account keeps of this conversation. Never rejects.
 * @param {string} roomId
 * @param {number} after the number of the key that is known here already
 * @returns {Promise<import("./kept.js").Kept | undefined>} none where there is nothing newer
 */
export async function keptInChest(roomId, after = -1) {
  if (!(await held())) return undefined;
  const chest = await look();
  if (typeof chest === "string") return undefined;
  const [tag, entry] = Object.entries(chest.rooms).find(([, { id }]) => id === roomId) ?? [];
  if (!tag || !entry || entry.epoch <= after) return undefined;
  try {
    const { iterations, epoch } = entry;
    const link = { key: fromBase64url(entry.key), iterations, owner: fromBase64url(entry.owner) };
    const kept = await newKept(roomId, link, fromBase64url(entry.stretched));
    const before = entry.before.map(({ number, key, stretched }) => ({ number, key: fromBase64url(key), stretched: fromBase64url(stretched) }));
    return epoch ? { ...kept, epoch, room: fromBase64url(tag), before } : kept;
  } catch {
    return undefined;
  }
}

/** It is not one's own any more, on any device. Never rejects. @param {string} roomId */
export async function takeOut(roomId) {
  if (!(await held())) return;
  await change(({ rooms }) => {
    const tags = Object.keys(rooms).filter((tag) => rooms[tag].id === roomId);
    for (const tag of tags) delete rooms[tag];
    return tags.length > 0;
  });
}

/** @param {Rooms} rooms @param {(some: Rooms) => Promise<string>} seal */
async function fitting(rooms, seal) {
  const newest = Object.entries(rooms).sort(([, one], [, other]) => other.at - one.at);
  for (;;) {
    const shown = await seal(Object.fromEntries(newest));
    if (shown.length <= MAX_CHARS || newest.length <= 1) return shown;
    newest.splice(Math.max(1, Math.floor(newest.length * (MAX_CHARS / shown.length) * 0.98)));
  }
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act
 */
async function use(mode, act) {
  const database = await openDatabase(DATABASE, (made) => made.createObjectStore(STORE, { keyPath: "id" }));
  try {
    return await inStore(database, STORE, mode, act);
  } finally {
    database.close();
  }
}
