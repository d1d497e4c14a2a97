// @ts-check
// The keys of a conversation as this browser keeps them: the first, and those that followed.
import { Opener } from "../encryption/envelope.js";
import { Epoch } from "../encryption/keys.js";

/** @typedef {import("./kept.js").Kept} Kept */
/** @typedef {import("./kept.js").KeptEpoch} KeptEpoch */

/** What opens all that this browser has keys for. @param {Kept} kept */
export async function openerOf(kept) {
  const epochs = await Promise.all(keysOf(kept).map(({ key, ...of }) => Epoch.derive(key, of)));
  const room = kept.room ?? await epochs[0].room();
  return new Opener(room, ...epochs);
}

/** From the first that is known to the current one. @param {Kept} kept @returns {KeptEpoch[]} */
export function keysOf({ before = [], epoch: number = 0, key, stretched }) {
  return [...before, { number, key, stretched }];
}
