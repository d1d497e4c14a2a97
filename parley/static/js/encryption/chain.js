// @ts-check
// Whether the server shows the log whole, once, and in one order to all.

import { equal, numbered, sha256, toBase64url } from "./octets.js";

const START = new Uint8Array(32);

/**
 * What somebody had seen when they wrote: the log up to `seq`.
 * @typedef {{seq: number, hash: Uint8Array}} Claim
 *
 * A message in the log: the digest of its first envelope, whatever it was edited to since. The claim is null where it
 * could not be read, or was deleted; there is no epoch, the number of its key, where it was edited, either.
 * @typedef {{seq: number, digest: Uint8Array, claim: Claim | null, epoch?: number | null}} Link
 *
 * `repeated`: what was said once is shown twice. `disagrees`: whoever wrote what is at `seq` had seen another log than
 * we are shown. `disordered`: the seqs do not rise. `from_the_future`: it claims to follow what comes after it.
 * `outdated`: it was said under an older key than something before it, as only somebody can who was left behind, with the
 * server's help. `beginning_missing`, which a chain alone can't tell: all agrees, but with a log that began earlier.
 * @typedef {{what: "repeated" | "disagrees" | "disordered" | "from_the_future" | "outdated" | "beginning_missing",
 *   seq: number}} Fault
 */

/** @type {Claim} */
export const NOTHING_SEEN = Object.freeze({ seq: 0, hash: START });

/**
 * Takes the log in its order, from its beginning or from somewhere in it, one at a time.
 *
 * From the middle, it begins to know the hash where the first claim about a message within says it. If that claim was
 * false, the next true one disagrees. Older messages that are loaded later make a new chain, of all.
 */
export class Chain {
  #seq = 0;
  /** @type {Map<number, Uint8Array>} by seq, from where it is known */
  #hashes = new Map();
  /** @type {Link[]} what stands before that */
  #waiting = [];
  /** @type {Set<string>} */
  #seen = new Set();
  #epoch = 0;

  /** @param {{fromBeginning: boolean}} begins */
  constructor({ fromBeginning }) {
    if (fromBeginning) this.#hashes.set(0, START);
  }

  /** What to say of it in the next message. @returns {Claim} */
  claim() {
    const hash = this.#hashes.get(this.#seq);
    return hash ? { seq: this.#seq, hash } : NOTHING_SEEN;
  }

  /**
   * The next one. It stands in the log from then on, whatever is wrong with it, but where its seq does not rise.
   * @param {Link} link @returns {Promise<Fault[]>}
   */
  async take(link) {
    const { seq, claim } = link;
    if (seq <= this.#seq) return [{ what: "disordered", seq }];
    const name = toBase64url(link.digest);
    /** @type {Fault[]} */
    const faults = this.#seen.has(name) ? [{ what: "repeated", seq }] : [];
    this.#seen.add(name);
    if (claim && claim.seq >= seq) {
      faults.push({ what: "from_the_future", seq });
    } else if (claim && !isNothing(claim)) {
      if (!this.#hashes.size) faults.push(...(await this.#beginBy(claim)));
      if (this.#disagrees(claim)) faults.push({ what: "disagrees", seq });
    }
    const epoch = link.epoch ?? this.#epoch;
    if (epoch < this.#epoch) faults.push({ what: "outdated", seq });
    this.#epoch = Math.max(this.#epoch, epoch);
    await this.#add(link);
    return faults;
  }

  /** Where it is about a message that we have; what follows on that can be checked then. @param {Claim} claim */
  async #beginBy(claim) {
    /** @type {Fault[]} */
    const faults = [];
    if (!this.#waiting.some(({ seq }) => seq === claim.seq)) return faults;
    const rest = this.#waiting.filter(({ seq }) => seq > claim.seq);
    this.#waiting = [];
    this.#seq = claim.seq;
    this.#hashes.set(claim.seq, claim.hash);
    for (const link of rest) {
      if (link.claim && link.claim.seq < link.seq && this.#disagrees(link.claim)) {
        faults.push({ what: "disagrees", seq: link.seq });
      }
      await this.#add(link);
    }
    return faults;
  }

  /** A message that it is about, and that we should have been shown, counts too. @param {Claim} claim */
  #disagrees(claim) {
    const [knownFrom] = this.#hashes.keys();
    if (knownFrom === undefined) return this.#waiting.some(({ seq }) => seq < claim.seq);
    if (claim.seq < knownFrom || isNothing(claim)) return false;
    const known = this.#hashes.get(claim.seq);
    return !known || !equal(known, claim.hash);
  }

  /** @param {Link} link */
  async #add(link) {
    const before = this.#hashes.get(this.#seq);
    if (before) this.#hashes.set(link.seq, await sha256("chain", before, numbered(link.seq, 8), link.digest));
    else this.#waiting.push(link);
    this.#seq = link.seq;
  }
}

/** @param {Claim} claim */
function isNothing({ seq, hash }) {
  return seq === 0 && equal(hash, START);
}
