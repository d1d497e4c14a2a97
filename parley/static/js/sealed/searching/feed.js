// @ts-check
// Reads the history of an encrypted conversation from its end to its beginning, in the background: it is searched here.
import { apiOf, ROOT } from "../../browser/root.js";

/** @typedef {import("../../connection/wire.js").Message} Message */

const PAGE_MESSAGES = 200;
/** So many pages follow each other as fast as they come: ten thousand messages. */
const FAST_PAGES = 50;
/** Then one in so many ms: the server lets anybody read 100 times in ten seconds, and the page reads as well. */
const APART_MS = 200;
const RETRY_MS = 5_000;

export class Feed {
  /**
   * @param {object} parts
   * @param {import("../line.js").Line} parts.line
   * @param {() => string} parts.roomId as it is now: a link may be replaced
   * @param {(messages: Message[]) => Promise<void>} parts.read told what was read
   * @param {() => Promise<void>} parts.whole told once all was
   */
  constructor({ line, roomId, read, whole }) {
    this.line = line;
    this.roomId = roomId;
    this.read = read;
    this.whole = whole;
    /** From this seq on all is known. */
    this.from = Infinity;
    this.isDone = false;
    /** Counts beginnings: only the last goes on. */
    this.turn = 0;
    /** @type {(() => void)[]} who waits for more */
    this.waiting = [];
  }

  /** From the end, again: what is known as it is now costs a request for two hundred, and no more. */
  async begin() {
    this.turn += 1;
    const { turn } = this;
    [this.from, this.isDone] = [Infinity, false];
    let page = this.fetch(turn, Infinity);
    for (let pages = 1; ; pages += 1) {
      const reply = await page;
      if (!reply || turn !== this.turn) return;
      const first = reply.messages[0]?.seq ?? 0;
      const hasMore = reply.has_more && first > 0;
      if (pages > FAST_PAGES) await pause(APART_MS);
      // The next comes while this one is opened.
      if (hasMore) page = this.fetch(turn, first);
      await this.line.older(reply.messages);
      if (turn !== this.turn) return;
      this.from = hasMore ? first : 0;
      this.isDone = !hasMore;
      this.tell();
      await this.read(reply.messages.flatMap(({ seq }) => this.line.log.messages.get(seq) ?? []));
      if (this.isDone) return this.whole();
    }
  }

  stop() {
    this.turn += 1;
  }

  /**
   * Once there is more to look through.
   * @param {AbortSignal} [signal]
   * @returns {Promise<void>}
   */
  further(signal) {
    return new Promise((done) => {
      if (this.isDone || signal?.aborted) return done();
      this.waiting.push(done);
      signal?.addEventListener("abort", () => done(), { once: true });
    });
  }

  tell() {
    for (const done of this.waiting.splice(0)) done();
  }

  /**
   * As often as it takes; nothing where it isn't asked for any more.
   * @param {number} turn
   * @param {number} before
   * @returns {Promise<{messages: Message[], has_more: boolean} | undefined>}
   */
  async fetch(turn, before) {
    while (turn === this.turn) {
      const query = new URLSearchParams({ limit: String(PAGE_MESSAGES), ...(before < Infinity && { before: String(before) }) });
      const reply = await fetched(`${ROOT}${apiOf(this.roomId())}/messages?${query}`);
      if (reply.success) return reply;
      await pause(reply.retry_after ? reply.retry_after * 1000 : RETRY_MS);
    }
    return undefined;
  }
}

/** @param {string} path @returns {Promise<any>} */
async function fetched(path) {
  try {
    return await (await fetch(path, { headers: { Accept: "application/json" } })).json();
  } catch {
    return { success: false };
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
