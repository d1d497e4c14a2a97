// @ts-check
// What is kept of a conversation by whoever comes by its link: with the keys before, as far as they were passed on, and
// with what this browser had of it.
import { equal } from "../encryption/octets.js";
import * as calls from "./calls.js";
import { openerOf } from "./epochs.js";

/** @typedef {import("./kept.js").Kept} Kept */

/**
 * Who one is stays, and what was written here; and who may change the key: a link that says another may be by somebody who
 * was removed. Rejects where the server's records of the keys don't fit.
 * @param {object} parts
 * @param {Kept} parts.kept by the link alone
 * @param {import("../encryption/keys.js").Epoch} parts.epoch the link's
 * @param {Kept} [parts.known] what this browser had
 * @param {string} parts.roomId
 * @param {import("./calls.js").Call} [parts.call]
 * @returns {Promise<Kept>}
 */
export async function whole({ kept, epoch, known, roomId, call = calls.call }) {
  const isFirst = epoch.number === 0;
  const trace = async () => {
    const { traced } = await import("./renewing.js");
    return traced({ epoch, roomId, founder: known && await signingOfFounder(known), call });
  };
  const { room, epochs } = isFirst ? { room: await epoch.room(), epochs: [epoch] } : await trace();
  const before = epochs.slice(0, -1).map(({ number: each, key, stretched: adds }) => ({ number: each, key, stretched: adds }));
  const { key, iterations, stretched: adds, owner } = kept;
  const now = { key, iterations, stretched: adds, ...(!isFirst && { epoch: epoch.number, room, before }) };
  if (!known || !equal((await openerOf(known)).room, room)) return { ...kept, ...now };
  // That one is here is to be said with this key.
  const introduced = known.epoch === now.epoch ? known.introduced : undefined;
  return { ...known, ...now, owner: known.owner.length ? known.owner : owner, introduced };
}

/** As far as they are known. @param {Kept} known */
async function signingOfFounder({ founder, seen = {}, owner }) {
  if (founder) return founder.signing;
  const { withId } = await import("./gathering.js");
  return (await withId(seen, owner))?.signing;
}
