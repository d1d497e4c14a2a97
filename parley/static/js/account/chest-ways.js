// @ts-check
// The ways into the account's chest of keys: making it, opening it on this device, and adding to them.
import { isPhrase, masterByPasskey, masterByPhrase, newMaster, opened, wayByPasskey, wayByPhrase, without } from "../encryption/chest.js";
import { equal, Unreadable } from "../encryption/octets.js";
import { add, change, fetched, held, hold, put } from "../sealed/chest.js";
import { allKept } from "../sealed/kept.js";
import { suggested } from "../sealed/suggesting.js";
import { tidied } from "../sealed/tidied.js";
import { outputOf } from "./passkeys.js";

/** Worth 82 bits: whoever has the server's disk can try phrases for as long as they like. */
const PHRASE_WORDS = 8;

/** @typedef {import("../encryption/chest.js").Way} Way */

/**
 * `no_way`: what was given leads into no chest of this account. `wrong`: the phrase is another. `unreadable`: the chest
 * isn't what a device of the account kept.
 * @typedef {"done" | "no_way" | "wrong" | "unreadable" | "unreachable"} Outcome
 */

/**
 * A new one, in the place of any there was, with all keys that this device has.
 * @param {(master: Uint8Array) => Promise<Way>} way
 * @returns {Promise<Outcome>}
 */
export async function make(way) {
  const found = await fetched();
  if (!found) return "unreachable";
  const master = newMaster();
  /** @type {import("../sealed/chest.js").Rooms} */
  const rooms = {};
  for (const kept of await allKept().catch(() => [])) await add(rooms, kept);
  const outcome = await put({ master, version: found.version, turn: 0, rooms, ways: [await way(master)] });
  return outcome === "done" ? "done" : "unreachable";
}

/** @param {PublicKeyCredential} credential @returns {Promise<Outcome>} Never rejects. */
export function openByPasskey(credential) {
  const output = outputOf(credential);
  if (!output) return Promise.resolve("no_way");
  return open((chest) => masterByPasskey(chest, new Uint8Array(credential.rawId), output));
}

/** @param {string} phrase @returns {Promise<Outcome>} Never rejects. */
export async function openByPhrase(phrase) {
  const outcome = await open((chest) => masterByPhrase(chest, tidied(phrase).toLowerCase()));
  return outcome === "unreadable" ? "wrong" : outcome;
}

/**
 * @param {(chest: import("../encryption/octets.js").Octets) => Promise<Uint8Array | undefined>} find the master key
 * @returns {Promise<Outcome>}
 */
async function open(find) {
  try {
    const found = await fetched();
    if (!found) return "unreachable";
    const master = found.octets && await find(found.octets);
    if (!found.octets || !master) return "no_way";
    const [{ turn }, own] = [await opened(master, found.octets), await held()];
    // Of another chest it says nothing.
    await hold(master, own && equal(own.master, master) ? Math.max(turn, own.turn) : turn);
    return "done";
  } catch (error) {
    return error instanceof Unreadable ? "unreadable" : "unreachable";
  }
}

/** Where this device opens the chest. Never rejects. @param {PublicKeyCredential} credential */
export async function addPasskey(credential) {
  const output = outputOf(credential);
  if (!output || !(await held())) return "no_way";
  return addWay((master) => wayByPasskey(master, new Uint8Array(credential.rawId), output));
}

/** @returns {Promise<string>} */
export function newPhrase() {
  return suggested(PHRASE_WORDS);
}

/** In the place of the phrase before. Never rejects. @param {string} phrase */
export function setPhrase(phrase) {
  return addWay((master) => wayByPhrase(master, phrase));
}

/** @param {Way[]} ways */
export function hasPhrase(ways) {
  return ways.some(isPhrase);
}

/** @param {(master: Uint8Array) => Promise<Way>} make */
function addWay(make) {
  return change(async (chest) => {
    const way = await make(chest.master);
    chest.ways = [...without(chest.ways, way), way];
    return true;
  });
}
