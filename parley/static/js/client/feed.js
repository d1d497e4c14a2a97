// @ts-check
// What happens, for whoever waits for it: in order, nothing left out, however late they look.
import { Over } from "./errors.js";

/** @typedef {import("./log.js").Happened} Happened */

/** Of a program that does not look, no more is kept: what came first is read again when it does. */
export const KEPT_MAX = 10_000;
const ENDS = ["ended", "closed", "left"];

export class Feed {
  /** @param {string[]} [names] all, if there are none */
  constructor(names = []) {
    this.names = names;
    /** @type {Happened[]} */
    this.came = [];
    this.taken = 0;
    /** Whether more came than is kept. */
    this.hasLost = false;
    /** @type {Error | undefined} */
    this.why = undefined;
    this.wake = () => {};
  }

  /** @param {Happened} happened */
  take(happened) {
    if (this.names.length && !this.names.includes(happened.name)) return;
    if (this.came.length - this.taken >= KEPT_MAX) this.hasLost = true;
    // Behind what is left out nothing is kept, or it would come before that.
    if (!this.hasLost) this.came.push(happened);
    this.wake();
  }

  /** @param {Error} why */
  end(why) {
    this.why = why;
    this.wake();
  }

  /** @returns {Promise<Happened | undefined>} none once it has ended as conversations do; throws what else ended it */
  async next() {
    while (this.taken >= this.came.length) {
      if (this.hasLost) return undefined;
      if (this.why instanceof Over && ENDS.includes(this.why.reason)) return undefined;
      if (this.why) throw this.why;
      await new Promise((woken) => (this.wake = () => woken(undefined)));
    }
    const next = this.came[this.taken];
    this.taken += 1;
    if (this.taken < this.came.length && this.taken < KEPT_MAX) return next;
    this.came = this.came.slice(this.taken);
    this.taken = 0;
    return next;
  }
}

/**
 * All messages after `since`, each once: those that are there, and what the feed has from `now` on. What is deleted before
 * it is read is left out.
 * @param {Feed} feed
 * @param {(seq: number) => Promise<{messages: import("../connection/wire.js").Message[], has_more: boolean}>} older
 * @param {number} since
 * @param {{seq: number, history: number}} now
 */
export async function* messages(feed, older, since, { seq: now, history }) {
  let known = since;
  let read = since; // all up to it was read in pages
  for (let hasMore = now > since; ; ) {
    while (hasMore) {
      const page = await older(known);
      read = known = page.messages.at(-1)?.seq ?? known;
      hasMore = page.has_more && page.messages.length > 0;
      for (const message of page.messages) if (!message.deleted) yield message;
    }
    const happened = await feed.next();
    if (!happened && !feed.hasLost) return;
    hasMore = !happened;
    if (!happened) {
      feed.hasLost = false;
      continue;
    }
    const { data: message, history: itsHistory } = happened;
    if (itsHistory !== history) read = known = 0;
    history = itsHistory;
    if (message.seq <= read || message.deleted) continue;
    known = Math.max(known, message.seq);
    yield message;
  }
}

/** @param {Feed} feed */
export async function* happenings(feed) {
  for (let happened; (happened = await feed.next()); ) {
    const { name, data, seq } = happened;
    yield { name, data, seq };
  }
  if (feed.hasLost) throw new Over("behind", `More than ${KEPT_MAX} events waited to be read: some were left out.`);
}
