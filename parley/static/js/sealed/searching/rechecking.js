// @ts-check
// Once the whole history is known, it is checked from its beginning: from the middle, only what comes after the first
// claim could be.
import { Chain } from "../../encryption/chain.js";
import { Rests } from "./rests.js";

/**
 * @typedef {import("../../encryption/chain.js").Fault} Fault
 * @typedef {import("../../encryption/chain.js").Link} Link
 */

/**
 * Tells what differs and wasn't told before, once for each kind. What is said from then on goes by the whole log.
 * @param {import("../log.js").Log} log
 * @param {{isErased: boolean}} about whether the server says that older messages were erased
 */
export async function recheck(log, { isErased }) {
  let { chain, faults } = await follow(log, new Chain({ fromBeginning: true }));
  if (faults.some(({ what }) => what === "disagrees")) {
    // What is there may agree with itself: then only its beginning isn't there.
    const rest = await follow(log, new Chain({ fromBeginning: false }));
    if (!rest.faults.length) [chain, faults] = [rest.chain, isErased ? [] : [{ what: "beginning_missing", seq: 0 }]];
  }
  log.chain = chain;
  /** @type {Map<Fault["what"], Fault>} */
  const news = new Map(faults.filter(({ what }) => !log.told.has(what)).map((fault) => [fault.what, fault]));
  if (news.size) log.tell([...news.values()]);
}

/**
 * Takes all that was followed, and what is followed meanwhile.
 * @param {import("../log.js").Log} log
 * @param {Chain} chain
 */
async function follow(log, chain) {
  /** @type {Fault[]} */
  const faults = [];
  const rests = new Rests();
  for (let through = 0; through < log.followed;) {
    const links = log.linksBetween(through, log.followed);
    through = log.followed;
    for (const link of links) {
      faults.push(...await chain.take(link));
      if (rests.isDue) await rests.rest();
    }
  }
  return { chain, faults };
}
