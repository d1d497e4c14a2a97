// @ts-check
// Gets the keys that followed those one has: from the records that the founder made, and the server keeps. Loaded where
// there are any.
import { apiOf } from "../browser/root.js";
import { admit, history, outlineOf } from "../encryption/epochs.js";
import { ITERATIONS } from "../encryption/keys.js";
import { equal, fromBase64url, Unreadable } from "../encryption/octets.js";
import * as calls from "./calls.js";
import { gather, withId } from "./gathering.js";
import { keep } from "./kept.js";

/**
 * `current`: one has the server's newest key. `left_out`: nobody handed it to this browser. `forged`: what the server has
 * isn't by the founder, or isn't whole. `set_back`: the server goes by an earlier key than one has. `unreachable`: it may
 * be asked again.
 * @typedef {"current" | "left_out" | "forged" | "set_back" | "unreachable"} Outcome
 * @typedef {import("../encryption/keys.js").Epoch} Epoch
 * @typedef {import("../encryption/envelope.js").Opener} Opener
 * @typedef {import("../encryption/octets.js").Octets} Octets
 * @typedef {import("../encryption/people.js").Person} Person
 * @typedef {import("./kept.js").Kept} Kept
 */

/** As a program is told why. */
export class Refused extends Error {
  /** @param {Outcome} outcome */
  constructor(outcome) {
    super(outcome);
    this.outcome = outcome;
  }
}

/**
 * Adds to the opener what followed, and keeps it. Never rejects.
 * @param {object} parts
 * @param {Kept} parts.kept
 * @param {Opener} parts.opener
 * @param {Person} parts.person
 * @param {string} parts.roomId
 * @param {import("./calls.js").Call} [parts.call]
 * @param {(kept: Kept) => Promise<unknown>} [parts.save]
 * @returns {Promise<Outcome>}
 */
export async function renew({ kept, opener, person, roomId, call = calls.call, save = keep }) {
  const known = opener.current.number;
  try {
    const { newest, records } = await recordsAfter(known, roomId, call);
    if (newest <= known) return newest === known ? "current" : "set_back";
    if (!kept.owner.length) return "left_out"; // nobody can tell by whom it is
    const founder = await founderOf(kept, opener, roomId, call);
    const outcome = await takeAll(records, opener, person, founder);
    if (opener.current.number > known) hold(kept, opener, records[opener.current.number - known - 1]);
    // Where there is no room for it, it is there as long as the page.
    if (opener.current.number > known) await save(kept).catch(() => {});
    return outcome;
  } catch (error) {
    return outcomeOf(error);
  }
}

/**
 * What somebody who came by the link finds: the room's tag, and the keys before. Rejects with `Refused`.
 * @param {object} parts
 * @param {Epoch} parts.epoch the link's
 * @param {string} parts.roomId
 * @param {Uint8Array} [parts.founder] the signing point, where it is known; else whoever gave the link answers for it
 * @param {import("./calls.js").Call} [parts.call]
 * @returns {Promise<{room: Uint8Array, epochs: Epoch[]}>} from the first that was passed on to the link's
 */
export async function traced({ epoch, roomId, founder, call = calls.call }) {
  try {
    const { newest, records } = await recordsAfter(0, roomId, call);
    const record = records[epoch.number - 1];
    if (newest !== epoch.number || records.length !== newest) throw new Unreadable("cut_off");
    const makers = [founder ?? outlineOf(record).maker];
    const { room, before } = await history(record, epoch, makers);
    const earlier = before ? await chainFrom(before, records, room, makers) : [];
    return { room, epochs: [...earlier, epoch] };
  } catch (error) {
    throw new Refused(outcomeOf(error));
  }
}

/**
 * All of them, each the next of the one before. Rejects with `Refused` or `Unreadable`.
 * @param {number} after
 * @param {string} roomId
 * @param {import("./calls.js").Call} call
 */
