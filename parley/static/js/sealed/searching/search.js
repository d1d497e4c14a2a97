// @ts-check
// Finds messages in the page, where the server can't: what it answers is what the server's call would.
//
// The index is the folded text of all messages. To look through ten thousand takes some milliseconds, less than keeping
// terms of them would; nothing of it is kept on the device.
import { canBeInside, foldedOf, isFound, resultOf, scoreOf } from "./matching.js";
import { parse, PARTS_MAX, sizeOf } from "./queries.js";
import { Rests } from "./rests.js";

/**
 * @typedef {import("../../connection/wire.js").Message} Message
 * @typedef {import("./queries.js").Query} Query
 *
 * Where a search goes on: first what begins a word is found, then what stands inside one.
 * @typedef {{isInside: boolean, before: number}} Place
 *
 * @typedef {{typed: string, by: string, cursor?: string, zone?: string, signal?: AbortSignal}} Asked
 */

const PAGE = 20;
const CHARS_MAX = 500;
/** Of so many of the newest hits the best are found. */
const RANKED_MAX = 500;

export class Search {
  /**
   * @param {object} parts
   * @param {import("../log.js").Log} parts.log
   * @param {import("./feed.js").Feed} parts.feed what reads older messages meanwhile
   */
  constructor({ log, feed }) {
    this.log = log;
    this.feed = feed;
    /** @type {WeakMap<Message, string>} one that changes is another one */
    this.folded = new WeakMap();
    /** @type {number[]} falling */
    this.seqs = [];
    this.erasedThrough = 0;
  }

  /**
   * `reading`: older messages are still being read, so there may be more.
   * @param {Asked} asked
   * @returns {Promise<any>} `{success, results, next_cursor?, reading?}` or `{success, error}`
   */
  async ask({ typed, by, cursor, zone, signal }) {
    if (Array.from(typed).length > CHARS_MAX) return { success: false, error: `Search for at most ${CHARS_MAX} characters.` };
    const query = parse(typed, zone);
    const size = sizeOf(query);
    if (size > PARTS_MAX) return { success: false, error: `Search for at most ${PARTS_MAX} words at a time.` };
    if (!size) return { success: true, results: [] };
    const found = by === "relevance" ? this.best(query, Number(cursor?.slice(1) ?? 0), signal) : this.newest(query, placeOf(cursor), signal);
    return { success: true, ...(await found) };
  }

  /**
   * @param {Query} query
   * @param {Place} place
   * @param {AbortSignal} [signal]
   */
  async newest(query, place, signal) {
    const { results, next } = await this.walk(query, place, PAGE, signal);
    const more = { next_cursor: next && cursorOf(next), ...(next && !this.feed.isDone && { reading: true }) };
    const page = results.map(({ message, isInside }) => resultOf(query, message, isInside));
    // Whoever asks again at once is answered once there is something new to look through.
    if (!page.length && more.reading) await this.feed.further(signal);
    return { results: page, ...more };
  }

  /**
   * @param {Query} query
   * @param {number} skip
   * @param {AbortSignal} [signal]
   */
  async best(query, skip, signal) {
    const { results, next } = await this.walk(query, placeOf(), RANKED_MAX, signal);
    if (next && results.length < RANKED_MAX) {
      await this.feed.further(signal);
      return { results: [], next_cursor: `r${skip}`, reading: true };
    }
    const scored = results.map((each) => ({ ...each, score: scoreOf(query, this.textOf(each.message), each.isInside) }));
    scored.sort((one, other) => other.score - one.score || sentAt(other.message) - sentAt(one.message) || other.message.seq - one.message.seq);
    const page = scored.slice(skip, skip + PAGE).map(({ message, isInside }) => resultOf(query, message, isInside));
    return { results: page, ...(scored.length > skip + PAGE && { next_cursor: `r${skip + PAGE}` }) };
  }

  /**
   * What is found from a place on, the newest first, as far as all is known.
   * @param {Query} query
   * @param {Place} place
   * @param {number} most
   * @param {AbortSignal} [signal]
   * @returns {Promise<{results: {message: Message, isInside: boolean}[], next?: Place}>} `next`: where there may be more
   */
  async walk(query, { isInside, before }, most, signal) {
    const results = [];
    const rests = new Rests();
    for (;;) {
      const { from, isDone } = this.feed;
      for (const seq of this.below(before)) {
        if (seq < from) break;
        if (rests.isDue) await rests.rest();
        if (signal?.aborted) return { results };
        before = seq;
        const message = this.log.messages.get(seq);
        if (!message || !isThere(message) || !isFound(query, message, this.textOf(message), isInside)) continue;
        results.push({ message, isInside });
        if (results.length === most) return { results, next: { isInside, before } };
      }
      // What stands inside of words comes after all that begins one.
      if (!isDone) return { results, next: { isInside, before: Math.min(before, from) } };
      if (isInside || !canBeInside(query)) return { results };
      [isInside, before] = [true, Infinity];
    }
  }

  /** @param {Message} message */
  textOf(message) {
    let text = this.folded.get(message);
    if (text === undefined) {
      text = foldedOf(message);
      this.folded.set(message, text);
    }
    return text;
  }

  /** Falling. @param {number} before */
  below(before) {
    const { messages, erasedThrough } = this.log;
    // Nothing else that was read is forgotten.
    if (this.seqs.length !== messages.size || this.erasedThrough !== erasedThrough) {
      this.seqs = [...messages.keys()].sort((one, other) => other - one);
      this.erasedThrough = erasedThrough;
    }
    let low = 0;
    let high = this.seqs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.seqs[middle] >= before) low = middle + 1;
      else high = middle;
    }
    return this.seqs.slice(low);
  }

  /** Makes ready what was read, for whoever searches next. @param {Message[]} messages */
  async prepare(messages) {
    const rests = new Rests();
    for (const message of messages) {
      if (isThere(message)) this.textOf(message);
      if (rests.isDue) await rests.rest();
    }
  }

  /** Whose names hold this, among those who wrote. @param {string} sought folded */
  authors(sought) {
    const names = new Map();
    for (const seq of this.below(Infinity)) {
      const message = this.log.messages.get(seq);
      if (message && !names.has(message.user_id)) names.set(message.user_id, message.username);
    }
    return [...names].filter(([, name]) => name.toLowerCase().includes(sought)).map(([id, username]) => ({ user_id: id, username }));
  }
}

/** What couldn't be read has words of the page's own. @param {Message} message */
function isThere({ deleted, type }) {
  return !deleted && type !== "unreadable";
}

/** @param {Message} message */
function sentAt({ timestamp }) {
  return Date.parse(timestamp);
}

/** @param {string} [cursor] @returns {Place} */
function placeOf(cursor = "") {
  return { isInside: cursor.startsWith("i"), before: Number(cursor.slice(1)) || Infinity };
}

/** @param {Place} place */
function cursorOf({ isInside, before }) {
  return `${isInside ? "i" : "t"}${Number.isFinite(before) ? before : ""}`;
}