async function recordsAfter(after, roomId, call) {
  /** @type {Octets[]} */
  const records = [];
  for (;;) {
    const reply = await call(`${apiOf(roomId)}/epochs?after=${after + records.length}`);
    if (!reply.success) throw new Refused(reply.code === "read_proof_required" ? "left_out" : "unreachable");
    for (const { record: told } of reply.epochs) {
      const record = fromBase64url(told);
      if (outlineOf(record).number !== after + records.length + 1) throw new Unreadable("malformed");
      records.push(record);
    }
    const isAll = after + records.length === reply.epoch;
    if (isAll || reply.epoch <= after) return { newest: /** @type {number} */ (reply.epoch), records };
    // What it doesn't show is left out: by mistake, or on purpose.
    if (!reply.has_more || !reply.epochs.length) throw new Unreadable("cut_off");
  }
}

/**
 * Rejects with `Refused`, also where they never introduced themselves: then nobody knows what they made.
 * @param {Kept} kept
 * @param {Opener} opener
 * @param {string} roomId
 * @param {import("./calls.js").Call} call
 */
async function founderOf(kept, opener, roomId, call) {
  if (kept.founder) return kept.founder;
  const seen = (kept.seen ??= {});
  const find = async () => (kept.founder = await withId(seen, kept.owner));
  const known = await find();
  if (known) return known;
  const { isWhole } = await gather({ seen, opener, roomId, call, after: 0, isEnough: async () => Boolean(await find()) });
  const found = await find();
  if (found) return found;
  throw new Refused(isWhole ? "forged" : "unreachable");
}

/**
 * Up to one that isn't what it should be. Those that were not handed to this browser are found by way of a later one that
 * was.
 * @param {Octets[]} records each the next of the one before
 * @param {Opener} opener
 * @param {Person} person
 * @param {import("../encryption/people.js").PublicKeys} founder
 * @returns {Promise<Outcome>}
 */
async function takeAll(records, opener, person, founder) {
  const first = opener.current.number + 1;
  /** @type {Outcome} */
  let outcome = "current";
  for (const [at, record] of records.entries()) {
    try {
      const { epoch, before } = await admit(record, person, opener.room, [founder.signing]);
      const gap = records.slice(0, at);
      const earlier = before && outcome === "left_out" ? await chainFrom(before, gap, opener.room, [founder.signing], first) : [];
      for (const each of [...earlier, epoch]) opener.add(each);
      outcome = "current";
    } catch (error) {
      if (!(error instanceof Unreadable) || error.reason !== "not_for_us") return outcomeOf(error);
      outcome = "left_out";
    }
  }
  return outcome;
}

/**
 * The keys up to this one, as far as they were passed on. Rejects with `Unreadable`.
 * @param {Epoch} epoch
 * @param {Octets[]} records of `first` and those after it
 * @param {Uint8Array} room
 * @param {Uint8Array[]} makers
 * @param {number} [first]
 * @returns {Promise<Epoch[]>}
 */
async function chainFrom(epoch, records, room, makers, first = 1) {
  if (epoch.number < first) {
    // The first tells the room's tag by itself.
    if (!epoch.number && !equal(await epoch.room(), room)) throw new Unreadable("wrong_room");
    return first === 1 ? [epoch] : [];
  }
  const { room: found, before } = await history(records[epoch.number - first], epoch, makers);
  if (!equal(found, room)) throw new Unreadable("wrong_room");
  return [...(before ? await chainFrom(before, records, room, makers, first) : []), epoch];
}

/**
 * As it is kept from now on.
 * @param {Kept} kept
 * @param {Opener} opener
 * @param {Uint8Array} record of the current one
 */
export function hold(kept, opener, record) {
  const { current, epochs, room } = opener;
  const before = [...epochs.values()].filter((each) => each !== current).sort((one, other) => one.number - other.number);
  Object.assign(kept, {
    room, epoch: current.number, key: current.key, stretched: current.stretched,
    // No record says how often it was stretched: always so.
    iterations: current.stretched.length ? ITERATIONS : 0,
    before: before.map(({ number, key, stretched }) => ({ number, key, stretched })),
    wrapped: outlineOf(/** @type {Octets} */ (record)).ids, without: undefined,
  });
}

/** @param {unknown} error @returns {Outcome} */
function outcomeOf(error) {
  if (error instanceof Refused) return error.outcome;
  return error instanceof Unreadable ? "forged" : "unreachable";
}
